/** The names of the pages: the navigation needs them before the pages are there. */
export const titles = {
  audit: "Audit log",
  calculator: "Rate calculator",
  hygiene: "Key hygiene",
  keys: "API keys",
  organization: "Organization",
  overview: "Overview",
  projects: "Projects",
  rateSheets: "Rate sheets",
  shipments: "Shipments",
  trackers: "Trackers",
  usage: "Usage",
  users: "Users",
  webhooks: "Webhooks",
};

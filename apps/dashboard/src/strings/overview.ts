import { titles } from "./titles";
export const overview = {
  title: titles.overview,
  description: "What is going on in your organization.",
  calls: "Calls in the last 24 hours",
  callsShort: "Calls, last 24 hours",
  refused: "Refused",
  limited: "Over a limit",
  ofCalls: (share: string) => `${share} of the calls`,
  noCalls: "No calls yet",
  keys: "Active keys",
  keysHint: (expiring: number) =>
    expiring === 0
      ? "None expires within 14 days"
      : `${expiring} ${expiring === 1 ? "expires" : "expire"} within 14 days`,
  more: "More than 100",
  seeUsage: "All usage",
  attention: "Needs attention",
  nothing: "Nothing needs attention",
  expires: (name: string) => `The key “${name}” expires soon`,
  disabled: (url: string) => `The webhook to ${url} is switched off`,
  failing: (url: string) => `Deliveries to ${url} fail`,
  review: "Review",
  quota: "Quota",
  recent: "Latest changes",
  recentEmpty: "No changes yet",
  seeAudit: "Audit log",
  first: "Make your first call",
  firstText: "Nothing has been called yet. Make a key, and send it with a request:",
  firstAction: "Go to API keys",
  command: "the command",
} as const;

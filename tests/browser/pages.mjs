// Every page that `make screenshots` shows and that `pages.test.mjs` visits: its name, its address, and what says that it is there. A page's
// `ready(page)` waits for its data.
const heading = (name) => (page) => page.getByRole("heading", { level: 1, name }).waitFor();

export const PUBLIC = [
  { name: "sign-in", path: "/sign-in", ready: heading("Sign in") },
  { name: "forgot-password", path: "/forgot-password", ready: heading("Reset your password") },
  { name: "password-reset", path: "/#/password-reset/nothing", ready: heading("Set a new password") },
];

export const PRIVATE = [
  { name: "overview", path: "/", ready: heading("Overview") },
  { name: "usage", path: "/usage", ready: heading("Usage") },
  { name: "keys", path: "/keys", ready: heading("API keys") },
  { name: "hygiene", path: "/hygiene", ready: heading("Key hygiene") },
  { name: "webhooks", path: "/webhooks", ready: heading("Webhooks") },
  { name: "users", path: "/users", ready: heading("Users") },
  { name: "audit-log", path: "/audit-log", ready: heading("Audit log") },
  { name: "organization", path: "/organization", ready: heading("Organization") },
  { name: "projects", path: "/projects", ready: heading("Projects") },
  ...Object.entries({ metadata: "customer", webhooks: "https://loyalty.acme.invalid/hooks" }).map(([part, shown]) => ({
    name: `project-${part}`,
    path: "/projects",
    ready: heading("Projects"),
    act: async (page) => {
      await page.getByRole("link", { name: "Loyalty DE" }).click();
      await page.getByRole("link", { name: "All projects" }).waitFor();
      await page.goto(`${page.url()}/${part}`);
      await page.getByText(shown, { exact: true }).first().waitFor();
    },
  })),
  { name: "shipments", path: "/shipping/shipments", ready: heading("Shipments") },
  { name: "trackers", path: "/shipping/trackers", ready: heading("Trackers") },
  { name: "rate-sheets", path: "/shipping/rate-sheets", ready: heading("Rate sheets") },
  { name: "calculator", path: "/shipping/calculator", ready: heading("Rate calculator") },
  {
    name: "sessions",
    path: "/settings/sessions",
    ready: (page) => page.getByText("This session").waitFor(),
  },
  { name: "password", path: "/settings/password", ready: heading("Change password") },
  { name: "not-found", path: "/no/such/page", ready: heading("There is no such page") },
];

// Every page that `make screenshots` shows and that the tests visit: its name, its address (or a function of the seed's context), and what says
// that it is there: `ready(page, context)` waits for its data. `act` does something on it before it is looked at, as opening a dialog;
// `dialog` says that what matters is then in front of the page.
import { openWithKey } from "./browser.mjs";

const heading = (name) => (page) => page.getByRole("heading", { level: 1, name }).waitFor();
const both = (...steps) => async (page, context) => {
  for (const step of steps) await step(page, context);
};
const text = (words) => (page) => page.getByText(words).first().waitFor();
/** A table, or on phones the list in its place. */
const rows = (name) => (page) => page.getByRole("table", { name }).or(page.getByRole("list", { name })).first().waitFor();
const click = (name) => (page) => page.getByRole("button", { name }).first().click();
const dialog = (name) => (page) => page.getByRole("dialog", { name }).waitFor();

export const PUBLIC = [
  { name: "sign-in", path: "/sign-in", ready: heading("Sign in") },
  { name: "forgot-password", path: "/forgot-password", ready: heading("Reset your password") },
  { name: "password-reset", path: "/#/password-reset/nothing", ready: heading("Set a new password") },
];

/** The pages of the navigation and of the account menu. `loads` is what each asks the server for. */
export const PRIVATE = [
  { name: "overview", path: "/", ready: both(heading("Overview"), text(/calls\. The most at once/)), loads: "usage" },
  { name: "usage", path: "/usage", ready: both(heading("Usage"), text(/calls\. The most at once/)), loads: "usage" },
  { name: "keys", path: "/keys", ready: both(heading("API keys"), rows("Active API keys")), loads: "api-keys" },
  { name: "hygiene", path: "/hygiene", ready: both(heading("Key hygiene"), text("Bootstrap API key")), loads: "api-keys" },
  { name: "webhooks", path: "/webhooks", ready: both(heading("Webhooks"), text("Billing")), loads: "webhooks" },
  { name: "users", path: "/users", ready: both(heading("Users"), text("Marta Kowalska")), loads: "users" },
  { name: "audit-log", path: "/audit-log", ready: both(heading("Audit log"), text("project.created")), loads: "audit-log" },
  { name: "organization", path: "/organization", ready: both(heading("Organization"), text("Acme Retail Ltd")), loads: "organizations" },
  { name: "projects", path: "/projects", ready: both(heading("Projects"), text("Loyalty PL")), loads: "projects" },
  {
    name: "shipments",
    path: "/shipping/shipments",
    ready: both(heading("Shipments"), openWithKey, text("SO-20410")),
    loads: "shipments",
  },
  {
    name: "trackers",
    path: "/shipping/trackers",
    ready: both(heading("Trackers"), openWithKey, rows("Trackers")),
    loads: "trackers",
  },
  { name: "rate-sheets", path: "/shipping/rate-sheets", ready: both(heading("Rate sheets"), text("Acme Parcel 2026")), loads: "rate-sheets" },
  { name: "calculator", path: "/shipping/calculator", ready: both(heading("Rate calculator"), openWithKey), act: calculate },
  { name: "sessions", path: "/settings/sessions", ready: text("This session"), loads: "sessions" },
  { name: "password", path: "/settings/password", ready: heading("Change password") },
  { name: "not-found", path: "/no/such/page", ready: heading("There is no such page") },
];

const project = (tab) => ({ projects }) => `/projects/${projects.loyalty.id}/${tab}`;

/** Single objects, tabs and dialogs. */
export const DETAILS = [
  { name: "usage-by-key", path: "/usage", ready: heading("Usage"), act: both(byKey, text("ERP bridge")) },
  { name: "management-keys", path: "/keys/management", ready: text("Terraform") },
  { name: "key-new", path: "/keys", ready: rows("Active API keys"), act: both(click("Generate New Key"), dialog("Generate an API key")), dialog: true },
  { name: "key-shown", path: "/keys/management", ready: text("Terraform"), act: makeKey, after: removeKey, dialog: true },
  { name: "key-revoke", path: "/keys", ready: rows("Active API keys"), act: askToRevoke, dialog: true },
  { name: "webhook", path: ({ webhooks }) => `/webhooks/${webhooks.billing.id}`, ready: text("api_key.created") },
  {
    name: "webhook-delivery",
    path: ({ webhooks }) => `/webhooks/${webhooks.billing.id}`,
    ready: text("api_key.created"),
    act: both(click("Details of api_key.created"), (page) => page.getByRole("dialog").getByText("maintenance until").first().waitFor()),
    dialog: true,
  },
  { name: "user-invite", path: "/users", ready: text("Marta Kowalska"), act: both(click("Invite somebody"), (page) => page.getByRole("dialog").waitFor()), dialog: true },
  { name: "audit-entry", path: "/audit-log", ready: text("project.created"), act: both(click("Details"), (page) => page.getByRole("dialog").waitFor()), dialog: true },
  ...["general", "members", "metadata", "events", "stacking", "webhooks", "branding", "templates"].map((tab) => ({
    name: `project-${tab}`,
    path: project(tab),
    ready: heading("Loyalty DE"),
  })),
  {
    name: "project-event-edit",
    path: project("events"),
    ready: text("review_written"),
    act: both(click(/^Edit /), (page) => page.getByRole("dialog").getByRole("button", { name: "Add field" }).waitFor()),
    dialog: true,
  },
  { name: "shipment-new", path: "/shipping/shipments/new", ready: both(heading("New shipment"), openWithKey), act: addParts },
  { name: "shipment", path: ({ shipments }) => `/shipping/shipments/${shipments[0].id}`, ready: both(openWithKey, text("Nina Albrecht")) },
  { name: "shipment-draft", path: ({ shipments }) => `/shipping/shipments/${shipments[7].id}`, ready: both(openWithKey, text("Katja Novak")) },
  { name: "tracker", path: ({ shipments }) => `/shipping/trackers/${shipments[2].tracker_id}`, ready: both(openWithKey, text("On hold")) },
  { name: "rate-sheet", path: ({ rateSheet }) => `/shipping/rate-sheets/${rateSheet.id}`, ready: both(heading("Acme Parcel 2026"), text("Neighbours")) },
];

export const pathOf = ({ path }, context) => (typeof path === "function" ? path(context) : path);

async function calculate(page) {
  const place = async (index, [postal, city, country]) => {
    await page.getByLabel("Postal code").nth(index).fill(postal);
    await page.getByLabel("City").nth(index).fill(city);
    await page.getByLabel(/^Country/).nth(index).fill(country);
  };
  await place(0, ["20457", "Hamburg", "DE"]);
  await place(1, ["69003", "Lyon", "FR"]);
  await page.getByLabel("Weight", { exact: false }).first().fill("4.2");
  await page.getByRole("button", { name: "Show rates" }).click();
  await page.getByText("express", { exact: false }).first().waitFor();
}

async function addParts(page) {
  for (const part of ["customs", "return address", "billing address", "payment", "metadata", "options"]) {
    await page.getByRole("button", { name: `Add ${part}` }).click();
  }
  await page.getByRole("button", { name: "Add item to parcel 1" }).click();
  await page.getByRole("button", { name: "Add your own data: To" }).click();
}

async function byKey(page) {
  await page.getByRole("combobox", { name: "Split by" }).click();
  await page.getByRole("option", { name: "Key" }).click();
}

async function makeKey(page) {
  await page.getByRole("button", { name: "Generate New Key" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name").fill("Deployment");
  await form.getByRole("checkbox", { name: "usage: read" }).check();
  await form.getByRole("button", { name: "Generate key" }).click();
  await page.getByTestId("secret").waitFor();
}

/** There is room for few keys, and each look makes one. */
async function removeKey(page, { owner }) {
  await page.getByRole("button", { name: "Done" }).click();
  const { data } = await owner.get("/v1/management/api-keys?kind=management&status=active&limit=100");
  for (const { id, name } of data) if (name === "Deployment") await owner.delete(`/v1/management/api-keys/${id}`);
}

async function askToRevoke(page) {
  await page.getByRole("button", { name: "Actions for ERP bridge" }).click();
  await page.getByRole("menuitem", { name: "Revoke" }).click();
  await page.getByRole("dialog", { name: "Revoke ERP bridge?" }).waitFor();
}

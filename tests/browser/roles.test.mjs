// What each role sees and may press. Page and server must agree: what the server refuses with 403 can't be pressed, and what can be pressed is
// not refused. The expected answers stand here as well, so that both can't be wrong together.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { heading, launch, signIn, visit } from "./browser.mjs";
import { join } from "./seed.mjs";
import { caller, OWNER, ownerOf, PASSWORD, startServer } from "./server.mjs";

const ROLES = ["owner", "admin", "developer", "member", "viewer"];
const MANAGERS = ["owner", "admin"];
const BUILDERS = ["owner", "admin", "developer"];

const emailOf = (role) => (role === "owner" ? OWNER : `${role}@acme.example`);

let server;
let browser;
let made;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  const owner = await ownerOf(server.address);
  const context = { address: server.address, owner };
  for (const role of ROLES.slice(1)) await join(context, { email: emailOf(role), name: `The ${role}`, role });
  const key = (await owner.post("/api/api-keys", { name: "Printer", scopes: ["shipments:read"] })).data;
  const webhook = await owner.post("/v1/management/webhooks", { url: "https://hooks.example.com/in", events: ["*"] });
  const project = await owner.post("/management/v1/projects", {
    name: "Loyalty",
    timezone: "Europe/Berlin",
    currency: "EUR",
    case_sensitive_codes: true,
  });
  const me = (await owner.get("/api/auth/me")).data;
  made = { key, webhook, project, me };
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The entries of the navigation, their headings, and what they read. */
const PAGES = [
  { link: "Overview", path: "/", reads: "/v1/management/usage", roles: ROLES },
  { link: "Usage", path: "/usage", reads: "/v1/management/usage", roles: ROLES },
  { link: "API keys", path: "/keys", reads: "/api/api-keys", roles: ROLES },
  { link: "Key hygiene", path: "/hygiene", reads: "/v1/management/api-keys", roles: ROLES },
  { link: "Webhooks", path: "/webhooks", reads: "/v1/management/webhooks", roles: ROLES },
  { link: "Users", path: "/users", reads: "/v1/management/users", roles: ROLES },
  { link: "Audit log", path: "/audit-log", reads: "/v1/management/audit-log", roles: MANAGERS },
  { link: "Organization", path: "/organization", reads: "/v1/management/organizations", roles: ROLES },
  { link: "Projects", path: "/projects", reads: "/management/v1/projects", roles: ROLES },
  { link: "Rate sheets", path: "/shipping/rate-sheets", reads: "/v1/management/rate-sheets", roles: ROLES },
];

const button = (name) => (page) => page.getByRole("main").getByRole("button", { name });
/** An entry of a row's menu. */
const entry = (menu, name) => async (page) => {
  const opener = page.getByRole("button", { name: menu }).first();
  if ((await opener.count()) === 0) return opener;
  await opener.click();
  await page.getByRole("menu").waitFor();
  return page.getByRole("menuitem", { name, exact: true });
};

/**
 * What can be pressed, and a request that does the same and is refused for another reason when the role is not the reason: a body that is no
 * good, an id that does not exist, or an owner who can't be removed.
 */
const ACTIONS = () => [
  { on: "/keys", what: button("Generate New Key"), call: ["POST", "/api/api-keys", {}], roles: MANAGERS },
  { on: "/keys", what: entry("Actions for Printer", "Revoke"), call: ["PATCH", `/api/api-keys/${made.key.id}`, { name: 5 }], roles: MANAGERS },
  { on: "/webhooks", what: button("Add webhook"), call: ["POST", "/v1/management/webhooks", {}], roles: BUILDERS },
  {
    on: `/webhooks/${made.webhook.id}`,
    what: button("Send test"),
    call: ["POST", `/v1/management/webhooks/${made.webhook.id}/test`, { type: "no.such" }],
    roles: BUILDERS,
  },
  { on: "/users", what: button("Invite somebody"), call: ["POST", "/v1/management/invitations", {}], roles: MANAGERS },
  {
    on: "/users",
    what: entry("Actions for The viewer", "Remove"),
    call: ["PATCH", "/v1/management/users/usr_00000000000070008000000000000000", { role: "member" }],
    roles: MANAGERS,
  },
  {
    on: "/users",
    what: entry(`Actions for ${made.me.user.name || OWNER}`, "Edit"),
    call: ["PATCH", `/v1/management/users/${made.me.user.id}`, { role: "viewer" }],
    roles: ["owner"],
  },
  { on: "/organization", what: button("Save"), editable: "Name", call: ["PATCH", `/v1/management/organizations/${made.me.organization.id}`, { name: 5 }], roles: MANAGERS },
  { on: "/organization", what: button("New organization"), call: ["POST", "/v1/management/organizations", {}], roles: MANAGERS },
  { on: "/projects", what: button("New project"), call: ["POST", "/management/v1/projects", {}], roles: BUILDERS },
  ...[
    ["metadata", "New metadata schema", "metadata-schemas"],
    ["events", "New event schema", "custom-event-schemas"],
    ["webhooks", "New webhook", "webhooks"],
    ["branding", "Save", "branding"],
    ["templates", "New template", "templates/campaigns"],
  ].map(([tab, name, path]) => ({
    on: `/projects/${made.project.id}/${tab}`,
    what: button(name),
    call: ["POST", `/management/v1/projects/${made.project.id}/${path}`, {}],
    roles: BUILDERS,
  })),
  { on: "/shipping/rate-sheets", what: button("New rate sheet"), call: ["POST", "/v1/management/rate-sheets", {}], roles: MANAGERS },
];

/** Whether something is there and can be pressed. */
async function isUsable(found) {
  const target = found.first();
  if ((await target.count()) === 0 || !(await target.isVisible())) return false;
  return (await target.isEnabled()) && (await target.getAttribute("aria-disabled")) !== "true";
}

async function tokenOf(role) {
  const answer = await caller(server.address).post("/api/auth/login", { email: emailOf(role), password: PASSWORD });
  return answer.data.access_token;
}

async function statusOf(token, [method, path, body]) {
  const headers = { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) };
  const answer = await fetch(`${server.address}${path}`, { method, headers, body: body && JSON.stringify(body) });
  await answer.arrayBuffer();
  return answer.status;
}

for (const role of ROLES) {
  test(`${role}: what is shown can be read, and what can be pressed is not refused`, async () => {
    const tab = await visit(browser, server.address);
    const page = await tab.page();
    const refused = [];
    page.on("response", (answer) => {
      if ([401, 403, 404].includes(answer.status())) refused.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
    });
    await signIn(page, emailOf(role), PASSWORD);
    await heading(page, "Overview").waitFor();
    const token = await tokenOf(role);
    const go = async (path) => {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      // What has come has still to be shown.
      await page.waitForFunction(() => !document.querySelector("main [role=status][aria-label=Loading]"));
    };

    const navigation = page.getByRole("navigation", { name: "Main" });
    for (const { link, path, reads, roles } of PAGES) {
      const expected = roles.includes(role);
      assert.equal((await navigation.getByRole("link", { name: link, exact: true }).count()) > 0, expected, `${link} in the navigation`);
      const status = await statusOf(token, ["GET", reads]);
      assert.equal(status, expected ? 200 : 403, reads);
      await go(path);
      const closed = page.getByText("Your role does not allow this");
      assert.equal((await closed.count()) === 0, expected, `the page ${path}`);
    }

    for (const { on, what, editable, call, roles } of ACTIONS()) {
      const name = `${role} on ${on}: ${call[0]} ${call[1]}`;
      const expected = roles.includes(role);
      const status = await statusOf(token, call);
      assert.ok(status >= 400 && status < 500, `${name} had an effect: ${status}`);
      assert.equal(status !== 403, expected, `${name}: the server says ${status}`);
      await go(on);
      if (editable && expected) await page.getByLabel(editable, { exact: false }).first().fill("Acme");
      assert.equal(await isUsable(await what(page)), expected, `${name}: the page`);
    }
    assert.deepEqual(refused, [], "no page asks for what its reader may not have");
    await tab.end();
  });
}

test("an admin of a project may change it without a role that may", async () => {
  const owner = await ownerOf(server.address);
  const path = `/management/v1/projects/${made.project.id}/users`;
  await owner.post(path, { login: emailOf("member"), role: "ADMIN" });
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await signIn(page, emailOf("member"), PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.goto(`/projects/${made.project.id}/metadata`);
  await page.waitForLoadState("networkidle");
  assert.equal(await isUsable(button("New metadata schema")(page)), true);
  const token = await tokenOf("member");
  const url = `/management/v1/projects/${made.project.id}/metadata-schemas`;
  assert.equal(await statusOf(token, ["POST", url, {}]), 400);
  await page.goto("/projects");
  await page.waitForLoadState("networkidle");
  assert.equal(await isUsable(button("New project")(page)), false);
  await tab.end();
});

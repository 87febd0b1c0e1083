import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { heading, launch, PHONE, signIn, visit } from "./browser.mjs";
import { join, seed } from "./seed.mjs";
import { caller, OWNER, ownerOf, PASSWORD, startServer } from "./server.mjs";

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const refused = (path) => new RegExp(`status of 401.*${path}`);

test("a wrong password is told, and the right one signs in", async () => {
  const tab = await visit(browser, server.address, { expectErrors: [refused("/api/auth/login")] });
  const page = await tab.page();
  await page.goto("/sign-in");
  await heading(page, "Sign in").waitFor();
  await tab.check(page);
  await page.getByRole("button", { name: "Sign in" }).click();
  assert.equal(await page.getByText("Is missing.").count(), 2);
  await signIn(page, OWNER, "not the password at all");
  const alert = page.getByRole("alert");
  await alert.getByText("The e-mail address or the password is wrong.").waitFor();
  assert.match(await alert.innerText(), /Request [0-9a-f]{32}/);
  await tab.check(page);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading(page, "Overview").waitFor();
  assert.equal(await page.title(), "Overview · mgmt");
  await tab.check(page);
  await tab.end();
});

test("who is sent to sign in comes back to where they wanted to go", async () => {
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await page.goto("/settings/password?from=mail");
  await heading(page, "Sign in").waitFor();
  await page.getByLabel("E-mail").fill(OWNER);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await heading(page, "Change password").waitFor();
  assert.equal(new URL(page.url()).search, "?from=mail");
  await tab.end();
});

test("a reload keeps the session, and scripts can reach none of its tokens", async () => {
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.reload();
  await heading(page, "Overview").waitFor();
  const reachable = await page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]));
  const [cookie] = await tab.context.cookies();
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict", JSON.stringify(cookie));
  assert.ok(!reachable.includes("eyJ") && !reachable.includes(cookie.value), reachable);
  await tab.end();
});

test("signing out ends the session in every tab, and on the server", async () => {
  const tab = await visit(browser, server.address);
  const [first, second] = [await tab.page(), await tab.page()];
  await signIn(first, OWNER, PASSWORD);
  await heading(first, "Overview").waitFor();
  await second.goto("/settings/sessions");
  await second.getByText("This session").waitFor();
  const [cookie] = await tab.context.cookies();
  await first.getByRole("button", { name: /^Account/ }).click();
  await first.getByRole("menuitem", { name: "Sign out" }).click();
  await heading(first, "Sign in").waitFor();
  await heading(second, "Sign in").waitFor();
  assert.equal((await tab.context.cookies()).length, 0);
  const again = await fetch(`${server.address}/api/auth/refresh`, {
    method: "POST",
    headers: { Cookie: `${cookie.name}=${cookie.value}` },
  });
  assert.equal(again.status, 401);
  await first.reload();
  await heading(first, "Sign in").waitFor();
  await tab.end();
});

test("tabs that start at once share one cookie without losing it", async () => {
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  const tabs = await Promise.all(Array.from({ length: 5 }, () => tab.page()));
  for (let round = 0; round < 3; round++) {
    await Promise.all(tabs.map((each) => each.goto("/settings/sessions")));
    await Promise.all(tabs.map((each) => each.getByText("This session").waitFor()));
  }
  await page.reload();
  await heading(page, "Overview").waitFor();
  await tab.end();
});

test("a session that ended elsewhere sends to sign in, and says so", async () => {
  const tab = await visit(browser, server.address, { expectErrors: [/status of 401/] });
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  const owner = await ownerOf(server.address);
  for (const { id, current } of (await owner.get("/api/auth/sessions")).data) {
    if (!current) await owner.delete(`/api/auth/sessions/${id}`);
  }
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sessions" }).click();
  await heading(page, "Sign in").waitFor();
  await page.getByText("Your session has ended.").waitFor();
  await tab.end();
});

test("the list of sessions shows this one, and ends another", async () => {
  const person = await join({ address: server.address, owner: await ownerOf(server.address) }, {
    email: "dana@acme.example",
    name: "Dana",
    role: "viewer",
  });
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await signIn(page, "dana@acme.example", PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.goto("/settings/sessions");
  const rows = page.getByRole("row").filter({ hasNot: page.getByRole("columnheader") });
  await page.getByText("This session").waitFor();
  assert.equal(await rows.count(), 2);
  await page.getByRole("button", { name: "End" }).click();
  const dialog = page.getByRole("dialog", { name: "End this session?" });
  await dialog.waitFor();
  await tab.check(page);
  await dialog.getByRole("button", { name: "End" }).click();
  await page.getByText("The session has ended.").waitFor();
  await rows.nth(1).waitFor({ state: "detached" });
  await assert.rejects(person.as.get("/api/auth/me"), /401/);
  await tab.end();
});

test("an invitation is accepted by its link", async () => {
  const owner = await ownerOf(server.address);
  const { url } = await owner.post("/v1/management/invitations", { email: "new@acme.example", role: "member" });
  const tab = await visit(browser, server.address, { viewport: PHONE, expectErrors: [/status of 404.*\/api\/invitations\//] });
  const page = await tab.page();
  await page.goto(url);
  await heading(page, "Join Acme Logistics").waitFor();
  await page.getByText("You are invited as member with the address new@acme.example.").waitFor();
  await tab.check(page);
  await page.getByLabel("Your name").fill("<img src=x onerror=alert(1)>");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText("Must have at least 15 characters.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Join" }).click();
  await heading(page, "Overview").waitFor();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByText("<img src=x onerror=alert(1)>", { exact: true }).first().waitFor();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await heading(page, "Sign in").waitFor();
  await page.goto("about:blank");
  await page.goto(url);
  await heading(page, "This invitation does not work any more").waitFor();
  await tab.end();
});

test("a password is changed, and reasons stand at their fields", async () => {
  await join({ address: server.address, owner: await ownerOf(server.address) }, {
    email: "eve@acme.example",
    name: "Eve",
    role: "viewer",
  });
  const tab = await visit(browser, server.address, { expectErrors: [/status of 400.*\/api\/auth\/password/] });
  const page = await tab.page();
  await signIn(page, "eve@acme.example", PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.goto("/settings/password");
  const next = "entirely other words 42";
  await page.getByLabel("Current password").fill("this is not my password");
  await page.getByLabel("New password").fill(next);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Is not your password.").waitFor();
  assert.ok(await page.getByLabel("Current password").evaluate((field) => field === document.activeElement));
  await tab.check(page);
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Your password is changed.").waitFor();
  await caller(server.address).post("/api/auth/login", { email: "eve@acme.example", password: next });
  await tab.end();
});

test("an organization is changed in every tab, and nothing of the former one stays", async () => {
  const own = await startServer();
  try {
    const { second } = await seed(own, ["people"]);
    assert.ok(second.id);
    const tab = await visit(browser, own.address);
    const [page, other] = [await tab.page(), await tab.page()];
    await signIn(page, OWNER, PASSWORD);
    await heading(page, "Overview").waitFor();
    await other.goto("/settings/sessions");
    await other.getByText("This session").waitFor();
    await page.getByRole("button", { name: /^Switch organization: Acme Logistics/ }).click();
    await page.getByRole("menuitem", { name: "Acme Retail Ltd" }).click();
    await page.getByRole("button", { name: "Switch organization: Acme Retail Ltd" }).waitFor();
    await other.getByRole("button", { name: "Switch organization: Acme Retail Ltd" }).waitFor();
    await other.getByText("This session").waitFor();
    await tab.end();
  } finally {
    await own.stop();
  }
});

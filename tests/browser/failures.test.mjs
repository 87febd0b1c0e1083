// What every page shows when its data can't be had: the reason, the request's id, and a button that repeats it and works.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { heading, launch, openWithKey, signIn, visit } from "./browser.mjs";
import { DETAILS, PRIVATE, pathOf } from "./pages.mjs";
import { seed, VIEWER } from "./seed.mjs";
import { OWNER, PASSWORD, startServer } from "./server.mjs";

let server;
let browser;
let context;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  context = await seed(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const REQUEST = "01a1fe8a0d7171aa9911bb22cc33dd44";
const json = (status, code, message) => (route) =>
  route.fulfill({
    status,
    contentType: "application/json",
    headers: { "x-request-id": REQUEST },
    // As the server writes them: errors of its own without a message.
    body: JSON.stringify({ error: { code, message, details: {}, request_id: REQUEST } }),
  });

/** A page's data: everything but the session and the call that tries an API key. */
function isData(url) {
  const { pathname, search } = new URL(url);
  if (!/^\/(v1|management|api)\//.test(pathname)) return false;
  if (pathname.startsWith("/api/auth/")) return pathname.startsWith("/api/auth/sessions");
  return !(pathname === "/v1/trackers" && search === "?limit=1");
}

/** Waits until no part of the page is loading any more. */
async function settled(page) {
  for (let still = 0; still < 3; ) {
    still = (await page.locator("main [role=status][aria-label=Loading]").count()) === 0 ? still + 1 : 0;
    await page.waitForTimeout(60);
  }
}

/** Pages with data that they load by themselves; single objects and tabs, which show errors with the same parts, for one kind of failure. */
const LISTS = PRIVATE.filter(({ loads }) => loads);
const OBJECTS = DETAILS.filter(({ act }) => !act);
const isShipping = (path) => /^\/shipping\/(shipments|trackers)/.test(path);

const FAILURES = {
  "an error of the server": { answer: json(500, "internal", ""), says: "Something went wrong on the server.", id: REQUEST, pages: [...LISTS, ...OBJECTS] },
  "a refusal": { answer: json(403, "forbidden", "your role may not do that"), says: "Your role may not do that.", id: REQUEST, pages: LISTS },
  "no answer": { answer: (route) => route.abort("connectionrefused"), says: "The server can't be reached.", id: null, pages: LISTS },
};

for (const [name, { answer, says, id, pages }] of Object.entries(FAILURES)) {
  test(`every page shows ${name}, and goes on after it`, async () => {
    const tab = await visit(browser, server.address, { expectErrors: [/Failed to load resource/] });
    const page = await tab.page();
    await signIn(page, OWNER, PASSWORD);
    await heading(page, "Overview").waitFor();
    for (const each of pages) {
      const path = pathOf(each, context);
      let failed = 0;
      await page.route((url) => isData(url.href), (route) => {
        failed += 1;
        return answer(route);
      });
      await page.goto(path);
      if (isShipping(path)) await openWithKey(page, context);
      const alert = page.getByRole("main").getByRole("alert").filter({ hasText: says });
      await alert.first().waitFor().catch(() => assert.fail(`${path} does not say that it could not be loaded`));
      // All that can fail has failed.
      await settled(page);
      assert.ok(failed > 0);
      if (id) assert.match(await alert.first().innerText(), new RegExp(id), `${path} does not show the request's id`);
      assert.equal(await page.getByRole("main").getByRole("heading", { name: /Nothing|No / }).count(), 0, `${path} says that there is nothing`);
      if (pages !== LISTS) await tab.check(page);
      await page.unrouteAll({ behavior: "wait" });
      // Parts of a page fail and are repeated one by one.
      const retry = alert.getByRole("button", { name: "Try again" });
      for (let parts = 0; parts < 10 && (await alert.count()) > 0; parts++) {
        assert.ok((await retry.count()) > 0, `${path} has an error without a button to repeat it`);
        await retry.first().click();
        await settled(page);
      }
      await each.ready(page, context);
      assert.equal(await alert.count(), 0, `${path} still shows an error`);
    }
    await tab.end();
  });
}

test("without a network a page says so, and goes on when it is back", async () => {
  const tab = await visit(browser, server.address, { expectErrors: [/Failed to load resource|ERR_INTERNET_DISCONNECTED/] });
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.goto("/webhooks");
  await page.getByText("Billing").first().waitFor();
  // The code of the page of one webhook belongs to that of the list.
  await tab.context.setOffline(true);
  await page.getByRole("link", { name: /orders$/ }).click();
  await page.getByText("The server can't be reached.").first().waitFor();
  await tab.context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).first().click();
  await page.getByText("Signing secret").waitFor();
  await tab.end();
});

test("the code of notices is fetched when the network is back, and nothing breaks before", async () => {
  const tab = await visit(browser, server.address, { expectErrors: [/Failed to load resource|ERR_INTERNET_DISCONNECTED/] });
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.goto("/webhooks");
  await page.getByText("Billing").first().waitFor();
  await tab.context.setOffline(true);
  // Longer than the page waits before it fetches them.
  await page.waitForTimeout(5_000);
  await page.getByText("Billing").first().waitFor();
  await tab.context.setOffline(false);
  await page.locator(".mantine-Notifications-root").first().waitFor({ state: "attached" });
  await tab.end();
});

test("an organization that has nothing is told what to do about it", async () => {
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.getByRole("button", { name: /^Switch organization/ }).click();
  await page.getByRole("menuitem", { name: "Acme Retail Ltd" }).click();
  await page.getByRole("button", { name: "Switch organization: Acme Retail Ltd" }).waitFor();
  for (const [path, says] of [
    ["/webhooks", "No webhooks yet"],
    ["/projects", "No projects yet"],
    ["/keys", "No API keys yet"],
    ["/usage", "No calls in this period"],
  ]) {
    await page.goto(path);
    await page.getByRole("heading", { name: says }).first().waitFor();
    await tab.check(page);
  }
  await tab.end();
});

test("a role that may not read a page is told so, and nothing is asked for", async () => {
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await signIn(page, VIEWER, PASSWORD);
  await heading(page, "Overview").waitFor();
  // What the first page asks for, maybe late, is no concern of the next.
  await page.goto("about:blank");
  const asked = [];
  page.on("request", (request) => {
    if (isData(request.url())) asked.push(request.url());
  });
  await page.goto("/audit-log");
  await page.getByText("Your role does not allow this").waitFor();
  await page.waitForLoadState("networkidle");
  assert.deepEqual(asked, []);
  await tab.end();
});

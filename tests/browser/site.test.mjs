import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cutTexts, DESKTOP, heading, launch, PHONE, signIn, visit } from "./browser.mjs";
import { DETAILS, PRIVATE, PUBLIC, pathOf } from "./pages.mjs";
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

test("an empty database has a page that says how to begin", async () => {
  const empty = await startServer({ bootstrapped: false });
  try {
    const tab = await visit(browser, empty.address);
    const page = await tab.page();
    await page.goto("/keys");
    await heading(page, "Welcome").waitFor();
    await page.getByText("mgmt bootstrap --org").waitFor();
    await tab.check(page);
    empty.bootstrap();
    await page.getByRole("button", { name: "I have done that" }).click();
    await heading(page, "Sign in").waitFor();
    await signIn(page, OWNER, PASSWORD);
    await heading(page, "Overview").waitFor();
    await tab.end();
  } finally {
    await empty.stop();
  }
});

for (const [device, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  for (const colorScheme of ["light", "dark"]) {
    test(`every page is accessible and keeps to the policy: ${device}, ${colorScheme}`, async () => {
      const tab = await visit(browser, server.address, { viewport, colorScheme });
      const page = await tab.page();
      const look = async (each) => {
        const { ready, act, after } = each;
        const path = pathOf(each, context);
        await page.goto(path);
        await ready(page, context);
        await act?.(page, context);
        await page.waitForLoadState("networkidle");
        await tab.check(page);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${path} is ${overflow} pixels too wide`);
        if (device === "phone") assert.deepEqual(await cutTexts(page), [], `${path} cuts texts off`);
        await after?.(page, context);
      };
      for (const each of PUBLIC) await look(each);
      await signIn(page, OWNER, PASSWORD);
      await heading(page, "Overview").waitFor();
      for (const each of PRIVATE) await look(each);
      // Each single object, tab and dialog once on either device, and once in either scheme.
      if ((device === "desktop") === (colorScheme === "light")) for (const each of DETAILS) await look(each);
      await tab.end();
    });
  }
}

test("the navigation shows what the role may see, by keyboard and on a phone", async () => {
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await signIn(page, VIEWER, PASSWORD);
  await heading(page, "Overview").waitFor();
  const navigation = page.getByRole("navigation", { name: "Main" });
  assert.equal(await navigation.getByRole("link", { name: "Audit log" }).count(), 0);
  await page.goto("/audit-log");
  await page.getByText("Your role does not allow this").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "content");
  await navigation.getByRole("link", { name: "Users" }).focus();
  await page.keyboard.press("Enter");
  await heading(page, "Users").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H1");
  assert.equal(await navigation.getByRole("link", { name: "Users" }).getAttribute("aria-current"), "page");

  await page.setViewportSize(PHONE);
  await page.getByRole("button", { name: "Menu" }).click();
  await navigation.getByRole("link", { name: "Projects" }).click();
  await heading(page, "Projects").waitFor();
  await navigation.waitFor({ state: "hidden" });
  await tab.end();
});

test("a dialog adds no second banner to the page", async () => {
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.goto("/users");
  await heading(page, "Users").waitFor();
  const banners = () => page.evaluate(() => document.querySelectorAll("header, [role=banner]").length);
  assert.equal(await banners(), 1);
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await page.getByRole("dialog").waitFor();
  assert.equal(await banners(), 1);
  await tab.check(page);
  await tab.end();
});

test("light and dark are chosen and kept, without a flash", async () => {
  const tab = await visit(browser, server.address, { colorScheme: "light" });
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Dark" }).click();
  const scheme = () => page.evaluate(() => document.documentElement.getAttribute("data-mantine-color-scheme"));
  assert.equal(await scheme(), "dark");
  // Before any of the page's modules has run.
  await page.route(/\/assets\/index-.*\.js/, (route) => route.abort());
  await page.reload({ waitUntil: "domcontentloaded" }).catch(() => undefined);
  assert.equal(await scheme(), "dark");
  await tab.context.close();
});

test("the policy forbids what it should, and the page lives with it", async () => {
  const answer = await fetch(`${server.address}/keys`, { headers: { Accept: "text/html" } });
  const policy = Object.fromEntries(
    answer.headers.get("content-security-policy").split(";").map((part) => {
      const [name, ...values] = part.trim().split(" ");
      return [name, values.join(" ")];
    }),
  );
  assert.equal(policy["default-src"], "'none'");
  assert.equal(policy["script-src"], "'self'");
  assert.match(policy["style-src"], /^'self' 'nonce-[0-9A-Za-z]{22,}'$/);
  assert.equal(policy["connect-src"], "'self'");
  for (const closed of ["base-uri", "object-src", "frame-ancestors", "form-action"]) assert.equal(policy[closed], "'none'");
  assert.doesNotMatch(JSON.stringify(policy), /unsafe|https?:|\*/);

  // The policy is what stops injected markup, not luck.
  const tab = await visit(browser, server.address, { expectErrors: [/Content Security Policy|policy violation|Refused to/] });
  const page = await tab.page();
  await page.goto("/sign-in");
  await heading(page, "Sign in").waitFor();
  const ran = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    document.head.append(script);
    const style = document.createElement("style");
    style.textContent = "body { outline: 9px solid red }";
    document.head.append(style);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return [window.injected ?? false, getComputedStyle(document.body).outlineWidth === "9px"];
  });
  assert.deepEqual(ran, [false, false]);
  await tab.end();
});

test("files are sent compressed and may be kept, the page may not", async () => {
  const get = (path, encoding) => fetch(`${server.address}${path}`, { headers: { Accept: "text/html", "Accept-Encoding": encoding } });
  const page = await get("/keys", "identity");
  assert.match(page.headers.get("cache-control") ?? "", /no-store|no-cache/);
  const files = [...(await page.text()).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  assert.ok(files.filter((path) => path.endsWith(".js")).length >= 2, files.join());
  for (const path of files) {
    for (const [asked, sent] of [["br, gzip", "br"], ["gzip", "gzip"], ["identity", null]]) {
      const file = await get(path, asked);
      assert.equal(file.status, 200, path);
      assert.equal(file.headers.get("content-encoding"), sent, `${path} for ${asked}`);
      assert.equal(file.headers.get("cache-control"), "public, max-age=31536000, immutable");
      assert.equal(file.headers.get("vary"), "Accept-Encoding");
      assert.ok((await file.arrayBuffer()).byteLength > 0);
    }
    assert.match(path, /-[\w-]{8}\.(js|css|svg|woff2)$/, "a file whose name does not change with its content");
  }
});

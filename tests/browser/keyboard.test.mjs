// Everything that the guide does with the keyboard alone: generate a key, copy it, revoke it. No click, no focus that a test sets.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { heading, launch, visit } from "./browser.mjs";
import { OWNER, PASSWORD, startServer } from "./server.mjs";

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What has the focus: its name as assistive technology says it, and whether one can see that it has it. */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return { name: "", role: "", isVisible: true };
    const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent ?? "";
    const style = getComputedStyle(element);
    const ring = (of) => of.outlineStyle !== "none" && Number.parseFloat(of.outlineWidth) >= 1;
    // Fields show it by the colour of their border.
    const isField = element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");
    const around = element.parentElement ? getComputedStyle(element.parentElement) : style;
    const label2 = element.labels?.[0] ? getComputedStyle(element.labels[0]) : around;
    const box = element.getBoundingClientRect();
    return {
      name: label.trim(),
      role: element.getAttribute("role") ?? element.tagName.toLowerCase(),
      isVisible: ring(style) || ring(label2) || isField || element.matches("h1, main, [tabindex='-1']"),
      isOnScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
  });

/** Presses Tab until something of that name has the focus. Each stop on the way must be seen. */
async function tabTo(page, name, key = "Tab") {
  const passed = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(key);
    const at = await focused(page);
    passed.push(at.name.slice(0, 40));
    assert.ok(at.isVisible, `nothing shows that “${at.name}” (${at.role}) has the focus`);
    if (typeof name === "string" ? at.name === name : name.test(at.name)) {
      assert.ok(at.isOnScreen, `“${at.name}” has the focus outside of the window`);
      return;
    }
  }
  assert.fail(`no Tab leads to ${name}: ${passed.join(" → ")}`);
}

/** Goes down an open menu until an item of that name has the focus. A menu takes the focus a moment after it is seen. */
async function arrowTo(page, name) {
  for (let presses = 0; presses < 40; presses++) {
    const at = await focused(page);
    if (at.role === "menuitem" && at.name === name) return;
    await page.keyboard.press("ArrowDown");
    await page.waitForTimeout(50);
  }
  assert.fail(`no arrow leads to ${name}: the focus is on “${(await focused(page)).name}”`);
}

/** Waits until the focus is on something of that name. */
async function settlesOn(page, name) {
  for (let tries = 0; tries < 40; tries++) {
    const at = await focused(page);
    if (typeof name === "string" ? at.name === name : name.test(at.name)) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`the focus is on “${(await focused(page)).name}”, not on ${name}`);
}

test("a key is generated, copied and revoked with the keyboard alone", async () => {
  const tab = await visit(browser, server.address);
  await tab.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.address });
  const page = await tab.page();
  const press = (key) => page.keyboard.press(key);

  await page.goto("/keys");
  await heading(page, "Sign in").waitFor();
  await tabTo(page, "E-mail");
  await page.keyboard.type(OWNER);
  await tabTo(page, /^Password/);
  await page.keyboard.type(PASSWORD);
  await press("Enter");
  await heading(page, "API keys").waitFor();

  // The skip link is the first stop of a visit, is seen while it has the focus, and leads past the navigation.
  await page.reload();
  await heading(page, "API keys").waitFor();
  await press("Tab");
  assert.equal((await focused(page)).name, "Skip to content");
  assert.equal((await focused(page)).isOnScreen, true);
  await press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "content");
  await tabTo(page, "Generate New Key");

  // A dialog that is left gives the focus back to what opened it.
  await press("Enter");
  await page.getByRole("dialog", { name: "Generate an API key" }).waitFor();
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await settlesOn(page, "Generate New Key");

  await press("Enter");
  await settlesOn(page, /^Name/);
  await page.keyboard.type("Typed by hand");
  await tabTo(page, "Shipments: read");
  await press("Space");
  await tabTo(page, "Generate key");
  await press("Enter");
  await page.getByTestId("secret").waitFor();
  const key = (await page.getByTestId("secret").textContent()).trim();
  await tabTo(page, "Copy");
  await press("Enter");
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
  await tabTo(page, "Done");
  await press("Enter");
  await page.getByTestId("secret").waitFor({ state: "detached" });
  await settlesOn(page, /Actions for Typed by hand|Generate New Key/);

  if ((await focused(page)).name === "Generate New Key") await tabTo(page, "Actions for Typed by hand");
  await press("Enter");
  await page.getByRole("menuitem", { name: "Revoke" }).waitFor();
  await press("Escape");
  await settlesOn(page, "Actions for Typed by hand");
  await press("Enter");
  await page.getByRole("menuitem", { name: "Revoke" }).waitFor();
  await arrowTo(page, "Revoke");
  await press("Enter");
  const confirm = page.getByRole("dialog", { name: "Revoke Typed by hand?" });
  await confirm.waitFor();
  // First the way back, then the deed.
  await press("Escape");
  await confirm.waitFor({ state: "detached" });
  await settlesOn(page, "Actions for Typed by hand");
  await press("Enter");
  await page.getByRole("menuitem", { name: "Revoke" }).waitFor();
  await arrowTo(page, "Revoke");
  await press("Enter");
  await confirm.waitFor();
  await tabTo(page, "Revoke key");
  await press("Enter");
  await page.getByRole("table", { name: "Revoked API keys" }).getByRole("row", { name: "Typed by hand" }).waitFor();
  // Its button has gone: the heading of its table has the focus.
  await settlesOn(page, "Active Keys");
  const refused = await fetch(`${server.address}/v1/shipments`, { headers: { Authorization: `Bearer ${key}` } });
  assert.equal(refused.status, 401);
  await tab.end();
});

test("every dialog gives the focus back to the button that opened it", async () => {
  const tab = await visit(browser, server.address);
  const page = await tab.page();
  await page.goto("/sign-in");
  await heading(page, "Sign in").waitFor();
  await tabTo(page, "E-mail");
  await page.keyboard.type(OWNER);
  await tabTo(page, /^Password/);
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await heading(page, "Overview").waitFor();
  for (const [path, button] of [
    ["/keys", "Generate New Key"],
    ["/keys/management", "Generate New Key"],
    ["/users", "Invite somebody"],
    ["/webhooks", "Add webhook"],
    ["/organization", "New organization"],
    ["/projects", "New project"],
    ["/shipping/rate-sheets", "New rate sheet"],
    ["/audit-log", /^Details of/],
  ]) {
    await page.goto(path);
    await page.getByRole("button", { name: button }).first().waitFor();
    await tabTo(page, button);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    const inside = () => page.evaluate(() => document.activeElement?.closest("[role=dialog]") !== null);
    await page.waitForFunction(() => document.activeElement?.closest("[role=dialog]"));
    // The focus stays inside however often one goes on.
    for (let presses = 0; presses < 25; presses++) await page.keyboard.press("Tab");
    assert.ok(await inside(), `the focus leaves the dialog of ${path}`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await settlesOn(page, button);
  }
  await tab.end();
});

// The guide: generate a key, copy it, use it with curl, revoke it, see 401 and the section of revoked keys.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { heading, launch, signIn, visit } from "./browser.mjs";
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

/** What curl is answered when it uses the key. */
const curl = (key) =>
  execFileSync("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", `${server.address}/v1/shipments`, "-H", `Authorization: Bearer ${key}`], {
    encoding: "utf8",
  });

test("a key is generated, copied, used, revoked and refused", async () => {
  const tab = await visit(browser, server.address);
  await tab.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.address });
  const page = await tab.page();
  await signIn(page, OWNER, PASSWORD);
  await heading(page, "Overview").waitFor();
  await page.goto("/keys");
  await heading(page, "API keys").waitFor();

  const name = "<img src=x onerror=alert(1)> printer";
  await page.getByRole("button", { name: "Generate New Key" }).click();
  const form = page.getByRole("dialog", { name: "Generate an API key" });
  await form.getByLabel("Name").fill(name);
  // Nothing is given without being chosen.
  await form.getByRole("button", { name: "Generate key" }).click();
  await form.getByText("Choose at least one.").first().waitFor();
  await form.getByRole("checkbox", { name: "shipments: read" }).check();
  await tab.check(page);
  await form.getByRole("button", { name: "Generate key" }).click();

  const secret = page.getByTestId("secret");
  await secret.waitFor();
  const key = (await secret.textContent()).trim();
  assert.match(key, /^mg_sk_prod_[0-9A-Za-z]+$/);
  await page.getByRole("button", { name: "Copy" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
  await tab.check(page);
  assert.equal(curl(key), "200");
  await page.getByRole("button", { name: "Done" }).click();
  await secret.waitFor({ state: "detached" });
  assert.equal((await page.content()).includes(key), false, "the key stays on the page");
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.equal(stored.includes(key), false, "the key stays in the browser");

  const active = page.getByRole("table", { name: "Active API keys" });
  await active.getByRole("row", { name }).waitFor();
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Revoke" }).click();
  const confirm = page.getByRole("dialog", { name: `Revoke ${name}?` });
  await confirm.getByText(name).first().waitFor();
  await tab.check(page);
  await confirm.getByRole("button", { name: "Revoke key" }).click();
  await confirm.waitFor({ state: "detached" });
  assert.equal(curl(key), "401");
  await page.getByRole("table", { name: "Revoked API keys" }).getByRole("row", { name }).waitFor();
  assert.equal(await active.getByRole("row", { name }).count(), 0);
  await tab.check(page);
  await tab.end();
});

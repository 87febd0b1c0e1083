// A browser, and pages that watch themselves: what no page of the dashboard may ever do fails the test that does it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const DESKTOP = { width: 1360, height: 850 };
export const PHONE = { width: 390, height: 844 };

/** As root the browser has no sandbox to itself, as in containers. */
export const FLAGS = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

/** Starts the browser. */
export function launch() {
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}

/**
 * A fresh profile on a server. `page()` opens a tab that is watched; `check(page)` looks at the page as it is now; `end()` asserts that nothing
 * was wrong since. `expectErrors` names console messages that a test provokes, as the 401 of a wrong password.
 */
export async function visit(browser, address, { viewport = DESKTOP, colorScheme = "light", expectErrors = [], ...more } = {}) {
  const phone = viewport.width < 600 ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {};
  const context = await browser.newContext({
    baseURL: address,
    viewport,
    colorScheme,
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    reducedMotion: "reduce",
    ...phone,
    ...more,
  });
  // Only what hangs takes this long: a busy machine can hold up a page for many seconds.
  context.setDefaultTimeout(40_000);
  const wrong = [];
  await context.addInitScript(() => {
    window.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
      console.error(`policy violation: ${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`);
    });
  });
  context.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && origin !== address) wrong.push(`a request to ${request.url()}`);
  });
  context.on("console", (message) => {
    const text = `${message.text()} ${message.location().url}`;
    const expected = expectErrors.some((pattern) => pattern.test(text));
    if (["error", "warning"].includes(message.type()) && !expected) wrong.push(`console ${message.type()}: ${text}`);
  });
  // What is thrown need not be an error, and has no stack then.
  context.on("weberror", (thrown) => {
    const error = thrown.error();
    wrong.push(`uncaught on ${thrown.page()?.url()}: ${error.stack || `${error.name}: ${error.message}`}`);
  });

  const check = async (page) => {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    for (const { id, impact, help, nodes } of violations) {
      // Everything but what axe itself calls minor.
      if (impact === "minor") continue;
      wrong.push(`axe ${impact} ${id} (${help}) on ${page.url()}: ${nodes.map((node) => `${node.html.slice(0, 200)} ${node.failureSummary}`).join("\n")}`);
    }
  };
  return {
    context,
    check,
    page: () => context.newPage(),
    async end() {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}

/** Fills in the sign-in page, and waits for what comes after it. */
export async function signIn(page, email, password) {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Texts of the page's content that are cut off, as by an ellipsis, because there is no room for them. What scrolls is not cut off. */
export function cutTexts(page) {
  return page.evaluate(() => {
    const isCut = (element) => {
      const { overflowX, overflowY } = getComputedStyle(element);
      const hides = (overflow) => ["hidden", "clip"].includes(overflow);
      const { clientWidth, clientHeight, scrollWidth, scrollHeight } = element;
      // What is for screen readers alone is a pixel in size.
      if (clientWidth <= 2 || clientHeight <= 2) return false;
      return (hides(overflowX) && scrollWidth > clientWidth + 1) || (hides(overflowY) && scrollHeight > clientHeight + 2);
    };
    return [...document.querySelectorAll("main *")]
      .filter((element) => element instanceof HTMLElement && element.offsetParent && element.innerText?.trim() && isCut(element))
      .map((element) => `${element.className}: ${element.innerText.slice(0, 80)}`);
  });
}

/** The page's heading, which has the focus after a change of page. */
export const heading = (page, name) => page.getByRole("heading", { level: 1, name });

/** Shipping takes an API key instead of the session: gives it to a page that asks for one. */
export async function openWithKey(page, { shipping }) {
  const field = page.getByLabel("API key", { exact: false }).and(page.locator("input"));
  const using = page.getByText(/^Using /);
  await field.or(using).first().waitFor();
  if (await using.isVisible()) return;
  await field.fill(shipping.key);
  await page.getByRole("button", { name: "Use this key" }).click();
  await using.waitFor();
}

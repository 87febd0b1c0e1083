// Lighthouse on the keys page of the real server, signed in: `node lighthouse.mjs [folder]` prints the scores of a phone and of a desktop and
// writes the reports, if a folder is given. Performance is a timing, and not asserted anywhere; accessibility is, in `lighthouse.test.mjs`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import lighthouse, { desktopConfig } from "lighthouse";
import { chromium } from "playwright-core";
import { EXECUTABLE, FLAGS, heading, signIn } from "./browser.mjs";
import { seed } from "./seed.mjs";
import { OWNER, PASSWORD, startServer } from "./server.mjs";

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Measures a page as somebody who is signed in, with a browser whose files are cold: the scores, audits and report for each device. */
export async function measure({ path = "/keys", devices = ["phone", "desktop"], categories = ["performance", "accessibility"] } = {}) {
  const server = await startServer();
  const profile = mkdtempSync(join(tmpdir(), "mgmt-lighthouse-"));
  const port = await freePort();
  let context;
  try {
    await seed(server, ["people", "keys"]);
    // Lighthouse opens a tab of its own beside ours, so the session has to be the browser's.
    context = await chromium.launchPersistentContext(profile, {
      executablePath: EXECUTABLE,
      args: [...FLAGS, `--remote-debugging-port=${port}`],
      baseURL: server.address,
    });
    const page = await context.newPage();
    await signIn(page, OWNER, PASSWORD);
    await heading(page, "Overview").waitFor();
    await page.goto("about:blank");
    const control = await context.newCDPSession(page);
    const found = {};
    for (const device of devices) {
      // Signing in has loaded most files already: the first visit is what counts.
      await control.send("Network.clearBrowserCache");
      const options = { port, output: "html", logLevel: "error", onlyCategories: categories, disableStorageReset: true };
      const { lhr, report } = await lighthouse(server.address + path, options, device === "desktop" ? desktopConfig : undefined);
      if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
      const scores = Object.fromEntries(Object.entries(lhr.categories).map(([name, { score }]) => [name, Math.round(score * 100)]));
      found[device] = { scores, address: new URL(lhr.finalDisplayedUrl).pathname, audits: lhr.audits, categories: lhr.categories, speed: lhr.environment.benchmarkIndex, report };
    }
    return found;
  } finally {
    await context?.close();
    await server.stop();
    rmSync(profile, { recursive: true, force: true });
  }
}

/** The audits of a category that are not passed, in words. */
export function failures({ audits, categories }, category) {
  return categories[category].auditRefs
    .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 0.9)
    .map(({ id }) => `${id}: ${audits[id].title} ${audits[id].displayValue ?? ""}`.trim());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2];
  if (folder) mkdirSync(folder, { recursive: true });
  for (const [device, result] of Object.entries(await measure())) {
    const { scores, address, audits, speed, report } = result;
    console.log(`${address} on a ${device}: performance ${scores.performance}, accessibility ${scores.accessibility}`);
    console.log(`  Speed of this machine while it measured (about 1000 is what the phone's throttling reckons with): ${Math.round(speed)}`);
    for (const id of ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "speed-index"]) {
      console.log(`  ${audits[id].title}: ${audits[id].displayValue}`);
    }
    for (const line of [...failures(result, "performance"), ...failures(result, "accessibility")]) console.log(`  not passed: ${line}`);
    if (folder) writeFileSync(join(folder, `lighthouse-${device}.html`), report);
  }
}

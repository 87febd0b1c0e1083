// Writes every page, on a desktop and a phone, light and dark, into a folder: `.local/screenshots` or the first argument. Names after it choose pages.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { DESKTOP, heading, launch, PHONE, signIn, visit } from "./browser.mjs";
import { DETAILS, PRIVATE, PUBLIC, pathOf } from "./pages.mjs";
import { seed } from "./seed.mjs";
import { OWNER, PASSWORD, startServer } from "./server.mjs";

const [folder = "../../.local/screenshots", ...wanted] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const chosen = (pages) => pages.filter(({ name }) => wanted.length === 0 || wanted.includes(name));

const server = await startServer();
const browser = await launch();
const faults = [];
try {
  const context = await seed(server);
  for (const [device, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    for (const colorScheme of ["light", "dark"]) {
      const tab = await visit(browser, server.address, { viewport, colorScheme });
      const page = await tab.page();
      const shoot = (each) => shot(each).catch((error) => faults.push(`${each.name}, ${device} ${colorScheme}: ${error.message}`));
      const shot = async (each) => {
        const { name, ready, act, after, dialog } = each;
        await page.goto(pathOf(each, context));
        await ready(page, context);
        await act?.(page, context);
        await page.mouse.move(0, 0);
        await page.waitForLoadState("networkidle");
        await tab.check(page);
        // A page is shown whole, with a window of its height, so that the frame is as high as the page.
        const height = dialog ? viewport.height : await page.evaluate(() => document.documentElement.scrollHeight);
        await page.setViewportSize({ ...viewport, height: Math.max(height, viewport.height) });
        // Charts and the frame follow the window a little later.
        await page.waitForTimeout(200);
        await page.screenshot({ path: `${folder}/${name}-${device}-${colorScheme}.png` });
        await page.setViewportSize(viewport);
        await after?.(page, context);
      };
      for (const each of chosen(PUBLIC)) await shoot(each);
      await signIn(page, OWNER, PASSWORD);
      await heading(page, "Overview").waitFor();
      for (const each of chosen([...PRIVATE, ...DETAILS])) await shoot(each);
      await tab.end().catch((error) => faults.push(`${device} ${colorScheme}: ${error.message}`));
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
console.log(`screenshots are in ${resolve(folder)}`);
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}

// Opens START in a real Chromium and prints what the page shows in #shown.
import path from "node:path";
import { pathToFileURL } from "node:url";

const packages = process.env.KOPPELTAAL_TEST_NODE_MODULES;
const playwright = pathToFileURL(path.join(packages, "playwright-core/index.js"));
const { chromium } = (await import(playwright)).default;
const browser = await chromium.launch({
  executablePath: process.env.KOPPELTAAL_TEST_CHROMIUM,
  args: ["--disable-dev-shm-usage", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
});
try {
  const page = await browser.newPage();
  page.on("console", (line) => process.stderr.write(`${line.text()}\n`));
  await page.goto(process.env.START);
  await page.waitForFunction(() => document.querySelector("#shown")?.textContent, null, { timeout: 30_000 });
  process.stdout.write(await page.textContent("#shown"));
} finally {
  await browser.close();
}

// Renders HTML files to PNG, to look at: `node look.mjs <folder> [name…]`, dark and light, narrow and wide.

import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { launch } from "./chromium.mjs";

const [folder, ...names] = process.argv.slice(2);
const out = path.join(folder, "png");
await mkdir(out, { recursive: true });
const files = (await readdir(folder)).filter((name) => name.endsWith(".html"));
const browser = await launch();
for (const file of files) {
  const name = file.slice(0, -5);
  if (names.length && !names.includes(name)) continue;
  for (const [scheme, width] of [["light", 390], ["light", 1280], ["dark", 390], ["dark", 1280]]) {
    const page = await browser.newPage();
    await page.setViewport({ width, height: 800, deviceScaleFactor: 1 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(`file://${path.resolve(folder, file)}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) console.log(`${name} at ${width}: scrolls sideways to ${wide}`);
    await page.screenshot({ path: path.join(out, `${name}-${scheme}-${width}.png`), fullPage: true });
    await page.close();
  }
}
await browser.close();

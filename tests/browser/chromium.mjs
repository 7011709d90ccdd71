// Headless Chromium.

import { accessSync, constants } from "node:fs";
import puppeteer from "puppeteer-core";

const PLACES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

function executable() {
  for (const place of PLACES.filter(Boolean)) {
    try {
      accessSync(place, constants.X_OK);
      return place;
    } catch {
      // The next one.
    }
  }
  throw new Error("Chromium was not found: apt-get install chromium, or name it in CHROMIUM");
}

export function launch() {
  return puppeteer.launch({
    executablePath: executable(),
    headless: true,
    // Tests run as root in containers, where the sandbox and /dev/shm do not work.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"],
  });
}

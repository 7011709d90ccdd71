// A person at a browser of their own. Whatever the content security policy refuses, and whatever a page throws, fails the
// test that made the person.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const AXE = await readFile(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** Somebody with an empty cookie jar. */
export async function person(browser, test) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const problems = [];
  await watch(page, problems);
  test.after(async () => {
    await context.close();
    assert.deepEqual(problems, []);
  });
  return { context, page, problems };
}

/** Notes what is wrong on a page. */
export async function watch(page, problems) {
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (err) => problems.push(`${page.url()}: ${err.message}`));
  page.on("console", (message) => {
    // Pages with another status than 200 are noted by the browser as well, and tests expect them.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      problems.push(`${page.url()}: ${message.text()}`);
    }
  });
  await page.evaluateOnNewDocument(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`refused by policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
}

/** Does something that leads to another page, and waits for that. */
export async function leading(page, action) {
  const [response] = await Promise.all([page.waitForNavigation({ waitUntil: "load" }), action()]);
  return response;
}

export const press = (page, selector) => leading(page, () => page.click(selector));

export async function signIn(page, url, { username, password }) {
  if (!page.url().includes("/sign-in")) await page.goto(`${url}/sign-in`);
  await page.type("#username", username);
  await page.type("#password", password);
  return press(page, "main form button.primary");
}

/** Chooses a password in place of one for one use that was entered just now. */
export async function choosePassword(page, next) {
  await page.type("#new", next);
  await page.type("#again", next);
  return press(page, "main form button.primary");
}

export const heading = (page) => page.$eval("h1", (element) => element.innerText.trim());

/** Opens a question (`summary`, or the part of a page around it) and answers it with its button. */
export async function confirm(page, selector) {
  const question = await page.waitForSelector(selector);
  await question.$eval("summary", (summary) => summary.click());
  const answer = await question.waitForSelector("form button:not([disabled])", { visible: true });
  return leading(page, () => answer.click());
}

/** Whether all of an element is on the screen before anybody scrolls. */
export const isInSight = (page, selector) =>
  page.$eval(selector, (element) => {
    scrollTo(0, 0);
    const { top, bottom, height } = element.getBoundingClientRect();
    return height > 0 && top >= 0 && bottom <= innerHeight;
  });

/** What axe-core finds, in both colour schemes, and whether the page scrolls sideways on a narrow screen. */
export async function inspect(page) {
  const found = [];
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: scheme },
      // Colours are looked at while they would still change.
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const result = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      return result.violations.map((one) => `${one.id} (${one.impact}): ${one.nodes[0].html}`);
    });
    found.push(...violations.map((text) => `${scheme}: ${text}`));
  }
  const { width, height } = page.viewport();
  for (const narrow of [320, 390, 1280]) {
    await page.setViewport({ width: narrow, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > narrow) found.push(`scrolls sideways at ${narrow} pixels: ${wide}`);
  }
  await page.setViewport({ width, height });
  return found;
}

// The ways in: the first page in every mode, what is not there, the consent on one screen, the first password.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch } from "./chromium.mjs";
import * as client from "./client.mjs";
import { managerOf, SERVICE_TOKEN } from "./manager.mjs";
import { choosePassword, heading, inspect, isInSight, leading, person, press, signIn } from "./person.mjs";
import { start } from "./tidegate.mjs";

const PASSWORD = "four quiet herons wade at dusk";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const textOf = (page, selector) => page.$eval(selector, (element) => element.innerText);

describe("an open server", () => {
  let server;
  before(async () => {
    server = await start({ TIDEGATE_AUTH__ENABLED: "false", TIDEGATE_MANAGER__URL: "" });
  });
  after(() => server?.stop());

  it("opens a page that says what it is and how to connect", async (test) => {
    const { page } = await person(browser, test);
    const response = await page.goto(server.url);
    assert.equal(response.status(), 200);
    const text = await textOf(page, "main");
    assert.match(text, /everybody who reaches this address acts in Superset as admin/);
    assert.match(text, /Workspace demo/);
    assert.match(text, new RegExp(`claude mcp add --transport http tidegate ${server.url}/mcp`));
    assert.deepEqual(await inspect(page), []);
  });

  it("offers no client that cannot come here, and no sign-in where there is none", async (test) => {
    const { page } = await person(browser, test);
    await page.goto(server.url);
    const titles = await page.$$eval("section[aria-labelledby=clients] strong", (found) => found.map((one) => one.innerText));
    assert.ok(titles.includes("Claude Code") && titles.includes("Claude Desktop"), titles.join());
    assert.ok(!titles.includes("Claude.ai") && !titles.includes("ChatGPT"), titles.join());
    const text = await textOf(page, "section[aria-labelledby=clients]");
    assert.match(text, /Claude\.ai and ChatGPT ask from the internet/);
    assert.ok(!/login|; then|\/mcp auth/.test(text), text);
  });

  it("tells whoever opens the endpoint what it is for", async (test) => {
    const { page } = await person(browser, test);
    const response = await page.goto(`${server.url}/mcp`);
    assert.equal(response.status(), 405);
    assert.equal(await heading(page), "This address is for apps");
    assert.deepEqual(await inspect(page), []);
    await press(page, "main a");
    assert.equal(await heading(page), "MCP server for Apache Superset");
  });

  it("tells browsers and programs that there is nothing", async (test) => {
    const { page } = await person(browser, test);
    for (const path of ["/nowhere", "/assets/nothing.css", "/explore/?slice_id=1"]) {
      const response = await page.goto(server.url + path);
      assert.equal(response.status(), 404, path);
      assert.equal(await heading(page), "Not found", path);
    }
    for (const path of ["/sign-in", "/settings/apps", "/admin"]) {
      const response = await page.goto(server.url + path);
      assert.equal(response.status(), 404, path);
      assert.equal(await heading(page), "Nobody signs in here", path);
    }
    assert.deepEqual(await inspect(page), []);
    for (const [method, path] of [["GET", "/nowhere"], ["POST", "/"], ["DELETE", "/nowhere"], ["PUT", "/healthz"]]) {
      const answer = await fetch(server.url + path, { method });
      assert.equal(answer.status, 404, `${method} ${path}`);
      assert.equal((await answer.json()).error, "not_found");
    }
  });
});

describe("a server for tokens of another issuer", () => {
  let server;
  before(async () => {
    server = await start({
      TIDEGATE_MANAGER__URL: "",
      TIDEGATE_AUTH__JWT__ALGORITHM: "HS256",
      TIDEGATE_AUTH__JWT__SECRET: "a secret of these tests, long enough for HS256",
      TIDEGATE_AUTH__JWT__ISSUER: "https://identity.example.com/",
      TIDEGATE_AUTH__JWT__AUDIENCE: "https://mcp.example.com/mcp",
    });
  });
  after(() => server?.stop());

  it("says whose tokens it takes", async (test) => {
    const { page } = await person(browser, test);
    await page.goto(server.url);
    const text = await textOf(page, "main");
    assert.match(text, /access token of https:\/\/identity\.example\.com\//);
    assert.match(text, /--header 'Authorization: Bearer YOUR_TOKEN'/);
    assert.ok(!/Any workspace|Any of your/.test(text), "nobody chooses here");
    assert.ok(!text.includes("demo"), "which workspaces there are is not told");
  });
});

describe("a server where people sign in", () => {
  let server;
  let admin;
  before(async () => {
    server = await start({ TIDEGATE_MANAGER__SERVICE_TOKENS: SERVICE_TOKEN });
  });
  after(() => server?.stop());

  it("asks for the first password once, and tells beforehand what a good one is", async (test) => {
    const { page } = await person(browser, test);
    await signIn(page, server.url, server.first);
    assert.equal(await heading(page), "Choose a password");
    assert.equal(await page.$("#current"), null, "it was entered just now");
    assert.match(await textOf(page, "#rule"), /At least 8 characters/);
    assert.equal(await page.evaluate(() => document.activeElement.id), "new");
    // The browser itself keeps back what is too short or not the same, so that nothing is lost.
    await page.type("#new", "short");
    await page.type("#again", "short");
    await page.click("main form button.primary");
    assert.equal(await page.$eval("#new", (field) => field.validity.tooShort), true);
    await page.type("#new", " but long");
    await page.click("main form button.primary");
    assert.match(await page.$eval("#again", (field) => field.validationMessage), /differ/);
    // What only the server knows: it comes back to the field that has to be changed.
    await page.$eval("#new", (field) => (field.value = ""));
    await page.$eval("#again", (field) => (field.value = ""));
    await page.type("#new", "password1234");
    await page.type("#again", "password1234");
    await press(page, "main form button.primary");
    assert.match(await textOf(page, "[role=alert]"), /easily guessed/);
    assert.equal(await page.evaluate(() => document.activeElement.id), "new");
    assert.deepEqual(await inspect(page), []);
    await choosePassword(page, PASSWORD);
    assert.equal(await heading(page), "Connected apps");
    admin = { username: server.first.username, password: PASSWORD };
  });

  it("opens a page for everybody, and another for whoever signed in", async (test) => {
    const { page } = await person(browser, test);
    await page.goto(server.url);
    assert.ok(!(await textOf(page, "main")).includes("demo"));
    assert.match(await textOf(page, "main"), /A browser opens, you sign in/);
    await press(page, "main a.primary");
    await signIn(page, server.url, admin);
    assert.equal(await heading(page), "Connected apps");
    await page.goto(server.url);
    assert.match(await textOf(page, "main"), /You are signed in as admin/);
    assert.match(await textOf(page, "main"), /Workspace demo/);
    assert.deepEqual(await inspect(page), []);
  });

  it("shows a consent on one screen, with no more chosen than it needs", async (test) => {
    const manager = managerOf(server);
    await manager("workspace.create", {
      slug: "second",
      title: "Second",
      region: "",
      hosts: [],
      public_url: null,
      connection: { metastore: "embedded", secret_key: null, superset_url: null },
    });
    const account = await manager("account.find", { key: { username: admin.username } });
    await manager("workspace.set_membership", {
      workspace: "second",
      account: account.id,
      role: "admin",
      superset_username: null,
    });
    const site = await client.listen();
    test.after(site.close);
    const name = "An assistant with a rather long name that goes on and on";
    const id = await client.register(server.url, site.redirectUri, { client_name: name });
    const { page } = await person(browser, test);
    await page.setViewport({ width: 1280, height: 800 });
    const scope = "mcp:read mcp:query mcp:write mcp:admin offline_access";
    const asked = client.request(server.url, id, site.redirectUri, { scope });
    await page.goto(asked.href);
    await signIn(page, server.url, admin);
    const text = await textOf(page, "main");
    assert.match(text, /Nobody checked who this is/);
    assert.equal(text.match(/on this computer/g).length, 2, "once in the note, once beside the address");
    assert.ok(text.includes(site.redirectUri.replace("http://", "")), "port and path are shown");
    assert.match(text, /View and run SQL/);
    assert.equal(await page.$eval("#workspace", (list) => list.value), "", "none is the one used last");
    for (const [width, height] of [[1280, 800], [390, 844]]) {
      await page.setViewport({ width, height });
      for (const selector of ["button[value=allow]", "button[value=deny]", "#workspace", "details.may"]) {
        assert.ok(await isInSight(page, selector), `${selector} at ${width}x${height}`);
      }
      const scrolls = await page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
      assert.ok(scrolls <= 0, `all of it is on one screen at ${width}x${height}, not ${scrolls} pixels below`);
    }
    assert.deepEqual(await inspect(page), []);
    await page.select("#workspace", "demo");
    const answer = site.answer();
    await press(page, "button[value=allow]");
    const { body } = await asked.redeem((await answer).code);
    assert.equal(body.scope, "mcp:read mcp:query");

    // The next time the workspace is the one of the last time.
    const again = client.request(server.url, id, site.redirectUri, { scope, prompt: "consent" });
    await page.goto(again.href);
    assert.equal(await page.$eval("#workspace", (list) => list.value), "demo");
  });

  it("says that a session is over, and keeps what was typed", async (test) => {
    const { page, context } = await person(browser, test);
    await page.goto(`${server.url}/settings/clients`);
    await signIn(page, server.url, admin);
    await page.type("#name", "Half an hour of typing");
    await page.type("#redirect_uris", "https://app.example/callback");
    await context.deleteCookie(...(await context.cookies()));
    await press(page, "section[aria-labelledby=new] form button.primary");
    assert.equal(await heading(page), "Sign in");
    assert.match(await textOf(page, "[role=status]"), /You were signed out meanwhile/);
    await signIn(page, server.url, admin);
    assert.equal(await heading(page), "OAuth clients");
    assert.equal(await page.$eval("#name", (field) => field.value), "Half an hour of typing");
    assert.equal(await page.$eval("#redirect_uris", (field) => field.value), "https://app.example/callback");
  });

  it("fills in what an app needs, and keeps what was typed", async (test) => {
    const { page } = await person(browser, test);
    await page.goto(`${server.url}/settings/clients`);
    await signIn(page, server.url, admin);
    const value = (selector) => page.$eval(selector, (field) => field.value);
    await press(page, "button[name=preset][value=zed]");
    assert.equal(await value("#name"), "Zed");
    await page.$eval("#name", (field) => (field.value = "My own"));
    await page.type("#redirect_uris", "https://app.example/callback\n");
    await press(page, "button[name=preset][value=cursor]");
    assert.equal(await value("#name"), "My own");
    assert.match(await value("#redirect_uris"), /^https:\/\/app\.example\/callback\ncursor:/);
    assert.ok(!(await page.content()).includes("1 OAuth client"), "nothing is made yet");
    assert.deepEqual(await inspect(page), []);
    // Enter makes the client, and chooses no app.
    await page.focus("#name");
    await leading(page, () => page.keyboard.press("Enter"));
    assert.match(await textOf(page, "[role=status]"), /The client is made/);
  });

  it("says why a sign-in is asked for, and who helps without a password", async (test) => {
    const { page } = await person(browser, test);
    await page.goto(`${server.url}/settings/tokens`);
    assert.match(await textOf(page, "main"), /The page that you opened is for people who are signed in/);
    assert.match(await textOf(page, "main"), /Forgotten your password\? An administrator/);
    await page.goto(`${server.url}/sign-in`);
    assert.ok(!(await textOf(page, "main")).includes("The page that you opened"));
  });

  it("keeps its menu where there is nothing", async (test) => {
    const { page } = await person(browser, test);
    await page.goto(`${server.url}/nowhere`);
    assert.equal(await page.$("nav.pages"), null);
    await page.goto(`${server.url}/settings/tokens`);
    await signIn(page, server.url, admin);
    const response = await page.goto(`${server.url}/nowhere`);
    assert.equal(response.status(), 404);
    assert.equal(await heading(page), "Not found");
    assert.ok(await page.$("nav.pages a[href='/settings/apps']"));
    assert.deepEqual(await inspect(page), []);
  });

  it("is light or dark as the reader chooses, on every page", async (test) => {
    const { page } = await person(browser, test);
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    await page.goto(server.url);
    const light = await paper();
    await page.select("[data-theme-choice]", "dark");
    const dark = await paper();
    assert.notEqual(dark, light);
    await page.goto(`${server.url}/sign-in`);
    assert.equal(await paper(), dark);
    assert.deepEqual(await inspect(page), []);
    await page.goto(server.url);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    await page.select("[data-theme-choice]", "light");
    assert.equal(await paper(), light);
    await page.select("[data-theme-choice]", "");
    assert.equal(await paper(), dark, "as the system");
  });

  it("has a menu on a phone, and the page begins near the top", async (test) => {
    const { page } = await person(browser, test);
    await page.setViewport({ width: 390, height: 844 });
    await page.goto(`${server.url}/settings/tokens`);
    await signIn(page, server.url, admin);
    const top = await page.$eval("h1", (title) => title.getBoundingClientRect().top);
    assert.ok(top < 160, `the heading starts at ${top}`);
    await page.click(".menu > summary");
    assert.deepEqual(await inspect(page), []);
    await leading(page, () => page.evaluate(() => document.querySelector(".menu a[href='/admin/audit']").click()));
    assert.equal(await heading(page), "Audit");
  });

  it("counts down to the next attempt", async (test) => {
    const { page } = await person(browser, test);
    for (let attempt = 0; attempt < 8; attempt += 1) {
      // A form of its own: the one that comes back has the name in it already.
      await page.goto(`${server.url}/sign-in`);
      await signIn(page, server.url, { username: "somebody-else", password: "wrong" });
      if (await page.$("[data-countdown]")) break;
    }
    await page.waitForFunction(() => document.querySelector("[data-countdown]").innerText === "You can try again now.");
  });
});

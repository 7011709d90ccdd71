// The pages, driven as people do. `node --test` in this folder; TIDEGATE_BINARY names the server, CHROMIUM the browser.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch } from "./chromium.mjs";
import * as client from "./client.mjs";
import { choosePassword, confirm, heading, inspect, isInSight, leading, person, press, signIn, watch } from "./person.mjs";
import { start } from "./tidegate.mjs";

const PASSWORD = "four quiet herons wade at dusk";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

describe("the first start", () => {
  let server;
  before(async () => {
    server = await start();
  });
  after(() => server?.stop());

  it("leads from the one-time password to a connected client", async (test) => {
    const { page } = await person(browser, test);
    const site = await client.listen();
    test.after(site.close);
    const id = await client.register(server.url, site.redirectUri);
    const asked = client.request(server.url, id, site.redirectUri);

    await page.goto(asked.href);
    assert.equal(await heading(page), "Sign in");
    await signIn(page, server.url, server.first);
    assert.equal(await heading(page), "Choose a password");
    await choosePassword(page, PASSWORD);
    assert.match(await heading(page), /Browser test.* asks for access/);
    const answer = site.answer();
    await press(page, "button[value=allow]");

    const { code, state, iss } = await answer;
    assert.equal(state, asked.state);
    assert.equal(iss, server.url);
    const { status, body } = await asked.redeem(code);
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.refresh_token, "it stays connected");
    assert.equal(await client.listTools(server.url, body.access_token), 200);
  });
});

describe("a deployment", () => {
  let server;
  let admin;
  before(async () => {
    server = await start();
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await signIn(page, server.url, server.first);
    await choosePassword(page, PASSWORD);
    await context.close();
    admin = { username: server.first.username, password: PASSWORD };
  });
  after(() => server?.stop());

  /** Somebody who is signed in, on the consent page of a client that registered itself. */
  async function atConsent(test, { redirectUri, metadata, more } = {}) {
    const somebody = await person(browser, test);
    const site = await client.listen();
    test.after(site.close);
    const uri = redirectUri ?? site.redirectUri;
    const id = await client.register(server.url, uri, metadata);
    const asked = client.request(server.url, id, uri, more);
    await somebody.page.goto(asked.href);
    await signIn(somebody.page, server.url, admin);
    return { ...somebody, site, id, asked };
  }

  async function connected(test, metadata) {
    const there = await atConsent(test, { metadata });
    const answer = there.site.answer();
    await press(there.page, "button[value=allow]");
    const { body } = await there.asked.redeem((await answer).code);
    return { ...there, tokens: body };
  }

  async function atHome(test, path) {
    const somebody = await person(browser, test);
    await somebody.page.goto(server.url + path);
    await signIn(somebody.page, server.url, admin);
    return somebody;
  }

  /** A form of the page, sent as the browser would, without following where it leads. */
  async function send(page, selector, changes = {}, headers = {}) {
    const { action, fields } = await page.$eval(selector, (form) => ({
      action: form.action,
      fields: [...new FormData(form)],
    }));
    const cookies = await page.browserContext().cookies();
    const form = new URLSearchParams(fields);
    for (const [name, value] of Object.entries(changes)) form.set(name, value);
    return fetch(action, {
      method: "POST",
      redirect: "manual",
      headers: {
        Cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "),
        "Sec-Fetch-Site": "same-origin",
        Origin: "null",
        ...headers,
      },
      body: form,
    });
  }

  it("sends a denial back to the client", async (test) => {
    const { page, site, asked } = await atConsent(test);
    const answer = site.answer();
    await press(page, "button[value=deny]");
    const { error, state, code } = await answer;
    assert.deepEqual({ error, state, code }, { error: "access_denied", state: asked.state, code: undefined });
  });

  it("answers a consent that is sent twice with the same redirect, however often it was loaded", async (test) => {
    const { page } = await atConsent(test);
    const first = await page.$eval("main form [name=csrf]", (input) => input.value);
    await page.reload();
    assert.equal(await page.$eval("main form [name=csrf]", (input) => input.value), first);
    const [one, two] = await Promise.all([
      send(page, "main form", { decision: "allow" }),
      send(page, "main form", { decision: "allow" }),
    ]);
    assert.deepEqual([one.status, two.status], [303, 303]);
    assert.equal(one.headers.get("location"), two.headers.get("location"));
    const late = await send(page, "main form", { decision: "deny" });
    assert.equal(late.headers.get("location"), one.headers.get("location"));
  });

  it("gives a client what was chosen and no more", async (test) => {
    const { page, site, asked } = await atConsent(test, { more: { scope: "mcp:read mcp:query mcp:write offline_access" } });
    await page.click("details.may > summary");
    await page.click("input[name=scope][value='mcp:read']");
    await page.click("input[name=offline]");
    assert.equal((await page.$eval("details.may > summary", (line) => line.innerText)).trim(), "View only");
    const answer = site.answer();
    await press(page, "button[value=allow]");
    const { body } = await asked.redeem((await answer).code);
    assert.equal(body.scope, "mcp:read");
    assert.equal(body.refresh_token, undefined);
  });

  it("opens an app by a page with a button, not by a redirect", async (test) => {
    const redirectUri = "cursor://anysphere.cursor-mcp/oauth/callback";
    const { page, problems } = await atConsent(test, { redirectUri, metadata: { client_name: "Cursor" } });
    const statuses = [];
    page.on("response", (response) => response.request().isNavigationRequest() && statuses.push(response.status()));
    await page.click("button[value=allow]");
    await page.waitForSelector("main a.primary");
    assert.deepEqual(statuses, [200]);
    assert.equal(await heading(page), "Access allowed");
    const href = await page.$eval("main a.primary", (link) => link.href);
    assert.ok(href.startsWith(`${redirectUri}?`) && href.includes("code="), href);
    // Headless Chromium has no app for the scheme and says so.
    problems.splice(0, problems.length, ...problems.filter((text) => !text.includes("scheme does not have a registered handler")));
    assert.deepEqual(await inspect(page), []);
  });

  it("keeps the opener of a client's window through sign-in and consent", async (test) => {
    const { page, context, problems } = await person(browser, test);
    const site = await client.listen(
      "<!doctype html><title>Client</title><body><script>if (opener) opener.postMessage(location.search, '*')</script>",
    );
    test.after(site.close);
    const id = await client.register(server.url, site.redirectUri);
    const asked = client.request(server.url, id, site.redirectUri);
    await page.goto(site.origin);
    const opened = new Promise((resolve) => context.once("targetcreated", async (target) => resolve(await target.page())));
    await page.evaluate((href) => {
      globalThis.said = new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data)));
      open(href, "connect", "popup");
    }, asked.href);
    const popup = await opened;
    await watch(popup, problems);
    await popup.waitForSelector("#username");
    await signIn(popup, server.url, admin);
    await press(popup, "button[value=allow]");
    assert.match(await page.evaluate(() => globalThis.said), /code=/);
  });

  it("shows a hostile name as text", async (test) => {
    const name = "<img src=x onerror=alert(1)> \u202eedualC";
    const { page } = await atConsent(test, { metadata: { client_name: name } });
    const shown = await heading(page);
    assert.ok(shown.startsWith("“<img src=x onerror=alert(1)>"), shown);
    assert.ok(!shown.includes("\u202e"));
    assert.match(await page.$eval("main", (main) => main.innerText), /Nobody checked who this is/);
  });

  it("ends a connection at once", async (test) => {
    const { page, tokens } = await connected(test, { client_name: "To be ended" });
    assert.equal(await client.listTools(server.url, tokens.access_token), 200);
    await page.goto(`${server.url}/settings/apps`);
    assert.match(await page.$eval("table.list", (rows) => rows.innerText), /To be ended/);
    await confirm(page, "tr:has(form[action$='/disconnect']) details.confirm:has(form[action$='/disconnect'])");
    assert.match(await page.$eval("[role=status]", (note) => note.innerText), /Disconnected/);
    const deadline = Date.now() + 1_000;
    let status;
    do status = await client.listTools(server.url, tokens.access_token);
    while (status === 200 && Date.now() < deadline);
    assert.equal(status, 401);
  });

  it("narrows a connection without connecting again", async (test) => {
    const { page } = await connected(test, { client_name: "To be narrowed" });
    await page.goto(`${server.url}/settings/apps`);
    const row = await page.evaluateHandle(() =>
      [...document.querySelectorAll("tbody tr")].find((item) => item.innerText.includes("To be narrowed")),
    );
    await (await row.$("summary")).click();
    await (await row.$("select")).select("mcp:read");
    const save = await row.$("details button");
    await leading(page, () => save.click());
    const text = await page.evaluate(() =>
      [...document.querySelectorAll("tbody tr")].find((item) => item.innerText.includes("To be narrowed")).innerText,
    );
    assert.match(text, /View only/);
  });

  it("makes an API token that works until it is ended", async (test) => {
    const { page, context } = await atHome(test, "/settings/tokens");
    await page.type("#name", "Notebook");
    await press(page, "main form button.primary");
    const secret = await page.$eval("#the-secret", (code) => code.innerText);
    assert.match(secret, /^tg_pat_/);
    await context.overridePermissions(server.url, ["clipboard-read", "clipboard-write", "clipboard-sanitized-write"]);
    await page.click("button[data-copy=the-secret]");
    await page.waitForFunction(() => document.querySelector("button[data-copy=the-secret]").innerText === "Copied");
    assert.equal(await client.listTools(server.url, secret, "/w/demo/mcp"), 200);
    await page.goto(`${server.url}/settings/tokens`);
    assert.ok(!(await page.content()).includes(secret), "it is shown once");
    await confirm(page, "details.confirm:has(form[action$='/end'])");
    const deadline = Date.now() + 1_000;
    let status;
    do status = await client.listTools(server.url, secret, "/w/demo/mcp");
    while (status === 200 && Date.now() < deadline);
    assert.equal(status, 401);
  });

  it("makes a machine client that gets tokens for itself", async (test) => {
    const { page } = await atHome(test, "/settings/machines");
    await page.type("#name", "Nightly report");
    await page.type("#superset_username", "admin");
    await press(page, "main form button.primary");
    const [id, secret] = await Promise.all(["#the-id", "#the-secret"].map((at) => page.$eval(at, (code) => code.innerText)));
    const basic = Buffer.from(`${id}:${secret}`).toString("base64");
    const { status, body } = await client.token(server.url, { grant_type: "client_credentials" }, { Authorization: `Basic ${basic}` });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.refresh_token, undefined);
    assert.equal(await client.listTools(server.url, body.access_token), 200);
  });

  it("lets somebody in by an invitation, as what it says", async (test) => {
    const { page } = await atHome(test, "/admin/members");
    await page.type("#email", "grace@example.com");
    await press(page, "section[aria-labelledby=invite] button.primary");
    const link = await page.$eval("#link", (code) => code.innerText);

    const { page: hers } = await person(browser, test);
    await hers.goto(link);
    assert.deepEqual(await inspect(hers), []);
    await hers.type("#username", "grace");
    await hers.type("#display_name", "Grace Hopper");
    await hers.type("#password", PASSWORD);
    await hers.type("#again", PASSWORD);
    await press(hers, "main form button.primary");
    assert.equal(await heading(hers), "Connect an app");
    await hers.goto(`${server.url}/settings/account`);
    assert.match(await hers.$eval("main", (main) => main.innerText), /as a viewer/);
    // What others manage is not hers to see.
    const refused = await hers.goto(`${server.url}/admin/members?workspace=demo`);
    assert.equal(refused.status(), 403);
    const gone = await hers.goto(link);
    assert.equal(gone.status(), 404);
  });

  it("connects a device by the code that it shows", async (test) => {
    const id = await client.register(server.url, "http://127.0.0.1/unused", {
      client_name: "Printer",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    });
    const asked = await fetch(`${server.url}/oauth/device_authorization`, {
      method: "POST",
      body: new URLSearchParams({ client_id: id }),
    });
    const device = await asked.json();
    assert.equal(asked.status, 200, JSON.stringify(device));
    const { page } = await atHome(test, "/device");
    assert.deepEqual(await inspect(page), []);
    await page.type("#user_code", device.user_code.toLowerCase().replace("-", " "));
    await press(page, "main form button.primary");
    assert.match(await page.$eval(".host", (host) => host.innerText), new RegExp(device.user_code));
    assert.deepEqual(await inspect(page), []);
    await press(page, "button[value=allow]");
    assert.equal(await heading(page), "The device is connected");
    const { status, body } = await client.token(server.url, {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: device.device_code,
      client_id: id,
    });
    assert.equal(status, 200, JSON.stringify(body));
  });

  it("needs no mouse", async (test) => {
    const { page } = await person(browser, test);
    const site = await client.listen();
    test.after(site.close);
    const id = await client.register(server.url, site.redirectUri);
    const asked = client.request(server.url, id, site.redirectUri);
    const key = page.keyboard;
    const focused = () => page.evaluate(() => document.activeElement.value || document.activeElement.innerText);
    const tabTo = async (wanted) => {
      for (let at = 0; at < 30; at += 1) {
        await key.press("Tab");
        if ((await focused()) === wanted) return;
      }
      assert.fail(`${wanted} cannot be reached by the keyboard`);
    };

    await page.goto(asked.href);
    // The first field has the focus.
    await key.type(admin.username);
    await key.press("Tab");
    await key.type(admin.password);
    await leading(page, () => key.press("Enter"));
    assert.match(await heading(page), /asks for access/);
    await key.press("Tab");
    assert.equal(await focused(), "Skip to content");
    await tabTo("View and run SQL, and stay connected Change");
    await key.press("Enter");
    await tabTo("mcp:query");
    await key.press("ArrowUp");
    assert.equal(await focused(), "mcp:read");
    // Enter in the form decides nothing, and loses nothing of what was chosen.
    await leading(page, () => key.press("Enter"));
    assert.match(await heading(page), /asks for access/);
    assert.match(await page.$eval("[role=alert]", (note) => note.innerText), /allow or deny/);
    await tabTo("allow");
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(ring, "solid");
    const answer = site.answer();
    await leading(page, () => key.press("Enter"));
    const { body } = await asked.redeem((await answer).code);
    assert.equal(body.scope, "mcp:read");
  });

  it("works without script", async (test) => {
    const { page } = await person(browser, test);
    await page.setJavaScriptEnabled(false);
    const site = await client.listen();
    test.after(site.close);
    const id = await client.register(server.url, site.redirectUri);
    const asked = client.request(server.url, id, site.redirectUri);
    await page.goto(asked.href);
    await signIn(page, server.url, admin);
    const answer = site.answer();
    await press(page, "button[value=allow]");
    assert.ok((await answer).code);
    await page.goto(`${server.url}/settings/tokens`);
    assert.equal(await heading(page), "API tokens");
  });

  it("takes no form from elsewhere", async (test) => {
    const { page } = await atHome(test, "/settings/tokens");
    const form = "section form";
    for (const [changes, headers] of [
      [{ csrf: "0".repeat(64) }, {}],
      [{ csrf: "" }, {}],
      [{}, { "Sec-Fetch-Site": "cross-site" }],
      [{}, { "Sec-Fetch-Site": "same-site" }],
    ]) {
      const refused = await send(page, form, { name: "Stolen", ...changes }, headers);
      assert.equal(refused.status, 403, JSON.stringify([changes, headers]));
      assert.match(await refused.text(), /form_expired/);
    }
    await page.reload();
    assert.ok(!(await page.content()).includes("Stolen"));
  });

  it("goes on to no other site after the sign-in", async (test) => {
    for (const to of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
      const { page } = await person(browser, test);
      await page.goto(`${server.url}/sign-in?return_to=${encodeURIComponent(to)}`);
      await signIn(page, server.url, admin);
      assert.equal(new URL(page.url()).origin, server.url, to);
    }
  });

  it("says which application it does not know, and what to do", async (test) => {
    const { page } = await person(browser, test);
    const asked = client.request(server.url, "gone", "http://127.0.0.1/callback");
    const response = await page.goto(asked.href);
    assert.equal(response.status(), 400);
    const text = await page.$eval("main", (main) => main.innerText);
    assert.match(text, /unknown_client/);
    assert.match(text, /add it again/);
    assert.deepEqual(await inspect(page), []);
  });

  it("tells what a token is worth without showing it", async (test) => {
    const { page, tokens } = await connected(test);
    await page.goto(`${server.url}/diagnosis`);
    await page.type("#token", tokens.access_token);
    await press(page, "main form button.primary");
    const text = await page.$eval(".checks", (checks) => checks.innerText);
    assert.match(text, /It is an access token of/);
    assert.match(text, /It counts in the workspace demo/);
    assert.ok(!(await page.content()).includes(tokens.access_token.slice(0, 40)));
    const program = await fetch(`${server.url}/diagnosis`, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
    const told = await program.text();
    assert.match(told, /"layer":"Standing"/);
    assert.ok(!told.includes(tokens.access_token));
  });

  it("shows what a request brought without cutting anything off", async (test) => {
    const { page } = await atHome(test, "/diagnosis");
    for (const width of [1280, 390, 320]) {
      await page.setViewport({ width, height: 844 });
      const cut = await page.$$eval("table.headers td", (cells) =>
        cells.filter((cell) => cell.getBoundingClientRect().right > innerWidth || cell.scrollWidth > cell.clientWidth + 1).length,
      );
      assert.equal(cut, 0, `cells that are cut off at ${width}`);
    }
  });

  it("signs out everywhere", async (test) => {
    const one = await atHome(test, "/settings/account");
    const other = await atHome(test, "/settings/account");
    await confirm(one.page, "main details.confirm");
    assert.equal(await heading(one.page), "Sign in");
    await other.page.reload();
    assert.equal(await heading(other.page), "Sign in");
  });

  it("says why a sign-in failed, in the same words for everybody", async (test) => {
    const { page } = await person(browser, test);
    const said = [];
    for (const username of ["grace-who-is-not-there", admin.username]) {
      await page.goto(`${server.url}/sign-in`);
      const response = await signIn(page, server.url, { username, password: "wrong" });
      assert.equal(response.status(), 401);
      said.push(await page.$eval("[role=alert]", (note) => note.innerText));
    }
    assert.equal(said[0], said[1]);
    assert.deepEqual(await inspect(page), []);
  });

  for (const path of [
    "/settings/apps",
    "/settings/connect",
    "/settings/clients",
    "/settings/clients?preset=cursor",
    "/settings/machines",
    "/settings/tokens",
    "/settings/account",
    "/admin/members",
    "/admin/accounts",
    "/admin/connections",
    "/admin/policy",
    "/admin/flags",
    "/admin/audit",
    "/diagnosis",
    "/password",
    "/device",
  ]) {
    it(`has nothing that axe-core finds at ${path}`, async (test) => {
      const { page } = await atHome(test, path);
      assert.ok(page.url().endsWith(path), page.url());
      assert.deepEqual(await inspect(page), []);
      const policy = (await page.reload()).headers()["content-security-policy"];
      assert.ok(!policy.includes("unsafe"), policy);
    });
  }

  it("has nothing that axe-core finds at a consent", async (test) => {
    const { page } = await atConsent(test);
    assert.deepEqual(await inspect(page), []);
  });

  it("exports the audit as CSV and JSON", async (test) => {
    const { page } = await atHome(test, "/admin/audit");
    const cookies = await page.browserContext().cookies();
    const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    const csv = await fetch(`${server.url}/admin/audit.csv?action=sign_in`, { headers: { Cookie } });
    assert.match(csv.headers.get("content-type"), /^text\/csv/);
    assert.match(await csv.text(), /^at,action,outcome,account,client,client_name,workspace,address,detail\r\n"/);
    const json = await fetch(`${server.url}/admin/audit.json`, { headers: { Cookie } });
    const events = await json.json();
    assert.ok(events.some(({ action }) => action.startsWith("sign_in")), "sign-ins are recorded");
    assert.ok(!JSON.stringify(events).includes(PASSWORD));
  });
});

// Administration with a thousand of everything.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch } from "./chromium.mjs";
import { crowd, managerOf, SERVICE_TOKEN } from "./manager.mjs";
import { choosePassword, confirm, inspect, person, press, signIn } from "./person.mjs";
import { start } from "./tidegate.mjs";

const PASSWORD = "four quiet herons wade at dusk";
const MANY = 1_000;

let browser;
let server;
let admin;
let manager;
before(async () => {
  browser = await launch();
  server = await start({ TIDEGATE_MANAGER__SERVICE_TOKENS: SERVICE_TOKEN });
  manager = managerOf(server);
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await signIn(page, server.url, server.first);
  await choosePassword(page, PASSWORD);
  await context.close();
  admin = { username: server.first.username, password: PASSWORD };
  await crowd(manager, MANY);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function at(test, path) {
  const somebody = await person(browser, test);
  await somebody.page.goto(server.url + path);
  await signIn(somebody.page, server.url, admin);
  return somebody.page;
}

const textOf = (page, selector) => page.$eval(selector, (element) => element.innerText);
const rows = (page) => page.$$eval("table.list tbody tr", (found) => found.map((row) => row.innerText));
const paging = (page) => textOf(page, ".paging p");

describe("members", () => {
  it("come in parts, with their number and what they are", async (test) => {
    const page = await at(test, "/admin/members");
    assert.equal((await rows(page)).length, 50);
    assert.equal(await paging(page), `1–50 of ${(MANY + 1).toLocaleString("en")} members`);
    const own = (await rows(page)).find((row) => row.includes("You"));
    assert.match(own, /Manages the deployment/);
    await press(page, ".paging a[rel=next]");
    assert.match(await paging(page), /^51–100 of /);
    await page.goto(`${server.url}/admin/members?page=200`);
    assert.match(await paging(page), /of 1,001 members$/, "behind the end is the last part");
    assert.ok((await rows(page)).length > 0);
  });

  it("are found by a name, and the list says when nobody is", async (test) => {
    const page = await at(test, "/admin/members");
    await page.type("#search", "number 77");
    await press(page, "form[role=search] button");
    assert.equal((await rows(page)).length, 11, "77 and 770 to 779");
    await page.goto(`${server.url}/admin/members?search=${encodeURIComponent("<b>nobody</b>")}`);
    assert.match(await textOf(page, ".empty"), /No member has “<b>nobody<\/b>” in a name/);
  });

  it("are saved in the row that was changed, and taken back", async (test) => {
    const page = await at(test, "/admin/members?search=person-0042");
    const save = "form.row-form button";
    const isShown = () => page.$eval(save, (button) => getComputedStyle(button).visibility === "visible");
    assert.equal(await isShown(), false, "nothing was changed");
    await page.select("form.row-form select", "editor");
    assert.equal(await isShown(), true);
    await press(page, save);
    assert.match(await textOf(page, "[role=status]"), /The role of .* is changed/);
    assert.equal(await page.$eval("form.row-form select", (list) => list.value), "editor");
    assert.match(page.url(), /search=person-0042/, "the list is narrowed as before");
    await press(page, ".with-action button");
    assert.equal(await page.$eval("form.row-form select", (list) => list.value), "viewer");
  });

  it("are removed after a question that says what ends, and are there again after Undo", async (test) => {
    const page = await at(test, "/admin/members?search=person-0043");
    const question = await textOf(page, "details.confirm:has(form[action$='/remove']) form").catch(() => "");
    assert.equal(question, "", "nothing is asked before somebody wants to");
    await page.click("details.confirm:has(form[action$='/remove']) > summary");
    assert.match(await textOf(page, "details.confirm[open] form"), /Their 1 connected app in this workspace ends at once/);
    await press(page, "details.confirm[open] form button");
    assert.match(await textOf(page, "[role=status]"), /no member any more/);
    await press(page, ".with-action button");
    await page.goto(`${server.url}/admin/members?search=person-0043`);
    assert.equal((await rows(page)).length, 1);
  });

  it("warn of removing oneself and the last administrator", async (test) => {
    const page = await at(test, `/admin/members?search=${admin.username}`);
    const row = (await page.$$("table.list tbody tr")).at(0);
    await (await row.$("details.confirm > summary")).click();
    const asked = await textOf(page, "details.confirm[open] form");
    assert.match(asked, /This is you/);
    assert.match(asked, /last administrator/);
  });
});

describe("one's own role", () => {
  it("is given up after a question, and taken back", async (test) => {
    const page = await at(test, `/admin/members?search=${admin.username}`);
    const own = "table.list tr:has(.badge.good) form.row-form";
    await page.select(`${own} select`, "viewer");
    await press(page, `${own} button`);
    assert.match(await textOf(page, "main"), /This is you\. Become a viewer here\?/);
    assert.deepEqual(await inspect(page), []);
    await press(page, "main form a.button");
    assert.equal(await page.$eval(`${own} select`, (list) => list.value), "admin", "nothing was done");
    await page.select(`${own} select`, "viewer");
    await press(page, `${own} button`);
    await press(page, "main form button.danger");
    assert.equal(await page.$eval(`${own} select`, (list) => list.value), "viewer");
    await press(page, ".with-action button");
    assert.equal(await page.$eval(`${own} select`, (list) => list.value), "admin");
  });
});

describe("the tokens of a member", () => {
  it("are behind their number", async (test) => {
    const page = await at(test, "/admin/members?search=person-0047");
    await press(page, "table.list a[href*='/tokens']");
    assert.match(await textOf(page, "main"), /API tokens of/);
    assert.match(await textOf(page, ".empty"), /There are none/);
    assert.deepEqual(await inspect(page), []);
  });
});

describe("accounts", () => {
  const row = "table.list tbody tr";

  it("come in parts, with their number", async (test) => {
    const page = await at(test, "/admin/accounts");
    assert.equal((await rows(page)).length, 50);
    assert.equal(await paging(page), `1–50 of ${(MANY + 1).toLocaleString("en")} accounts`);
  });

  it("are switched off after a question, and on again", async (test) => {
    const page = await at(test, "/admin/accounts?search=person-0044");
    await page.click(`${row} details:has(form[action$='/deactivate']) > summary`);
    const asked = await textOf(page, "details.confirm[open] form");
    assert.match(asked, /All connected apps and API tokens of the account end at once/);
    await press(page, "details.confirm[open] form button");
    assert.match(await textOf(page, "[role=status]"), /is switched off/);
    assert.match(page.url(), /search=person-0044/, "the list is narrowed as before");
    assert.match((await rows(page))[0], /Switched off/);
    await confirm(page, `${row} details:has(form[action$='/activate'])`);
    assert.match(await textOf(page, "[role=status]"), /is switched on/);
  });

  it("get a password for one use, which is shown once", async (test) => {
    const page = await at(test, "/admin/accounts?search=person-0045");
    await confirm(page, `${row} details:has(form[action$='/password'])`);
    const password = await textOf(page, "#the-secret");
    assert.match(password, /^[a-z0-9-]{20,}$/);
    assert.deepEqual(await inspect(page), []);
    await press(page, "main a.button");
    assert.ok(!(await page.content()).includes(password));
    const owner = (await person(browser, test)).page;
    await signIn(owner, server.url, { username: "person-0045", password });
    assert.match(owner.url(), /\/password/);
  });

  it("offer nothing of the kind for oneself", async (test) => {
    const page = await at(test, `/admin/accounts?search=${admin.username}`);
    const own = (await rows(page)).findIndex((text) => text.includes("You"));
    const forms = await page.$$eval(row, (found, own) => found[own].querySelectorAll("form").length, own);
    assert.equal(forms, 0);
  });
});

describe("a question", () => {
  for (const width of [1280, 390]) {
    it(`is cancelled at ${width} pixels, and nothing was done`, async (test) => {
      const page = await at(test, "/admin/members?search=person-0046");
      await page.setViewport({ width, height: 844 });
      await page.click("table.list details.confirm > summary");
      const cancel = await page.waitForSelector("details.confirm[open] button[data-cancel]", { visible: true });
      await cancel.click();
      assert.equal(await page.$("details.confirm[open]"), null);
      assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
      assert.equal((await rows(page)).length, 1);
    });
  }
});

describe("all connected apps", () => {
  it("come in parts and are found by person and app", async (test) => {
    const page = await at(test, "/admin/connections");
    // Of one who was removed it ended.
    assert.match(await paging(page), /^1–50 of (1,000|99\d) connected apps$/);
    await page.type("#search", "person-0099");
    await press(page, "form[role=search] button");
    assert.equal(await paging(page), "1 connected app");
    await confirm(page, "table.list details.confirm");
    assert.match(await textOf(page, "[role=status]"), /Disconnected/);
  });

  it("tell nothing of a client that is not in the list", async (test) => {
    const page = await at(test, "/admin/connections?client=somebody-elses");
    assert.match(await textOf(page, ".note"), /Only somebody-elses/);
  });
});

describe("the audit", () => {
  it("is read without scrolling sideways, in words", async (test) => {
    const page = await at(test, "/admin/audit");
    await page.setViewport({ width: 1280, height: 800 });
    const header = await page.$$eval("table.audit th", (cells) => cells.map((cell) => cell.innerText));
    assert.deepEqual(header, ["When", "Action", "Who", "App", "Workspace", "Address", "Detail"]);
    const cut = await page.$$eval("table.audit td", (cells) =>
      cells.filter((cell) => cell.getBoundingClientRect().right > innerWidth || cell.scrollWidth > cell.clientWidth + 1).length,
    );
    assert.equal(cut, 0, "no cell is cut off");
    const told = (await rows(page)).join("\n");
    assert.match(told, /By a refresh: View and run SQL/);
    assert.match(told, /Crowd app/);
    assert.match(told, /ago|just now/);
    assert.ok(!/mcp:query|\{|\(false\)|crowd-app/.test(told), told);
    await page.setViewport({ width: 390, height: 844 });
    const labels = await page.$$eval("table.audit tbody tr:first-child td", (cells) =>
      cells.filter((cell) => cell.offsetParent).map((cell) => cell.dataset.label),
    );
    assert.ok(labels.includes("Detail") || labels.includes("Action"), labels.join());
  });

  it("is narrowed by a list of actions and by names", async (test) => {
    const page = await at(test, "/admin/audit");
    await page.select("#action", "sign_in.failed");
    await press(page, "form[role=search] button");
    assert.match(await paging(page), /of 10\d records|100 records/);
    assert.match((await rows(page))[0], /wrong name or password/);
    const found = await page.goto(`${server.url}/admin/audit?username=person-0005&client=crowd%20app`);
    assert.equal(found.status(), 200);
    assert.equal(await paging(page), "1 record");
  });

  it("says that it finds nothing for somebody unknown", async (test) => {
    const page = await at(test, "/admin/audit");
    const response = await page.goto(`${server.url}/admin/audit?username=nobody-there`);
    assert.equal(response.status(), 200);
    assert.match(await textOf(page, ".empty"), /No records of “nobody-there”/);
  });
});

describe("features", () => {
  const card = (name) => `section[aria-labelledby=${name}]`;

  it("say whether they are on and why, ask before they go off, and are undone", async (test) => {
    const page = await at(test, "/admin/flags");
    assert.match(await textOf(page, card("MCP_SERVICE_ENABLED")), /On\s+It is on in every workspace, by default\./);
    assert.equal(await page.$(card("CHATBOT_ENABLED")), null, "this version has no chat page");
    await page.click(`${card("MCP_OAUTH_ENABLED")} details.confirm > summary`);
    assert.match(await textOf(page, `${card("MCP_OAUTH_ENABLED")} details[open]`), /refused at once/);
    await press(page, `${card("MCP_OAUTH_ENABLED")} details[open] form button`);
    assert.match(await textOf(page, card("MCP_OAUTH_ENABLED")), /It is off in every workspace, by the rule for every workspace\./);
    await press(page, ".with-action button");
    assert.match(await textOf(page, card("MCP_OAUTH_ENABLED")), /It is on in every workspace, by default\./);
  });

  it("are set for one workspace from its own page", async (test) => {
    const page = await at(test, "/admin/flags?workspace=demo");
    await confirm(page, `${card("MCP_OAUTH_WORKSPACE_ENABLED")} details.confirm`);
    assert.match(await textOf(page, card("MCP_OAUTH_WORKSPACE_ENABLED")), /It is off here, by the rule for this workspace\./);
    await press(page, `${card("MCP_OAUTH_WORKSPACE_ENABLED")} .rows button`);
    assert.match(await textOf(page, card("MCP_OAUTH_WORKSPACE_ENABLED")), /It is on here, by default\./);
  });

  it("keep what was typed after a mistake", async (test) => {
    const page = await at(test, "/admin/flags");
    const part = `${card("MCP_OAUTH_ENABLED")} input[name=percentage]`;
    await page.$eval(part, (field) => {
      field.type = "text";
      field.value = "120";
      field.form.noValidate = true;
      field.closest("details").open = true;
    });
    await press(page, `${card("MCP_OAUTH_ENABLED")} details[open] form button`);
    assert.equal(await page.$eval(part, (field) => field.value), "120");
    assert.match(await textOf(page, `${card("MCP_OAUTH_ENABLED")} .problem`), /120 came; write 0 to 100/);
    assert.equal(await page.evaluate(() => document.activeElement.name), "percentage");
  });
});

describe("the app policy", () => {
  it("asks before it shuts an app out, and takes that back", async (test) => {
    const page = await at(test, "/admin/policy");
    await page.type("#match", "evil.example");
    await page.select("#decision", "blocked");
    await press(page, "section[aria-labelledby=new] button");
    assert.match(await textOf(page, "main"), /Block every app of evil\.example\?/);
    await press(page, "main form button.danger");
    assert.match(await textOf(page, "#rules ~ .rows, section[aria-labelledby=rules]"), /Blocked/);
    await press(page, ".with-action button");
    assert.match(await textOf(page, "section[aria-labelledby=rules]"), /No rules/);
  });

  it("asks before an administrator approves apps first", async (test) => {
    const page = await at(test, "/admin/policy");
    await page.click("input[value=need_approval]");
    await press(page, "section[aria-labelledby=unknown] button");
    assert.match(await textOf(page, "main"), /Let an administrator approve apps first\?/);
    assert.match(await textOf(page, "main"), /refused here at once/);
    await press(page, "main form a.button");
    assert.equal(await page.$eval("input[value=allowed]", (choice) => choice.checked), true);
  });
});

describe("what is not right in an address", () => {
  for (const path of [
    "/admin/audit?username=%00",
    "/admin/audit?client=a%1bb",
    "/admin/connections?search=%00",
    "/admin/connections?client=%00",
    "/admin/members?search=a%00b",
    "/settings/apps?sort=%00",
  ]) {
    it(`is no server error at ${path}`, async (test) => {
      const page = await at(test, "/admin/audit");
      const response = await page.goto(server.url + path);
      assert.equal(response.status(), 400);
      assert.match(await textOf(page, "main"), /control character/);
    });
  }
});

for (const path of [
  "/admin/members",
  "/admin/accounts",
  "/admin/connections",
  "/admin/connections?client=crowd-app",
  "/admin/audit",
  "/admin/flags",
  "/admin/flags?workspace=demo",
]) {
  it(`has nothing that axe-core finds at ${path} with many rows`, async (test) => {
    const page = await at(test, path);
    assert.deepEqual(await inspect(page), []);
  });
}

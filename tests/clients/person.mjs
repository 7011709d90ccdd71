// A person in a browser without a window: opens the page that a client asks for, signs in, agrees, and lets the browser
// go back to the client. As a program: person.mjs URL, with NAME and PASSWORD in the environment.

/** What the first sign-in changes the password to. */
const CHANGED = "changed by the person of the client tests";

/** Follows an authorization request to its end; gives the address that the browser ended at. */
export async function agree(start, { name, password }, choose = {}) {
  const origin = new URL(start).origin;
  const cookies = new Map();
  let page = await open(start);
  for (let step = 0; step < 10; step += 1) {
    const path = new URL(page.url).pathname;
    if (page.left) return page.url;
    if (path === "/sign-in") page = await submit(page, { username: name, password });
    else if (path === "/password") page = await submit(page, { new: CHANGED, again: CHANGED });
    else if (path.startsWith("/oauth/consent/")) page = await submit(page, { decision: "allow", ...choose });
    else throw new Error(`no way on from ${page.url} (${page.status}): ${page.text}`);
    if (path === "/sign-in" && !page.left && new URL(page.url).pathname === path) {
      // Somebody signed in with the first password before.
      page = await submit(page, { username: name, password: CHANGED });
    }
  }
  throw new Error(`still at ${page.url} after ten pages`);

  async function open(url, form) {
    const headers = { "sec-fetch-site": "same-origin" };
    if (cookies.size) headers.cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join("; ");
    const body = form && new URLSearchParams(form);
    const answer = await fetch(url, { method: form ? "POST" : "GET", body, headers, redirect: "manual" });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair] = cookie.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const to = answer.headers.get("location");
    if (!to) return { url, status: answer.status, text: await answer.text() };
    const next = new URL(to, url);
    if (next.origin === origin) return open(next.href);
    // The client's own address: it answers the browser as it likes.
    await fetch(next, { redirect: "manual" });
    return { url: next.href, left: true };
  }

  function submit(page, given) {
    const field = Object.keys(given)[0];
    const form = page.text.split("<form").slice(1).map((text) => text.split("</form>")[0]).find((text) => text.includes(`name="${field}"`));
    if (!form) throw new Error(`no form with ${field} at ${page.url} (${page.status}): ${page.text}`);
    const fields = {};
    for (const [tag] of form.matchAll(/<input[^>]*>/g)) {
      const is = (name) => tag.match(new RegExp(` ${name}="([^"]*)"`))?.[1];
      const chosen = !["radio", "checkbox"].includes(is("type")) || tag.includes(" checked");
      if (is("name") && chosen) fields[is("name")] = unescape(is("value") ?? "");
    }
    for (const [, name, options] of form.matchAll(/<select[^>]* name="([^"]*)"[^>]*>(.*?)<\/select>/gs)) {
      const values = [...options.matchAll(/<option value="([^"]*)"([^>]*)>/g)];
      const chosen = values.find(([, , rest]) => rest.includes(" selected")) ?? values[0];
      fields[name] = unescape(chosen?.[1] ?? "");
    }
    const action = form.match(/^[^>]* action="([^"]*)"/)?.[1];
    return open(new URL(unescape(action || page.url), page.url).href, { ...fields, ...given });
  }

  function unescape(text) {
    const signs = { amp: "&", lt: "<", gt: ">", quot: '"' };
    return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code, sign) => (code ? String.fromCharCode(code) : (signs[sign] ?? whole)));
  }
}

if (process.argv[1] === import.meta.filename) {
  const { NAME: name, PASSWORD: password } = process.env;
  console.log(await agree(process.argv[2], { name, password }));
}

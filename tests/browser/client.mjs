// An OAuth client that registers itself and listens for its answer.

import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const ANSWER_DEADLINE_MS = 20_000;

/** A page of another origin: the client's own site, which gets the answers. */
export async function listen(html = "<!doctype html><title>Client</title><p>Done") {
  const waiting = [];
  const answers = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://127.0.0.1");
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(html);
    if (url.pathname !== "/callback") return;
    const answer = Object.fromEntries(url.searchParams);
    const next = waiting.shift();
    next ? next(answer) : answers.push(answer);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    redirectUri: `${origin}/callback`,
    answer: () =>
      answers.length
        ? Promise.resolve(answers.shift())
        : new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error("no answer came")), ANSWER_DEADLINE_MS);
            waiting.push((answer) => (clearTimeout(timer), resolve(answer)));
          }),
    close: () => server.closeAllConnections() ?? server.close(),
  };
}

export async function register(url, redirectUri, metadata = {}) {
  const response = await fetch(`${url}/oauth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      client_name: "Browser test",
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      ...metadata,
    }),
  });
  if (response.status !== 201) throw new Error(`registration: ${response.status} ${await response.text()}`);
  return (await response.json()).client_id;
}

/** A request for authorization, and what redeems its code. */
export function request(url, clientId, redirectUri, more = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(8).toString("hex");
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state,
    ...more,
  });
  return {
    state,
    href: `${url}/oauth/authorize?${query}`,
    redeem: (code) =>
      token(url, {
        grant_type: "authorization_code",
        code,
        client_id: clientId,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      }),
  };
}

export async function token(url, form, headers = {}) {
  const response = await fetch(`${url}/oauth/token`, { method: "POST", headers, body: new URLSearchParams(form) });
  return { status: response.status, body: await response.json() };
}

/** The status of a call of `tools/list`. */
export async function listTools(url, bearer, path = "/mcp") {
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${bearer}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }),
  });
  await response.text();
  return response.status;
}

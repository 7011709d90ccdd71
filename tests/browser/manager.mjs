// The manager of a server, asked as other nodes ask it: what a page is to show is there before it is opened.

import { randomUUID } from "node:crypto";

/** What the server and these tests show each other. */
export const SERVICE_TOKEN = "what the tests of the pages show the manager";

export function managerOf(server) {
  return async (operation, body) => {
    const response = await fetch(`${server.url}/manager/v1/${operation}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${SERVICE_TOKEN}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${operation}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
}

/** A crowd: members of `demo`, each with a connected app, and as many records. */
export async function crowd(manager, count) {
  const now = Math.floor(Date.now() / 1000);
  const client = (id, name) => ({
    client: {
      id,
      kind: "dynamic",
      metadata: {
        client_name: name,
        redirect_uris: ["http://127.0.0.1/callback"],
        grant_types: ["authorization_code", "refresh_token"],
        token_endpoint_auth_method: "none",
      },
      owner: null,
      acts_as: null,
      workspace: null,
      scopes: "mcp:read mcp:query",
      is_verified: false,
      has_secret: false,
      created_at: now,
      last_used_at: null,
    },
    secret: null,
    registration_token: null,
  });
  await manager("client.create", client("crowd-app", "Crowd app"));
  const accounts = [];
  for (let from = 0; from < count; from += 50) {
    const some = Array.from({ length: Math.min(50, count - from) }, (_, at) => from + at);
    accounts.push(...(await Promise.all(some.map((number) => member(manager, number, now)))));
  }
  const records = accounts.map((account, number) => ({
    at: now - number,
    action: number % 10 === 0 ? "sign_in.failed" : "token.issued",
    account: account.id,
    client: number % 10 === 0 ? null : "crowd-app",
    workspace: number % 10 === 0 ? null : "demo",
    address: number % 3 === 0 ? "2001:db8:85a3::8a2e:370:7334" : "192.0.2.7",
    outcome: number % 10 === 0 ? "wrong_credentials" : "ok",
    detail: number % 10 === 0 ? null : "refresh_token: mcp:read mcp:query",
  }));
  await manager("audit.record", { events: records });
  return accounts;
}

async function member(manager, number, now) {
  const username = `person-${String(number).padStart(4, "0")}`;
  const account = await manager("account.create", {
    username,
    email: `${username}@example.com`,
    is_email_verified: false,
    display_name: `Person Number ${number}`,
    password_hash: null,
    must_change_password: false,
    is_administrator: false,
  });
  await manager("workspace.set_membership", {
    workspace: "demo",
    account: account.id,
    role: "viewer",
    superset_username: null,
  });
  await manager("grant.create", {
    grant: {
      id: randomUUID(),
      account: account.id,
      client: "crowd-app",
      workspace: "demo",
      resource: "http://127.0.0.1/mcp",
      scopes: "mcp:read",
      is_offline: false,
      created_at: now,
      expires_at: now + 86_400,
      last_used_at: null,
      address: null,
      ended: null,
    },
    refresh_token: null,
    rules: { life_secs: 86_400, repeat_window_secs: 120, max_repeats: 10 },
  });
  return account;
}

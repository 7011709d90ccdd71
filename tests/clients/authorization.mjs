// The conformance suite's check of an authorization server, with a person at its browser: authorization.mjs ISSUER, with
// NAME and PASSWORD in the environment. Prints what the suite prints, and ends as it ends.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { agree } from "./person.mjs";

const [, , issuer, ...rest] = process.argv;
const port = await free();

// The suite wants a client that is registered already.
const registered = await fetch(`${issuer}/oauth/register`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    client_name: "Conformance suite",
    redirect_uris: [`http://127.0.0.1:${port}/callback`],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    application_type: "native",
  }),
});
if (registered.status !== 201) throw new Error(`registration: ${registered.status} ${await registered.text()}`);
const { client_id: client } = await registered.json();

const suite = spawn(process.execPath, ["node_modules/.bin/conformance", "authorization", "--url", issuer, "--client-id", client, "-p", `${port}`, ...rest], {
  stdio: ["ignore", "pipe", "inherit"],
});
let printed = "";
let asked = false;
suite.stdout.on("data", (chunk) => {
  process.stdout.write(chunk);
  printed += chunk;
  const url = printed.match(/http[^\s"']+\/authorize\?[^\s"']+(?=\s)/)?.[0];
  if (!url || asked) return;
  asked = true;
  agree(url, { name: process.env.NAME, password: process.env.PASSWORD }).catch((error) => {
    console.error(error);
    suite.kill();
  });
});
suite.on("close", (code) => process.exit(code ?? 1));

function free() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

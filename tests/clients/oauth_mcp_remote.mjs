// mcp-remote signs in by itself: it registers, opens a browser, and takes the code: oauth_mcp_remote.mjs URL, with NAME and
// PASSWORD in the environment. With a second argument it signs in as a machine, by the client information in it.
import { mkdtempSync, writeFileSync, chmodSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { agree } from "./person.mjs";
import { report } from "./report.mjs";

const [, , url, machine] = process.argv;
const scratch = process.env.SCRATCH ?? mkdtempSync("/tmp/mcp-remote-");
const opened = join(scratch, "opened");

// What opens a browser on a desktop leaves the address here instead.
for (const name of ["xdg-open", "open", "x-www-browser", "sensible-browser"]) {
  writeFileSync(join(scratch, name), `#!/bin/sh\nfor last; do :; done\nprintf '%s' "$last" > '${opened}'\n`);
  chmodSync(join(scratch, name), 0o755);
}

const machines = machine ? ["--client-credentials", "--static-oauth-client-info", machine] : [];
const transport = new StdioClientTransport({
  command: process.execPath,
  args: ["node_modules/.bin/mcp-remote", url, "--transport", "http-only", "--allow-http", ...machines],
  env: { ...process.env, MCP_REMOTE_CONFIG_DIR: scratch, PATH: `${scratch}:${process.env.PATH}` },
  stderr: "pipe",
});
let said = "";
transport.stderr.on("data", (chunk) => {
  process.stderr.write(chunk);
  said += chunk;
});

const person = machine ? undefined : setInterval(() => {
  const asked = existsSync(opened) ? readFileSync(opened, "utf8") : said.match(/http[^\s"']+\/oauth\/authorize\?[^\s"']+(?=\s)/)?.[0];
  if (!asked) return;
  clearInterval(person);
  agree(asked, { name: process.env.NAME, password: process.env.PASSWORD }).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}, 100);

const client = new Client({ name: "check-mcp-remote-oauth", version: "1.0.0" }, { capabilities: {} });
await client.connect(transport, { timeout: 90_000 });
await report(null, client);
await client.close();
process.exit(0);

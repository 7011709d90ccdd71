// mcp-remote as desktop clients start it, a child that speaks MCP on its standard input and output:
// mcp_remote.mjs URL legacy|auto
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { headers, report } from "./report.mjs";

const [, , url, mode] = process.argv;
const given = Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}:${value}`]);
const protocol = mode === "auto" ? ["--protocol", "auto"] : [];
const transport = new StdioClientTransport({
  command: process.execPath,
  args: ["node_modules/.bin/mcp-remote", url, "--transport", "http-only", ...protocol, ...given],
  // Only what it is given reaches the child; it keeps its sign-ins in this folder.
  env: { ...process.env, MCP_REMOTE_CONFIG_DIR: process.env.SCRATCH },
  stderr: "inherit",
});
const client = new Client({ name: "check-mcp-remote", version: "1.0.0" }, { capabilities: {} });
await client.connect(transport);
// Which revision mcp-remote speaks to the server, it tells nobody.
await report(null, client);
await client.close();

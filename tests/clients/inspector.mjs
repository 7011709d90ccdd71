// The command line of Inspector, a process for each request: inspector.mjs URL legacy|auto
import { execFileSync } from "node:child_process";
import { body, calls, headers, print } from "./report.mjs";

const [, , url, era] = process.argv;

function ask(method, ...rest) {
  const given = Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]);
  const fixed = ["--cli", url, "--transport", "http", "--protocol-era", era, "--format", "json", "-q", "--stored-auth-only"];
  const all = ["node_modules/.bin/mcp-inspector", ...fixed, "--method", method, ...rest, ...given];
  const env = { ...process.env, HOME: process.env.SCRATCH };
  return JSON.parse(execFileSync(process.execPath, all, { encoding: "utf8", env })).result;
}

const { tools } = ask("tools/list");
const results = {};
for (const { tool, arguments: given } of calls) {
  const words = Object.entries(given).flatMap(([name, value]) => ["--tool-arg", `${name}=${value}`]);
  results[tool] = body(tool, ask("tools/call", "--tool-name", tool, ...words));
}
// It does not print the revision that it agreed on.
print({ protocol: null, tools: tools.map((tool) => tool.name), results });

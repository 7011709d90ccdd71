// Inspector signs in by itself for each request, with a person at the browser: oauth_inspector.mjs URL, with NAME and
// PASSWORD in the environment.
import { body, calls, print } from "./report.mjs";
import { signIn } from "./terminal.mjs";

const [, , url] = process.argv;
const env = { ...process.env, HOME: process.env.SCRATCH };

async function ask(method, ...rest) {
  const words = [process.execPath, "node_modules/.bin/mcp-inspector", "--cli", url, "--transport", "http", "--format", "json", "-q", "--method", method, ...rest];
  const said = await signIn(words.map((word) => `'${word}'`).join(" "), { env });
  const answer = said.split("\n").map((line) => line.slice(line.indexOf("{"))).findLast((line) => line.startsWith('{"'));
  if (!answer) throw new Error(`no answer in ${said}`);
  const told = JSON.parse(answer);
  if (told.error) throw new Error(answer);
  return told.result;
}

const { tools } = await ask("tools/list");
const results = {};
for (const { tool, arguments: given } of calls) {
  const words = Object.entries(given).flatMap(([name, value]) => ["--tool-arg", `${name}=${value}`]);
  results[tool] = body(tool, await ask("tools/call", "--tool-name", tool, ...words));
}
print({ protocol: null, tools: tools.map((tool) => tool.name), results });

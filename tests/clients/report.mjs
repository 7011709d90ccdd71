// What every script of a client prints: one JSON object {protocol, tools, results}.
import { readFileSync } from "node:fs";

/** The calls to make as the user of the run. */
export const calls = JSON.parse(readFileSync(process.env.CALLS, "utf8"));

/** Headers of every request. */
export const headers = process.env.TOKEN ? { Authorization: `Bearer ${process.env.TOKEN}` } : {};

/** What a tool answered, read from its text. */
export function body(tool, result) {
  if (result.isError) throw new Error(`${tool} failed: ${JSON.stringify(result.content)}`);
  return JSON.parse(result.content[0].text);
}

/** Lists the tools and makes the calls through the client of one of the SDKs, and prints the report. */
export async function report(protocol, client) {
  const { tools } = await client.listTools();
  const results = {};
  for (const { tool, arguments: given } of calls) {
    results[tool] = body(tool, await client.callTool({ name: tool, arguments: given }));
  }
  print({ protocol, tools: tools.map((tool) => tool.name), results });
}

export function print(report) {
  console.log(JSON.stringify(report));
}

// Claude Code signs in by itself, with a person at the browser: oauth_claude_code.mjs URL CLAUDE, with NAME and PASSWORD in
// the environment. Prints what it says of its servers.
import { spawnSync } from "node:child_process";
import { signIn } from "./terminal.mjs";

const [, , url, claude] = process.argv;
const options = { cwd: process.env.SCRATCH, env: { ...process.env, HOME: process.env.SCRATCH } };
const ask = (...words) => {
  const done = spawnSync(claude, ["mcp", ...words], { ...options, encoding: "utf8", timeout: 60_000 });
  if (done.status !== 0) throw new Error(`claude mcp ${words[0]}: ${done.stdout}${done.stderr}`);
  return done.stdout;
};

ask("add", "--transport", "http", "tidegate", url);
await signIn(`'${claude}' mcp login --no-browser tidegate`, options);
console.log(ask("list"));

// Programs that sign in in a terminal only: they print where to go, and wait for the browser to come back to them.
import { spawn } from "node:child_process";
import { agree } from "./person.mjs";

const LIMIT_MS = 90_000;

/** Runs a command line in a terminal, and goes where it says as a person would; gives what it said. */
export async function signIn(commandLine, options = {}) {
  const terminal = spawn("script", ["-qfec", commandLine, "/dev/null"], { ...options, stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  let asked = false;
  terminal.stdout.on("data", (chunk) => {
    said += chunk;
    const found = said.match(/http[^\s"'\x07\x1b]+\/oauth\/authorize\?[^\s"'\x07\x1b]+(?=[\s\x07\x1b])/)?.[0];
    if (!found || asked) return;
    asked = true;
    agree(found, { name: process.env.NAME, password: process.env.PASSWORD }).catch((error) => {
      console.error(error);
      terminal.kill();
    });
  });
  const limit = setTimeout(() => terminal.kill(), LIMIT_MS);
  const code = await new Promise((resolve) => terminal.on("close", resolve));
  clearTimeout(limit);
  if (code !== 0) throw new Error(`${commandLine} ended with ${code}: ${said}`);
  return said;
}

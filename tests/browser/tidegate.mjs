// A Tidegate of its own for a test file: embedded workspace, embedded manager, a free port.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const BINARY = process.env.TIDEGATE_BINARY ?? path.resolve(import.meta.dirname, "../../target/debug/tidegate");
const START_DEADLINE_MS = 120_000;

/** Starts one; `first` is the administrator of its first start. */
export async function start(settings = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), "tidegate-browser-"));
  const child = spawn(BINARY, [], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      TIDEGATE_SERVER__PORT: "0",
      TIDEGATE_DATA_DIR: folder,
      TIDEGATE_AUTH__ENABLED: "true",
      TIDEGATE_MANAGER__URL: "embedded",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  const url = await new Promise((resolve, reject) => {
    const failed = (why) => reject(new Error(`Tidegate ${why}:\n${log}`));
    const timer = setTimeout(() => failed("did not serve in time"), START_DEADLINE_MS);
    const read = (chunk) => {
      log += chunk;
      const served = /serving MCP at (http:\/\/127\.0\.0\.1:\d+)\/mcp .*\n/.exec(log);
      if (served) {
        clearTimeout(timer);
        resolve(served[1]);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", (err) => failed(`cannot be started (${err.message}); TIDEGATE_BINARY names it`));
    child.on("exit", (code) => failed(`ended with ${code}`));
  });
  const [, username, password] = /user name\s+(\S+)\s+password\s+(\S+)/.exec(log) ?? [];
  return {
    url,
    first: { username, password },
    log: () => log,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// Plays a transcript to a server, and tells where its answers differ: replay.mjs FILE PORT [--label RECORDING | --update]
//
// What is sent is what was sent, in the order in which it was sent and answered. `--label` reads a recording in place of a
// transcript and writes the transcript; `--update` writes what came in place of what was expected. VARIABLES in the environment is
// a JSON object: placeholder to value, for tokens and passwords; RECORDED_VARIABLES are those
// of the recording.
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { eventsOf } from "./events.mjs";
import { Identifiers, Labels } from "./masks.mjs";

/** How long an answer may take. */
const PATIENCE = 30_000;
/** Headers that say nothing of what the server decided. */
const UNSAID = new Set(["date", "content-length", "connection", "transfer-encoding", "keep-alive"]);
/** Headers of a request that Node sets by itself. */
const OWN = new Set(["content-length", "connection", "transfer-encoding", "host"]);

const [, , file, port, mode, recording] = process.argv;
const variables = JSON.parse(process.env.VARIABLES ?? "{}");
const labels = mode === "--label" ? new Labels() : undefined;
const identifiers = new Identifiers();
const lines = readFileSync(labels ? recording : file, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
const here = { port, variables };
const there = labels && { port: lines[0].headers.find(([name]) => name === "host")[1].split(":")[1], variables: JSON.parse(process.env.RECORDED_VARIABLES ?? "{}") };

const calls = new Map();
const problems = [];
const written = [];
for (const line of lines) {
  const [kind] = Object.keys(line);
  const number = line[kind];
  if (kind === "request") {
    calls.set(number, send(line));
    // A stream that is opened later than what follows is answered otherwise.
    if (line.method === "GET") await until(number, () => calls.get(number).head);
  } else if (kind === "abort") calls.get(number).abort();
  else if (kind !== "lost") await judge(kind, number, line);
  if (kind === "request" || kind === "abort") written.push(kind === "abort" ? line : masked(line));
}
for (const call of calls.values()) call.abort();
if (mode) writeFileSync(file, written.map((line) => `${JSON.stringify(line)}\n`).join(""));
for (const problem of problems.slice(0, 20)) console.log(problem);
console.log(`${lines.filter((line) => line.request).length} requests, ${problems.length} differences`);
process.exit(problems.length === 0 || mode === "--update" ? 0 : 1);

/** What was sent, as this server must be sent it. */
function outgoing(text) {
  let now = labels ? labels.translate(general(text, there)) : identifiers.fill(text);
  for (const [name, value] of Object.entries(variables)) now = now.replaceAll(name, value);
  now = now.replaceAll("«port»", port);
  return now.replace(/^Basic «(.*)»$/, (_, pair) => `Basic ${Buffer.from(pair).toString("base64")}`);
}

/** A text of one run with placeholders in the place of its port and its variables. */
function general(text, { port, variables }) {
  // A password in base64 could not be told.
  const clear = text.replace(/^Basic ([A-Za-z0-9+/]+=*)$/, (_, pair) => `Basic «${Buffer.from(pair, "base64")}»`);
  let now = clear.replaceAll(`:${port}`, ":«port»").replaceAll(`%3A${port}`, "%3A«port»");
  for (const [name, value] of Object.entries(variables)) now = now.replaceAll(value, name).replaceAll(encodeURIComponent(value), name);
  return now;
}

function masked(line) {
  if (!labels) return line;
  const text = (value) => labels.ofRequest(general(value, there));
  const headers = line.headers.filter(([name]) => !OWN.has(name) || name === "host").map(([name, value]) => [name, text(value)]);
  return { ...line, path: text(line.path), headers, body: text(line.body) };
}

function send(line) {
  const headers = Object.fromEntries(line.headers.filter(([name]) => !OWN.has(name) || name === "host").map(([name, value]) => [name, outgoing(value)]));
  const body = outgoing(line.body);
  if (body !== "" || line.method === "POST") headers["content-length"] = Buffer.byteLength(body);
  const call = { events: [], waiting: [], state: "sent", text: "", wake() { this.waiting.splice(0).forEach((resolve) => resolve()); } };
  const sent = request({ host: "127.0.0.1", port, method: line.method, path: outgoing(line.path), headers, agent: false });
  call.abort = () => sent.destroy();
  sent.on("error", (error) => {
    call.state = `failed: ${error.message}`;
    call.wake();
  });
  sent.on("response", (answer) => {
    call.head = { status: answer.statusCode, headers: pairs(answer.rawHeaders) };
    const isStream = /^text\/event-stream/.test(answer.headers["content-type"] ?? "");
    answer.setEncoding("utf8");
    answer.on("data", (part) => {
      call.text += part;
      if (isStream) {
        const { events, rest } = eventsOf(call.text);
        call.events.push(...events);
        call.text = rest;
      }
      call.wake();
    });
    answer.on("end", () => {
      call.state = "ended";
      call.wake();
    });
    answer.on("error", () => {});
    call.wake();
  });
  sent.end(body);
  return call;
}

/** Waits until the call has come as far as the line says, and compares. */
async function judge(kind, number, line) {
  const call = calls.get(number);
  const isThere = { head: () => call.head, event: () => call.events.length > 0, end: () => call.state === "ended" }[kind];
  await until(number, () => isThere() || (kind === "event" && call.state === "ended"));
  const of = lines.find((other) => other.request === number);
  if (!isThere()) return problems.push(`${of.method} ${of.path}, request ${number}: no ${kind} (${call.state})`);
  const now = {
    head: () => ({ head: number, status: call.head.status, headers: call.head.headers }),
    event: () => ({ event: number, text: call.events.shift() }),
    end: () => (line.body === undefined ? { end: number } : { end: number, body: call.text }),
  }[kind]();
  const text = (line, run) => {
    if (line.headers) line = { ...line, headers: sorted(line.headers.filter(([name]) => !UNSAID.has(name))) };
    return general(JSON.stringify(line), run);
  };
  if (now.status !== line.status) problems.push(`${of.method} ${of.path}, request ${number}: status ${line.status} before, ${now.status} now`);
  if (labels) {
    const masked = now.status === line.status ? labels.ofAnswer(text(line, there), text(now, here)) : "";
    if (masked === undefined) problems.push(`request ${number}: two recordings differ\n  ${text(line, there)}\n  ${text(now, here)}`);
    return written.push(JSON.parse(masked || text(line, there)));
  }
  const difference = identifiers.differs(JSON.stringify(line), text(now, here));
  written.push(difference === undefined ? line : JSON.parse(text(now, here)));
  if (difference !== undefined) problems.push(`${of.method} ${of.path}, request ${number}, ${kind}: ${difference}`);
}

/** Waits until the condition holds, the call fails, or patience ends. */
async function until(number, holds) {
  const call = calls.get(number);
  const end = Date.now() + PATIENCE;
  while (!holds() && !call.state.startsWith("failed") && Date.now() < end) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, end - Date.now());
      call.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function sorted(headers) {
  return headers.toSorted(([one, first], [other, second]) => `${one} ${first}`.localeCompare(`${other} ${second}`));
}

function pairs(raw) {
  const list = [];
  for (let index = 0; index < raw.length; index += 2) list.push([raw[index].toLowerCase(), raw[index + 1]]);
  // The server's own order is that of a hash map.
  return sorted(list);
}

// A proxy that writes down what passes: recorder.mjs UPSTREAM_PORT FILE. Prints its own port. Clients see its port as the server's:
// each port is put in the place of the other in heads and bodies. What was seen is a line of JSON, in the order in which it was seen,
// so that a replay can keep the order of what overlapped.
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { eventsOf } from "./events.mjs";

const [, , upstream, file] = process.argv;
writeFileSync(file, "");
const write = (line) => appendFileSync(file, `${JSON.stringify(line)}\n`);

let own;
const inwards = (text) => text.replaceAll(`:${own}`, `:${upstream}`).replaceAll(`%3A${own}`, `%3A${upstream}`);
const outwards = (text) => text.replaceAll(`:${upstream}`, `:${own}`).replaceAll(`%3A${upstream}`, `%3A${own}`);

let count = 0;
const proxy = createServer(async (incoming, outgoing) => {
  const parts = [];
  for await (const part of incoming) parts.push(part);
  const number = (count += 1);
  const head = incoming.rawHeaders.map((text) => inwards(text));
  const body = inwards(Buffer.concat(parts).toString("utf8"));
  const path = inwards(incoming.url);
  write({ request: number, method: incoming.method, path, headers: pairs(head), body });

  const headers = head.filter((_, index) => !/^(content-length|transfer-encoding|connection)$/i.test(head[index - (index % 2)]));
  const sent = request({ port: upstream, host: "127.0.0.1", method: incoming.method, path, headers: [...headers, "Content-Length", `${Buffer.byteLength(body)}`], setDefaultHeaders: false });
  let isOver = false;
  outgoing.on("close", () => {
    if (isOver) return;
    isOver = true;
    write({ abort: number });
    sent.destroy();
  });
  sent.on("error", () => {
    if (isOver) return;
    isOver = true;
    write({ lost: number });
    outgoing.destroy();
  });
  sent.on("response", (answer) => {
    const head = answer.rawHeaders;
    write({ head: number, status: answer.statusCode, headers: pairs(head) });
    const isStream = /^text\/event-stream/.test(answer.headers["content-type"] ?? "");
    outgoing.writeHead(answer.statusCode, head.map(outwards).filter((_, index) => !/^(content-length|transfer-encoding|connection)$/i.test(head[index - (index % 2)])));
    outgoing.flushHeaders();
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (part) => {
      text += part;
      if (!isStream) return;
      const { events, rest } = eventsOf(text);
      text = rest;
      for (const event of events) write({ event: number, text: event });
      outgoing.write(outwards(part));
    });
    answer.on("end", () => {
      isOver = true;
      write(isStream ? { end: number } : { end: number, body: text });
      outgoing.end(isStream ? undefined : outwards(text));
    });
  });
  sent.end(body);
});
proxy.listen(0, "127.0.0.1", () => {
  own = proxy.address().port;
  console.log(own);
});

function pairs(raw) {
  const list = [];
  for (let index = 0; index < raw.length; index += 2) list.push([raw[index].toLowerCase(), raw[index + 1]]);
  return list;
}

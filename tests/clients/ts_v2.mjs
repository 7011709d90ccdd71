// TypeScript SDK 2: ts_v2.mjs URL legacy|auto|pin
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { headers, report } from "./report.mjs";

const [, , url, mode] = process.argv;
const versionNegotiation = { mode: mode === "pin" ? { pin: "2026-07-28" } : mode };
const client = new Client({ name: "check-ts-v2", version: "1.0.0" }, { capabilities: {}, versionNegotiation });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
await report(client.getNegotiatedProtocolVersion(), client);
await client.close();

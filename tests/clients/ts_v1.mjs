// TypeScript SDK 1: ts_v1.mjs URL
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { headers, report } from "./report.mjs";

const [, , url] = process.argv;
const client = new Client({ name: "check-ts-v1", version: "1.0.0" }, { capabilities: {} });
const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
await client.connect(transport);
await report(transport.protocolVersion, client);
await transport.terminateSession();
await client.close();

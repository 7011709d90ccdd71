// TypeScript SDK 1 as a machine client (client_credentials): oauth_machine.mjs URL secret|key CLIENT_ID, with the secret in
// SECRET, or the private key (JWK) in KEY.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ClientCredentialsProvider, PrivateKeyJwtProvider } from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { report } from "./report.mjs";

const [, , url, how, clientId] = process.argv;
const authProvider =
  how === "secret"
    ? new ClientCredentialsProvider({ clientId, clientSecret: process.env.SECRET })
    : new PrivateKeyJwtProvider({ clientId, privateKey: JSON.parse(process.env.KEY), algorithm: "ES256" });
const client = new Client({ name: "check-machine", version: "1.0.0" }, { capabilities: {} });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }));
await report(null, client);
await client.close();

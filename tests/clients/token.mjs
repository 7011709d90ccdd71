// Prints a token of one hour, signed with HS256: token.mjs SECRET ISSUER AUDIENCE USER
import { createHmac } from "node:crypto";

const [, , secret, issuer, audience, user] = process.argv;
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = Math.floor(Date.now() / 1000);
const claims = { iss: issuer, aud: audience, sub: user, username: user, client_id: "check-clients", iat: now, exp: now + 3600 };
const signed = `${part({ alg: "HS256", typ: "at+jwt" })}.${part(claims)}`;
console.log(`${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`);

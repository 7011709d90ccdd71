// Draws a key of a machine client (ES256): key.mjs PRIVATE_KEY_FILE PUBLIC_KEYS_FILE, as JWK and as a JWK set.
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";

const [, , privateFile, publicFile] = process.argv;
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const about = { kid: "of the client tests", alg: "ES256" };
writeFileSync(privateFile, JSON.stringify({ ...privateKey.export({ format: "jwk" }), ...about }), { mode: 0o600 });
writeFileSync(publicFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), ...about, use: "sig" }] }));

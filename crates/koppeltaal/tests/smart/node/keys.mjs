// Makes the keys of the clients of a test and prints them: backend services sign as
// they like, fhirclient with ES384 or RS384, the SDK with RS512 and it reads PEM.
import crypto from "node:crypto";

import { newKey, published } from "./jwt.mjs";

/** Private keys by algorithm, and what is published of them. */
function keyRing(name, ...algorithms) {
  const keys = algorithms.map((alg) => newKey(alg, `${name}-${alg}`));
  const byAlgorithm = Object.fromEntries(keys.map((key) => [key.alg, key]));
  return { ...byAlgorithm, jwks: { keys: keys.map(published) } };
}

const sdk = keyRing("sdk", "RS512");
const privateKey = crypto.createPrivateKey({ key: sdk.RS512, format: "jwk" });
const publicKey = crypto.createPublicKey(privateKey);
sdk.private_pem = privateKey.export({ type: "pkcs8", format: "pem" });
sdk.public_pem = publicKey.export({ type: "spki", format: "pem" });
const keys = {
  portal: keyRing("portal", "RS512", "ES256"),
  module: keyRing("module", "ES384"),
  sdk,
};
process.stdout.write(JSON.stringify(keys));

// Keys and signed tokens (RFC 7515, 7523) with nothing but node's own crypto.
import crypto from "node:crypto";

const HASHES = { RS256: "sha256", RS384: "sha384", RS512: "sha512", ES256: "sha256", ES384: "sha384" };
const CURVES = { ES256: "P-256", ES384: "P-384" };

/** A new private key as a JWK, for one algorithm. */
export function newKey(alg, kid) {
  const { privateKey } = CURVES[alg]
    ? crypto.generateKeyPairSync("ec", { namedCurve: CURVES[alg] })
    : crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), alg, kid };
}

/** What of a private key is published. */
export function published({ alg, kid, ...key }) {
  const jwk = crypto.createPublicKey({ key, format: "jwk" }).export({ format: "jwk" });
  return { ...jwk, alg, kid, use: "sig" };
}

/** A signed token. */
export function sign(key, claims, header = {}) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const head = { alg: key.alg, kid: key.kid, typ: "JWT", ...header };
  const signed = `${encode(head)}.${encode(claims)}`;
  const privateKey = crypto.createPrivateKey({ key, format: "jwk" });
  const how = { key: privateKey, dsaEncoding: "ieee-p1363" };
  const signature = crypto.sign(HASHES[key.alg], Buffer.from(signed), how);
  return `${signed}.${signature.toString("base64url")}`;
}

/** Seconds since 1970. */
export const now = () => Math.floor(Date.now() / 1000);

/** The claims by which a client authenticates itself at an endpoint. */
export function assertion(key, clientId, audience) {
  const claims = { iss: clientId, sub: clientId, aud: audience, jti: crypto.randomUUID() };
  return sign(key, { ...claims, iat: now(), exp: now() + 120 });
}

/** The claims of a token, unverified. */
export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
}

/** The claims of a token whose signature one of these keys made; it throws else. */
export function verified(token, jwks) {
  const [head, body, signature] = token.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(head, "base64url").toString());
  const jwk = jwks.keys.find((key) => key.kid === kid);
  if (!jwk) throw new Error(`no published key has the kid ${kid}`);
  const key = crypto.createPublicKey({ key: jwk, format: "jwk" });
  const how = { key, dsaEncoding: "ieee-p1363" };
  const bytes = Buffer.from(signature, "base64url");
  if (!crypto.verify(HASHES[alg], Buffer.from(`${head}.${body}`), how, bytes)) {
    throw new Error("the signature is not of the published key");
  }
  return claimsOf(token);
}

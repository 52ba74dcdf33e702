// A portal: its page posts a signed HTI launch token to a module as Koppeltaal wants
// it (T007: a form with `launch` and `iss`, submitted by itself). It prints where it
// is; its page takes what to launch from the query.
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";

import { attribute, follow, listen, page, say } from "./child.mjs";
import { now, sign } from "./jwt.mjs";

const CLIENT_ID = process.env.PORTAL_CLIENT_ID;
const key = JSON.parse(fs.readFileSync(process.env.KEYS)).portal.RS512;

/** A launch token with these claims. */
function launchToken(claims) {
  const usual = { iss: CLIENT_ID, jti: crypto.randomUUID(), iat: now(), exp: now() + 240 };
  return sign(key, { ...usual, ...claims });
}

/** The token with another subject under the old signature. */
function tampered(token) {
  const [head, body, signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString());
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: "Patient/somebody-else" }));
  return `${head}.${changed.toString("base64url")}.${signature}`;
}

const server = http.createServer((request, response) => {
  const query = new URL(request.url, "http://portal").searchParams;
  if (query.has("token_only")) return response.end(launchToken(JSON.parse(query.get("claims"))));
  if (!query.has("to")) return page(response, "there is nothing here", 404);
  const made = launchToken(JSON.parse(query.get("claims")));
  const token = query.has("tampered") ? tampered(made) : made;
  return page(
    response,
    `<form method="post" action="${attribute(query.get("to"))}">
     <input type="hidden" name="launch" value="${attribute(token)}">
     <input type="hidden" name="iss" value="${attribute(query.get("iss"))}"></form>
     <script>document.forms[0].submit()</script>`,
  );
});
say({ url: await listen(server, "127.0.0.4") });
follow();

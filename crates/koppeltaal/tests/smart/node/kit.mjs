// fhir-kit-client, unmodified: it reads discovery, gets a token as a backend service
// does, and reads the portal's own Device with it. Prints what it got as JSON.
import fs from "node:fs";

import { assertion, claimsOf, verified } from "./jwt.mjs";
import { load } from "./packages.mjs";

const { Client } = await load("fhir-kit-client/dist/index.js");

const { FHIR_BASE, PORTAL_CLIENT_ID, KEYS } = process.env;
const keys = JSON.parse(fs.readFileSync(KEYS)).portal;
const client = new Client({ baseUrl: FHIR_BASE });
const report = { tokens: {} };

const discovered = await client.smartAuthMetadata();
report.authorize = String(discovered.authorizeUrl);
report.token = String(discovered.tokenUrl);
report.capability = await client.capabilityStatement();
report.configuration = await client.request(".well-known/smart-configuration");

const jwks = await (await fetch(report.configuration.jwks_uri)).json();
for (const alg of ["RS512", "ES256"]) {
  const response = await fetch(report.token, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion(keys[alg], PORTAL_CLIENT_ID, report.token),
      scope: "*",
    }),
  });
  const body = await response.json();
  report.tokens[alg] = { status: response.status, body };
  if (!response.ok) continue;
  report.tokens[alg].claims = verified(body.access_token, jwks);
  report.tokens[alg].header = claimsOf(`.${body.access_token.split(".")[0]}`);
  client.bearerToken = body.access_token;
}

const read = { resourceType: "Device", id: PORTAL_CLIENT_ID };
report.device = await client.read(read).catch(refused);
client.bearerToken = "NOOP";
report.noop = await client.read(read).catch(refused);
process.stdout.write(JSON.stringify(report));

/** What an error of the client says of the answer. */
function refused(error) {
  return { error: error.message, status: error.response?.status, body: error.response?.data };
}

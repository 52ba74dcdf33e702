// A module (an eHealth application): it receives the launch of a portal and lets
// fhirclient, unmodified and in the browser, do SMART on FHIR from what discovery
// says. All it knows is its client_id and its key. It prints where it is.
import fs from "node:fs";
import http from "node:http";

import { embedded, follow, form, listen, page, say } from "./child.mjs";
import { packaged } from "./packages.mjs";

const CLIENT_ID = process.env.MODULE_CLIENT_ID;
const { ES384: key, jwks } = JSON.parse(fs.readFileSync(process.env.KEYS)).module;
const SCRIPT = fs.readFileSync(packaged("fhirclient/build/fhir-client.pure.js"));

/** Shows in the page what came of a promise; the driver of the browser waits for it. */
const SHOW = `
  const show = (shown) => {
    const box = document.createElement("pre");
    box.id = "shown";
    box.textContent = JSON.stringify(shown);
    document.body.append(box);
  };
  const failed = (error) => show({ error: String(error.message ?? error) });`;

const server = http.createServer(async (request, response) => {
  const at = `${request.method} ${new URL(request.url, "http://module").pathname}`;
  switch (at) {
    case "POST /launch":
      return launch(response, await form(request));
    case "GET /after-auth":
      return afterAuth(response);
    case "GET /fhir-client.js":
      response.writeHead(200, { "content-type": "text/javascript" });
      return response.end(SCRIPT);
    case "GET /sdk-after":
      // The SDK runs on a server; this page shows what it is to redeem.
      return page(
        response,
        `<script>${SHOW}show(Object.fromEntries(new URLSearchParams(location.search)))</script>`,
      );
    case "GET /jwks.json":
      response.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=60" });
      return response.end(JSON.stringify(jwks));
    default:
      return page(response, "there is nothing here", 404);
  }
});
const url = await listen(server, "127.0.0.2");
say({
  url,
  launch_url: `${url}/launch`,
  redirect_uri: `${url}/after-auth`,
  sdk_redirect_uri: `${url}/sdk-after`,
  jwks_url: `${url}/jwks.json`,
});
follow();

function launch(response, posted) {
  const options = {
    clientId: CLIENT_ID,
    scope: "launch openid fhirUser",
    redirectUri: `${url}/after-auth`,
    iss: posted.get("iss"),
    launch: posted.get("launch"),
    pkceMode: "required",
  };
  page(
    response,
    `<script src="/fhir-client.js"></script><script>${SHOW}
     FHIR.oauth2.authorize(${embedded(options)}).catch(failed);</script>`,
  );
}

/** A page that holds its own private key would be wrong anywhere but in a test. */
function afterAuth(response) {
  page(
    response,
    `<script src="/fhir-client.js"></script><script>${SHOW}
     FHIR.oauth2.ready({ privateKey: ${embedded(key)} }).then(async (client) => {
       const shown = { token: client.state.tokenResponse, id_token: client.getIdToken(),
                       user: client.user.fhirUser, user_id: client.user.id };
       // A refused request makes the client forget all it had.
       shown.read_with_noop = await client.request(client.user.fhirUser).then(
         () => 200, (error) => error.statusCode ?? error.status ?? String(error));
       show(shown);
     }).catch(failed);</script>`,
  );
}

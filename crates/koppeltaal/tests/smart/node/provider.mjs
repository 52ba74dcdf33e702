// A real OpenID provider (npm oidc-provider) with a sign-in page. It prints where it
// is, is told its client as a line on stdin, says "ready", and ends with its stdin.
import http from "node:http";

import { attribute, follow, form, listen, page, say } from "./child.mjs";
import { load } from "./packages.mjs";

// It warns that it keeps everything in memory.
console.warn = () => {};
const { default: Provider } = await load("oidc-provider/lib/index.js");

/** Who can sign in, by name; everybody has the same password. */
const ACCOUNTS = JSON.parse(process.env.ACCOUNTS);
const PASSWORD = "correct horse";
/** Where the claims are: in the id_token too, or at the userinfo endpoint alone. */
const ONLY_USERINFO = process.env.CLAIMS_ONLY_IN_USERINFO === "1";

let provider;
const server = http.createServer((request, response) => {
  if (!provider) return page(response, "not ready", 503);
  if (request.url.startsWith("/interaction/")) {
    interaction(request, response).catch((error) => page(response, attribute(error), 500));
    return undefined;
  }
  return provider.callback()(request, response);
});
const url = await listen(server, "127.0.0.3");
say({ url, discovery_url: `${url}/.well-known/openid-configuration` });
follow((client) => {
  provider = make(client);
  say("ready");
});

/** `client`: client_id, client_secret, redirect_uri, token_endpoint_auth_method. */
function make({ redirect_uri, ...client }) {
  const made = new Provider(url, {
    clients: [
      {
        token_endpoint_auth_method: "client_secret_basic",
        ...client,
        redirect_uris: [redirect_uri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    conformIdTokenClaims: ONLY_USERINFO,
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
    cookies: { keys: ["a key of this test"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    findAccount: (_, name) => ({ accountId: name, claims: () => ({ sub: name, ...ACCOUNTS[name] }) }),
    loadExistingGrant: granted,
    renderError: (context, out) => {
      context.type = "json";
      context.body = out;
    },
  });
  for (const event of ["server_error", "grant.error", "userinfo.error"]) {
    made.on(event, (_, error) => process.stderr.write(`${event}: ${error.error_detail ?? error}\n`));
  }
  return made;
}

/** Nobody is asked whether this client may have the claims. */
async function granted({ oidc }) {
  const grant = new oidc.provider.Grant({
    clientId: oidc.client.clientId,
    accountId: oidc.session.accountId,
  });
  grant.addOIDCScope("openid email profile");
  await grant.save();
  return grant;
}

async function interaction(request, response) {
  if (request.method === "GET") {
    await provider.interactionDetails(request, response);
    return page(
      response,
      `<h1>Sign in</h1><form method="post" action="${attribute(request.url)}">
       <input name="name" autocomplete="username"><input name="password" type="password">
       <button name="do" value="sign-in">Sign in</button>
       <button name="do" value="cancel">Cancel</button></form>`,
    );
  }
  const filled = await form(request);
  const name = filled.get("name");
  if (filled.get("do") === "cancel") {
    const refusal = { error: "access_denied", error_description: "the user did not want to" };
    return provider.interactionFinished(request, response, refusal);
  }
  if (!Object.hasOwn(ACCOUNTS, name) || filled.get("password") !== PASSWORD) {
    return page(response, "unknown name or password", 401);
  }
  return provider.interactionFinished(request, response, { login: { accountId: name } });
}

// Drives a real Chromium with npm `signalr` and jQuery against the hub, from a page of
// another origin, through a proxy whose connections can be cut. Told in variables of
// the environment:
//   SERVER         the base URL of the server under test
//   AUTHORIZATION  what the client shows, in the query as browsers must
//   TRANSPORT      webSockets, serverSentEvents or longPolling
//   VARIANT        "generated": with the script of /signalr/hubs; "plain": without
// Told on stdin, a line of JSON each, and answered with one:
//   {"until": N}   waits until the page was told at least N times
//   {"cut": true}  cuts every connection; answers when the client has reconnected (but for
//                  long polling: the browser itself asks again)
//   {"stop": true} has the client stop its connection
import http from "node:http";
import net from "node:net";
import { readFile } from "node:fs/promises";
import { follow, listen, page as html, say } from "../../smart/node/child.mjs";
import { load, packaged } from "../../smart/node/packages.mjs";

const { SERVER, AUTHORIZATION, TRANSPORT, VARIANT } = process.env;
const LIMIT = 30_000;
const target = new URL(SERVER);

// The proxy: bytes in, bytes out.
const open = new Set();
const proxy = net.createServer((client) => {
  const server = net.connect(Number(target.port), target.hostname);
  for (const [one, other] of [[client, server], [server, client]]) {
    open.add(one);
    one.on("data", (bytes) => other.write(bytes));
    one.on("close", () => { open.delete(one); other.destroy(); });
    one.on("error", () => other.destroy());
  }
});
const hub = await listen(proxy, "127.0.0.1");

// The page, of an origin of its own.
const scripts = {
  "/jquery.js": packaged("jquery/dist/jquery.js"),
  "/signalr.js": packaged("signalr/jquery.signalR.js"),
};
const PAGE = `
<script src="/jquery.js"></script><script src="/signalr.js"></script>
${VARIANT === "generated" ? `<script src="${hub}/signalr/hubs"></script>` : ""}
<script>
  window.told = 0;
  window.states = [];
  window.failures = [];
  function begin(url, authorization, transport) {
    var proxy, connection;
    if ($.connection.koppeltaalHub) {
      connection = $.connection.hub;
      connection.url = url + "/signalr";
      proxy = $.connection.koppeltaalHub;
      proxy.client.newMessage = function () { window.told += 1; };
    } else {
      connection = $.hubConnection(url);
      proxy = connection.createHubProxy("KoppeltaalHub");
      proxy.on("NewMessage", function () { window.told += 1; });
    }
    connection.qs = { Authorization: authorization };
    connection.stateChanged(function (change) { window.states.push(change.newState); });
    connection.error(function (error) { window.failures.push(String(error)); });
    window.connection = connection;
    return connection.start({ transport: transport }).then(function () {
      var server = proxy.server;
      return server ? server.startPush() : proxy.invoke("StartPush");
    }).then(function () {
      return { transport: connection.transport.name, protocol: connection.clientProtocol };
    });
  }
</script>`;
const site = http.createServer(async (request, response) => {
  const script = scripts[request.url];
  if (!script) return html(response, PAGE);
  response.writeHead(200, { "content-type": "text/javascript" });
  response.end(await readFile(script));
});
const origin = await listen(site, "127.0.0.1");

const { chromium } = (await load("playwright-core/index.js")).default;
const browser = await chromium.launch({
  executablePath: process.env.KOPPELTAAL_TEST_CHROMIUM,
  args: ["--disable-dev-shm-usage", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
});
const tab = await browser.newPage();
tab.setDefaultTimeout(LIMIT);
const CONNECTED = 1;
const RECONNECTING = 2;

/** What the page knows. */
const state = () =>
  tab.evaluate(() => ({ told: window.told, states: window.states, failures: window.failures }));

/** Does something and tells how it went. */
async function answered(what) {
  try {
    say({ ...(await what()), ...(await state()) });
  } catch (error) {
    say({ failure: String(error), ...(await state()) });
  }
}

await tab.goto(origin);
await answered(() =>
  tab.evaluate(([url, shown, by]) => window.begin(url, shown, by), [hub, AUTHORIZATION, TRANSPORT]));

follow(async (asked) => {
  await answered(async () => {
    if (asked.until) await tab.waitForFunction((n) => window.told >= n, asked.until);
    if (asked.cut) {
      for (const socket of open) socket.destroy();
      const reconnected = ([connected, reconnecting]) =>
        window.states.includes(reconnecting) && window.states.at(-1) === connected;
      if (TRANSPORT !== "longPolling") await tab.waitForFunction(reconnected, [CONNECTED, RECONNECTING]);
    }
    if (asked.stop) await tab.evaluate(() => window.connection.stop());
    return {};
  });
});

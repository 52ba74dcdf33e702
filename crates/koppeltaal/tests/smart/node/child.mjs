// What the long-lived helpers of a test share: they listen on an address of their
// own, say on stdout what the test must know, and end when their stdin is closed.
import readline from "node:readline";

/** Listens on a free port of an address; gives the URL. */
export async function listen(server, address) {
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, address, resolve);
  });
  return `http://${address}:${server.address().port}`;
}

/** Says something to the test: one line of JSON. */
export const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

/** Ends the process with its stdin; gives `heard` every line of JSON before. */
export function follow(heard = () => {}) {
  const lines = readline.createInterface({ input: process.stdin });
  lines.on("line", (line) => heard(JSON.parse(line)));
  lines.on("close", () => process.exit(0));
}

/** The body of a form. */
export async function form(request) {
  let text = "";
  for await (const part of request) text += part;
  return new URLSearchParams(text);
}

/** Answers with a page. */
export function page(response, html, status = 200) {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" });
  response.end(`<!doctype html><html lang="en"><title>Test</title><link rel="icon" href="data:,"><body>${html}</body></html>`);
}

/** A value as it may stand in a script of a page. */
export const embedded = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

/** Text as it may stand in an attribute of a page. */
export const attribute = (text) =>
  String(text).replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

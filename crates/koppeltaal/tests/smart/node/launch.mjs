// Drives a real Chromium through a launch: portal, module, authorize, identity
// provider, callback, module. What it shall do comes as JSON in PLAN, what it saw
// goes to stdout as JSON:
//   start       the page of the portal
//   server      the base URL of the server under test
//   sign_in     {name, password}, or "cancel"
//   variant     "plain"; "other-browser": the callback arrives in a second browser;
//               "replay": afterwards everything that was asked is asked again
//   screenshot  where a picture of the last page goes, optional
import { load } from "./packages.mjs";

const { chromium } = (await load("playwright-core/index.js")).default;

const plan = JSON.parse(process.env.PLAN);
const CALLBACK = /\/oauth2\/idp\/callback\?/;
const AUTHORIZE = /\/oauth2\/authorize(\?|$)/;
const TOKEN = /\/oauth2\/token$/;
const LIMIT = 20_000;

const browser = await chromium.launch({
  executablePath: process.env.KOPPELTAAL_TEST_CHROMIUM,
  args: ["--disable-dev-shm-usage", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
});
const report = { visited: [], requests: [], set_cookies: [], errors: [] };
try {
  const page = await newPage();
  if (plan.variant === "other-browser") {
    await launchInTwoBrowsers(page);
  } else {
    await page.goto(plan.start);
    await signIn(page);
    report.last = await settled(page);
  }
  if (plan.variant === "replay") await tryAgain(page);
  if (plan.screenshot) await page.screenshot({ path: plan.screenshot, fullPage: true });
} catch (error) {
  report.failure = String(error.stack ?? error);
} finally {
  await browser.close();
}
process.stdout.write(`${JSON.stringify(report)}\n`);

/** A page of a browser of its own, that is: with cookies of its own. */
async function newPage() {
  const context = await browser.newContext();
  context.setDefaultTimeout(LIMIT);
  const page = await context.newPage();
  page.on("response", (response) => note(response).catch((error) => report.errors.push(String(error))));
  page.on("pageerror", (error) => report.errors.push(String(error)));
  page.on("console", (line) => line.type() === "error" && report.errors.push(line.text()));
  return page;
}

/** Takes down what went over the wire. */
async function note(response) {
  const request = response.request();
  const seen = { method: request.method(), url: response.url(), status: response.status() };
  if (request.isNavigationRequest()) report.visited.push(seen);
  else report.requests.push(seen);
  if (request.method() === "POST" && TOKEN.test(request.url())) {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    report.token_request = { url: request.url(), method: "POST", headers, body: request.postData() };
  }
  if (!response.url().startsWith(plan.server)) return;
  for (const { name, value } of await response.headersArray()) {
    if (name.toLowerCase() === "set-cookie") report.set_cookies.push({ url: response.url(), value });
  }
}

/** Fills in the page of the identity provider, when one shows up. */
async function signIn(page) {
  const form = page.locator('input[name="name"]');
  await form.or(page.locator("#shown")).or(page.locator("main, h1")).first().waitFor();
  if ((await form.count()) === 0) return;
  if (plan.sign_in === "cancel") {
    await page.click('button[value="cancel"]');
    return;
  }
  await page.fill('input[name="name"]', plan.sign_in.name);
  await page.fill('input[name="password"]', plan.sign_in.password);
  await page.click('button[value="sign-in"]');
}

/** The page at which it ended: what the module shows, or an error page. */
async function settled(page) {
  await page.waitForLoadState("load");
  if (!page.url().startsWith(plan.server)) {
    await page.waitForSelector("#shown", { state: "attached" });
  }
  const shown = page.locator("#shown");
  const visited = report.visited.filter(({ url }) => url.split("#")[0] === page.url().split("#")[0]);
  return {
    url: page.url(),
    status: visited.at(-1)?.status,
    language: await page.evaluate(() => document.documentElement.lang),
    title: await page.title(),
    text: await page.evaluate(() => document.body.innerText),
    html: await page.content(),
    shown: (await shown.count()) ? JSON.parse(await shown.textContent()) : undefined,
  };
}

/** What one page answers when it is opened by itself. */
async function opened(page, url) {
  const response = await page.goto(url);
  return { status: response.status(), url: page.url(), text: await page.evaluate(() => document.body.innerText) };
}

/** The callback of one browser's sign-in, stolen, is opened in another browser. */
async function launchInTwoBrowsers(page) {
  let stolen;
  const took = new Promise((resolve) => {
    page.on("request", (request) => {
      if (!CALLBACK.test(request.url())) return;
      stolen = request.url();
      resolve();
    });
  });
  // Playwright cannot route a redirect; the protocol of the browser can.
  const session = await page.context().newCDPSession(page);
  await session.send("Fetch.enable", { patterns: [{ urlPattern: "*/oauth2/idp/callback*" }] });
  session.on("Fetch.requestPaused", ({ requestId }) => {
    session.send("Fetch.failRequest", { requestId, errorReason: "Aborted" });
  });
  await page.goto(plan.start);
  await signIn(page);
  await took;
  report.stolen = stolen;
  const other = await newPage();
  report.other_browser = await opened(other, stolen);
  await session.send("Fetch.disable");
  await page.goto(stolen);
  report.last = await settled(page);
}

/** Back, and everything that can be asked twice is asked twice. */
async function tryAgain(page) {
  const find = (what) => report.visited.find(({ url }) => what.test(url))?.url;
  const [callback, authorize] = [find(CALLBACK), find(AUTHORIZE)];
  report.back = await page.goBack().then((response) => ({ status: response?.status(), url: page.url() }));
  report.callback_again = await opened(page, callback);
  report.authorize_again = await opened(page, authorize);
  report.token_again = await (await fetch(report.token_request.url, report.token_request)).json();
}

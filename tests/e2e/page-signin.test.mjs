// The page where nobody is let in without a key or token, and on a network that fails silently.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {rmSync} from "node:fs";
import {join} from "node:path";
import {Network} from "../doubles/network.mjs";
import {answers, launch, say, screenshot} from "./browser.mjs";
import {KEY, production, token} from "./credentials.mjs";
import {scratch, SLOW, Stack, uuid} from "./harness.mjs";

const EXPIRY_S = 8 * SLOW; // long enough for what comes before it

describe("signing in to the page", () => {
  let stack, browser, dir;
  before(async () => {
    dir = scratch("tp-page-");
    stack = await Stack.start({settings: production(join(dir, "keys"))}); // no `origins`: it is the site's own page
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await stack.stop();
    rmSync(dir, {recursive: true});
  });

  async function open(t, hash = "", options = {}) {
    const context = await browser.newContext({viewport: {width: 900, height: 700}, ...options});
    t.after(() => context.close());
    const page = await context.newPage();
    page.urls = [];
    page.on("request", r => page.urls.push(r.url()));
    page.on("websocket", s => page.urls.push(s.url()));
    await page.goto(`${stack.url}/${hash && `#${hash}`}`);
    return page;
  }
  const connected = page => page.locator("#state[data-state=live]").waitFor();
  const field = page => page.getByLabel("Key or token");
  async function signIn(page, key) {
    await field(page).fill(key);
    await field(page).press("Enter");
  }

  test("asks for a key or token, takes a key, and keeps it in this tab only", async t => {
    const page = await open(t);
    await field(page).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "token");
    assert.equal(await page.locator("#text").isVisible(), false, "nothing can be written yet");
    await screenshot(page, "signin");
    await signIn(page, KEY);
    await connected(page);
    assert.equal(await field(page).isVisible(), false);
    await say(page, "hello [[text say=Come_in.]]");
    await answers(page).filter({hasText: "Come in."}).waitFor();
    assert.equal(await page.locator("#development").isVisible(), false);
    assert.ok(!page.urls.some(u => u.includes(KEY)), "the key stands in an address");
    assert.ok(page.urls.some(u => /^ws:.*ticket=/.test(u)), "the socket is opened by ticket");
    const kept = await page.evaluate(() => [JSON.stringify({...localStorage}), JSON.stringify({...sessionStorage}), document.cookie]);
    assert.deepEqual(kept.map(k => k.includes(KEY)), [false, true, false]);
    await page.reload();
    await connected(page);
    await answers(page).filter({hasText: "Come in."}).waitFor();
    const other = await page.context().newPage();
    await other.goto(stack.url);
    await field(other).waitFor();
  });

  test("says that a key is wrong, and takes another try", async t => {
    const page = await open(t, "", {viewport: {width: 360, height: 640}, colorScheme: "dark"});
    await signIn(page, "tpk_ffffffffffffffffffffffffffffffffffffffffffffffff");
    await page.getByRole("alert").filter({hasText: "This key or token was not accepted."}).waitFor();
    await screenshot(page, "signin-wrong");
    await signIn(page, "schlüssel mit blank");
    await page.getByRole("alert").filter({hasText: "letters, digits and signs"}).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await signIn(page, `  Bearer ${KEY} `);
    await connected(page);
  });

  test("works under each name that the site has", async t => {
    const page = await open(t);
    await page.goto(stack.url.replace("127.0.0.1", "localhost"));
    await signIn(page, KEY);
    await connected(page);
  });

  test("says that the site's address is not one of those allowed", async t => {
    const page = await open(t);
    await page.route("**/ws-ticket", route => route.fulfill({ // as behind a proxy that changes Host
      status: 403, contentType: "application/problem+json", body: JSON.stringify({code: "origin_not_allowed", status: 403, detail: "This origin is not in the setting `origins`."}),
    }));
    await signIn(page, KEY);
    await page.getByRole("alert").filter({hasText: "`origins`"}).waitFor();
  });

  test("a server that is away is not a wrong key", async t => {
    const page = await open(t);
    await field(page).waitFor();
    await page.context().setOffline(true);
    await signIn(page, KEY);
    await page.getByRole("alert").filter({hasText: "cannot be reached"}).waitFor();
    await page.context().setOffline(false);
    await page.getByRole("button", {name: "Sign in"}).click();
    await connected(page);
  });

  test("takes a token from the address, and removes it from there at once", async t => {
    const jwt = token("bob"), session = uuid();
    const page = await open(t, `token=${jwt}&session=${session}`);
    await connected(page);
    assert.equal(new URL(page.url()).hash, `#${session}`);
    await say(page, "hello [[text say=Hello_Bob.]]");
    await answers(page).filter({hasText: "Hello Bob."}).waitFor();
    assert.equal(await page.evaluate(() => history.length), 2, "about:blank and the page: no entry holds the token");
    assert.ok(!page.urls.slice(1).some(u => u.includes(jwt)));
  });

  test("a token in the address that is not good is said to be so", async t => {
    const page = await open(t, `token=${token("bob", -10)}`);
    await page.getByRole("alert").filter({hasText: "not accepted"}).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    assert.ok(!page.url().includes("token="));
  });

  test("a sign-in that ends loses nothing: what is written meanwhile is sent after the next", async t => {
    const page = await open(t, `token=${token("carol", EXPIRY_S)}`);
    await connected(page);
    await say(page, "first [[text say=One.]]");
    await answers(page).filter({hasText: "One."}).waitFor();
    await page.getByRole("heading", {name: "Sign in again"}).waitFor();
    await say(page, "second [[text say=Two.]]");
    await page.locator(".user.waiting .note", {hasText: "not sent yet"}).waitFor();
    await screenshot(page, "signin-again");
    await signIn(page, token("carol"));
    await answers(page).filter({hasText: "Two."}).waitFor();
    await page.locator(".user.waiting").waitFor({state: "detached"});
    assert.equal(await page.locator(".user").count(), 2);
    assert.equal(await field(page).isVisible(), false);
  });

  test("another user sees and sends nothing of the one before", async t => {
    const page = await open(t, `token=${token("dave", EXPIRY_S)}`);
    await connected(page);
    await say(page, "private [[text say=For_Dave.]]");
    await answers(page).filter({hasText: "For Dave."}).waitFor();
    await page.getByRole("heading", {name: "Sign in again"}).waitFor();
    await say(page, "unsent words");
    const asked = stack.double.requests.length;
    await signIn(page, token("erin"));
    await connected(page);
    assert.equal(await page.locator(".message").count(), 0);
    assert.equal(await page.locator("#text").inputValue(), "unsent words");
    assert.equal(stack.double.requests.length, asked);
  });

  test("signs out: nothing is kept, and what stood there is gone", async t => {
    const page = await open(t);
    await signIn(page, KEY);
    await connected(page);
    await say(page, "hello [[text say=Come_in.]]");
    await answers(page).filter({hasText: "Come in."}).waitFor();
    await page.getByRole("button", {name: "Sign out"}).click();
    await field(page).waitFor();
    assert.equal(await page.locator(".message").count(), 0);
    assert.deepEqual(await page.evaluate(() => [sessionStorage.length, localStorage.length]), [0, 0]);
    await page.reload();
    await field(page).waitFor();
  });
});

describe("the page on a network that falls silent", () => {
  let stack, browser, network;
  before(async () => {
    stack = await Stack.start();
    network = await Network.start(stack.port);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await network?.stop();
    await stack.stop();
  });

  async function open(t) {
    const context = await browser.newContext({viewport: {width: 900, height: 700}});
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${network.port}/`);
    await page.locator("#state[data-state=live]").waitFor();
    return page;
  }
  /** Another socket than the dead one. Ask for it before what brings it. */
  const anew = page => page.waitForEvent("websocket", {timeout: 10000 * SLOW});

  test("in development mode nobody is asked, and the page says that it is that", async t => {
    const page = await open(t);
    await page.locator("#development").waitFor();
    assert.equal(await page.getByLabel("Key or token").isVisible(), false);
    assert.equal(await page.locator("#out").isVisible(), false);
  });

  test("a send finds the dead socket, and its message arrives once", async t => {
    const page = await open(t);
    network.silence();
    const another = anew(page);
    await say(page, "anybody there? [[text say=Yes.]]");
    await another;
    await answers(page).filter({hasText: "Yes."}).waitFor();
    assert.equal(await page.locator(".user").count(), 1);
    assert.equal(await answers(page).count(), 1);
  });

  test("shows that it connects again for as long as nothing goes through", async t => {
    const page = await open(t);
    network.silence({alsoNew: true});
    t.after(() => network.restore());
    await say(page, "and now? [[text say=Again.]]");
    await page.locator("#state-text", {hasText: "Reconnecting"}).waitFor();
    await page.locator(".user.waiting").waitFor();
    network.restore();
    await page.evaluate(() => dispatchEvent(new Event("online"))); // does not wait for the hanging try
    await answers(page).filter({hasText: "Again."}).waitFor();
  });

  test("a reminder that came while nothing went through is told afterwards, whatever comes first", async t => {
    const page = await open(t);
    const push = message => stack.post("/tools/send_proactive_message", {type: "tip", message});
    network.silence({alsoNew: true});
    t.after(() => network.restore());
    await push("Sent into the silence");
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.locator("#state[data-state=resuming]").waitFor();
    network.restore();
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.locator("#state[data-state=live]").waitFor();
    await push("Sent afterwards");
    for (const text of ["Sent into the silence", "Sent afterwards"]) await page.locator("#toasts .toast", {hasText: text}).waitFor();
  });

  test("the system's word that the network is back finds it without a send", async t => {
    const page = await open(t);
    network.silence();
    const another = anew(page);
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await another;
    await page.locator("#state[data-state=live]").waitFor();
  });
});

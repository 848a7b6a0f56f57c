// SPDX-License-Identifier: BSD-2-Clause
// The page where nobody is let in without a key or token, and on a network that fails silently.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import {rmSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {Network} from "../doubles/network.mjs";
import {answers, launch, say, screenshot} from "./browser.mjs";
import {KEY, production, token} from "./credentials.mjs";
import {eventually, scratch, SLOW, Stack, uuid} from "./harness.mjs";

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
    await field(page).waitFor();
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
    assert.equal(new URL(page.url()).hash, `#/c/${session}`);
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
    assert.equal(await page.locator("#text").inputValue(), "", "what one user wrote is not for the next one");
    assert.equal(stack.double.requests.length, asked);
  });

  test("a link with another user's token asks before it signs in as somebody else", async t => {
    const page = await open(t, `token=${token("olga")}`), asked = [];
    await connected(page);
    let answer = false;
    page.on("dialog", dialog => {
      asked.push(dialog.message());
      return answer ? dialog.accept() : dialog.dismiss();
    });
    const kept = () => page.evaluate(() => JSON.stringify({...sessionStorage}));
    const before = await kept(), other = token("pavel");
    await page.goto(`${stack.url}/#token=${other}`);
    await eventually(() => asked.length === 1, "it asks");
    assert.match(asked[0], /somebody else/);
    assert.doesNotMatch(page.url(), /token=/);
    assert.equal(await kept(), before);
    answer = true;
    await page.goto(`${stack.url}/#token=${other}`);
    await eventually(async () => (await kept()).includes(other), "it is taken once the user agrees");
    assert.equal(asked.length, 2);
    await page.goto(`${stack.url}/#token=${token("pavel")}`); // the same user's: no question
    await eventually(async () => !(await kept()).includes(other), "a newer token of the same user is taken");
    assert.equal(asked.length, 2);
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

// ---- a page that holds this one --------------------------------------------------------------------------

/** Another site's page on a port of its own; what it is sent by postMessage is in `window.heard`. */
async function site() {
  const server = http.createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>another site</title><script>heard = []; addEventListener('message', e => heard.push({origin: e.origin, data: e.data}));</script>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {origin: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); }};
}

describe("signing in to the page of a site that wants a cookie (page.session)", () => {
  let stack, browser, dir;
  before(async () => {
    dir = scratch("tp-page-");
    stack = await Stack.start({settings: {...production(join(dir, "keys")), "page.session": "cookie"}});
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await stack.stop();
    rmSync(dir, {recursive: true});
  });
  const connected = page => page.locator("#state[data-state=live]").waitFor();
  const seen = page => page.evaluate(() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie]));

  test("the key is in no storage, the sign-in outlives the tab, and signing out ends it", async t => {
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(stack.url);
    await page.getByLabel("Key or token").fill(KEY);
    await page.getByLabel("Key or token").press("Enter");
    await connected(page);
    await say(page, "hello [[text say=Come_in.]]");
    await answers(page).filter({hasText: "Come in."}).waitFor();
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ["turnpike-page", true, "Strict"]);
    const kept = await seen(page);
    assert.ok(!kept.includes(KEY) && !kept.includes(cookie.value) && !kept.includes("turnpike-token"), kept);
    await page.reload();
    await connected(page);
    await answers(page).filter({hasText: "Come in."}).waitFor();
    const other = await context.newPage();
    await other.goto(stack.url);
    await connected(other);
    await other.close();
    await page.locator("#out").click();
    await page.getByLabel("Key or token").waitFor();
    assert.deepEqual(await context.cookies(), []);
    assert.equal((await stack.get("/sessions", {headers: {Cookie: `turnpike-page=${cookie.value}`}})).status, 401);
  });

  test("a token in the address is changed for the cookie, too", async t => {
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage(), jwt = token("bob");
    await page.goto(`${stack.url}/#token=${jwt}`);
    await connected(page);
    await eventually(async () => (await context.cookies()).length === 1, "the cookie is there");
    await eventually(async () => !(await seen(page)).includes(jwt), "the token is kept nowhere");
    await page.reload();
    await connected(page);
  });

  test("says that a key is wrong", async t => {
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(stack.url);
    await page.getByLabel("Key or token").fill("tpk_ffffffffffffffffffffffffffffffffffffffffffffffff");
    await page.getByLabel("Key or token").press("Enter");
    await page.getByRole("alert").filter({hasText: "This key or token was not accepted."}).waitFor();
    assert.deepEqual(await context.cookies(), []);
  });
});

describe("a page that hands over a token", () => {
  let stack, browser, dir, friend, stranger;
  before(async () => {
    dir = scratch("tp-page-");
    [friend, stranger] = [await site(), await site()];
    stack = await Stack.start({settings: {...production(join(dir, "keys")), "page.post_message": friend.origin}});
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    friend?.close();
    stranger?.close();
    await stack.stop();
    rmSync(dir, {recursive: true});
  });

  /** A page of `at` that has opened the chat page: {holder, page}. send(token): as such a page does. */
  async function held(t, at) {
    const context = await browser.newContext();
    t.after(() => context.close());
    const holder = await context.newPage();
    await holder.goto(at.origin);
    const opened = context.waitForEvent("page");
    await holder.evaluate(url => { globalThis.chat = open(url); }, stack.url);
    const page = await opened;
    await page.getByLabel("Key or token").waitFor();
    return {holder, page, send: (data, to = stack.url) => holder.evaluate(([data, to]) => chat.postMessage(data, to), [data, to])};
  }

  test("of a named origin: it hears that the page is ready, and its token signs in", async t => {
    const {holder, page, send} = await held(t, friend);
    await holder.waitForFunction(() => heard.length > 0);
    assert.deepEqual(await holder.evaluate(() => heard[0]), {origin: stack.url, data: {type: "turnpike-ready"}});
    await send({type: "turnpike-token", token: token("frank")});
    await page.locator("#state[data-state=live]").waitFor();
    await say(page, "hello [[text say=Hello_Frank.]]");
    await answers(page).filter({hasText: "Hello Frank."}).waitFor();
    assert.ok(!page.url().includes("token"));
  });

  test("renews it: the page says that it is ready again, and the conversation goes on", async t => {
    const {holder, page, send} = await held(t, friend);
    await send({type: "turnpike-token", token: token("grace", EXPIRY_S)});
    await page.locator("#state[data-state=live]").waitFor();
    await say(page, "first [[text say=One.]]");
    await answers(page).filter({hasText: "One."}).waitFor();
    const before = await holder.evaluate(() => heard.length);
    await page.getByRole("heading", {name: "Sign in again"}).waitFor();
    await holder.waitForFunction(n => heard.length > n, before);
    await send({type: "turnpike-token", token: token("grace")});
    await page.locator("#state[data-state=live]").waitFor();
    assert.equal(await answers(page).filter({hasText: "One."}).count(), 1);
    assert.equal(await page.getByLabel("Key or token").isVisible(), false);
  });

  test("of another origin hears nothing, and its token is not taken; nor is what is no token", async t => {
    const {holder, page, send} = await held(t, stranger);
    await send({type: "turnpike-token", token: token("mallory")});
    const other = await held(t, friend);
    for (const data of [null, "turnpike-token", {type: "turnpike-token"}, {type: "turnpike-token", token: {}}, {type: "turnpike-token", token: " "}, {token: token("x")}]) await other.send(data);
    await other.send({type: "turnpike-token", token: "nonsense"});
    await other.page.getByRole("alert").filter({hasText: "not accepted"}).waitFor(); // all before it have been heard
    assert.equal(await page.getByLabel("Key or token").isVisible(), true);
    assert.deepEqual(await holder.evaluate(() => heard), []);
    for (const p of [page, other.page]) assert.equal(await p.evaluate(() => sessionStorage.length), 0);
  });

  test("a window of a named origin that does not hold the page is not heard", async t => {
    const {holder, page} = await held(t, friend);
    const sent = await page.evaluate(token => { // as the page itself, or a frame in it, would
      dispatchEvent(new MessageEvent("message", {data: {type: "turnpike-token", token}, origin: "null", source: window}));
      return true;
    }, token("mallory"));
    assert.ok(sent);
    await holder.evaluate(() => chat.postMessage({type: "turnpike-token", token: "nonsense"}, "*"));
    await page.getByRole("alert").filter({hasText: "not accepted"}).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });
});

// ---- the site's own log-in -----------------------------------------------------------------------------------

describe("the page where the site has a log-in of its own", () => {
  const NAME = "turnpike-login";
  let stack, browser, dir;
  before(async () => {
    dir = scratch("tp-page-");
    stack = await Stack.start({settings: {...production(join(dir, "keys")), "auth.cookie": NAME, "page.sign_in_url": "/client/?login", "page.sign_out_url": "/client/?logout"}});
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await stack.stop();
    rmSync(dir, {recursive: true});
  });

  const login = (context, user, seconds = 300) => context.addCookies([{name: NAME, value: token(user, seconds), url: stack.url, httpOnly: true, sameSite: "Lax"}]);
  async function open(t, user, seconds) {
    const context = await browser.newContext({viewport: {width: 900, height: 700}});
    t.after(() => context.close());
    if (user) await login(context, user, seconds);
    const page = await context.newPage();
    await page.goto(stack.url);
    return page;
  }

  test("who is signed in there is signed in here, and no script sees how", async t => {
    const page = await open(t, "heidi");
    await page.locator("#state[data-state=live]").waitFor();
    await say(page, "hello [[text say=Hello_Heidi.]]");
    await answers(page).filter({hasText: "Hello Heidi."}).waitFor();
    assert.equal(await page.getByRole("heading", {name: "Sign in"}).isVisible(), false);
    assert.deepEqual(await page.evaluate(() => [document.cookie, sessionStorage.length]), ["", 0]);
    await page.reload();
    await answers(page).filter({hasText: "Hello Heidi."}).waitFor();
  });

  test("who is not is led there, and back signed in", async t => {
    const page = await open(t);
    const link = page.getByRole("link", {name: "Go to the sign-in of this site"});
    await link.waitFor();
    assert.equal(new URL(await link.getAttribute("href"), stack.url).href, `${stack.url}/client/?login`);
    assert.equal(await page.getByLabel("Key or token").isVisible(), false);
    await screenshot(page, "signin-cookie");
    await login(page.context(), "ivan");
    await page.goto(stack.url);
    await page.locator("#state[data-state=live]").waitFor();
  });

  test("a cookie that the site renews goes on by itself; one that ends asks to sign in again", async t => {
    const page = await open(t, "judy", EXPIRY_S);
    await page.locator("#state[data-state=live]").waitFor();
    await say(page, "first [[text say=One.]]");
    await answers(page).filter({hasText: "One."}).waitFor();
    const anew = page.waitForEvent("websocket", {timeout: 30000 * SLOW});
    await login(page.context(), "judy", 2 * EXPIRY_S);
    await anew; // the first token has ended
    await page.locator("#state[data-state=live]").waitFor();
    assert.equal(await page.getByRole("heading", {name: "Sign in again"}).isVisible(), false);
    await page.getByRole("heading", {name: "Sign in again"}).waitFor({timeout: 30000 * SLOW});
    assert.equal(await answers(page).filter({hasText: "One."}).count(), 1);
    await page.getByRole("link", {name: "Go to the sign-in of this site"}).waitFor();
  });

  test("signs out where the site does", async t => {
    const page = await open(t, "kim");
    await page.locator("#state[data-state=live]").waitFor();
    await page.getByRole("button", {name: "Sign out"}).click();
    await page.waitForURL(`${stack.url}/client/?logout`);
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

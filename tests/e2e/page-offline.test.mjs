// SPDX-License-Identifier: BSD-2-Clause
// The page without a network, and told while it is closed: its files, the last chat, messages that wait, notifications, its end at sign-out.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {once} from "node:events";
import {copyFileSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {startPushService} from "../doubles/push-double.mjs";
import {answers, launch, say, screenshot} from "./browser.mjs";
import {production, token} from "./credentials.mjs";
import {BUILD, eventually, scratch, Stack, TOP, uuid} from "./harness.mjs";

/** How many of these the page keeps. */
const kept = (page, store) => page.evaluate(store => new Promise((done, fail) => {
  const open = indexedDB.open("turnpike");
  open.onsuccess = () => {
    const db = open.result;
    if (!db.objectStoreNames.contains(store)) return done(0);
    const count = db.transaction(store).objectStore(store).count();
    count.onsuccess = () => { db.close(); done(count.result); };
  };
  open.onerror = () => fail(open.error);
}), store);
const keeps = (page, store, count, what) => eventually(async () => await kept(page, store) === count, what);
const installed = page => page.evaluate(async () => {
  const {active} = await navigator.serviceWorker.ready;
  if (active.state !== "activated") await new Promise(done => active.addEventListener("statechange", () => active.state === "activated" && done()));
});
const live = page => page.locator("#state[data-state=live]").waitFor();

describe("the page without a network", () => {
  let stack, browser, service, dir, publicKey;
  before(async () => {
    dir = scratch("tp-offline-");
    writeFileSync(join(dir, "push.pem"), execFileSync(join(BUILD, "turnpike"), ["push-key"]), {mode: 0o600});
    service = await startPushService();
    stack = await Stack.start({settings: {"push.key_file": join(dir, "push.pem"), "push.subject": "mailto:operator@example.org", "push.allow_private": "on"}});
    publicKey = (await stack.get("/page")).json.push.public_key;
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    service.close();
    await stack.stop();
    rmSync(dir, {recursive: true});
  });

  async function open(t, {user = uuid(), hash = uuid(), init} = {}) {
    const context = await browser.newContext({viewport: {width: 900, height: 700}});
    t.after(() => context.close());
    await context.setExtraHTTPHeaders({"X-Dev-User": user});
    if (init) await context.addInitScript(init.script, init.arg);
    const page = await context.newPage();
    await page.goto(`${stack.url}/#${hash}`);
    await live(page);
    return Object.assign(page, {user, session: hash});
  }

  test("the operator's page takes its files from the server, not those that the page keeps", async t => {
    const page = await open(t);
    await installed(page);
    await page.evaluate(async () => {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) if (request.url.endsWith("/early.js")) await cache.put(request, new Response("// kept"));
      }
    });
    const read = () => page.evaluate(() => fetch("/early.js", {cache: "no-store"}).then(reply => reply.text()));
    await page.reload(); // from now on the worker serves it
    assert.equal(await read(), "// kept");
    await page.goto(`${stack.url}/admin/`);
    assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null));
    assert.notEqual(await read(), "// kept");
  });

  test("starts without it: the shell and the last chat are there; what is written then is sent once when it is back", async t => {
    const page = await open(t), context = page.context();
    await say(page, "where to? [[text say=North.]]");
    await answers(page).filter({hasText: "North."}).waitFor();
    await installed(page);
    await keeps(page, "chats", 1, "the chat is kept");
    await context.setOffline(true);
    await page.reload();
    await page.locator(".user", {hasText: "where to?"}).waitFor();
    await answers(page).filter({hasText: "North."}).waitFor();
    assert.notEqual(await page.locator("#state").getAttribute("data-state"), "live");
    await page.locator("#show-chats").click();
    await page.locator("#chats a", {hasText: "where to?"}).waitFor();
    await page.keyboard.press("Escape");
    await screenshot(page, "offline");
    await say(page, "written offline [[text say=Heard.]]");
    await keeps(page, "unsent", 1, "the message is kept");
    await page.reload();
    await page.locator(".user", {hasText: "written offline"}).waitFor();
    const second = await context.newPage(); // and another tab finds it, too
    await second.goto(`${stack.url}/#${page.session}`);
    await second.locator(".user", {hasText: "written offline"}).waitFor();
    await context.setOffline(false);
    for (const p of [page, second]) await p.evaluate(() => dispatchEvent(new Event("online")));
    for (const p of [page, second]) await answers(p).filter({hasText: "Heard."}).waitFor();
    await keeps(page, "unsent", 0, "nothing waits any more");
    const {messages} = (await stack.get(`/sessions/${page.session}/messages`, {headers: {"X-Dev-User": page.user}})).json;
    assert.equal(messages.filter(m => m.role === "user" && JSON.stringify(m.content).includes("written offline")).length, 1);
    assert.equal(messages.filter(m => m.role === "assistant" && JSON.stringify(m.content).includes("Heard.")).length, 1);
    for (const p of [page, second]) {
      assert.equal(await p.locator(".user", {hasText: "written offline"}).count(), 1);
      assert.equal(await answers(p).filter({hasText: "Heard."}).count(), 1);
    }
  });

  test("a message of a chat that is not open any more is sent by the next start", async t => {
    const page = await open(t), context = page.context(), first = page.session;
    await installed(page);
    await context.setOffline(true);
    await page.reload();
    await page.locator("#text").waitFor();
    await say(page, "left behind [[text say=Found.]]");
    await keeps(page, "unsent", 1, "the message is kept");
    await page.close();
    await context.setOffline(false);
    const next = await context.newPage();
    await next.goto(`${stack.url}/#${uuid()}`);
    await live(next);
    await eventually(async () => (await stack.get(`/sessions/${first}/messages`, {headers: {"X-Dev-User": page.user}})).json.messages?.some(m => m.role === "assistant"), "it was answered");
    await keeps(next, "unsent", 0, "nothing waits any more");
  });

  test("can be installed", async t => {
    const page = await open(t);
    await installed(page);
    const cdp = await page.context().newCDPSession(page);
    const {errors, data, url} = await cdp.send("Page.getAppManifest");
    assert.deepEqual(errors, []);
    assert.equal(url, `${stack.url}/manifest.webmanifest`);
    const manifest = JSON.parse(data);
    for (const {src} of manifest.icons) assert.equal((await stack.get(`/${src}`, {raw: true})).headers["content-type"], "image/svg+xml; charset=utf-8");
    assert.equal((await stack.get("/manifest.webmanifest", {raw: true})).headers["content-type"], "application/manifest+json");
    assert.deepEqual((await cdp.send("Page.getInstallabilityErrors")).installabilityErrors.filter(e => e.errorId !== "in-incognito"), []);
    const worker = await stack.get("/sw.js", {raw: true});
    assert.equal(worker.headers["cache-control"], "no-cache");
    assert.match(worker.headers["content-security-policy"], /worker-src 'self'/);
  });

  test("opens with a new chat, and with what another program shares", async t => {
    const page = await open(t);
    await page.goto(`${stack.url}/?title=Ferry&text=${encodeURIComponent("at <b>9</b>")}#new`);
    await live(page);
    assert.equal(await page.locator("#text").inputValue(), "Ferry\nat <b>9</b>");
    assert.match(page.url(), /\/#\/c\/[0-9a-f-]{36}$/);
    assert.ok(!page.url().includes(page.session));
  });

  /** A browser whose subscriptions are of our push service: Chromium's own cannot be reached from here. */
  const subscriber = json => ({
    arg: json,
    script: json => {
      let subscription = null;
      const fake = {endpoint: json.endpoint, options: {}, toJSON: () => json, unsubscribe: async () => { subscription = null; return true; }};
      PushManager.prototype.getSubscription = async () => subscription;
      PushManager.prototype.subscribe = async options => {
        globalThis.subscribedWith = options;
        return subscription = fake;
      };
    },
  });

  test("a reminder that comes while the page is closed is a notification; its buttons answer it", async t => {
    const device = service.subscribe(publicKey), page = await open(t, {init: subscriber(device.json)}), context = page.context();
    await context.grantPermissions(["notifications"]);
    await installed(page);
    await page.locator("#open-settings").click();
    await page.locator("#settings").getByLabel("Notify this device").check();
    await keeps(page, "state", 2, "the subscription is kept, and whose it is");
    const asked = await page.evaluate(() => ({visible: subscribedWith.userVisibleOnly, key: btoa(String.fromCharCode(...subscribedWith.applicationServerKey))}));
    assert.deepEqual(asked, {visible: true, key: Buffer.from(publicKey, "base64url").toString("base64")});
    const cdp = await context.newCDPSession(page);
    const registered = new Promise(done => cdp.on("ServiceWorker.workerRegistrationUpdated", ({registrations}) => registrations[0] && done(registrations[0].registrationId)));
    await cdp.send("ServiceWorker.enable");
    const registrationId = await registered, [worker] = context.serviceWorkers();
    /** What the push service got reaches the browser, as the browser's own service would bring it. */
    const deliver = async message => {
      const {headers, claims, length, cipher, ...data} = message;
      await cdp.send("ServiceWorker.deliverPushMessage", {origin: stack.url, registrationId, data: JSON.stringify(data)});
    };
    const shown = () => worker.evaluate(async () => (await registration.getNotifications()).map(n => ({title: n.title, body: n.body, tag: n.tag, actions: n.actions.map(a => a.title)})));
    const click = (tag, action) => worker.evaluate(async ({tag, action}) => {
      const [notification] = await registration.getNotifications({tag});
      dispatchEvent(new NotificationEvent("notificationclick", {notification, action}));
    }, {tag, action});
    const tell = message => stack.post("/tools/send_proactive_message", {type: "tip", message}, {headers: {"X-Dev-User": page.user}});
    const states = async () => (await stack.get("/inbox", {headers: {"X-Dev-User": page.user}})).json.messages.map(m => m.state);

    await tell("seen on the page");
    await eventually(() => device.messages.length === 1, "the first is pushed");
    await page.locator("#toasts .toast", {hasText: "seen on the page"}).waitFor();
    await deliver(device.messages[0]);
    await page.goto("about:blank"); // nobody looks any more
    await eventually(() => worker.evaluate(async () => (await clients.matchAll({type: "window"})).length === 0), "the page is gone");
    await tell("The ferry is late.");
    await tell("The ferry has left.");
    await eventually(() => device.messages.length === 3, "both are pushed");
    const [, late, left] = device.messages;
    await deliver(late);
    await deliver(late); // comes twice, is shown once
    await deliver(left);
    await deliver({...left, to: "somebody-else", id: "other", body: "not for this person"});
    await eventually(async () => (await shown()).length === 2, "two notifications");
    const list = await shown();
    assert.deepEqual(list.map(n => n.body).sort(), ["The ferry has left.", "The ferry is late."]);
    assert.ok(list.every(n => n.title === "A message from your assistant"));
    assert.deepEqual(list[0].actions, ["Got it", "In 10 minutes"]);
    await click(late.id, "ack");
    await eventually(async () => (await states()).includes("acknowledged"), "acknowledged");
    await click(left.id, "snooze");
    await eventually(async () => (await states()).includes("snoozed"), "snoozed");
    assert.deepEqual(await states(), ["new", "acknowledged", "snoozed"]);
    assert.deepEqual(await shown(), []);
  });
});

describe("signing out", () => {
  let stack, browser, dir;
  before(async () => {
    dir = scratch("tp-offline-");
    stack = await Stack.start({settings: production(join(dir, "keys"))});
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await stack.stop();
    rmSync(dir, {recursive: true});
  });

  test("leaves nothing of the user here; another user's start neither", async t => {
    const context = await browser.newContext({viewport: {width: 900, height: 700}});
    t.after(() => context.close());
    let page = await context.newPage();
    await page.goto(`${stack.url}/#token=${token("alice")}&session=${uuid()}`);
    await live(page);
    await say(page, "a secret plan [[text say=Shh.]]");
    await answers(page).filter({hasText: "Shh."}).waitFor();
    await keeps(page, "chats", 1, "the chat is kept");
    await page.locator("#out").click();
    await keeps(page, "chats", 0, "nothing is kept");
    assert.equal(await kept(page, "state"), 0);
    await page.close();
    page = await context.newPage();
    await page.goto(`${stack.url}/#token=${token("bob")}&session=${uuid()}`);
    await live(page);
    await say(page, "bob's plan [[text say=Aha.]]");
    await answers(page).filter({hasText: "Aha."}).waitFor();
    await keeps(page, "chats", 1, "bob's chat is kept");
    await page.close(); // without signing out
    page = await context.newPage();
    await page.goto(`${stack.url}/#token=${token("carol")}&session=${uuid()}`);
    await live(page);
    await keeps(page, "chats", 0, "bob's is gone");
    const caches = await page.evaluate(async () => {
      const urls = [];
      for (const name of await caches.keys()) for (const {url} of await (await caches.open(name)).keys()) urls.push(new URL(url).pathname);
      return urls;
    });
    assert.deepEqual(caches.filter(path => path.startsWith("/api/")), []);
  });
});

// Of sw.js alone, with a site of a few files whose versions this test makes.
describe("another version of the page", () => {
  let browser, dir, server, url;
  before(async () => {
    dir = scratch("tp-files-");
    execFileSync("mkdir", [join(dir, "web")]);
    copyFileSync(join(TOP, "web/sw.js"), join(dir, "web/sw.js"));
    server = http.createServer((request, response) => {
      const path = new URL(request.url, "http://x").pathname, name = path === "/" ? "index.html" : path.slice(1);
      const type = {html: "text/html", js: "text/javascript"}[name.split(".").at(-1)];
      try {
        response.writeHead(200, {"Content-Type": type, "Cache-Control": "no-cache"}).end(readFileSync(join(dir, "web", name)));
      } catch {
        response.writeHead(404).end();
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${server.address().port}/`;
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    server.closeAllConnections();
    server.close();
    rmSync(dir, {recursive: true});
  });

  const FILES = ["index.html", "app.js", "late.js"];
  /** Writes a version; listed: the list of files says so, too. */
  function deploy(version, listed = true) {
    writeFileSync(join(dir, "web/index.html"), `<!doctype html><title>${version}</title><script type="module" src="app.js"></script>`);
    writeFileSync(join(dir, "web/app.js"), `globalThis.app = "${version}"; globalThis.late = async () => (await import("./late.js")).late;`);
    writeFileSync(join(dir, "web/late.js"), `export const late = "${version}";`);
    if (listed) execFileSync(join(TOP, "build-aux/make-files"), ["web/files.js", dir, ...FILES.map(f => `web/${f}`)], {cwd: dir});
  }
  const parts = page => page.evaluate(async () => [document.title, globalThis.app, await globalThis.late()]);
  const update = page => page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    await registration.update().catch(() => {});
    const worker = registration.installing;
    if (worker) await new Promise(done => worker.addEventListener("statechange", () => /activated|redundant/.test(worker.state) && done()));
  });

  test("comes whole with the next load; a page that is open keeps its own; half a version is not taken", async t => {
    const context = await browser.newContext();
    t.after(() => context.close());
    deploy("one");
    const page = await context.newPage();
    await page.goto(url);
    await page.evaluate(() => navigator.serviceWorker.register("sw.js", {updateViaCache: "none"}));
    await installed(page);
    await page.reload();
    deploy("two");
    await update(page);
    assert.deepEqual(await parts(page), ["one", "one", "one"], "a file that is loaded late is of the page's version");
    await page.reload();
    assert.deepEqual(await parts(page), ["two", "two", "two"]);
    deploy("three");
    writeFileSync(join(dir, "web/late.js"), "export const late = \"in the middle of an update\";");
    await update(page);
    await page.reload();
    assert.deepEqual(await parts(page), ["two", "two", "two"], "what does not agree with its list is not taken");
    deploy("three");
    await update(page);
    await page.reload();
    assert.deepEqual(await parts(page), ["three", "three", "three"]);
    await update(page);
    const names = await page.evaluate(() => caches.keys());
    assert.ok(names.length <= 3, `old versions go: ${names}`);
    await context.setOffline(true);
    server.closeAllConnections();
    await page.reload();
    assert.deepEqual(await parts(page), ["three", "three", "three"]);
  });
});

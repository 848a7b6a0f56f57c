// SPDX-License-Identifier: BSD-2-Clause
// The AI SDK's stock useChat in a React page, of another origin than the API, in Chromium.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import http from "node:http";
import {join} from "node:path";
import {build} from "esbuild";
import {launch} from "./browser.mjs";
import {production, token} from "./credentials.mjs";
import {API, eventually, scratch, Stack, TOP, uuid} from "./harness.mjs";

const WHOLE = /^The road north follows the coast for most of the day.*\.$/s;
const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64");

/** The page on a port of its own, and tokens of its users. */
async function site() {
  const {outputFiles: [script]} = await build({entryPoints: [join(TOP, "tests/e2e/page-aisdk.jsx")], bundle: true, write: false, format: "esm",
    jsx: "automatic", define: {"process.env.NODE_ENV": "\"development\""}, logLevel: "error"});
  const server = http.createServer((request, response) => {
    const {pathname, searchParams} = new URL(request.url, "http://page");
    if (pathname === "/token") return response.end(token(new URL(request.headers.referer).searchParams.get("user")));
    if (pathname === "/page.js") return response.setHeader("Content-Type", "text/javascript").end(script.text);
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(`<!doctype html><title>page</title><div id=root></div><script>window.SITE=${JSON.stringify({api: server.api, socket: searchParams.has("socket")})}</script><script type=module src=/page.js></script>`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(server, {origin: `http://127.0.0.1:${server.address().port}`});
}

for (const socket of [false, true]) describe(`a page with useChat, ${socket ? "WebSocketChatTransport" : "DefaultChatTransport"}`, () => {
  let stack, page, browser;
  before(async () => {
    page = await site();
    stack = await Stack.start({settings: {...production(join(scratch("tp-keys-"), "keys"), page.origin), "respawn.min": "50ms"}});
    page.api = `${stack.url}${API}/ai/chat`;
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    page?.closeAllConnections();
    page?.close();
    await stack?.stop();
  });

  async function open(user = uuid(), id = uuid()) {
    const tab = await browser.newPage();
    tab.setDefaultTimeout(30000);
    // A send that overtakes the hook's resume may have its error cleared by that: the hook's own race.
    const asked = socket ? new Promise(done => tab.on("websocket", ws => ws.on("framereceived", ({payload}) => payload.includes("no-active") && done())))
      : tab.waitForResponse(response => response.url().endsWith(`${id}/stream`));
    await tab.goto(`${page.origin}/?user=${user}${socket ? "&socket" : ""}#${id}`);
    const asUser = {headers: {Authorization: `Bearer ${token(user)}`}};
    const say = async text => {
      await tab.locator("#text").fill(text);
      await tab.locator("#text").press("Enter");
    };
    const status = wanted => tab.locator(`main[data-status=${wanted}]`).waitFor();
    const texts = () => tab.locator(".assistant .text").allTextContents();
    const seen = async words => {
      await tab.locator(".assistant .text", {hasText: words}).last().waitFor();
      await status("ready");
    };
    await asked;
    await status("ready");
    return Object.assign(tab, {user, id, asUser, say, status, texts, seen});
  }
  const event = async tab => (await stack.post("/tools/create_calendar_event", {title: "Dentist", start_date: "2031-05-20T15:00:00"}, tab.asUser)).json.event.id;
  const titles = async tab => (await stack.post("/tools/get_calendar_events", {}, tab.asUser)).json.events.map(e => e.title).sort();

  test("text, thinking, a tool, and what a reload shows", async () => {
    const tab = await open();
    await tab.say("[[think]]");
    await tab.locator(".reasoning", {hasText: "Let me see."}).waitFor();
    await tab.status("ready");
    await tab.say("and [[tool name=get_current_time args={\"timezone\":\"Australia/Perth\"} | text words=20]]");
    await tab.seen("The road north");
    assert.match((await tab.texts()).at(-1), WHOLE);
    assert.equal(await tab.locator(".tool").getAttribute("data-state"), "output-available");
    const html = await tab.locator("main").innerHTML();
    await tab.reload();
    await tab.seen("The road north");
    assert.equal(await tab.locator("main").innerHTML(), html);
    await tab.close();
  });

  for (const [button, state, left] of [["yes", "output-available", []], ["no", "output-denied", ["Dentist"]], ["edited", "output-available", ["Dentist"]]]) {
    test(`an approval: the button "${button}"`, async () => {
      const tab = await open(), id = await event(tab);
      const other = button === "edited" && (await stack.post("/tools/create_calendar_event", {title: "Vet", start_date: "2031-05-21T15:00:00"}, tab.asUser)).json.event.id;
      await tab.say(`[[tool name=delete_calendar_event args={"event_id":"${id}"} | text say=So_be_it.]]`);
      await tab.locator(".approval").waitFor();
      await tab.reload(); // it is still open
      await tab.locator(".approval").waitFor();
      await tab.status("ready");
      if (other) await tab.locator(".approval textarea").fill(JSON.stringify({event_id: other}));
      await tab.locator(`.approval .${button}`).click();
      await tab.seen("So be it.");
      assert.equal(await tab.locator(".tool").getAttribute("data-state"), state);
      assert.equal(await tab.locator(".assistant").count(), 1);
      assert.deepEqual(await titles(tab), left);
      await tab.close();
    });
  }

  test("a tool of the page", async () => {
    const tab = await open();
    await tab.say("[[tool name=page_title args={\"title\":\"Perth\"} | text say=Named.]]");
    await tab.seen("Named.");
    assert.equal(await tab.title(), "Perth");
    assert.equal(await tab.locator(".assistant").count(), 1);
    await tab.close();
  });

  test("stop", async () => {
    const tab = await open();
    await tab.say("[[text words=20 hold=8]]");
    await tab.locator(".assistant .text", {hasText: "The road"}).waitFor();
    await tab.locator("#stop").click();
    await tab.status("ready");
    stack.double.release();
    assert.equal((await stack.get(`/sessions/${tab.id}`, tab.asUser)).json.running_turn, null);
    await tab.say("go on [[text say=Yes.]]");
    await tab.seen("Yes.");
    await tab.close();
  });

  test("the network is cut: the page that is looked at again resumes by itself", async () => {
    const tab = await open();
    await tab.say("[[text words=20 hold=8]]");
    await tab.locator(".assistant .text", {hasText: "The road"}).waitFor();
    for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL");
    await tab.status("error");
    await eventually(async () => (await stack.get("/health/ready").catch(() => ({}))).status === 200
      && (await stack.workers("stream")).length === 2, "new stream workers");
    await tab.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await tab.status("streaming");
    stack.double.release();
    await tab.status("ready");
    assert.match((await tab.texts()).join(""), WHOLE);
    assert.equal(await tab.locator("section").count(), 2);
    await tab.close();
  });

  test("a reload in the middle of an answer", async () => {
    const tab = await open();
    await tab.say("[[text words=20 hold=8]]");
    await tab.locator(".assistant .text", {hasText: "The road"}).waitFor();
    await tab.reload();
    await tab.locator(".assistant .text", {hasText: "The road"}).waitFor();
    await tab.status("streaming");
    stack.double.release();
    await tab.status("ready");
    assert.match((await tab.texts()).join(""), WHOLE);
    assert.equal(await tab.locator("section").count(), 2);
    await tab.close();
  });

  test("an error is shown, and the next message is answered", async () => {
    const tab = await open();
    await tab.say("[[http status=400]]");
    await tab.locator("#error", {hasText: "did not accept the request"}).waitFor();
    await tab.say("again [[text say=Better.]]");
    await tab.seen("Better.");
    await tab.close();
  });

  test("an image reaches the model as the page chose it", async () => {
    const tab = await open();
    await tab.locator("#files").setInputFiles({name: "pixel.png", mimeType: "image/png", buffer: PIXEL});
    await tab.say("what is it [[text say=A_pixel.]]");
    await tab.locator("img.file").waitFor();
    await tab.seen("A pixel.");
    assert.ok(stack.double.requests.at(-1).raw.includes(PIXEL.toString("base64")));
    await tab.close();
  });

  test("again, and edited", async () => {
    const tab = await open();
    await tab.say("one [[text say=First.]]");
    await tab.seen("First.");
    await tab.say("two [[text say=Second.]]");
    await tab.seen("Second.");
    await tab.locator(".again").first().click();
    await tab.locator(".assistant").nth(1).waitFor({state: "detached"});
    await tab.seen("First.");
    await tab.locator("#text").fill("three [[text say=Third.]]");
    await tab.locator(".edit").first().click();
    await tab.seen("Third.");
    assert.deepEqual(await tab.texts(), ["Third."]);
    const stored = (await stack.get(`/ai/chat/${tab.id}/messages`, tab.asUser)).json.messages;
    assert.deepEqual(stored.map(m => m.role), ["user", "assistant"]);
    await tab.close();
  });
});

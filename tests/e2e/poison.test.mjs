// SPDX-License-Identifier: BSD-2-Clause
// Bytes that end their reader cost one request: files and pages in children, frames and events of sockets, work of the housekeeper.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import http from "node:http";
import {eventually, Stack, uuid} from "./harness.mjs";

const WORD = "quasimodo";
const as = user => ({headers: {"X-Dev-User": user}});
const event = (uid, summary) => ["BEGIN:VEVENT", `UID:${uid}`, "DTSTAMP:20260101T000000Z", "DTSTART:20270105T100000Z", `SUMMARY:${summary}`, "END:VEVENT"];
const calendar = (...events) => ["BEGIN:VCALENDAR", "VERSION:2.0", ...events.flat(), "END:VCALENDAR", ""].join("\r\n");
const RECIPE = {"@context": "https://schema.org", "@type": "Recipe", name: "Dal", recipeIngredient: ["1 cup lentils"], recipeInstructions: "Boil."};

/** A web site: /dal has a recipe, every other page ends its reader as its path says. */
async function site() {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url);
    response.setHeader("Content-Type", "text/html");
    response.end(request.url === "/dal" ? `<script type="application/ld+json">${JSON.stringify(RECIPE)}</script>` :
      `<html>${decodeURIComponent(request.url)} ${WORD} ${request.url.slice(1)} parser</html>`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {asked, url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); }};
}

describe("poison", () => {
  let stack, pages;
  before(async () => {
    pages = await site();
    stack = await Stack.start({settings: {"api.workers": 2, "stream.workers": 2, "development.fault_word": WORD, "tools.allow_private": "on",
      "webhook.secret": "x".repeat(32), "webhook.allow_private": "on"}});
  });
  after(async () => {
    pages.close();
    await stack.stop();
  });

  const deaths = async () => Object.fromEntries(Object.entries((await stack.status()).pools).map(([name, pool]) => [name, pool.deaths]));
  const bring = (user, text) => stack.request("POST", "/calendar/import", {body: text, headers: {...as(user).headers, "Content-Type": "text/calendar"}});
  const tool = (user, name, args) => stack.post(`/tools/${name}`, args, as(user));

  test("a calendar file that ends its reader, or computes for ever, is refused, and no worker ends", async () => {
    const before = await deaths();
    const first = await bring("ann", calendar(event("1", "Dentist")));
    assert.equal(first.json.created, 1, first.text);
    for (let i = 0; i < 3; i++) {
      const crash = await bring("ann", calendar(event("2", `${WORD} crash parser`)));
      assert.equal(`${crash.status} ${crash.json.code} ${crash.json.field}`, "422 invalid_field body", crash.text);
      assert.match(crash.json.detail, /The process that read it ended over it\. Nothing was taken in\./);
    }
    const loop = await bring("ann", calendar(event("3", `${WORD} loop parser`)));
    assert.match(loop.json.detail, /takes too long/);
    assert.equal((await bring("ann", calendar(event("4", "Hairdresser")))).json.created, 1);
    assert.deepEqual(await deaths(), before);
    assert.match(stack.log(), /the process that read a calendar file \(\d+ bytes\) died of SIGABRT: its request alone is lost/);
  });

  test("a recipe's page is read in a child, in a turn as in a direct call", async () => {
    const before = await deaths();
    assert.equal((await tool("rob", "save_recipe", {url: `${pages.url}/dal`})).json.recipe?.name, "Dal");
    const crash = await tool("rob", "save_recipe", {url: `${pages.url}/crash`});
    assert.equal(crash.json.error?.code ?? crash.json.code, "provider_failed", crash.text);
    const calls = ["crash", "dal"].map(p => ({url: `${pages.url}/${p}`}));
    const turn = stack.chatStream(`keep [[tool name=save_recipe,save_recipe args=${calls.map(c => JSON.stringify(c)).join(";")} | text say=Done.]]`,
      {session_id: uuid()}, {headers: {Accept: "text/event-stream", ...as("rob").headers}});
    await turn.until("RUN_FINISHED");
    const results = turn.events.filter(e => e.data.type === "TOOL_CALL_RESULT").map(e => JSON.parse(e.data.content));
    assert.deepEqual(results.map(r => r.success), [false, true], JSON.stringify(results));
    assert.equal(turn.text(), "Done.");
    assert.deepEqual(await deaths(), before);
  });

  test("a frame that ends stream workers is refused when it comes again; other users' sockets come back", async () => {
    const before = await deaths();
    const text = `${WORD} crash frame`;
    const first = await stack.socket("/ws/fay", as("fay"));
    first.message(text);
    await first.closed;
    await eventually(async () => (await deaths()).stream === before.stream + 1, "one ends");
    await eventually(() => /a socket of user fay/.test(stack.log()), "it is blamed");
    const second = await stack.socket("/ws/fay", as("fay"));
    second.message(text);
    assert.equal((await second.closed).code, 1013);
    const other = await stack.socket("/ws/gil", as("gil"));
    other.message("hello [[text say=Hi.]]");
    await other.until("RUN_FINISHED");
    await other.end();
    const third = await stack.socket("/ws/fay", as("fay")); // what else she says is heard
    third.message("hello [[text say=Hi.]]");
    await third.until("RUN_FINISHED");
    await third.end();
    assert.equal((await deaths()).stream, before.stream + 1);
  });

  test("an event that ends stream workers: its session is refused, the user's others are not", async () => {
    const before = await deaths();
    const session_id = uuid(), hers = stack.chatStream(`x [[text say=${WORD} crash event]]`, {session_id}, {headers: {Accept: "text/event-stream", ...as("eve").headers}});
    await hers.all().catch(() => {});
    await eventually(async () => (await deaths()).stream > before.stream, "one ends");
    await eventually(() => /events of a session of user eve/.test(stack.log()), "it is blamed");
    const ended = (await deaths()).stream;
    const again = await stack.get(`/sessions/${session_id}/events`, as("eve"));
    assert.equal(`${again.status} ${again.json?.code}`, "503 request_crashed_worker", again.text);
    assert.ok(Number(again.headers["retry-after"]) > 0);
    const socket = await stack.socket("/ws/eve", as("eve"));
    socket.send({type: "subscribe", session_id});
    assert.equal((await socket.until("error")).code, "request_crashed_worker");
    socket.message("hello [[text say=Hi.]]", {session_id: uuid()});
    await socket.until("RUN_FINISHED");
    await socket.end();
    assert.equal((await deaths()).stream, ended);
  });

  test("a reminder and a webhook that end the housekeeper are put off; those of others come", async () => {
    const before = (await deaths()).housekeeper;
    const bad = await tool("hal", "set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: 1, label: `${WORD} crash reminder`});
    assert.ok(bad.json.success, bad.text);
    await eventually(async () => (await deaths()).housekeeper === before + 1, "it ends once");
    const good = await stack.socket("/ws/ida", as("ida"));
    assert.ok((await tool("ida", "set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: 1, label: "Tea"})).json.success);
    await good.until(f => JSON.stringify(f).includes("timer_expired"));
    await good.end();
    assert.equal((await deaths()).housekeeper, before + 1);
    const hook = async user => {
      const path = `/hook-${user === "jon" ? `${WORD}_crash_webhook` : user}`;
      const reply = await stack.chat("x [[text say=Hi.]]", {webhook: {url: pages.url + path}}, as(user));
      assert.equal(reply.status, 200, reply.text);
      return path;
    };
    const never = await hook("jon");
    await eventually(async () => (await deaths()).housekeeper === before + 2, "it ends over the webhook");
    const comes = await hook("kim");
    await eventually(() => pages.asked.includes(comes), "another's is delivered");
    assert.ok(!pages.asked.includes(never));
    assert.equal((await deaths()).housekeeper, before + 2);
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// The log as machines read it: whole lines of fields, slow turns and tools, and no word of a user above debug.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import {writeFileSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {eventually, scratch, Stack, uuid} from "./harness.mjs";

const MARK = "xylophonewhisper";

describe("the log", () => {
  let stack, service;
  const lines = () => stack.log().trimEnd().split("\n").map(line => JSON.parse(line));
  before(async () => {
    service = http.createServer((request, response) => setTimeout(() => response.writeHead(200, {"Content-Type": "application/json"}).end('{"level":1}'), 60)).listen(0, "127.0.0.1");
    await once(service, "listening");
    const dir = scratch("tools-");
    writeFileSync(join(dir, "river.json"), JSON.stringify({
      name: "get_river_level", description: "The level of a river.", arguments: {type: "object", additionalProperties: false, properties: {}},
      request: {url: `http://127.0.0.1:${service.address().port}/level`, allow_private: true},
    }));
    stack = await Stack.start({settings: {"http_tools.dir": dir, "log.format": "json", "slow.turn": "300ms", "slow.tool": "50ms", "model.retries": 0, "voice.programs": "off"}});
  });
  after(async () => {
    await stack?.stop();
    service.closeAllConnections();
    service.close();
  });

  test("every line is an object with its fields, also those of a turn", async () => {
    const session_id = uuid();
    const answer = await stack.chat("hello [[text words=2]]", {session_id}, {headers: {"X-Dev-User": "ann"}});
    assert.equal(answer.status, 200);
    await stack.chat(`x [[http status=400]]`, {session_id}, {headers: {"X-Dev-User": "ann"}});
    const all = lines();
    assert.ok(all.length > 5);
    for (const line of all) {
      assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(["debug", "info", "warn", "error"].includes(line.level) && line.process && line.pid > 0 && typeof line.message === "string", JSON.stringify(line));
    }
    const ofTurn = all.find(line => line.turn && line.level === "warn");
    assert.deepEqual([ofTurn.session, ofTurn.user], [session_id, "ann"]);
    assert.match(ofTurn.trace, /^[0-9a-f]{32}$/);
    assert.match(ofTurn.message, /^model anthropic status 400: .*, type invalid_request_error, request req_\w+ $/);
  });

  test("a slow turn and a slow tool are told with their stages", async () => {
    const running = stack.chatStream("x [[tool name=get_river_level args={} | text words=4 hold=2]]", {session_id: uuid()}, {headers: {Accept: "text/event-stream"}});
    await running.until("TEXT_MESSAGE_CONTENT");
    const began = Date.now();
    await eventually(() => Date.now() - began > 300, "it is slow");
    await stack.double.go();
    await running.until("RUN_FINISHED");
    const slow = await eventually(() => lines().find(line => line.message.startsWith("slow turn: ")), "the slow turn is told");
    assert.match(slow.message, /^slow turn: \d+\.\d s, stages .*model-wait\+\d+.*tool\+\d+.*commit\+\d+$/);
    assert.equal(slow.turn, running.events[0].data.runId);
    const tools = lines().filter(line => /tool/.test(line.message));
    assert.ok(lines().some(line => /^slow tool: get_river_level \d+\.\d s, /.test(line.message) && line.message.includes(slow.turn)), JSON.stringify(tools));
  });

  test("nothing that a user, a model or a tool has said is in it", async () => {
    const say = (words, more = {}, headers = {}) => stack.chat(words, {session_id: uuid(), ...more}, {headers});
    const args = JSON.stringify({event_id: MARK, [MARK]: MARK});
    stack.double.strict = false;
    stack.double.refuse = (api, body) => JSON.stringify(body).includes("refuse-me") ?
      [400, {type: "error", error: {type: "invalid_request_error", message: `messages.0.content: ${MARK} is not allowed`}}] : undefined;
    await say(`${MARK} refuse-me`);
    stack.double.refuse = undefined;
    for (const scenario of ["http status=500", "http status=429", "reset", "html", "badjson after=1", `cut after=2`, "overloaded after=1", "empty", "refuse", "length",
      `tool name=update_calendar_event args=${args} | text words=2`, `tool name=${MARK} args={} | text words=2`, "tool name=get_calendar_events args=[\"" + MARK + "\" | text words=2",
      `text say=${MARK} words=3`]) await say(`${MARK} [[${scenario}]]`);
    await say(MARK.repeat(1000));
    await say(MARK, {webhook: `http://${MARK}.invalid/`});
    await stack.request("POST", "/chat", {body: `{"message": "${MARK}", `, raw: true});
    await stack.request("POST", "/chat", {body: {message: MARK, [MARK]: {}, settings: MARK, client_message_id: "\n"}});
    await stack.request("POST", "/agui", {body: {messages: [{id: "1", role: MARK, content: MARK}], threadId: uuid(), runId: uuid()}});
    await stack.request("POST", "/tools/update_calendar_event", {body: {event_id: MARK, title: MARK}});
    await stack.request("POST", "/feedback", {body: {message_id: "x", rating: 9, feedback_text: MARK}});
    await stack.request("POST", "/calendar/import", {body: `BEGIN:VCALENDAR\n${MARK}`, raw: true, headers: {"Content-Type": "text/calendar"}});
    await stack.request("POST", "/attachments", {body: MARK, raw: true, headers: {"Content-Type": "application/pdf", "X-Filename": MARK}});
    await stack.request("PUT", "/context", {body: {[MARK]: MARK, timezone: MARK}});
    await stack.request("PATCH", `/sessions/${uuid()}`, {body: {title: MARK}});
    await stack.request("GET", `/sessions?q=${MARK}`, {});
    await say("the end");
    const said = lines().filter(line => JSON.stringify(line).includes(MARK));
    assert.deepEqual(said, []);
    assert.ok(lines().some(line => line.message.includes("status 400")), "the failures themselves are told");
  });
});

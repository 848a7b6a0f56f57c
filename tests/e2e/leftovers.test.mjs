// SPDX-License-Identifier: BSD-2-Clause
// Faults at the edges: data lost under a viewer, a storage that takes no writes, frozen workers,
// and the form of what seldom is sent.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import {join} from "node:path";
import {API, eventually, pause, SLOW, Stack, uuid} from "./harness.mjs";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

describe("Redis loses its data under a run", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  // What a viewer that saw a run start must be told, and that it goes on with what comes then.
  async function endsAndGoesOn(lose) {
    const session_id = uuid();
    const socket = await stack.socket();
    socket.message("x [[text words=20 hold=10]]", {session_id});
    await socket.until(() => socket.text().split(" ").length > 5);
    const events = stack.sse(`/sessions/${session_id}/events?cursor=${socket.cursor.split("-")[0]}-0`);
    await events.until("RUN_STARTED");
    await lose();
    assert.equal((await socket.until("RUN_ERROR")).code, "events_gone");
    assert.equal((await events.until(e => e.data.type === "RUN_ERROR")).data.code, "events_gone");
    await eventually(async () => (await stack.status()).turns.running === 0, "the turn is given up");
    socket.message("x [[text say=Afterwards.]]", {session_id});
    await socket.until("RUN_FINISHED");
    assert.match(socket.text(), /Afterwards\.$/);
    await events.until("RUN_FINISHED");
    assert.equal(socket.events().filter(e => e.type === "RUN_ERROR").length, 1);
    assert.equal(socket.events().filter(e => e.type === "RUN_STARTED").length, 2);
    events.drop();
    await socket.end();
  }

  test("emptied: every viewer gets RUN_ERROR events_gone, and then the next run", () =>
    endsAndGoesOn(() => stack.redis("flushall")));

  test("restarted without its data: the same", () =>
    endsAndGoesOn(async () => {
      stack.parts.redis.kill("SIGKILL");
      await stack.parts.redis.ended;
      await stack.startRedis();
    }));

  test("one log deleted by hand: the turn goes on, however its client listens", async () => {
    const message = "x [[text words=20 hold=10]]", lose = async session_id => {
      await stack.double.until(d => d.held > 0, "the model holds");
      await eventually(async () => await stack.redis("EXISTS", `tp:{dev}:s:${session_id}:log`) === "1");
      assert.equal(await stack.redis("DEL", `tp:{dev}:s:${session_id}:log`), "1");
      await stack.double.go();
    };
    let session_id = uuid();
    const socket = await stack.socket();
    socket.message(message, {session_id});
    await socket.until(() => socket.text().split(" ").length > 5);
    await lose(session_id);
    await socket.until(f => f.type === "RUN_FINISHED");
    assert.equal(socket.text().split(" ").length, 20);
    assert.deepEqual((await stack.get(`/sessions/${session_id}/messages`)).json.messages.map(m => m.content.split(" ").length), [4, 20]);
    // Who comes now is shown the whole run.
    const late = stack.sse(`/sessions/${session_id}/events?cursor=0-0`);
    await late.until("RUN_FINISHED");
    assert.ok(late.types().includes("RUN_STARTED") && late.text().split(" ").length === 20, late.types().join(" "));
    late.drop();
    const json = stack.chat(message, {session_id: session_id = uuid()}, {timeout: 60000});
    await lose(session_id);
    assert.equal((await json).json.response.split(" ").length, 20);
    const stream = stack.chatStream(message, {session_id: session_id = uuid()});
    await stream.until("TEXT_MESSAGE_CONTENT");
    await lose(session_id);
    await stream.all();
    assert.equal(stream.last.data.type, "RUN_FINISHED");
    assert.equal(stream.text().split(" ").length, 20);
    await socket.end();
  });

  test("emptied while a JSON client waits: it is told as streams are", async () => {
    const reply = stack.chat("x [[text words=20 hold=10]]", {session_id: uuid()}, {timeout: 60000});
    await stack.double.until(d => d.held > 0, "the model holds");
    await stack.redis("flushall");
    stack.double.release(); // its turn may have found out already, and hung up
    assert.equal((await reply).status, 500);
    assert.equal((await reply).json.code, "events_gone");
    assert.ok((await reply).json.trace_id || (await reply).headers.traceparent, (await reply).text);
  });

  test("emptied while nothing runs: the next message is answered on the socket, with no error", async () => {
    const session_id = uuid();
    const socket = await stack.socket();
    socket.message("x [[text words=30]]", {session_id});
    await socket.until("RUN_FINISHED");
    await stack.redis("flushall");
    socket.message("x [[text say=Afterwards.]]", {session_id});
    await socket.until("RUN_FINISHED");
    assert.match(socket.text(), /Afterwards\.$/);
    assert.deepEqual(socket.events().filter(e => e.type === "RUN_ERROR"), []);
    await socket.end();
  });
});

describe("a storage that takes no writes", () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false}); });
  after(() => stack.stop());

  test("is not ready, and says why", async () => {
    assert.equal((await stack.get("/health/ready")).status, 200);
    await stack.redis("config", "set", "maxmemory", "1");
    let r = await stack.get("/health/ready");
    assert.equal(r.status, 503, r.text);
    assert.match(r.json.detail, /out of memory/);
    assert.equal((await stack.get("/health")).json.checks.redis.writable, false);
    await stack.redis("config", "set", "maxmemory", "0");
    assert.equal((await stack.get("/health/ready")).status, 200);
    await stack.redis("config", "set", "min-replicas-to-write", "1");
    r = await stack.get("/health/ready");
    assert.equal(r.status, 503, r.text);
    assert.match(r.json.detail, /read-only/);
    await stack.redis("config", "set", "min-replicas-to-write", "0");
    assert.equal((await stack.get("/health/ready")).status, 200);
  });
});

describe("frozen workers", () => {
  test("api and idle turn workers are replaced; a turn that runs longer than any beat is not touched", async () => {
    const stack = await Stack.start({settings: {kill_grace: "500ms", "turn.workers": 2, "turn.seats": 3, "turn.reserved": 1, "api.workers": 2}});
    const running = stack.chatStream("x [[text words=3 hold=1]]");
    await running.until("RUN_STARTED");
    await stack.double.until(d => d.held > 0);
    const busy = (await stack.seats("turn")).find(w => w.turn);
    const began = Date.now();
    const frozen = (await Promise.all([stack.workers("api"), stack.workers("turn")])).map(list => list.find(w => w.pid !== busy?.pid).pid);
    for (const pid of frozen) process.kill(pid, "SIGSTOP");
    // A wake-up may go to the frozen ones: nobody waits until they are found.
    for (let i = 0; i < 6; i++) {
      for (const ask of [() => stack.get("/sessions?limit=1"), () => stack.chat("x [[text say=y]]")]) {
        const asked = Date.now(), reply = await ask();
        assert.equal(reply.status, 200, reply.text);
        assert.ok(Date.now() - asked < 14000 * SLOW, `answered within ${Date.now() - asked} ms`);
      }
    }
    await eventually(async () => {
      const pids = [...await stack.workers("api"), ...await stack.workers("turn")].filter(w => w.state === "ready").map(w => w.pid);
      return pids.length === 4 && !pids.some(pid => frozen.includes(pid));
    }, "others stand in their places", 40000 * SLOW);
    await pause(Math.max(0, 20000 - (Date.now() - began)));
    const pids = (await stack.workers("turn")).map(w => w.pid);
    await stack.double.go();
    await running.until("RUN_FINISHED");
    assert.ok(!busy || pids.includes(busy.pid), "the busy worker was left alone");
    assert.ok(!stack.log().includes("goes on with"), "no turn was taken over");
    await stack.stop();
  });
});

describe("the form of what seldom is sent", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  test("a command line with NUL is refused, not cut", async () => {
    const answer = await new Promise((done, fail) => {
      const socket = net.connect(join(stack.run, "control.sock"));
      let text = "";
      socket.on("connect", () => socket.write("status json\0stop\n")).on("data", d => { text += d; }).on("error", fail).on("close", () => done(text));
    });
    assert.match(answer, /^error: .*NUL/);
  });

  test("nginx's own errors are problems with a trace id", async () => {
    for (const path of ["/api", "/_stream", "/nothing", "/api/../_turnpike/404"]) {
      for (const [traceparent, expected] of [[PARENT, TRACE], [undefined, null], [`00-${"0".repeat(32)}-00f067aa0ba902b7-01`, null], [`ff${PARENT.slice(2)}`, null], [`${PARENT}x`, null]]) {
        const r = await stack.request("GET", path, {raw: true, headers: traceparent ? {traceparent} : {}});
        assert.equal(r.status, 404, `${path} ${r.text}`);
        assert.match(r.headers["content-type"], /problem\+json/, path);
        assert.match(r.json.trace_id, /^[0-9a-f]{32}$/);
        assert.equal(r.json.trace_id, expected ?? r.json.request_id, `${path} ${traceparent}`);
      }
    }
  });

  test("null is no value: left out where it may be, named where it is needed", async () => {
    const none = {conversation_id: null, session_id: null, user_id: null, message_id: null, client_message_id: null, context: null,
      attachments: null, timezone: null, locale: null, on_busy: null, stream: null};
    const reply = await stack.chat("x", none);
    assert.equal(reply.status, 200, reply.text);
    const named = (r, field) => {
      assert.equal(r.status, 422, r.text);
      assert.equal(r.json.field, field, r.text);
    };
    named(await stack.post("/chat", {...none, message: null}), "message");
    const {message_id} = reply.json;
    assert.equal((await stack.post("/feedback", {message_id, rating: 5, feedback_type: null, feedback_text: null})).status, 200);
    named(await stack.post("/feedback", {message_id: null, rating: 5}), "message_id");
    named(await stack.post("/feedback", {message_id, rating: null}), "rating");
    const run = {threadId: uuid(), runId: uuid(), messages: [{id: null, role: "user", content: "x"}], tools: null, context: null, state: null,
      forwardedProps: null, resume: null, parentRunId: null};
    const reader = stack.sse("/agui", {method: "POST", body: run});
    await reader.until("RUN_FINISHED");
    for (const field of ["threadId", "runId", "messages"]) named(await stack.post("/agui", {...run, [field]: null}), field);
    const put = await stack.request("PUT", "/context", {body: {city: null, name: "Ann"}});
    assert.equal(put.status, 200, put.text);
    assert.equal((await stack.request("PATCH", `/sessions/${reply.json.session_id}`, {body: {title: "t", archived: null}})).status, 200);
    const socket = await stack.socket();
    socket.send({type: "message", text: "x", ...none});
    await socket.until("RUN_FINISHED");
    await socket.end();
  });

  /** A turn that runs, its id, and the second request that waits for its reply as JSON elsewhere. */
  async function waiting() {
    const body = {session_id: uuid(), client_message_id: uuid()};
    const first = stack.chat("x [[text hold=1]]", body, {headers: {traceparent: PARENT}});
    const turn = await eventually(async () => (await stack.get(`/sessions/${body.session_id}`)).json?.running_turn, "it runs");
    const second = rawReply(stack, "/chat", {message: "x [[text hold=1]]", ...body}, {traceparent: PARENT});
    await eventually(async () => (await stack.status()).pools.stream.connections > 0, "it waits");
    return {...body, turn, replies: Promise.all([first, second])};
  }
  const isStored = (json, status, code) => {
    assert.equal(json.status, status);
    assert.equal(json.code, code);
    assert.equal(json.type, `urn:turnpike:problem:${code}`);
    assert.equal(json.trace_id, TRACE);
  };

  test("a reply that another process waited for has its reason phrase and traceparent", async () => {
    const {replies} = await waiting();
    await stack.double.go();
    const [, second] = await replies;
    assert.equal(second.status, 200);
    assert.equal(second.reason, "OK");
    assert.match(second.headers.traceparent, new RegExp(`^00-${TRACE}-`));
    const reader = stack.chatStream("x", {}, {headers: {traceparent: PARENT, Accept: "text/event-stream"}});
    await reader.response;
    assert.match(reader.headers.traceparent, new RegExp(`^00-${TRACE}-`));
    await reader.until("RUN_FINISHED");
  });

  test("a stopped turn and a deleted session: the stored problem is one like the others", async () => {
    const stopped = await waiting();
    await stack.post(`/turns/${stopped.turn}/cancel`);
    for (const r of await stopped.replies) isStored(r.json, 409, "turn_cancelled");
    assert.equal((await stopped.replies)[1].reason, "Conflict");
    const deleted = await waiting();
    assert.equal((await stack.request("DELETE", `/sessions/${deleted.session_id}`)).status, 200);
    const second = (await deleted.replies)[1];
    isStored(second.json, 410, "session_deleted");
    assert.equal(second.json.turn_id, deleted.turn);
    assert.equal(second.reason, "Gone");
  });
});

/** Like Stack.chat, with the reason phrase. */
function rawReply(stack, path, body, headers) {
  const data = JSON.stringify(body);
  return new Promise((done, fail) => {
    const request = http.request(stack.url + API + path, {method: "POST", agent: false,
      headers: {"Content-Type": "application/json", "Content-Length": Buffer.byteLength(data), ...headers}});
    request.on("response", response => {
      let text = "";
      response.on("data", d => { text += d; });
      response.on("end", () => done({status: response.statusCode, reason: response.statusMessage, headers: response.headers, json: JSON.parse(text)}));
    });
    request.on("error", fail);
    request.end(data);
  });
}

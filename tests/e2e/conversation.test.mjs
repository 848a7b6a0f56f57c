// SPDX-License-Identifier: BSD-2-Clause
// The reducer of web/client: live events, what is stored, and a reload in the middle give the same conversation. The events
// are those of a real server.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {initial, isPending, reduce, shown} from "../../web/client/conversation.js";
import {isKnownTool, toolSentence} from "../../web/client/chat/tools.js";
import {eventually, Stack, uuid} from "./harness.mjs";

const FINAL = f => ["RUN_FINISHED", "RUN_ERROR"].includes(f?.type);
const of = (events, start = initial) => events.reduce((c, e) => reduce(c, e, 1000), start);
const stored = (page, start = initial) => reduce(start, {type: "stored", messages: page.messages}, 1000);
/** What is said: without what only a screen that was there knows. */
const said = c => c.messages.filter(m => m.role === "user" || m.parts.length).map(m => m.role === "user"
  ? {id: m.id, text: m.text, files: m.files, state: m.state}
  : {id: m.id, open: m.open, parts: m.parts.map(({ms, startedAt, ...p}) => p)});
const texts = c => c.messages.map(m => m.role === "user" ? `? ${m.text}` : `! ${m.parts.filter(p => p.type === "text").map(p => p.text).join("|")}`);
const part = (c, id) => c.messages.flatMap(m => m.parts ?? []).find(p => p.id === id);

const EXPENSE = "tool name=create_expense args={\"amount\":12.5,\"category\":\"diesel\"}";
const RESUMED = f => f.name === "turnpike.resumed";

describe("a conversation of a real server's events", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({settings: {"respawn.min": "50ms"}});
    stack.double.mayBreak = true; // by thoughts that nobody asked for
  });
  after(() => stack.stop());

  /** A socket that has everything, and ways to say something. */
  async function listen() {
    const session = uuid(), socket = await stack.socket(`/ws?session_id=${session}`);
    return {
      session, socket, end: () => socket.end(), events: () => socket.events(),
      say(text, more = {}) {
        const ids = {client_message_id: uuid(), message_id: uuid()};
        socket.message(text, {session_id: session, ...ids, run_id: ids.client_message_id, ...more});
        return ids;
      },
      again: (id, content) => socket.send({protocolVersion: "1.0", threadId: session, runId: uuid(), messages: [{id, role: "user", content}], tools: [], context: [], state: {}, forwardedProps: {}}),
      done: () => socket.until(FINAL),
      page: async () => (await stack.get(`/sessions/${session}/messages`)).json,
    };
  }
  async function killWorker(s) {
    const {pid} = await eventually(async () => (await stack.seats("turn")).find(w => w.session === s.session), "a worker");
    process.kill(pid, "SIGKILL");
    stack.double.release();
    await s.socket.until(RESUMED);
    await eventually(() => { stack.double.release(); return s.events().some(FINAL); }, "the turn has gone on");
  }

  const SCENES = {
    "a text": async s => { s.say("hello [[text words=6]]"); await s.done(); },
    "a tool": async s => { s.say(`x [[${EXPENSE} | text words=8]]`); await s.done(); },
    "thoughts, text and two tools": async s => {
      stack.double.scripts.set("mixed", [
        {kind: "blocks", blocks: [{thinking: "One.", signature: "S1"}, {text: "Let me look."}, {name: "get_current_time", args: "{}", id: `toolu_${uuid()}`},
          {name: "get_current_time", args: "{\"timezone\":\"Europe/Berlin\"}", id: `toolu_${uuid()}`}]},
        {kind: "blocks", blocks: [{thinking: "Two.", signature: "S2"}, {text: "It is late."}]}]);
      s.say("x [[script=mixed]]");
      await s.done();
    },
    "tools that fail": async s => { s.say("x [[tool name=no_such_tool | tool name=delete_calendar_event args={\"nonsense\":1} | text say=Sorry.]]"); await s.done(); },
    "a stop in the text": async s => {
      s.say("x [[text words=40 hold=5]]");
      await s.socket.until("TEXT_MESSAGE_CONTENT");
      await stack.double.until(d => d.held > 0);
      s.socket.send({type: "cancel", session_id: s.session});
      await s.done();
      stack.double.release();
    },
    "a stop in a tool's arguments": async s => {
      s.say(`x [[${EXPENSE} hold=3 | text]]`);
      await s.socket.until("TOOL_CALL_START");
      await stack.double.until(d => d.held > 0);
      s.socket.send({type: "cancel", session_id: s.session});
      await s.done();
      stack.double.release();
    },
    "an error": async s => { s.say("x [[http status=400]]"); await s.done(); },
    "an answer that breaks off": async s => { s.say("x [[cut after=4]]"); await s.done(); },
    "an answer cut by its length": async s => { s.say("x [[length]]"); await s.done(); },
    "messages that wait in the queue": async s => {
      for (let i = 0; i < 4; i++) s.say(`m${i} [[text say=A${i}.]]`);
      for (let i = 0; i < 4; i++) await s.done();
    },
    "a question with a file": async s => { s.say("look [[text say=Nice.]]", {attachments: [{data: "aGVsbG8=", mime_type: "text/plain", name: "a.txt"}]}); await s.done(); },
    "a question of files only": async s => { s.say("", {attachments: [{data: "aGVsbG8=", mime_type: "text/plain", name: "a.txt"}]}); await s.done(); },
    "another answer, and another question": async s => {
      const {message_id} = s.say("first [[text say=One.]]");
      await s.done();
      s.say("second [[text say=Two.]]");
      await s.done();
      s.again(message_id, "first [[text say=One.]]");
      await s.done();
      s.again(message_id, "edited [[text say=Three.]]");
      await s.done();
    },
    "an approval": async s => {
      const {event} = (await stack.post("/tools/create_calendar_event", {title: "Dentist", start_date: "2031-05-20T15:00:00"})).json;
      s.say(`delete it [[tool name=delete_calendar_event args={"event_id":"${event.id}"} | text say=Answered.]]`);
      const {outcome} = await s.done();
      s.socket.send({type: "approve", id: outcome.interrupts[0].id, approved: true, session_id: s.session});
      await s.done();
    },
    "a question in place of an approval": async s => {
      const {event} = (await stack.post("/tools/create_calendar_event", {title: "Dentist", start_date: "2031-05-20T15:00:00"})).json;
      s.say(`delete it [[tool name=delete_calendar_event args={"event_id":"${event.id}"} | text say=Answered.]]`);
      await s.done();
      s.say("never mind [[text say=Well.]]");
      await s.done();
    },
    "a worker that dies in the text": async s => {
      s.say("x [[text words=20 hold=12]]");
      await eventually(() => s.socket.text().split(" ").length > 10, "text");
      await killWorker(s);
    },
    "a worker that dies in a tool's arguments": async s => {
      s.say(`x [[${EXPENSE} hold=4 | text words=20]]`);
      await s.socket.until("TOOL_CALL_ARGS");
      await stack.double.until(d => d.held > 0);
      await killWorker(s);
    },
    "a worker that dies behind a tool": async s => {
      s.say(`x [[${EXPENSE} | text words=20 hold=5]]`);
      await s.socket.until("TEXT_MESSAGE_CONTENT");
      await stack.double.until(d => d.held > 0);
      await killWorker(s);
    },
  };
  for (const [name, play] of Object.entries(SCENES)) {
    test(`${name}: live, read afterwards, and reloaded at any moment`, async () => {
      const s = await listen();
      await play(s);
      const page = await s.page(), events = s.events(), live = of(events);
      assert.equal(live.run, null);
      assert.ok(live.messages.every(m => m.role === "user" || !m.open));
      assert.deepEqual(said(stored(page)), said(live), "what is stored is what was seen");
      assert.deepEqual(said(stored(page, live)), said(live), "what is stored changes nothing of it");
      assert.deepEqual(said(of(events, stored(page))), said(live), "events that are known already change nothing");
      // A reload in the middle: what had been stored by then, and the events of the running turn from its start.
      const starts = events.flatMap((e, i) => e.type === "RUN_STARTED" ? [i] : []);
      for (const start of starts) {
        const reloaded = of(events.slice(start), stored({messages: settledBefore(page, of(events.slice(0, start)))}));
        assert.deepEqual(said(reloaded), said(live), `reloaded in the run that begins with event ${start}`);
      }
      await s.end();
    });
  }
  /** The stored messages that a conversation has already. */
  const settledBefore = (page, c) => page.messages.filter(m => c.messages.some(x => x.id === m.id || x.parts?.some(p => p.id === m.id || p.id === m.toolCallId
    || m.toolCalls?.some(call => call.id === p.id))));

  test("a reload in the middle of the real thing: the cursor of what is stored leads on", async () => {
    const s = await listen();
    s.say(`x [[${EXPENSE} | text words=20 hold=5]]`);
    await s.socket.until("TEXT_MESSAGE_CONTENT");
    await stack.double.until(d => d.held > 0);
    const middle = await s.page(), other = await stack.socket("/ws");
    other.send({type: "subscribe", session_id: s.session, cursor: middle.events_cursor});
    await other.until("TEXT_MESSAGE_CONTENT");
    stack.double.release();
    await s.done();
    await other.until(FINAL);
    assert.deepEqual(said(of(other.events(), stored(middle))), said(of(s.events())));
    await other.end();
    await s.end();
  });

  test("every tool is told in words, and one of others by its name", async () => {
    const {tools} = (await stack.get("/tools?schemas=off")).json;
    assert.ok(tools.length > 90);
    assert.deepEqual(tools.map(tool => tool.name).filter(name => !isKnownTool(name)), []);
    assert.equal(toolSentence({name: "create_expense", state: "running"}), "Writing down an expense");
    assert.equal(toolSentence({name: "create_expense", state: "done"}), "Wrote down an expense");
    assert.equal(toolSentence({name: "github__listPullRequests", state: "done"}), "Used “github list pull requests”");
  });

  test("a session that is deleted says so, also while nothing runs", async () => {
    const s = await listen();
    s.say("hello [[text say=One.]]");
    await s.done();
    await stack.request("DELETE", `/sessions/${s.session}`);
    const gone = await s.done();
    assert.equal(gone.code, "session_deleted");
    assert.equal(of(s.events()).deleted, true);
    await s.end();
  });
});

describe("a conversation, step by step", () => {
  const start = (runId, id, text = "q") => ({type: "RUN_STARTED", runId, input: {messages: id ? [{id, role: "user", content: text}] : []}});
  const answer = (runId, id, text) => [{type: "TEXT_MESSAGE_START", messageId: id, role: "assistant"}, {type: "TEXT_MESSAGE_CONTENT", messageId: id, delta: text},
    {type: "TEXT_MESSAGE_END", messageId: id}, {type: "RUN_FINISHED", runId, outcome: {type: "success"}}];
  const sent = (id, text) => ({type: "sent", ids: {messageId: id, runId: `run-${id}`}, text});

  test("ten messages sent quickly: each answer is behind its question, in whatever order they run", () => {
    const ids = Array.from({length: 10}, (_, i) => `m${i}`);
    let c = of(ids.map(id => sent(id, id)));
    const order = ["m0", "m9", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"]; // m9 interrupted
    for (const id of order) {
      c = reduce(c, start(`run-${id}`, id, id));
      assert.ok(!c.messages.slice(c.messages.findIndex(isPending)).some(m => c.messages.some(isPending) && m.role === "assistant"), "what waits is at the end");
      c = of(answer(`run-${id}`, `a-${id}`, id), c);
    }
    assert.deepEqual(texts(c), order.flatMap(id => [`? ${id}`, `! ${id}`]));
  });

  test("a message of another tab comes before what waits here", () => {
    let c = of([sent("mine", "mine")]);
    c = of([start("r", "theirs", "theirs"), ...answer("r", "a", "for them")], c);
    assert.deepEqual(texts(c), ["? theirs", "! for them", "? mine"]);
  });

  test("what has not changed is the same object", () => {
    const before = of([start("r1", "q1"), ...answer("r1", "a1", "one"), start("r2", "q2"), {type: "TEXT_MESSAGE_START", messageId: "a2"}]);
    const now = reduce(before, {type: "TEXT_MESSAGE_CONTENT", messageId: "a2", delta: "x"});
    assert.deepEqual(now.messages.map((m, i) => m === before.messages[i]), [true, true, true, false]);
    for (const event of [{type: "TEXT_MESSAGE_END", messageId: "nobody"}, {type: "TOOL_CALL_RESULT", toolCallId: "no", content: "{}"}, {type: "UNKNOWN"}, {}, null,
      {type: "note", runId: "r9", state: "queued"}, {type: "constructor"}, {type: "__proto__"}]) {
      assert.equal(reduce(now, event), now, JSON.stringify(event));
    }
  });

  test("a start after a snapshot of the same run goes on with its text; in a run that is told again it begins anew", () => {
    const snapshot = {type: "MESSAGES_SNAPSHOT", messages: [{id: "q", role: "user", content: "q"}, {id: "a", role: "assistant", content: "Half "}]};
    const rest = [{type: "TEXT_MESSAGE_START", messageId: "a"}, {type: "TEXT_MESSAGE_CONTENT", messageId: "a", delta: "done."}];
    assert.equal(part(of([start("r", "q"), snapshot, ...rest]), "a").text, "Half done.");
    const lost = [{type: "RUN_STARTED", runId: "snapshot-1"}, snapshot, {type: "RUN_FINISHED", runId: "snapshot-1"}];
    assert.equal(part(of([...lost, start("r", "q"), ...rest]), "a").text, "done.");
  });

  test("a snapshot replaces what was shown, and leaves what waits and what came before it", () => {
    let c = of([start("r0", "q0"), ...answer("r0", "a0", "zero"), start("r1", "q1"), ...answer("r1", "a1", "one"), sent("q2", "mine")]);
    const [q0, a0] = c.messages;
    c = reduce(c, {type: "MESSAGES_SNAPSHOT", messages: [{id: "q1", role: "user", content: "new"}, {id: "b1", role: "assistant", content: "other"}]});
    assert.deepEqual(texts(c), ["? q", "! zero", "? new", "! other", "? mine"]);
    assert.ok(c.messages[0] === q0 && c.messages[1] === a0);
  });

  test("earlier pages join where an answer was cut, also between a call and its result", () => {
    const all = [{id: "q1", role: "user", content: "one"}, {id: "a1", role: "assistant", toolCalls: [{id: "t1", function: {name: "f", arguments: "{}"}}]},
      {id: "r1", role: "tool", toolCallId: "t1", content: "{\"success\":true}"}, {id: "a2", role: "assistant", content: "done"}, {id: "q2", role: "user", content: "two"}];
    const whole = stored({messages: all});
    for (let cut = 1; cut < all.length; cut++) {
      const c = reduce(stored({messages: all.slice(cut)}), {type: "stored", messages: all.slice(0, cut), prepend: true, older: null});
      assert.deepEqual(said(c), said(whole), `cut at ${cut}`);
    }
  });

  test("times: a tool and a thought took as long as they took", () => {
    let c = reduce(of([start("r", "q")]), {type: "TOOL_CALL_START", toolCallId: "t", toolCallName: "f"}, 1000);
    c = reduce(c, {type: "TOOL_CALL_RESULT", toolCallId: "t", content: "{}"}, 1120);
    assert.equal(part(c, "t").ms, 120);
    c = reduce(c, {type: "REASONING_START", messageId: "h"}, 2000);
    c = reduce(c, {type: "REASONING_MESSAGE_START", messageId: "h"}, 2001);
    c = reduce(c, {type: "REASONING_MESSAGE_END", messageId: "h"}, 5000);
    c = reduce(c, {type: "REASONING_END", messageId: "h"}, 9000);
    assert.equal(part(c, "h").ms, 3000);
  });

  test("what a turn waits for", () => {
    const custom = (name, value) => ({type: "CUSTOM", name, value});
    let c = of([start("r", "q"), custom("turnpike.summarizing", {messages: 3})]);
    assert.equal(c.run.step, "summarizing");
    c = reduce(c, custom("turnpike.summarized", {messages: 3, failed: false}));
    assert.equal(c.run.step, undefined);
    c = reduce(c, custom("turnpike.model", {status: "queued"}));
    assert.equal(c.run.step, "model-queued");
    c = reduce(c, {type: "TEXT_MESSAGE_START", messageId: "a"});
    assert.equal(c.run.step, undefined);
  });

  test("back to a question: the old answer stays until the new run begins; a refusal changes nothing", () => {
    const c = of([start("r1", "q1"), ...answer("r1", "a1", "one"), start("r2", "q2"), ...answer("r2", "a2", "two")]);
    const again = reduce(c, {type: "again", messageId: "q1", runId: "r3", text: "other"});
    assert.deepEqual(texts(again), ["? other", "! one", "? q", "! two"]);
    assert.deepEqual(texts(reduce(again, {type: "note", runId: "r3", state: "lost"})), texts(c));
    assert.deepEqual(texts(of([start("r3", "q1", "other"), ...answer("r3", "a3", "three")], again)), ["? other", "! three"]);
  });

  test("versions can be looked at, and the present is not changed by that", () => {
    let c = of([start("r", "q", "third"), ...answer("r", "a", "3")]);
    c = reduce(c, {type: "branches", branches: [{id: "b1", messageId: "q"}, {id: "b2", messageId: "q"}, {id: "bx", messageId: "gone"}]});
    assert.deepEqual(c.messages[0].branch, {index: 3, count: 3, ids: ["b1", "b2"]});
    const looked = reduce(c, {type: "branch", messageId: "q", id: "b1", messages: [{id: "q", role: "user", content: "first"}, {id: "a0", role: "assistant", content: "1"}]});
    assert.deepEqual(texts({messages: shown(looked)}), ["? first", "! 1"]);
    assert.equal(shown(looked)[0].branch.index, 1);
    const regenerated = reduce(c, {type: "branch", messageId: "q", id: "b2", messages: [{id: "a1", role: "assistant", content: "2"}]});
    assert.deepEqual(texts({messages: shown(regenerated)}), ["? third", "! 2"]);
    assert.deepEqual(looked.messages, c.messages);
    assert.deepEqual(shown(reduce(looked, {type: "branch"})), c.messages);
  });

  test("what the user has said of an answer is there after a reload", () => {
    const page = {messages: [{id: "q", role: "user", content: "q"}, {id: "a", role: "assistant", content: "x"}]};
    const c = reduce(initial, {type: "stored", ...page, feedback: {a: {rating: 1}}});
    assert.equal(c.messages[1].feedback, 1);
    assert.equal(reduce(c, {type: "feedback", messageId: c.messages[1].id, rating: 5}).messages[1].feedback, 5);
  });

  test("nothing hostile breaks it: any events in any order", () => {
    const ids = ["a", "b", "q", "snapshot-1", "", "__proto__", undefined];
    const junk = [undefined, null, 0, "x", [], {}, [null, 1, {role: "user"}, {id: 1, role: "assistant", content: [null, {type: "text"}], toolCalls: [null, {id: "a"}]}]];
    const types = ["RUN_STARTED", "RUN_FINISHED", "RUN_ERROR", "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "REASONING_START", "REASONING_MESSAGE_START",
      "REASONING_MESSAGE_CONTENT", "REASONING_END", "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT", "MESSAGES_SNAPSHOT", "STATE_SNAPSHOT", "STATE_DELTA",
      "CUSTOM", "stored", "sent", "note", "approvals", "again", "takenBack", "branches", "branch", "feedback", "clear"];
    let seed = 7, c = initial;
    const pick = list => list[(seed = (seed * 1103515245 + 12345) % 2 ** 31) % list.length];
    for (let i = 0; i < 30000; i++) {
      const event = {type: pick(types), runId: pick(ids), messageId: pick(ids), toolCallId: pick(ids), toolCallName: pick(ids), delta: pick(["x", "", undefined]), content: pick(junk),
        messages: pick(junk), input: pick([undefined, null, {messages: pick(junk)}]), outcome: pick([undefined, {type: "interrupt", interrupts: pick([[], undefined, [{id: "i", toolCallId: "a"}]])}, {type: "cancelled"}]),
        ids: {messageId: String(pick(ids)), runId: String(pick(ids))}, text: "t", approvals: pick([[], [{id: "i", tool_call_id: "a"}]]), branches: pick([[], [{id: "b1", messageId: "q"}]]),
        id: pick(["b1", undefined]), state: pick(["queued", "lost", "sending"]), rating: 3, name: pick(["turnpike.model", "turnpike.summarized", "constructor", undefined]), value: pick(junk), prepend: pick([true, false])};
      if (event.type === "sent" && c.messages.length > 60) continue;
      c = reduce(c, event, i);
      const seen = c.messages.map(m => m.id);
      assert.equal(new Set(seen).size, seen.length, `two messages have one id after ${JSON.stringify(event)}`);
      const waits = c.messages.findIndex(isPending);
      assert.ok(waits < 0 || c.messages.slice(waits).every(isPending), `what waits is not at the end after ${JSON.stringify(event)}`);
      shown(c);
    }
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// Server-sent events: the stock AG-UI client, our cursor, and no buffering on the way.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {HttpAgent} from "@ag-ui/client";
import {API, eventually, Stack, transcript, uuid} from "./harness.mjs";

describe("a reader of server-sent events", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  /** Runs the stock client; returns what it saw. */
  async function runAgent(content, {threadId = uuid(), agent} = {}) {
    agent ??= new HttpAgent({url: `${stack.url}${API}/agui`, threadId});
    agent.addMessage({id: uuid(), role: "user", content});
    const seen = {agent, events: [], warnings: [], error: null};
    const warn = console.warn;
    console.warn = (...args) => seen.warnings.push(args.join(" "));
    try {
      await agent.runAgent({runId: uuid()}, {
        onEvent: ({event}) => { seen.events.push(event); },
        onRunErrorEvent: ({event}) => { seen.error = event; },
      });
    } catch (error) {
      seen.thrown = error;
    } finally {
      console.warn = warn;
    }
    return seen;
  }

  test("the stock AG-UI client accepts a run", async () => {
    const seen = await runAgent("hello [[text words=8 delay=2]]");
    assert.equal(seen.thrown, undefined);
    assert.deepEqual(seen.warnings, []);
    assert.equal(seen.events[0].type, "RUN_STARTED");
    assert.equal(seen.events.at(-1).type, "RUN_FINISHED");
    assert.equal(seen.agent.messages.at(-1).role, "assistant");
    assert.equal(seen.agent.messages.at(-1).content, "The road north follows the coast for most.");
    const usage = seen.events.at(-1).usage?.[0];
    assert.ok(usage?.inputTokens > 0 && usage?.outputTokens > 0, JSON.stringify(usage));
  });

  test("the stock AG-UI client accepts tool calls, and a second run on its thread", async () => {
    const first = await runAgent("[[tool name=get_current_time,get_current_time args={};{\"timezone\":\"Europe/Berlin\"} | text say=Done.]]");
    assert.equal(first.thrown, undefined);
    assert.deepEqual(first.warnings, []);
    const {messages} = first.agent;
    assert.deepEqual(messages.map(m => m.role).filter((r, i, a) => r !== a[i - 1]), ["user", "assistant", "tool", "assistant"]);
    assert.equal(messages.filter(m => m.role === "tool").length, 2);
    for (const m of messages.filter(m => m.role === "tool")) assert.equal(JSON.parse(m.content).success, true);
    assert.equal(first.events.at(-1).type, "RUN_FINISHED");
    const second = await runAgent("and again [[text say=Again.]]", {agent: first.agent});
    assert.equal(second.thrown, undefined);
    assert.equal(second.agent.messages.at(-1).content, "Again.");
    const stored = (await stack.get(`/sessions/${first.agent.threadId}/messages`)).json.messages;
    assert.deepEqual(stored.map(m => m.id), second.agent.messages.map(m => m.id));
  });

  test("the stock AG-UI client accepts an error", async () => {
    const seen = await runAgent("[[http status=400 message=broken]]");
    assert.equal(seen.thrown, undefined);
    assert.deepEqual(seen.warnings, []);
    assert.equal(seen.events[0].type, "RUN_STARTED");
    assert.equal(seen.events.at(-1).type, "RUN_ERROR");
    assert.ok(seen.error.message.length > 0);
    assert.ok(!/test-key/.test(JSON.stringify(seen.events)));
  });

  test("the stock AG-UI client accepts an error in the middle of the text", async () => {
    const seen = await runAgent("[[overloaded after=3]]");
    assert.equal(seen.thrown, undefined);
    assert.deepEqual(seen.warnings, []);
    assert.ok(seen.events.some(e => e.type === "TEXT_MESSAGE_CONTENT"));
    assert.ok(["RUN_ERROR", "RUN_FINISHED"].includes(seen.events.at(-1).type));
  });

  test("tokens arrive while the model still speaks", async () => {
    const reader = stack.chatStream("hello [[text words=6 hold=3]]");
    await reader.until(() => /north /.test(reader.text()));
    assert.equal(reader.status, 200);
    assert.match(reader.headers["content-type"], /^text\/event-stream/);
    assert.equal(reader.ended, false);
    assert.equal(reader.text(), "The road north ");
    await stack.double.go();
    await reader.until("RUN_FINISHED");
    await reader.all();
    assert.equal(reader.text(), "The road north follows the coast.");
  });

  test("`stream: true` in the body asks for a stream too", async () => {
    const reader = stack.sse("/chat", {method: "POST", body: {message: "hello", stream: true}, headers: {Accept: "*/*"}});
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED");
  });

  test("every event has a cursor, rising, and is one line of JSON", async () => {
    const reader = stack.chatStream("[[tool name=get_current_time args={} | text words=30]]");
    await reader.all();
    let before = [0, 0];
    for (const {id} of reader.events) {
      const now = id.split("-").map(Number);
      assert.ok(now[0] > before[0] || (now[0] === before[0] && now[1] > before[1]), `${before} ${now}`);
      before = now;
    }
  });

  test("a reader that dropped after any byte goes on with its cursor and has every event once", async () => {
    const session_id = uuid();
    const whole = stack.chatStream("x [[tool name=get_current_time args={} | text words=25 split]]", {session_id});
    await whole.all();
    const size = whole.raw.length, first = whole.events[0].id, [epoch] = first.split("-");
    const wanted = transcript(whole.events);
    assert.equal(wanted[0].type, "RUN_STARTED");
    assert.equal(wanted.at(-1).type, "RUN_FINISHED");
    const step = Math.max(1, Math.floor(size / 60)); // cut points over all of it
    for (let cut = 1; cut < size; cut += step) {
      const a = stack.sse(`/sessions/${session_id}/events?cursor=${epoch}-0`);
      await a.bytes(cut);
      // What stands behind `cut` bytes is as good as not received.
      const kept = completeEvents(a.raw.subarray(0, cut));
      a.drop();
      const b = stack.sse(`/sessions/${session_id}/events`, {headers: {"Last-Event-ID": kept.at(-1)?.id ?? `${epoch}-0`}});
      if (kept.at(-1)?.data.type !== "RUN_FINISHED") await b.until("RUN_FINISHED");
      b.drop();
      assert.deepEqual(transcript([...kept, ...b.events]), wanted, `cut at ${cut}`);
    }
  });

  test("a reader that drops while the model speaks loses nothing", async () => {
    const session_id = uuid();
    const first = stack.chatStream("x [[text words=40 hold=20]]", {session_id});
    await first.until(() => first.text().split(" ").length > 15);
    const {id} = first.last, seen = [...first.events];
    first.drop();
    const second = stack.sse(`/sessions/${session_id}/events`, {headers: {"Last-Event-ID": id}});
    await second.response;
    await stack.double.go();
    await second.until("RUN_FINISHED");
    second.drop();
    const events = transcript([...seen, ...second.events]);
    assert.equal(events.filter(e => e.type === "TEXT_MESSAGE_CONTENT").length, 1);
    assert.equal(events.find(e => e.type === "TEXT_MESSAGE_CONTENT").delta.split(" ").length, 40);
  });

  test("a reader of the session sees the runs of others in it, one of a POST only its own", async () => {
    const session_id = uuid();
    await stack.chat("make the session", {session_id});
    const viewer = stack.sse(`/sessions/${session_id}/events`);
    await viewer.response;
    const post = stack.chatStream("hello", {session_id});
    await post.all();
    await viewer.until("RUN_FINISHED");
    assert.deepEqual(transcript(viewer.events), transcript(post.events));
    viewer.drop();
  });

  test("a client that leaves does not end its turn", async () => {
    const session_id = uuid();
    const reader = stack.chatStream("x [[text words=10 hold=4]]", {session_id});
    await reader.until("TEXT_MESSAGE_CONTENT");
    reader.drop();
    await stack.double.go();
    await eventually(async () => (await stack.get(`/sessions/${session_id}/messages`)).json.messages.length === 2, "the answer is stored");
  });

  test("200 readers of one session see the same", async () => {
    const session_id = uuid();
    await stack.chat("make the session", {session_id});
    const readers = Array.from({length: 200}, () => stack.sse(`/sessions/${session_id}/events`));
    await Promise.all(readers.map(r => r.response));
    await stack.chat("hello [[text words=50]]", {session_id});
    await Promise.all(readers.map(r => r.until("RUN_FINISHED")));
    const wanted = transcript(readers[0].events);
    for (const r of readers) {
      assert.deepEqual(transcript(r.events), wanted);
      r.drop();
    }
  });
});

function completeEvents(bytes) {
  const text = new TextDecoder().decode(bytes), end = text.lastIndexOf("\n\n");
  if (end < 0) return [];
  const out = [];
  for (const frame of text.slice(0, end).split("\n\n")) {
    const id = /^id: (.*)$/m.exec(frame)?.[1], data = /^data: (.*)$/m.exec(frame)?.[1];
    if (data) out.push({id, data: JSON.parse(data)});
  }
  return out;
}

// A cut stream leaves an unhandled rejection in the stock client.
process.on("unhandledRejection", error => {
  if (!/terminated|aborted|socket/i.test(String(error))) throw error;
});

// SPDX-License-Identifier: BSD-2-Clause
// The eventsource package as it is: events by ticket, and what breaks underneath.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {EventSource} from "eventsource";
import {API, eventually, Stack, transcript, uuid} from "./harness.mjs";

describe("a stock EventSource", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"stream.retry": "50ms"}}); });
  after(() => stack.stop({check: false})); // stream workers were killed

  /** Follows a session; `seen` grows. */
  async function follow(session, more = "&cursor=0-0") {
    const {ticket} = (await stack.post("/ws-ticket", {})).json;
    const source = new EventSource(`${stack.url}${API}/sessions/${session}/events?ticket=${ticket}${more}`);
    source.seen = [];
    source.onmessage = ({data, lastEventId}) => source.seen.push({data: JSON.parse(data), id: lastEventId});
    source.opened = 0;
    source.onopen = () => { source.opened++; };
    return source;
  }
  const words = source => source.seen.filter(e => e.data.type === "TEXT_MESSAGE_CONTENT").map(e => e.data.delta).join("");
  const ended = source => source.seen.some(e => e.data.type === "RUN_FINISHED");

  test("gets the events of a session by a ticket, in UTF-8", async () => {
    const session_id = uuid();
    await stack.chat("x [[text say=\"Grüße, 世界 😀.\"]]", {session_id});
    const source = await follow(session_id);
    try {
      await eventually(() => ended(source), "the end");
      assert.equal(words(source), "Grüße, 世界 😀.");
      assert.ok(source.seen.every(e => /^\d+-\d+$/.test(e.id)));
    } finally {
      source.close();
    }
  });

  test("comes back by itself after each stream worker was killed, misses nothing and doubles nothing", async () => {
    const session_id = uuid(), turn = stack.chat("x [[text words=60 hold=20,40]]", {session_id}, {timeout: 60000});
    await eventually(async () => (await stack.get(`/sessions/${session_id}`)).status === 200, "the session is there");
    const source = await follow(session_id);
    try {
      for (let i = 0; i < 2; i++) {
        await eventually(() => words(source).split(" ").length > 20 * (i + 1), "it reads up to where the model stops");
        const opened = source.opened;
        for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL");
        await eventually(() => source.opened > opened, "it is there again");
        await stack.double.go();
      }
      await turn;
      await eventually(() => ended(source), "the end");
      const whole = (await stack.get(`/streams/sessions/${session_id}`)).json;
      assert.deepEqual(transcript(source.seen), transcript(whole.map(data => ({data}))));
    } finally {
      source.close();
    }
  });

  test("comes back after a reload of the service", async () => {
    const session_id = uuid();
    await stack.chat("x [[text words=3]]", {session_id});
    const source = await follow(session_id);
    try {
      await eventually(() => ended(source), "the end of the first");
      const opened = source.opened;
      await stack.reload();
      await eventually(() => source.opened > opened, "it is there again");
      await stack.chat("y [[text say=Later.]]", {session_id});
      await eventually(() => source.seen.filter(e => e.data.type === "RUN_FINISHED").length === 2, "the second turn");
      assert.equal(new Set(source.seen.map(e => e.id)).size, source.seen.length, "nothing twice");
    } finally {
      source.close();
    }
  });

  test("follows a durable stream over the ends of its connections", async () => {
    const session_id = uuid(), items = [];
    await stack.chat("x [[text words=3]]", {session_id});
    const {ticket} = (await stack.post("/ws-ticket", {})).json;
    const source = new EventSource(`${stack.url}${API}/streams/sessions/${session_id}?offset=-1&live=sse&ticket=${ticket}`);
    let opened = 0;
    source.onopen = () => { opened++; };
    source.addEventListener("data", ({data}) => items.push(...JSON.parse(data)));
    const turns = () => items.filter(e => e.type === "RUN_FINISHED").length;
    try {
      await eventually(() => turns() === 1, "the first turn");
      for (let i = 2; i < 4; i++) {
        const before = opened;
        await stack.reload();
        await eventually(() => opened > before, "it is there again");
        await stack.chat("y [[text say=Later.]]", {session_id});
        await eventually(() => turns() === i, "the next turn");
      }
      assert.deepEqual(items.map(e => e.type), (await stack.get(`/streams/sessions/${session_id}`)).json.map(e => e.type));
    } finally {
      source.close();
    }
  });

  test("a ticket that is none ends it for good", async () => {
    const source = new EventSource(`${stack.url}${API}/sessions/${uuid()}/events?ticket=none`);
    const error = await new Promise(done => { source.onerror = done; });
    assert.equal(error.code, 401);
    assert.equal(source.readyState, EventSource.CLOSED);
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// A proxy in front cuts every connection after N seconds. With stream.max_age below N the server sends clients
// away before, each at its own moment, and they lose nothing.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, SLOW, Stack, transcript, uuid} from "./harness.mjs";

const WORDS = 40, LONG = 60000 * SLOW;
const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes((e.data ?? e).type);

describe("stream.max_age", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"stream.max_age": "1s", "stream.retry": "50ms"}}); });
  after(() => stack.stop());

  function whole(events) {
    const seen = transcript(events), texts = seen.filter(e => e.type === "TEXT_MESSAGE_CONTENT");
    const parts = texts.map(e => e.delta).join("");
    assert.equal(parts.split(" ").length, WORDS);
    for (const type of ["RUN_STARTED", "TEXT_MESSAGE_START", "RUN_FINISHED"]) assert.equal(seen.filter(e => e.type === type).length, 1, type);
  }

  test("WebSocket: 1012 in the middle of a run; a client that comes back with its cursor sees each event once", async () => {
    const session_id = uuid(), events = [];
    let socket = await stack.socket(), cuts = 0, cursor;
    socket.message(`x [[text words=${WORDS} hold=5,10,20,30]]`, {session_id, client_message_id: uuid()});
    await stack.double.until(d => d.held > 0, "the model holds");
    // From the third planned end on the model goes on by itself.
    const releasing = setInterval(() => cuts >= 3 && stack.double.release(), 20);
    try {
      for (const end = Date.now() + LONG; !events.some(FINAL);) {
        assert.ok(Date.now() < end, "the run has ended");
        await Promise.race([socket.closed, socket.until(FINAL, LONG).catch(() => socket.closed)]);
        events.push(...socket.events());
        if (events.some(FINAL)) break;
        assert.deepEqual(await socket.closed, {code: 1012, reason: "planned reconnect"});
        cursor = socket.cursor ?? cursor;
        cuts++;
        stack.double.release();
        socket = await stack.socket(`/ws?session_id=${session_id}${cursor ? `&cursor=${cursor}` : ""}`);
      }
    } finally {
      clearInterval(releasing);
    }
    assert.ok(cuts >= 3);
    const cursors = events.map(e => e.metadata.cursor);
    assert.equal(new Set(cursors).size, cursors.length);
    whole(events);
    if (!socket.close) await socket.end();
  });

  test("SSE: the stream ends whole with a retry: line; the next one goes on behind Last-Event-ID", async () => {
    const session_id = uuid(), events = [];
    const sent = await stack.chat(`x [[text words=${WORDS} hold=5,20]]`, {session_id}, {headers: {Prefer: "respond-async"}});
    assert.equal(sent.status, 202);
    let cursor = sent.json.cursor, cuts = 0;
    const end = Date.now() + LONG;
    while (!events.some(FINAL)) {
      assert.ok(Date.now() < end, "the run has ended");
      const reader = stack.sse(`/sessions/${session_id}/events`, {headers: {"Last-Event-ID": cursor}});
      await reader.all(LONG); // fails when the body is cut
      assert.equal(reader.status, 200);
      assert.match(reader.raw.toString(), /retry: 50\n\n$/);
      events.push(...reader.events);
      cursor = reader.events.at(-1)?.id ?? cursor;
      cuts++;
      stack.double.release();
    }
    assert.ok(cuts >= 2);
    assert.equal(new Set(events.map(e => e.id)).size, events.length);
    whole(events);
  });
});

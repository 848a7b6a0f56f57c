// SPDX-License-Identifier: BSD-2-Clause
// Two machines: two supervisors with directories and nginx of their own, one Redis.
import {after, afterEach, before, beforeEach, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, SLOW, Stack, transcript, uuid} from "./harness.mjs";

const LONG = 60000 * SLOW; // a lease runs out
const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes((e.data ?? e).type);

describe("two machines with one Redis", () => {
  let one, two;
  before(async () => { one = await Stack.start({settings: {machine: "one", lease: "2s"}}); });
  after(() => one.stop({check: false}));
  beforeEach(async () => { two = await Stack.start({beside: one, settings: {machine: "two", lease: "2s"}}); });
  afterEach(() => two?.stop({check: false}));

  test("a viewer at one sees, word by word, the turn that runs at the other, and can stop it there", async () => {
    const session_id = uuid();
    const there = await one.socket(`/ws?session_id=${session_id}`);
    const here = two.chatStream("x [[text words=20 hold=12]]", {session_id});
    await here.until("RUN_STARTED");
    const events = one.sse(`/sessions/${session_id}/events?cursor=0-0`);
    await there.until(() => there.text().split(" ").length > 10);
    await events.until(() => events.text().split(" ").length > 10);
    assert.equal((await one.seats("turn")).filter(w => w.session === session_id).length, 0);
    assert.equal((await one.get(`/sessions/${session_id}`)).json.running_turn, here.events[0].data.runId);
    await two.double.go();
    await Promise.all([there.until(FINAL), events.until(FINAL), here.all()]);
    assert.deepEqual(transcript(there.events()), transcript(here.events));
    assert.deepEqual(transcript(events.events), transcript(here.events));

    const next = two.chatStream("x [[text words=20 hold=5]]", {session_id});
    await next.until("TEXT_MESSAGE_CONTENT");
    there.send({type: "cancel", session_id});
    assert.equal((await next.until(FINAL)).data.type, "RUN_FINISHED");
    assert.ok(next.text().split(" ").length < 20);
    two.double.release();
    events.drop();
    await there.end();
  });

  test("the same message sent to both is one turn", async () => {
    const body = {session_id: uuid(), client_message_id: uuid()};
    const replies = await Promise.all([one, two, one, two].map(m => m.chat("x [[text say=Once.]]", body)));
    assert.deepEqual(replies.map(r => r.status), [200, 200, 200, 200], replies.map(r => r.text).join("\n"));
    assert.equal(new Set(replies.map(r => r.json.turn_id)).size, 1);
    assert.equal((await two.get(`/sessions/${body.session_id}/messages`)).json.messages.length, 2);
  });

  test("one is lost with all its processes: the other takes its turn over, and clients that come there lose nothing", async () => {
    const session_id = uuid();
    const client = await two.socket();
    client.message("x [[text words=20 hold=12]]", {session_id});
    await client.until(() => client.text().split(" ").length > 10);
    const viewer = one.sse(`/sessions/${session_id}/events?cursor=0-0`);
    await viewer.until(() => viewer.text().split(" ").length > 10);
    const calls = one.double.requests.length;
    await two.lose();
    await client.closed;
    const seen = client.events();
    const again = await one.socket();
    again.send({type: "subscribe", session_id, cursor: client.cursor});
    await one.double.until(d => d.requests.length > calls, "the other machine asks the model", LONG);
    await eventually(() => { one.double.release(); return one.double.requests.every(r => !r.open); }, "the model has answered", LONG);
    assert.equal((await viewer.until(FINAL, LONG)).data.type, "RUN_FINISHED");
    assert.equal((await again.until(FINAL, LONG)).type, "RUN_FINISHED");
    assert.deepEqual(transcript([...seen, ...again.events()]), transcript(viewer.events));
    assert.equal(viewer.events.filter(FINAL).length, 1);
    const {messages} = (await one.get(`/sessions/${session_id}/messages`)).json;
    assert.deepEqual(messages.map(m => m.role), ["user", "assistant"]);
    assert.match(messages[1].content, /^The road north .*\.$/s);
    assert.equal((await one.chat("still here")).status, 200);
    viewer.drop();
    await again.end();
  });
});

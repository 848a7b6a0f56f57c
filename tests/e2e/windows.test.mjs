// SPDX-License-Identifier: BSD-2-Clause
// A conversation that is longer than the model's window: what leaves is told by a summary, which the model
// makes once and the session keeps. Whatever becomes of the summary, the user gets an answer.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, Stack, uuid} from "./harness.mjs";

const WINDOW = 16000; // tokens of four bytes, tools and prompt included
const LONG = "and so on for a while, ".repeat(40);
const facts = text => [...new Set(text.match(/FACT-\w+/g) ?? [])].sort();

/** Both vendors' words for a request over the window. */
function tooLong(api, body) {
  const used = Math.ceil(Buffer.byteLength(JSON.stringify(body)) / 4);
  if (used <= WINDOW) return undefined;
  return api === "anthropic" ? [400, `prompt is too long: ${used} tokens > ${WINDOW} maximum`]
    : [400, {error: {message: `This model's maximum context length is ${WINDOW} tokens. However, your messages resulted in ${used} tokens. Please reduce the length of the messages.`,
      type: "invalid_request_error", param: "messages", code: "context_length_exceeded"}}];
}
/** A record that has every fact of the question: of the record before and of the new messages. */
const record = body => `About the user: ${facts(JSON.stringify(body)).join(", ")}.`;
const textOf = m => typeof m.content === "string" ? m.content : m.content.map(p => p.text ?? "").join("\n");
const events = (reader, name) => reader.events.filter(e => e.data.name === `turnpike.${name}`).map(e => e.data.value);
const calls = usage => usage.reduce((sum, u) => sum + u.inputTokens, 0) / 35; // what the double counts for each call

for (const provider of ["anthropic", "openai"]) {
  describe(`a long conversation by ${provider}`, () => {
    let stack;
    before(async () => {
      stack = await Stack.start({chain: provider, settings: {"anthropic.model": "claude-haiku-4-5", "model.retries": 0, "respawn.min": "50ms", "turn.seats": 2, "turn.user": 0}});
    });
    after(() => stack.stop());

    const summariesOf = async session => (await stack.redis("LRANGE", `tp:{dev}:summaries:${session}`, 0, -1)).split("\n").filter(Boolean).map(line => JSON.parse(line));
    const say = (session_id, i, more = "") => stack.chat(`message ${i} ${more} ${LONG} [[text say=Answer_${i}.]]`, {session_id});
    /** So many turns that the next one does not fit. */
    async function fill(session_id) {
      stack.double.refuse = tooLong;
      assert.equal((await say(session_id, 0, "FACT-0")).status, 200);
      const turns = 2 + Math.ceil((4 * WINDOW - stack.double.requests.at(-1).raw.length) / (3 * LONG.length + 150));
      assert.ok(turns > 8, `${turns}`);
      const more = Array.from({length: turns - 1}, (_, n) => [{id: uuid(), role: "user", content: `message ${n + 1} ${n < 2 ? `FACT-${n + 1}` : ""} ${LONG.repeat(3)}`},
        {id: uuid(), role: "assistant", content: `Answer ${n + 1}.`}]).flat();
      await stack.redis("RPUSH", `tp:{dev}:s:${session_id}:msgs`, ...more.map(m => JSON.stringify(m)));
      await stack.redis("HINCRBY", `tp:{dev}:s:${session_id}`, "count", more.length);
      return session_id;
    }
    /** The stored conversation. */
    async function conversation(session_id) {
      const page = async cursor => (await stack.get(`/sessions/${session_id}/messages?limit=100${cursor ? `&cursor=${cursor}` : ""}`)).json;
      let all = [], next;
      do {
        const {messages, next_cursor} = await page(next);
        all = [...messages, ...all];
        next = next_cursor;
      } while (next);
      return all;
    }
    const mine = list => list.filter(r => !r.summary);
    before(() => { stack.double.summary = record; });

    test("of 200 messages: no request over the window, all facts reach the model, few summaries, each counted", async () => {
      const session_id = uuid(), at = stack.double.requests.length;
      stack.double.refuse = tooLong;
      let last, summarised = 0;
      for (let i = 0; i < 100; i++) {
        const seen = stack.double.summaries.length;
        last = await say(session_id, i, i % 10 === 3 ? `FACT-${i}` : "");
        assert.equal(last.status, 200, last.text);
        assert.match(last.json.response, new RegExp(`^Answer ${i}\\.$`), "nothing more is said");
        const made = stack.double.summaries.length - seen;
        summarised += made > 0;
        assert.ok(made <= 1, `turn ${i}: ${made} summaries`);
        assert.equal(calls(last.json.usage), 1 + made, `turn ${i}: ${JSON.stringify(last.json.usage)}`);
        const turn = (await stack.get(`/turns/${last.json.turn_id}`)).json;
        assert.deepEqual(turn.usage, last.json.usage);
      }
      const requests = stack.double.requests.slice(at);
      assert.ok(requests.filter(r => r.refused).length <= 2, "the window is learnt");
      console.log(`${provider}: ${summarised} summaries in 100 turns, ${requests.filter(r => r.refused).length} requests refused`);
      assert.ok(summarised >= 3 && summarised <= 12, `${summarised} summaries in 100 turns`);
      assert.deepEqual(facts(requests.at(-1).raw), [13, 23, 3, 33, 43, 53, 63, 73, 83, 93].map(n => `FACT-${n}`).sort());
      const bodies = mine(requests).filter(r => !r.refused).map(r => r.body.messages.filter(m => m.role !== "system"));
      for (const [i, messages] of bodies.entries()) {
        if (i === 0 || !textOf(messages[0]).includes("<record>")) continue;
        const before = bodies[i - 1], same = textOf(before[0]) === textOf(messages[0]);
        if (same) assert.deepEqual(messages.slice(1, before.length - 1), before.slice(1, -1), "the same beginning from turn to turn");
      }
      assert.ok(requests.filter(r => r.summary).every(r => !r.body.tools && !r.raw.includes("<situation>")), "a summary is asked for without tools");
      assert.equal((await conversation(session_id)).length, 200, "the conversation itself is whole");
    });

    test("tells its viewers, and is there for the next turn and in the export; it goes with the session", async () => {
      const session_id = await fill(uuid());
      const reader = stack.chatStream(`go on [[text say=On.]]`, {session_id});
      await reader.all();
      assert.equal(reader.text(), "On.");
      const [begun] = events(reader, "summarizing"), [done] = events(reader, "summarized");
      assert.ok(begun.messages > 5, JSON.stringify(begun));
      assert.deepEqual(done, {messages: begun.messages, failed: false});
      assert.ok(reader.types().indexOf("CUSTOM") < reader.types().indexOf("TEXT_MESSAGE_START"));
      assert.equal(calls(reader.last.data.usage), 2);
      const seen = stack.double.summaries.length, [kept] = await summariesOf(session_id);
      assert.equal(kept.messages, done.messages);
      assert.match(kept.text, /FACT-0, FACT-1, FACT-2/);
      assert.equal((await stack.chat("more [[text say=More.]]", {session_id})).json.response, "More.");
      assert.equal(stack.double.summaries.length, seen, "made once");
      assert.deepEqual(facts(stack.double.requests.at(-1).raw), ["FACT-0", "FACT-1", "FACT-2"]);
      const exported = (await stack.get("/export")).json.sessions.find(s => s.id === session_id);
      assert.deepEqual(exported.summaries, [kept]);
      assert.equal((await stack.request("DELETE", `/sessions/${session_id}`)).status, 200);
      assert.equal(await stack.redis("EXISTS", `tp:{dev}:summaries:${session_id}`), "0");
    });

    test("an edited message leads back: what left the conversation is in no summary", async () => {
      const session_id = await fill(uuid());
      const messages = (await conversation(session_id)).filter(m => m.role === "user");
      assert.equal((await stack.chat("go on [[text say=On.]]", {session_id})).status, 200);
      assert.equal((await summariesOf(session_id)).length, 1);
      const edit = async (i, text) => {
        const stream = stack.sse("/agui", {method: "POST", body: {threadId: session_id, runId: uuid(), tools: [], context: [], state: {}, forwardedProps: {},
          messages: [{id: messages[i].id, role: "user", content: `${text} [[text say=Edited.]]`}]}});
        await stream.all();
        assert.equal(stream.text(), "Edited.", stream.raw.toString());
        return mine(stack.double.requests).at(-1).raw;
      };
      const kept = (await summariesOf(session_id))[0].messages / 2;
      assert.ok(kept > 3 && kept < messages.length);
      assert.deepEqual(facts(await edit(kept, "behind the summary")), ["FACT-0", "FACT-1", "FACT-2"]);
      assert.equal((await summariesOf(session_id)).length, 1, "it tells nothing that left");
      const raw = await edit(2, "another thing");
      assert.deepEqual(facts(raw), ["FACT-0", "FACT-1"]);
      assert.ok(!raw.includes("<record>"));
      assert.equal((await summariesOf(session_id)).length, 0);
    });

    test("an older version that shares the data leads back: the summary counts no more", async () => {
      const session_id = await fill(uuid());
      assert.equal((await stack.chat("go on [[text say=On.]]", {session_id})).status, 200);
      assert.equal((await summariesOf(session_id)).length, 1);
      await stack.redis("LTRIM", `tp:{dev}:s:${session_id}:msgs`, 0, 3);
      await stack.redis("HSET", `tp:{dev}:s:${session_id}`, "count", 4);
      assert.equal((await stack.chat("anew [[text say=Anew.]]", {session_id})).json.response, "Anew.");
      assert.deepEqual(facts(stack.double.requests.at(-1).raw), ["FACT-0", "FACT-1"]);
      assert.equal((await summariesOf(session_id)).length, 0);
    });

    const workerOf = session => eventually(async () => (await stack.seats("turn")).find(w => w.session === session), `a worker of ${session}`);
    const resumed = e => e.data.name === "turnpike.resumed";

    test("its worker is killed while it is made: the next one makes it", async () => {
      const session_id = await fill(uuid());
      stack.double.summary = "text say=The_record_of_FACT-0,_FACT-1_and_FACT-2. hold=2";
      const seen = stack.double.summaries.length, reader = stack.chatStream("go on [[text say=On.]]", {session_id});
      await stack.double.until(d => d.held > 0, "the summary is held");
      process.kill((await workerOf(session_id)).pid, "SIGKILL");
      stack.double.release();
      await reader.until(resumed);
      await stack.double.go();
      await reader.all();
      stack.double.summary = record;
      assert.equal(reader.last.data.type, "RUN_FINISHED");
      assert.equal(reader.text(), "On.");
      assert.equal(stack.double.summaries.length, seen + 2);
      assert.equal((await summariesOf(session_id)).length, 1);
      assert.deepEqual(facts(stack.double.requests.at(-1).raw), ["FACT-0", "FACT-1", "FACT-2"]);
    });

    test("its worker is killed after it was made: it is not made again, and its cost is counted", async () => {
      const session_id = await fill(uuid());
      const seen = stack.double.summaries.length, reader = stack.chatStream("go on [[text words=6 hold=3]]", {session_id});
      await stack.double.until(d => d.held > 0, "the answer is held");
      process.kill((await workerOf(session_id)).pid, "SIGKILL");
      stack.double.release();
      await reader.until(resumed);
      await stack.double.go();
      await reader.all();
      assert.equal(reader.last.data.type, "RUN_FINISHED");
      assert.equal(stack.double.summaries.length, seen + 1, "made once");
      assert.equal(calls(reader.last.data.usage), 2);
      assert.deepEqual(facts(stack.double.requests.at(-1).raw), ["FACT-0", "FACT-1", "FACT-2"]);
    });

    test("a stop while it is made ends the turn, and nothing is kept", async () => {
      const session_id = await fill(uuid());
      stack.double.summary = "text words=9 hold=2";
      const reader = stack.chatStream("go on [[text say=On.]]", {session_id});
      await stack.double.until(d => d.held > 0, "the summary is held");
      const asked = stack.double.summaries.at(-1);
      assert.equal((await stack.post(`/turns/${(await workerOf(session_id)).turn}/cancel`, {})).status, 202);
      await reader.all();
      stack.double.release();
      stack.double.summary = record;
      assert.equal(reader.last.data.type, "RUN_FINISHED");
      assert.equal(reader.last.data.outcome.type, "cancelled");
      await stack.double.until(() => !asked.open, "the model's connection is closed");
      assert.equal((await summariesOf(session_id)).length, 0);
      assert.equal((await stack.chat("go on now [[text say=On.]]", {session_id})).json.response, "On.");
      assert.equal((await summariesOf(session_id)).length, 1);
    });

    const FAULTS = {
      "is refused": "refuse words=3", "is empty": "empty", "is blank": () => "\u00a0 \n\u200b", "fails": "http status=500",
      "is a rejected request": "http status=400 message=policy", "is cut off": "cut after=2",
    };
    for (const [name, scenario] of Object.entries(FAULTS)) {
      test(`one that ${name}: the turn goes on without it, and the next one does not try again at once`, async () => {
        const session_id = await fill(uuid());
        stack.double.summary = scenario;
        const reader = stack.chatStream("go on [[text say=On.]]", {session_id});
        await reader.all(40000);
        stack.double.summary = record;
        assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
        assert.match(reader.text(), /^On\./);
        assert.deepEqual(events(reader, "summarized"), [{messages: 0, failed: true}]);
        assert.match(stack.log(), /the older messages leave without a summary/);
        const seen = stack.double.summaries.length;
        assert.match((await stack.chat("more [[text say=More.]]", {session_id})).json.response, /^More\./);
        assert.equal(stack.double.summaries.length, seen);
        assert.equal((await summariesOf(session_id)).length, 0);
        await stack.redis("HDEL", `tp:{dev}:s:${session_id}`, "summary_after");
        assert.equal((await stack.chat("again [[text say=Again.]]", {session_id})).json.response, "Again.");
        assert.equal((await summariesOf(session_id)).length, 1, "later it is tried again");
      });
    }
  });
}

for (const provider of ["anthropic", "openai"]) {
  describe(`a request that ${provider} refuses for good`, () => {
    let stack;
    before(async () => {
      stack = await Stack.start({chain: provider, settings: {"model.retries": 2, "respawn.min": "50ms", "turn.seats": 2, "breaker.failures": 100}});
      stack.double.summary = record;
    });
    after(() => stack.stop());
    const ask = async (message, session_id) => {
      const at = stack.double.requests.length, reply = await stack.chat(`${message} [[text say=Yes.]]`, {session_id}, {timeout: 60000});
      return {reply, requests: stack.double.requests.slice(at)};
    };

    const body = (message, code, more) => provider === "anthropic" ? {type: "error", error: {type: code, message}} : {error: {message, type: code, code, ...more}};
    const REFUSALS = {
      "with 400": [400, body("something that nobody understands", "invalid_request_error")],
      "with 422": [422, {detail: "Unprocessable"}],
      "with 413 of a proxy": [413, "<html><title>413 Request Entity Too Large</title></html>"],
      "with an error in a 200": [200, body("something that nobody understands", "invalid_request_error", {code: 400})],
      "with a 500 that names the window": [500, body("the request exceeds the available context size", "server_error")],
    };
    for (const [name, refusal] of Object.entries(REFUSALS)) {
      test(`${name}: it is answered by its latest words, and a later message goes its way`, async () => {
        const session_id = uuid(), bad = uuid();
        await ask(`first ${bad}`, session_id);
        stack.double.refuse = (api, sent) => JSON.stringify(sent).includes(bad) ? refusal : undefined;
        const {reply, requests} = await ask("second", session_id);
        assert.equal(reply.status, 200, reply.text);
        assert.match(reply.json.response, /^Yes\./);
        assert.ok(requests.length <= 7, `${requests.length}`);
        stack.double.refuse = () => refusal;
        const failed = await ask("third", session_id);
        assert.equal(failed.reply.status, 502, failed.reply.text);
        assert.match(failed.reply.json.code, /^model_(rejected|too_long)$/);
        assert.ok(failed.requests.length <= 8, `${failed.requests.length}`);
        stack.double.refuse = undefined;
        assert.match((await ask("fourth", session_id)).reply.json.response, /^Yes\./);
      });
    }

    test("for more tokens than a minute may have: it is shortened at once, not sent again and again", async () => {
      const session_id = uuid(), limit = 14000;
      await ask("first FACT-0", session_id);
      const more = Array.from({length: 12}, (_, i) => [{id: uuid(), role: "user", content: `message ${i} ${LONG.repeat(3)}`}, {id: uuid(), role: "assistant", content: "Well."}]).flat();
      await stack.redis("RPUSH", `tp:{dev}:s:${session_id}:msgs`, ...more.map(m => JSON.stringify(m)));
      stack.double.refuse = (api, sent) => {
        const used = Math.ceil(JSON.stringify(sent).length / 4);
        if (used <= limit) return undefined;
        return [429, provider === "anthropic" ? body(`This request would exceed your organization's rate limit of ${limit} input tokens per minute.`, "rate_limit_error")
          : body(`Request too large for gpt-6-sol on tokens per min (TPM): Limit ${limit}, Requested ${used}. The input or output tokens must be reduced in order to run successfully.`, "tokens", {code: "rate_limit_exceeded"})];
      };
      const {reply, requests} = await ask("second", session_id);
      assert.equal(reply.json?.response, "Yes.", reply.text);
      assert.ok(requests.filter(r => r.refused).length <= 2, `${requests.length}`);
      assert.deepEqual(facts(requests.at(-1).raw), ["FACT-0"]);
      stack.double.refuse = undefined;
    });

    test("its worker is killed while it is answered in its reduced form: the next one asks so, too", async () => {
      const session_id = uuid(), bad = uuid();
      await ask(`first ${bad}`, session_id);
      stack.double.refuse = (api, sent) => JSON.stringify(sent).includes(bad) ? [400, "something that nobody understands"] : undefined;
      const at = stack.double.requests.length, reader = stack.chatStream("second [[text words=6 hold=3]]", {session_id});
      await stack.double.until(d => d.held > 0, "the answer is held");
      process.kill((await eventually(async () => (await stack.seats("turn")).find(w => w.session === session_id), "its worker")).pid, "SIGKILL");
      stack.double.release();
      await reader.until(e => e.data.name === "turnpike.resumed");
      await stack.double.go();
      await reader.all();
      assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
      assert.equal(stack.double.requests.length, at + 4, "each asked in full, then reduced");
      stack.double.refuse = undefined;
      assert.equal((await ask("third", session_id)).reply.json.response, "Yes.");
    });
  });
}

describe("a window in odd circumstances", () => {
  const stacks = [];
  const start = async (settings, more) => {
    const stack = await Stack.start({settings: {"model.retries": 0, "turn.seats": 2, ...settings}, ...more});
    stacks.push(stack);
    stack.double.summary = record;
    return stack;
  };
  after(async () => {
    for (const stack of stacks) await stack.stop();
  });
  /** Stores so many turns of a session that has one. */
  async function store(stack, session_id, turns, text) {
    assert.equal((await stack.chat("FACT-0 [[text say=Well.]]", {session_id})).status, 200);
    const more = Array.from({length: turns - 1}, (_, i) => [{id: uuid(), role: "user", content: text(i + 1)}, {id: uuid(), role: "assistant", content: "Well."}]).flat();
    await stack.redis("RPUSH", `tp:{dev}:s:${session_id}:msgs`, ...more.map(m => JSON.stringify(m)));
    await stack.redis("HINCRBY", `tp:{dev}:s:${session_id}`, "count", more.length);
  }
  const ask = (stack, session_id, message = "go on") => stack.chat(`${message} [[text say=On.]]`, {session_id}, {timeout: 60000});

  test("a conversation of an older version, several windows long: it is summarised in parts, each on the one before", async () => {
    const stack = await start({"model.context_tokens": 6000}), session_id = uuid(), at = stack.double.summaries.length;
    await store(stack, session_id, 190, i => `message ${i} ${i % 30 === 0 ? `FACT-${i}` : ""} ${LONG}${LONG}`);
    const reply = await ask(stack, session_id);
    assert.equal(reply.json.response, "On.", reply.text);
    const parts = stack.double.summaries.slice(at);
    assert.ok(parts.length > 1 && parts.length < 20, `${parts.length}`);
    assert.equal(calls(reply.json.usage), 1 + parts.length);
    assert.deepEqual(facts(stack.double.requests.at(-1).raw), ["FACT-0", "FACT-30", "FACT-60", "FACT-90", "FACT-120", "FACT-150", "FACT-180"].sort());
    assert.equal(await stack.redis("LLEN", `tp:{dev}:summaries:${session_id}`), "1");
    assert.equal((await ask(stack, session_id)).json.response, "On.");
    assert.equal(stack.double.summaries.length, at + parts.length);
  });

  test("many short messages: they are summarised before a turn does not see them any more", async () => {
    const stack = await start({}), session_id = uuid(), at = stack.double.summaries.length;
    await store(stack, session_id, 160, i => `message ${i}`);
    assert.equal((await ask(stack, session_id)).json.response, "On.");
    assert.equal(stack.double.summaries.length, at + 1);
    const {messages} = stack.double.requests.at(-1).body;
    assert.ok(messages.length <= 103, `${messages.length}`);
    assert.deepEqual(facts(JSON.stringify(messages)), ["FACT-0"]);
  });

  test("tools in every turn: pairs stay whole, and few summaries are made", async () => {
    const stack = await start({"model.context_tokens": 4000}), session_id = uuid(), at = stack.double.summaries.length;
    for (let i = 0; i < 40; i++) {
      const reply = await stack.chat(`message ${i} ${i === 2 ? "FACT-2" : ""} ${LONG} [[tool name=get_current_time,get_current_time args={"timezone":"Asia/Tokyo"};{} | text say=Late.]]`, {session_id});
      assert.equal(reply.json.response, "Late.", reply.text);
    }
    const made = stack.double.summaries.length - at;
    assert.ok(made >= 3 && made <= 14, `${made}`);
    assert.ok(stack.double.summaries.every(r => /It is \w+day/.test(r.raw)), "results are told, too");
    assert.deepEqual(facts(stack.double.requests.at(-1).raw), ["FACT-2"]);
  });

  test("model.summary = off: the oldest messages are left out, and nobody is asked", async () => {
    const stack = await start({"model.context_tokens": 6000, "model.summary": "off"}), session_id = uuid();
    await store(stack, session_id, 60, i => `message ${i} ${LONG}`);
    const reader = stack.chatStream("go on [[text say=On.]]", {session_id});
    await reader.all();
    assert.equal(reader.text(), "On.");
    assert.ok(!reader.types().includes("CUSTOM"));
    assert.equal(stack.double.summaries.length, 0);
    assert.match(stack.double.requests.at(-1).raw, /earlier messages of this conversation were left out/);
  });

  test("one that never comes: after model.summary_time the turn goes on without it", async () => {
    const stack = await start({"model.context_tokens": 6000, "model.summary_time": "1s"}), session_id = uuid();
    await store(stack, session_id, 40, i => `message ${i} ${LONG}`);
    stack.double.summary = "silent";
    const reader = stack.chatStream("go on [[text say=On.]]", {session_id});
    await reader.all(60000);
    assert.equal(reader.last.data.type, "RUN_FINISHED");
    assert.equal(reader.text(), "On.");
    assert.deepEqual(events(reader, "summarized"), [{messages: 0, failed: true}]);
    assert.match(stack.double.requests.at(-1).raw, /earlier messages of this conversation were left out/);
  });

  test("the first model of the chain fails: the next one makes it", async () => {
    const stack = await start({"model.context_tokens": 6000}, {chain: "anthropic openai"}), session_id = uuid();
    await store(stack, session_id, 40, i => `message ${i} ${LONG}`);
    stack.double.refuse = (api, body) => api === "anthropic" && /^You keep the record/.test(body.system[0].text) ? [529, "Overloaded"] : undefined;
    const reply = await ask(stack, session_id);
    assert.equal(reply.json.response, "On.");
    assert.deepEqual(reply.json.usage.map(u => u.provider).sort(), ["anthropic", "openai"]);
    assert.deepEqual(facts(stack.double.requests.at(-1).raw), ["FACT-0"]);
  });

  test("Redis is away when it is made: the turn waits for it, and it is kept", async () => {
    const stack = await start({"model.context_tokens": 6000}, {durable: true}), session_id = uuid();
    await store(stack, session_id, 28, i => `message ${i} ${LONG}`);
    stack.double.summary = "text say=The_record_of_FACT-0. hold=2";
    const reader = stack.chatStream("go on [[text say=On.]]", {session_id});
    await stack.double.until(d => d.held > 0, "the summary is held");
    stack.parts.redis.kill("SIGKILL");
    await stack.parts.redis.ended;
    stack.double.release();
    await stack.startRedis();
    await reader.all(60000);
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.equal(reader.text(), "On.");
    assert.equal(stack.double.summaries.length, 1, "made once");
    assert.equal(await stack.redis("LLEN", `tp:{dev}:summaries:${session_id}`), "1");
    assert.deepEqual(facts(stack.double.requests.at(-1).raw), ["FACT-0"]);
  });
});

test("summaries that take too long are no faults of the model", async () => {
  const stack = await Stack.start({chain: "anthropic", settings: {"anthropic.model": "claude-haiku-4-5", "model.retries": 0, "model.context_tokens": 4000,
    "model.summary_time": "500ms", "breaker.failures": 1, "turn.seats": 2, "turn.user": 0}});
  try {
    stack.double.summary = "text words=200 delay=50";
    stack.double.mayBreak = true;
    const session_id = uuid();
    await stack.chat("first [[text say=One.]]", {session_id});
    const more = Array.from({length: 14}, (_, n) => [{id: uuid(), role: "user", content: `message ${n} ${LONG.repeat(2)}`}, {id: uuid(), role: "assistant", content: `Answer ${n}.`}]).flat();
    await stack.redis("RPUSH", `tp:{dev}:s:${session_id}:msgs`, ...more.map(m => JSON.stringify(m)));
    await stack.redis("HINCRBY", `tp:{dev}:s:${session_id}`, "count", more.length);
    const turn = stack.chat("second [[text words=40 delay=50]]", {session_id});
    await eventually(() => /leave without a summary/.test(stack.log()));
    const other = await stack.chat("hello [[text say=Hi.]]"); // before an answer counts as a success again
    assert.equal(other.status, 200, other.text);
    assert.equal((await turn).status, 200);
  } finally {
    await stack.stop();
  }
});

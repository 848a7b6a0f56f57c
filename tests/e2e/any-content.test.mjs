// SPDX-License-Identifier: BSD-2-Clause
// No content ends a session: whatever the model said, a client sent or an older version stored, the requests keep
// the vendors' rules (the doubles refuse what vendors refuse), and a plain message on each provider gets an answer.
// Two machines share the data, one with each provider, and the conversations go back and forth between them.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, Stack, uuid} from "./harness.mjs";

const SEED = Number(process.env.ANY_CONTENT_SEED ?? Date.now() % 1e9);
const CONVERSATIONS = Number(process.env.ANY_CONTENT_RUNS ?? 60);
const TIME = Number(process.env.ANY_CONTENT_TIME ?? 40000); // ms; a slow machine does fewer

/** The same numbers for the same seed. */
function random(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = a + 0x6d2b79f5 | 0;
    let t = Math.imul(a ^ a >>> 15, 1 | a);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
  return {next, below: n => Math.floor(next() * n), pick: list => list[Math.floor(next() * list.length)]};
}

const ODD = ["\ufffd", "\ud83d", "\ude00x", "\u0000\u0001\u001b[31m", "\u202eabc", "</record>", "{\"untrusted\":true,\"x\":1}", "x".repeat(70000), "data: [DONE]\n\n"];
const BLANKS = ["", " ", "\n\n", "\u00a0", "\u3000", "\u2028", "\u200b\ufeff", "\t\u2003\r\n"];
const NAMES = ["get_current_time", "multi_tool_use.parallel", "functions.get_time now", "ui.showMap", "", "名前", "x".repeat(100), "7zip", "find_tools"];
const ARGS = ["{}", "", "{\"timezone\":\"\\ud83d\"}", "{\"\\uDE00\":1}", "\"{\\\"a\\\":\\\"\\\\ud83d\\\"}\"", "{\"timezone\": \"Australia/Syd", "[1,2]", "null", "\"{\\\"a\\\":1}\"", "{\"a\":1,\"a\":2}", "{\"timezone\":\"Asia/Tokyo\"}", "nonsense"];
const IDS = ["same", "", "call.with.dots", "chatcmpl-tool-0123456789abcdef0123456789abcdef0123456789", "a b", "été"];
const SEALED = [undefined, "anthropic:signature:c2ln", "anthropic:redacted:ZGF0YQ==", "openai-00000000:reasoning_content:", "openai-00000000:reasoning_details:}],\"model\":[", "responses-00000000:item:{}", "nobody:knows:this", ""];
const FIELDS = ["reasoning_content", "reasoning", "reasoning_details"];
const ORDERS = [undefined, "r c t2 r c ", "c t1 c ", "zzz", "t99999999999999999999 c"];
const SCHEMAS = [
  {type: "object", properties: {list: {type: "array"}, deep: {anyOf: [{type: "array"}, {type: ["array", "null"]}]}}},
  {anyOf: [{type: "object", properties: {a: {type: "string"}}, required: ["a"]}, {type: "object", properties: {b: {type: "any"}}}]},
  {type: "object", properties: {n: {type: "number", minimum: 0, exclusiveMinimum: true}}},
  {type: "object"}, {}, undefined, {type: "any"}, {type: "array"},
  {type: "object", properties: {pair: {type: "array", items: [{type: "string"}, {type: "number"}]}}},
  {$ref: "#/definitions/A", definitions: {A: {type: "object", properties: {x: {$ref: "#/definitions/none"}}}}},
  {type: "object", properties: {"naïve key": {type: "string"}, ok: true}, required: ["naïve key", "ok", "ok"]},
  {type: "object", properties: {t: {prefixItems: [{type: "array"}], items: false}}, additionalProperties: {type: "array"}},
  {type: "object", properties: {mail: {type: "string", pattern: "^(?!\\.)[a-z]+@"}, twice: {type: "string", pattern: "(a)\\1"}}, patternProperties: {"^(.*)$": {}}},
  {oneOf: [{$ref: "#/$defs/a"}, {$ref: "https://example.com/b"}], $defs: {a: {properties: {z: {enum: ["x", "x"]}}}}},
];
const TOOL_NAMES = ["ui.showMap", "show map", "x".repeat(70), "get_current_time", "plan_trip", "好", "7zip", "-x", "a", "a"];

const call = r => ({id: r.pick([...IDS, uuid()]), type: "function", function: {name: r.pick(NAMES), arguments: r.pick(ARGS)}});

/** Parts of a message: texts, and what cannot be shown. */
const parts = r => Array.from({length: r.below(3)}, () => r.pick([{type: "text", text: r.pick([...BLANKS, ...ODD])}, {type: "text"}, {}, {type: "image", source: {type: "url", value: "x"}},
  {type: "binary", mimeType: "image/png", data: "AA=="}, {type: "audio"}]));

/** One message as an older version, or another one, would have stored it. */
function stored(r) {
  const id = r.next() < 0.1 ? "twice" : uuid();
  switch (r.below(7)) {
  case 0: return {id, role: "user", content: r.pick([...BLANKS, ...ODD, "A question", parts(r)])};
  case 1: return {id, role: "assistant", content: r.pick([...BLANKS, ...ODD, "An answer ", parts(r)])};
  case 2: return {id, role: "tool", toolCallId: r.pick([...IDS, "nobody"]), content: r.pick([...BLANKS, ...ODD, "{\"success\":true}"]), ...r.next() < 0.3 && {error: "failed"}};
  case 6: return r.pick([{id, role: "function", content: "x"}, {id}, {role: "user"}, {id, role: "user", content: null}, {id, role: "assistant", toolCalls: []}, {id: 7, role: 8}, []]);
  case 3: return {id, role: "reasoning", content: r.pick([...BLANKS, "Hm."]), encryptedValue: r.pick(SEALED)};
  case 4: return {id, role: r.pick(["system", "developer", "activity"]), content: r.pick([...BLANKS, "Be brief."])};
  default: return {id, role: "assistant", content: r.pick([...BLANKS, "Let me see."]), toolCalls: Array.from({length: 1 + r.below(3)}, () => call(r)),
    metadata: {order: r.pick(ORDERS)}};
  }
}

/** field: the server's name for its thoughts. */
function blocks(r, provider, field) {
  const thought = provider === "openai" && field === "reasoning_details"
    ? () => ({details: [{type: "reasoning.text", text: r.pick(["Hm.", ""]), signature: uuid(), index: 0}, {type: "reasoning.encrypted", data: uuid(), index: 1}]})
    : () => ({thinking: r.pick(["Let me think.", ""]), signature: uuid(), field: field === "reasoning_details" ? undefined : field});
  const one = [
    thought, () => ({redacted: "ZGF0YQ=="}), () => ({text: r.pick([...BLANKS.slice(1), "So: "])}),
    () => ({name: r.pick(NAMES.filter(Boolean)), args: r.pick(ARGS.filter(Boolean)), id: r.pick([...IDS.filter(Boolean), `toolu_${uuid().slice(0, 23)}`]),
      ...r.next() < 0.3 && {extra: {extra_content: {google: {thought_signature: uuid()}}}}}),
  ];
  const list = Array.from({length: 1 + r.below(5)}, () => r.pick(one)());
  const ids = new Set();
  return list.filter(b => b.id === undefined || (!ids.has(b.id) && ids.add(b.id)));
}

class Client {
  messages = [];
  constructor(stacks, r) {
    Object.assign(this, {stacks, r, thread: uuid(), field: r.pick(FIELDS)}); // a server keeps to one name
  }
  /** Either machine. */
  get stack() { return this.r.pick(this.stacks); }
  get double() { return this.stacks[0].double; }
  tools() {
    if (this.r.next() < 0.1) return Array.from({length: this.r.pick([64, 200])}, (_, i) => ({name: `ui.tool ${i}`, description: "", parameters: this.r.pick(SCHEMAS)}));
    const names = new Set(TOOL_NAMES.filter(() => this.r.next() < 0.4));
    return [...names].map(name => ({name, description: this.r.pick(["Shows it.", "", " "]), parameters: this.r.pick(SCHEMAS)}));
  }
  send(more) {
    return this.stack.sse("/agui", {method: "POST", body: {threadId: this.thread, runId: uuid(), tools: this.tools(), context: [], state: {}, forwardedProps: {}, protocolVersion: "1.0", ...more}});
  }
  async end(stream) {
    await stream.all();
    if (stream.status >= 400 && stream.status < 500) { // said so, and nothing is done
      assert.match(JSON.parse(stream.raw).code, /^(invalid_field|approvals_open|approval_\w+|conflict|not_found)$/, stream.raw.toString());
      return undefined;
    }
    assert.ok(["RUN_FINISHED", "RUN_ERROR"].includes(stream.last?.data.type), `${stream.status} ${stream.raw}`);
    assert.notEqual(stream.last.data.code, "model_rejected", JSON.stringify(stream.last.data));
    return stream;
  }
  async run(text, id = uuid()) {
    this.messages.push({id, role: "user", content: text});
    const stream = await this.end(this.send({messages: this.messages}));
    if (!stream) return;
    const {outcome} = stream.last.data;
    if (outcome?.pendingToolCallIds?.length && this.r.next() < 0.7) await this.answer(outcome.pendingToolCallIds);
    if (outcome?.type === "interrupt" && this.r.next() < 0.7) await this.decide(outcome.interrupts);
  }
  /** The client's own tools: some of their results, one of them twice, one of nobody's. */
  answer(ids) {
    const results = ids.filter(() => this.r.next() < 0.8).map(toolCallId => ({id: uuid(), role: "tool", toolCallId, content: this.r.pick([...BLANKS, ...ODD, "{}"])}));
    if (!results.length) return undefined;
    this.messages.push(...results, ...this.r.next() < 0.3 ? [{...results[0], id: uuid()}] : []);
    return this.end(this.send({messages: this.messages}));
  }
  decide(interrupts) {
    return this.end(this.send({messages: this.messages, resume: interrupts.map(one => ({interruptId: one.id, status: "resolved", payload: {approved: this.r.next() < 0.5}}))}));
  }
  /** The last question again, as it was or in other words. */
  again(edit) {
    const last = this.messages.findLast(m => m.role === "user");
    if (!last) return undefined;
    this.messages = this.messages.slice(0, this.messages.indexOf(last));
    return this.run(edit ? `Else ${uuid()} [[text words=2]]` : last.content, last.id);
  }
  poison() {
    const all = Array.from({length: 1 + this.r.below(6)}, () => JSON.stringify(stored(this.r)));
    return this.stacks[0].redis("RPUSH", `tp:{dev}:s:${this.thread}:msgs`, ...all);
  }
  /** A turn that is stopped in the middle of its words or of a call's arguments. */
  async interrupted() {
    const id = uuid(), name = uuid();
    this.double.scripts.set(name, [this.r.pick([{kind: "text", words: "9", hold: "4"}, {kind: "tool", name: "create_expense", args: "{\"amount\":1,\"category\":\"food\"}", hold: "3"}])]);
    this.messages.push({id, role: "user", content: `Stop [[script=${name}]]`});
    const stream = this.send({messages: this.messages});
    await eventually(() => this.double.held > 0 || stream.ended, "the answer is held");
    this.double.scripts.set(name, [{kind: "text", words: "2"}]); // when it is asked again
    if (stream.ended) return void await this.end(stream); // an approval is open
    const started = await stream.until("RUN_STARTED");
    const turns = await Promise.all(this.stacks.map(s => s.seats("turn")));
    const seat = turns.flat().find(s => s.session === this.thread);
    assert.ok(seat, JSON.stringify(started));
    await this.stack.post(`/turns/${seat.turn}/cancel`, {});
    await stream.all();
    this.double.release();
  }
  async step() {
    switch (this.r.below(8)) {
    case 0: return this.poison();
    case 1: return this.again(false);
    case 2: return this.again(true);
    case 3: return this.stack.chat(this.r.pick([...BLANKS.filter(b => /[^ \t\r\n]/.test(b)), ...ODD.slice(0, 5)]), {session_id: this.thread});
    case 4: return this.r.next() < 0.4 ? this.interrupted() : this.run(`Delete it [[tool name=delete_calendar_event args={"event_id":"${uuid()}"} | text words=2]]`);
    default: {
      const name = uuid();
      this.double.scripts.set(name, [{kind: "blocks", blocks: blocks(this.r, this.r.pick(["anthropic", "openai"]), this.field)}]);
      await this.run(`Question [[script=${name}]]`);
      this.double.scripts.set(name, [{kind: "blocks", blocks: blocks(this.r, this.r.pick(["anthropic", "openai"]), this.field)}]); // other ids when it is asked again
      return undefined;
    }
    }
  }
}

// The second: thoughts are asked for, and come under any name.
const SITES = [{}, {"anthropic.model": "claude-sonnet-4-5", "anthropic.thinking": "low", "openai.model": "some/model"}];
for (const more of SITES) describe(`any content, then a plain message on each provider ${JSON.stringify(more)}`, () => {
  const stacks = [];
  before(async () => {
    const settings = {"model.retries": 0, "model.tools_max": 128, "http.client_tools": "512k", "model.context_tokens": 200000, ...more};
    stacks.push(await Stack.start({chain: "anthropic", settings}));
    for (const chain of ["openai", "responses"]) stacks.push(await Stack.start({chain, settings, beside: stacks[0]}));
    stacks[0].double.scenario = "text words=2";
  });
  after(async () => {
    for (const stack of stacks.reverse()) await stack.stop();
  });

  test(`random conversations, seed ${SEED} (ANY_CONTENT_SEED)`, {timeout: 170000}, async () => {
    const end = Date.now() + TIME / SITES.length, {double} = stacks[0];
    let count = 0;
    for (; count < CONVERSATIONS / SITES.length && (Date.now() < end || count < 3); count++) {
      const client = new Client(stacks, random(SEED + count));
      await client.stack.chat("hello", {session_id: client.thread});
      for (let steps = 2 + client.r.below(6); steps > 0; steps--) await client.step();
      for (const stack of stacks) {
        const reply = await stack.chat("And a plain question [[text say=Answered.]]", {session_id: client.thread});
        const refused = double.refused.map(e => `${e.api} ${JSON.stringify(e.refused)}\n${e.raw.slice(-6000)}`).join("\n");
        assert.equal(reply.status, 200, `conversation ${SEED + count}: ${reply.text}\n${refused}`);
        assert.equal(reply.json.response, "Answered.", `conversation ${SEED + count}`);
        assert.equal(refused, "", `conversation ${SEED + count}: a request broke a rule`);
      }
    }
    console.log(`ANY_CONTENT_SEED=${SEED}: ${count} conversations`);
  });
});

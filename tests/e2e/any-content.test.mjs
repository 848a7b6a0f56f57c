// No content ends a session: whatever the model said, a client sent or an older version stored, the
// requests keep the vendors' rules (the doubles refuse what vendors refuse), and a plain message gets an answer.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Stack, uuid} from "./harness.mjs";

const SEED = Number(process.env.ANY_CONTENT_SEED ?? Date.now() % 1e9);
const CONVERSATIONS = Number(process.env.ANY_CONTENT_RUNS ?? 40);

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

const BLANKS = ["", " ", "\n\n", "\u00a0", "\u3000", "\u2028", "\u200b\ufeff", "\t\u2003\r\n"];
const NAMES = ["get_current_time", "multi_tool_use.parallel", "functions.get_time now", "ui.showMap", "", "名前", "x".repeat(100), "7zip", "find_tools"];
const ARGS = ["{}", "", "{\"timezone\": \"Australia/Syd", "[1,2]", "null", "\"{\\\"a\\\":1}\"", "{\"a\":1,\"a\":2}", "{\"timezone\":\"Asia/Tokyo\"}", "nonsense"];
const IDS = ["same", "", "call.with.dots", "chatcmpl-tool-0123456789abcdef0123456789abcdef0123456789", "a b", "été"];
const SEALED = [undefined, "anthropic:signature:c2ln", "anthropic:redacted:ZGF0YQ==", "openai-00000000:reasoning_content:", "nobody:knows:this", ""];
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

/** One message as an older version, or another one, would have stored it. */
function stored(r) {
  const id = uuid();
  switch (r.below(6)) {
  case 0: return {id, role: "user", content: r.pick([...BLANKS, "A question"])};
  case 1: return {id, role: "assistant", content: r.pick([...BLANKS, "An answer "])};
  case 2: return {id, role: "tool", toolCallId: r.pick([...IDS, "nobody"]), content: r.pick([...BLANKS, "{\"success\":true}"])};
  case 3: return {id, role: "reasoning", content: r.pick([...BLANKS, "Hm."]), encryptedValue: r.pick(SEALED)};
  case 4: return {id, role: r.pick(["system", "developer", "activity"]), content: r.pick([...BLANKS, "Be brief."])};
  default: return {id, role: "assistant", content: r.pick([...BLANKS, "Let me see."]), toolCalls: Array.from({length: 1 + r.below(3)}, () => call(r)),
    metadata: {order: r.pick(ORDERS)}};
  }
}

function blocks(r) {
  const one = [
    () => ({thinking: r.pick(["Let me think.", ""]), signature: uuid()}), () => ({redacted: "ZGF0YQ=="}), () => ({text: r.pick([...BLANKS.slice(1), "So: "])}),
    () => ({name: r.pick(NAMES.filter(Boolean)), args: r.pick(ARGS.filter(Boolean)), id: r.pick([...IDS.filter(Boolean), `toolu_${uuid().slice(0, 23)}`]),
      ...r.next() < 0.3 && {extra: {extra_content: {google: {thought_signature: uuid()}}}}}),
  ];
  const list = Array.from({length: 1 + r.below(5)}, () => r.pick(one)());
  const ids = new Set();
  return list.filter(b => b.id === undefined || (!ids.has(b.id) && ids.add(b.id)));
}

class Client {
  messages = [];
  constructor(stack, r, script) {
    Object.assign(this, {stack, r, script, thread: uuid()});
  }
  tools() {
    const names = new Set(TOOL_NAMES.filter(() => this.r.next() < 0.4));
    return [...names].map(name => ({name, description: this.r.pick(["Shows it.", "", " "]), parameters: this.r.pick(SCHEMAS)}));
  }
  async run(text, id = uuid()) {
    this.messages.push({id, role: "user", content: text});
    const stream = this.stack.sse("/agui", {method: "POST", body: {threadId: this.thread, runId: uuid(), messages: this.messages, tools: this.tools(), context: [],
      state: {}, forwardedProps: {}}});
    await stream.all();
    assert.ok(["RUN_FINISHED", "RUN_ERROR"].includes(stream.last?.data.type), `${stream.status} ${stream.raw}`);
    assert.notEqual(stream.last.data.code, "model_rejected", JSON.stringify(stream.last.data));
    return stream;
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
    return this.stack.redis("RPUSH", `tp:{dev}:s:${this.thread}:msgs`, ...all);
  }
  step() {
    switch (this.r.below(6)) {
    case 0: return this.poison();
    case 1: return this.again(false);
    case 2: return this.again(true);
    case 3: return this.stack.chat(this.r.pick(BLANKS.filter(b => /[^ \t\r\n]/.test(b))), {session_id: this.thread});
    default: {
      const name = uuid();
      this.stack.double.scripts.set(name, [{kind: "blocks", blocks: blocks(this.r)}]);
      return this.run(`Question [[script=${name}]]`);
    }
    }
  }
}

for (const provider of ["anthropic", "openai"]) {
  describe(`any content, then a plain message, by ${provider}`, () => {
    let stack;
    before(async () => {
      stack = await Stack.start({chain: provider, settings: {"model.retries": 0}});
      stack.double.scenario = "text words=2";
    });
    after(() => stack.stop());

    test(`${CONVERSATIONS} random conversations, seed ${SEED} (ANY_CONTENT_SEED)`, {timeout: 170000}, async () => {
      console.log(`ANY_CONTENT_SEED=${SEED}`);
      for (let i = 0; i < CONVERSATIONS; i++) {
        const client = new Client(stack, random(SEED + i));
        await stack.chat("hello", {session_id: client.thread});
        for (let steps = 2 + client.r.below(6); steps > 0; steps--) await client.step();
        const reply = await stack.chat("And a plain question [[text say=Answered.]]", {session_id: client.thread});
        const refused = stack.double.refused.map(e => `${JSON.stringify(e.refused)}\n${e.raw.slice(e.raw.indexOf("\"messages\""))}`).join("\n");
        assert.equal(reply.status, 200, `conversation ${i}: ${reply.text}\n${refused}`);
        assert.equal(reply.json.response, "Answered.", `conversation ${i}`);
        assert.equal(refused, "", `conversation ${i}: a request broke a rule`);
      }
    });
  });
}

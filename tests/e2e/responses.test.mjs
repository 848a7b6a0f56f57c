// SPDX-License-Identifier: BSD-2-Clause
// OpenAI's Responses API as a way to the model. The double says what the vendor says, so that the
// stock client reads it, and refuses what the vendor refuses.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import OpenAI from "openai";
import {Stack, uuid} from "./harness.mjs";
import {startDouble} from "../doubles/model-double.mjs";

const TIME = "tool name=get_current_time args={\"timezone\":\"Asia/Tokyo\"}";

describe("the double, read by the stock client", () => {
  let double, client;
  const ask = (text, more = {}) => ({model: "gpt-6-sol", input: [{role: "user", content: text}], stream: true, ...more});
  const all = async stream => { const events = []; for await (const e of stream) events.push(e); return events; };
  before(async () => {
    double = await startDouble();
    client = new OpenAI({apiKey: "k", baseURL: `${double.url}/v1`, maxRetries: 0});
  });
  after(() => double.close());

  test("a text, a thought and a call become the response that its stream promises", async () => {
    double.scripts.set("both", [{kind: "blocks", blocks: [{thinking: "Where is it?", signature: "s1"}, {text: "Let me look."}, {name: "f", args: "{\"a\":1}"}]}]);
    const stream = client.responses.stream(ask("[[script=both]]", {tools: [{type: "function", name: "f", strict: false, parameters: {type: "object", properties: {}}}]}));
    const seen = [];
    for await (const event of stream) seen.push(event);
    const whole = await stream.finalResponse();
    assert.equal(whole.output_text, "Let me look.");
    assert.deepEqual(whole.output.map(o => o.type), ["reasoning", "message", "function_call"]);
    assert.equal(whole.output[2].arguments, "{\"a\":1}");
    assert.deepEqual(seen.map(e => e.sequence_number), seen.map((_, i) => i));
    assert.equal(seen.at(-1).type, "response.completed");
  });

  test("a background response goes on behind a cursor, and can be cancelled", async () => {
    const stream = await client.responses.create(ask("[[text words=8 hold=4]]", {background: true, store: true}));
    let id, last;
    for await (const event of stream) {
      id ??= event.response?.id;
      last = event.sequence_number;
      if (event.type === "response.output_text.delta") break;
    }
    await double.until(d => d.held > 0, "it is held");
    const rest = client.responses.retrieve(id, {stream: true, starting_after: last}).then(all);
    await double.until(() => double.background.records.get(id).gets.length === 1, "it is asked for again");
    double.release();
    const events = await rest;
    assert.equal(events[0].sequence_number, last + 1);
    assert.equal(events.at(-1).response.status, "completed");
    const other = await client.responses.create(ask("[[text hold=1]]", {background: true, store: true}));
    for await (const event of other) { id = event.response.id; break; }
    assert.equal((await client.responses.cancel(id)).status, "cancelled");
    double.background.expire();
    await assert.rejects(client.responses.retrieve(id, {stream: true, starting_after: 3}), {status: 404});
  });

  const REFUSED = {
    "an unknown parameter": [{store: false, max_tokens: 5}, "Unknown parameter: 'max_tokens'."],
    "background without the store": [{background: true, store: false}, "Background mode requires 'store' to be true."],
    "an answer without room": [{max_output_tokens: 5}, /integer below minimum value/],
    "a result without its call": [{input: [{type: "function_call_output", call_id: "c", output: "x"}]}, /No tool call found/],
    "a call without its result": [{input: [{type: "function_call", call_id: "c", name: "f", arguments: "{}"}, {role: "user", content: "x"}]}, /No tool output found/],
    "a foreign id": [{input: [{type: "function_call", id: "call_1", call_id: "c", name: "f", arguments: "{}"}, {type: "function_call_output", call_id: "c", output: "x"}]}, /begins with 'fc'/],
    "a thought that it has not said": [{input: [{type: "reasoning", id: "rs_1", summary: [], encrypted_content: "x"}, {role: "assistant", content: "y"}]}, /could not be verified/],
    "a thought that it has not stored": [{input: [{type: "reasoning", id: "rs_1", summary: []}, {role: "assistant", content: "y"}]}, /not persisted/],
    "a blank text": [{input: [{role: "user", content: " \n"}]}, /must not be empty/],
    "a strict tool that is none": [{tools: [{type: "function", name: "f", parameters: {type: "object", properties: {}}}]}, /additionalProperties/],
  };
  for (const [what, [more, message]] of Object.entries(REFUSED)) {
    test(`it refuses ${what}`, async () => {
      await assert.rejects(client.responses.create(ask("x", more)), error => (assert.match(error.message, message instanceof RegExp ? message : new RegExp(message)), true));
    });
  }
});

describe("a model behind the Responses API", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({chain: "responses", settings: {"responses.thinking": "low", "model.retries": 1}});
  });
  after(() => stack.stop());
  const requests = tag => stack.double.requests.filter(r => r.raw.includes(tag));

  test("text, its usage, and a plain second message", async () => {
    const session_id = uuid(), reply = await stack.chat("hello [[text words=30]]", {session_id});
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.json.response, /^The road north.*\.$/s);
    assert.equal(reply.json.usage[0].provider, "responses");
    assert.equal(reply.json.usage[0].inputTokens, 35);
    assert.equal(reply.json.usage[0].cachedInputTokens, 10);
    const again = await stack.chat("and again", {session_id});
    assert.equal(again.status, 200, again.text);
    const body = stack.double.requests.at(-1).body;
    assert.deepEqual(body.input.map(i => i.role), ["user", "assistant", "user"]);
    assert.equal(body.store, false);
    assert.equal(body.background, undefined);
    assert.deepEqual(body.include, ["reasoning.encrypted_content"]);
    assert.deepEqual(body.reasoning, {effort: "low", summary: "auto"});
    assert.match(body.prompt_cache_key, /^[0-9a-f]{40}$/);
    assert.equal(body.prompt_cache_key, stack.double.requests.at(-2).body.prompt_cache_key);
  });

  test("tools over several steps; the thoughts of each come back in their order", async () => {
    stack.double.scripts.set("steps", [
      {kind: "blocks", blocks: [{thinking: "Which place?", signature: "a1"}, {name: "get_current_time", args: "{\"timezone\":\"Asia/Tokyo\"}"},
        {thinking: "And which other?", signature: "a2"}, {name: "get_current_time", args: "{\"timezone\":\"Europe/Paris\"}"}]},
      {kind: "blocks", blocks: [{thinking: "One more.", signature: "b1"}, {text: "Just a moment."}, {name: "get_current_time", args: "{\"timezone\":\"Africa/Cairo\"}"}]},
    ]);
    const tag = uuid(), session_id = uuid();
    const reader = stack.chatStream(`${tag} [[script=steps]]`, {session_id});
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.equal(reader.types().filter(t => t === "TOOL_CALL_RESULT").length, 3);
    assert.ok(reader.events.some(e => e.data.type === "REASONING_MESSAGE_CONTENT" && "Which place?".startsWith(e.data.delta)));
    const types = requests(tag).map(r => r.body.input.map(i => i.type));
    assert.deepEqual(types.map(t => t.slice(1)), [[],
      ["reasoning", "function_call", "reasoning", "function_call", "function_call_output", "function_call_output"],
      ["reasoning", "function_call", "reasoning", "function_call", "function_call_output", "function_call_output",
        "reasoning", "message", "function_call", "function_call_output"]]);
    const said = requests(tag).at(-1).body.input.filter(i => i.type === "reasoning");
    assert.deepEqual(said.map(i => i.summary[0].text), ["Which place?", "And which other?", "One more."]);
    assert.ok(said.every(i => i.encrypted_content.startsWith("gAAAAA")));
    assert.ok(requests(tag).at(-1).body.input.filter(i => i.type === "function_call").every(i => i.id.startsWith("fc_")));
    const later = await stack.chat(`${tag} thanks`, {session_id});
    assert.equal(later.status, 200, later.text);
    assert.ok(requests(tag).at(-1).body.input.every(i => i.type !== "reasoning"));
  });

  test("the phases of its messages come back", async () => {
    stack.double.scripts.set("phases", [{kind: "blocks", blocks: [{text: "Let me look.", extra: {phase: "commentary"}}, {name: "get_current_time", args: "{\"timezone\":\"Asia/Tokyo\"}"}]},
      {kind: "blocks", blocks: [{text: "Nearly.", extra: {phase: "commentary"}}, {text: "It is noon.", extra: {phase: "final_answer"}}]}]);
    const tag = uuid(), session_id = uuid(), reply = await stack.chat(`${tag} [[script=phases]]`, {session_id});
    assert.equal(reply.status, 200, reply.text);
    await stack.chat(`${tag} and then`, {session_id});
    const said = requests(tag).at(-1).body.input.filter(i => i.role === "assistant").map(i => [i.content, i.phase]);
    assert.deepEqual(said, [["Let me look.", "commentary"], ["Nearly.", "commentary"], ["It is noon.", "final_answer"]]);
  });

  const ENDS = {
    "a refusal": ["refuse", 200, r => r.stop_reason === "refusal"],
    "an answer cut by the limit": ["length", 200, r => r.stop_reason === "max_tokens"],
    "an answer cut by the connection": ["cut after=4", 502, r => r.code === "model_interrupted"],
    "an error in the middle": ["overloaded after=4", 502, r => r.code === "model_interrupted"],
    "an error before a word, once": ["http status=503 times=1 | text words=3", 200, r => r.response],
    "too many requests, once": ["http status=429 retry=0 times=1 | text words=3", 200, r => r.response],
    "a used up quota": ["http status=402", 502, r => r.code === "model_quota"],
    "a refused credential": ["http status=401", 502, r => r.code === "model_credential"],
    "nothing": ["empty", 200, r => r.stop_reason === "empty"],
  };
  for (const [what, [scenario, status, test_]] of Object.entries(ENDS)) {
    test(what, async () => {
      const reply = await stack.chat(`x [[${scenario}]]`, {session_id: uuid()});
      assert.equal(reply.status, status, reply.text);
      assert.ok(test_(reply.json), reply.text);
    });
  }

  test("any way of writing", async () => {
    for (const way of ["crlf", "split", "comments", "unknown", "joined"]) {
      const reply = await stack.chat(`x [[text words=6 ${way}]]`, {session_id: uuid()});
      assert.equal(reply.status, 200, reply.text);
      assert.match(reply.json.response, /^The road north follows the coast\.$/);
    }
  });

  test("what a server refuses by name is left out", async () => {
    const tag = uuid(), refused = [];
    stack.double.refuse = (api, body) => {
      for (const key of ["prompt_cache_key", "include", "reasoning", "store", "max_output_tokens"]) {
        if (body?.[key] === undefined) continue;
        refused.push(key);
        return [400, {error: {message: key === "include" ? "Encrypted content is not supported with this model." : `Unsupported parameter: '${key}'`, type: "invalid_request_error", param: key, code: "unsupported_parameter"}}];
      }
      return undefined;
    };
    const reply = await stack.chat(`${tag} [[text words=3]]`, {session_id: uuid()});
    stack.double.refuse = undefined;
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(refused.sort(), ["include", "max_output_tokens", "prompt_cache_key", "reasoning", "store"]);
    const before = requests(tag).length;
    await stack.chat(`${tag} again`, {session_id: uuid()});
    assert.equal(requests(tag).length, before + 1, "it is remembered");
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// The API of OpenAI as applications use it: @ai-sdk/openai, and requests in the shapes of Open WebUI, LibreChat, n8n and Home
// Assistant; what happens when a worker dies in the middle, when the rate is used up, and when the machine is full.
import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {join} from "node:path";
import {createOpenAI} from "@ai-sdk/openai";
import {generateText, jsonSchema, stepCountIs, streamText, tool} from "ai";
import OpenAI from "openai";
import {production, token} from "./credentials.mjs";
import {eventually, scratch, Stack} from "./harness.mjs";

const SITE = () => production(join(scratch("openai-"), "keys"));
const CALL = '[[tool name=read_thermometer args={"room":"attic"} | text say=It_is_warm]]';

describe("applications", () => {
  let stack, key, provider;
  before(async () => {
    stack = await Stack.start({settings: SITE()});
    key = token("ann", 3600);
    provider = createOpenAI({baseURL: `${stack.url}/v1`, apiKey: key});
  });
  after(() => stack.stop());

  const thermometer = rooms => tool({
    description: "Reads the thermometer.", inputSchema: jsonSchema({type: "object", properties: {room: {type: "string"}}, required: ["room"]}),
    execute: async ({room}) => { rooms.push(room); return {degrees: 31}; },
  });

  for (const kind of ["chat", "responses"]) {
    test(`@ai-sdk/openai, ${kind}: text and tools, whole and streamed`, async () => {
      const model = provider[kind]("pam");
      const said = await generateText({model, prompt: "[[text words=6]]"});
      assert.equal(said.text, "The road north follows the coast.");
      assert.ok(said.usage.totalTokens > 0);
      const rooms = [];
      const called = await generateText({model, prompt: CALL, tools: {read_thermometer: thermometer(rooms)}, stopWhen: stepCountIs(3)});
      assert.equal(called.text, "It is warm");
      const stream = streamText({model, prompt: CALL, tools: {read_thermometer: thermometer(rooms)}, stopWhen: stepCountIs(3)});
      let text = "";
      for await (const piece of stream.textStream) text += piece;
      assert.equal(text, "It is warm");
      assert.deepEqual(rooms, ["attic", "attic"]);
    });
  }

  const post = (body, headers = {}) => stack.request("POST", "/v1/chat/completions", {raw: true, body, headers: {Authorization: `Bearer ${key}`, ...headers}});

  test("Open WebUI: its members, a long prompt with documents, tasks in the background", async () => {
    const reply = await post({
      model: "pam", stream: false, messages: [
        {role: "system", content: "### Task:\nRespond using the context.\n".repeat(200)},
        {role: "user", content: `Use this. <context>${"A page of a document. ".repeat(1000)}</context>\nHello [[text say=Hello]]`}],
      temperature: 0.8, top_p: 0.9, max_tokens: 1000, frequency_penalty: 0.1, presence_penalty: 0, seed: 42, logit_bias: {}, stop: null,
      stream_options: {include_usage: true}, features: {web_search: false}, session_id: "socket", chat_id: "c", background_tasks: {title_generation: true}, params: {},
      user: {name: "Ann", id: "1", email: "ann@example.org", role: "user"}, metadata: {task: "title_generation", chat_id: "c"},
    });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.choices[0].message.content, "Hello");
  });

  test("LibreChat: streamed, with usage and its own members", async () => {
    const reply = await post({
      model: "pam", stream: true, stream_options: {include_usage: true}, user: "66f", temperature: 1, top_p: 1, presence_penalty: 0, frequency_penalty: 0,
      messages: [{role: "system", content: "You are helpful."}, {role: "user", content: [{type: "text", text: "Hi [[text say=Hello_there]]"}]}],
    });
    const frames = reply.text.trim().split("\n\n").map(f => f.replace(/^data: /, ""));
    assert.equal(frames.at(-1), "[DONE]");
    const chunks = frames.slice(0, -1).map(f => JSON.parse(f));
    assert.deepEqual(chunks[0].choices[0].delta, {role: "assistant", content: "", refusal: null});
    assert.equal(chunks.map(c => c.choices[0]?.delta.content ?? "").join(""), "Hello there");
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.ok(chunks.at(-1).usage.total_tokens > 0);
    assert.equal(chunks.at(-2).choices[0].finish_reason, "stop");
  });

  test("n8n: tools with a schema of zod, strict, and the results in one request", async () => {
    const tools = [{type: "function", function: {name: "read_thermometer", description: "x", strict: false,
      parameters: {$schema: "http://json-schema.org/draft-07/schema#", type: "object", additionalProperties: false, properties: {room: {type: "string"}}, required: ["room"]}}}];
    const first = await post({model: "pam", messages: [{role: "user", content: CALL}], tools, tool_choice: "auto", parallel_tool_calls: true, n: 1, stream: false, temperature: 0.7});
    const message = first.json.choices[0].message;
    const second = await post({model: "pam", tools, n: 1, stream: false, messages: [{role: "user", content: CALL},
      {role: "assistant", content: "", tool_calls: message.tool_calls}, {role: "tool", tool_call_id: message.tool_calls[0].id, content: '{"degrees":31}', name: "read_thermometer"}]});
    assert.equal(second.json?.choices[0].message.content, "It is warm", second.text);
  });

  test("Home Assistant: a conversation by /responses, streamed and not stored, its tools", async () => {
    const tools = [{type: "function", name: "read_thermometer", description: "x", strict: false, parameters: {type: "object", properties: {room: {type: "string"}}, required: ["room"]}}];
    const common = {model: "pam", instructions: null, store: false, stream: true, tools, max_output_tokens: 3000, top_p: 1, temperature: 1, user: "01J", service_tier: "auto", include: ["reasoning.encrypted_content"]};
    const input = [{type: "message", role: "developer", content: "You are a voice assistant for Home Assistant."}, {type: "message", role: "user", content: CALL}];
    const openai = new OpenAI({apiKey: key, baseURL: `${stack.url}/v1`});
    const read = async body => {
      let last;
      for await (const event of await openai.responses.create(body)) last = event;
      assert.equal(last.type, "response.completed");
      return last.response;
    };
    const first = await read({...common, input});
    const call = first.output.find(o => o.type === "function_call");
    assert.equal(call.name, "read_thermometer");
    const second = await read({...common, input: [...input, {type: "function_call", name: call.name, arguments: call.arguments, call_id: call.call_id},
      {type: "function_call_output", call_id: call.call_id, output: '{"degrees":31}'}]});
    assert.equal(second.output.at(-1).content[0].text, "It is warm");
    assert.match(JSON.stringify(stack.double.requests.at(-1).body.messages), /voice assistant for Home Assistant/);
    assert.equal(second.conversation, undefined);
  });
});

describe("when a worker dies in the middle", () => {
  let stack, client;
  before(async () => {
    stack = await Stack.start({settings: {...SITE(), "turn.workers": 1}});
    client = new OpenAI({apiKey: token("ann", 3600), baseURL: `${stack.url}/v1`, maxRetries: 0});
  });
  after(() => stack.stop());

  const dies = async text => {
    await stack.double.until(d => d.held > 0);
    const [seat] = await eventually(async () => { const busy = (await stack.seats("turn")).filter(s => s.turn && s.turn !== "-"); return busy.length && busy; });
    process.kill(seat.pid, "SIGKILL");
    await stack.double.until(d => d.requests.filter(r => JSON.stringify(r.body).includes(text)).length > 1, "another worker asks again", 30000);
    await stack.double.go();
  };

  test("a stream goes on when the new answer begins as the old one, and no word comes twice", async () => {
    const id = crypto.randomUUID();
    const stream = client.chat.completions.stream({model: "pam", messages: [{role: "user", content: `${id} [[text words=20 hold=10]]`}]});
    const said = stream.finalContent();
    await dies(id);
    assert.equal((await said).split(" ").length, 20, await said);
    const id2 = crypto.randomUUID();
    const response = client.responses.stream({model: "pam", input: `${id2} [[text words=20 hold=10]]`}).finalResponse();
    await dies(id2);
    const whole = await response;
    assert.equal(whole.output_text.split(" ").length, 20);
    assert.deepEqual((await client.responses.retrieve(whole.id)).output.map(o => o.content[0].text), [whole.output_text]);
  });

  test("a thought that another worker thinks again comes once", async () => {
    for (const api of ["completions", "responses"]) {
      const id = crypto.randomUUID(), text = `${id} [[think words=20 hold=0]]`;
      const done = api === "responses" ? client.responses.stream({model: "pam", input: text}).finalResponse()
        : client.chat.completions.stream({model: "pam", messages: [{role: "user", content: text}]}).finalChatCompletion();
      await dies(id);
      const whole = await done, again = await client.chat.completions.create({model: "pam", messages: [{role: "user", content: "[[think words=20]]"}]});
      if (api === "completions") {
        assert.equal(whole.choices[0].message.reasoning_content, again.choices[0].message.reasoning_content);
        continue;
      }
      assert.deepEqual(whole.output.map(o => o.type), ["reasoning", "message"]);
      assert.deepEqual((await client.responses.retrieve(whole.id)).output.map(o => [o.id, o.type]), whole.output.map(o => [o.id, o.type]));
    }
  });

  test("a stream whose answer goes on in other words ends with an error, not with both", async () => {
    const id = crypto.randomUUID();
    stack.double.scripts.set("torn", [{kind: "text", words: 20, hold: "10"}]);
    const stream = client.chat.completions.stream({model: "pam", messages: [{role: "user", content: `${id} [[script=torn]]`}]});
    const said = stream.finalContent();
    said.catch(() => {});
    await stack.double.until(d => d.held > 0);
    const [seat] = await eventually(async () => { const busy = (await stack.seats("turn")).filter(s => s.turn && s.turn !== "-"); return busy.length && busy; });
    stack.double.scripts.set("torn", [{kind: "text", say: "Quite_another_answer"}]);
    process.kill(seat.pid, "SIGKILL");
    await assert.rejects(said, e => e.code === "taken_over");
  });
});

describe("development mode", () => {
  test("asks for no key, and the offline provider answers", async () => {
    const stack = await Stack.start({double: false});
    try {
      const say = apiKey => new OpenAI({apiKey, baseURL: `${stack.url}/v1`, maxRetries: 0}).chat.completions
        .create({model: "pam", messages: [{role: "user", content: "What can you do?"}]});
      assert.match((await say("development")).choices[0].message.content, /\w/);
      await assert.rejects(say("another"), OpenAI.AuthenticationError);
      assert.equal((await stack.request("GET", "/v1/models", {raw: true})).json.data[0].id, "pam");
    } finally {
      await stack.stop();
    }
  });
});

describe("limits", () => {
  test("a rate that is used up is 429 with Retry-After", async () => {
    const stack = await Stack.start({settings: {...SITE(), "rate.chat_user": 1}});
    try {
      const client = new OpenAI({apiKey: token("ann", 3600), baseURL: `${stack.url}/v1`, maxRetries: 0});
      const say = () => client.chat.completions.create({model: "pam", messages: [{role: "user", content: "[[text]]"}]});
      await say();
      await assert.rejects(say(), e => e instanceof OpenAI.RateLimitError && e.type === "rate_limit_error" && Number(e.headers.get("retry-after")) > 0 && e.headers.get("x-should-retry") === "true");
    } finally {
      await stack.stop();
    }
  });
});

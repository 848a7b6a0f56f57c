// SPDX-License-Identifier: BSD-2-Clause
// The API of OpenAI in front of the assistant, by the stock SDK (npm openai), unmodified.
import assert from "node:assert/strict";
import {renameSync} from "node:fs";
import {join} from "node:path";
import {after, before, test} from "node:test";
import OpenAI from "openai";
import {KEY, production, token} from "./credentials.mjs";
import {API, eventually, scratch, Stack, uuid} from "./harness.mjs";

let stack;
const tokens = {};
before(async () => {
  stack = await Stack.start({settings: production(join(scratch("openai-"), "keys"))});
});
after(() => stack.stop());

const client = (user = "ann", more = {}) => new OpenAI({apiKey: user === "machine" ? KEY : tokens[user] ??= token(user, 3600), baseURL: `${stack.url}/v1`, maxRetries: 0, ...more});
const ask = (text, more = {}) => ({model: "pam", messages: [{role: "user", content: text}], ...more});

test("models are listed", async () => {
  const {data} = await client().models.list();
  assert.deepEqual(data.map(m => [m.id, m.object]), [["pam", "model"]]);
  assert.equal((await client().models.retrieve("pam")).id, "pam");
  await assert.rejects(client().models.retrieve("gpt-4o"), error => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
});

test("a completion, whole", async () => {
  const reply = await client().chat.completions.create(ask("[[text say=Good_morning]]"));
  assert.equal(reply.choices[0].message.content, "Good morning");
  assert.equal(reply.choices[0].finish_reason, "stop");
  assert.ok(reply.usage.total_tokens > 0);
});

test("a completion, streamed", async () => {
  const stream = client().chat.completions.stream(ask("[[text words=20]]", {stream_options: {include_usage: true}}));
  const completion = await stream.finalChatCompletion();
  assert.match(completion.choices[0].message.content, /^The road north/);
  assert.ok(completion.usage.total_tokens > 0);
});

test("a response, whole and streamed", async () => {
  const whole = await client().responses.create({model: "pam", input: "[[text say=Good_morning]]"});
  assert.equal(whole.output_text, "Good morning");
  const again = await client().responses.retrieve(whole.id);
  assert.deepEqual(again.output, whole.output);
  const stream = client().responses.stream({model: "pam", input: "[[text words=20]]"});
  const types = [];
  stream.on("event", event => types.push([event.type, event.sequence_number]));
  const response = await stream.finalResponse();
  assert.match(response.output_text, /^The road north/);
  console.log(types.slice(0, 6), types.slice(-5));
  const stored = await client().responses.retrieve(response.id);
  assert.deepEqual(stored.output, response.output.map(({parsed, ...o}) => ({...o, content: o.content?.map(({parsed: p, ...c}) => c)})));
});

const WEATHER = {type: "function", function: {name: "read_thermometer", description: "Reads the thermometer of the caller's house.", parameters: {type: "object", properties: {room: {type: "string"}}, required: ["room"]}}};
const CALL = '[[tool name=read_thermometer args={"room":"attic"} | text say=It_is_warm]]';

test("a tool of the caller's is answered by the caller, in a stateless conversation", async () => {
  const first = await client().chat.completions.create(ask(CALL, {tools: [WEATHER]}));
  const {message, finish_reason} = first.choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.deepEqual(message.tool_calls.map(c => [c.type, c.function.name, JSON.parse(c.function.arguments)]), [["function", "read_thermometer", {room: "attic"}]]);
  const second = await client().chat.completions.create({
    model: "pam", tools: [WEATHER],
    messages: [{role: "user", content: CALL}, message, {role: "tool", tool_call_id: message.tool_calls[0].id, content: "31 degrees"}],
  });
  assert.equal(second.choices[0].message.content, "It is warm");
  assert.match(JSON.stringify(stack.double.requests.at(-1).body.messages), /31 degrees/);
});

test("runTools calls the functions of the caller", async () => {
  for (const stream of [false, true]) {
    const rooms = [];
    const runner = client().chat.completions.runTools({model: "pam", stream, messages: [{role: "user", content: CALL}],
      tools: [{type: "function", function: {...WEATHER.function, parse: JSON.parse, function: ({room}) => { rooms.push(room); return "31 degrees"; }}}]});
    assert.equal(await runner.finalContent(), "It is warm");
    assert.deepEqual(rooms, ["attic"]);
  }
});

test("our tools run here, and what they said stays with the conversation that a result continues", async () => {
  const text = '[[tool name=get_current_time,read_thermometer args={};{"room":"attic"} | text say=It_is_warm]]';
  const first = await client().chat.completions.create(ask(text, {tools: [WEATHER]}));
  const {message} = first.choices[0];
  assert.deepEqual(message.tool_calls.map(c => c.function.name), ["read_thermometer"]);
  const second = await client().chat.completions.create({model: "pam", tools: [WEATHER],
    messages: [{role: "user", content: text}, message, {role: "tool", tool_call_id: message.tool_calls[0].id, content: "31 degrees"}]});
  assert.equal(second.choices[0].message.content, "It is warm");
  const sent = JSON.stringify(stack.double.requests.at(-1).body.messages);
  assert.match(sent, /31 degrees/);
  assert.match(sent, /get_current_time/);
  const {sessions} = (await stack.get("/sessions", {headers: {Authorization: `Bearer ${tokens.ann}`}})).json;
  assert.deepEqual(sessions.filter(s => s.id.startsWith("once:")), []);
});

test("without a session the messages sent are the conversation", async () => {
  const reply = await client().chat.completions.create({model: "pam", messages: [
    {role: "system", content: "Speak like a pirate."}, {role: "user", content: "My name is Ann."},
    {role: "assistant", content: "Ahoy Ann."}, {role: "user", content: [{type: "text", text: "What is my name? [[text say=Ann]]"}]}]});
  assert.equal(reply.choices[0].message.content, "Ann");
  const {messages} = stack.double.requests.at(-1).body;
  assert.deepEqual(messages.map(m => m.role), ["user", "assistant", "user"]);
  assert.match(JSON.stringify(messages.at(-1)), /Speak like a pirate/);
  assert.match(JSON.stringify(stack.double.requests.at(-1).body.system), /PAM/);
});

test("with a session only what is new counts", async () => {
  const session_id = uuid();
  const {data, response} = await client().chat.completions.create(ask("My name is Ann. [[text say=Ahoy]]", {metadata: {session_id}})).withResponse();
  assert.equal(response.headers.get("x-session-id"), session_id);
  assert.equal(data.choices[0].message.content, "Ahoy");
  await client().chat.completions.create({model: "pam", messages: [{role: "user", content: "something else"}, {role: "assistant", content: "never said"}, {role: "user", content: "Who am I? [[text say=Ann]]"}]},
    {headers: {"X-Session-Id": session_id}});
  const {messages} = stack.double.requests.at(-1).body;
  assert.match(JSON.stringify(messages), /My name is Ann/);
  assert.doesNotMatch(JSON.stringify(messages), /never said|something else/);
});

test("responses: a tool of the caller's, previous_response_id, conversation", async () => {
  const tool = {type: "function", ...WEATHER.function, strict: false};
  const stream = client().responses.stream({model: "pam", input: CALL, tools: [tool]});
  const first = await stream.finalResponse();
  const call = first.output.find(o => o.type === "function_call");
  assert.deepEqual([call.name, JSON.parse(call.arguments)], ["read_thermometer", {room: "attic"}]);
  const second = await client().responses.create({model: "pam", tools: [tool], previous_response_id: first.id,
    input: [{type: "function_call_output", call_id: call.call_id, output: "31 degrees"}]});
  assert.equal(second.output_text, "It is warm");
  assert.equal(second.previous_response_id, first.id);
  assert.equal(second.conversation, undefined);
  assert.match(JSON.stringify(stack.double.requests.at(-1).body.messages), /31 degrees/);
  await assert.rejects(client("bob").responses.create({model: "pam", previous_response_id: first.id, input: "hi"}), e => e instanceof OpenAI.BadRequestError && e.code === "previous_response_not_found");
  await assert.rejects(client("bob").responses.retrieve(first.id), OpenAI.NotFoundError);
});

test("responses: a conversation, and one that goes another way from an earlier response", async () => {
  const r = client().responses, session = uuid(), last = () => JSON.stringify(stack.double.requests.at(-1).body.messages);
  const one = await r.create({model: "pam", conversation: session, input: "first [[text say=One]]"});
  assert.equal(one.conversation.id, session);
  const two = await r.create({model: "pam", conversation: session, input: "second [[text say=Two]]"});
  assert.match(last(), /first/);
  const other = await r.create({model: "pam", previous_response_id: one.id, input: "another [[text say=Other]]"});
  assert.match(last(), /first/);
  assert.doesNotMatch(last(), /second/);
  const three = await r.create({model: "pam", previous_response_id: two.id, input: "third [[text say=Three]]"});
  assert.match(last(), /second/);
  assert.doesNotMatch(last(), /another/);
  assert.equal(three.conversation.id, session);
  const four = await r.create({model: "pam", previous_response_id: other.id, input: "fourth [[text say=Four]]"});
  assert.equal(four.output_text, "Four");
  assert.match(last(), /first.*another/);
  const by = await r.create({model: "pam", input: [{role: "user", content: "first"}, {type: "item_reference", id: one.output[0].id}, {role: "user", content: "by name [[text say=Five]]"}]});
  assert.equal(by.output_text, "Five");
  assert.match(last(), /first.*One.*by name/);
});

test("responses: background, retrieve, events again, cancel, delete", async () => {
  const queued = await client().responses.create({model: "pam", input: "[[text words=20 hold=10]]", background: true});
  assert.ok(["queued", "in_progress"].includes(queued.status), queued.status);
  await stack.double.go();
  const done = await eventually(async () => { const r = await client().responses.retrieve(queued.id); return r.status === "completed" && r; });
  assert.match(done.output_text ?? done.output[0].content[0].text, /^The road north/);
  const all = [], rest = [];
  for await (const event of await client().responses.retrieve(queued.id, {stream: true})) all.push(event);
  for await (const event of await client().responses.retrieve(queued.id, {stream: true, starting_after: 4})) rest.push(event);
  assert.deepEqual(rest, all.filter(e => e.sequence_number > 4));
  assert.equal(all.at(-1).type, "response.completed");
  assert.deepEqual(all.at(-1).response.output, done.output);
  const long = await client().responses.create({model: "pam", input: "[[text words=20 hold=10]]", background: true});
  await stack.double.until(d => d.held > 0);
  await client().responses.cancel(long.id);
  await eventually(async () => (await client().responses.retrieve(long.id)).status === "cancelled");
  await client().responses.delete(long.id);
  await assert.rejects(client().responses.retrieve(long.id), OpenAI.NotFoundError);
});

test("errors have the classes of the SDK", async () => {
  const rejects = (promise, kind, code, param) => assert.rejects(promise, e => {
    assert.ok(e instanceof kind, `${e.constructor.name} ${e.message}`);
    assert.equal(e.code, code);
    if (param !== undefined) assert.equal(e.param, param);
    assert.match(e.requestID, /^[0-9a-f]{32}$/);
    return true;
  });
  const c = client().chat.completions;
  await rejects(new OpenAI({apiKey: "tpk_nothing", baseURL: `${stack.url}/v1`}).models.list(), OpenAI.AuthenticationError, "unauthenticated");
  await rejects(c.create(ask("hi", {model: "gpt-4o"})), OpenAI.NotFoundError, "model_not_found", "model");
  await rejects(c.create(ask("hi", {n: 2})), OpenAI.BadRequestError, "unsupported_value", "n");
  await rejects(c.create(ask("hi", {logprobs: true})), OpenAI.BadRequestError, "unsupported_value", "logprobs");
  await rejects(c.create(ask("hi", {response_format: {type: "json_schema", json_schema: {name: "x", schema: {}}}})), OpenAI.BadRequestError, "unsupported_value", "response_format");
  await rejects(c.create({model: "pam", messages: []}), OpenAI.BadRequestError, "invalid_field", "messages");
  await rejects(c.create({model: "pam", messages: [{role: "user", content: [{type: "input_audio", input_audio: {data: "AAAA", format: "wav"}}]}]}), OpenAI.BadRequestError, "unsupported_value", "input_audio");
  await rejects(client().embeddings.create({model: "pam", input: "x"}), OpenAI.NotFoundError, "not_found");
  await rejects(client().completions.create({model: "pam", prompt: "x"}), OpenAI.NotFoundError, "not_found");
  await rejects(client().chat.completions.create(ask("[[http status=401]]")), OpenAI.InternalServerError, "model_credential");
  const begun = client().chat.completions.stream(ask("[[cut after=5]]"));
  await assert.rejects(begun.finalChatCompletion(), e => e instanceof OpenAI.APIError && e.code === "model_interrupted");
});

test("a stateless client that leaves stops its turn; one that can come back does not", async () => {
  const leave = async (body, options) => {
    const stop = new AbortController(), asked = stack.double.requests.length;
    const going = client().chat.completions.create(body, {...options, signal: stop.signal});
    const reading = going.then(async s => { if (body.stream) for await (const chunk of s) void chunk; }).catch(() => {});
    await stack.double.until(d => d.requests.length > asked && d.held > 0);
    stop.abort();
    await reading;
    return stack.double.requests[asked];
  };
  for (const stream of [false, true]) {
    const request = await leave(ask("[[text words=20 hold=10]]", {stream}));
    await stack.double.until(() => !request.open, "the model's connection is closed");
    stack.double.release();
  }
  for (const back of [{headers: {"X-Session-Id": uuid(), "Idempotency-Key": uuid()}}, {headers: {"Idempotency-Key": uuid()}}]) {
    const body = ask("[[text words=20 hold=10]]");
    await leave(body, back);
    await stack.double.go();
    const answer = await client().chat.completions.create(body, back);
    assert.equal(answer.choices[0].message.content.split(" ").length, 20);
  }
});

test("a further try of the SDK finds the turn of the first", async () => {
  const text = `[[text say=${uuid()}]]`;
  const body = JSON.stringify(ask(text));
  const send = n => stack.request("POST", "/v1/chat/completions", {raw: true, body, headers: {Authorization: `Bearer ${tokens.ann}`, "X-Stainless-Retry-Count": String(n)}});
  const first = await send(0), again = await send(1), anew = await send(0);
  assert.equal(first.status, 200, first.text);
  assert.deepEqual(again.json, first.json);
  assert.notEqual(anew.json.id, first.json.id);
});

test("a call that the caller wants is asked for of the model", async () => {
  const c = client().chat.completions, last = () => stack.double.requests.at(-1).body;
  await c.create(ask(CALL, {tools: [WEATHER], tool_choice: "required"}));
  assert.deepEqual(last().tool_choice, {type: "any"});
  await c.create(ask(CALL, {tools: [WEATHER], tool_choice: {type: "function", function: {name: "read_thermometer"}}}));
  assert.deepEqual(last().tool_choice, {type: "tool", name: "read_thermometer"});
  await c.create(ask("[[text]]", {tools: [WEATHER]}));
  assert.equal(last().tool_choice, undefined);
  await c.create(ask("[[text]]", {tools: [WEATHER], tool_choice: "none"}));
  assert.ok(!last().tools.some(t => t.name === "read_thermometer"));
  assert.equal(last().tool_choice, undefined);
  await assert.rejects(c.create(ask("hi", {tools: [WEATHER], tool_choice: {type: "function", function: {name: "other"}}})), e => e.param === "tool_choice");
});

test("the caller's limit of tokens reaches the model, within the site's", async () => {
  const c = client().chat.completions;
  const asked = () => stack.double.requests.at(-1).body.max_tokens; // perhaps with room for thoughts
  const reply = await c.create(ask("[[length words=5]]", {max_tokens: 100})), least = asked();
  assert.equal(reply.choices[0].finish_reason, "length");
  await c.create(ask("[[text]]", {max_completion_tokens: 1000000}));
  const most = asked();
  await c.create(ask("[[text]]"));
  assert.equal(asked(), most);
  assert.equal(most - least, 2048 - 100);
  const response = await client().responses.create({model: "pam", input: "[[length words=5]]", max_output_tokens: 50});
  assert.equal(response.status, "incomplete");
  assert.deepEqual(response.incomplete_details, {reason: "max_output_tokens"});
});

test("a call that needs approval is told in words, and is approved by its route alone", async () => {
  const headers = {Authorization: `Bearer ${tokens.ann}`};
  const event = (await stack.post("/tools/create_calendar_event", {title: "Dentist", start_date: "2026-12-01T14:00"}, {headers})).json;
  const id = event.event?.id ?? event.id;
  assert.ok(id, JSON.stringify(event));
  const text = `[[tool name=delete_calendar_event args={"event_id":"${id}"} | text say=It_is_gone]]`;
  for (const stream of [false, true]) {
    const said = stream ? await client().chat.completions.stream(ask(text)).finalContent()
      : (await client().chat.completions.create(ask(text))).choices[0].message.content;
    assert.match(said, /May I delete the event "Dentist"/);
    assert.match(said, new RegExp(`POST .* ${API}/approvals/`));
  }
  const stored = await client().responses.create({model: "pam", input: text});
  const approval = /approvals\/([0-9a-f-]+)/.exec(stored.output_text)[1];
  const reply = await stack.post(`/approvals/${approval}`, {approved: true}, {headers});
  assert.ok([200, 202].includes(reply.status), reply.text);
  await eventually(async () => (await stack.get(`/turns/${reply.json.turn_id}`, {headers})).json.state === "done");
});

test("text in front of a call that needs approval is told once", async () => {
  const headers = {Authorization: `Bearer ${tokens.ann}`};
  const event = (await stack.post("/tools/create_calendar_event", {title: "Tyres", start_date: "2026-12-02T09:00"}, {headers})).json;
  const id = event.event?.id ?? event.id;
  stack.double.scripts.set("ask", [{kind: "blocks", blocks: [{text: "Let me see. \n"}, {name: "delete_calendar_event", args: JSON.stringify({event_id: id})}]}]);
  const said = await client().chat.completions.stream(ask("[[script=ask]]")).finalContent();
  assert.match(said, /^Let me see\. \n\n\nMay I delete the event "Tyres"/);
  const whole = await client().chat.completions.create(ask("[[script=ask]]"));
  assert.equal(whole.choices[0].message.content.replaceAll(/[0-9a-f]{32}|\d{4}-\S+Z/g, ""), said.replaceAll(/[0-9a-f]{32}|\d{4}-\S+Z/g, ""));
});

test("thoughts are told as reasoning", async () => {
  const stream = client().chat.completions.stream(ask("[[think words=5]]"));
  const completion = await stream.finalChatCompletion();
  assert.ok(completion.choices[0].message.reasoning_content?.length > 0, JSON.stringify(completion.choices[0].message));
  const whole = await client().chat.completions.create(ask("[[think words=5]]"));
  assert.equal(whole.choices[0].message.reasoning_content, completion.choices[0].message.reasoning_content);
  const response = await client().responses.stream({model: "pam", input: "[[think words=5]]"}).finalResponse();
  assert.deepEqual(response.output.map(o => o.type), ["reasoning", "message"]);
  assert.deepEqual((await client().responses.retrieve(response.id)).output.map(o => [o.id, o.type]), response.output.map(o => [o.id, o.type]));
});

test("nginx's own refusals have the form of the API too, and both bases are served", async () => {
  const get = path => stack.request("GET", path, {raw: true, headers: {Authorization: `Bearer ${tokens.ann}`}});
  for (const base of ["/v1", `${API}/openai/v1`]) {
    assert.equal((await get(`${base}/models`)).json.object, "list");
    const nothing = await get(`${base}/nothing`);
    assert.equal(nothing.status, 404);
    assert.equal(nothing.json.error.type, "invalid_request_error");
    const large = await stack.request("POST", `${base}/chat/completions`, {raw: true, body: "{}", headers: {Authorization: `Bearer ${tokens.ann}`, "Content-Length": 2 ** 30}});
    assert.equal(large.status, 413);
    assert.equal(large.json.error.code, "body_too_large");
    assert.match(large.headers["content-type"], /^application\/json/);
  }
});

test("when no worker is there, a large body gets an error of the API", async () => {
  const names = ["turn.sock", "api.sock"].map(name => join(stack.run, name));
  for (const name of names) renameSync(name, `${name}.away`);
  try {
    const reply = await stack.request("POST", "/v1/chat/completions", {raw: true, body: ask("x".repeat(1_500_000)), headers: {Authorization: `Bearer ${tokens.ann ??= token("ann", 3600)}`}});
    assert.equal(reply.status, 503, reply.text.slice(0, 200));
    assert.match(reply.headers["content-type"], /^application\/json/);
    assert.equal(typeof reply.json.error.message, "string");
    assert.ok(reply.json.error.type);
  } finally {
    for (const name of names) renameSync(`${name}.away`, name);
  }
});

test("responses: results that stand behind their own calls are all told, though the calls were made at once", async () => {
  const tools = ["read_attic", "read_cellar"].map(name => ({type: "function", name, strict: false, parameters: {type: "object", properties: {}}}));
  const user = {role: "user", content: "[[tool name=read_attic,read_cellar args={};{} | text say=Done]]"};
  for (const store of [true, false]) {
    const first = await client().responses.create({model: "pam", tools, store, input: [user]});
    const calls = first.output.filter(o => o.type === "function_call");
    assert.equal(calls.length, 2);
    const input = [user, ...calls.flatMap(call => [call, {type: "function_call_output", call_id: call.call_id, output: `RESULT_${call.name}`}])];
    const second = await client().responses.create({model: "pam", tools, store, input});
    assert.equal(second.output_text, "Done");
    const told = JSON.stringify(stack.double.requests.at(-1).body.messages);
    assert.equal(told.match(/RESULT_read_attic/g)?.length, 1, told);
    assert.equal(told.match(/RESULT_read_cellar/g)?.length, 1, told);
    assert.doesNotMatch(told, /No result of this call/);
  }
});

test("a turn of another route is a response with its text", async () => {
  const headers = {Authorization: `Bearer ${tokens.ann ??= token("ann", 3600)}`};
  const {json} = await stack.post("/chat", {message: "[[text say=Hello_Ann]]"}, {headers});
  const response = await client().responses.retrieve(`resp_${json.turn_id}`);
  assert.deepEqual([response.status, response.output_text ?? response.output[0].content[0].text], ["completed", "Hello Ann"]);
});

test("an API key is one user, and an erasure takes what no list has", async () => {
  const machine = client("machine");
  const kept = await machine.responses.create({model: "pam", input: "[[text say=Kept]]"});
  await machine.chat.completions.create(ask("[[text say=Once]]"));
  assert.ok((await stack.redis("KEYS", "tp:{machine}:s:*")).split("\n").length >= 4);
  const gone = await stack.request("DELETE", "/user-data", {headers: {Authorization: `Bearer ${KEY}`, "X-Confirm-Erase": "machine"}});
  assert.equal(gone.status, 200, gone.text);
  await assert.rejects(machine.responses.retrieve(kept.id), OpenAI.NotFoundError);
  assert.equal(await stack.redis("KEYS", "tp:{machine}:s:*"), "");
  await assert.rejects(machine.responses.create({model: "pam", previous_response_id: kept.id, input: "hi"}), e => e.code === "previous_response_not_found");
});

test("what no list has lives as long as its events, or as its response", async () => {
  await client("bob").responses.create({model: "pam", input: "[[text say=Kept]]"});
  await client("bob").chat.completions.create(ask("[[text say=Once]]"));
  const keys = (await stack.redis("KEYS", "tp:{bob}:s:*:msgs")).split("\n");
  const lives = Object.fromEntries(await Promise.all(keys.map(async key => [/s:(once|resp):/.exec(key)[1], Number(await stack.redis("PTTL", key))])));
  assert.ok(lives.once > 0 && lives.once <= 24 * 3600000, JSON.stringify(lives));
  assert.ok(lives.resp > 24 * 3600000 && lives.resp <= 7 * 24 * 3600000, JSON.stringify(lives));
  assert.deepEqual((await stack.get("/sessions", {headers: {Authorization: `Bearer ${tokens.bob}`}})).json.sessions, []);
});

test("images and files reach the model, whichever route they come by", async t => {
  if ((await stack.get("/attachments", {headers: {Authorization: `Bearer ${tokens.ann}`}})).status === 404) return t.skip("this build takes no files in messages");
  const png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
  const sent = () => JSON.stringify(stack.double.requests.at(-1).body.messages);
  const image = {type: "image_url", image_url: {url: png}};
  const c = client().chat.completions;
  await c.create({model: "pam", messages: [{role: "user", content: [{type: "text", text: "What is it?"}, image]}, {role: "assistant", content: "A dot."}, {role: "user", content: "Sure? [[text]]"}]});
  assert.match(sent(), /"type":"image"/);
  assert.ok((await c.create({model: "pam", messages: [{role: "user", content: [image]}]})).choices[0].message.content);
  const r = client().responses;
  const one = await r.create({model: "pam", input: [{role: "user", content: [{type: "input_text", text: "What is it? [[text]]"}, {type: "input_image", image_url: png}]}]});
  assert.match(sent(), /"type":"image"/);
  await r.create({model: "pam", previous_response_id: one.id, input: "And? [[text]]"});
  assert.match(sent(), /"type":"image"/);
  const text = `data:text/plain;base64,${Buffer.from("a line of a long file\n".repeat(70000)).toString("base64")}`;
  for (const stream of [false, true]) {
    const reply = await stack.request("POST", "/v1/chat/completions", {raw: true, headers: {Authorization: `Bearer ${tokens.ann}`},
      body: {model: "pam", stream, messages: [{role: "user", content: [{type: "text", text: "Read this."}, {type: "file", file: {filename: "a.txt", file_data: text}}]}]}});
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.text, /follows the coast/);
  }
  await assert.rejects(c.create({model: "pam", messages: [{role: "user", content: [{type: "image_url", image_url: {url: "data:image/png;base64,AAAA"}}]}]}), OpenAI.BadRequestError);
});

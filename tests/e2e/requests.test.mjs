// SPDX-License-Identifier: BSD-2-Clause
// What goes to the models: nothing that nobody set, what a server refuses is left out and remembered, a
// conversation that is too long is shortened; a client's tools keep their names; back to an earlier message.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {HttpAgent} from "@ag-ui/client";
import {API, Stack, uuid} from "./harness.mjs";

const ONE = {"turn.seats": 1, "model.retries": 0, "model.summary": "off"}; // what a worker has learnt, it knows the next time

for (const provider of ["anthropic", "openai"]) {
  describe(`a server in the form of ${provider}`, () => {
    let stack;
    before(async () => {
      stack = await Stack.start({chain: provider, settings: ONE});
      stack.double.scenario = "text say=Yes.";
    });
    after(() => stack.stop());
    /** Requests of one message. */
    async function ask(message = "hello", more) {
      const at = stack.double.requests.length;
      const reply = await stack.chat(message, more);
      return {reply, requests: stack.double.requests.slice(at)};
    }

    test("gets nothing that nobody set", async () => {
      const {reply, requests} = await ask();
      assert.equal(reply.json.response, "Yes.", reply.text);
      const expected = provider === "anthropic" ? ["max_tokens", "messages", "model", "stream", "system", "tools"]
        : ["max_completion_tokens", "messages", "model", "reasoning_effort", "stream", "stream_options", "tools"]; // GPT-6 takes tools only beside an effort
      assert.deepEqual(Object.keys(requests[0].body).sort(), expected);
      assert.equal(requests[0].body.model, provider === "anthropic" ? "claude-sonnet-5-5" : "gpt-6-sol");
    });

    test("a conversation that it refuses is answered by its last message, and the user told so", async () => {
      const session_id = uuid();
      await ask("the first question", {session_id});
      stack.double.refuse = (api, body) => body.messages.some(m => JSON.stringify(m).includes("the first question"))
        ? [400, "messages.0: something that nobody understands"] : undefined;
      const {reply, requests} = await ask("the second question", {session_id});
      assert.equal(reply.status, 200, reply.text);
      assert.match(reply.json.response, /^Yes\.\n\n\(The model did not accept the earlier part of this conversation\./);
      assert.equal(requests.length, 2);
      assert.match(requests[1].raw, /the second question/);
      stack.double.refuse = () => [400, "messages.0: something that nobody understands"];
      const failed = await ask("the third question", {session_id});
      assert.equal(failed.reply.status, 502);
      assert.equal(failed.reply.json.code, "model_rejected");
      assert.equal(failed.requests.length, 2, "asked once more, not for ever");
      stack.double.refuse = undefined;
      assert.equal((await ask("the fourth question", {session_id})).reply.json.response, "Yes.");
    });

    test("a conversation longer than its window is shortened, and the window known from then on", async () => {
      const session_id = uuid(), window = 30000; // tokens of four bytes
      for (let i = 0; i < 40; i++) await ask(`question ${i} ${"long ".repeat(700)}`, {session_id});
      stack.double.refuse = (api, body) => {
        const used = Math.ceil(JSON.stringify(body).length / 4);
        if (used <= window) return undefined;
        return provider === "anthropic" ? [400, `prompt is too long: ${used} tokens > ${window} maximum`]
          : [400, {error: {message: `This model's maximum context length is ${window} tokens. However, your messages resulted in ${used} tokens. Please reduce the length of the messages.`,
            type: "invalid_request_error", param: "messages", code: "context_length_exceeded"}}];
      };
      const {reply, requests} = await ask("the last question", {session_id});
      assert.equal(reply.status, 200, reply.text);
      assert.match(reply.json.response, /^Yes\.\n\n\(This conversation is longer than the model can read\./);
      assert.equal(requests.length, 2, "the numbers that it names are used");
      assert.match(requests[1].raw, /earlier messages of this conversation were left out/);
      assert.match(requests[1].raw, /question 39/);
      const next = await ask("one more", {session_id});
      assert.equal(next.reply.json.response, "Yes.", "told once");
      assert.equal(next.requests.length, 1);
      stack.double.refuse = undefined;
    });

    test("a window without numbers, too small for the question, ends with an error and no session is lost", async () => {
      const session_id = uuid();
      await ask("the first question", {session_id});
      stack.double.refuse = () => [400, "input is too long for requested model"];
      const {reply, requests} = await ask("the second question", {session_id});
      assert.equal(reply.json.code, "model_too_long");
      assert.ok(requests.length <= 7, `${requests.length}`);
      stack.double.refuse = undefined;
      assert.equal((await ask("the third question", {session_id})).reply.json.response, "Yes.");
    });
  });
}

describe("what a server refuses", () => {
  const rows = [
    ["a temperature", "anthropic", {"anthropic.temperature": 0.7}, undefined, body => "temperature" in body, "model.temperature"],
    ["a temperature of its own", "openai", {"openai.temperature": 0.2}, undefined, body => "temperature" in body, "temperature"],
    ["max_tokens behind a deployment's name", "openai", {"openai.model": "prod-chat"},
      body => body.max_tokens && "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", body => "max_tokens" in body, "openai.max_tokens_field"],
    ["max_completion_tokens", "openai", {}, body => body.max_completion_tokens && {detail: [{type: "extra_forbidden", loc: ["body", "max_completion_tokens"], msg: "Extra inputs are not permitted"}]},
      body => "max_completion_tokens" in body, "openai.max_tokens_field", 422],
    ["stream_options", "openai", {}, body => body.stream_options && {detail: [{type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Extra inputs are not permitted"}]},
      body => "stream_options" in body, "openai.stream_options", 422],
    ["cache_control", "anthropic", {}, body => JSON.stringify(body).includes("cache_control") && "system.0.cache_control: Extra inputs are not permitted",
      body => JSON.stringify(body).includes("cache_control"), "anthropic.cache_control"],
    ["tools", "openai", {}, body => body.tools && {error: "registry.example/library/gemma:2b does not support tools"}, body => "tools" in body, "refused"],
  ];
  for (const [name, provider, settings, refuse, has, logged, status = 400] of rows) {
    test(`${name}: is left out in one more try, remembered, and told in the log once`, async () => {
      const stack = await Stack.start({chain: provider, settings: {...ONE, ...settings}});
      try {
        stack.double.scenario = "text say=Yes.";
        stack.double.strict = refuse === undefined || name === "cache_control";
        stack.double.mayBreak = true;
        stack.double.refuse = refuse && ((api, body) => {
          const message = refuse(body);
          return message ? [status, message] : undefined;
        });
        for (const tries of [2, 1]) {
          const at = stack.double.requests.length, reply = await stack.chat("hello");
          assert.equal(reply.json?.response, "Yes.", reply.text);
          const requests = stack.double.requests.slice(at);
          assert.equal(requests.length, tries);
          assert.equal(has(requests.at(-1).body), false);
          assert.equal(has(requests[0].body), tries === 2);
        }
        const lines = stack.log().split("\n").filter(l => /asked without it from now on/.test(l));
        assert.equal(lines.length, 1, lines.join("\n"));
        assert.ok(lines[0].includes(logged), lines[0]);
      } finally {
        await stack.stop();
      }
    });
  }
});

describe("a server that changes, or is strict in its own way", () => {
  /** Roles as a model's chat template wants them: instructions of the user, then in turn. */
  const gemma = body => {
    const roles = body.messages.map(m => m.role).filter(r => r !== "tool");
    if (roles.includes("system")) return "System role not supported";
    return roles.some((r, i) => r === roles[i - 1]) && "Conversation roles must alternate user/assistant/user/assistant/...";
  };
  const mistral = body => body.messages.some((m, i) => m.role === "user" && body.messages[i - 1]?.role === "tool") && "Unexpected role 'user' after role 'tool'";
  const text = body => body.messages.some(m => m.content === null) && "Invalid 'content': 'content' field must be a string or an array of objects. Got 'null'.";
  const tools = [{name: "long", description: "d".repeat(3000), parameters: {type: "object", properties: {}}}];
  const short = body => {
    const at = body.tools?.findIndex(t => (t.function ?? t).description?.length > 1024) ?? -1;
    return at >= 0 && {error: {message: `Invalid 'tools[${at}].function.description': string too long. Expected a string with maximum length 1024, but got a string with length 3000 instead.`,
      type: "invalid_request_error", param: `tools[${at}].function.description`, code: "string_above_max_length"}};
  };
  async function talk(refuse, {provider = "openai", questions, tries, parameters}) {
    const stack = await Stack.start({chain: provider, settings: ONE});
    try {
      Object.assign(stack.double, {strict: false, scenario: "text say=Yes.", refuse: (api, body) => {
        const message = refuse(body);
        return message ? [400, message] : undefined;
      }});
      const threadId = uuid(), counts = [];
      for (const content of questions) {
        const at = stack.double.requests.length;
        const stream = stack.sse("/agui", {method: "POST", body: {threadId, runId: uuid(), messages: [{id: uuid(), role: "user", content}], context: [],
          tools: parameters ? [{name: "own", description: "d", parameters}] : tools, state: {}, forwardedProps: {}}});
        await stream.all();
        counts.push(stack.double.requests.length - at);
        if (!content.includes("cut")) assert.doesNotMatch(stream.text(), /did not accept|longer than/, "nothing was left out of the conversation");
        if (!content.includes("cut")) assert.equal(stream.last.data.type, "RUN_FINISHED", JSON.stringify(stream.last.data));
      }
      assert.deepEqual(counts, tries);
      return stack.double.requests.map(r => r.body);
    } finally {
      await stack.stop();
    }
  }

  test("no system role, and users and assistants in turn", async () => {
    const bodies = await talk(gemma, {questions: ["one", "two"], tries: [2, 1]});
    assert.match(bodies.at(-1).messages[0].content, /\n\none$/);
    assert.equal(bodies.at(-1).messages.length, 3);
  });

  test("no user directly behind a tool's result", async () => {
    const bodies = await talk(mistral, {questions: ["one [[tool name=get_current_time args={} | cut after=0]]", "two"], tries: [2, 2]});
    assert.deepEqual(bodies.at(-1).messages.map(m => m.role).slice(-3), ["tool", "assistant", "user"]);
  });

  test("no content null", async () => {
    await talk(text, {questions: ["one [[tool name=get_current_time args={} | text say=Noon.]]", "two"], tries: [3, 1]});
  });

  for (const provider of ["openai", "anthropic"]) {
    test(`no long description of a tool, by ${provider}: it is cut, and the conversation stays whole`, async () => {
      const bodies = await talk(short, {provider, questions: ["one", "two"], tries: [2, 1]});
      assert.match(JSON.stringify(bodies.at(-1).messages), /one.*two/);
      assert.equal(bodies.at(-1).tools.at(-1).name ?? bodies.at(-1).tools.at(-1).function.name, "long");
    });
  }

  test("no keyword of JSON Schema but the plainest, as Gemini: tools and conversation stay", async () => {
    const fault = (schema, path) => {
      const known = ["type", "description", "properties", "required", "items", "enum"];
      const bad = Object.keys(schema).find(k => !known.includes(k)) ?? (Array.isArray(schema.type) ? "type" : undefined);
      return bad ? `Unknown name \"${bad}\" at '${path}': Cannot find field.`
        : Object.entries(schema.properties ?? {}).map(([k, s]) => fault(s, `${path}.properties[${k}]`)).find(Boolean) ?? (schema.items && fault(schema.items, `${path}.items`));
    };
    const gemini = body => body.tools?.map((t, i) => fault(t.function.parameters, `tools[${i}].function_declarations[${i}].parameters`)).find(Boolean);
    const bodies = await talk(gemini, {questions: ["one", "two"], tries: [2, 1], parameters: {type: "object", additionalProperties: false, required: ["n", "gone"],
      properties: {n: {anyOf: [{type: "null"}, {type: "integer", exclusiveMinimum: 0}], description: "How many"}, kind: {type: ["string", "null"], enum: ["a", "b"]}, l: {type: "array", items: {const: 1}}}}});
    assert.deepEqual(bodies.at(-1).tools.at(-1).function.parameters, {type: "object", required: ["n"], properties: {n: {type: "integer", description: "How many"},
      kind: {type: "string", enum: ["a", "b"]}, l: {type: "array", items: {type: "string"}}}});
    assert.ok(bodies.at(-1).tools.length > 5);
    assert.match(JSON.stringify(bodies.at(-1).messages), /one.*two/);
  });

  test("thoughts that it does not know are left out, and nothing else", async () => {
    const stack = await Stack.start({chain: "anthropic", settings: ONE});
    try {
      stack.double.refuse = (api, body) => JSON.stringify(body).includes("\"signature\"") ? [400, "messages.1.content.0: Invalid `signature` in `thinking` block"] : undefined;
      stack.double.scripts.set("one", [{kind: "blocks", blocks: [{thinking: "Hm.", signature: "S1"}, {name: "get_current_time", args: "{}", id: "toolu_1"}]}]);
      const session_id = uuid();
      await stack.chat("the first question", {session_id});
      const reply = await stack.chat("x [[script=one]]", {session_id});
      assert.equal(reply.json.response, "The road.", reply.text);
      assert.match(stack.double.requests.at(-1).raw, /the first question/);
    } finally {
      await stack.stop();
    }
  });

  test("what it refused once it may want later: no restart is needed", async () => {
    const stack = await Stack.start({chain: "openai", settings: ONE});
    try {
      stack.double.scenario = "text say=Yes.";
      const say = async (message, wanted) => assert.equal((await stack.chat(message)).status, wanted);
      stack.double.refuse = (api, body) => body.tools ? [400, "this model does not support tools"] : undefined;
      await say("one", 200);
      stack.double.refuse = (api, body) => body.tools ? undefined : [400, "a request without tools is none"];
      await say("two", 502);
      await say("three", 200);
      assert.ok(stack.double.requests.at(-1).body.tools);
    } finally {
      await stack.stop();
    }
  });
});

describe("what a model said goes back to it as it was", () => {
  const clock = (n, extra) => ({name: "get_current_time", args: "{}", id: `toolu_${n}`, ...extra});
  async function talk(chain, blocks, settings = {}) {
    const stack = await Stack.start({chain, settings: {"model.retries": 0, ...settings}});
    try {
      const session_id = uuid();
      stack.double.scripts.set("one", [{kind: "blocks", blocks}]);
      const reply = await stack.chat("x [[script=one]]", {session_id});
      assert.equal(reply.json.response, blocks.some(b => b.text?.trim()) ? "So.\n\nThe road." : "The road.", reply.text);
      const next = await stack.chat("y [[text say=Well.]]", {session_id});
      assert.equal(next.json.response, "Well.", next.text);
      assert.deepEqual(stack.double.refused.map(e => e.refused), []);
      return stack.double.requests.map(r => r.body.messages);
    } finally {
      await stack.stop();
    }
  }

  test("thoughts, texts and calls of Anthropic in the order in which they came", async () => {
    const messages = await talk("anthropic", [{thinking: "t1", signature: "S1"}, clock(1), {thinking: "t2", signature: "S2"}, {text: "So."}, clock(2)]);
    assert.deepEqual(messages[1][1].content.map(b => b.signature ?? b.id ?? b.text), ["S1", "toolu_1", "S2", "So.", "toolu_2"]);
    assert.deepEqual(messages[2][1].content.map(b => b.id ?? b.text), ["toolu_1", "So.", "toolu_2"]);
  });

  test("white space before a call is left out", async () => {
    const messages = await talk("anthropic", [{text: "\n\n"}, clock(1)]);
    assert.deepEqual(messages[1][1].content.map(b => b.type), ["tool_use"]);
  });

  test("DeepSeek's reasoning_content and Gemini's signature, in later turns too", async () => {
    const extra = {extra_content: {google: {thought_signature: "c2ln"}}};
    for (const messages of (await talk("openai", [{thinking: "Let me look."}, clock(1, {extra})])).slice(1)) {
      const said = messages.find(m => m.tool_calls);
      assert.equal(said.reasoning_content, "Let me look.");
      assert.deepEqual(said.tool_calls[0].extra_content, extra.extra_content);
    }
  });

  test("nothing of it goes to another server", async () => {
    const stack = await Stack.start({chain: "openai", settings: ONE});
    try {
      const session_id = uuid();
      stack.double.scripts.set("one", [{kind: "blocks", blocks: [{thinking: "Let me look."}, clock(1, {extra: {extra_content: {a: 1}}})]}]);
      await stack.chat("x [[script=one]]", {session_id});
      stack.writeSettings({"openai.url": `${stack.double.url}/other/v1`});
      await stack.reload();
      stack.double.strict = false;
      const reply = await stack.chat("y [[text say=Well.]]", {session_id});
      assert.equal(reply.json.response, "Well.", reply.text);
      assert.match(stack.double.requests.at(-1).raw, /toolu_1/);
      assert.ok(!/Let me look|extra_content/.test(stack.double.requests.at(-1).raw));
    } finally {
      await stack.stop();
    }
  });
});

test("the environment names a proxy", async () => {
  const {startDouble} = await import("../doubles/model-double.mjs");
  const proxy = await startDouble(); // it sees whole addresses
  process.env.http_proxy = proxy.url;
  let stack;
  try {
    stack = await Stack.start({settings: {...ONE, "anthropic.url": "http://model.invalid"}});
    const reply = await stack.chat("hello [[text say=Yes.]]");
    assert.equal(reply.json.response, "Yes.", reply.text);
    assert.equal(proxy.requests[0].path, "http://model.invalid/v1/messages");
  } finally {
    delete process.env.http_proxy;
    await stack?.stop();
    await proxy.close();
  }
});

describe("a client's tools", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"model.retries": 0}}); });
  after(() => stack.stop());

  const names = ["ui.showMap", "show the map", "x".repeat(70), "get_current_time", "ok", "ok"];
  const tools = names.map(name => ({name, description: `Called ${name}`, parameters: {type: "object", properties: {l: {type: "array"}}}}));
  const post = async (body, path = "/agui") => {
    const stream = stack.sse(path, {method: "POST", body: {runId: uuid(), protocolVersion: "1.0", context: [], state: {}, forwardedProps: {}, tools, ...body}});
    await stream.all();
    return stream;
  };

  test("of any name are known to the model by another, and to the client by its own", async () => {
    const threadId = uuid(), question = {id: uuid(), role: "user", content: "[[script=client]]"};
    await post({threadId: uuid(), messages: [{id: uuid(), role: "user", content: "hello"}]});
    const known = stack.double.requests.at(-1).body.tools.slice(-tools.length);
    assert.deepEqual(known.map(t => t.description), tools.map(t => t.description));
    assert.equal(new Set(stack.double.requests.at(-1).body.tools.map(t => t.name)).size, stack.double.requests.at(-1).body.tools.length);
    stack.double.scripts.set("client", [known.map((t, i) => ({id: `toolu_${i}`, name: t.name, args: "{\"l\":[]}"}))]);
    const first = await post({threadId, messages: [question]});
    assert.equal(first.last.data.type, "RUN_FINISHED", JSON.stringify(first.last));
    assert.deepEqual(first.events.filter(e => e.data.type === "TOOL_CALL_START").map(e => e.data.toolCallName), names);
    const pending = first.last.data.outcome.pendingToolCallIds;
    assert.deepEqual(pending, names.map((_, i) => `toolu_${i}`));
    const stored = await stack.get(`/sessions/${threadId}/messages`);
    assert.match(stored.text, /"name":"ui\.showMap"/);
    const second = await post({threadId, messages: [question, {id: uuid(), role: "assistant", content: ""},
      ...pending.map(id => ({id: uuid(), role: "tool", toolCallId: id, content: `result of ${id}`}))]});
    assert.equal(second.last.data.type, "RUN_FINISHED", JSON.stringify(second.last));
    const body = stack.double.requests.at(-1).body;
    assert.deepEqual(body.messages.at(-2).content.map(b => b.name), known.map(t => t.name));
    assert.deepEqual(body.messages.at(-1).content.map(b => b.content), pending.map(id => `result of ${id}`));
    assert.equal(stack.double.refused.length, 0, JSON.stringify(stack.double.refused[0]?.refused));
  });

  test("get whole arguments or none", async () => {
    stack.double.scripts.set("half", [[{id: "toolu_half", name: "ok", args: "{\"l\": [1"}]]);
    const stream = await post({threadId: uuid(), messages: [{id: uuid(), role: "user", content: "[[script=half]]"}]});
    assert.equal(stream.last.data.type, "RUN_FINISHED", JSON.stringify(stream.last));
    assert.equal(stream.last.data.outcome?.pendingToolCallIds, undefined);
    assert.match(stack.double.requests.at(-1).raw, /invalid_arguments/);
    assert.equal(stream.text(), "The road.");
  });

  test("that are too large or have no name are refused with the limit, by every way in", async () => {
    const large = Array.from({length: 64}, (_, i) => ({name: `t${i}`, description: "d".repeat(14000), parameters: {}}));
    const before = stack.double.requests.length;
    for (const [list, detail, limit] of [[large, /896,?310 bytes|\d+ bytes of names, descriptions and parameters; 108000 are allowed/, 108000], [[{description: "no name"}], /tools\[0\] has no name/],
      [[{name: 7}], /name must be a string/]]) {
      const reply = await stack.post("/agui", {threadId: uuid(), runId: uuid(), context: [], state: {}, forwardedProps: {}, tools: list, messages: [{id: uuid(), role: "user", content: "hi"}]});
      assert.equal(reply.status, 422, reply.text);
      assert.match(reply.json.detail, detail);
      if (limit) assert.deepEqual([reply.json.field ?? "tools", reply.json.limit], ["tools", limit]);
    }
    assert.equal(stack.double.requests.length, before);
  });
});

describe("back to an earlier message", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"model.retries": 0}}); });
  after(() => stack.stop());
  const agentOf = threadId => new HttpAgent({url: `${stack.url}${API}/agui`, threadId});
  async function run(agent, content) {
    if (content) agent.addMessage({id: uuid(), role: "user", content});
    const seen = [];
    await agent.runAgent({runId: uuid()}, {onEvent: ({event}) => { seen.push(event); }, onRunErrorEvent: ({event}) => assert.fail(JSON.stringify(event))});
    return seen;
  }
  const texts = messages => messages.filter(m => m.role === "user" || m.content).map(m => `${m.role}: ${m.content.replace(/ ?\[\[.*/, "")}`);
  const kept = async threadId => texts((await stack.get(`/sessions/${threadId}/messages`)).json.messages.filter(m => ["user", "assistant"].includes(m.role)));

  test("regenerate: the stock client gets a new answer in place of the old one, and nobody sees the old one", async () => {
    const threadId = uuid(), agent = agentOf(threadId);
    await run(agent, "one [[text say=First.]]");
    stack.double.scripts.set("again", [[{id: "toolu_again", name: "get_current_time", args: "{}"}]]);
    await run(agent, "two [[script=again]]");
    const other = stack.sse(`/sessions/${threadId}/events`);
    await other.response;
    const last = agent.messages.findLastIndex(m => m.role === "user");
    agent.setMessages(agent.messages.slice(0, last + 1));
    const seen = await run(agent);
    const body = stack.double.requests.at(-1).body;
    assert.equal(body.messages.length, 5, JSON.stringify(body.messages)); // one, First., two, call, result
    assert.equal(stack.double.refused.length, 0, JSON.stringify(stack.double.refused[0]?.refused));
    assert.deepEqual(await kept(threadId), ["user: one", "assistant: First.", "user: two", "assistant: The road."]);
    assert.deepEqual(texts(agent.messages.filter(m => m.role !== "tool")), await kept(threadId));
    assert.equal(seen[0].type, "RUN_STARTED");
    const snapshot = await other.until("MESSAGES_SNAPSHOT");
    assert.deepEqual(texts(snapshot.data.messages), ["user: one", "assistant: First.", "user: two"]);
    other.drop();
    // What left is kept beside the session, and goes with it.
    const branch = JSON.parse(await stack.redis("LINDEX", `tp:{dev}:branches:${threadId}`, 0));
    assert.ok(branch.messages.some(m => m.toolCallId === "toolu_again"), JSON.stringify(branch));
    const shown = (await stack.get(`/sessions/${threadId}/messages?branch`)).json;
    assert.deepEqual(shown.messages, branch.messages);
    assert.deepEqual([shown.has_more, shown.next_cursor, shown.branch.id], [false, null, branch.turn]);
    assert.deepEqual(shown.branches, [shown.branch]);
    assert.equal(Date.parse(shown.branch.created_at), branch.at);
    const exported = (await stack.get("/export")).json.sessions.find(x => x.id === threadId);
    assert.deepEqual(exported.branches, [branch]);
    assert.equal((await stack.get(`/sessions/${threadId}`)).json.message_count, Number(await stack.redis("LLEN", `tp:{dev}:s:${threadId}:msgs`)));
    assert.equal((await stack.request("DELETE", `/sessions/${threadId}`)).status, 200);
    assert.equal(await stack.redis("EXISTS", `tp:{dev}:branches:${threadId}`), "0");
  });

  test("edit: the same message with a new text takes the place of the old one", async () => {
    const threadId = uuid(), agent = agentOf(threadId);
    await run(agent, "one [[text say=First.]]");
    await run(agent, "two [[text say=Second.]]");
    const [first] = agent.messages;
    agent.setMessages([{...first, content: "other [[text say=Else.]]"}]);
    await run(agent);
    assert.deepEqual(await kept(threadId), ["user: other", "assistant: Else."]);
    const branches = async (query, status = 200) => {
      const reply = await stack.get(`/sessions/${threadId}/messages?${query}`);
      assert.equal(reply.status, status, reply.text);
      return reply.json;
    };
    const all = await branches("branch"), newest = await branches("branch=&limit=1"), id = all.branch.id;
    assert.deepEqual(texts(all.messages), ["user: one", "assistant: First.", "user: two", "assistant: Second."]);
    assert.deepEqual(texts(newest.messages), ["assistant: Second."]);
    assert.equal(newest.has_more, true);
    const older = await branches(`branch=${id}&limit=2&cursor=${newest.next_cursor}`);
    assert.deepEqual(texts(older.messages), ["assistant: First.", "user: two"]);
    assert.equal((await branches(`branch=${uuid()}`, 404)).code, "not_found");
    assert.equal((await branches(`branch=${id}&cursor=x`, 422)).field, "cursor");
    agent.setMessages([{...agent.messages[0], content: "again [[text say=Anew.]]"}]);
    await run(agent);
    const both = await branches("branch");
    assert.deepEqual(texts(both.messages), ["user: other", "assistant: Else."]);
    assert.deepEqual(both.branches.map(b => b.id), [both.branch.id, id]);
    assert.deepEqual((await branches(`branch=${id}`)).messages, all.messages);
    agent.setMessages([{...agent.messages[0], content: "other [[text say=Else.]]"}]);
    await run(agent);
    assert.ok(!/\bone\b|\btwo\b/.test(JSON.stringify(stack.double.requests.at(-1).body.messages)));
    await run(agent, "three [[text say=Third.]]");
    assert.deepEqual(await kept(threadId), ["user: other", "assistant: Else.", "user: three", "assistant: Third."]);
  });

  test("while its answer is still being written, the new one waits and then takes its place", async () => {
    const threadId = uuid(), id = uuid(), message = {id, role: "user", content: "slow [[text words=6 hold=2]]"};
    const body = runId => ({threadId, runId, messages: [message], tools: [], context: [], state: {}, forwardedProps: {}});
    const first = stack.sse("/agui", {method: "POST", body: body("run-1")});
    await stack.double.until(d => d.held === 1, "the first answer is held");
    const second = stack.sse("/agui", {method: "POST", body: body("run-2")});
    await second.response;
    stack.double.release();
    await first.all();
    await stack.double.go();
    await second.all();
    assert.equal(second.last.data.type, "RUN_FINISHED");
    assert.deepEqual(await kept(threadId), ["user: slow", "assistant: The road north follows the coast."]);
    const again = stack.sse("/agui", {method: "POST", body: body("run-2")}); // the same run: no new answer
    await again.response;
    again.drop();
    assert.equal((await kept(threadId)).length, 2);
  });

  test("what waited for approval behind the message waits no more", async () => {
    const session_id = uuid(), message_id = uuid();
    const made = await stack.post("/tools/create_calendar_event", {title: "Service", start_date: "2031-05-20T15:00:00"});
    const id = made.json.event.id;
    const first = await stack.chat(`x [[tool name=delete_calendar_event args={"event_id":"${id}"} | text say=Gone.]]`, {session_id, message_id});
    assert.equal(first.json.outcome, "interrupt", first.text);
    assert.equal((await stack.get("/approvals")).json.approvals.length, 1);
    const second = await stack.chat("y [[text say=Never_mind.]]", {session_id, message_id});
    assert.equal(second.json.response, "Never mind.");
    assert.equal((await stack.get("/approvals")).json.approvals.length, 0);
    assert.deepEqual(await kept(session_id), ["user: y", "assistant: Never mind."]);
  });

  for (const [name, text] of [["edit", "never [[text say=Fine.]]"], ["regenerate", null]]) {
    test(`${name} by the stock client while an approval is open: it is cancelled in the same run`, async () => {
      const threadId = uuid(), agent = agentOf(threadId);
      const made = await stack.post("/tools/create_calendar_event", {title: "Kept", start_date: "2031-05-20T15:00:00"});
      await run(agent, `x [[tool name=delete_calendar_event args={"event_id":"${made.json.event.id}"} | text say=Gone.]]`);
      const [open] = (await stack.get("/approvals")).json.approvals;
      const asked = agent.messages.findLast(m => m.role === "user");
      agent.setMessages([text ? {...asked, content: text} : asked]);
      const resume = [{interruptId: open.id, status: "cancelled"}];
      await agent.runAgent({runId: uuid(), resume}, {onRunErrorEvent: ({event}) => assert.fail(JSON.stringify(event))});
      assert.deepEqual(await kept(threadId), text ? ["user: never", "assistant: Fine."] : ["user: x"]);
      const left = (await stack.get("/approvals")).json.approvals;
      assert.equal(left.length, text ? 0 : 1, "the new answer asks anew");
      assert.ok(left.every(a => a.id !== open.id));
      assert.equal((await stack.post(`/approvals/${open.id}`, {approved: true})).status, 409);
      for (const a of left) assert.equal((await stack.post(`/approvals/${a.id}`, {approved: false})).status, 202);
    });
  }

  test("approved while the client names an earlier message: it is done, and nothing leaves", async () => {
    const session_id = uuid(), message_id = uuid();
    const made = await stack.post("/tools/create_calendar_event", {title: "Off", start_date: "2031-05-20T15:00:00"});
    const content = `x [[tool name=delete_calendar_event args={"event_id":"${made.json.event.id}"} | text say=Gone.]]`;
    await stack.chat(content, {session_id, message_id});
    const open = (await stack.get("/approvals")).json.approvals.find(a => a.session_id === session_id);
    const stream = stack.sse("/agui", {method: "POST", body: {threadId: session_id, runId: uuid(), messages: [{id: message_id, role: "user", content}], tools: [], context: [],
      state: {}, forwardedProps: {}, resume: [{interruptId: open.id, status: "resolved", payload: {approved: true}}]}});
    await stream.all();
    assert.equal(stream.last.data.type, "RUN_FINISHED", JSON.stringify(stream.last?.data ?? stream.raw));
    assert.deepEqual((await kept(session_id)).at(-1), "assistant: Gone.");
  });

  test("a result of a call that left is no answer to a later call of the same id", async () => {
    const threadId = uuid(), agent = agentOf(threadId), tools = [{name: "ui.show", description: "Shows", parameters: {}}];
    stack.double.scripts.set("show", [[{id: "toolu_0", name: "ui_show", args: "{}"}]]);
    const go = () => agent.runAgent({runId: uuid(), tools}, {onRunErrorEvent: ({event}) => assert.fail(JSON.stringify(event))});
    agent.addMessage({id: uuid(), role: "user", content: "x [[script=show]]"});
    await go();
    const pending = agent.messages.slice();
    agent.setMessages([{...agent.messages[0], content: "y [[text say=Yes.]]"}]);
    await go();
    agent.setMessages([...pending, {id: uuid(), role: "tool", toolCallId: "toolu_0", content: "late"}]);
    await go();
    agent.addMessage({id: uuid(), role: "user", content: "z [[script=show]]"});
    const events = [];
    await agent.runAgent({runId: uuid(), tools}, {onEvent: ({event}) => { events.push(event); }});
    assert.equal(events.at(-1).outcome.pendingToolCallIds?.length, 1, JSON.stringify(events.at(-1)));
    assert.notEqual(events.at(-1).outcome.pendingToolCallIds[0], "toolu_0");
  });

  test("a message that was sent and failed is answered by the same id", async () => {
    const threadId = uuid(), id = uuid();
    const ask = async (runId, content) => {
      const stream = stack.sse("/agui", {method: "POST", body: {threadId, runId, messages: [{id, role: "user", content}], tools: [], context: [], state: {}, forwardedProps: {}}});
      await stream.all();
      return stream.last.data.type;
    };
    assert.equal(await ask(uuid(), "please [[cut after=3]]"), "RUN_ERROR");
    assert.equal(await ask(uuid(), "please [[text say=There.]]"), "RUN_FINISHED");
    assert.deepEqual(await kept(threadId), ["user: please", "assistant: There."]);
  });
});

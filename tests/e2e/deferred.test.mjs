// SPDX-License-Identifier: BSD-2-Clause
// Tools that the model's vendor keeps back until find_tools names them. The doubles refuse what the
// vendors refuse, and count the tokens that their prompt caches would have.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {startMcpDouble} from "../doubles/mcp-double.mjs";
import {eventually, scratch, Stack, uuid} from "./harness.mjs";

const FIND = "tool name=find_tools args={\"query\":\"list of fill ups\",\"limit\":2}";
const LOG = "tool name=get_fuel_log args={}";
const ON = {"anthropic.deferred_tools": "on", "responses.deferred_tools": "on", "model.retries": 0};

/** One turn; its requests at the model, and its last event. */
async function turn(stack, session_id, scenario, user = "deferred") {
  const stream = stack.chatStream(`${uuid()} [[${scenario}]]`, {session_id}, {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
  const from = stack.double.requests.length;
  await stream.all();
  assert.equal(stream.last?.data.type, "RUN_FINISHED", JSON.stringify(stream.last?.data));
  return {requests: stack.double.requests.slice(from), results: stream.events.filter(e => e.data.type === "TOOL_CALL_RESULT").map(e => JSON.parse(e.data.content))};
}
const kept = r => r.body.tools.filter(t => t.defer_loading).map(t => t.name);
const atOnce = r => r.body.tools.filter(t => !t.defer_loading).map(t => t.name ?? t.type);
const references = r => r.body.messages.flatMap(m => m.content).filter(p => p.type === "tool_result" && Array.isArray(p.content)).flatMap(p => p.content)
  .filter(c => c.type === "tool_reference").map(c => c.tool_name);
const plain = r => !/defer_loading|tool_reference|tool_search/.test(r.raw);
/** Where the list stands in the bytes of the request. */
const list = r => JSON.stringify(r.body.tools);

describe("Anthropic", () => {
  let stack, before_, dir;
  before(async () => {
    dir = scratch("tp-deferred-");
    writeFileSync(join(dir, "tide.json"), JSON.stringify({name: "get_tide_times", description: "High and low water of a port.", keywords: "ebb flood moon",
      arguments: {type: "object", properties: {port: {type: "string"}}, required: ["port"], additionalProperties: false}, request: {url: "http://127.0.0.1:9/{port}"}}));
    stack = await Stack.start({settings: {...ON, "http_tools.dir": dir}});
    before_ = await Stack.start({settings: {...ON, "anthropic.deferred_tools": "off", "http_tools.dir": dir}});
    stack.double.counts = before_.double.counts = true;
  });
  after(async () => {
    await stack?.stop();
    await before_?.stop();
    rmSync(dir, {recursive: true, force: true});
  });

  test("what is found is called, and the list and the cache stay, in later turns too", async t => {
    const session = uuid(), scenario = `${FIND} | ${LOG} | text words=3`;
    const {requests: now, results} = await turn(stack, session, scenario);
    const {requests: then} = await turn(before_, session, scenario);
    assert.equal(now.length, 3);
    assert.equal(results[1].success, true);
    assert.ok(kept(now[0]).includes("get_fuel_log") && kept(now[0]).includes("get_tide_times") && !kept(now[0]).includes("get_weather_forecast"));
    assert.ok(atOnce(now[0]).length <= 16);
    assert.deepEqual(references(now[1]), results[0].tools.map(x => x.name));
    for (const r of now) assert.equal(list(r), list(now[0]));
    const told = of => of.map(r => `${r.used.cache_read_input_tokens} of ${Object.values(r.used).reduce((a, b) => a + b)}`).join(", ");
    t.diagnostic(`tokens from the cache: ${told(now)}; without: ${told(then)}; bytes ${now[1].raw.length}, without ${then[1].raw.length}`);
    const all = r => r.used.cache_read_input_tokens + r.used.cache_creation_input_tokens;
    assert.ok(now[1].used.cache_read_input_tokens >= all(now[0]), told(now));
    assert.ok(now[2].used.cache_read_input_tokens >= all(now[1]), told(now));
    assert.ok(then[1].used.cache_read_input_tokens < all(then[0]), told(then));
    const {requests: later} = await turn(stack, session, `${LOG} | text words=2`);
    assert.ok(later[0].used.cache_read_input_tokens >= all(now[0]), told(later)); // the late block has moved
    assert.equal(list(later[1]), list(now[0]));
    assert.deepEqual(references(later[0]), references(now[1]));
  });

  test("a tool that nobody found runs, declared ones are found, what does not fit is told in words", async () => {
    const session = uuid();
    const {requests, results} = await turn(stack, session, `${LOG} | tool name=find_tools args={"query":"ebb and flood","limit":1} | tool name=find_tools args={"query":"qwxz"} | text words=2`);
    assert.equal(results[0].success, true);
    for (const r of requests) assert.equal(list(r), list(requests[0]));
    assert.deepEqual(references(requests[3]), ["get_tide_times"]);
    assert.match(requests[3].raw, /Nothing fits/);
  });

  test("tools of an MCP server are kept back too; what has gone is named no more", async () => {
    const files = scratch("tp-deferred-mcp-"), double = await startMcpDouble();
    writeFileSync(join(files, "mcp.json"), JSON.stringify([{name: "sea", url: double.url, allow: ["add", "tide.table"], effect: "read", approval: "never"}]), {mode: 0o600});
    writeFileSync(join(files, "none.json"), "[]", {mode: 0o600});
    const site = await Stack.start({settings: {...ON, "mcp.file": join(files, "mcp.json"), "mcp.trust_first": "on"}}), session = uuid();
    try {
      await eventually(async () => (await site.get("/tools")).json.tools.some(t => t.name === "sea__add"), "the server is listed");
      const {requests} = await turn(site, session, "tool name=find_tools args={\"query\":\"abacus of the harbour office\",\"limit\":1} | text words=2");
      assert.ok(kept(requests[0]).includes("sea__add"));
      assert.deepEqual(references(requests[1]), ["sea__add"]);
      assert.equal(list(requests[1]), list(requests[0]));
      site.writeSettings({"mcp.file": join(files, "none.json")});
      await site.reload();
      await eventually(async () => !(await site.get("/tools")).json.tools.some(t => t.name === "sea__add"), "it has gone");
      const {requests: later} = await turn(site, session, "text words=2");
      assert.deepEqual(references(later[0]), []);
      assert.ok(!kept(later[0]).includes("sea__add"));
      assert.equal(later.length, 1, "nothing was refused");
    } finally {
      await site.stop();
      await double.close();
      rmSync(files, {recursive: true, force: true});
    }
  });

  for (const [what, refusal] of Object.entries({
    "by its name": [400, "tools.16.custom.defer_loading: Extra inputs are not permitted"],
    "without a word of it": [400, "messages.2.content.0.tool_result.content: Input should be a valid string"],
  })) {
    test(`a server that refuses it ${what} is asked in the old way, in the same turn and from then on`, async () => {
      const site = await Stack.start({settings: ON}), session = uuid();
      try {
        site.double.refuse = (_, body) => /defer_loading/.test(JSON.stringify(body.tools)) ? refusal : undefined;
        const {requests, results} = await turn(site, session, `${FIND} | ${LOG} | text words=3`);
        assert.deepEqual(requests.map(r => Boolean(r.refused)), [true, false, false, false]);
        assert.ok(requests.slice(1).every(plain));
        assert.ok(atOnce(requests[2]).includes("get_fuel_log"));
        assert.equal(results[1].success, true);
        const {requests: later} = await turn(site, session, "text words=2");
        assert.ok(later.every(r => !r.refused && plain(r)));
        assert.match(site.logTail(100000), /anthropic|deferred_tools = off/);
      } finally {
        await site.stop();
      }
    });
  }

  test("an older model, and another server when nobody said so, get the old form", async () => {
    for (const settings of [{"anthropic.model": "claude-3-5-haiku-20241022", "anthropic.deferred_tools": "auto"}, {"anthropic.deferred_tools": "auto"}]) {
      const site = await Stack.start({settings});
      try {
        const {requests} = await turn(site, uuid(), `${FIND} | ${LOG} | text words=3`);
        assert.ok(requests.every(plain));
        assert.ok(atOnce(requests[1]).includes("get_fuel_log"));
      } finally {
        await site.stop();
      }
    }
  });

  test("a worker killed between the find and the call: the next one goes on with the same list", async () => {
    const site = await Stack.start({settings: {...ON, "respawn.min": "50ms"}}), session_id = uuid(), tag = uuid();
    try {
      const reader = site.chatStream(`${tag} [[${FIND} | ${LOG} hold=0 | text words=3]]`, {session_id}, {headers: {Accept: "text/event-stream", "X-Dev-User": "killed"}});
      await reader.until("TOOL_CALL_RESULT");
      await site.double.until(d => d.held > 0, "the model holds");
      const worker = await eventually(async () => (await site.seats("turn")).find(w => w.session === session_id), "a worker of it");
      const calls = site.double.requests.length;
      process.kill(worker.pid, "SIGKILL");
      site.double.release();
      await site.double.until(d => d.requests.length > calls, "the next worker asks the model");
      await site.double.go();
      await reader.all();
      assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
      const requests = site.double.requests.filter(r => r.raw.includes(tag));
      for (const r of requests) assert.equal(list(r), list(requests[0]));
      for (const r of requests.slice(1)) assert.ok(references(r).includes("get_fuel_log"));
      assert.equal(reader.types().filter(t => t === "TOOL_CALL_RESULT").length, 2);
    } finally {
      await site.stop();
    }
  });
});

describe("OpenAI Responses", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({chain: "responses", settings: ON});
    stack.double.counts = true;
  });
  after(() => stack?.stop());

  test("the vendor's search tool is answered by find_tools; list and cache stay", async t => {
    const session = uuid();
    const {requests, results} = await turn(stack, session, `${FIND} | ${LOG} | text words=3`);
    assert.equal(requests.length, 3);
    assert.deepEqual(results.map(r => r.success), [true, true]);
    assert.ok(atOnce(requests[0]).includes("tool_search") && !atOnce(requests[0]).includes("find_tools") && !kept(requests[0]).length);
    for (const r of requests) assert.equal(list(r), list(requests[0]));
    const found = requests[1].body.input.find(i => i.type === "tool_search_output");
    assert.deepEqual(found.tools.map(x => x.name), results[0].tools.map(x => x.name));
    assert.ok(found.tools.every(x => x.defer_loading && x.parameters));
    t.diagnostic(`tokens from the cache: ${requests.map(r => `${r.used.cached} of ${r.used.input}`).join(", ")}`);
    assert.ok(requests[1].used.cached > requests[0].used.input - 600, "the late block alone is new");
    const {requests: later} = await turn(stack, session, `think | text words=2`);
    assert.equal(list(later[0]), list(requests[0]));
    assert.ok(later[0].body.input.some(i => i.type === "tool_search_output"));
  });

  test("thoughts in front of it, several calls at once, and nothing that fits", async () => {
    stack.double.scripts.set("both", [{kind: "blocks", blocks: [{thinking: "Which?", signature: "s1"}, {name: "find_tools", args: "{\"query\":\"qwxz\"}", id: "call_a"},
      {name: "get_current_time", args: "{}", id: "call_b"}]}]);
    const {requests, results} = await turn(stack, uuid(), "script=both");
    assert.equal(results.length, 2);
    const items = requests[1].body.input.map(i => i.type === "message" ? i.role : i.type);
    assert.deepEqual(items.slice(-6), ["reasoning", "tool_search_call", "function_call", "tool_search_output", "function_call_output", "developer"]);
    assert.match(requests[1].body.input.at(-1).content, /Nothing fits/);
  });

  test("an answer that the vendor makes in the background", async () => {
    const site = await Stack.start({chain: "responses", settings: {...ON, "responses.background": "on"}});
    try {
      const {results} = await turn(site, uuid(), `${FIND} | ${LOG} | text words=3`);
      assert.deepEqual(results.map(r => r.success), [true, true]);
    } finally {
      await site.stop();
    }
  });

  test("a server that does not know the tool, and an older model, get the old form", async () => {
    const site = await Stack.start({chain: "responses", settings: ON}), old = await Stack.start({chain: "responses", settings: {...ON, "responses.deferred_tools": "auto", "responses.model": "gpt-5"}});
    try {
      site.double.refuse = (_, body) => body.tools?.some(t => t.type === "tool_search") ? [400, {error: {message: "Invalid value: 'tool_search'. Supported values are: 'function'.", type: "invalid_request_error", param: "tools[0].type", code: "invalid_value"}}] : undefined;
      for (const s of [site, old]) {
        const {requests, results} = await turn(s, uuid(), `${FIND} | ${LOG} | text words=3`);
        assert.deepEqual(requests.map(r => Boolean(r.refused)), s === site ? [true, false, false, false] : [false, false, false]);
        assert.ok(requests.filter(r => !r.refused).every(plain));
        assert.equal(results[1].success, true);
      }
    } finally {
      await site.stop();
      await old.stop();
    }
  });
});

describe("one conversation, several vendors", () => {
  test("each reads in its own form what another one has found", async () => {
    const stack = await Stack.start({chain: "anthropic responses openai", settings: {...ON, "breaker.failures": 1000}});
    try {
      const session = uuid();
      const first = await turn(stack, session, `${FIND} | ${LOG} | text words=3`);
      assert.ok(references(first.requests[1]).includes("get_fuel_log"));
      const second = await turn(stack, session, "http status=529 api=anthropic | text words=3");
      assert.deepEqual(second.requests.map(r => r.api), ["anthropic", "responses"]);
      const output = second.requests[1].body.input.find(i => i.type === "tool_search_output");
      assert.ok(output.tools.some(x => x.name === "get_fuel_log"));
      stack.double.refuse = api => ["anthropic", "responses"].includes(api) ? [500, "not now"] : undefined;
      const third = await turn(stack, session, "text words=3");
      const openai = third.requests.at(-1);
      assert.equal(openai.api, "openai");
      assert.ok(openai.body.tools.some(x => x.function.name === "get_fuel_log"));
      assert.match(openai.body.messages.find(m => m.role === "tool").content, /"tools":\[\{"name":"/);
      stack.double.refuse = undefined;
      const fourth = await turn(stack, session, "text words=3");
      assert.deepEqual(references(fourth.requests[0]), references(first.requests[1]));
      assert.equal(list(fourth.requests[0]), list(first.requests[0]));
    } finally {
      await stack.stop();
    }
  });
});

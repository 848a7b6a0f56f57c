// SPDX-License-Identifier: BSD-2-Clause
// OpenTelemetry traces: a request's spans at a collector, W3C context in and out, and nothing that waits for either.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {once} from "node:events";
import {mkdirSync, writeFileSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {promisify} from "node:util";
import {startMcpDouble} from "../doubles/mcp-double.mjs";
import {startCollector} from "../doubles/otlp-double.mjs";
import {BUILD, eventually, Stack, uuid} from "./harness.mjs";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736", SPAN = "00f067aa0ba902b7", MARK = "xylophonewhisper";

describe("traces", () => {
  let stack, collector, service, mcp;
  const asked = [], told = [];
  const spansOf = trace => collector.spans.filter(span => span.traceId === trace);
  before(async () => {
    collector = await startCollector();
    mcp = await startMcpDouble();
    service = http.createServer((request, response) => {
      (request.url === "/hook" ? told : asked).push(request.headers);
      response.writeHead(200, {"Content-Type": "application/json"}).end(JSON.stringify({level: MARK}));
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    stack = await Stack.start({settings: () => {
      return {"otlp.url": collector.url, "otlp.headers": "x-tenant=road,authorization=Bearer a=b", "otlp.sample": 0,
        "mcp.trust_first": "on", "webhook.secret": "a secret of webhooks, for this test", "webhook.allow_private": "on"};
    }});
    const dir = join(stack.dir, "tools");
    mkdirSync(dir);
    writeFileSync(join(dir, "river.json"), JSON.stringify({
      name: "get_river_level", description: "The level of a river.", effect: "read",
      arguments: {type: "object", additionalProperties: false, required: ["river"], properties: {river: {type: "string", maxLength: 60, description: "its name"}}},
      request: {method: "GET", url: `http://127.0.0.1:${service.address().port}/level?river={river}`, allow_private: true},
    }));
    const servers = join(stack.dir, "mcp.json");
    writeFileSync(servers, JSON.stringify([{name: "sea", url: mcp.url, allow: ["add"], effect: "read", approval: "never"}]), {mode: 0o600});
    stack.writeSettings({"http_tools.dir": dir, "mcp.file": servers});
    await stack.reload();
    await eventually(async () => (await stack.get("/tools")).json.tools.some(t => t.name === "sea__add"), "the MCP server's tool is listed");
  });
  after(async () => {
    await stack.stop();
    await mcp.close();
    collector.close();
    service.closeAllConnections();
    service.close();
  });
  const ask = (message, headers = {}) => stack.chat(message, {session_id: uuid()}, {headers});

  test("a sampled request is a tree of spans: turn, model calls, tools; its context goes on to the model and the declared tool", async () => {
    const before = stack.double.requests.length;
    const answer = await ask(`${MARK} [[tool name=get_river_level args={"river":"${MARK}"} | text words=3 say=${MARK}]]`,
      {traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "vendor=abc,other=1"});
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    const spans = await eventually(() => spansOf(TRACE).some(s => s.name === "turn") && spansOf(TRACE), "the spans are there");
    assert.deepEqual(collector.refused, []);
    const named = name => spans.filter(s => s.name.startsWith(name));
    const [turn] = named("turn"), chats = named("chat "), [tool] = named("execute_tool ");
    assert.equal(turn.parentSpanId, SPAN);
    assert.equal(turn.attributes["turnpike.outcome"], "done");
    assert.equal(turn.resource["service.name"], "turnpike");
    assert.equal(chats.length, 2);
    for (const span of [...chats, tool]) {
      assert.equal(span.parentSpanId, turn.spanId, span.name);
      assert.ok(span.start >= turn.start && span.end <= turn.end, `${span.name} lies in its turn`);
    }
    assert.equal(tool.name, "execute_tool get_river_level");
    assert.equal(chats[0].attributes["gen_ai.provider.name"], "anthropic");
    assert.ok(chats[0].attributes["gen_ai.usage.input_tokens"] > 0);
    assert.ok(!JSON.stringify(spans, (_, v) => typeof v === "bigint" ? String(v) : v).includes(MARK), "no word of the user");
    const toModel = stack.double.requests.slice(before).map(r => r.headers.traceparent);
    assert.deepEqual(toModel.toSorted(), chats.map(s => `00-${TRACE}-${s.spanId}-01`).toSorted());
    assert.ok(stack.double.requests.slice(before).every(r => r.headers.tracestate === "vendor=abc,other=1"));
    assert.deepEqual(asked.map(h => [h.traceparent, h.tracestate]), [[`00-${TRACE}-${tool.spanId}-01`, "vendor=abc,other=1"]]);
    assert.deepEqual([collector.headers[0]["x-tenant"], collector.headers[0].authorization], ["road", "Bearer a=b"]);
  });

  test("one trace leads through nginx, the turn, the model and the tool to the MCP server, and to the webhook", async () => {
    const trace = TRACE.replace(/^4/, "7"), before = stack.double.requests.length, url = `http://127.0.0.1:${service.address().port}/hook`;
    const answer = await stack.chat('[[tool name=sea__add args={"a":2,"b":3} | text words=3]]', {session_id: uuid(), webhook: {url}},
      {headers: {traceparent: `00-${trace}-${SPAN}-01`, tracestate: "vendor=abc"}});
    assert.equal(answer.status, 200, answer.text);
    const spans = await eventually(() => spansOf(trace).some(s => s.name === "turn") && spansOf(trace), "the spans are there");
    const [turn] = spans.filter(s => s.name === "turn"), [tool] = spans.filter(s => s.name === "execute_tool sea__add");
    assert.deepEqual([turn.parentSpanId, tool.parentSpanId], [SPAN, turn.spanId]);
    assert.ok(stack.double.requests.slice(before).every(r => r.headers.traceparent.startsWith(`00-${trace}-`)));
    const call = mcp.requests.filter(r => r.body?.method === "tools/call").at(-1), said = [`00-${trace}-${tool.spanId}-01`, "vendor=abc"];
    assert.deepEqual([call.headers.traceparent, call.headers.tracestate], said);
    assert.deepEqual([call.body.params._meta.traceparent, call.body.params._meta.tracestate], said);
    assert.ok(mcp.requests.filter(r => r.body?.method === "tools/list").every(r => !r.headers.traceparent), "the housekeeper lists for nobody's turn");
    const [hook] = await eventually(() => told.length && told, "the webhook is told");
    assert.deepEqual([hook.traceparent, hook.tracestate], [`00-${trace}-${turn.spanId}-01`, undefined]);
    assert.equal(answer.headers.traceparent, hook.traceparent);
  });

  test("what is no traceparent is as none: a trace of its own begins, and no tracestate goes on", async () => {
    for (const bad of [`ff-${TRACE}-${SPAN}-01`, `00-${"0".repeat(32)}-${SPAN}-01`, `00-${TRACE}-${"0".repeat(16)}-01`, `00-${TRACE.toUpperCase()}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01-more`, `00-${TRACE}-${SPAN}`, "x"]) {
      const before = stack.double.requests.length, answer = await ask("x [[text words=2]]", {traceparent: bad, tracestate: "vendor=abc"});
      assert.equal(answer.status, 200, bad);
      assert.match(answer.headers.traceparent, /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00$/, bad);
      assert.ok(!answer.headers.traceparent.toLowerCase().includes(TRACE.slice(1)), bad);
      const {headers} = stack.double.requests[before];
      assert.equal(headers.traceparent.split("-")[1], answer.headers.traceparent.split("-")[1], bad);
      assert.equal(headers.tracestate, undefined, bad);
    }
    // A later version may have more behind the flags (W3C Trace Context, 3.2.4).
    const later = await ask("x [[text words=2]]", {traceparent: `01-${TRACE}-${SPAN}-00-more`});
    assert.equal(later.headers.traceparent.split("-")[1], TRACE);
  });

  test("a failure is marked; a request that is not sampled sends no span, and says so to the model", async () => {
    const trace = TRACE.replace(/^4/, "5");
    await ask("x [[http status=400]]", {traceparent: `00-${trace}-${SPAN}-01`});
    const turn = await eventually(() => spansOf(trace).find(s => s.name === "turn"), "the failed turn");
    assert.deepEqual([turn.failed, turn.attributes["error.type"]], [true, "model_rejected"]);
    const count = collector.spans.length, before = stack.double.requests.length;
    await ask("x [[text words=2]]");
    const headers = stack.double.requests.slice(before).map(r => r.headers.traceparent);
    assert.match(headers[0], /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    await ask("x [[text words=2]]", {traceparent: `00-${trace.replace(/^5/, "6")}-${SPAN}-01`});
    await eventually(() => spansOf(trace.replace(/^5/, "6")).length >= 2, "the next sampled one");
    assert.equal(collector.spans.slice(count).filter(s => s.traceId !== trace.replace(/^5/, "6")).length, 0);
  });

  test("a collector that is stuck, refuses or is away holds no turn up; what is lost is counted", async () => {
    collector.hold = true;
    for (let i = 0; i < 3; i++) assert.equal((await ask("x [[text words=2]]", {traceparent: `00-${TRACE}-${SPAN}-01`})).status, 200);
    collector.hold = false;
    collector.status = 503;
    const lost = async () => (await promisify(execFile)(join(BUILD, "turnpike"), ["--run-dir", stack.run, "metrics"])).stdout.match(/^turnpike_trace_spans_total\{outcome="(failed|dropped)"\} [1-9]/m);
    await eventually(async () => (await ask("x [[text words=2]]", {traceparent: `00-${TRACE}-${SPAN}-01`})).status === 200 && await lost(), "it is counted");
    collector.status = 200;
  });
});

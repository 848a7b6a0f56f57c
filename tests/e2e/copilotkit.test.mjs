// SPDX-License-Identifier: BSD-2-Clause
// CopilotKit's runtime, unmodified, with Turnpike as its agent: its own AG-UI client (0.0.59) between a page and us.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {createServer} from "node:http";
import {createRequire} from "node:module";
import {once} from "node:events";
import {join} from "node:path";
import {API, eventually, Stack, TOP, uuid} from "./harness.mjs";

process.env.COPILOTKIT_TELEMETRY_DISABLED = "true"; // before the import: nothing leaves the machine
const {CopilotRuntime, createCopilotRuntimeHandler} = await import("@copilotkit/runtime/v2");
const {createCopilotNodeHandler} = await import("@copilotkit/runtime/v2/node");
// The runtime's client, which is another version than the one that other tests use.
const {HttpAgent} = createRequire(join(TOP, "tests/e2e/node_modules/@copilotkit/runtime/package.json"))("@ag-ui/client");

describe("CopilotKit", () => {
  let stack, server, url;
  before(async () => {
    stack = await Stack.start({});
    const agent = new HttpAgent({url: `${stack.url}${API}/agui`, headers: {"X-Dev-User": "ann"}});
    const handler = createCopilotRuntimeHandler({runtime: new CopilotRuntime({agents: {default: agent}}), basePath: "/copilot"});
    server = createServer(createCopilotNodeHandler(handler)).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${server.address().port}/copilot`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await stack.stop();
  });

  /** What a page does: POSTs a run to the runtime and reads its events to the end. */
  async function run(input) {
    const response = await fetch(`${url}/agent/default/run`, {
      method: "POST", headers: {"Content-Type": "application/json", Accept: "text/event-stream"},
      body: JSON.stringify({threadId: uuid(), runId: uuid(), state: {}, tools: [], context: [], forwardedProps: {}, ...input}),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json));
  }
  const say = (content, more) => run({messages: [{id: uuid(), role: "user", content}], ...more});
  const textOf = events => events.filter(e => e.type === "TEXT_MESSAGE_CONTENT").map(e => e.delta).join("");

  test("it knows its agent", async () => {
    const info = await (await fetch(`${url}/info`)).json();
    assert.ok(info.agents.default, JSON.stringify(info));
  });

  test("text comes through, event by event, and the run ends", async () => {
    const events = await say("tell me a story");
    assert.equal(events.at(-1).type, "RUN_FINISHED", JSON.stringify(events.at(-1)));
    assert.ok(textOf(events).length > 0);
    assert.ok(events.filter(e => e.type === "TEXT_MESSAGE_CONTENT").length > 1);
  });

  test("a tool of ours runs, and its result is told", async () => {
    const events = await say('what time is it in Perth? [[tool name=get_current_time args={"timezone":"Australia/Perth"} | text words=4]]');
    const types = events.map(e => e.type);
    assert.ok(types.includes("TOOL_CALL_START") && types.includes("TOOL_CALL_RESULT"), types.join());
    assert.match(events.find(e => e.type === "TOOL_CALL_RESULT").content, /Perth/);
    assert.equal(types.at(-1), "RUN_FINISHED");
  });

  test("a tool of the page is left to the page", async () => {
    const tools = [{name: "showMap", description: "Shows a map", parameters: {type: "object", properties: {place: {type: "string"}}, required: ["place"]}}];
    const events = await say('show me Perth [[tool name=showMap args={"place":"Perth"} | text words=4]]', {tools});
    assert.equal(events.find(e => e.type === "TOOL_CALL_START")?.toolCallName, "showMap", JSON.stringify(events));
    assert.equal(events.at(-1).type, "RUN_FINISHED", JSON.stringify(events));
    assert.ok(!events.some(e => e.type === "TOOL_CALL_RESULT"));
  });

  test("a stop ends the run without an error", async () => {
    const threadId = uuid();
    const running = say("tell me a long story [[text words=20 hold=5]]", {threadId});
    await eventually(async () => (await stack.get(`/sessions/${threadId}`, {headers: {"X-Dev-User": "ann"}})).json.running_turn, "it runs");
    await eventually(async () => (await stack.post(`/sessions/${threadId}/cancel`, {}, {headers: {"X-Dev-User": "ann"}})).status === 202, "it is stopped");
    const events = await running;
    assert.equal(events.at(-1).type, "RUN_FINISHED", JSON.stringify(events.at(-1)));
  });

  test("a conversation goes on in its thread", async () => {
    const threadId = uuid();
    await say("my dog is called Bruno", {threadId});
    const asked = stack.double.requests.length;
    await say("what is the name of my dog?", {threadId});
    assert.match(JSON.stringify(stack.double.requests[asked].body.messages), /Bruno/);
  });

  test("a failure is an error of the run, in words", async () => {
    const events = await say("hello [[http status=401]]");
    assert.equal(events.at(-1).type, "RUN_ERROR", JSON.stringify(events.at(-1)));
    assert.ok(events.at(-1).message.length > 0);
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// The MCP server: the stock clients of both eras, the inspector, the conformance suite's server scenarios, and what no good client sends.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {once} from "node:events";
import {readFileSync, readdirSync, rmSync, writeFileSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {promisify} from "node:util";
import {Client, ClientCredentialsProvider, StreamableHTTPClientTransport} from "@modelcontextprotocol/client";
import {Client as Client1} from "@modelcontextprotocol/sdk/client/index.js";
import {StreamableHTTPClientTransport as Transport1} from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {ElicitRequestSchema} from "@modelcontextprotocol/sdk/types.js";
import {KEY, SECRET, production, token} from "./credentials.mjs";
import {API, eventually, scratch, SLOW, Stack, TOP, uuid, within} from "./harness.mjs";

const MODULES = join(TOP, "tests/e2e/node_modules/@modelcontextprotocol");
const CONFORMANCE = join(MODULES, "conformance/dist/index.js");
const INSPECTOR = join(MODULES, "inspector/clients/launcher/build/index.js");
const MODERN = "2026-07-28", SESSIONS = ["2025-03-26", "2025-06-18", "2025-11-25"];
const ACCEPT = "application/json, text/event-stream";
const META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}};
const run = (file, args, env = {}) => promisify(execFile)(process.execPath, [file, ...args], {timeout: 90000 * SLOW, env: {...process.env, ...env}})
  .then(({stdout, stderr}) => ({code: 0, stdout, stderr}), error => ({code: error.code, stdout: error.stdout, stderr: error.stderr}));

const say = (response, value) => response.writeHead(200, {"Content-Type": "application/json"}).end(JSON.stringify(value));
/** A service behind declared tools: `reply` decides; `seen` has what came. */
async function startService() {
  const service = {seen: [], gone: 0, reply: response => say(response, {})};
  service.sockets = new Set();
  service.server = http.createServer((request, response) => {
    service.seen.push(request.url);
    response.on("close", () => { if (!response.writableFinished) service.gone++; });
    service.reply(response, request);
  }).listen(0, "127.0.0.1");
  service.server.on("connection", socket => service.sockets.add(socket));
  await once(service.server, "listening");
  service.base = `http://127.0.0.1:${service.server.address().port}`;
  service.stop = () => { service.server.closeAllConnections(); service.server.close(); };
  return service;
}
const declared = (base, name, more = {}) => ({name, description: `Answers for ${name}.`, arguments: {type: "object", properties: {message: {type: "string"}}},
  request: {url: `${base}/${name}`}, timeout_ms: 20000, outside: false, ...more});
function declare(tools) {
  const dir = scratch("tp-mcpd-");
  tools.forEach((tool, i) => writeFileSync(join(dir, `${String(i).padStart(3, "0")}.json`), JSON.stringify(tool)));
  return dir;
}

/** One POST as it is written. */
const post = (stack, body, headers = {}) => stack.post("/mcp", body, {headers: {Accept: ACCEPT, ...headers}});
const rpc = (method, params, id = 1) => ({jsonrpc: "2.0", id, method, ...params && {params}});
/** One request of the era with sessions, or (version MODERN) of the stateless one. */
function ask(stack, method, params = {}, {version = MODERN, id = uuid(), headers = {}, capabilities = {}} = {}) {
  if (version !== MODERN) return post(stack, rpc(method, params, id), {"MCP-Protocol-Version": version, ...headers});
  const meta = {...META, "io.modelcontextprotocol/clientCapabilities": capabilities, ...params._meta};
  const name = params.name ?? params.uri;
  return post(stack, rpc(method, {...params, _meta: meta}, id), {"MCP-Protocol-Version": MODERN, "Mcp-Method": method, ...name && {"Mcp-Name": name}, ...headers});
}
async function initialize(stack, {version = "2025-11-25", capabilities = {}, headers = {}, name = "t"} = {}) {
  const reply = await post(stack, rpc("initialize", {protocolVersion: version, capabilities, clientInfo: {name, version: "1"}}), headers);
  assert.equal(reply.status, 200, reply.text);
  return {"Mcp-Session-Id": reply.headers["mcp-session-id"], "MCP-Protocol-Version": reply.json.result.protocolVersion, ...headers};
}
const events = text => text.split("\n\n").filter(Boolean).map(frame => Object.fromEntries(frame.split("\n").map(line => {
  const at = line.indexOf(":");
  return [line.slice(0, at), line.slice(at + 1).trim()];
})));
const expenses = async (stack, headers = {}) => (await stack.get("/expenses.csv", {headers})).text.trim().split("\r\n").slice(1);

/** Stock clients, as their users write them. answer: of the user, or undefined for a client without forms. */
const CLIENTS = {
  "client 2.4, 2026-07-28": async (url, answer, headers) => connect2(url, answer, headers, {pin: MODERN}),
  "client 2.4, found out by itself": async (url, answer, headers) => connect2(url, answer, headers, "auto"),
  "client 2.4, with a session": async (url, answer, headers) => connect2(url, answer, headers, "legacy"),
  "SDK 1.32": async (url, answer, headers = {}) => {
    const client = new Client1({name: "stock", version: "1"}, {capabilities: answer ? {elicitation: {}} : {}});
    if (answer) client.setRequestHandler(ElicitRequestSchema, async request => answer(request.params));
    await client.connect(new Transport1(new URL(url), {requestInit: {headers}}));
    return client;
  },
};
async function connect2(url, answer, headers = {}, mode) {
  const client = new Client({name: "stock", version: "1"}, {capabilities: answer ? {elicitation: {}} : {}, versionNegotiation: {mode}});
  if (answer) client.setRequestHandler("elicitation/create", async request => answer(request.params));
  await client.connect(new StreamableHTTPClientTransport(new URL(url), {requestInit: {headers}}));
  return client;
}

// ---- the conformance suite -------------------------------------------------------------------------

const NAMES = "it wants a fixture of this name with contents of its own, which no tool of an assistant has";
const SCENARIOS = {
  "server-initialize": null, "logging-set-level": null, ping: null, "completion-complete": null, "tools-list": null, "tools-call-simple-text": null,
  "tools-call-error": null, "tools-call-with-progress": null, "tools-call-elicitation": null, "server-sse-polling": null, "server-sse-multiple-streams": null,
  "resources-list": null, "dns-rebinding-protection": null,
  "tools-call-image": NAMES, "tools-call-audio": NAMES, "tools-call-embedded-resource": NAMES, "tools-call-mixed-content": NAMES,
  "resources-read-text": NAMES, "resources-read-binary": NAMES, "resources-templates-read": NAMES,
  "tools-call-with-logging": "tools log nothing to clients", "tools-call-sampling": "no tool asks the client's model",
  "json-schema-2020-12": "schemas of declared tools are shown in the form that all vendors of models take, without $schema",
  "elicitation-sep1034-defaults": "the only form is that of an approval", "elicitation-sep1330-enums": "the only form is that of an approval",
  "resources-subscribe": "no subscriptions", "resources-unsubscribe": "no subscriptions",
  "prompts-list": "no prompts", "prompts-get-simple": "no prompts", "prompts-get-with-args": "no prompts", "prompts-get-embedded-resource": "no prompts", "prompts-get-with-image": "no prompts",
};

describe("server scenarios of @modelcontextprotocol/conformance", () => {
  let stack, service, dir, out;
  before(async () => {
    service = await startService();
    service.reply = (response, request) => {
      if (request.url === "/test_error_handling") response.writeHead(400).end("This tool intentionally returns an error");
      else if (request.url === "/test_tool_with_progress") setTimeout(() => say(response, {ok: true}), 4500);
      else say(response, {text: "This is a simple text response for testing."});
    };
    const asks = {request: {method: "POST", url: `${service.base}/asked`}, effect: "outside", approval: "always"};
    dir = declare([declared(service.base, "test_simple_text"), declared(service.base, "test_error_handling"), declared(service.base, "test_tool_with_progress"),
      declared(service.base, "test_elicitation", asks), declared(service.base, "test_reconnection", asks)]);
    out = scratch("tp-conformance-");
    stack = await Stack.start({double: false, settings: {"http_tools.dir": dir, "api.workers": 4}});
  });
  after(async () => {
    await stack?.stop();
    service?.stop();
    for (const d of [dir, out]) rmSync(d, {recursive: true, force: true});
  });

  test("every scenario of the suite is run, or its reason stands here", async () => {
    const {stdout} = await run(CONFORMANCE, ["list", "--server"]);
    assert.deepEqual([...stdout.matchAll(/^ {2}- (\S+)/gm)].map(([, name]) => name).sort(), Object.keys(SCENARIOS).sort());
  });
  for (const [name, reason] of Object.entries(SCENARIOS)) {
    test(name, {skip: reason ?? false}, async () => {
      const to = join(out, name);
      const {code, stdout, stderr} = await run(CONFORMANCE, ["server", "--url", `http://localhost:${stack.port}${API}/mcp`, "--scenario", name, "-o", to]);
      const [made] = readdirSync(to);
      const checks = JSON.parse(readFileSync(join(to, made, "checks.json"), "utf8"));
      assert.equal(code, 0, stdout + stderr);
      assert.ok(checks.length > 0, "no checks");
      for (const check of checks) assert.notEqual(check.status, "FAILURE", JSON.stringify(check));
      if (name === "server-sse-polling") {
        // Its last check wants the user's answer within one second; the other ones are of the stream.
        for (const id of ["server-sse-priming-event", "server-sse-retry-field"]) assert.equal(checks.find(c => c.id === id)?.status, "SUCCESS", JSON.stringify(checks));
      } else {
        assert.ok(checks.some(check => check.status === "SUCCESS"), JSON.stringify(checks));
      }
    });
  }
});

// ---- stock clients -----------------------------------------------------------------------------------

for (const [name, connect] of Object.entries(CLIENTS)) {
  describe(name, () => {
    let stack, url, dir;
    before(async () => {
      // More tools than one answer to tools/list has; nobody calls them.
      dir = declare(Array.from({length: 40}, (_, i) => declared("http://127.0.0.1:9", `harbour_${i}`)));
      stack = await Stack.start({double: false, settings: {"http_tools.dir": dir, "api.workers": 3}});
      url = `${stack.url}${API}/mcp`;
    });
    after(async () => {
      await stack?.stop();
      rmSync(dir, {recursive: true, force: true});
    });
    const whole = async (client, method, member) => {
      const all = [];
      let cursor;
      do {
        const page = await client.request({method, params: {...cursor && {cursor}}}, ...client instanceof Client1 ? [(await import("@modelcontextprotocol/sdk/types.js")).ListToolsResultSchema] : []);
        all.push(...page[member]);
        cursor = page.nextCursor;
      } while (cursor);
      return all;
    };
    const event = async client => {
      const made = await client.callTool({name: "create_calendar_event", arguments: {title: "Dentist", start_date: "2027-01-05T10:00"}});
      assert.ok(!made.isError, JSON.stringify(made));
      return made.structuredContent.event.id;
    };
    const isThere = async id => (await stack.get("/calendar.ics")).text.includes(id);

    test("lists the tools as the registry has them, in pages", async () => {
      const client = await connect(url);
      const known = (await stack.get("/tools")).json.tools.filter(tool => !tool.provider);
      const tools = await whole(client, "tools/list", "tools");
      assert.ok(known.length > 100, `${known.length}`);
      assert.deepEqual(tools.map(tool => tool.name), known.map(tool => tool.name));
      for (const [i, tool] of tools.entries()) {
        const {description, arguments_schema, result_schema, effect, approval, approval_when, idempotent} = known[i];
        assert.equal(tool.description, description);
        assert.match(tool.title, /^[A-Z]/);
        assert.match(tool.name, /^[A-Za-z0-9_-]{1,64}$/);
        assert.deepEqual(tool.inputSchema, arguments_schema, tool.name);
        assert.deepEqual(tool.outputSchema ?? null, result_schema, tool.name);
        assert.equal(tool.annotations.readOnlyHint, effect === "read", tool.name);
        assert.equal(tool.annotations.idempotentHint, idempotent, tool.name);
        assert.equal(tool.annotations.destructiveHint, effect !== "read" && (effect !== "write" || approval === "always"), tool.name);
        assert.equal(tool._meta["turnpike/approval"], approval === "never" ? "never" : approval_when ? "sometimes" : "always", tool.name);
      }
      const weather = tools.find(tool => tool.name === "harbour_1");
      assert.equal(weather.annotations.openWorldHint, true);
      await client.close();
    });

    test("calls a tool; a refusal is a result that its model can read", async () => {
      const client = await connect(url);
      const time = await client.callTool({name: "get_current_time", arguments: {timezone: "Australia/Perth"}});
      assert.equal(time.structuredContent.time.timezone, "Australia/Perth", JSON.stringify(time));
      assert.deepEqual(JSON.parse(time.content[0].text), time.structuredContent);
      const wrong = await client.callTool({name: "create_expense", arguments: {amount: "much", category: "gas"}});
      assert.equal(wrong.isError, true);
      assert.match(wrong.content[0].text, /code: invalid_argument\nat: \/amount\nexpected: /);
      assert.equal(wrong._meta["turnpike/problem"].status, 422);
      assert.equal(wrong.structuredContent, undefined);
      await assert.rejects(client.callTool({name: "no_such_tool", arguments: {}}), error => error.code === -32602 && /Unknown tool: no_such_tool/.test(error.message));
      await client.close();
    });

    test("asks the user: yes, no, a form closed, a form with a no", async () => {
      const answers = [{action: "accept", content: {approved: true}}, {action: "decline"}, {action: "cancel"}, {action: "accept", content: {approved: false}}, {action: "accept", content: {}}];
      for (const answer of answers) {
        const asked = [];
        const client = await connect(url, params => { asked.push(params); return answer; });
        const id = await event(client);
        const reply = await client.callTool({name: "delete_calendar_event", arguments: {event_id: id}});
        assert.equal(asked.length, 1);
        assert.match(asked[0].message, /^May I delete the event "Dentist" on Tuesday 5 January 2027, 10:00\?\n\nTool: delete_calendar_event\nArguments: /);
        assert.ok(asked[0].message.includes(id));
        assert.deepEqual(asked[0].requestedSchema.required, ["approved"]);
        const yes = answer.content?.approved === true;
        assert.equal(reply.isError ?? false, !yes, JSON.stringify(reply));
        assert.equal(await isThere(id), !yes, JSON.stringify(answer));
        if (!yes) assert.equal(reply._meta["turnpike/problem"].code, "approval_denied");
        assert.deepEqual((await stack.get("/approvals")).json.approvals, []);
        await client.close();
      }
    });

    test("is told of the approval where no form can be shown, and calls again with it", async () => {
      const client = await connect(url);
      const id = await event(client);
      const call = more => client.callTool({name: "delete_calendar_event", arguments: {event_id: id}, ...more});
      const told = await call();
      assert.equal(told.isError, true);
      const {code, approval_id, message} = told._meta["turnpike/problem"];
      assert.equal(code, "approval_required");
      assert.match(message, /^May I delete the event "Dentist"/);
      assert.ok(told.content[0].text.includes(message) && told.content[0].text.includes(approval_id));
      const early = await call({_meta: {"turnpike/approvalId": approval_id}});
      assert.equal(early._meta["turnpike/problem"].code, "approval_required");
      assert.equal((await stack.post(`/approvals/${approval_id}`, {approved: true})).status, 200);
      const done = await call({_meta: {"turnpike/approvalId": approval_id}});
      assert.ok(!done.isError, JSON.stringify(done));
      assert.equal(await isThere(id), false);
      const again = await call({_meta: {"turnpike/approvalId": approval_id}});
      assert.deepEqual(again.structuredContent, done.structuredContent);
      await client.close();
    });

    test("a question about a record that changed meanwhile is no yes to the new one", async () => {
      let id;
      const client = await connect(url, async () => {
        const moved = await stack.post("/tools/update_calendar_event", {event_id: id, title: "Surgeon"});
        assert.equal(moved.status, 200, moved.text);
        return {action: "accept", content: {approved: true}};
      });
      id = await event(client);
      const reply = await client.callTool({name: "delete_calendar_event", arguments: {event_id: id}});
      assert.equal(reply._meta["turnpike/problem"].code, "conflict", JSON.stringify(reply));
      assert.equal(await isThere(id), true);
      await client.close();
    });

    test("reads what the export routes write", async () => {
      const client = await connect(url);
      const trip = (await client.callTool({name: "plan_trip", arguments: {origin: "Sydney", destination: "Brisbane"}})).structuredContent.trip;
      await client.callTool({name: "create_expense", arguments: {amount: 85.4, category: "gas", description: "\"Fuel\", pump 3"}});
      await event(client);
      const read = async uri => (await client.readResource({uri})).contents[0];
      const {resources} = await client.listResources();
      const uris = resources.map(resource => resource.uri);
      for (const uri of ["turnpike://calendar.ics", "turnpike://calendar.json", "turnpike://expenses.csv", `turnpike://trips/${trip.id}`, `turnpike://trips/${trip.id}.gpx`]) assert.ok(uris.includes(uri), uri);
      for (const resource of resources) {
        const content = await read(resource.uri);
        assert.equal(content.mimeType, resource.mimeType);
        assert.ok(content.text.length > 0);
      }
      const route = async path => (await stack.get(path)).text;
      const stable = text => text.replace(/^DTSTAMP:.*\r\n/gm, "");
      assert.equal(stable((await read("turnpike://calendar.ics")).text), stable(await route("/calendar.ics")));
      assert.equal((await read("turnpike://expenses.csv?from=2020-01-01&to=2099-01-01")).text, await route("/expenses.csv"));
      assert.equal((await read("turnpike://expenses.csv?from=2020-01-01&to=2020-01-02")).text, await route("/expenses.csv?from=2020-01-01&to=2020-01-02"));
      assert.equal((await read(`turnpike://trips/${trip.id}.gpx`)).text, await route(`/trips/${trip.id}.gpx`));
      assert.deepEqual(JSON.parse((await read(`turnpike://trips/${trip.id}`)).text), trip);
      const day = JSON.parse((await read("turnpike://calendar.json?from=2027-01-05&to=2027-01-05")).text);
      assert.ok(day.events.some(one => one.title === "Dentist"), JSON.stringify(day));
      const {resourceTemplates} = await client.listResourceTemplates();
      assert.ok(resourceTemplates.some(template => template.uriTemplate === "turnpike://trips/{id}"));
      const {completion} = await client.complete({ref: {type: "ref/resource", uri: "turnpike://trips/{id}.gpx"}, argument: {name: "id", value: trip.id.slice(0, 20)}});
      assert.ok(completion.values.includes(trip.id));
      for (const uri of ["turnpike://trips/no-such-trip", "turnpike://trips/", "turnpike://calendar.pdf", "https://example.com/", "turnpike://trips/..%2f"]) {
        await assert.rejects(client.readResource({uri}), error => [-32002, -32602].includes(error.code) && error.data.uri === uri, uri);
      }
      await assert.rejects(client.readResource({uri: "turnpike://expenses.csv?from=soon"}), error => error.code === -32602 && /from must be a date/.test(error.message));
      await client.close();
    });
  });
}

// ---- on the wire ---------------------------------------------------------------------------------------

describe("MCP on the wire", () => {
  let stack, service, dir;
  before(async () => {
    service = await startService();
    dir = declare([declared(service.base, "look_slowly"), declared(service.base, "book_slowly", {request: {method: "POST", url: `${service.base}/book_slowly`}, approval: "never"}),
      declared(service.base, "book_asked", {request: {method: "POST", url: `${service.base}/book_asked`}, approval: "always"})]);
    stack = await Stack.start({double: false, settings: {"http_tools.dir": dir, "api.workers": 3}});
  });
  after(async () => {
    await stack?.stop();
    service?.stop();
    rmSync(dir, {recursive: true, force: true});
  });

  test("initialize agrees on each version with sessions, and on the newest for any other", async () => {
    for (const version of ["2024-11-05", ...SESSIONS, "1999-01-01"]) {
      const reply = await post(stack, rpc("initialize", {protocolVersion: version, capabilities: {}, clientInfo: {name: "t", version: "1"}}));
      assert.equal(reply.json.result.protocolVersion, version === "1999-01-01" ? "2025-11-25" : version);
      assert.match(reply.headers["mcp-session-id"], /^[!-~]{32,}$/);
      assert.deepEqual(Object.keys(reply.json.result.capabilities).sort(), ["completions", "logging", "resources", "tools"]);
      const session = {"Mcp-Session-Id": reply.headers["mcp-session-id"]};
      assert.equal((await post(stack, {jsonrpc: "2.0", method: "notifications/initialized"}, session)).status, 202);
      assert.deepEqual((await post(stack, rpc("ping", undefined, "a"), session)).json, {jsonrpc: "2.0", id: "a", result: {}});
    }
    const missing = await post(stack, rpc("initialize", {protocolVersion: "2025-11-25"}));
    assert.equal(missing.json.error.code, -32602);
  });

  test("structured content only where the version knows it", async () => {
    for (const version of SESSIONS) {
      const {json} = await ask(stack, "tools/call", {name: "get_current_time"}, {version});
      assert.equal("structuredContent" in json.result, version !== "2025-03-26", version);
    }
  });

  test("server/discover, resultType and cache hints of 2026-07-28", async () => {
    const {result} = (await ask(stack, "server/discover")).json;
    assert.equal(result.resultType, "complete");
    assert.ok(result.supportedVersions.includes(MODERN) && result.supportedVersions.includes("2025-11-25"));
    assert.deepEqual([result.cacheScope, Number.isInteger(result.ttlMs)], ["private", true]);
    assert.equal(result._meta["io.modelcontextprotocol/serverInfo"].name, "turnpike");
    for (const method of ["tools/list", "resources/list", "resources/templates/list"]) {
      const {json} = await ask(stack, method);
      assert.deepEqual([json.result.resultType, json.result.cacheScope, json.result.ttlMs >= 0], ["complete", "private", true], method);
    }
  });

  // [what, body, headers, HTTP status, code of JSON-RPC or of the problem]
  const modern = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/list"};
  const list = params => rpc("tools/list", params);
  const deep = `${"[".repeat(40)}${"]".repeat(40)}`;
  const BAD = [
    ["no JSON", "{", {}, 400, -32700], ["nothing", "", {}, 400, -32700], ["too deep", deep, {}, 400, -32700], ["a key twice", "{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\"}", {}, 400, -32700],
    ["UTF-16", Buffer.from("\ufeff{}", "utf16le"), {}, 400, -32700],
    ["a number", "7", {}, 400, -32600], ["null", "null", {}, 400, -32600], ["an empty object", {}, {}, 400, -32600], ["no version", {id: 1, method: "ping"}, {}, 400, -32600],
    ["version 1.0", {jsonrpc: "1.0", id: 1, method: "ping"}, {}, 400, -32600], ["method a number", {jsonrpc: "2.0", id: 1, method: 7}, {}, 400, -32600],
    ["id null", {jsonrpc: "2.0", id: null, method: "ping"}, {}, 400, -32600], ["id an object", {jsonrpc: "2.0", id: {}, method: "ping"}, {}, 400, -32600],
    ["id a fraction", {jsonrpc: "2.0", id: 1.5, method: "ping"}, {}, 400, -32600], ["id too long", rpc("ping", undefined, "x".repeat(300)), {}, 400, -32600],
    ["params a list", {jsonrpc: "2.0", id: 1, method: "tools/list", params: [1]}, {}, 400, -32600],
    ["an unknown method", rpc("tools/frobnicate"), {}, 200, -32601], ["prompts", rpc("prompts/list"), {}, 200, -32601], ["a subscription", rpc("resources/subscribe", {uri: "turnpike://calendar.ics"}), {}, 200, -32601],
    ["the modern method without its envelope", rpc("server/discover"), {}, 200, -32601],
    ["a cursor that is a number", list({cursor: 1}), {}, 200, -32602], ["a cursor of nobody", list({cursor: "nobody"}), {}, 200, -32602], ["a cursor of resources", rpc("resources/list", {cursor: "-1"}), {}, 200, -32602],
    ["a call of nothing", rpc("tools/call"), {}, 200, -32602], ["arguments a list", rpc("tools/call", {name: "get_current_time", arguments: []}), {}, 200, -32602],
    ["an idempotency key with blanks", rpc("tools/call", {name: "get_current_time", _meta: {"turnpike/idempotencyKey": "a b"}}), {}, 200, -32602],
    ["an idempotency key that is a number", rpc("tools/call", {name: "get_current_time", _meta: {"turnpike/idempotencyKey": 7}}), {}, 200, -32602],
    ["an approval of no form", rpc("tools/call", {name: "get_current_time", _meta: {"turnpike/approvalId": "../x"}}), {}, 200, -32602],
    ["a resource without a name", rpc("resources/read"), {}, 200, -32602], ["a resource of 2 KB", rpc("resources/read", {uri: `turnpike://${"x".repeat(2000)}`}), {}, 200, -32602],
    ["a resource's query twice", rpc("resources/read", {uri: "turnpike://expenses.csv?from=2026-01-01&from=2026-01-02"}), {}, 200, -32602],
    ["a resource's unknown query", rpc("resources/read", {uri: "turnpike://expenses.csv?limit=1"}), {}, 200, -32602],
    ["a resource's zone", rpc("resources/read", {uri: "turnpike://expenses.csv?timezone=Mars/Base"}), {}, 200, -32602],
    ["to before from", rpc("resources/read", {uri: "turnpike://calendar.ics?from=2026-02-01&to=2026-01-01"}), {}, 200, -32602],
    ["an unknown resource", rpc("resources/read", {uri: "turnpike://trips/none"}), {}, 200, -32002],
    ["an unknown level", rpc("logging/setLevel", {level: "loud"}), {}, 200, -32602], ["a completion of nothing", rpc("completion/complete", {}), {}, 200, -32602],
    ["an unknown version", rpc("ping"), {"MCP-Protocol-Version": "2027-01-01"}, 400, -32022], ["a version of no form", rpc("ping"), {"MCP-Protocol-Version": "latest"}, 400, -32022],
    ["a session of nobody", rpc("ping"), {"Mcp-Session-Id": "2025-11-25.e.00112233445566778899aabbccddeeff.0011223344556677"}, 404, "not_found"],
    ["a session of no form", rpc("ping"), {"Mcp-Session-Id": "x"}, 404, "not_found"],
    ["modern, no envelope", list({}), modern, 400, -32602], ["modern, no capabilities", list({_meta: {"io.modelcontextprotocol/protocolVersion": MODERN}}), modern, 400, -32602],
    ["modern, capabilities a list", list({_meta: {...META, "io.modelcontextprotocol/clientCapabilities": []}}), modern, 400, -32602],
    ["modern, no header", list({_meta: META}), {"Mcp-Method": "tools/list"}, 400, -32020], ["modern, another header", list({_meta: META}), {...modern, "MCP-Protocol-Version": "2025-11-25"}, 400, -32020],
    ["modern, no Mcp-Method", list({_meta: META}), {"MCP-Protocol-Version": MODERN}, 400, -32020], ["modern, another Mcp-Method", list({_meta: META}), {...modern, "Mcp-Method": "tools/call"}, 400, -32020],
    ["modern, no Mcp-Name", rpc("tools/call", {name: "get_current_time", _meta: META}), {...modern, "Mcp-Method": "tools/call"}, 400, -32020],
    ["modern, another Mcp-Name", rpc("tools/call", {name: "get_current_time", _meta: META}), {...modern, "Mcp-Method": "tools/call", "Mcp-Name": "create_expense"}, 400, -32020],
    ["modern, a later version", list({_meta: {...META, "io.modelcontextprotocol/protocolVersion": "2027-07-28"}}), {...modern, "MCP-Protocol-Version": "2027-07-28"}, 400, -32022],
    ["modern, an unknown method", rpc("ping", {_meta: META}), {...modern, "Mcp-Method": "ping"}, 404, -32601],
    ["modern, initialize", rpc("initialize", {protocolVersion: MODERN, capabilities: {}, clientInfo: {name: "t", version: "1"}}), {"MCP-Protocol-Version": MODERN}, 400, -32020],
    ["modern, a response", {jsonrpc: "2.0", id: 1, result: {}}, {"MCP-Protocol-Version": MODERN}, 400, -32600], ["modern, a batch", [list({_meta: META})], {"MCP-Protocol-Version": MODERN}, 400, -32600],
    ["modern, a requestState of nobody", rpc("tools/call", {name: "get_current_time", requestState: "x", _meta: META}), {...modern, "Mcp-Method": "tools/call", "Mcp-Name": "get_current_time"}, 200, -32602],
    ["a batch of a version without", [rpc("ping")], {"MCP-Protocol-Version": "2025-11-25"}, 400, -32600], ["an empty batch", [], {}, 400, -32600],
    ["a batch of 21", Array.from({length: 21}, () => rpc("ping")), {}, 400, -32600],
    ["the wrong type", "{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"], ["compressed", "{}", {"Content-Encoding": "gzip"}, 415, "unsupported_media_type"],
    ["only JSON accepted", rpc("ping"), {Accept: "application/json"}, 406, "not_acceptable"], ["only events accepted", rpc("ping"), {Accept: "text/event-stream"}, 406, "not_acceptable"],
    ["a foreign page", rpc("ping"), {Origin: "https://evil.example"}, 403, "origin_not_allowed"], ["a foreign name", rpc("ping"), {Host: "evil.example"}, 421, "host_not_answered"],
  ];
  test("what is wrong is told in the form of its layer, and nothing ends", async () => {
    const pids = (await stack.workers("api")).map(w => w.pid);
    for (const [what, body, headers, status, code] of BAD) {
      const reply = await post(stack, body, headers);
      const where = `${what}: ${reply.status} ${reply.text.slice(0, 300)}`;
      assert.equal(reply.status, status, where);
      assert.equal(typeof code === "number" ? reply.json.error.code : reply.json.code, code, where);
      if (typeof code === "number") {
        assert.equal(reply.json.jsonrpc, "2.0", where);
        assert.ok(reply.json.error.message.length > 8, where);
        if (code === -32022) assert.ok(reply.json.error.data.supported.includes(MODERN), where);
      }
    }
    assert.deepEqual((await stack.workers("api")).map(w => w.pid), pids);
  });

  test("names in headers may be coded; a large body is refused by its size", async () => {
    const coded = `=?base64?${Buffer.from("get_current_time").toString("base64")}?=`;
    const reply = await ask(stack, "tools/call", {name: "get_current_time"}, {headers: {"Mcp-Name": coded}});
    assert.equal(reply.json.result.resultType, "complete", reply.text);
    assert.equal((await post(stack, rpc("ping", {x: "y".repeat(1 << 21)}))).status, 413);
  });

  test("GET opens no stream, DELETE ends nothing, OPTIONS tells", async () => {
    for (const [method, headers] of [["GET", {Accept: "text/event-stream"}], ["HEAD", {Accept: "text/event-stream"}], ["DELETE", {}], ["PUT", {}]]) {
      const reply = await stack.request(method, "/mcp", {headers});
      assert.equal(reply.status, 405, method);
      assert.match(reply.headers.allow, /POST/);
    }
    assert.equal((await stack.get("/mcp", {headers: {Accept: "application/json"}})).status, 406);
    for (const id of ["x", `${"a".repeat(32)}.1.zz`, `${"a".repeat(32)}.1.`, `${"a".repeat(32)}.9999999.31`]) {
      assert.equal((await stack.get("/mcp", {headers: {Accept: "text/event-stream", "Last-Event-ID": id}})).status, 422, id);
    }
    assert.equal((await stack.get("/mcp", {headers: {Accept: "text/event-stream", "Last-Event-ID": `${"a".repeat(32)}.1.31`}})).status, 404);
    assert.match((await stack.request("OPTIONS", "/mcp")).headers.allow, /POST/);
  });

  test("a batch of 2025-03-26 is answered as one", async () => {
    const reply = await post(stack, [rpc("ping", undefined, 1), {jsonrpc: "2.0", method: "notifications/initialized"}, rpc("tools/call", {name: "get_current_time"}, "two"), 7, rpc("no/method", undefined, 3)]);
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.json.map(one => one.id), [1, "two", null, 3]);
    assert.deepEqual(reply.json.map(one => one.error?.code), [undefined, undefined, -32600, -32601]);
    assert.equal((await post(stack, [{jsonrpc: "2.0", method: "notifications/initialized"}])).status, 202);
  });

  test("a request that comes twice writes once: by its session and id, or by its key", async () => {
    const args = {amount: 3, category: "food"};
    const count = async () => (await expenses(stack)).length;
    const session = await initialize(stack);
    const call = (id, headers = session, more = {}) => post(stack, rpc("tools/call", {name: "create_expense", arguments: args, ...more}, id), headers);
    const first = await call(5), second = await call(5);
    assert.equal(await count(), 1);
    assert.deepEqual(second.json.result.structuredContent, first.json.result.structuredContent);
    await call(6);
    assert.equal(await count(), 2);
    await call(5, await initialize(stack));
    assert.equal(await count(), 3);
    for (let i = 0; i < 2; i++) await ask(stack, "tools/call", {name: "create_expense", arguments: args});
    assert.equal(await count(), 5);
    const keyed = {name: "create_expense", arguments: args, _meta: {"turnpike/idempotencyKey": "once"}};
    for (let i = 0; i < 2; i++) await ask(stack, "tools/call", keyed);
    assert.equal(await count(), 6);
    assert.equal((await stack.post("/tools/create_expense", args, {headers: {"Idempotency-Key": "once"}})).status, 200);
    assert.equal(await count(), 6);
    const other = await ask(stack, "tools/call", {...keyed, arguments: {...args, amount: 4}});
    assert.equal(other.json.result._meta["turnpike/problem"].code, "idempotency_mismatch");
  });

  test("a retry with requestState runs once; an answer is asked for as long as there is none", async () => {
    const made = await stack.post("/tools/create_calendar_event", {title: "Ferry", start_date: "2027-02-01"});
    const params = {name: "delete_calendar_event", arguments: {event_id: made.json.event.id}};
    const form = {capabilities: {elicitation: {form: {}}}};
    const asked = (await ask(stack, "tools/call", params, form)).json.result;
    assert.equal(asked.resultType, "input_required");
    assert.equal(asked.inputRequests.approval.method, "elicitation/create");
    assert.equal("content" in asked, false);
    const {requestState} = asked;
    const still = (await ask(stack, "tools/call", {...params, requestState}, form)).json.result;
    assert.deepEqual([still.resultType, still.requestState], ["input_required", requestState]);
    const mixed = await ask(stack, "tools/call", {name: "delete_calendar_event", arguments: {event_id: "another"}, requestState, inputResponses: {approval: {action: "accept", content: {approved: true}}}}, form);
    assert.equal(mixed.json.result.isError, true, mixed.text);
    const retry = {...params, requestState, inputResponses: {approval: {action: "accept", content: {approved: true}}}};
    const [one, two] = await Promise.all([ask(stack, "tools/call", retry, form), ask(stack, "tools/call", retry, form)]);
    assert.deepEqual(one.json.result.structuredContent, two.json.result.structuredContent);
    assert.equal(one.json.result.structuredContent.success, true);
    const url = (await ask(stack, "tools/call", {...params, arguments: {event_id: "nothing"}}, {capabilities: {elicitation: {url: {}}}})).json.result;
    assert.equal(url.isError, true);
  });

  test("a client with sessions comes back to the stream: restarts and lost events in between", async () => {
    const session = await initialize(stack, {capabilities: {elicitation: {}}});
    const made = await stack.post("/tools/create_calendar_event", {title: "Vet", start_date: "2027-03-01"});
    const reply = await post(stack, rpc("tools/call", {name: "delete_calendar_event", arguments: {event_id: made.json.event.id}}, "call-é"), session);
    assert.match(reply.headers["content-type"], /^text\/event-stream/);
    const [priming, question] = events(reply.text);
    assert.deepEqual([priming.data, Number(priming.retry) > 0], ["", true]);
    const request = JSON.parse(question.data);
    assert.equal(request.method, "elicitation/create");
    const resume = id => stack.get("/mcp", {headers: {Accept: "text/event-stream", "Last-Event-ID": id, ...session}});
    assert.equal(JSON.parse(events((await resume(priming.id)).text)[0].data).id, request.id, "the question was lost, and comes again");
    const waiting = events((await resume(question.id)).text);
    assert.deepEqual([waiting.length, waiting[0].data], [1, ""]);
    assert.equal((await stack.get("/mcp", {headers: {Accept: "text/event-stream", "Last-Event-ID": question.id, "X-Dev-User": "mallory"}})).status, 404);
    const second = await Stack.start({double: false, beside: stack, settings: {"http_tools.dir": dir}});
    assert.equal(events((await second.get("/mcp", {headers: {Accept: "text/event-stream", "Last-Event-ID": question.id, ...session}})).text)[0].data, "", "another machine knows it");
    await second.stop();
    for (const {pid} of await stack.workers("api")) process.kill(pid, "SIGKILL");
    await eventually(async () => (await stack.get("/health/ready").catch(() => ({}))).status === 200, "there are workers again");
    const answer = {jsonrpc: "2.0", id: request.id, result: {action: "accept", content: {approved: true}}};
    // Another user's answer counts for nothing.
    assert.equal((await post(stack, answer, {"X-Dev-User": "mallory"})).status, 202);
    assert.equal(events((await resume(waiting[0].id)).text)[0].data, "");
    const given = await eventually(() => post(stack, answer, session).catch(() => null), "the answer is taken");
    assert.equal(given.status, 202);
    const results = await Promise.all([resume(waiting[0].id), resume(question.id)]);
    for (const result of results) {
      const [last] = events(result.text);
      assert.deepEqual([JSON.parse(last.data).id, JSON.parse(last.data).result.structuredContent.success], ["call-é", true], result.text);
    }
    assert.equal(results[0].text, results[1].text);
    assert.equal((await post(stack, {...answer, result: {action: "decline"}}, session)).status, 202);
  });

  test("arguments that the user changed are those that run", async () => {
    const session = await initialize(stack, {capabilities: {elicitation: {}}});
    const [one, two] = await Promise.all(["One", "Two"].map(title => stack.post("/tools/create_calendar_event", {title, start_date: "2027-04-01"})));
    const reply = await post(stack, rpc("tools/call", {name: "delete_calendar_event", arguments: {event_id: one.json.event.id}}, 1), session);
    const [, question] = events(reply.text);
    const id = JSON.parse(question.data).id.replace("approval:", "");
    assert.equal((await stack.post(`/approvals/${id}`, {approved: true, edited_args: {event_id: two.json.event.id}})).status, 200);
    const {text} = await stack.get("/mcp", {headers: {Accept: "text/event-stream", "Last-Event-ID": question.id, ...session}});
    assert.equal(JSON.parse(events(text)[0].data).result.structuredContent.event.title, "Two", text);
  });

  test("a client that does not come back gets question and result in one stream", async () => {
    for (const [version, name, action] of [["2025-06-18", "t", "accept"], ["2025-11-25", "Visual Studio Code - Insiders", "accept"], ["2025-11-25", "Code - OSS", "decline"]]) {
      const made = await stack.post("/tools/create_calendar_event", {title: "Vet", start_date: "2027-03-01"});
      const session = await initialize(stack, {version, name, capabilities: {elicitation: {}}});
      const stream = stack.sse("/mcp", {method: "POST", body: rpc("tools/call", {name: "delete_calendar_event", arguments: {event_id: made.json.event.id}}, "v"), headers: {Accept: ACCEPT, ...session}});
      await eventually(() => stream.events.length === 1, "the question");
      const {id, method} = stream.events[0].data;
      assert.equal(method, "elicitation/create");
      assert.equal(stream.events[0].id, null);
      assert.equal(stream.ended, false);
      assert.equal((await post(stack, {jsonrpc: "2.0", id, result: {action, content: {approved: true}}}, session)).status, 202);
      await eventually(() => stream.ended, "the end");
      const {result} = stream.events[1].data;
      assert.equal(stream.events[1].data.id, "v");
      if (action === "accept") assert.equal(JSON.parse(result.content[0].text).success, true);
      else assert.equal(result._meta["turnpike/problem"].code, "approval_denied");
    }
  });

  test("no worker is held for an answer where one cannot be spared", async () => {
    service.reply = () => {};
    const busy = stack.request("POST", "/mcp", {body: rpc("tools/call", {name: "look_slowly", arguments: {}}), headers: {Accept: ACCEPT, "X-Dev-User": "busy"}, timeout: 60000});
    await eventually(async () => (await stack.seats("api")).some(seat => seat.stage === "tool"), "a tool waits");
    const made = await stack.post("/tools/create_calendar_event", {title: "Vet", start_date: "2027-03-01"});
    const session = await initialize(stack, {version: "2025-06-18", capabilities: {elicitation: {}}});
    const {json} = await post(stack, rpc("tools/call", {name: "delete_calendar_event", arguments: {event_id: made.json.event.id}}), session);
    assert.equal(json.result._meta["turnpike/problem"].code, "approval_required");
    for (const socket of service.sockets) socket.destroy();
    assert.equal((await busy).status, 200);
  });

  test("a slow call tells its progress to those who ask, and ends when a reader leaves", async () => {
    const answer = {};
    service.reply = response => { answer.now = () => say(response, {tide: "high"}); };
    const reader = stack.sse("/mcp", {method: "POST", body: rpc("tools/call", {name: "look_slowly", arguments: {}, _meta: {progressToken: "p-1"}}, 9), headers: {Accept: ACCEPT}});
    await eventually(() => reader.events.length >= 2, "two events of progress");
    answer.now();
    await eventually(() => reader.ended, "the end");
    const messages = reader.events.map(one => one.data);
    const progress = messages.filter(m => m.method === "notifications/progress").map(m => m.params);
    assert.ok(progress.every((p, i) => p.progressToken === "p-1" && p.progress === i + 1), JSON.stringify(progress));
    assert.equal(messages.at(-1).id, 9);
    assert.match(messages.at(-1).result.content[0].text, /"success":true.*high/);

    service.reply = () => {};
    service.gone = service.seen.length = 0;
    const leaving = new AbortController();
    const request = stack.request("POST", "/mcp", {body: rpc("tools/call", {name: "look_slowly", arguments: {}}), headers: {Accept: ACCEPT}, signal: leaving.signal});
    await eventually(() => service.seen.length === 1, "the service is asked");
    leaving.abort();
    await assert.rejects(request);
    await eventually(() => service.gone === 1, "the service is not waited for any more");
  });

  test("a worker that dies in a call sends nothing twice", async () => {
    service.seen.length = 0;
    service.reply = () => {};
    const params = {name: "book_slowly", arguments: {}, _meta: {"turnpike/idempotencyKey": "berth-1"}};
    const first = ask(stack, "tools/call", params);
    await eventually(() => service.seen.length === 1, "the service is asked");
    const {pid} = (await stack.seats("api")).map(seat => seat).find(seat => seat.stage === "tool") ?? {};
    const workers = await stack.workers("api");
    for (const worker of workers) if (!pid || worker.pid === pid) process.kill(worker.pid, "SIGKILL");
    assert.ok((await first).status >= 500);
    const again = await eventually(async () => {
      const reply = await ask(stack, "tools/call", params).catch(() => ({}));
      return reply.status === 200 && reply;
    }, "a worker answers");
    assert.equal(again.json.result._meta["turnpike/problem"].code, "unknown_outcome", again.text);
    assert.equal(service.seen.length, 1);
  });

  test("an approved call to a service is sent once, and its result can be had again", async () => {
    service.seen.length = 0;
    service.reply = response => say(response, {berth: 7});
    const form = {capabilities: {elicitation: {}}}, params = {name: "book_asked", arguments: {message: "two nights"}};
    const {requestState, inputRequests} = (await ask(stack, "tools/call", params, form)).json.result;
    assert.ok(inputRequests.approval.params.message.endsWith("Tool: book_asked\nArguments: {\"message\":\"two nights\"}"));
    assert.equal(service.seen.length, 0);
    const retry = {...params, requestState, inputResponses: {approval: {action: "accept", content: {approved: true}}}};
    const results = [];
    for (let i = 0; i < 2; i++) results.push((await ask(stack, "tools/call", retry, form)).json.result.structuredContent);
    assert.deepEqual(results[1], results[0]);
    assert.equal(results[0].data.berth, 7, JSON.stringify(results));
    assert.equal(service.seen.length, 1);
  });

  test("a resource of any size is sent in parts", async () => {
    const who = {"X-Dev-User": "saver"};
    for (let i = 0; i < 50; i++) {
      const batch = Array.from({length: 20}, (_, k) => rpc("tools/call", {name: "create_expense", arguments: {amount: 1 + k, category: "food", description: `a "meal" ${"with much to say ".repeat(4)}${i}`}}, i * 20 + k));
      const reply = await post(stack, batch, who);
      assert.equal(reply.json.filter(one => one.result && !one.result.isError).length, 20, reply.text.slice(0, 400));
    }
    const csv = (await stack.get("/expenses.csv", {headers: who})).text;
    assert.ok(csv.length > 65536, `${csv.length}`);
    const reply = await ask(stack, "resources/read", {uri: "turnpike://expenses.csv"}, {headers: who});
    assert.equal(reply.headers["content-length"], undefined);
    assert.equal(reply.json.result.contents[0].text, csv);
  });
});

describe("a question that nobody answers", () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false, settings: {"approval.time": "2s", "api.workers": 4}}); });
  after(() => stack?.stop());

  test("ends with its time, in either kind of stream", async () => {
    for (const name of ["Visual Studio Code", "t"]) {
      const made = await stack.post("/tools/create_calendar_event", {title: "Vet", start_date: "2027-03-01"});
      const session = await initialize(stack, {name, capabilities: {elicitation: {}}});
      const reply = await post(stack, rpc("tools/call", {name: "delete_calendar_event", arguments: {event_id: made.json.event.id}}), session);
      let all = events(reply.text);
      if (name === "t") {
        all = await eventually(async () => {
          const later = events((await stack.get("/mcp", {headers: {Accept: "text/event-stream", "Last-Event-ID": all[1].id, ...session}})).text);
          return later[0].data && later;
        }, "the end of the question");
      }
      assert.equal(JSON.parse(all.at(-1).data).result._meta["turnpike/problem"].code, "approval_expired");
      assert.ok((await stack.get("/calendar.ics")).text.includes(made.json.event.id));
    }
  });
});

// ---- who may ---------------------------------------------------------------------------------------------

describe("MCP on a site that asks for credentials", () => {
  let stack, dir;
  const bearer = user => ({Authorization: `Bearer ${typeof user === "string" ? token(user) : KEY}`});
  before(async () => {
    dir = scratch("tp-mcpd-keys-");
    stack = await Stack.start({double: false, settings: {...production(join(dir, "keys"), "https://app.example"), "rate.tools_minute": 8, "rate.api_user": 40}});
  });
  after(async () => {
    await stack?.stop();
    rmSync(dir, {recursive: true, force: true});
  });

  test("tokens and keys name the user; the stock client sends them", async () => {
    for (const headers of [bearer("alice"), bearer(), {"X-API-Key": KEY}]) assert.equal((await ask(stack, "tools/list", {}, {headers})).status, 200);
    const client = await CLIENTS["SDK 1.32"](`${stack.url}${API}/mcp`, undefined, bearer("alice"));
    assert.ok((await client.listTools()).tools.length > 50);
    await client.close();
    const refused = await ask(stack, "tools/list");
    assert.deepEqual([refused.status, refused.headers["www-authenticate"], refused.json.code], [401, "Bearer", "unauthenticated"]);
    await assert.rejects(CLIENTS["SDK 1.32"](`${stack.url}${API}/mcp`, undefined, bearer("alice").slice), /401|Unauthorized/);
  });

  test("an issuer makes it a protected resource of OAuth", async () => {
    assert.equal((await stack.get("/.well-known/oauth-protected-resource", {raw: true})).status, 404);
    const issuer = "https://login.example/realms/pam";
    stack.writeSettings({"jwt.issuer": issuer});
    await stack.reload();
    const refused = await ask(stack, "tools/list");
    const [, url] = /^Bearer resource_metadata="([^"]+)"$/.exec(refused.headers["www-authenticate"]);
    assert.equal(url, `${stack.url}/.well-known/oauth-protected-resource${API}/mcp`);
    for (const path of [new URL(url).pathname, "/.well-known/oauth-protected-resource"]) {
      const {status, json} = await stack.get(path, {raw: true});
      assert.equal(status, 200);
      assert.deepEqual(json, {resource: `${stack.url}${API}/mcp`, authorization_servers: [issuer], bearer_methods_supported: ["header"], resource_name: "PAM"});
    }
    assert.equal((await stack.get("/.well-known/oauth-protected-resource/other", {raw: true})).status, 404);
    assert.equal((await stack.get("/tools")).headers["www-authenticate"], "Bearer");
    stack.writeSettings({"jwt.issuer": ""});
    await stack.reload();
  });

  test("the stock client finds the issuer by that, gets a token and connects", async () => {
    const asked = [];
    const issuer = await startService();
    issuer.reply = (response, request) => {
      asked.push(request.url);
      if (request.url === "/token") return say(response, {access_token: token("robot", 300, {iss: issuer.base}), token_type: "Bearer", expires_in: 300});
      if (!request.url.startsWith("/.well-known/oauth-authorization-server")) return response.writeHead(404).end();
      say(response, {issuer: issuer.base, token_endpoint: `${issuer.base}/token`, authorization_endpoint: `${issuer.base}/authorize`, response_types_supported: ["code"],
        grant_types_supported: ["client_credentials"], token_endpoint_auth_methods_supported: ["client_secret_basic"], code_challenge_methods_supported: ["S256"]});
    };
    try {
      stack.writeSettings({"jwt.issuer": issuer.base});
      await stack.reload();
      const client = new Client({name: "stock", version: "1"}, {versionNegotiation: {mode: {pin: MODERN}}});
      const authProvider = new ClientCredentialsProvider({clientId: "robot", clientSecret: "secret", expectedIssuer: issuer.base});
      await client.connect(new StreamableHTTPClientTransport(new URL(`${stack.url}${API}/mcp`), {authProvider}));
      assert.ok((await client.listTools()).tools.length > 50);
      await client.close();
      assert.ok(asked.includes("/token"), JSON.stringify(asked));
    } finally {
      stack.writeSettings({"jwt.issuer": ""});
      await stack.reload();
      issuer.stop();
    }
  });

  test("pages of named origins only", async () => {
    const headers = {...bearer("page"), Origin: "https://app.example"};
    const good = await ask(stack, "tools/list", {}, {headers});
    assert.deepEqual([good.status, good.headers["access-control-allow-origin"]], [200, "https://app.example"]);
    assert.match(good.headers["access-control-expose-headers"], /Mcp-Session-Id/);
    const preflight = await stack.request("OPTIONS", "/mcp", {headers: {Origin: "https://app.example", "Access-Control-Request-Method": "POST"}});
    for (const name of ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id", "Last-Event-ID"]) assert.ok(preflight.headers["access-control-allow-headers"].includes(name), name);
    assert.equal((await ask(stack, "tools/list", {}, {headers: {...headers, Origin: "https://evil.example"}})).status, 403);
    assert.equal((await stack.get("/mcp", {headers: {...headers, Origin: "https://evil.example", Accept: "text/event-stream"}})).status, 403);
    assert.equal((await ask(stack, "tools/list", {}, {headers: {...headers, Origin: stack.url}})).status, 200);
  });

  test("nobody sees or uses what is another user's", async () => {
    const session = await initialize(stack, {headers: bearer("ann")});
    assert.equal((await post(stack, rpc("ping"), {...session, ...bearer("bob")})).status, 404);
    assert.equal((await post(stack, rpc("ping"), session)).status, 200);
    const made = await ask(stack, "tools/call", {name: "plan_trip", arguments: {origin: "Sydney", destination: "Brisbane"}}, {headers: bearer("ann")});
    const uri = `turnpike://trips/${made.json.result.structuredContent.trip.id}`;
    assert.equal((await ask(stack, "resources/read", {uri}, {headers: bearer("ann")})).json.result.contents[0].uri, uri);
    assert.equal((await ask(stack, "resources/read", {uri}, {headers: bearer("bob")})).json.error.code, -32602);
    assert.ok(!(await ask(stack, "resources/list", {}, {headers: bearer("bob")})).text.includes(uri));
    const event = await ask(stack, "tools/call", {name: "create_calendar_event", arguments: {title: "Dentist", start_date: "2027-01-05"}}, {headers: bearer("ann")});
    const params = {name: "delete_calendar_event", arguments: {event_id: event.json.result.structuredContent.event.id}};
    const form = {capabilities: {elicitation: {}}};
    const {requestState} = (await ask(stack, "tools/call", params, {...form, headers: bearer("ann")})).json.result;
    const stolen = await ask(stack, "tools/call", {...params, requestState, inputResponses: {approval: {action: "accept", content: {approved: true}}}}, {...form, headers: bearer("bob")});
    assert.equal(stolen.json.result._meta["turnpike/problem"].code, "not_found");
    assert.equal((await stack.get("/approvals", {headers: bearer("ann")})).json.approvals.length, 1);
  });

  test("the limits of calls and of requests hold", async () => {
    const headers = bearer("busy");
    const codes = [];
    for (let i = 0; i < 10; i++) codes.push((await ask(stack, "tools/call", {name: "get_current_time"}, {headers})).json.result._meta["turnpike/problem"]?.code);
    assert.deepEqual(codes, [...Array(8).fill(undefined), "rate_limited", "rate_limited"]);
    let reply;
    for (let i = 0; i < 40 && reply?.status !== 429; i++) reply = await ask(stack, "server/discover", {}, {headers});
    assert.deepEqual([reply.status, reply.json.code, Number(reply.headers["retry-after"]) > 0], [429, "rate_limited", true]);
  });
});

// ---- the inspector -----------------------------------------------------------------------------------------

describe("MCP inspector by its command line", () => {
  let stack, dir;
  before(async () => {
    dir = scratch("tp-inspector-");
    stack = await Stack.start({double: false, settings: production(join(dir, "keys"))});
  });
  after(async () => {
    await stack?.stop();
    rmSync(dir, {recursive: true, force: true});
  });
  const inspect = (...args) => run(INSPECTOR, ["--cli", `${stack.url}${API}/mcp`, "--transport", "http", "--header", `Authorization: Bearer ${KEY}`, "--format", "json", ...args], {HOME: dir});
  const read = ({code, stdout, stderr}) => {
    assert.equal(code, 0, stdout + stderr);
    return JSON.parse(stdout);
  };

  test("lists, calls, reads; no schema is one that hosts stumble over", async () => {
    const listed = await inspect("--method", "tools/list", "--strict");
    const {tools} = read(listed).result;
    assert.ok(tools.some(tool => tool.name === "plan_trip"));
    const called = read(await inspect("--method", "tools/call", "--tool-name", "get_current_time", "--tool-arg", "timezone=Australia/Perth"));
    assert.equal(called.result.structuredContent.time.timezone, "Australia/Perth");
    const resources = read(await inspect("--method", "resources/list")).result.resources;
    assert.ok(resources.some(resource => resource.uri === "turnpike://expenses.csv"));
    const content = read(await inspect("--method", "resources/read", "--uri", "turnpike://expenses.csv"));
    assert.match(JSON.stringify(content), /date,category,amount/);
    assert.ok(read(await inspect("--method", "resources/templates/list")).result.resourceTemplates.length >= 4);
  });
});

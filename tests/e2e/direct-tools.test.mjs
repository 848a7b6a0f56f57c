// SPDX-License-Identifier: BSD-2-Clause
// Every tool called directly, by an API consumer through nginx, driven by what GET /tools says.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import {readFileSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {eventually, pause, SLOW, Stack, TOP, uuid} from "./harness.mjs";

const documented = new Set([...readFileSync(join(TOP, "docs/http-api.md"), "utf8").matchAll(/^\| (\d{3}) \| `([a-z_]+)` \|/gm)]
  .map(([, status, code]) => `${status} ${code}`));

// Names of a user's own records, and what makes a call look one of them up.
const isId = name => /^(event|timer|vehicle|entry|record|recipe|item|trip|task)_id$/.test(name);
const lookUp = {set_timer_or_alarm: {action: "cancel"}, manage_pantry: {action: "remove"}};
const typesOf = schema => [schema?.type ?? (schema?.enum && typeof schema.enum[0])].flat();
const wrongValue = schema => typesOf(schema).includes("object") ? ["neither"] : {neither: 1};

/** A failure: problem+json, documented, never ours. */
function assertRefused(reply, what, ...statuses) {
  const where = `${what}: ${reply.status} ${reply.text.slice(0, 400)}`;
  assert.ok(reply.status >= 400 && reply.status !== 500, where);
  if (statuses.length) assert.ok(statuses.includes(reply.status), where);
  assert.match(reply.headers["content-type"], /^application\/problem\+json/, where);
  assert.equal(reply.json.status, reply.status, where);
  assert.ok(documented.has(`${reply.status} ${reply.json.code}`), `not in docs/http-api.md: ${where}`);
  if (reply.status !== 413) assert.ok(reply.json.detail?.length > 0, where); // that one is nginx's
}

describe("tools called directly", () => {
  let stack, tools;
  before(async () => {
    stack = await Stack.start({double: false, settings: {"api.workers": 4}});
    tools = (await stack.get("/tools")).json.tools;
  });
  after(() => stack.stop());

  const call = (tool, args, {user = "ann", key, query = "", ...options} = {}) => stack.post(`/tools/${tool.name ?? tool}${query}`, args,
    {headers: {"X-Dev-User": user, ...key && {"Idempotency-Key": key}}, ...options});
  // Pages on the net are not fetched by a test: an address that is refused stands for them.
  const examples = tool => tool.example_arguments.map(args => "url" in args ? {...args, url: "http://127.0.0.1:1/"} : {...args});

  test("each has a definition of its own, with arguments to try", async () => {
    assert.ok(tools.length >= 90, `${tools.length}`);
    const core = tools.filter(tool => tool.core).length;
    assert.ok(core > 0 && core < tools.length / 2, `${core} core tools`);
    for (const tool of tools) {
      assert.ok(tool.example_arguments.length >= 1 && tool.example_arguments.length === tool.examples.length, tool.name);
      const one = await stack.get(`/tools/${tool.name}`);
      assert.equal(one.status, 200);
      assert.deepEqual(one.json, tool);
    }
    assertRefused(await stack.get("/tools/no_such_tool"), "GET", 404);
    assertRefused(await call("no_such_tool", {}), "POST", 404);
    assert.equal((await call("no_such_tool", {})).json.code, "unknown_tool");
    assertRefused(await stack.request("DELETE", `/tools/${tools[0].name}`), "DELETE", 405);
  });

  const results = new Map(); // tool -> results of ann's calls
  test("each does its examples, or says in the documented form why not", async t => {
    let done = 0, refused = {};
    for (const tool of tools) {
      results.set(tool.name, []);
      for (const args of examples(tool)) {
        const reply = await call(tool, args, {query: "?timezone=Australia/Sydney&locale=en-AU"});
        const what = `${tool.name} ${JSON.stringify(args)}`;
        if (reply.status === 200) {
          assert.equal(reply.json.success, true, what);
          assert.equal(typeof reply.json.message, "string", what);
          results.get(tool.name).push(reply.json);
          done++;
        } else {
          assertRefused(reply, what, 404, 409, 422, 501, ..."url" in args ? [502] : [], ...tool.approval === "always" ? [403] : []);
          refused[reply.json.code] = (refused[reply.json.code] ?? 0) + 1;
        }
        if (tool.provider) assert.equal(`${reply.status} ${reply.json.code}`, "501 provider_not_configured", what);
        // Nobody is asked about what cannot be done: the record is not there, or the caller is no administrator.
        if (tool.approval === "always" && !tool.approval_when && ![403, 404, 422, 501].includes(reply.status)) {
          assert.equal(reply.json.code, "approval_required", what);
          assert.match(reply.json.message, /^May I .*\?$/, what);
        }
      }
    }
    t.diagnostic(`${done} done, refused: ${JSON.stringify(refused)}`);
    assert.ok(done >= 60, `${done} done, refused: ${JSON.stringify(refused)}`);
  });

  test("each names the argument of a wrong type", async () => {
    for (const tool of tools) {
      for (const [name, schema] of Object.entries(tool.arguments_schema.properties ?? {})) {
        const reply = await call(tool, {...examples(tool)[0], [name]: wrongValue(schema)});
        assertRefused(reply, `${tool.name}.${name}`, 422);
        assert.equal(reply.json.code, "invalid_argument");
        assert.ok(reply.json.field.startsWith(`/${name}`), `${tool.name}: ${reply.text}`);
        assert.ok(reply.json.expected, `${tool.name}: ${reply.text}`);
      }
    }
  });

  test("each names the argument that is missing or not known", async () => {
    for (const tool of tools) {
      for (const name of tool.arguments_schema.required ?? []) {
        const {[name]: _, ...args} = examples(tool)[0];
        const reply = await call(tool, args);
        assertRefused(reply, `${tool.name} without ${name}`, 422);
        assert.match(`${reply.json.field} ${reply.json.detail} ${reply.json.expected}`, new RegExp(name), reply.text);
      }
      assertRefused(await call(tool, {...examples(tool)[0], no_such_argument: 1}), tool.name, 422);
    }
  });

  test("what is no object of JSON is refused before the tool sees it", async () => {
    const name = "analyze_budget";
    for (const body of ["[]", "\"x\"", "7", "null", "true"]) {
      const reply = await call(name, body);
      assertRefused(reply, body, 422);
      assert.equal(reply.json.expected, "an object");
    }
    for (const body of ["{", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"a\":NaN}", `${"[".repeat(40)}${"]".repeat(40)}`]) {
      assertRefused(await call(name, body), body, 400);
    }
    assertRefused(await stack.request("POST", `/tools/${name}`, {body: "a=1", headers: {"Content-Type": "application/x-www-form-urlencoded"}}), "form", 415);
  });

  test("what is too large is refused", async () => {
    for (const tool of tools) {
      for (const [name, schema] of Object.entries(tool.arguments_schema.properties ?? {})) {
        const types = typesOf(schema);
        const huge = types.includes("integer") ? 9007199254740993 : types.includes("number") ? 1e300
          : types.includes("array") ? Array.from({length: 20000}, () => "x") : types.includes("string") ? "x".repeat(200000) : undefined;
        if (huge === undefined) continue;
        const reply = await call(tool, {...examples(tool)[0], [name]: huge});
        assertRefused(reply, `${tool.name}.${name}, ${schema.type}`, 404, 409, 422, 501);
      }
    }
    const reply = await call(tools[0], {...examples(tools[0])[0], filler: "x".repeat(1200000)});
    assertRefused(reply, "1.2 MB", 413);
    assertRefused(await call("analyze_budget", {}, {key: "k".repeat(129)}), "key", 422);
    assertRefused(await call("analyze_budget", {}, {query: "?timezone=Mars/Olympus"}), "zone", 422);
    assertRefused(await call("analyze_budget", {}, {query: `?locale=${"x".repeat(400)}`}), "locale", 422);
    assertRefused(await call("analyze_budget", {}, {query: "?timezone=../../etc/passwd"}), "zone", 422);
  });

  test("ids of somebody else are not there", async () => {
    const ids = new Map(); // family -> ids of ann's records
    for (const tool of tools.filter(t => t.family !== "community")) {
      JSON.stringify(results.get(tool.name), (key, value) => {
        if (key === "id" && (Number.isInteger(value) || /^[0-9a-f-]{36}$/.test(value))) ids.set(tool.family, (ids.get(tool.family) ?? new Set()).add(value));
        return value;
      });
    }
    let tried = 0;
    for (const tool of tools) {
      for (const [name, schema] of Object.entries(tool.arguments_schema.properties ?? {}).filter(([n]) => isId(n))) {
        const fitting = [...ids.get(tool.family) ?? []].filter(id => Number.isInteger(id) === typesOf(schema).includes("integer"));
        for (const id of fitting.slice(-12)) {
          const args = {...examples(tool).find(a => name in a) ?? examples(tool)[0], ...lookUp[tool.name], [name]: id};
          const reply = await call(tool, args, {user: "mallory"});
          if (tool.effect === "read" && reply.status === 200) { // a filter: as for an id that never was
            const never = await call(tool, {...args, [name]: uuid()}, {user: "mallory"});
            assert.deepEqual(reply.json, never.json, tool.name);
          } else {
            assertRefused(reply, `${tool.name} ${JSON.stringify(args)}`, 404, 409, 422);
          }
          tried++;
        }
      }
    }
    assert.ok(tried >= 20, `${tried}`);
  });

  test("a key does once what it is sent for, and nothing else", async () => {
    let repeated = 0;
    for (const tool of tools.filter(t => t.effect !== "read")) {
      const args = examples(tool)[0], key = `${tool.name}:${uuid()}`, user = `bob-${tool.family}`;
      const first = await call(tool, args, {user, key});
      const again = await Promise.all([call(tool, args, {user, key}), call(tool, args, {user, key})]);
      for (const reply of again) {
        assert.equal(reply.status, first.status, `${tool.name}: ${first.text} ${reply.text}`);
        if (first.status === 200) assert.deepEqual(reply.json, first.json, tool.name);
      }
      if (first.status !== 200) continue;
      repeated++;
      const other = await call("get_current_time", {}, {user, key});
      assertRefused(other, tool.name, 409);
      assert.equal(other.json.code, "idempotency_mismatch");
      assert.notEqual((await call("get_current_time", {}, {user: uuid(), key})).status, 409, "keys are per user");
    }
    assert.ok(repeated >= 15, `${repeated}`);
  });

  test("two at once with one key write once", async () => {
    const user = uuid(), key = uuid(), args = {amount: 12.5, category: "gas", description: "once"};
    const replies = await Promise.all(Array.from({length: 12}, () => call("create_expense", args, {user, key})));
    for (const reply of replies) assert.deepEqual(reply.json, replies[0].json, reply.text);
    assert.equal(replies[0].status, 200, replies[0].text);
    const mismatch = await call("create_expense", {...args, amount: 13}, {user, key});
    assert.equal(`${mismatch.status} ${mismatch.json.code}`, "409 idempotency_mismatch");
    assert.equal(await stack.redis("HLEN", `tp:{${user}}:r:expense`), "1");
    assert.ok(Number(await stack.redis("PTTL", `tp:{${user}}:seen-tool:${key}`)) > 0);
  });

  test("nothing failed inside", () => assert.doesNotMatch(stack.log(), /breaks its schema|internal_error/));
});

describe("tools that wait for a service", () => {
  let stack, service, open = 0, mode = "hang";
  const sockets = new Set(), args = {location: "-33.87,151.21", days: 2};
  before(async () => {
    service = http.createServer((request, response) => {
      open++;
      response.on("close", () => open--);
      if (mode === "fail") response.writeHead(500).end("{}");
    }).listen(0, "127.0.0.1");
    service.on("connection", s => sockets.add(s));
    await once(service, "listening");
    const url = `http://127.0.0.1:${service.address().port}/`;
    stack = await Stack.start({double: false, settings: {"api.workers": 3, "weather.url": url, "search.url": url, "prices.url": url}});
  });
  after(async () => {
    for (const s of sockets) s.destroy();
    service.close();
    await stack.stop();
  });

  test("leave a worker for everything else, and end within their time", async () => {
    const tools = (await stack.get("/tools")).json.tools;
    const tool = tools.find(t => t.name === "get_weather_forecast");
    const began = Date.now();
    mode = "hang";
    const calls = Array.from({length: 2}, () => stack.post(`/tools/${tool.name}`, args, {timeout: 60000}));
    while (open < 2 && Date.now() - began < 15000 * SLOW) await pause(20);
    assert.equal(open, 2, "both wait");
    const third = await stack.post(`/tools/${tool.name}`, args);
    assert.equal(`${third.status} ${third.json.code}`, "503 pool_full", third.text);
    assert.ok(third.json.retry_after_ms > 0 && Number(third.headers["retry-after"]) >= 1);
    for (let i = 0; i < 20; i++) {
      assert.equal((await stack.get("/sessions")).status, 200);
      assert.equal(open, 2, "others are answered meanwhile");
    }
    for (const reply of await Promise.all(calls)) assertRefused(reply, tool.name, 502, 504);
    assert.ok(Date.now() - began < tool.timeout_ms + 15000 * SLOW, `${Date.now() - began} ms of ${tool.timeout_ms}`);
    await eventually(() => open === 0, "their connections are closed");
  });

  test("are ended by a reload when the drain time is over, and the client is told", async () => {
    const began = Date.now(), waiting = stack.post("/tools/get_weather_forecast", args, {timeout: 60000});
    while (open < 1 && Date.now() - began < 15000 * SLOW) await pause(20);
    process.kill(stack.pid, "SIGHUP");
    const reply = await waiting;
    assertRefused(reply, "reload", 503);
    assert.equal(reply.json.code, "draining");
    assert.equal((await stack.get("/sessions")).status, 200);
  });

  test("say that the service failed", async () => {
    const tool = (await stack.get("/tools")).json.tools.find(t => t.name === "get_weather_forecast");
    mode = "fail";
    const reply = await stack.post(`/tools/${tool.name}`, args);
    assertRefused(reply, tool.name, 502);
    assert.equal(reply.json.code, "provider_failed");
  });

  test("no Redis: said so, and the same key does it afterwards, once", async () => {
    const key = uuid(), write = () => stack.post("/tools/create_expense", {amount: 3, category: "gas"}, {headers: {"Idempotency-Key": key}});
    stack.parts.redis.kill("SIGKILL");
    await stack.parts.redis.ended;
    const reply = await write();
    assertRefused(reply, "no Redis", 503);
    assert.equal(reply.json.code, "store_unavailable");
    assert.ok(reply.json.retry_after_ms > 0, reply.text);
    await stack.startRedis();
    const done = await eventually(async () => { const r = await write(); return r.status === 200 && r; }, "it is written");
    assert.deepEqual((await write()).json, done.json);
    assert.equal(await stack.redis("HLEN", "tp:{dev}:r:expense"), "1");
  });
});

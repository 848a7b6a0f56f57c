// SPDX-License-Identifier: BSD-2-Clause
// Tools declared in JSON files: a REST call becomes a tool, and can never become another call.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {once} from "node:events";
import {rmSync, writeFileSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {promisify} from "node:util";
import {BUILD, scratch, SLOW, Stack, uuid} from "./harness.mjs";

describe("declared HTTP tools", () => {
  let stack, dir, server, base, requests = [], reply, stranger, strangers = 0;
  const secret = "tide-secret-0815";
  const put = (name, value) => {
    writeFileSync(join(dir, name), typeof value === "string" ? value : JSON.stringify(value));
    return join(dir, name);
  };
  const tide = () => ({
    name: "get_tide_times", description: "High and low water of a port for some days.", keywords: "ebb flood moon",
    examples: [{say: "When is high water in Eden?", arguments: {port: "Eden"}}],
    arguments: {type: "object", properties: {
      port: {type: "string", minLength: 1, maxLength: 80}, days: {type: "integer", minimum: 1, maximum: 7},
      kinds: {type: "array", items: {type: "string"}}, metric: {type: "boolean", default: true}, lang: {type: "string"},
    }, required: ["port"], additionalProperties: false},
    request: {url: `${base}/v1/ports/{port}/tides?days={days}&kinds={kinds}&metric={metric}&fixed=a%20b`, headers: {"Accept-Language": "{lang}", "X-App": "pam"}},
    credential: {file: join(dir, "tide.key"), header: "X-Api-Key"}, timeout_ms: 2000 * SLOW, result: {pointer: "/data/tides", max_bytes: 2000},
  });
  const berth = () => ({
    name: "book_berth", description: "Books a berth in a harbour.",
    arguments: {type: "object", properties: {
      harbour: {type: "string"}, nights: {type: "integer"}, extras: {type: "array", items: {type: "string"}}, note: {type: "string"}, boat: {type: "object", properties: {length: {type: "number"}}},
    }, required: ["harbour", "nights"]},
    request: {method: "POST", url: `${base}/berths`, body: {place: "{harbour}", stay: {nights: "{nights}", extras: "{extras}"}, text: "Note: {note} {{sic}}", boat: "{boat}", fixed: [1, true], none: null},
      idempotency_header: "Idempotency-Key"},
    approval: "never", timeout_ms: 2000 * SLOW,
  });
  before(async () => {
    dir = scratch("tp-declared-");
    server = http.createServer((request, response) => {
      const chunks = [];
      request.on("data", c => chunks.push(c));
      request.on("end", () => {
        requests.push({method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString()});
        reply(response, request);
      });
    }).listen(0, "127.0.0.1");
    stranger = http.createServer((request, response) => { strangers++; response.end("{}"); }).listen(0, "127.0.0.1");
    await Promise.all([once(server, "listening"), once(stranger, "listening")]);
    base = `http://127.0.0.1:${server.address().port}`;
    put("tide.key", `${secret}\n`);
    put("10-tide.json", tide());
    put("20-berth.json", berth());
    put("notes.txt", "not a tool");
    stack = await Stack.start({settings: {"http_tools.dir": dir, "api.workers": 3}});
  });
  after(async () => {
    await stack?.stop();
    for (const s of [server, stranger]) { s.closeAllConnections(); s.close(); }
    rmSync(dir, {recursive: true, force: true});
  });
  const json = value => response => { response.setHeader("Content-Type", "application/json"); response.end(JSON.stringify(value)); };
  const call = (name, args, headers = {}) => { requests = []; return stack.post(`/tools/${name}`, args, {headers: {"X-Dev-User": "ann", ...headers}}); };

  test("they are listed like all others", async () => {
    const tools = (await stack.get("/tools")).json.tools, one = tools.find(t => t.name === "get_tide_times");
    assert.deepEqual([one.family, one.effect, one.approval, one.examples, one.example_arguments], ["http", "read", "never", ["When is high water in Eden?"], [{port: "Eden"}]]);
    assert.deepEqual(tools.slice(-2).map(t => t.name), ["get_tide_times", "book_berth"]);
    assert.equal(tools.at(-1).effect, "outside");
    assert.match((await call("find_tools", {query: "ebb and flood"})).text, /get_tide_times/);
  });

  test("arguments stand in path, query and headers, encoded; the part that counts comes back", async () => {
    reply = json({data: {tides: [{at: "06:10", height: 1.4}]}, noise: "x".repeat(5000)});
    const good = await call("get_tide_times", {port: "Port Hacking/../é?#%", days: 2, kinds: ["high", "lo,w"], lang: "en-AU"});
    assert.equal(good.status, 200, good.text);
    assert.deepEqual(good.json.data, [{at: "06:10", height: 1.4}]);
    const [sent] = requests;
    assert.equal(sent.url, "/v1/ports/Port%20Hacking%2F..%2F%C3%A9%3F%23%25/tides?days=2&kinds=high,lo%2Cw&metric=true&fixed=a%20b");
    assert.equal(sent.headers["x-api-key"], secret);
    assert.equal(sent.headers["accept-language"], "en-AU");
    assert.equal(sent.headers["x-app"], "pam");
    await call("get_tide_times", {port: "Eden"});
    assert.equal(requests[0].url, "/v1/ports/Eden/tides?metric=true&fixed=a%20b");
    assert.equal(requests[0].headers["accept-language"], undefined);
    assert.ok(!stack.log().includes(secret));
  });

  test("no argument climbs in the path or splits a header", async () => {
    for (const [args, field] of [[{port: ".."}, ""], [{port: "."}, ""], [{port: "a\nb"}, "/port"], [{port: "Eden", lang: "en\r\nX-Evil: 1"}, "/lang"], [{port: "Eden", lang: "é"}, "/lang"]]) {
      const bad = await call("get_tide_times", args);
      assert.equal(bad.status, 422, `${JSON.stringify(args)} ${bad.text}`);
      assert.equal(bad.json.code, "invalid_argument");
      assert.equal(bad.json.field ?? "", field);
      assert.equal(requests.length, 0);
    }
    for (const [args, field] of [[{}, "/port"], [{port: "Eden", days: 9}, "/days"], [{port: "Eden", x: 1}, "/x"]]) {
      const bad = await call("get_tide_times", args);
      assert.equal(bad.status, 422, bad.text);
      assert.equal(bad.json.field, field);
    }
  });

  test("a body from a template, once per idempotency key", async () => {
    reply = json({booking: 7});
    const key = {"Idempotency-Key": uuid()};
    const args = {harbour: "Eden \"\\", nights: 3, boat: {length: 9.5}, note: "back\"slash\\"};
    const good = await call("book_berth", args, key);
    assert.equal(good.status, 200, good.text);
    assert.deepEqual(good.json.data, {booking: 7});
    assert.equal(requests[0].method, "POST");
    assert.deepEqual(JSON.parse(requests[0].body), {place: "Eden \"\\", stay: {nights: 3}, text: "Note: back\"slash\\ {sic}", boat: {length: 9.5}, fixed: [1, true], none: null});
    assert.match(requests[0].headers["idempotency-key"], /^[0-9a-f]{64}$/);
    const again = await call("book_berth", args, key);
    assert.deepEqual(again.json, good.json);
    assert.equal(requests.length, 0, "nothing is sent again");
    await call("book_berth", {harbour: "Eden", nights: 1});
    assert.equal(JSON.parse(requests[0].body).text, undefined);
    assert.equal(requests[0].headers["idempotency-key"], undefined);
  });

  const codeOf = r => r.json.reason ?? r.json.code;
  test("what the service does wrong is told, in bounds", async () => {
    const status = (code, text, headers = {}) => response => { response.writeHead(code, headers); response.end(text); };
    reply = status(404, `No such port. ${"x".repeat(9000)}`);
    let bad = await call("get_tide_times", {port: "Atlantis"});
    assert.equal(codeOf(bad), "refused", bad.text);
    assert.match(bad.json.detail, /404 Not Found\): No such port/);
    assert.ok(bad.json.detail.length < 1000);
    reply = status(401, `wrong key ${secret}`);
    bad = await call("get_tide_times", {port: "Eden"});
    assert.equal(codeOf(bad), "provider_unavailable");
    assert.ok(!bad.text.includes(secret));
    reply = (response, request) => status(400, `unknown key ${request.headers["x-api-key"]}`)(response);
    bad = await call("get_tide_times", {port: "Eden"});
    assert.match(bad.json.detail, /unknown key \*+$/, bad.text);
    for (const [what, code] of [[status(500, "oops"), "provider_unavailable"], [status(429, "", {"Retry-After": "3"}), "provider_unavailable"],
      [response => response.destroy(), "provider_unavailable"], [() => {}, "provider_unavailable"],
      [status(200, "<p>", {"Content-Type": "text/html"}), "provider_failed"], [status(200, "{\"data\":", {"Content-Type": "application/json"}), "provider_failed"],
      [json({data: {}}), "provider_failed"], [json({data: {tides: "x".repeat(3 << 20)}}), "result_too_large"]]) {
      reply = what;
      bad = await call("get_tide_times", {port: "Eden"});
      assert.equal(codeOf(bad), code, `${what} ${bad.text}`);
    }
    reply = json({data: {tides: "ä".repeat(4000)}});
    const long = await call("get_tide_times", {port: "Eden"});
    assert.equal(long.json.truncated, true, long.text);
    assert.ok(Buffer.byteLength(long.json.text) <= 2000);
    reply = response => response.destroy();
    const key = {"Idempotency-Key": uuid()};
    bad = await call("book_berth", {harbour: "Eden", nights: 1}, key);
    assert.equal(codeOf(bad), "unknown_outcome", bad.text);
    bad = await call("book_berth", {harbour: "Eden", nights: 1}, key);
    assert.equal(codeOf(bad), "unknown_outcome");
    assert.equal(requests.length, 0);
  });

  test("redirects stay with their host", async () => {
    reply = response => { response.writeHead(302, {Location: `http://127.0.0.1:${stranger.address().port}/steal`}); response.end(); };
    assert.equal(codeOf(await call("get_tide_times", {port: "Eden"})), "provider_unavailable");
    assert.equal(strangers, 0);
    reply = (response, request) => request.url === "/new" ? json({data: {tides: []}})(response)
      : (response.writeHead(302, {Location: "/new"}), response.end());
    assert.equal((await call("get_tide_times", {port: "Eden"})).status, 200);
  });

  test("a scripted model calls one", async () => {
    reply = json({data: {tides: ["06:10"]}});
    const stream = stack.chatStream("[[tool name=get_tide_times args={\"port\":\"Eden\"} | text say=ok]]", {session_id: uuid()});
    await stream.all();
    assert.equal(stream.last?.data.type, "RUN_FINISHED");
    assert.match(stream.events.find(e => e.data.type === "TOOL_CALL_RESULT").data.content, /06:10/);
  });

  test("after what others wrote, a call asks first, unless the operator vouches for the service", async () => {
    reply = response => { response.setHeader("Content-Type", "application/json"); response.end(JSON.stringify({data: {tides: []}})); };
    put("30-open.json", {...tide(), name: "get_own_tides", outside: false});
    try {
      await stack.reload();
      assert.equal((await stack.get("/tools/get_own_tides")).status, 200);
      const call = name => `x [[tool name=${name} args={"port":"Eden"} | text say=Ok.]]`, session_id = uuid();
      assert.equal((await stack.chat(call("get_tide_times"), {session_id})).json.outcome, undefined, "nothing of others is there");
      const asked = requests.length, again = await stack.chat(call("get_tide_times"), {session_id});
      assert.equal(again.json.outcome, "interrupt", again.text);
      assert.equal(again.json.interrupts[0].metadata.reason, "untrusted_content");
      assert.equal(requests.length, asked, "the service was asked before the user agreed");
      const vouched = await stack.chat(call("get_own_tides"), {session_id});
      assert.equal(vouched.json.outcome, undefined, vouched.text);
      assert.equal(requests.length, asked + 1);
      const direct = await stack.post("/tools/get_tide_times", {port: "Eden"});
      assert.equal(direct.status, 200, direct.text);
    } finally {
      rmSync(join(dir, "30-open.json"));
      await stack.reload();
    }
  });

  test("a bad file: the check names file, field and what would be right; a reload keeps the old tools", async () => {
    const check = async (change, pattern) => {
      const value = tide();
      change(value);
      put("15-bad.json", {...value, ...value.name === "get_tide_times" && {name: "other_tide"}});
      const result = await promisify(execFile)(join(BUILD, "turnpiked"), ["-c", join(stack.dir, "turnpike.conf"), "--check"])
        .then(() => ({code: 0, out: "taken"}), error => ({code: error.code, out: error.stderr}));
      rmSync(join(dir, "15-bad.json"));
      assert.equal(result.code, 1, `${pattern}: ${result.out}`);
      assert.match(result.out, /15-bad\.json: /);
      assert.match(result.out, pattern);
    };
    await check(t => { delete t.description; }, /description: must be text/);
    await check(t => { t.name = "Tide Times"; }, /name: must be small letters/);
    await check(t => { t.url = 1; }, /url: there is no such member; known are name/);
    await check(t => { t.request.url = "https://{port}.example/x"; }, /request\.url: must have no placeholders in its host/);
    await check(t => { t.request.url = "https://tides.example:{days}/x"; }, /request\.url: must have no placeholders in its host/);
    await check(t => { t.request.url = "https://tides.example:0/x"; }, /request\.url: has a port/);
    await check(t => { t.request.url = "https://.example/x"; }, /request\.url: has a host name with nothing/);
    await check(t => { t.outside = "no"; }, /outside: must be/);
    await check(t => { t.request.url = "http://tides.example/x"; }, /request\.url: must begin with https:/);
    await check(t => { t.request.url = "https://tides.example/{place}"; }, /request\.url: \{place\} is none of the arguments/);
    await check(t => { t.request.url = "https://tides.example/{lang}"; }, /\{lang\} stands in the path, so it must be among "required"/);
    await check(t => { t.request.url = "https://tides.example/{port"; }, /request\.url: '\{' must be followed/);
    await check(t => { t.request.method = "FETCH"; }, /request\.method: must be GET, POST/);
    await check(t => { t.request.body = {}; }, /request\.body: a GET has none/);
    await check(t => { t.request.headers = {Host: "x"}; }, /request\.headers: "Host" cannot be set/);
    await check(t => { t.arguments.properties.port.kind = 1; }, /arguments: .*unknown keyword "kind"/);
    await check(t => { t.examples[0].arguments = {days: 1}; }, /examples: the arguments of "When is high water/);
    await check(t => { t.effect = "write"; }, /effect: must be "read"/);
    await check(t => { t.result.pointer = "data"; }, /result\.pointer: must be empty or begin with/);
    await check(t => { t.credential = {file: "/nowhere/x"}; }, /nowhere\/x: No such file/);
    const value = tide();
    value.name = "get_weather_forecast";
    put("15-bad.json", value);
    const taken = await promisify(execFile)(join(BUILD, "turnpiked"), ["-c", join(stack.dir, "turnpike.conf"), "--check"]).catch(error => error);
    assert.match(taken.stderr, /"get_weather_forecast" is a tool of Turnpike's own/);
    await promisify(execFile)(join(BUILD, "turnpike"), ["--run-dir", stack.run, "reload"]).catch(() => {});
    assert.ok((await stack.get("/tools/get_tide_times")).status === 200);
    rmSync(join(dir, "15-bad.json"));
  });
});

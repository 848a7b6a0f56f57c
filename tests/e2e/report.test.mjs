// SPDX-License-Identifier: BSD-2-Clause
// What the operator reads: feedback with its turn, the report of the promised figures, the self-test. By HTTP and by the command.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {createHash} from "node:crypto";
import {writeFileSync} from "node:fs";
import {createServer} from "node:http";
import {once} from "node:events";
import {join} from "node:path";
import {promisify} from "node:util";
import Ajv2020 from "ajv/dist/2020.js";
import formats from "ajv-formats";
import {startMcpDouble} from "../doubles/mcp-double.mjs";
import {BUILD, eventually, scratch, Stack} from "./harness.mjs";

const keys = {root: `tpk_${"a".repeat(48)}`, ann: `tpk_${"b".repeat(48)}`, bob: `tpk_${"c".repeat(48)}`};
const as = user => ({headers: {Authorization: `Bearer ${keys[user]}`}});
const wait = value => JSON.stringify(value).replaceAll(" ", "");

describe("what the operator reads", () => {
  let stack, service, asked = [];
  before(async () => {
    // One service is well, the other one is not.
    service = createServer((request, response) => {
      asked.push(request.url);
      if (request.url.startsWith("/route/")) response.end('{"code":"Ok","routes":[]}');
      else { response.statusCode = 500; response.end("out of order\u0007"); }
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    const url = `http://127.0.0.1:${service.address().port}`, file = join(scratch("tp-report-"), "keys");
    writeFileSync(file, Object.entries(keys).map(([user, key]) =>
      `${createHash("sha256").update(key).digest("hex")} ${user} ${user === "root" ? "admin" : "user"} test\n`).join(""));
    stack = await Stack.start({settings: {development: "off", "api_keys.file": file, "osrm.url": url, "weather.url": url}});
  });
  after(async () => {
    service.close();
    service.closeAllConnections();
    await stack.stop();
  });

  const command = (...args) => promisify(execFile)(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), ...args], {timeout: 90000})
    .catch(error => error);
  const answer = {};

  test("nobody but an administrator may read it", async () => {
    for (const path of ["/admin/feedback", "/admin/feedback?format=csv", "/admin/report", "/admin/selftest"]) {
      const reply = await stack.get(path, as("ann"));
      assert.equal(reply.status, 403, path);
      assert.equal(reply.json.code, "forbidden");
      assert.equal((await stack.get(path)).status, 401, path);
    }
    assert.equal((await stack.post("/admin/selftest", undefined, as("ann"))).status, 403);
  });

  test("feedback leads to its turn: question, answer, tools, model, usage, times", async () => {
    for (const user of ["ann", "bob"]) {
      const reply = await stack.chat(`What now? [[tool name=analyze_budget args={} | text say==All_well]]`, {}, as(user));
      assert.equal(reply.status, 200, reply.text);
      answer[user] = reply.json;
    }
    const ok = (user, body) => stack.post("/feedback", {message_id: answer[user].message_id, ...body}, as(user)).then(r => assert.equal(r.status, 200, r.text));
    await ok("ann", {rating: 5});
    await ok("bob", {rating: 1, feedback_type: "incorrect", feedback_text: '=cmd("x")'});
    const {status, json} = await stack.get("/admin/feedback", as("root"));
    assert.equal(status, 200);
    assert.equal(json.next_cursor, null);
    assert.deepEqual(json.feedback.map(f => [f.user, f.rating]), [["bob", 1], ["ann", 5]]);
    const [bob] = json.feedback;
    assert.equal(bob.turn_id, answer.bob.turn_id);
    assert.equal(bob.session_id, answer.bob.session_id);
    assert.match(bob.question, /^What now\?/);
    assert.equal(bob.answer, answer.bob.response);
    assert.equal(bob.type, "incorrect");
    assert.equal(bob.text, '=cmd("x")');
    assert.equal(bob.tools.length, 1);
    assert.equal(bob.tools[0].name, "analyze_budget");
    assert.equal(bob.model, answer.bob.model);
    assert.ok(bob.usage[0].inputTokens > 0);
    assert.ok(Date.parse(bob.ended_at) >= Date.parse(bob.created_at));
  });

  test("it is filtered, paged and exported; no cell of the table is a formula", async () => {
    const users = async query => (await stack.get(`/admin/feedback?${query}`, as("root"))).json.feedback.map(f => f.user);
    assert.deepEqual(await users("rating=good"), ["ann"]);
    assert.deepEqual(await users("rating=1-2"), ["bob"]);
    assert.deepEqual(await users("text=true"), ["bob"]);
    assert.deepEqual(await users("user=ann"), ["ann"]);
    assert.deepEqual(await users("to=2020-01-01"), []);
    const first = (await stack.get("/admin/feedback?limit=1", as("root"))).json;
    assert.deepEqual((await users(`limit=1&cursor=${first.next_cursor}`)), ["ann"]);
    for (const wrong of ["rating=9", "text=perhaps", "cursor=x", "format=xml", "from=soon"]) {
      assert.equal((await stack.get(`/admin/feedback?${wrong}`, as("root"))).status, 422, wrong);
    }
    const csv = await stack.get("/admin/feedback?format=csv", as("root"));
    assert.match(csv.headers["content-type"], /^text\/csv/);
    assert.match(csv.headers["content-disposition"], /feedback\.csv/);
    assert.match(csv.text, /"'=cmd\(""x""\)"/);
    assert.equal(csv.text.trim().split("\r\n").length, 3);
    const lines = (await stack.get("/admin/feedback?format=jsonl&rating=bad", as("root"))).text.trim().split("\n").map(l => JSON.parse(l));
    assert.deepEqual(lines.map(l => l.user), ["bob"]);
    const told = await command("feedback", "--rating", "bad", "--since", "1d");
    assert.match(told.stdout, /1 of 5 {2}bob {2}incorrect\n {2}says {5}=cmd\("x"\)\n {2}asked {4}What now\?/);
    assert.equal(JSON.parse((await command("feedback", "--json", "--user", "ann")).stdout).user, "ann");
    assert.equal((await command("feedback", "--rating", "7")).code, 2);
  });

  test("a user who is erased is in it no more", async () => {
    const reply = await stack.request("DELETE", "/user-data", {headers: {...as("bob").headers, "X-Confirm-Erase": "bob"}});
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual((await stack.get("/admin/feedback", as("root"))).json.feedback.map(f => f.user), ["ann"]);
  });

  test("the report has turns, users, tools and promises, whatever process dies meanwhile", async () => {
    const [keeper] = await stack.workers("housekeeper");
    process.kill(keeper.pid, "SIGKILL"); // the next one sends what the machine has counted, and nothing twice
    const report = await eventually(async () => {
      const {json} = await stack.get("/admin/report", as("root"));
      return json.total?.turns >= 2 && json;
    }, "the turns are in the report", 60000);
    assert.equal(report.unit, "hour");
    assert.equal(report.total.turns, 2);
    assert.equal(report.total.failed, 0);
    assert.equal(report.total.users, 2);
    assert.equal(report.total.response.count, 2);
    assert.ok(report.total.response.p50 > 0 && report.total.response.p50_between[0] <= report.total.response.p50);
    assert.deepEqual(report.promises.map(p => [p.name, p.state]).slice(0, 4),
      [["response_p50", "too_few"], ["response_p95", "too_few"], ["failures", "too_few"], ["satisfaction", "too_few"]]);
    assert.equal(report.tools.find(t => t.name === "analyze_budget").time.count, 2);
    assert.equal(report.ratings, 1);
    assert.equal(report.classes[0].name, "default");
    assert.ok(report.classes[0].cost_micros > 0);
    assert.equal(report.points.reduce((sum, p) => sum + p.turns, 0), 2);
    const week = (await stack.get(`/admin/report?from=${new Date(Date.now() - 6 * 86400000).toISOString()}`, as("root"))).json;
    assert.equal(week.unit, "day");
    assert.equal(week.total.turns, 2);
    assert.equal((await stack.get("/admin/report?from=2019-01-01", as("root"))).status, 422);
    const text = (await command("report", "--week")).stdout;
    assert.match(text, /too few {2}failures below 1 % +0\.00 % \(2 turns\)/);
    assert.match(text, /2 ended, 0 of them failed, 0 stopped; 2 users/);
    assert.equal(JSON.parse((await command("report", "--json")).stdout).total.turns, 2);
    // What is stored names nobody.
    const stored = await stack.redis("EVAL", "local out = '' for _, k in ipairs(redis.call('KEYS', 'tp:{+stats}:[hdb]*')) do out = out .. k .. table.concat(redis.call('HGETALL', k), ' ') end return out", "0");
    assert.match(stored, /turns\|done/);
    for (const secret of ["ann", "bob", answer.ann.session_id]) assert.doesNotMatch(stored, new RegExp(`\\b${secret}\\b`));
  });

  test("the self-test tells which service works, which does not and which is not there", async () => {
    const check = (list, name) => list.find(c => c.name === name) ?? assert.fail(`${name}: ${wait(list)}`);
    const judge = list => {
      for (const name of ["Redis", "model anthropic", "routes"]) assert.equal(check(list, name).state, "ok", wait(check(list, name)));
      assert.equal(check(list, "weather").state, "failed");
      assert.ok(check(list, "weather").why.length > 5);
      assert.equal(check(list, "videos").state, "not_configured");
    };
    const begun = await stack.post("/admin/selftest", undefined, as("root"));
    assert.equal(begun.status, 202, begun.text);
    const found = await eventually(async () => {
      const {status, json} = await stack.get("/admin/selftest", as("root"));
      return status === 200 && json.running === false && Date.parse(json.at) >= Date.parse(begun.json.asked_at) - 1000 && json;
    }, "the self-test has ended", 60000);
    judge(found.checks);
    const here = await command("selftest", "--json");
    assert.equal(here.code, 1, "one of them failed");
    judge(JSON.parse(here.stdout).checks);
    assert.ok(asked.some(url => url.startsWith("/route/")));
    const {promises} = (await stack.get("/admin/report", as("root"))).json;
    assert.deepEqual([promises[4].name, promises[4].state, promises[4].value], ["tools", "not_met", 1]);
  });

  test("the self-test of services by address: what answers, refuses, fails, answers something else, and says nothing", async () => {
    const mcp = await startMcpDouble(), key = "secret-of-the-speech-service", got = {};
    const answers = {
      geocode: ["[]", "application/json"], ocr: ['{"text":""}', "application/json"], speech: ["RIFF", "audio/wav"], transcriptions: ['{"text":""}', "application/json"],
    };
    const what = url => Object.keys(answers).find(name => url.includes(name));
    const doubles = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const [, how] = /^\/(\w+)\//.exec(request.url), [body, type] = answers[what(request.url)] ?? ["", "text/plain"];
      (got[how] ??= {})[what(request.url)] = {type: request.headers["content-type"], body: Buffer.concat(chunks)};
      if (how === "silent") return;
      if (how === "refuses") response.writeHead(401, {"Content-Type": "application/json"}).end(JSON.stringify({error: `no such key: ${request.headers.authorization}`}));
      else if (how === "fails") response.writeHead(500).end("out of order\u0007\n");
      else if (how === "garbage") response.writeHead(200, {"Content-Type": "text/html"}).end('<style>{"text":{}</style>');
      else response.writeHead(200, {"Content-Type": type}).end(body);
    }).listen(0, "127.0.0.1");
    await once(doubles, "listening");
    const base = `http://127.0.0.1:${doubles.address().port}`;
    const ask = async how => {
      const file = join(stack.dir, `selftest-${how}`), servers = join(stack.dir, `mcp-${how}.json`);
      mcp.refuse = {refuses: 401, fails: 500}[how] ?? 0;
      writeFileSync(servers, JSON.stringify([{name: "sea", url: {silent: `${base}/silent/mcp`, garbage: `${base}/garbage/mcp`}[how] ?? mcp.url}]), {mode: 0o600});
      writeFileSync(file, Object.entries({"redis.socket": join(stack.run, "redis.sock"), "model.chain": "offline", run_dir: stack.run, "geocode.url": `${base}/${how}/geocode`, "ocr.url": `${base}/${how}/ocr`,
        "voice.url": `${base}/${how}/v1`, "voice.key": key, "mcp.file": servers}).map(([name, value]) => `${name} = ${value}\n`).join(""), {mode: 0o600});
      const {stdout, stderr, code} = await promisify(execFile)(join(BUILD, "turnpike"), ["--config", file, "selftest", "--json", "--timeout", how === "silent" ? "600ms" : "15s"], {timeout: 60000}).catch(error => error);
      const checks = JSON.parse(stdout || assert.fail(stderr)).checks, of = Object.fromEntries(checks.map(c => [c.name, c]));
      assert.ok(!stdout.includes(key), stdout);
      return {code, of: ["geocoder", "text recognition", "speech out", "speech in", "MCP server sea"].map(name => of[name])};
    };
    try {
      const good = await ask("good");
      assert.deepEqual(good.of.map(c => c.state), Array(5).fill("ok"), wait(good.of));
      assert.match(got.good.transcriptions.type, /^multipart\/form-data; boundary=/);
      assert.ok(got.good.transcriptions.body.includes("RIFF") && got.good.transcriptions.body.length > 6400);
      for (const [how, why, server] of [["refuses", /^status 401: .*no such key: Bearer \*+/, /401/], ["fails", /^status 500: out of order {2}$/, /500/],
        ["garbage", /^The answer is not in the form of such a service\.$/, /./], ["silent", /^There was no answer in time\.$|deadline|timed? ?out|time/i, /time|deadline/i]]) {
        const {code, of} = await ask(how);
        assert.equal(code, 1);
        assert.deepEqual(of.map(c => c.state), Array(5).fill("failed"), `${how}: ${wait(of)}`);
        const told = of.slice(0, 4).map(c => c.why.replace(/no such key: undefined/, "no such key: Bearer ***"));
        for (const text of told) assert.match(text, why, how);
        assert.match(of[4].why, server, `${how}: ${of[4].why}`);
      }
    } finally {
      doubles.closeAllConnections();
      doubles.close();
      await mcp.close();
    }
  });

  test("replies have the forms of the OpenAPI document", async () => {
    const ajv = formats(new Ajv2020({strict: false, allErrors: true}));
    ajv.addSchema({$id: "doc", ...(await stack.get("/openapi.json")).json}, "doc");
    for (const [path, name] of [["/admin/feedback", "FeedbackPage"], ["/admin/report", "Report"], ["/admin/selftest", "Selftest"]]) {
      const check = ajv.compile({$ref: `doc#/components/schemas/${name}`});
      assert.ok(check((await stack.get(path, as("root"))).json), `${path}: ${JSON.stringify(check.errors)}`);
    }
  });
});

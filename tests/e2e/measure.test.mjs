// SPDX-License-Identifier: BSD-2-Clause
// What operators measure: every count is right, survives workers, and can be had when all else is stuck.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile, spawnSync} from "node:child_process";
import {once} from "node:events";
import {existsSync, mkdtempSync, readdirSync, readFileSync} from "node:fs";
import http from "node:http";
import net from "node:net";
import {join} from "node:path";
import {promisify} from "node:util";
import {BUILD, eventually, freePort, launch, SLOW, Stack, TOP, uuid, within} from "./harness.mjs";
import {readMetrics, valueOf} from "./openmetrics.mjs";

const OPEN = "application/openmetrics-text";
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0, hasPrometheus = spawnSync("prometheus", ["--version"]).status === 0;

function ask(where, path = "/metrics", {method = "GET", accept = `${OPEN};version=1.0.0,text/plain;q=0.5`} = {}) {
  return new Promise((done, fail) => {
    const at = typeof where === "number" ? {host: "127.0.0.1", port: where} : {socketPath: where};
    const request = http.request({...at, path, method, agent: false, headers: accept ? {Accept: accept} : {}}, reply => {
      let text = "";
      reply.setEncoding("utf8").on("data", piece => { text += piece; }).on("end", () => done({status: reply.statusCode, headers: reply.headers, text}));
    });
    request.on("error", fail).setTimeout(10000 * SLOW, () => request.destroy(new Error("no answer")));
    request.end();
  });
}

/** What is left over of a reply when these bytes are sent, until the other side closes. */
async function raw(port, bytes) {
  const socket = net.connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", piece => { text += piece; }).on("error", () => {});
  socket.write(bytes);
  await once(socket, "close");
  return text;
}

describe("measurements", () => {
  let stack, port;
  const metrics = async () => readMetrics((await ask(port)).text);
  const value = async (name, labels) => valueOf(await metrics(), name, labels);
  const reaches = (name, labels, least) => eventually(async () => (await value(name, labels) ?? 0) >= least, `${name}${JSON.stringify(labels)} >= ${least}`);
  before(async () => {
    port = await freePort();
    stack = await Stack.start({settings: {"turn.workers": 2, "metrics.listen": `127.0.0.1:${port}`, "rate.feedback_user": 2, "model.retries": 2}});
  });
  after(() => stack.stop());

  test("a turn with a tool is counted wherever it comes by", async () => {
    const said = stack.chatStream("x [[tool name=get_calendar_events args={} | text words=12]]", {session_id: uuid()}, {headers: {Accept: "text/event-stream"}});
    await said.until("RUN_FINISHED");
    await reaches("turnpike_turns_total", {outcome: "done"}, 1);
    const all = await metrics(), of = {provider: "anthropic"};
    const exact = [["turnpike_turn_seconds_count", {outcome: "done"}, 1], ["turnpike_first_token_seconds_count", {}, 1],
      ["turnpike_model_requests_total", of, 2], ["turnpike_model_request_seconds_count", of, 2], ["turnpike_model_errors_total", of, 0],
      ["turnpike_tool_calls_total", {tool: "get_calendar_events"}, 1], ["turnpike_tool_seconds_count", {tool: "get_calendar_events"}, 1],
      ["turnpike_http_responses_total", {route: "chat", status: "200"}, 1], ["turnpike_http_responses_total", {route: "events", status: "200"}, 1]];
    for (const [name, labels, wanted] of exact) assert.equal(valueOf(all, name, labels), wanted, name + JSON.stringify(labels));
    for (const name of ["turnpike_model_input_tokens_total", "turnpike_model_output_tokens_total", "turnpike_stream_lag_seconds_count", "turnpike_redis_round_trip_seconds_count",
      "turnpike_loop_lag_seconds_count", "turnpike_queue_wait_seconds_count", "turnpike_build_info", "turnpike_start_time_seconds"]) {
      assert.ok(valueOf(all, name) > 0, name);
    }
    assert.equal(valueOf(all, "turnpike_tool_errors_total"), undefined);
  });

  test("so are failures, retries, limits, feedback and snapshots", async () => {
    const before = await metrics();
    const retried = await stack.chat("x [[http status=529 retry=0 times=1 | text words=2]]");
    assert.equal(retried.status, 200);
    const failed = await stack.chat("x [[http status=400]]");
    assert.equal(failed.status, 502);
    const wrong = await stack.chat("x [[tool name=create_calendar_event args={} | text words=2]]");
    assert.equal(wrong.status, 200);
    const message_id = retried.json.message?.id ?? retried.json.message_id;
    const feedback = [];
    for (let i = 0; i < 3; i++) feedback.push((await stack.request("POST", "/feedback", {body: {message_id, rating: 5, feedback_type: "helpful"}})).status);
    assert.equal(feedback.at(-1), 429);
    await reaches("turnpike_limits_hit_total", {limit: "rate_limited"}, 1);
    const all = await metrics();
    const more = (name, labels) => (valueOf(all, name, labels) ?? 0) - (valueOf(before, name, labels) ?? 0);
    assert.equal(more("turnpike_model_retries_total", {provider: "anthropic"}), 1);
    assert.equal(more("turnpike_turns_total", {outcome: "failed"}), 1);
    assert.equal(more("turnpike_turn_errors_total", {code: failed.json.code}), 1);
    assert.ok(more("turnpike_model_errors_total", {provider: "anthropic"}) >= 2);
    assert.equal(more("turnpike_http_responses_total", {route: "feedback", status: "429"}), 1);
    assert.equal(more("turnpike_feedback_total", {rating: "5"}), feedback.filter(s => s === 200).length);
    assert.equal(more("turnpike_tool_errors_total", {tool: "create_calendar_event"}), 1);
  });

  test("a worker's death, a reload and a takeover take nothing back", async () => {
    const before = await value("turnpike_turns_total", {outcome: "done"});
    const running = stack.chatStream("x [[text words=6 hold=2]]", {session_id: uuid()}, {headers: {Accept: "text/event-stream"}});
    await running.until("TEXT_MESSAGE_CONTENT");
    for (const worker of await stack.workers("turn")) process.kill(worker.pid, "SIGKILL");
    await reaches("turnpike_takeovers_total", {}, 1);
    await stack.double.go();
    await running.until("RUN_FINISHED");
    await stack.reload();
    await reaches("turnpike_turns_total", {outcome: "done"}, before + 1);
    assert.ok(await value("turnpike_deaths_total", {pool: "turn"}) >= 1);
  });

  test("the text is exact in both forms, and chosen by Accept", async () => {
    const older = await ask(port, "/metrics", {accept: "text/plain"}), open = await ask(port), plain = await ask(port, "/metrics", {accept: null});
    assert.match(older.headers["content-type"], /^text\/plain; version=0\.0\.4/);
    assert.match(open.headers["content-type"], /^application\/openmetrics-text; version=1\.0\.0/);
    assert.match(plain.headers["content-type"], /^text\/plain/);
    const names = f => [...f.keys()].map(n => n.replace(/_(total|info)$/, "")).sort();
    assert.deepEqual(names(readMetrics(older.text, {older: true})), names(readMetrics(open.text)));
    assert.equal((await ask(port, "/metrics", {accept: "application/json"})).status, 406);
    assert.equal((await ask(port, "/", {})).status, 404);
    assert.equal((await ask(port, "/metrics", {method: "POST"})).status, 405);
    const head = await ask(port, "/metrics", {method: "HEAD"});
    assert.deepEqual([head.status, head.text], [200, ""]);
    assert.ok(Number(head.headers["content-length"]) > 1000);
    const turnpike = async (...args) => (await promisify(execFile)(join(BUILD, "turnpike"), ["--run-dir", stack.run, "metrics", ...args])).stdout;
    readMetrics(await turnpike());
    readMetrics(await turnpike("text"), {older: true});
    if (hasPromtool) {
      const judged = spawnSync("promtool", ["check", "metrics"], {input: older.text, encoding: "utf8"});
      assert.deepEqual([judged.status, judged.stdout + judged.stderr], [0, ""]);
    }
  });

  test("the dashboard, the alert rules and the page of documents name what there is", async () => {
    const known = new Set(), families = await metrics();
    for (const {name, type} of families.values()) {
      for (const end of type === "counter" ? ["_total"] : type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]) known.add(name + end);
    }
    const dashboard = JSON.parse(readFileSync(join(TOP, "monitoring/dashboards/turnpike.json"), "utf8"));
    const queries = dashboard.panels.flatMap(p => p.targets ?? []).map(t => t.expr);
    assert.ok(queries.length > 40);
    const rules = readFileSync(join(TOP, "monitoring/alerts.yml"), "utf8"), page = readFileSync(join(TOP, "docs/measurements.md"), "utf8");
    for (const name of [...queries, JSON.stringify(dashboard.annotations), rules].join("\n").match(/\bturnpike_\w+/g)) assert.ok(known.has(name), `there is no ${name}`);
    for (const alert of rules.match(/(?<=alert: )\w+/g)) assert.ok(page.includes(`\`${alert}\``), `docs/measurements.md tells nothing of ${alert}`);
    for (const name of families.keys()) assert.ok(page.includes(`\`${name}\``), `docs/measurements.md tells nothing of ${name}`);
    for (const [, name] of page.matchAll(/^\| `(turnpike_\w+)` \|/gm)) assert.ok(families.has(name), `docs/measurements.md tells of ${name}, which is not there`);
  });

  test("`turnpike observe` tries them with a Prometheus of its own", {skip: !hasPrometheus && "prometheus is missing"}, async () => {
    const dir = mkdtempSync(join(stack.dir, "tmp-"));
    const child = launch(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), "observe", join(TOP, "monitoring")], {env: {...process.env, TMPDIR: dir}});
    const url = await eventually(() => child.output.match(/^ready (http:\S+)\/alerts$/m)?.[1] ?? (child.end && assert.fail(child.output)), "observe is ready");
    const asked = async path => (await (await fetch(`${url}/api/v1/${path}`)).json()).data;
    await eventually(async () => (await asked("query?query=up").catch(() => null))?.result[0]?.value[1] === "1", "Prometheus has read the metrics", 30000 * SLOW);
    const rules = await eventually(async () => {
      const found = (await asked("rules")).groups.flatMap(g => g.rules);
      return found.length > 10 && found.every(r => r.health !== "unknown") && found;
    }, "the rules were evaluated", 30000 * SLOW);
    for (const rule of rules) assert.deepEqual([rule.name, rule.health], [rule.name, "ok"]);
    assert.ok((await asked("query?query=turnpike_turns_total")).result.length > 0);
    child.kill("SIGINT");
    assert.deepEqual(await within(15000 * SLOW, child.ended, "it ends"), {code: 0, signal: null});
    assert.deepEqual(readdirSync(dir), []);
  });

  test("no label names a user, a session or a text", async () => {
    const marks = {user: "marked-user-7", session_id: uuid(), word: "marked-word-7"};
    assert.equal((await stack.chat(`${marks.word} [[text words=2]]`, {session_id: marks.session_id}, {headers: {"X-Dev-User": marks.user}})).status, 200);
    const {text} = await ask(port);
    for (const mark of Object.values(marks)) assert.ok(!text.includes(mark), mark);
    const known = new Set(["pool", "outcome", "queue", "code", "kind", "provider", "model", "tool", "error", "route", "status", "limit", "rating", "process", "level", "class", "le", "version", "commit"]);
    for (const family of readMetrics(text).values())
      for (const sample of family.samples)
        for (const label of Object.keys(sample.labels)) assert.ok(known.has(label), `${sample.name} has the label ${label}`);
  });

  test("whoever asks wrongly, slowly or too often harms nobody, and it answers when all workers are stuck", async () => {
    assert.match(await raw(port, "nonsense\r\n\r\n"), /^HTTP\/1\.1 400 /);
    assert.match(await raw(port, "x".repeat(9000)), /^HTTP\/1\.1 400 /);
    assert.match(await raw(port, "GET /metrics HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 200 [^]*turnpike_build_info[^]*$/);
    const idle = Array.from({length: 40}, () => net.connect(port, "127.0.0.1").on("error", () => {}));
    await Promise.all(idle.map(s => once(s, "connect")));
    const slow = net.connect(port, "127.0.0.1").on("error", () => {});
    slow.pause().write("GET /metrics HTTP/1.1\r\n\r\n");
    const pids = (await Promise.all(["api", "turn", "stream", "tool", "housekeeper"].map(pool => stack.workers(pool)))).flat().map(w => w.pid);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      assert.equal((await ask(port)).status, 200);
    } finally {
      for (const pid of pids) {
        try { process.kill(pid, "SIGCONT"); } catch { /* ended and replaced meanwhile */ }
      }
      for (const socket of [...idle, slow]) socket.destroy();
    }
    await eventually(async () => (await stack.chat("hello").catch(() => ({}))).status === 200, "service is back");
  });

  test("a reload moves the address, also to a socket, and writes the collector's file; a taken address waits", async () => {
    const socket = join(stack.dir, "metrics.sock"), file = join(stack.dir, "turnpike.prom"), taken = net.createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const other = taken.address().port;
    stack.writeSettings({"metrics.listen": socket, "metrics.file": file});
    await stack.reload();
    await eventually(() => existsSync(socket) && existsSync(file), "socket and file");
    assert.equal((await ask(socket)).status, 200);
    await assert.rejects(ask(port));
    const told = readMetrics(readFileSync(file, "utf8"), {older: true});
    assert.ok(valueOf(told, "turnpike_turns_total") >= 4);
    assert.ok(![...told.keys()].some(name => name.startsWith("process_")), "names of the collector's own");
    stack.writeSettings({"metrics.listen": `127.0.0.1:${other}`, "metrics.file": ""});
    await stack.reload();
    await eventually(() => stack.log().includes("Address already in use"), "said in the log");
    assert.ok(!existsSync(file) && !existsSync(socket));
    assert.equal((await stack.chat("hello")).status, 200);
    taken.close();
    await eventually(async () => (await ask(other).catch(() => ({}))).status === 200, "it is tried again", 20000 * SLOW);
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// A Redis Cluster: everything a user does, slots that move under load, a primary that is killed under load. Nothing that was accepted is
// lost or done twice; users of other nodes do not notice.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import {once} from "node:events";
import {execFile} from "node:child_process";
import {join} from "node:path";
import {BUILD, eventually, pause, SLOW, Stack, transcript, uuid} from "./harness.mjs";
import {ClusterSite} from "./redis-cluster-site.mjs";

const LONG = 60000 * SLOW;
const FINAL = e => e.type === "RUN_FINISHED" || e.type === "RUN_ERROR";
const ENDED = ["done", "failed", "cancelled", "interrupted"];
const as = (user, headers = {}) => ({headers: {"X-Dev-User": user, ...headers}});
const timer = label => `[[tool name=set_timer_or_alarm args=${JSON.stringify({action: "create", type: "timer", duration_seconds: 7200, label})} | text words=3]]`;

describe("a Redis Cluster", () => {
  let site, stack, receiver;
  const heard = [];
  before(async () => {
    site = await ClusterSite.start({replicas: 1});
    receiver = http.createServer((request, response) => {
      heard.push(request.url);
      response.writeHead(204).end();
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    stack = await Stack.start({settings: {...site.settings, "cache.answers": "on", "turn.seats": 24, "turn.user": 0, "respawn.min": "50ms", "webhook.secret": "the secret of the webhooks of this test",
      "webhook.allow_private": "on"}});
  });
  after(async () => {
    await stack?.stop();
    await site?.stop();
    receiver?.close();
  });

  const turnOf = async (user, id) => (await stack.get(`/turns/${id}`, as(user))).json;
  const ended = (user, id) => eventually(async () => {
    const turn = await turnOf(user, id).catch(() => null);
    return ENDED.includes(turn?.state) && turn;
  }, `${id} ends`, LONG);
  const labels = async user => (await site.redis("hvals", `tp:{${user}}:r:timer`)).split("\n").filter(Boolean).map(t => JSON.parse(t).label).sort();

  test("kept answers are on all nodes, and users of all nodes get them", async () => {
    const owners = new Set(), scenario = stack.double.scenario;
    stack.double.scenario = "text say=By_heat.";
    for (let i = 0; owners.size < 3; i++) {
      assert.ok(i < 40, `kept on ${owners.size} nodes alone`);
      const text = `What is the difference between gas ${i} and water?`;
      for (const user of ["kept1", "kept2"]) await stack.chat(text, {}, as(user));
      const {json} = await eventually(async () => {
        const reply = await stack.chat(text, {}, as(`kept${i + 3}`));
        return reply.json.cached && reply;
      }, `${text} is kept`, LONG);
      assert.equal(json.response, "By heat.");
      owners.add((await site.ownerOf(`tp:answer:${parseInt(json.cache_entry.slice(0, 8), 16) % 1024}`)).port);
    }
    stack.double.scenario = scenario;
  });

  test("users of all nodes chat over JSON, an event stream and a WebSocket, in order, stop, list and delete", async () => {
    const owners = new Set();
    for (let i = 0; i < 9; i++) {
      const user = `user${i}`, session_id = uuid();
      owners.add((await site.ownerOf(`tp:{${user}}:sessions`)).port);
      assert.equal((await stack.chat("a [[text words=5]]", {session_id}, as(user))).status, 200);
      const stream = stack.chatStream("b [[text words=5]]", {session_id}, as(user, {Accept: "text/event-stream"}));
      await stream.all();
      assert.equal(stream.types().at(-1), "RUN_FINISHED");
      const said = (await stack.get(`/sessions/${session_id}/messages`, as(user))).json.messages.filter(m => m.role === "user").map(m => m.content[0]);
      assert.deepEqual(said, ["a", "b"]);
      assert.equal((await stack.get("/sessions", as(user))).json.sessions.length, 1);
      assert.ok((await stack.request("DELETE", `/sessions/${session_id}`, as(user))).status < 300);
      assert.equal((await stack.get("/sessions", as(user))).json.sessions.length, 0);
    }
    assert.equal(owners.size, 3);

    const session_id = uuid(), socket = await stack.socket();
    socket.message("x [[text words=30 hold=10]]", {session_id});
    await socket.until("RUN_STARTED");
    await stack.double.until(d => d.held > 0, "the model holds");
    const next = await stack.chat("y [[text words=3]]", {session_id}, {headers: {Prefer: "respond-async"}});
    assert.equal(next.json.state, "queued");
    const running = (await site.redis("hget", `tp:{dev}:s:${session_id}`, "run"));
    assert.equal((await stack.post(`/turns/${running}/cancel`, {})).status < 300, true);
    stack.double.release(); // the stop may have ended it already
    assert.ok(["cancelled", "interrupted"].includes((await ended("dev", running)).state));
    assert.equal((await ended("dev", next.json.turn_id)).state, "done");
    await socket.end();
    assert.equal((await stack.get("/health")).status, 200);
  });

  test("a reminder, an approval, a webhook and an erasure", async () => {
    const user = uuid(), socket = await stack.socket(`/ws/${user}`);
    const made = await stack.post("/tools/set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: 1, label: "eggs"}, as(user));
    assert.equal(made.status, 200, made.text);
    assert.equal((await socket.until("timer_expired", LONG)).label, "eggs");
    await socket.end();

    const event = await stack.post("/tools/create_calendar_event", {title: "Dentist", start_date: "2031-05-20T15:00:00"}, as(user));
    assert.equal(event.status, 200, event.text);
    const {id} = event.json.event, session_id = uuid();
    const asked = await stack.chat(`x [[tool name=delete_calendar_event args={"event_id":"${id}"} | text say=Done.]]`, {session_id}, as(user));
    assert.equal(asked.json.outcome, "interrupt", asked.text);
    const answer = await stack.post(`/approvals/${asked.json.interrupts[0].id}`, {approved: true}, as(user, {Prefer: "respond-async"}));
    assert.ok(answer.status < 300, answer.text);
    await eventually(async () => (await site.redis("hlen", `tp:{${user}}:r:calendar`)) === "0", "the event is deleted", LONG);

    const told = await stack.chat("x [[text words=3]]", {session_id: uuid(), webhook: {url: `http://127.0.0.1:${receiver.address().port}/told`}}, as(user));
    assert.equal(told.status, 200, told.text);
    await eventually(() => heard.includes("/told"), "the webhook", LONG);

    const erased = await stack.request("DELETE", "/user-data", as(user, {"X-Confirm-Erase": user}));
    assert.equal(erased.status, 200, erased.text);
    for (const {port} of site.nodes) assert.deepEqual((await site.cli(port, "keys", `tp:{${user}}:*`)).split("\n").filter(k => k && !k.includes(":usage:")), []);
  });

  test("another worker goes on with the turn of one that was killed; its tool is done once", async () => {
    const user = uuid(), session_id = uuid(), held = stack.double.held;
    const stream = stack.chatStream(`x ${timer("once").replace("text words=3", "text words=40 hold=10")}`, {session_id}, as(user, {Accept: "text/event-stream"}));
    const all = stream.all();
    await stack.double.until(d => d.held > held, "the model holds");
    const {pid} = await eventually(async () => (await stack.seats("turn")).find(w => w.session === session_id), "its worker");
    process.kill(pid, "SIGKILL");
    const calls = stack.double.requests.length;
    stack.double.release();
    await stack.double.until(d => d.requests.length > calls, "the next worker asks");
    await eventually(() => { stack.double.release(); return stack.double.requests.every(r => !r.open); }, "the model has answered", LONG);
    await all;
    assert.equal(stream.types().at(-1), "RUN_FINISHED");
    assert.deepEqual(await labels(user), ["once"]);
  });

  /** Messages with a tool of many users, one each 40 ms, until `work` has ended; {user, at, reply}. */
  async function load(name, work, users = 30) {
    const sent = [];
    let done = false;
    const working = work().finally(() => { done = true; });
    working.catch(() => {});
    for (let i = 0; !done || i < 40; i++) {
      assert.ok(i < 3000, "the work ends");
      const one = {user: `${name}${i % users}`, label: `${name} ${i}`, at: performance.now()};
      one.answer = stack.chat(`x ${timer(one.label)}`, {session_id: uuid(), client_message_id: uuid()}, as(one.user, {Prefer: "respond-async"}))
        .then(reply => { one.reply = reply; });
      sent.push(one);
      await pause(40);
    }
    await working;
    await Promise.all(sent.map(one => one.answer));
    return sent;
  }
  /** Every accepted one has been done once, every other one at most once. Returns how many were accepted. */
  async function account(sent, mayBeLost = () => false) {
    const accepted = sent.filter(one => one.reply.status === 202), lost = [];
    for (const one of sent) assert.ok([202, 503].includes(one.reply.status), one.reply.text);
    for (const one of accepted) {
      const end = await eventually(async () => {
        const reply = await stack.get(`/turns/${one.reply.json.turn_id}`, as(one.user));
        return (reply.status === 404 || ENDED.includes(reply.json?.state)) && reply;
      }, "the turn has ended", LONG);
      if (end.status === 404 && mayBeLost(one)) lost.push(one);
      else assert.equal(end.json?.state, "done", `${one.label}: ${end.text}`);
    }
    const done = [];
    for (const user of new Set(sent.map(one => one.user))) done.push(...await labels(user));
    assert.equal(new Set(done).size, done.length, "no tool is done twice");
    for (const one of accepted) assert.ok(lost.includes(one) || done.includes(one.label), `${one.label} is done`);
    return {accepted: accepted.length, lost: lost.length};
  }

  test("slots move under load: nothing is lost, done twice or shown twice", async () => {
    const viewers = [];
    for (let i = 0; i < 6; i++) {
      const user = `viewer${i}`, session_id = uuid(), held = stack.double.held;
      const stream = stack.chatStream("x [[text words=40 hold=20]]", {session_id}, as(user, {Accept: "text/event-stream"}));
      viewers.push(stream);
      await stack.double.until(d => d.held > held, "the model holds");
    }
    const [a, b, c] = site.nodes;
    const sent = await load("move", async () => {
      await site.reshard(a, b, 300);
      await site.reshard(c, a, 400);
    });
    const {accepted} = await account(sent);
    console.log(`slots moved: ${accepted} of ${sent.length} messages accepted, all done once`);
    assert.ok(accepted > sent.length * 0.95, `${accepted} of ${sent.length} are accepted`);
    await stack.double.go();
    for (const stream of viewers) {
      await stream.all();
      const events = transcript(stream.events.map(e => e.data));
      assert.equal(events.filter(FINAL).length, 1);
      assert.equal(stream.types().at(-1), "RUN_FINISHED");
      const from = stream.events.findLastIndex(e => e.data.type === "MESSAGES_SNAPSHOT") + 1; // a lease may end on a machine that is this busy
      const text = stream.events.slice(from).filter(e => e.data.type === "TEXT_MESSAGE_CONTENT").map(e => e.data.delta).join("");
      assert.equal(text.trim().split(/\s+/).length, 40);
    }
    await site.whole();
  });

  test("a primary is killed under load: its users wait for the replica, the others do not notice", async () => {
    const node = site.nodes[0], own = new Set();
    for (let i = 0; i < 30; i++) if (await site.ownerOf(`tp:{kill${i}}:x`) === node) own.add(`kill${i}`);
    assert.ok(own.size > 2 && own.size < 28, `${own.size}`);
    let killed;
    const sent = await load("kill", async () => {
      await pause(800);
      killed = performance.now();
      await site.kill(node);
      await eventually(async () => (await site.ownerOf(`tp:{${[...own][0]}}:x`).catch(() => node) ?? node) !== node, "a replica takes over", LONG);
      await pause(1500);
    });
    const {accepted, lost} = await account(sent, one => own.has(one.user) && one.at > killed - 1000 && one.at < killed + 100);
    const others = sent.filter(one => !own.has(one.user)), refused = others.filter(one => one.reply.status !== 202);
    console.log(`a primary killed: ${accepted} of ${sent.length} accepted, ${lost} of them not yet replicated; ${refused.length} of ${others.length} of other nodes refused`);
    assert.equal(refused.length, 0, "users of other nodes");
    assert.equal((await stack.get("/health")).status, 200);
    for (const user of own) assert.equal((await stack.chat("x [[text words=3]]", {session_id: uuid()}, as(user))).status, 200);
    await site.run(0);
    await site.whole();
  });

  test("the whole cluster goes and comes back", async () => {
    const user = uuid(), session_id = uuid();
    assert.equal((await stack.chat("a [[text words=3]]", {session_id}, as(user))).status, 200);
    await pause(1100); // appendfsync everysec
    for (const node of site.nodes) await site.kill(node);
    assert.equal((await stack.chat("b [[text words=3]]", {session_id}, as(user))).status, 503);
    assert.notEqual((await stack.get("/health")).status, 200);
    for (let i = 0; i < site.nodes.length; i++) await site.run(i);
    await site.whole();
    await eventually(async () => (await stack.chat("c [[text words=3]]", {session_id}, as(user))).status === 200, "it accepts again", LONG);
    const said = (await stack.get(`/sessions/${session_id}/messages`, as(user))).json.messages.filter(m => m.role === "user").map(m => m.content[0]);
    assert.equal(said[0], "a");
    assert.equal(said.at(-1), "c");
  });

  test("turnpike failover says what to use", async () => {
    const {code, said} = await new Promise(done => execFile(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), "failover"],
      (error, out, text) => done({code: error?.code, said: text})));
    assert.equal(code, 1);
    assert.match(said, /CLUSTER FAILOVER/);
  });
});

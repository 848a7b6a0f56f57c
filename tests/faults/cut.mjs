// SPDX-License-Identifier: BSD-2-Clause
// One of three machines is cut off from the cluster and from the others while it runs a turn; clients still reach it, and it still reaches the model.
// Then it only hears nothing: what it asks for is done, and it is not told. With --island it is cut off together with the primary of its turn,
// which takes its writes until it has seen that it is alone. With --deaf only the second. For machines.test.mjs and `make faults`; runs inside a network (network.mjs).
import assert from "node:assert/strict";
import {fileURLToPath} from "node:url";
import {eventually, pause, SLOW, transcript, uuid} from "../e2e/harness.mjs";
import {LEASE_MS} from "./campaign.mjs";
import {Site} from "./machines.mjs";
import {insideNetwork, isInside} from "./network.mjs";

const LONG = 60000 * SLOW, REFUSED_MS = 10000 * SLOW; // redis.timeout is 1 s
const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes((e.data ?? e).type);
const as = (user, headers = {}) => ({headers: {"X-Dev-User": user, ...headers}});
const spend = k => `tool name=create_expense args={"amount":${k}.5,"category":"diesel","description":"d"}`;

async function cutOff({network, machines, stacks, double, cluster}) {
  const [one, two, three] = stacks, user = uuid(), session_id = uuid(), others = network.hosts.filter(h => h !== machines[0] && h !== network.outside);
  const asked = one.chatStream(`x [[${spend(1)} | text words=40 hold=20]]`, {session_id}, as(user, {Accept: "text/event-stream"}));
  await asked.until("TEXT_MESSAGE_CONTENT", LONG);
  const viewer = two.sse(`/sessions/${session_id}/events?cursor=0-0`, as(user));
  await viewer.until("TEXT_MESSAGE_CONTENT", LONG);
  const turn = asked.events[0].data.runId, calls = double.requests.length;
  await network.cut(machines[0], others);
  await network.cut(others, machines[0]);

  const from = performance.now(), refused = await one.chat("y [[text words=3]]", {session_id: uuid(), client_message_id: uuid()}, {...as(uuid()), timeout: LONG});
  assert.deepEqual([refused.status, refused.json?.code], [503, "store_unavailable"], refused.text);
  assert.ok(refused.headers["retry-after"]);
  assert.ok(performance.now() - from < REFUSED_MS, "it is refused soon");
  await eventually(async () => (await one.get("/health/ready")).status !== 200, "a load balancer sees it", LONG);
  await double.until(d => d.requests.length > calls, "another machine asks the model", LONG);
  assert.equal((await one.seats("turn")).filter(s => s.turn === turn).length, 1, "the one that is cut off has it still");
  await eventually(() => { double.release(); return double.requests.every(r => !r.open); }, "both have been answered", LONG);
  assert.equal((await viewer.until(FINAL, LONG)).data.type, "RUN_FINISHED");

  await network.heal(machines[0]);
  assert.ok((await asked.all(LONG)).filter(FINAL).length === 1, "its own client sees the end");
  await eventually(async () => (await one.seats("turn")).every(s => s.turn !== turn), "it has learnt that the turn is another's", LONG);
  await eventually(async () => (await one.get("/health/ready")).status === 200, "it is ready again", LONG);
  const next = {session_id, client_message_id: uuid()}; // each worker finds its way back by itself
  await eventually(async () => (await one.chat("z [[text words=3]]", next, as(user))).status === 200, "it accepts again", LONG);
  await viewer.until(FINAL, LONG);
  const entries = viewer.events.map(e => e.data), own = entries.slice(0, entries.findIndex(FINAL) + 1);
  assert.deepEqual(transcript(asked.events), transcript(own), "both viewers saw the same");
  assert.equal(entries.filter(FINAL).length, 2);
  const {messages} = (await three.get(`/sessions/${session_id}/messages`, as(user))).json;
  assert.deepEqual(messages.map(m => m.role), ["user", "assistant", "tool", "assistant", "user", "assistant"]);
  assert.equal(await cluster.redis("hlen", `tp:{${user}}:r:expense`), "1");
  viewer.drop();
}

/** Requests arrive and are carried out, replies do not come back. */
async function deaf({network, machines, stacks, cluster}) {
  const user = uuid(), body = {session_id: uuid(), client_message_id: uuid()}, text = `x [[${spend(2)} | text words=3]]`;
  const others = network.hosts.filter(h => h !== machines[0] && h !== network.outside);
  assert.equal((await stacks[0].chat("x [[text words=3]]", {session_id: uuid()}, as(user))).status, 200);
  await network.cut(others, machines[0]);
  const refused = await stacks[0].chat(text, body, {...as(user), timeout: LONG});
  assert.equal(refused.status, 503, refused.text);
  const again = await eventually(async () => {
    const reply = await stacks[1].chat(text, body, {...as(user), timeout: LONG});
    return reply.status === 200 && reply;
  }, "another machine takes it", LONG);
  await network.heal(machines[0]);
  const next = {session_id: body.session_id, client_message_id: uuid()};
  await eventually(async () => (await stacks[0].chat("x [[text words=3]]", next, as(user))).status === 200, "it accepts again", LONG);
  assert.equal(await cluster.redis("hlen", `tp:{${user}}:r:expense`), "1");
  assert.equal((await stacks[2].get(`/turns/${again.json.turn_id}`, as(user))).json.state, "done");
  const said = (await stacks[2].get(`/sessions/${body.session_id}/messages`, as(user))).json.messages.filter(m => m.role === "user");
  assert.equal(said.length, 2);
}

/** What the primary takes while it is alone goes with it; what was there before does not. */
async function island({network, machines, nodeHosts, stacks, double, cluster}) {
  const [one, two] = stacks, user = uuid(), session_id = uuid(), primary = await cluster.ownerOf(`tp:{${user}}:x`);
  const alone = [machines[0], nodeHosts[cluster.nodes.indexOf(primary)]], others = network.hosts.filter(h => !alone.includes(h) && h !== network.outside);
  const asked = one.chatStream(`x [[${spend(3)} | text words=40 hold=20]]`, {session_id}, as(user, {Accept: "text/event-stream"}));
  await asked.until("TEXT_MESSAGE_CONTENT", LONG);
  const viewer = two.sse(`/sessions/${session_id}/events?cursor=0-0`, as(user));
  await viewer.until("TEXT_MESSAGE_CONTENT", LONG);
  const turn = asked.events[0].data.runId, calls = double.requests.length, cut = performance.now(), sent = [];
  await eventually(async () => /offset=(\d+).*[^]*master_repl_offset:\1/.test(await cluster.cli(primary.port, "info", "replication")), "its replica has it all", LONG);
  await network.cut(alone, others);
  await network.cut(others, alone);
  // Messages to the machine that is alone: taken until the primary knows that it is, then refused.
  for (let refused = 0; refused < 3;) {
    const body = {session_id: uuid(), client_message_id: uuid()}, text = `x [[${spend(4)} | text words=3]]`;
    const reply = await one.chat(text, body, {...as(user, {Prefer: "respond-async"}), timeout: LONG});
    assert.ok([202, 503].includes(reply.status), reply.text);
    refused = reply.status === 503 ? refused + 1 : 0;
    sent.push({body, text, reply, ms: performance.now() - cut});
    await pause(100);
  }
  await double.until(d => d.requests.filter(r => r.open).length && d.requests.length > calls, "a machine asks the model", LONG);
  await eventually(() => { double.release(); return viewer.events.some(FINAL); }, "the turn has ended for the others", LONG);
  await network.heal(...alone);
  await cluster.whole();
  await eventually(async () => (await one.get("/health/ready")).status === 200, "it is ready again", LONG);
  await asked.all(LONG).catch(() => {});
  const accepted = sent.filter(s => s.reply.status === 202), gone = [];
  for (const {body, text, reply} of sent) {
    if (reply.status === 202) {
      const state = await eventually(async () => {
        double.release();
        const now = await two.get(`/turns/${reply.json.turn_id}`, as(user));
        return (now.status === 404 || ["done", "failed", "cancelled", "interrupted"].includes(now.json?.state)) && now;
      }, "what was accepted has ended or has gone", LONG);
      if (state.status === 404) gone.push(reply);
    }
    await eventually(async () => (await two.chat(text, body, {...as(user), timeout: LONG})).status === 200, "sent again it is done", LONG);
  }
  const entries = viewer.events.map(e => e.data), finals = entries.filter(e => FINAL(e) && e.runId === turn);
  assert.deepEqual(finals.map(e => e.type), ["RUN_FINISHED"]);
  const {messages} = (await two.get(`/sessions/${session_id}/messages`, as(user))).json;
  assert.deepEqual(messages.map(m => m.role), ["user", "assistant", "tool", "assistant"]);
  assert.equal(await cluster.redis("hlen", `tp:{${user}}:r:expense`), String(1 + sent.length), "each once");
  viewer.drop();
  console.log(`an island took ${accepted.length} messages, the last ${Math.round(Math.max(0, ...accepted.map(s => s.ms)))} ms after the cut; ${gone.length} of them had gone with it`);
}

if (!isInside()) process.exit((await insideNetwork(fileURLToPath(import.meta.url), process.argv.slice(2))).code ?? 1);
const site = await Site.start(() => ({lease: `${LEASE_MS}ms`, "redis.timeout": "1s", "turn.attempts": 10}));
let failed = null;
try {
  if (process.argv.includes("--island")) {
    await island(site);
  } else {
    if (!process.argv.includes("--deaf")) await cutOff(site);
    await deaf(site);
  }
} catch (error) {
  failed = `${error.stack}\n${site.stacks.map(s => s.logTail(60)).join("\n\n")}`;
}
const left = await site.stop({check: !failed});
console.log(failed ?? (left.length ? left.join("\n") : "whole"));
process.exit(failed || left.length ? 1 : 0);

// SPDX-License-Identifier: BSD-2-Clause
// What the assistant remembers about a user: told in one conversation, known in the next, never on a stranger's word.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {join} from "node:path";
import {eventually, Stack, uuid} from "./harness.mjs";

const asUser = user => ({headers: {"X-Dev-User": user}});
const call = (name, args) => `x [[tool name=${name} args=${JSON.stringify(args)} | text say=Ok.]]`;
const RIG = "The_rig_is_3.2_m_high."; // the double's scripts end a word at a blank
const spaced = text => text.replaceAll("_", " ");

describe("memory", () => {
  let stack;
  before(async () => { stack = await Stack.start({chain: "openai"}); });
  after(() => stack.stop());
  const told = () => JSON.parse(stack.double.requests.at(-1).raw).messages.slice(1).map(m => JSON.stringify(m)).join("\n"); // without the system prompt

  test("a fact of one conversation is in the situation of the next, of this user alone", async () => {
    const user = uuid();
    const kept = await stack.post("/tools/remember", {text: spaced(RIG), topic: "vehicle"}, asUser(user));
    assert.equal(kept.status, 200, kept.text);
    await stack.chat("Can I pass under the bridge? [[text say=Yes.]]", {}, asUser(user));
    assert.match(told(), /Remembered about the user[^"]*\\n- \d{4}-\d\d-\d\d: \\"The rig is 3\.2 m high\.\\"/);
    assert.ok(told().includes(kept.json.memory.id));
    await stack.chat("hello [[text say=Yes.]]", {}, asUser(uuid()));
    assert.doesNotMatch(told(), /Remembered about|3\.2 m high/);
    assert.equal((await stack.post("/tools/forget", {memory: kept.json.memory.id}, asUser(user))).status, 200);
    await stack.chat("hello [[text say=Yes.]]", {}, asUser(user));
    assert.doesNotMatch(told(), /Remembered about|3\.2 m high/);
  });

  test("a model's call is kept with its conversation, once", async () => {
    const user = uuid(), session_id = uuid();
    for (let i = 0; i < 2; i++) {
      const reply = await stack.chat(call("remember", {text: RIG}), {session_id}, asUser(user));
      assert.equal(reply.json.tool_calls[0].result.success, true, reply.text);
    }
    const {json} = await stack.post("/tools/recall", {}, asUser(user));
    assert.equal(json.count, 1);
    assert.deepEqual([json.memories[0].session_id, json.memories[0].source], [session_id, "conversation"]);
  });

  test("after a stranger's words nothing is kept unasked, and the question shows what", async () => {
    const user = uuid(), session_id = uuid();
    await stack.chat("x [[tool name=get_feed | text say=Read.]]", {session_id}, asUser(user));
    const asked = await stack.chat(call("remember", {text: RIG}), {session_id}, asUser(user));
    assert.equal(asked.json.outcome, "interrupt", asked.text);
    assert.equal(asked.json.interrupts[0].metadata.reason, "untrusted_content");
    assert.match(asked.json.interrupts[0].message, /May I remember for later conversations "The_rig_is_3\.2_m_high\."\?/);
    assert.equal((await stack.post("/tools/recall", {}, asUser(user))).json.count, 0);
    const refused = await stack.post(`/approvals/${asked.json.interrupts[0].id}`, {approved: false}, asUser(user));
    assert.equal(refused.status, 202, refused.text);
    assert.equal((await stack.post("/tools/recall", {}, asUser(user))).json.count, 0);
  });

  test("everything is forgotten only after a yes, is exported, and goes with the user's data", async () => {
    const user = uuid(), facts = ["Anna is my daughter.", "No coriander."];
    for (const text of facts) await stack.post("/tools/remember", {text}, asUser(user));
    const asked = await stack.post("/tools/forget", {what: "everything"}, asUser(user));
    assert.deepEqual([asked.status, asked.json.code], [409, "approval_required"]);
    const {text} = await stack.get("/export", asUser(user));
    for (const fact of facts) assert.ok(text.includes(fact), fact);
    const erased = await stack.request("DELETE", "/user-data", {headers: {"X-Dev-User": user, "X-Confirm-Erase": user}});
    assert.equal(erased.status, 200, erased.text);
    assert.equal((await stack.post("/tools/recall", {}, asUser(user))).json.count, 0);
  });

  test("what is remembered comes with the conversation: a turn asks Redis for it by no command of its own", async () => {
    const user = uuid(), heard = [];
    await stack.post("/tools/remember", {text: spaced(RIG)}, asUser(user));
    const monitor = spawn("redis-cli", ["-s", join(stack.run, "redis.sock"), "MONITOR"]);
    monitor.stdout.setEncoding("utf8").on("data", text => heard.push(text));
    const lines = () => heard.join("").split("\n").filter(line => line.includes(`{${user}}`));
    await eventually(() => heard.join("").includes("OK"), "the monitor hears");
    await stack.chat("hello [[text say=Yes.]]", {}, asUser(user));
    await stack.redis("ECHO", `{${user}} is over`);
    await eventually(() => lines().some(line => line.includes("is over")), "the monitor has heard all");
    monitor.kill();
    assert.match(told(), /3\.2 m high/);
    const sent = lines().filter(line => !/\[\d+ lua\]/.test(line) && !line.includes("is over"));
    assert.ok(sent.length > 0);
    for (const line of sent) assert.doesNotMatch(line, /r:memory/);
  });

  const tools = () => JSON.parse(stack.double.requests.at(-1).raw).tools.map(tool => tool.function.name);
  const turnMemory = (user, memory) => stack.request("PUT", "/context", {body: {memory}, ...asUser(user)});

  test("a user who turns it off: nothing is kept, used or offered; what is there stays, and can be forgotten", async () => {
    const user = uuid(), kept = (await stack.post("/tools/remember", {text: spaced(RIG)}, asUser(user))).json.memory;
    const off = await turnMemory(user, false);
    assert.deepEqual([off.status, off.json.context?.memory ?? off.json.memory], [200, false], off.text);
    await stack.chat("hello [[text say=Yes.]]", {}, asUser(user));
    assert.doesNotMatch(told(), /Remembered about|3\.2 m high/);
    assert.ok(!tools().includes("remember"));
    for (const name of ["remember", "recall"]) {
      const refused = await stack.post(`/tools/${name}`, name === "remember" ? {text: "It is red."} : {}, asUser(user));
      assert.deepEqual([refused.status, refused.json.code], [409, "memory_off"], refused.text);
    }
    const called = await stack.chat(call("remember", {text: RIG}), {}, asUser(user));
    assert.equal(called.json.tool_calls[0].result.error.code, "memory_off", called.text);
    const found = await stack.chat(call("find_tools", {query: "recall_memories"}), {}, asUser(user));
    assert.ok(!found.json.tool_calls[0].result.tools.some(tool => ["recall", "remember"].includes(tool.name)), found.text);
    assert.equal((await stack.post("/tools/forget", {memory: kept.id}, asUser(user))).status, 200);
    assert.equal((await turnMemory(user, "no")).json.field, "memory");
    await turnMemory(user, true);
    assert.equal((await stack.post("/tools/recall", {}, asUser(user))).json.count, 0);
    await stack.chat("hello [[text say=Yes.]]", {}, asUser(user));
    assert.ok(tools().includes("remember"));
  });

  test("the assistant turns it off by update_settings, for the rest of its turn as well", async () => {
    const user = uuid();
    const reply = await stack.chat(`x [[tool name=update_settings args=${JSON.stringify({memory: false})} | tool name=remember args=${JSON.stringify({text: RIG})} | text say=Off.]]`, {}, asUser(user));
    assert.equal(reply.json.tool_calls[0].result.settings.memory, false, reply.text);
    assert.equal(reply.json.tool_calls[1].result.error.code, "memory_off");
    assert.ok(!tools().includes("remember"));
    await turnMemory(user, true);
    await stack.post("/tools/remember", {text: spaced(RIG)}, asUser(user));
    await stack.chat(`x [[tool name=update_settings args=${JSON.stringify({memory: false})} | text say=Off.]]`, {}, asUser(user));
    assert.match(stack.double.requests.at(-2).raw, /Remembered about the user/);
    assert.doesNotMatch(stack.double.requests.at(-1).raw, /Remembered about the user/, "the call behind it is told nothing");
  });

  test("forgotten for good: no undo, no history, no text in the result", async () => {
    const user = uuid(), records = async () => (await stack.redis("HGETALL", `tp:{${user}}:r:change`)) + (await stack.redis("HGETALL", `tp:{${user}}:r:memory`));
    const first = (await stack.post("/tools/remember", {text: spaced(RIG)}, asUser(user))).json.memory;
    const second = (await stack.post("/tools/remember", {text: "Its height is 3.4 m.", replaces: first.id}, asUser(user))).json.memory;
    await stack.post("/tools/remember", {text: "No coriander."}, asUser(user));
    assert.match(await records(), /3\.2 m high/); // what it replaced is in the history
    const gone = await stack.post("/tools/forget", {memory: second.id, for_good: true}, asUser(user));
    assert.equal(gone.status, 200, gone.text);
    assert.doesNotMatch(gone.text, /3\.4 m/);
    assert.doesNotMatch(await records(), /3\.4 m|3\.2 m/); // nor what it replaced
    for (let i = 0; i < 3; i++) await stack.post("/tools/undo", {}, asUser(user)); // takes back what there is: the last fact
    assert.doesNotMatch((await stack.post("/tools/recall", {}, asUser(user))).text, /3\.[24] m/);
    await stack.post("/tools/remember", {text: "No coriander."}, asUser(user));
    await stack.post("/tools/forget", {memory: "coriander"}, asUser(user));
    assert.match(await records(), /coriander/); // can be brought back
    const later = await stack.post("/tools/forget", {memory: "coriander", for_good: true}, asUser(user));
    assert.equal(later.status, 200, later.text);
    assert.doesNotMatch(await records(), /coriander/i);
    assert.notEqual((await stack.post("/tools/forget", {memory: "coriander", for_good: true}, asUser(user))).status, 200);
  });

  test("everything for good: also what was forgotten and replaced before, after a yes", async () => {
    const user = uuid(), session_id = uuid(), history = () => stack.redis("HGETALL", `tp:{${user}}:r:change`);
    const remember = async (text, more) => (await stack.post("/tools/remember", {text, ...more}, asUser(user))).json.memory;
    await remember("No fish.", {replaces: (await remember("No mussels.")).id});
    await stack.post("/tools/forget", {memory: (await remember("No coriander.")).id}, asUser(user));
    await remember("No celery.");
    await stack.post("/tools/create_expense", {amount: 5, category: "food", description: "Coffee at noon"}, asUser(user));
    for (const text of ["mussels", "coriander"]) assert.ok((await history()).includes(text), text);
    const all = await stack.chat(call("forget", {what: "everything", for_good: true}), {session_id}, asUser(user));
    assert.match(all.json.interrupts[0].message, /, for good/, all.text);
    const yes = await stack.post(`/approvals/${all.json.interrupts[0].id}`, {approved: true}, asUser(user));
    assert.equal(yes.status, 202, yes.text);
    await eventually(async () => (await stack.post("/tools/recall", {}, asUser(user))).json.count === 0, "all is forgotten");
    assert.doesNotMatch(await history(), /mussels|fish|coriander|celery|memory/);
    assert.match(await history(), /create_expense/);
  });

  test("memories that cannot be read cost no turn", async () => {
    const user = uuid();
    await stack.redis("SET", `tp:{${user}}:r:memory:by-time`, "not a set");
    const reply = await stack.chat("hello [[text say=Fine.]]", {}, asUser(user));
    assert.deepEqual([reply.status, reply.json.response], [200, "Fine."], reply.text);
  });
});

describe("memory that is off for the site", () => {
  let stack;
  before(async () => { stack = await Stack.start({chain: "openai", settings: {memory: "off"}}); });
  after(() => stack.stop());

  test("no tool of it is offered, listed or run, but forget", async () => {
    const user = uuid();
    await stack.chat("hello [[text say=Yes.]]", {}, asUser(user));
    assert.ok(!JSON.parse(stack.double.requests.at(-1).raw).tools.some(tool => tool.function.name === "remember"));
    const refused = await stack.post("/tools/remember", {text: "It is red."}, asUser(user));
    assert.deepEqual([refused.status, refused.json.code], [409, "memory_off"], refused.text);
    await stack.request("PUT", "/context", {body: {memory: true}, ...asUser(user)});
    assert.equal((await stack.post("/tools/recall", {}, asUser(user))).json.code, "memory_off");
  });
});

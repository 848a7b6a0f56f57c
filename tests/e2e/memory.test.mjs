// SPDX-License-Identifier: BSD-2-Clause
// What the assistant remembers about a user: told in one conversation, known in the next, never on a stranger's word.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Stack, uuid} from "./harness.mjs";

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

  test("memories that cannot be read cost no turn", async () => {
    const user = uuid();
    await stack.redis("SET", `tp:{${user}}:r:memory:by-time`, "not a set");
    const reply = await stack.chat("hello [[text say=Fine.]]", {}, asUser(user));
    assert.deepEqual([reply.status, reply.json.response], [200, "Fine."], reply.text);
  });
});

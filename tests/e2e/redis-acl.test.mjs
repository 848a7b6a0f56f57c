// SPDX-License-Identifier: BSD-2-Clause
// Redis' user as docs/operate.md makes it: enough for the service with one Redis and with a cluster, and nothing in it that nobody uses. The rights are
// read from the guide. Every other test runs with that user, too, when TURNPIKE_TEST_ACL=1 is set.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {eventually, SLOW, Stack, TOP, uuid} from "./harness.mjs";
import {readGuide} from "./redis-acl.mjs";
import {ClusterSite} from "./redis-cluster-site.mjs";

const OF_FAILOVER = ["client", "exec", "wait", "count"]; // turnpike failover, whose rights stand elsewhere; and a word of an option
const LONG = 60000 * SLOW;
const as = (user, headers = {}) => ({headers: {"X-Dev-User": user, ...headers}});

function sources(extension) {
  const folders = ["store", "wire", "tools", "agent", "fcgi-app", "process", "workers"];
  return folders.flatMap(folder => readdirSync(join(TOP, folder), {recursive: true}).filter(name => name.endsWith(extension)).map(name => readFileSync(join(TOP, folder, name), "utf8"))).join("\n");
}

test("the guide lists the commands that scripts and programs use, and no others", () => {
  const {rules, more} = readGuide(), granted = new Set([...rules, ...more].filter(r => r.startsWith("+")).map(r => r.slice(1).split("|")[0]));
  const lua = sources(".lua"), c = sources(".c"), called = new Set([lua.matchAll(/redis\.p?call\(\s*['"](\w+)['"]/g),
    c.matchAll(/link_command\([^;"]*"([A-Z]+)\b/g), c.matchAll(/(?:link_text|args_text)\((?:&\w+, )?"([A-Z]{3,})"/g)].flatMap(found => [...found].map(([, name]) => name.toLowerCase())));
  assert.ok(called.size > 60, `${called.size} commands are found`);
  for (const name of OF_FAILOVER) called.delete(name);
  assert.deepEqual([...called].filter(name => !granted.has(name)), []);
  assert.deepEqual([...granted].filter(name => !called.has(name) && !new RegExp(`\\b${name.toUpperCase()}\\b`).test(c + lua)), []);
});

/** A bit of everything that touches Redis. */
async function useAll(stack) {
  const user = uuid(), session_id = uuid(), socket = await stack.socket(`/ws/${user}`);
  const ok = async (method, path, body, status = 200) => {
    const reply = await stack.request(method, path, {body, ...as(user)});
    assert.ok(reply.status === status, `${method} ${path}: ${reply.status} ${reply.text}`);
    return reply.json;
  };
  const tool = async (name, args) => ok("POST", `/tools/${name}`, args);
  await ok("GET", "/health");
  await ok("POST", "/chat", {message: `Kiwi [[tool name=create_expense args={"amount":12.5,"category":"diesel","description":"x"} | text words=5]]`, session_id});
  const stream = stack.chatStream("more [[text words=5]]", {session_id}, as(user, {Accept: "text/event-stream"}));
  await stream.all();
  assert.equal(stream.types().at(-1), "RUN_FINISHED");
  socket.message("again [[text words=5]]", {session_id});
  await socket.until("RUN_FINISHED");
  const {messages} = await ok("GET", `/sessions/${session_id}/messages`);
  await ok("POST", "/feedback", {message_id: messages.at(-1).id, rating: 5});
  await ok("PATCH", `/sessions/${session_id}`, {title: "The road", pinned: true});
  assert.equal((await ok("GET", "/sessions?q=kiwi")).sessions.length, 1);
  for (const path of ["/sessions", "/context", "/usage", "/inbox", "/tools", "/approvals", "/attachments", "/push/subscriptions", "/calendar/subscriptions"]) await ok("GET", path);

  await tool("set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: 1, label: "eggs"});
  const event = await tool("create_calendar_event", {title: "Dentist", start_date: "2031-05-20T15:00:00"});
  await tool("plan_trip", {origin: "-33.87,151.21", destination: "-27.47,153.02", budget: 900});
  await tool("export_budget_report", {format: "csv"});
  await tool("send_proactive_message", {type: "tip", message: "Fill up."});
  const asked = await ok("POST", "/chat", {message: `x [[tool name=delete_calendar_event args={"event_id":"${event.event.id}"} | text say=Done.]]`, session_id: uuid()});
  const answer = await stack.post(`/approvals/${asked.interrupts[0].id}`, {approved: true}, as(user, {Prefer: "respond-async"}));
  assert.ok(answer.status < 300, answer.text);
  await eventually(async () => (await ok("GET", `/turns/${answer.json.turn_id}`)).state === "done", "the answer is used", LONG);
  assert.equal((await socket.until("timer_expired", LONG)).label, "eggs");
  await ok("POST", "/ws-ticket", {}, 201);
  assert.equal((await stack.get("/export", as(user))).status, 200);
  await ok("DELETE", `/sessions/${session_id}?undo=true`);
  await ok("POST", `/sessions/${session_id}/restore`, {});
  await socket.end();
  const erased = await stack.request("DELETE", "/user-data", as(user, {"X-Confirm-Erase": user}));
  assert.equal(erased.status, 200, erased.text);
}

describe("one Redis with the guide's user", () => {
  let stack;
  before(async () => { stack = await Stack.start({acl: true}); });
  after(() => stack?.stop());
  test("has all rights that the service needs", async () => {
    await useAll(stack);
    assert.equal(await stack.redis("acl", "log"), "");
    assert.doesNotMatch(stack.log(), /NOPERM/);
  });
  test("has no others", async () => {
    const keys = await stack.redis("acl", "dryrun", "turnpike", "get", "other:key"), command = await stack.redis("acl", "dryrun", "turnpike", "flushall");
    assert.match(keys, /no permissions|NOPERM/);
    assert.match(command, /no permissions|NOPERM/);
  });
});

describe("a cluster with the guide's user", () => {
  let site, stack;
  before(async () => {
    site = await ClusterSite.start({acl: true});
    stack = await Stack.start({own: false, settings: site.settings});
  });
  after(async () => {
    await stack?.stop();
    await site?.stop();
  });
  test("has all rights that the service needs", async () => {
    await useAll(stack);
    assert.deepEqual(await site.denials(), []);
    assert.doesNotMatch(stack.log(), /NOPERM/);
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// API keys as an operator handles them: scopes, expiry, rotation, revocation on all machines; and the audit log.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawn, spawnSync} from "node:child_process";
import {createHash} from "node:crypto";
import {readFileSync, rmSync, statSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {SECRET, token} from "./credentials.mjs";
import {BUILD, eventually, scratch, Stack, uuid, within} from "./harness.mjs";

const PROGRAM = join(BUILD, "turnpike");

describe("API keys", () => {
  let dir, one, two, keys, audit;
  const settings = {development: "off", "jwt.algorithm": "HS256", "jwt.secret": SECRET, "jwt.audience": "turnpike", "jwt.leeway": "0ms"};
  before(async () => {
    dir = scratch("tp-keys-");
    [keys, audit] = ["keys", "audit"].map(name => join(dir, name));
    writeFileSync(keys, "# keys of the test\n", {mode: 0o640});
    one = await Stack.start({settings: {...settings, "api_keys.file": keys, "audit.file": audit}});
    // The other machine has a copy of the file that nobody changes.
    writeFileSync(join(dir, "other"), "");
    two = await Stack.start({settings: {...settings, "api_keys.file": join(dir, "other")}, beside: one});
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
    rmSync(dir, {recursive: true});
  });
  const run = (...args) => execFileSync(PROGRAM, ["--config", join(one.dir, "turnpike.conf"), ...args], {encoding: "utf8", stdio: ["ignore", "pipe", "pipe"]});
  const runs = (...args) => run("api-key", ...args);
  const made = (...args) => /^tpk_[0-9a-f]+$/m.exec(runs(...args))[0];
  const list = () => JSON.parse(runs("list", "--json"));
  const as = key => ({headers: {Authorization: `Bearer ${key}`}});
  const learned = (key, status, stack = one) => eventually(async () => (await stack.get("/sessions", as(key))).status === status, `the key's status is ${status}`);
  const acts = () => readFileSync(audit, "utf8").trim().split("\n").map(line => JSON.parse(line));

  test("a key counts at once, without a reload, and may do what its scopes say", async () => {
    const key = made("add", "ann", "--scopes", "read", "--name", "reports", "--class", "gold");
    await learned(key, 200);
    assert.equal(statSync(keys).mode & 0o777, 0o640);
    assert.match(readFileSync(keys, "utf8"), /^# keys of the test\n[0-9a-f]{64} ann user created=\S+ scopes=read class=gold reports\n$/);
    for (const [method, path, body, scope] of [["POST", "/chat", {message: "hello"}, "chat"], ["PUT", "/context", {a: 1}, "write"],
      ["POST", "/tools/create_note", {}, "tools"], ["POST", `/approvals/${uuid()}`, {approved: true}, "approve"], ["POST", "/inbox/bob", {title: "x", text: "y"}, "admin"],
      ["DELETE", "/user-data", undefined, "write"]]) {
      const reply = await one.request(method, path, {body, ...as(key)});
      assert.equal(`${reply.status} ${reply.json.code} ${reply.json.scope}`, `403 scope_missing ${scope}`, `${method} ${path}`);
    }
    await assert.rejects(one.socket("/ws", as(key)), error => error.status === 403 && /scope_missing/.test(error.body));
    const ticket = (await one.post("/ws-ticket", {}, as(key))).json.ticket;
    await assert.rejects(one.socket(`/ws?ticket=${ticket}`), error => error.status === 403, "a ticket has no more than its key");
  });

  test("an answer to an approval needs its scope on every way", async () => {
    const asks = made("add", "gus", "--scopes", "chat,read,tools"), answers = made("add", "gus", "--scopes", "approve,chat,read,tools");
    await learned(answers, 200);
    const event = await one.post("/tools/create_calendar_event", {title: "Private dinner", start_date: "2031-05-20T15:00"}, as(asks));
    assert.equal(event.status, 200, event.text);
    const event_id = /"(?:event_)?id":"([^"]+)"/.exec(event.text)[1];
    const call = await one.post("/tools/delete_calendar_event", {event_id}, as(asks));
    assert.equal(call.json.code, "approval_required", call.text);
    const id = call.json.approval_id;
    assert.equal((await one.post(`/approvals/${id}`, {approved: true}, as(asks))).json.code, "scope_missing");
    const resumed = await one.post("/agui", {threadId: "main", runId: uuid(), state: {}, messages: [], tools: [], context: [], forwardedProps: {},
      resume: [{interruptId: id, status: "resolved", payload: {approved: true}}]}, {headers: {...as(asks).headers, Accept: "text/event-stream"}});
    assert.match(resumed.text, /scope_missing/);
    const yes = await one.post(`/approvals/${id}`, {approved: true}, as(answers));
    assert.equal(yes.status, 200, yes.text);
    const [asked] = acts().filter(a => a.act === "approval.asked"), [granted] = acts().filter(a => a.act === "approval.granted");
    assert.deepEqual([asked.object, asked.tool, asked.actor.user, granted.object, granted.actor.user], [id, "delete_calendar_event", "gus", id, "gus"]);
    assert.match(asked.arguments, /^[0-9a-f]{64}$/);
    assert.ok(granted.actor.credential.startsWith("k") && /^[0-9a-f]{32}$/.test(granted.trace));
    const other = await one.post("/tools/create_calendar_event", {title: "Second dinner", start_date: "2031-05-21T15:00"}, as(asks));
    const args = JSON.stringify({event_id: /"(?:event_)?id":"([^"]+)"/.exec(other.text)[1]}), session_id = uuid();
    const socket = await one.socket("/ws", as(answers));
    socket.message(`please [[tool name=delete_calendar_event args=${args} | text say=Done.]]`, {session_id});
    const {outcome} = await socket.until("RUN_FINISHED");
    socket.send({type: "approve", id: outcome.interrupts[0].id, approved: false, session_id});
    await socket.until("RUN_FINISHED");
    await socket.end();
    assert.equal(acts().find(a => a.act === "approval.refused").actor.credential, granted.actor.credential, "also over a socket");
    assert.doesNotMatch(readFileSync(audit, "utf8"), /dinner/, "no text of a user");
  });

  test("rotation gives the same rights and ends the old key after its grace", async () => {
    const old = made("add", "bob", "admin", "--scopes", "read,admin", "--expires", "30d");
    const id = list().find(k => k.user === "bob").id;
    run("limits", "bob", "set", `${id}/tokens_day=12345`);
    const fresh = made("rotate", id.slice(0, 8), "--grace", "2s");
    assert.equal(await one.redis("HGET", "tp:{bob}:limits", `${list().find(k => k.user === "bob" && k.id !== id).id}/tokens_day`), "12345");
    await learned(fresh, 200);
    const [a, b] = list().filter(k => k.user === "bob");
    assert.deepEqual([a.role, a.scopes, b.role, b.scopes], ["admin", "read,admin", "admin", "read,admin"]);
    assert.ok(Date.parse(a.expires) < Date.now() + 3000 && Date.parse(b.expires) > Date.now() + 29 * 86400000);
    await learned(old, 401);
    const reply = await one.get("/sessions", as(old));
    assert.equal(reply.json.code, "credential_expired");
    assert.equal((await one.get("/sessions", as(fresh))).status, 200);
  });

  test("the list tells when a key was last used on any machine", async () => {
    const idle = made("add", "pia"), busy = made("add", "pia"), of = key => list().find(k => k.id === createHash("sha256").update(key).digest("hex").slice(0, 16));
    writeFileSync(join(dir, "other"), readFileSync(keys));
    const before = Date.now();
    await learned(busy, 200, two);
    await eventually(() => of(busy).last_used, "the other machine's use is known here");
    assert.ok(Math.abs(Date.parse(of(busy).last_used) - before) < 60000, of(busy).last_used);
    assert.equal(of(idle).last_used, null);
    const line = runs("list").split("\n").find(l => l.startsWith(of(busy).id));
    assert.ok(line.includes(` ${of(busy).last_used.slice(0, 16).replace("T", " ")} `), line);
    const ticket = (await one.post("/ws-ticket", {}, as(idle))).json.ticket;
    assert.ok(ticket);
    await eventually(() => of(idle).last_used, "asking for a ticket is a use");
    writeFileSync(join(dir, "alone.conf"), `api_keys.file = ${keys}\nredis.socket = ${join(dir, "nothing")}\n`);
    const gone = spawnSync(PROGRAM, ["--config", join(dir, "alone.conf"), "api-key", "list", "--json"], {encoding: "utf8"});
    assert.equal(gone.status, 0, gone.stderr);
    assert.ok(JSON.parse(gone.stdout).every(k => !("last_used" in k)), "what nobody can know is not told as never");
  });

  test("two commands at once lose no key", async () => {
    const before = list().length;
    await within(30000, Promise.all(Array.from({length: 6}, (_, i) => new Promise((done, fail) => {
      spawn(PROGRAM, ["--config", join(one.dir, "turnpike.conf"), "api-key", "add", `user${i}`], {stdio: "ignore"}).on("exit", code => code === 0 ? done() : fail(new Error(`ended with ${code}`)));
    }))), "six commands");
    assert.equal(list().length, before + 6);
  });

  test("a revoked key ends on all machines within seconds, with its sockets and streams", async () => {
    const key = made("add", "eve");
    writeFileSync(join(dir, "other"), readFileSync(keys));
    await learned(key, 200);
    await learned(key, 200, two);
    const sockets = [await one.socket("/ws", as(key)), await two.socket("/ws", as(key))];
    const session_id = uuid();
    assert.equal((await two.chat("hello", {session_id}, as(key))).status, 200);
    const stream = two.sse(`/sessions/${session_id}/events`, as(key));
    await stream.response;
    runs("revoke", list().find(k => k.user === "eve").id);
    for (const socket of sockets) assert.equal((await within(20000, socket.closed, "the socket is closed")).code, 4001);
    await stream.all();
    await learned(key, 401);
    await learned(key, 401, two);
    assert.equal((await two.get("/sessions", as(key))).json.code, "credential_revoked");
    assert.match(readFileSync(join(dir, "other"), "utf8"), / eve /, "the other machine's file has it still");
  });

  test("a key whose line says less has less at once, also by what was made of it", async () => {
    const key = made("add", "ida");
    await learned(key, 200);
    const socket = await one.socket("/ws", as(key)), ticket = (await one.post("/ws-ticket", {}, as(key))).json.ticket;
    writeFileSync(keys, readFileSync(keys, "utf8").replace(/ ida user created=\S+/, "$& scopes=read"));
    assert.equal((await within(20000, socket.closed, "the socket is closed")).code, 4001);
    await assert.rejects(one.socket(`/ws?ticket=${ticket}`), error => error.status === 403 && /scope_missing/.test(error.body));
  });

  test("all that was issued to a user ends at once; what is issued later counts", async () => {
    const iat = Math.floor(Date.now() / 1000) - 60, stolen = token("fay", 300, {iat}), jti = uuid(), other = token("gil", 300, {jti});
    const named = token("gil", 300);
    await learned(stolen, 200, two);
    const socket = await two.socket("/ws", as(stolen));
    run("revoke", "user", "fay");
    assert.equal((await within(20000, socket.closed, "the socket is closed")).code, 4001);
    await learned(stolen, 401, two);
    assert.equal((await two.get("/sessions", as(token("fay", 300, {iat: iat + 120})))).status, 200);
    assert.equal((await two.get("/sessions", as(named))).status, 200);
    const id = JSON.parse(Buffer.from(other.split(".")[1], "base64url")).jti;
    run("revoke", "token", id);
    await learned(other, 401, two);
    assert.equal((await two.get("/sessions", as(named))).status, 200);
    assert.match(run("revoke", "list"), /^u:fay {2}issued before /m);
    // What is issued as soon as the command is over counts, though its time is a whole second.
    const again = made("add", "fay"), anew = token("fay", 300, {iat: Math.floor(Date.now() / 1000)});
    await learned(again, 200);
    assert.equal((await one.get("/sessions", as(anew))).status, 200);
    run("revoke", "user", "fay");
    const late = made("add", "fay");
    await learned(again, 401);
    await learned(late, 200);
    run("revoke", "forget", "u:fay");
    await learned(stolen, 200, two);
  });

  test("the audit log has what an administrator reads of users, and self-tests", async () => {
    const key = made("add", "root", "admin");
    await learned(key, 200);
    for (const path of ["/admin/feedback", "/admin/feedback?text=true&user=ann", "/admin/feedback?format=csv"]) assert.equal((await one.get(path, as(key))).status, 200, path);
    assert.equal((await one.post("/admin/selftest", {}, as(key))).status, 202);
    assert.deepEqual(acts().filter(a => a.actor.user === "root").map(a => [a.act, a.object]), [["feedback.read", "ann"], ["feedback.export", undefined], ["selftest", undefined]]);
  });

  test("a subscription to pushes needs the scope read", async () => {
    const key = made("add", "kim", "--scopes", "write");
    await eventually(async () => (await one.request("DELETE", "/push/subscriptions/none", as(key))).status !== 401, "the key is known");
    const reply = await one.post("/push/subscriptions", {endpoint: "https://push.example.org/1"}, as(key));
    assert.equal(`${reply.status} ${reply.json.code} ${reply.json.scope}`, "403 scope_missing read");
  });

  test("the audit log names who did what, and shows a line that was taken out", async () => {
    execFileSync(PROGRAM, ["--run-dir", one.run, "reload"]);
    const lines = acts();
    for (const act of ["api-key.add", "api-key.rotate", "api-key.revoke", "revoke.user", "revoke.token", "revoke.forget", "reload"]) {
      const line = lines.find(a => a.act === act);
      assert.ok(line, act);
      assert.equal(line.actor.uid, process.getuid(), act);
      assert.equal(line.outcome, "done");
    }
    assert.equal(statSync(audit).mode & 0o777, 0o600);
    const text = readFileSync(audit, "utf8");
    assert.doesNotMatch(text, /tpk_/);
    assert.match(run("audit", "verify"), new RegExp(`${lines.length} lines`));
    writeFileSync(join(dir, "cut"), text.split("\n").toSpliced(2, 1).join("\n"));
    assert.throws(() => run("audit", "verify", join(dir, "cut")), error => error.status === 1 && /cut:3: a line before this one is missing/.test(error.stdout));
  });
});

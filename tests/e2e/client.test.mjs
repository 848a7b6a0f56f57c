// SPDX-License-Identifier: BSD-2-Clause
// The client library outside a browser: tokens that are replaced, messages that wait, dead connections.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {rmSync} from "node:fs";
import {join} from "node:path";
import Ws from "ws";
import {claim, isAfter, TurnpikeClient} from "../../web/client/index.js";
import {Network} from "../doubles/network.mjs";
import {KEY, production, token} from "./credentials.mjs";
import {eventually, scratch, SLOW, Stack, uuid} from "./harness.mjs";
import {Watched} from "./watched.mjs";

const EXPIRY_S = 4 * SLOW;

describe("the client library", () => {
  let stack, dir, network;
  before(async () => {
    dir = scratch("tp-client-");
    stack = await Stack.start({settings: production(join(dir, "keys"))});
    network = await Network.start(stack.port);
  });
  after(async () => {
    await network?.stop();
    await stack.stop();
    rmSync(dir, {recursive: true});
  });
  function client(t, options = {}) {
    const c = new Watched({url: stack.url, session: uuid(), ...options});
    t.after(() => c.close());
    c.start();
    return c;
  }

  test("an API key opens a socket, and no address holds it", async t => {
    const c = client(t, {token: KEY});
    assert.equal(await c.ask("hello [[text say=Yes.]]"), "Yes.");
    assert.deepEqual(c.states, ["connecting", "live"]);
  });

  test("a function gives the token, at first and when one has run out", async t => {
    let asked = 0;
    const c = client(t, {token: async () => token("alice", ++asked === 1 ? -10 : 300)});
    assert.equal(await c.ask("hello [[text say=Yes.]]"), "Yes.");
    assert.equal(asked, 2, "the first one was refused");
    assert.deepEqual(c.problems, []);
  });

  test("a token is renewed before its end: the socket never ends with it", async t => {
    let asked = 0;
    const sockets = [];
    class Kept extends Ws {
      constructor(...args) {
        super(...args);
        sockets.push(this);
      }
    }
    const c = client(t, {WebSocket: Kept, token: () => token("alice", ++asked === 1 ? EXPIRY_S : 300)});
    await c.reaches("live");
    await eventually(() => sockets[1]?.readyState === 1 && sockets[0].readyState > 1, "another socket takes its place");
    assert.equal(asked, 2);
    assert.equal(await c.ask("hello [[text say=Yes.]]"), "Yes.");
    assert.deepEqual(c.problems, []);
    assert.deepEqual(c.states, ["connecting", "live"]);
  });

  test("a socket that ends with its token comes back with the next one, in the middle of an answer", async t => {
    const first = token("alice", EXPIRY_S);
    let asked = 0; // the renewal before the end gives the same one
    const c = client(t, {token: () => ++asked < 3 ? first : token("alice")});
    await c.reaches("live");
    const {runId} = c.send("x [[text words=30 hold=15]]");
    await stack.double.until(d => d.held > 0);
    await c.until("event", e => e.type === "TEXT_MESSAGE_CONTENT", () => c.said(runId) !== "");
    await c.until("state", s => s !== "live");
    await c.reaches("live");
    await stack.double.go();
    await c.finished(runId);
    assert.equal(c.said(runId).split(" ").length, 30);
    assert.equal(asked, 3);
    assert.deepEqual(c.problems, []);
  });

  test("a token that ends is told with its reason; what waits is sent with the next one", async t => {
    const c = client(t, {token: token("alice", EXPIRY_S)});
    await c.reaches("live");
    await c.reaches("refused");
    assert.equal(c.reason.code, "expired");
    assert.deepEqual(c.problems.map(p => [p.code, p.reason]), [["refused", "expired"]]);
    const {runId} = c.send("waits [[text say=Sent.]]");
    assert.deepEqual(c.unsent.map(f => f.text), ["waits [[text say=Sent.]]"]);
    c.setToken(token("alice"));
    await c.finished(runId);
    assert.equal(c.said(runId), "Sent.");
    assert.equal(c.reason, null);
  });

  test("a wrong key is refused with a reason, not tried for ever", async t => {
    const c = client(t, {token: "tpk_ffffffffffffffffffffffffffffffffffffffffffffffff"});
    await c.reaches("refused");
    assert.equal(c.reason.code, "unauthenticated");
    assert.deepEqual(c.states, ["connecting", "refused"]);
    const none = client(t);
    await none.reaches("refused");
    assert.equal(none.reason.code, "unauthenticated");
    const odd = client(t, {token: "schlüssel\n"});
    await odd.reaches("refused");
    assert.match(odd.reason.message, /letters, digits and signs/);
  });

  test("a function that fails is told, and asked again", async t => {
    let asked = 0;
    const c = client(t, {token: () => {
      if (++asked === 1) throw new Error("the login server is away");
      return token();
    }});
    assert.equal(await c.ask("hello [[text say=Yes.]]"), "Yes.");
    assert.deepEqual(c.problems.map(p => [p.code, p.message]), [["token_failed", "the login server is away"]]);
  });

  test("requests ask for another token after a 401, once", async t => {
    let asked = 0;
    const c = new Watched({url: stack.url, token: () => token("alice", ++asked === 1 ? -10 : 300)});
    assert.ok(Array.isArray((await c.fetch("/sessions")).sessions));
    assert.equal(asked, 2);
    const wrong = new Watched({url: stack.url, token: () => "rubbish"});
    await assert.rejects(wrong.fetch("/sessions"), {status: 401});
  });

  test("messages keep their order, also those written before the connection", async t => {
    const session = uuid(), c = new Watched({url: stack.url, session, token: KEY});
    t.after(() => c.close());
    const ids = Array.from({length: 8}, (_, i) => c.send(`number ${i} [[text say=ok]]`).runId);
    c.start();
    for (const id of ids) await c.finished(id);
    const started = c.seen.filter(e => e.type === "RUN_STARTED").map(e => e.runId);
    assert.deepEqual(started, ids);
  });

  test("close gives back what was not sent, and tells it", async () => {
    const c = new Watched({url: stack.url, token: KEY});
    const {clientMessageId} = c.send("never sent");
    assert.deepEqual(c.close().map(f => f.text), ["never sent"]);
    assert.deepEqual(c.problems.map(p => [p.code, p.clientMessageId]), [["not_sent", clientMessageId]]);
    assert.deepEqual(c.unsent, []);
  });

  test("a message that was taken is not given back, also not after another connection", async t => {
    const c = client(t, {token: KEY, url: `http://127.0.0.1:${network.port}`});
    const {runId} = c.send("x [[text words=20 hold=3]]");
    await stack.double.until(d => d.held > 0);
    c.send("behind it [[text say=Two.]]");
    await c.until("frame", f => f.type === "accepted" && f.state === "queued");
    const again = c.until("frame", f => f.type === "accepted");
    network.silence();
    const end = c.until("event", e => e.type === "RUN_FINISHED" && e.runId === runId);
    c.stop(); // finds that the socket is dead, and is not lost with it
    await again;
    assert.equal((await end).outcome?.type, "cancelled");
    assert.deepEqual(c.unsent, []);
    assert.deepEqual(c.close(), []);
    assert.deepEqual(c.problems, []);
    stack.double.release();
  });

  test("a message that the server cannot take is told, and the next one goes on", async t => {
    const c = client(t, {token: KEY});
    const long = c.send("x".repeat(70000)); // above stream.frame
    const {runId} = c.send("short [[text say=Here.]]");
    const problem = await c.until("problem", () => true);
    assert.deepEqual([problem.code, problem.clientMessageId], ["too_large", long.clientMessageId]);
    await c.finished(runId);
    const middle = c.send("x".repeat(5000)); // above http.message
    const refused = await c.until("problem", () => true);
    assert.deepEqual([refused.code, refused.clientMessageId], ["invalid_field", middle.clientMessageId]);
    assert.deepEqual(c.unsent, []);
  });

  test("a send finds a dead socket, and its message runs once", async t => {
    const c = client(t, {token: KEY, url: `http://127.0.0.1:${network.port}`});
    assert.equal(await c.ask("hello [[text say=Alive.]]"), "Alive.");
    network.silence();
    const {runId} = c.send("anybody? [[text say=Yes.]]");
    await c.until("state", s => s === "resuming");
    assert.equal(c.reason.code, "slow");
    await c.finished(runId);
    assert.equal(c.seen.filter(e => e.type === "RUN_STARTED" && e.runId === runId).length, 1);
    assert.equal(stack.double.requests.filter(r => r.raw.includes("anybody?")).length, 1);
  });

  test("without a connection a stop waits for one", async t => {
    const c = client(t, {token: KEY, url: `http://127.0.0.1:${network.port}`});
    await c.reaches("live");
    const {runId} = c.send("x [[text words=40 hold=5]]");
    await stack.double.until(d => d.held > 0);
    for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL");
    await c.until("state", s => s === "offline");
    c.stop();
    const end = await c.until("event", e => e.type === "RUN_FINISHED" && e.runId === runId);
    assert.equal(end.outcome?.type, "cancelled");
    stack.double.release();
  });

  test("a message that waits on the server is taken back: it never runs, nor joins the conversation", async t => {
    const c = client(t, {token: KEY});
    const first = c.send("x [[text words=20 hold=3]]");
    await stack.double.until(d => d.held > 0);
    const back = c.send("not this [[text say=Never.]]"), behind = c.send("but this [[text say=Behind.]]");
    await c.until("frame", f => f.type === "accepted" && f.client_message_id === behind.clientMessageId);
    assert.equal((await c.takeBack(back.runId)).text, "not this [[text say=Never.]]");
    assert.equal(await c.takeBack(first.runId), false, "its run has begun");
    assert.equal(await c.takeBack(back.runId), false, "it is not known any more");
    await stack.double.go();
    await c.finished(behind.runId);
    assert.equal(c.said(first.runId).split(" ").length >= 20, true);
    const {messages} = await c.messages();
    assert.deepEqual(messages.filter(m => m.role === "user").map(m => m.content), ["x [[text words=20 hold=3]]", "but this [[text say=Behind.]]"]);
    assert.equal(stack.double.requests.filter(r => r.raw.includes("not this")).length, 0);
    assert.deepEqual(c.problems, []);
    assert.ok(!JSON.stringify(c.seen).includes("not this"), "other tabs need not hear of it");
  });

  test("a message that was never sent is taken back without a connection, and one that may have arrived is asked about", async t => {
    const c = new Watched({url: "http://127.0.0.1:1", token: KEY, session: uuid()});
    t.after(() => c.close());
    const {runId} = c.send("never sent");
    assert.equal((await c.takeBack(runId)).text, "never sent");
    assert.deepEqual(c.unsent, []);
    const late = uuid();
    assert.equal((await c.takeBack(late)), false);
    const stop = await stack.post("/cancel", {client_message_id: late, take_back: true}, {headers: {Authorization: `Bearer ${KEY}`}});
    assert.deepEqual([stop.status, stop.json.state, stop.json.stopping], [202, "taken_back", true]);
    const session = uuid(), reply = await stack.chat("came too late", {client_message_id: late, session_id: session}, {headers: {Authorization: `Bearer ${KEY}`}});
    assert.equal(reply.json.code, "turn_cancelled", reply.text);
    const stored = await stack.get(`/sessions/${session}/messages`, {headers: {Authorization: `Bearer ${KEY}`}});
    assert.deepEqual(stored.json.messages, []);
  });

  test("another class of WebSockets can be given", async t => {
    let made = 0;
    class Counted extends Ws {
      constructor(...args) {
        super(...args);
        made++;
      }
    }
    const c = client(t, {token: KEY, WebSocket: Counted});
    assert.equal(await c.ask("hello [[text say=Yes.]]"), "Yes.");
    assert.equal(made, 1);
    const nobody = new Watched({url: "http://127.0.0.1:1", token: KEY, WebSocket: Counted});
    nobody.start();
    await nobody.reaches("offline");
    nobody.close();
  });

  test("frames that the server cannot read are not sent for ever", async t => {
    class Binary extends Ws {
      send(text) { super.send(Buffer.from(text)); }
    }
    const c = client(t, {token: KEY, WebSocket: Binary});
    await c.reaches("refused");
    assert.deepEqual(c.states, ["connecting", "live", "refused"]);
    assert.equal(c.reason.code, "protocol");
  });

  test("without a WebSocket or an address it says what is missing, and nothing crashes", async () => {
    assert.throws(() => new TurnpikeClient({session: "s"}), /option url must name the site/);
    assert.throws(() => new TurnpikeClient({session: "s", url: "file:///tmp/index.html"}), /option url/);
    assert.throws(() => new TurnpikeClient({url: stack.url, transport: "pigeon"}), /option transport/);
    const without = new TurnpikeClient({url: stack.url, token: KEY, WebSocket: null, transport: "socket"});
    assert.throws(() => without.start(), /pass a class as the option WebSocket/);
    assert.equal(without.state, "closed");
  });
});

test("cursors and claims are read as they are written", () => {
  assert.ok(isAfter("10-1", "9-99") && isAfter("9-10", "9-9") && !isAfter("9-9", "9-9") && isAfter("1-1", ""));
  assert.equal(claim(token("änne"), "sub"), "änne");
  for (const text of [KEY, "a.b.c", "", null, undefined]) assert.equal(claim(text, "sub"), undefined);
});

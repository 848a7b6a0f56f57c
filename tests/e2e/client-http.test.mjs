// SPDX-License-Identifier: BSD-2-Clause
// The client library where no WebSocket can be had: it goes on over HTTP, with the same promises.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {rmSync} from "node:fs";
import {join} from "node:path";
import {Network} from "../doubles/network.mjs";
import {Proxy} from "../doubles/proxy.mjs";
import {KEY, production, token} from "./credentials.mjs";
import {scratch, SLOW, Stack, transcript, uuid} from "./harness.mjs";
import {Page, Watched} from "./watched.mjs";

const EXPIRY_S = 4 * SLOW;
const bearer = {headers: {Authorization: `Bearer ${KEY}`}};

describe("the client library over HTTP", () => {
  let stack, dir, proxy, network;
  before(async () => {
    dir = scratch("tp-client-http-");
    stack = await Stack.start({settings: production(join(dir, "keys"))});
    proxy = await Proxy.start(stack.port);
    network = await Network.start(proxy.port);
  });
  after(async () => {
    await network?.stop();
    await proxy?.stop();
    await stack.stop();
    rmSync(dir, {recursive: true});
  });
  function client(t, options = {}) {
    const c = new Watched({url: proxy.url, session: uuid(), token: KEY, ...options});
    t.after(() => c.close());
    c.start();
    return c;
  }
  const killStreams = async () => { for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL"); };

  test("a proxy that refuses upgrades: the second failed handshake leads to HTTP, and no address holds the key", async t => {
    const c = client(t);
    assert.equal(await c.ask("hello [[text say=Yes.]]"), "Yes.");
    assert.equal(c.transport, "sse");
    assert.deepEqual(c.states, ["connecting", "offline", "connecting", "live"]);
    assert.equal(proxy.urls.filter(u => u.includes("/ws?")).length, 2);
    assert.ok(!proxy.urls.some(u => u.includes(KEY)), "the key stands in an address");
    assert.deepEqual(c.problems, []);
    assert.equal(await c.ask("again [[text say=Still.]]"), "Still.");
  });

  test("without a class of WebSockets, and by the option, it begins over HTTP", async t => {
    for (const options of [{WebSocket: null}, {transport: "sse"}]) {
      const c = client(t, options);
      assert.equal(await c.ask("hello [[text say=Yes.]]"), "Yes.");
      assert.deepEqual(c.states, ["connecting", "live"]);
    }
  });

  test("it hears the events that a socket hears, with their cursors", async t => {
    const session = uuid(), socket = client(t, {url: stack.url, session}), http = client(t, {session, transport: "sse"});
    await socket.reaches("live");
    await http.reaches("live");
    const {runId} = http.send("look [[think say=Hmm | tool name=get_feed args={} | text say=There_it_is.]]");
    await Promise.all([socket.finished(runId), http.finished(runId)]);
    const accepted = http.frames.find(f => f.type === "accepted");
    assert.deepEqual([accepted.run_id, accepted.client_message_id, accepted.session_id], [runId, runId, session]);
    assert.deepEqual(transcript(http.seen), transcript(socket.seen));
    assert.equal(http.cursor, socket.cursor);
    const back = socket.send("and back [[text say=Heard.]]");
    await http.finished(back.runId);
    assert.equal(http.said(back.runId), "Heard.");
  });

  test("messages keep their order, also those written before the connection", async t => {
    const c = new Watched({url: proxy.url, session: uuid(), token: KEY, transport: "sse"});
    t.after(() => c.close());
    const ids = Array.from({length: 6}, (_, i) => c.send(`number ${i} [[text say=ok]]`).runId);
    c.start();
    for (const id of ids) await c.finished(id);
    assert.deepEqual(c.seen.filter(e => e.type === "RUN_STARTED").map(e => e.runId), ids);
  });

  test("a stream worker that dies in the middle of an answer: its text is whole, and comes once", async t => {
    const c = client(t, {transport: "sse"});
    const {runId} = c.send("x [[text words=40 hold=20]]");
    await stack.double.until(d => d.held > 0);
    await c.until("event", e => e.type === "TEXT_MESSAGE_CONTENT", () => c.said(runId) !== "");
    await killStreams();
    await c.until("state", s => s !== "live");
    assert.ok(["network", "server"].includes(c.reason.code), JSON.stringify(c.reason));
    await c.reaches("live");
    await stack.double.go();
    await c.finished(runId);
    assert.equal(c.said(runId).split(" ").length, 40);
    assert.deepEqual(c.states.slice(0, 3), ["connecting", "live", "offline"]);
    assert.ok(c.states.includes("resuming"));
  });

  test("a stop ends the run, also one that was asked for without a connection", async t => {
    const c = client(t, {transport: "sse"});
    const first = c.send("x [[text words=40 hold=5]]");
    await stack.double.until(d => d.held > 0);
    c.stop();
    await c.finished(first.runId);
    assert.equal(c.seen.at(-1).outcome?.type, "cancelled");
    const stopped = f => f.type === "cancel_result" && f.stopping;
    await c.until("frame", stopped, () => c.frames.some(stopped));
    stack.double.release();
    const second = c.send("x [[text words=40 hold=5]]");
    await stack.double.until(d => d.held > 0);
    await killStreams();
    await c.until("state", s => s === "offline");
    c.stop();
    await c.finished(second.runId);
    assert.equal(c.seen.at(-1).outcome?.type, "cancelled");
    stack.double.release();
  });

  test("a message that waits on the server is taken back; one that runs is not", async t => {
    const c = client(t, {transport: "sse"});
    const first = c.send("x [[text words=20 hold=3]]");
    await stack.double.until(d => d.held > 0);
    const back = c.send("not that [[text say=Never.]]");
    await c.until("frame", f => f.type === "accepted" && f.client_message_id === back.clientMessageId, () => c.frames.some(f => f.client_message_id === back.clientMessageId));
    assert.equal((await c.takeBack(back.runId)).text, "not that [[text say=Never.]]");
    assert.equal(await c.takeBack(first.runId), false);
    await stack.double.go();
    await c.finished(first.runId);
    assert.deepEqual((await c.messages()).messages.filter(m => m.role === "user").length, 1);
  });

  test("a send into a network that has died silently: its message runs once", async t => {
    const c = client(t, {transport: "sse", url: `http://127.0.0.1:${network.port}`});
    assert.equal(await c.ask("hello [[text say=Alive.]]"), "Alive.");
    network.silence();
    const {runId} = c.send("anybody there? [[text say=Yes.]]");
    await c.until("state", s => s === "resuming");
    assert.equal(c.reason.code, "slow");
    await c.finished(runId);
    assert.equal(c.seen.filter(e => e.type === "RUN_STARTED" && e.runId === runId).length, 1);
    assert.equal(stack.double.requests.filter(r => r.raw.includes("anybody there?")).length, 1);
  });

  test("a message that the server cannot take is told, and the next one goes on", async t => {
    const c = client(t, {transport: "sse"});
    const long = c.send("x".repeat(5000)); // above http.message
    const huge = c.send("x".repeat(17000000)); // above attachments.body
    const {runId} = c.send("short [[text say=Here.]]");
    await c.finished(runId);
    assert.deepEqual(c.problems.map(p => [p.code, p.clientMessageId]), [["invalid_field", long.clientMessageId], ["too_large", huge.clientMessageId]]);
  });

  test("a token is renewed before its end", async t => {
    let asked = 0;
    const c = client(t, {transport: "sse", token: () => token("alice", ++asked === 1 ? EXPIRY_S : 300)});
    await c.reaches("live");
    await c.until("state", s => s === "resuming", () => c.states.includes("resuming"));
    await c.reaches("live");
    assert.equal(asked, 2);
    assert.equal(await c.ask("hello [[text say=Yes.]]"), "Yes.");
    assert.deepEqual(c.problems, []);
  });

  test("refusals have their reason: a wrong key, none, a token that has ended; setToken goes on", async t => {
    for (const key of ["tpk_ffffffffffffffffffffffffffffffffffffffffffffffff", null]) {
      const c = client(t, {transport: "sse", token: key});
      await c.reaches("refused");
      assert.equal(c.reason.code, "unauthenticated");
    }
    const c = client(t, {transport: "sse", token: token("alice", EXPIRY_S)});
    await c.ask("hello [[text say=Yes.]]");
    await c.reaches("refused");
    assert.equal(c.reason.code, "expired");
    const {runId} = c.send("waits [[text say=Sent.]]");
    c.setToken(token("alice"));
    await c.finished(runId);
    assert.equal(c.said(runId), "Sent.");
  });

  test("a page of an origin that is not named is refused with that reason", async t => {
    for (const options of [{transport: "sse"}, {transport: "socket"}]) {
      const c = new Watched({url: stack.url, session: uuid(), token: KEY, ...options});
      t.after(() => c.close());
      const plain = globalThis.fetch; // as a browser sends it
      globalThis.fetch = (url, o) => plain(url, {...o, headers: {...o.headers, Origin: "https://elsewhere.example.org"}});
      t.after(() => { globalThis.fetch = plain; });
      c.start();
      if (options.transport === "sse") { // reading is no matter of origins for the server: browsers keep it from the page
        await c.reaches("live");
      } else {
        await c.reaches("refused");
        assert.equal(c.reason.code, "origin_not_allowed");
      }
      globalThis.fetch = plain;
    }
  });

  test("entries of the inbox arrive, each once", async t => {
    const page = new Page(t), c = client(t, {transport: "sse"});
    await c.reaches("live");
    const push = message => stack.post("/tools/send_proactive_message", {type: "tip", message}, bearer);
    await push("Fill up");
    page.show(); // as a look every 20 s
    const first = await c.until("frame", f => f.alert?.message === "Fill up");
    assert.deepEqual([first.type, first.state], ["proactive_alert", undefined]);
    await push("Rain");
    page.show();
    await c.until("frame", f => f.alert?.message === "Rain");
    assert.equal(c.frames.filter(f => f.type === "proactive_alert").length, 2);
  });

  test("where streams are held back it polls, and nothing is missing", async t => {
    proxy.holds = true;
    t.after(() => { proxy.holds = false; });
    const session = uuid(), watcher = client(t, {url: stack.url, session});
    await watcher.ask("before [[text say=First.]]");
    const c = client(t, {transport: "sse", session});
    await c.reaches("live");
    assert.equal(c.transport, "poll");
    const {runId} = c.send("x [[text words=40 hold=20]]");
    await stack.double.until(d => d.held > 0);
    await c.until("event", e => e.type === "TEXT_MESSAGE_CONTENT", () => c.said(runId) !== "");
    await killStreams(); // nginx asks another worker: the client need not hear of it
    await watcher.until("state", s => s !== "live");
    await stack.double.go();
    await Promise.all([c.finished(runId), watcher.finished(runId)]);
    assert.equal(c.said(runId).split(" ").length, 40);
    assert.deepEqual(transcript(c.seen), transcript(watcher.seen.slice(watcher.seen.findIndex(e => e.runId === runId))));
    assert.equal(c.cursor, watcher.cursor);
    const fresh = client(t, {transport: "sse"});
    assert.equal(await fresh.ask("a new session [[text say=Too.]]"), "Too.");
    assert.equal(fresh.transport, "poll");
  });

  test("a cursor that the log has lost: the conversation comes as a snapshot, by socket, stream and poll", async t => {
    const session = uuid(), first = client(t, {session, transport: "sse"});
    await first.ask("remember [[text say=Remembered.]]");
    await stack.redis("XTRIM", `tp:{machine}:s:${session}:log`, "MAXLEN", "0");
    t.after(() => { proxy.holds = false; });
    const seen = ["remember [[text say=Remembered.]]", "Remembered."];
    for (const transport of ["socket", "sse", "poll"]) {
      proxy.holds = transport === "poll";
      const c = client(t, {session, cursor: "5-1", ...transport === "socket" ? {url: stack.url} : {transport: "sse"}});
      const snapshot = await c.until("event", e => e.type === "MESSAGES_SNAPSHOT", () => c.seen.some(e => e.type === "MESSAGES_SNAPSHOT")) ?? c.seen.find(e => e.type === "MESSAGES_SNAPSHOT");
      assert.deepEqual(snapshot.messages.map(m => m.content), seen);
      assert.equal(await c.ask("and on [[text say=On.]]"), "On.");
      seen.push("and on [[text say=On.]]", "On.");
      assert.match(c.seen[0].runId, /^snapshot-/);
      assert.equal(c.transport, transport);
    }
  });

  test("sockets are tried again when the network changes: the run goes on over one", async t => {
    const page = new Page(t), c = client(t);
    t.after(() => { proxy.upgrades = false; });
    const {runId} = c.send("x [[text words=30 hold=10]]");
    await stack.double.until(d => d.held > 0);
    await c.until("event", e => e.type === "TEXT_MESSAGE_CONTENT", () => c.said(runId) !== "");
    assert.equal(c.transport, "sse");
    proxy.upgrades = true;
    page.online();
    await c.until("state", s => s === "resuming", () => c.states.includes("resuming"));
    await c.reaches("live");
    await stack.double.go();
    await c.finished(runId);
    assert.equal(c.said(runId).split(" ").length, 30);
    page.online();
    assert.equal(await c.ask("more [[text say=More.]]"), "More.");
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// WebSockets by the ws package: the forms of frames, fan-out, cursors, limits.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import net from "node:net";
import {once} from "node:events";
import {API, pause, Stack, transcript, uuid} from "./harness.mjs";

describe("a WebSocket", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({settings: {"stream.frame": "64k"}});
  });
  after(() => stack.stop());

  test("carries a message and its answer as AG-UI events with cursors", async () => {
    const s = await stack.socket();
    s.message("hello [[text words=6]]", {session_id: uuid(), client_message_id: uuid()});
    await s.until("RUN_FINISHED");
    const events = s.events();
    assert.equal(events[0].type, "RUN_STARTED");
    assert.equal(s.text(), "The road north follows the coast.");
    for (const e of events) assert.match(e.metadata.cursor, /^\d+-\d+$/);
    await s.end();
  });

  test("takes a RunAgentInput, and a bare text", async () => {
    const forms = [
      {threadId: uuid(), runId: uuid(), messages: [{id: uuid(), role: "user", content: "hello [[text say=A.]]"}], tools: [], context: [], state: {}, forwardedProps: {}},
      "hello [[text say=A.]]",
    ];
    for (const form of forms) {
      const s = await stack.socket();
      s.send(form);
      const done = await s.until(f => f.type === "RUN_FINISHED" || f.type === "RUN_ERROR" || f.type === "error");
      assert.equal(done.type, "RUN_FINISHED", JSON.stringify([form, done]));
      assert.equal(s.text(), "A.", JSON.stringify(form));
      if (form.runId) assert.equal(done.runId, form.runId);
      await s.end();
    }
  });

  test("speaks the form of today's clients with them", async () => {
    const s = await stack.socket();
    s.send({type: "init"});
    await s.until("connection");
    s.send({type: "chat", message: "hello [[text say=A.]]", session_id: uuid(), context: {timezone: "Australia/Sydney"}});
    const reply = await s.until(f => f.type === "chat_response" || f.type === "error");
    assert.equal(reply.type, "chat_response", JSON.stringify(reply));
    assert.match(JSON.stringify(reply), /"A\."/);
    s.send({type: "chat", content: "again [[text say=B.]]"});
    assert.match(JSON.stringify(await s.until("chat_response")), /"B\."/);
    s.send({type: "context_update", context: {preferences: {units: "metric"}}});
    await s.until("context_updated");
    s.send({type: "ping"});
    await s.until("pong");
    s.send({type: "chat"});
    assert.equal(typeof (await s.until("error")).error_code, "string");
    await s.end();
  });

  test("with ?format=text gives back the answer's text alone", async () => {
    const s = await stack.socket("/ws?format=text");
    s.ws.removeAllListeners("message");
    const chunks = [];
    const whole = new Promise(done => s.ws.on("message", d => {
      chunks.push(d.toString());
      if (chunks.join("").endsWith("coast.")) done();
    }));
    s.send("hello [[text words=6]]");
    await whole;
    assert.equal(chunks.join(""), "The road north follows the coast.");
    await s.end();
  });

  test("answers ping, also while the model is silent", async () => {
    const s = await stack.socket();
    const session_id = uuid();
    s.message("x [[silent]]", {session_id});
    await s.until("RUN_STARTED");
    s.send({type: "ping"});
    await s.until("pong");
    s.send({type: "cancel"}); // of which session?
    assert.equal((await s.until("error")).code, "invalid_field");
    s.send({type: "cancel", session_id});
    const end = await s.until(f => f.type === "RUN_FINISHED" || f.type === "RUN_ERROR");
    assert.equal(end.outcome?.type, "cancelled");
    await s.end();
  });

  test("two tabs on one session see the same text", async () => {
    const session_id = uuid();
    const a = await stack.socket(), b = await stack.socket();
    await stack.chat("make the session", {session_id});
    b.send({type: "subscribe", session_id});
    a.send({type: "subscribe", session_id});
    for (const s of [a, b]) { s.send({type: "ping"}); await s.until("pong"); }
    a.message("hello [[tool name=get_current_time args={} | text words=40 delay=1]]", {session_id});
    await Promise.all([a.until("RUN_FINISHED"), b.until("RUN_FINISHED")]);
    const run = s => transcript(s.events().slice(s.events().findLastIndex(e => e.type === "RUN_STARTED")));
    assert.deepEqual(run(a), run(b));
    assert.equal(run(a).at(-1).type, "RUN_FINISHED");
    await a.end();
    await b.end();
  });

  test("a socket that comes back with its cursor has every event once", async () => {
    const session_id = uuid();
    const a = await stack.socket();
    a.message("x [[text words=40 hold=20]]", {session_id});
    await a.until(() => a.text().split(" ").length > 12);
    const before = a.events();
    const {cursor} = before.at(-1).metadata;
    a.ws.terminate();
    await a.closed;
    const b = await stack.socket();
    b.send({type: "subscribe", session_id, cursor});
    await stack.double.go();
    await b.until("RUN_FINISHED");
    const events = transcript([...before, ...b.events()]);
    assert.equal(events.filter(e => e.type === "TEXT_MESSAGE_CONTENT").length, 1);
    assert.equal(events.find(e => e.type === "TEXT_MESSAGE_CONTENT").delta.split(" ").length, 40);
    await b.end();
  });

  test("a stop from another tab ends the run as cancelled within 200 ms", async () => {
    const a = await stack.socket(), b = await stack.socket();
    const times = [];
    while (times.length < 10 && !(times.at(-1) < 200)) { // the machine may be busy with something else
      const session_id = uuid();
      a.message("x [[text words=40 hold=20]]", {session_id});
      await a.until("TEXT_MESSAGE_CONTENT");
      const began = performance.now();
      b.send({type: "cancel", session_id});
      const end = await a.until(f => f.type === "RUN_FINISHED" || f.type === "RUN_ERROR");
      times.push(performance.now() - began);
      assert.equal(end.outcome?.type, "cancelled", JSON.stringify(end));
      await stack.double.until(d => !d.requests.at(-1).open, "the model's connection is closed");
    }
    assert.ok(times.at(-1) < 200 * Number(process.env.TURNPIKE_SLOW ?? 1), `${times} ms`);
    await a.end();
    await b.end();
  });

  test("carries two sessions at once and keeps them apart", async () => {
    const s = await stack.socket();
    const [one, two] = [uuid(), uuid()];
    s.message("x [[text say=One.]]", {session_id: one});
    s.message("x [[text say=Two.]]", {session_id: two});
    const ends = [await s.until("RUN_FINISHED"), await s.until("RUN_FINISHED")];
    assert.deepEqual(new Set(ends.map(e => e.threadId)), new Set([one, two]));
    await s.end();
  });

  test("the same client message id on two sockets is one turn, and both see it", async () => {
    const frame = {session_id: uuid(), client_message_id: uuid()};
    const before = stack.double.requests.length;
    const a = await stack.socket(), b = await stack.socket();
    a.message("once [[text words=20 delay=5]]", frame);
    b.message("once [[text words=20 delay=5]]", frame);
    await Promise.all([a.until("RUN_FINISHED"), b.until("RUN_FINISHED")]);
    assert.equal(a.text(), b.text());
    assert.equal(stack.double.requests.length - before, 1);
    await a.end();
    await b.end();
  });

  test("bad frames get an error and keep the socket", async () => {
    const s = await stack.socket();
    for (const frame of [{type: "message"}, {type: "message", text: 5}, {type: "message", text: "x", session_id: "{}"}, {type: "nonsense"}, {type: "subscribe", session_id: "x", cursor: "abc"}]) {
      s.send(frame);
      const error = await s.until("error");
      assert.ok(error.code ?? error.error_code, JSON.stringify(error));
    }
    s.message("still here [[text say=Yes.]]", {session_id: uuid()});
    await s.until("RUN_FINISHED");
    await s.end();
  });

  test("a message above 64 KiB closes it with 1009, one below is taken", async () => {
    const s = await stack.socket();
    s.send({type: "message", text: "x", context: {pad: "y".repeat(60000)}, session_id: uuid()});
    await s.until("RUN_FINISHED");
    s.send({type: "message", text: "x", context: {pad: "y".repeat(70000)}});
    assert.equal((await s.closed).code, 1009);
  });

  test("bad UTF-8, bad frames and binary frames close it with their codes", async () => {
    const text = await stack.socket();
    text.ws._socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28])); // a text frame that is no UTF-8
    assert.equal((await text.closed).code, 1007);
    const reserved = await stack.socket();
    reserved.ws._socket.write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]));
    assert.equal((await reserved.closed).code, 1002);
    const unmasked = await stack.socket();
    unmasked.ws._socket.write(Buffer.from([0x81, 0x01, 0x41]));
    assert.equal((await unmasked.closed).code, 1002);
    const binary = await stack.socket();
    binary.ws.send(Buffer.from([1, 2, 3]));
    assert.equal((await binary.closed).code, 1003);
  });

  test("frames split over many segments, and fragmented messages, are read", async () => {
    const s = await stack.socket();
    const payload = Buffer.from(JSON.stringify({type: "message", text: "hello [[text say=A.]]", session_id: uuid()}));
    const frame = (opcode, fin, data) => {
      const head = data.length < 126 ? Buffer.from([(fin ? 0x80 : 0) | opcode, 0x80 | data.length]) : Buffer.from([(fin ? 0x80 : 0) | opcode, 0x80 | 126, data.length >> 8, data.length & 255]);
      return Buffer.concat([head, Buffer.alloc(4), data]);
    };
    const bytes = Buffer.concat([frame(1, false, payload.subarray(0, 10)), frame(9, true, Buffer.from("p")), frame(0, false, payload.subarray(10, 20)), frame(0, true, payload.subarray(20))]);
    s.ws._socket.setNoDelay(true);
    for (const b of bytes) {
      s.ws._socket.write(Buffer.from([b]));
      await new Promise(setImmediate);
    }
    await s.until("RUN_FINISHED");
    assert.equal(s.text(), "A.");
    await s.end();
  });

  test("random bytes after the handshake crash nothing", async () => {
    const before = (await stack.workers("stream")).map(w => w.pid);
    let random = 99;
    const next = n => (random = (random * 1103515245 + 12345) & 0x7fffffff) % n;
    for (let round = 0; round < 150; round++) {
      const socket = net.connect(stack.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(`GET ${API}/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
      await once(socket, "data");
      socket.write(Buffer.from(Array.from({length: next(200) + 1}, () => next(256))));
      socket.end();
      socket.resume();
    }
    await pause(50);
    assert.deepEqual((await stack.workers("stream")).map(w => w.pid), before);
    const s = await stack.socket();
    s.message("alive [[text say=A.]]", {session_id: uuid()});
    await s.until("RUN_FINISHED");
    await s.end();
  });

  test("a handshake that is none gets a status", async () => {
    for (const [headers, statuses] of [[{}, [400, 426]], [{Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Version": "8", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}, [400, 426]],
      [{Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "short"}, [400]]]) {
      const reply = await stack.get("/ws", {headers});
      assert.ok(statuses.includes(reply.status), `${JSON.stringify(headers)} ${reply.status} ${reply.text}`);
    }
  });
});

describe("limits of a WebSocket", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"rate.ws_messages": 5, "stream.ping": "1s", "stream.idle": "2s"}}); });
  after(() => stack.stop());

  test("too many messages are refused with an error or 4008", async () => {
    const s = await stack.socket();
    for (let i = 0; i < 12; i++) s.message(`x ${i} [[text words=1]]`, {session_id: uuid()});
    const refused = await Promise.race([
      s.until(f => f.type === "error" && /rate/.test(f.code ?? f.error_code)), s.closed]);
    assert.ok(refused.code === 4008 || /rate/.test(refused.code ?? refused.error_code), JSON.stringify(refused));
    s.ws.terminate();
  });

  test("a peer that answers no ping is let go", async () => {
    const s = await stack.socket("/ws", {});
    s.ws.pong = () => {};
    s.ws._receiver.removeAllListeners("ping");
    const {code} = await s.closed;
    assert.ok([1001, 1006].includes(code), String(code));
  });
});

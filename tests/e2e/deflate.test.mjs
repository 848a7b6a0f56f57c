// SPDX-License-Identifier: BSD-2-Clause
// Compressed WebSocket messages: the ws package and Chromium as they are; what does not fit; and the default, which is off.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import net from "node:net";
import {deflateRawSync, constants} from "node:zlib";
import {chromium} from "playwright-core";
import WebSocket from "ws";
import {API, eventually, SLOW, Stack, uuid, within} from "./harness.mjs";

/** A socket of the ws package; `frames` has what it got, `bytes` what came over the wire. */
async function open(stack, options) {
  const ws = new WebSocket(`${stack.url.replace("http", "ws")}${API}/ws`, [], options), frames = [];
  ws.on("message", data => frames.push(JSON.parse(data)));
  ws.closed = new Promise(done => ws.on("close", (code, reason) => done({code, reason: reason.toString()})));
  await new Promise((done, fail) => { ws.on("open", done); ws.on("error", fail); });
  ws.on("error", () => {});
  return Object.assign(ws, {frames, seen: test => eventually(() => frames.find(test), String(test)), bytes: () => ws._socket.bytesRead});
}
const text = frames => frames.filter(f => f.type === "TEXT_MESSAGE_CONTENT").map(f => f.delta).join("");
const ends = f => f.type === "RUN_FINISHED";

/** One frame of a client, with the reserved bits of a compressed message. */
function frame(payload, {opcode = 1, rsv = 4, fin = true} = {}) {
  const head = [(fin ? 0x80 : 0) | rsv << 4 | opcode];
  if (payload.length < 126) head.push(0x80 | payload.length);
  else head.push(0x80 | 126, payload.length >> 8, payload.length & 255);
  return Buffer.concat([Buffer.from([...head, 1, 2, 3, 4]), payload.map((byte, i) => byte ^ (1 + i % 4))]);
}
const packed = value => deflateRawSync(value, {finishFlush: constants.Z_SYNC_FLUSH}).subarray(0, -4);

/** Sends these bytes behind a handshake that asks for compression. Returns the status of the close frame that comes. */
async function raw(stack, bytes, extension = "permessage-deflate") {
  const socket = net.connect(stack.port, "127.0.0.1");
  let got = Buffer.alloc(0);
  socket.on("data", data => { got = Buffer.concat([got, data]); });
  socket.on("error", () => {});
  socket.write(`GET ${API}/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n`
    + `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extension ? `Sec-WebSocket-Extensions: ${extension}\r\n` : ""}\r\n`);
  try {
    await eventually(() => got.includes("\r\n\r\n"), "the handshake");
    const head = got.subarray(0, got.indexOf("\r\n\r\n")).toString();
    socket.write(bytes);
    const close = () => { const at = got.lastIndexOf(Buffer.from([0x88])); return at >= 0 && got.length >= at + 4 && got.readUInt16BE(at + 2); };
    return {head, code: bytes.length ? await eventually(close, "a close frame") : 0};
  } finally {
    socket.destroy();
  }
}

describe("compressed messages of a WebSocket", () => {
  let stack, browser;
  before(async () => {
    stack = await Stack.start({settings: {"ws.deflate": "on", "stream.workers": 1}});
    browser = await chromium.launch({
      executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
  });
  after(async () => {
    await browser?.close();
    await stack.stop();
  });

  test("the ws package: a turn each way, fewer bytes, the same content", async () => {
    const session_id = uuid(), run = async perMessageDeflate => {
      const ws = await open(stack, {perMessageDeflate});
      ws.send(JSON.stringify({type: "message", session_id, text: `x ${"a long message ".repeat(100)}[[text words=200]]`}));
      await ws.seen(ends);
      const result = {extensions: ws.extensions, text: text(ws.frames), bytes: ws.bytes(), snapshot: JSON.stringify(ws.frames).length};
      ws.close();
      await ws.closed;
      return result;
    };
    const plain = await run(false), small = await run({threshold: 0});
    assert.equal(plain.extensions, "");
    assert.match(small.extensions, /permessage-deflate/);
    assert.equal(small.text, plain.text);
    assert.ok(small.text.length > 500);
    assert.ok(small.bytes < plain.bytes, `${small.bytes} of ${plain.bytes}`);
    for (const options of [{serverMaxWindowBits: 9}, {clientMaxWindowBits: 9}, {serverNoContextTakeover: true, clientNoContextTakeover: true}]) {
      const one = await run({threshold: 0, ...options});
      assert.match(one.extensions, /permessage-deflate/, JSON.stringify(options));
      assert.equal(one.text, plain.text, JSON.stringify(options));
    }
  });

  test("what is large is smaller by half: a snapshot of the conversation", async () => {
    const session_id = uuid(), size = async perMessageDeflate => {
      const ws = await open(stack, {perMessageDeflate});
      ws.send(JSON.stringify({type: "subscribe", session_id, cursor: "1-1"}));
      await ws.seen(f => f.type === "MESSAGES_SNAPSHOT");
      await ws.seen(ends);
      const bytes = ws.bytes();
      ws.close();
      await ws.closed;
      return bytes;
    };
    for (let i = 0; i < 4; i++) await stack.chat("x [[text words=400]]", {session_id});
    await stack.redis("XTRIM", `tp:{dev}:s:${session_id}:log`, "MAXLEN", "1");
    const plain = await size(false), small = await size(true);
    assert.ok(small < plain / 2, `${small} of ${plain}`);
  });

  test("Chromium, which asks for it by itself", async () => {
    const context = await browser.newContext(), page = await context.newPage();
    try {
      await page.goto(stack.url);
      const result = await page.evaluate(async ({url, message}) => {
        const ws = new WebSocket(url);
        await new Promise((done, fail) => { ws.onopen = done; ws.onerror = fail; });
        ws.send(JSON.stringify({type: "message", text: message}));
        let words = "";
        await new Promise((done, fail) => {
          ws.onclose = fail;
          ws.onmessage = ({data}) => {
            const frame = JSON.parse(data);
            if (frame.type === "TEXT_MESSAGE_CONTENT") words += frame.delta;
            if (frame.type === "RUN_FINISHED") done();
          };
        });
        ws.onclose = null;
        return {extensions: ws.extensions, words};
      }, {url: `${stack.url.replace("http", "ws")}${API}/ws`, message: `x ${"ä€😀 ".repeat(200)} [[text say="Grüße, 世界."]]`});
      assert.match(result.extensions, /permessage-deflate/);
      assert.equal(result.words, "Grüße, 世界.");
    } finally {
      await context.close();
    }
  });

  test("a message that unpacks to more than stream.frame is 1009, and costs no more memory", async () => {
    const [worker] = await stack.workers("stream");
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${worker.pid}/status`, "utf8"))[1]);
    const bomb = packed(Buffer.alloc(40_000_000, "a")), before = rss();
    assert.ok(bomb.length < 65000);
    for (let i = 0; i < 20; i++) assert.equal((await raw(stack, frame(bomb))).code, 1009);
    if (SLOW === 1) assert.ok(rss() - before < 20000, `${before} ${rss()} KiB`);
    assert.equal((await raw(stack, frame(packed(Buffer.alloc(70000, "a"))))).code, 1009, "a little too long");
    assert.equal((await stack.workers("stream"))[0].pid, worker.pid);
  });

  test("bad data closes with the code that fits", async () => {
    const ping = packed('{"type":"ping"}');
    for (const [what, bytes, code] of [
      ["no compressed data", frame(Buffer.from([0xff, 0xff, 0xff])), 1007],
      ["not UTF-8", frame(packed(Buffer.from([0xc3, 0x28]))), 1007],
      ["another reserved bit", frame(ping, {rsv: 2}), 1002],
      ["a compressed ping", frame(Buffer.from("x"), {opcode: 9}), 1002],
      ["RSV1 on a later fragment", Buffer.concat([frame(ping.subarray(0, 4), {fin: false}), frame(ping.subarray(4), {opcode: 0})]), 1002],
      ["half of a close code", frame(Buffer.from([3]), {opcode: 8, rsv: 0}), 1002],
    ]) {
      assert.equal((await raw(stack, bytes)).code, code, what);
    }
    assert.equal((await raw(stack, frame(ping), "")).code, 1002, "compressed without having agreed");
  });

  test("fragments of a compressed message are one", async () => {
    const ws = await open(stack, {perMessageDeflate: {threshold: 0}});
    const whole = JSON.stringify({type: "ping", id: "x".repeat(500)});
    ws.send(whole.slice(0, 100), {fin: false});
    ws.send(whole.slice(100), {fin: true});
    assert.equal((await ws.seen(f => f.type === "pong")).id.length, 500);
    ws.close();
    assert.equal((await within(20000, ws.closed, "the close")).code, 1005);
  });

  test("an idle socket costs no more memory than one without", async () => {
    const [worker] = await stack.workers("stream"), sockets = [];
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${worker.pid}/status`, "utf8"))[1]);
    const grow = async perMessageDeflate => {
      const at = rss();
      for (let i = 0; i < 200; i++) {
        const ws = await open(stack, {perMessageDeflate});
        ws.send(JSON.stringify({type: "ping", id: "y".repeat(2000)}));
        await ws.seen(f => f.type === "pong");
        sockets.push(ws);
      }
      return rss() - at;
    };
    await grow(false); // what the first ones cost anyhow
    const plain = await grow(false), small = await grow({threshold: 0});
    for (const ws of sockets) ws.terminate();
    if (SLOW === 1) assert.ok(small - plain < 4000, `200 sockets: ${plain} KiB plain, ${small} KiB compressed`); // a window of its own would be 50 MB
  });
});

test("by default nothing is compressed", async () => {
  const stack = await Stack.start();
  try {
    const ws = await open(stack, {perMessageDeflate: true});
    assert.equal(ws.extensions, "");
    ws.close();
    assert.match((await raw(stack, Buffer.alloc(0))).head, /^HTTP\/1.1 101/);
    assert.doesNotMatch((await raw(stack, Buffer.alloc(0))).head, /Extensions/i);
    assert.equal((await raw(stack, frame(packed('{"type":"ping"}')))).code, 1002);
  } finally {
    await stack.stop();
  }
});

// SPDX-License-Identifier: BSD-2-Clause
// What a hostile or broken client sends, and what that must not do.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import net from "node:net";
import {gzipSync} from "node:zlib";
import {API, eventually, pause, SLOW, Stack, uuid} from "./harness.mjs";

/** Sends bytes as they are and gives what comes back until the end, or for `ms`. */
function raw(stack, bytes, ms = 500 * SLOW) {
  return new Promise(done => {
    const socket = net.connect(stack.port, "127.0.0.1");
    let text = "";
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", data => { text += data.toString("latin1"); });
    socket.on("error", () => {});
    socket.on("close", () => { clearTimeout(timer); done(text); });
  });
}
const upgrade = (path, more = "") => `GET ${API}${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
  + `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${more}\r\n`;

/** A frame of a client; anything about it can be wrong. */
function frame(op, payload, {fin = 1, rsv = 0, mask = true, claimed} = {}) {
  const body = Buffer.from(payload), n = claimed ?? BigInt(body.length);
  const head = Buffer.alloc(10);
  head[0] = fin << 7 | rsv << 4 | op;
  head[1] = (mask ? 0x80 : 0) | (n < 126n ? Number(n) : n < 65536n ? 126 : 127);
  const size = n < 126n ? 2 : n < 65536n ? 4 : 10;
  if (size === 4) head.writeUInt16BE(Number(n), 2);
  if (size === 10) head.writeBigUInt64BE(n, 2);
  const key = Buffer.from([1, 2, 3, 4]);
  if (!mask) return Buffer.concat([head.subarray(0, size), body]);
  return Buffer.concat([head.subarray(0, size), key, body.map((byte, i) => byte ^ key[i & 3])]);
}

/** Opens a WebSocket by hand, sends frames, gives the code of the close that comes back, or null. */
function closeCode(stack, frames, ms = 15000 * SLOW) {
  return new Promise(done => {
    const socket = net.connect(stack.port, "127.0.0.1");
    let seen = Buffer.alloc(0), body = -1;
    const finish = code => { clearTimeout(timer); socket.destroy(); done(code); };
    const timer = setTimeout(() => finish(null), ms);
    socket.on("connect", () => socket.write(upgrade("/ws")));
    socket.on("error", () => {});
    socket.on("close", () => finish(undefined));
    socket.on("data", data => {
      seen = Buffer.concat([seen, data]);
      if (body < 0 && (body = seen.indexOf("\r\n\r\n")) >= 0) {
        body += 4;
        socket.write(frames);
      }
      for (let at = body; body >= 0 && at + 2 <= seen.length;) {
        const short = seen[at + 1] & 127, head = short === 126 ? 4 : short === 127 ? 10 : 2;
        if (at + head > seen.length) break;
        const n = short === 126 ? seen.readUInt16BE(at + 2) : short === 127 ? Number(seen.readBigUInt64BE(at + 2)) : short;
        if ((seen[at] & 15) === 8 && at + head + n <= seen.length) return finish(n >= 2 ? seen.readUInt16BE(at + head) : 1005);
        at += head + n;
      }
    });
  });
}

const isProblem = (r, status, code) => {
  assert.equal(r.status, status, r.text);
  assert.match(r.headers["content-type"], /problem\+json/);
  assert.equal(r.json.code, code);
  assert.equal(r.json.status, status);
  assert.ok(r.json.request_id ?? r.json.trace_id, r.text);
  assert.ok(!/script|user_script|WRONGTYPE|\.c:\d|ERR_/.test(r.text), `internals in ${r.text}`);
};

describe("hostile requests", () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false}); });
  after(() => stack.stop());

  test("a session id that is another session's key is nobody's session", async () => {
    assert.equal((await stack.chat("hello", {session_id: "a"})).status, 200);
    for (const part of ["msgs", "log", "queue", "floor", "ctl"]) {
      const id = `a:${part}`;
      isProblem(await stack.chat("hello", {session_id: id}), 422, "invalid_field");
      isProblem(await stack.chat("hello", {conversation_id: id}), 422, "invalid_field");
      isProblem(await stack.post("/agui", {threadId: id, runId: uuid(), messages: [{id: "1", role: "user", content: "x"}]}), 422, "invalid_field");
      for (const path of [`/sessions/${id}`, `/sessions/${id}/messages`, `/sessions/${id}/events`, `/history?conversation_id=${id}`]) {
        isProblem(await stack.get(path), 404, "not_found");
      }
      isProblem(await stack.request("PATCH", `/sessions/${id}`, {body: {title: "x"}}), 404, "not_found");
      isProblem(await stack.request("DELETE", `/sessions/${id}`), 404, "not_found");
      isProblem(await stack.post(`/sessions/${id}/cancel`), 404, "not_found");
    }
    const socket = await stack.socket();
    socket.message("hello", {session_id: "a:log"});
    assert.equal((await socket.until("error")).code, "invalid_field");
    socket.send({type: "subscribe", session_id: "a:ctl"});
    assert.equal((await socket.until("error")).code, "invalid_field");
    await socket.end();
    assert.equal((await stack.get("/sessions/a/messages")).json.messages.length, 2);
    assert.equal((await stack.chat("hello", {session_id: "user:1:main"})).status, 200, "other colons are fine");
  });

  test("cursors that were never given: 422, in the application", async () => {
    await stack.chat("hello", {session_id: "cur"});
    for (const cursor of ["x", "-1", "99999999999999999999999-a", "18446744073709551615-1"]) {
      const c = encodeURIComponent(cursor);
      if (cursor !== "18446744073709551615-1") isProblem(await stack.get(`/sessions?cursor=${c}`), 422, "invalid_field");
      isProblem(await stack.get(`/sessions/cur/messages?cursor=${c}`), 422, "invalid_field");
      isProblem(await stack.get(`/sessions/cur/events?cursor=${c}`), 422, "invalid_field");
      isProblem(await stack.get("/sessions/cur/events", {headers: {"Last-Event-ID": cursor}}), 422, "invalid_field");
    }
    // A garbage Last-Event-ID on a POST is no cursor: the message is answered all the same.
    const reader = stack.chatStream("hello", {}, {headers: {"Last-Event-ID": "18446744073709551615-1"}});
    await reader.until("RUN_FINISHED");
  });

  test("headers do not become our parameters, and internal places are not reachable", async () => {
    for (const headers of [{"Tp-Internal": "stream", "Tp-User": "bob"}, {TP_INTERNAL: "stream", TP_USER: "bob"}, {"T-Start": "1"}]) {
      const r = await stack.get("/sessions?limit=1", {headers});
      assert.equal(r.status, 200);
      isProblem(await stack.post("/internal/message", {session_id: "a", text: "x"}, {headers}), 404, "not_found");
    }
    for (const path of ["/internal/message", "/_stream/sse?user=dev&session=a&scope=session", "/_turnpike/accepted?turn=1",
      "/_turnpike/502", "/%5fstream/sse?user=dev&session=a", `${API}/../../../_stream/sse?user=dev&session=a`]) {
      const text = await raw(stack, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTp-Internal: stream\r\nConnection: close\r\n\r\n`);
      assert.match(text, /^HTTP\/1.1 404 /, path);
    }
    for (const id of ["a%0d%0aX-Accel-Redirect:%20/_stream/sse", "a%0aX:y", "%7Bdev%7D", "..%2f..%2fx", "a%26user%3Dbob"]) {
      const r = await stack.get(`/sessions/${id}/events`);
      assert.equal(r.status, 404, id);
    }
  });

  test("what nginx refuses by itself is a problem too, and says each header once", async () => {
    const get = (path, more) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${more}\r\n`;
    const long = "a".repeat(20000), many = Array.from({length: 8}, (_, i) => `X-A${i}: ${"a".repeat(15000)}\r\n`).join("");
    for (const [status, code, bytes] of [
      [431, "headers_too_large", get(`${API}/sessions`, `X-A: ${long}\r\n`)],
      [431, "headers_too_large", get(`${API}/sessions`, many)],
      [431, "headers_too_large", get("/", `X-A: ${long}\r\n`)],
      [414, "uri_too_long", get(`${API}/sessions?${long}`, "")],
      [412, "precondition_failed", get("/", 'If-Match: "x"\r\n')],
      [400, "bad_request", get(`${API}/%00`, "")],
    ]) {
      const text = await raw(stack, bytes), [head, body] = text.split("\r\n\r\n");
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(head, /\r\nContent-Type: application\/problem\+json; charset=utf-8\r\n/, head);
      assert.equal(JSON.parse(body).code, code);
      assert.equal(JSON.parse(body).status, status);
      assert.equal(head.match(/^Vary:/gim).length, 1, head);
    }
    const part = await raw(stack, get("/", "Range: bytes=99999999-\r\n"));
    assert.match(part, /^HTTP\/1.1 200 /, "files come whole");
  });

  test("an id that is no string is refused, not taken for no id", async () => {
    const socket = await stack.socket();
    for (const more of [{session_id: 5}, {client_message_id: 7}, {client_message_id: ["a"]}, {on_busy: 1}]) {
      socket.message("hello", more);
      const error = await socket.until("error");
      assert.equal(error.code, "invalid_field");
      assert.match(error.message, new RegExp(Object.keys(more)[0]));
    }
    assert.deepEqual(socket.frames.filter(f => f.type === "RUN_STARTED"), []);
    await socket.end();
  });

  test("a credential that cannot be read is refused, not left out", async () => {
    const long = "a".repeat(9000);
    for (const path of [`/ws?ticket=${long.slice(0, 3000)}`, `/ws?token=${long}`, "/ws?token=%zz", "/ws?ticket=%00"]) {
      const error = await stack.socket(path).then(s => { s.ws.terminate(); return {}; }, e => e);
      assert.equal(error.status, 401, path.slice(0, 20));
      const problem = JSON.parse(error.body);
      assert.equal(problem.code, "unauthenticated");
      assert.ok(problem.request_id);
      assert.match(problem.type, /^urn:turnpike:problem:/);
    }
    const text = await raw(stack, upgrade("/ws", `Sec-WebSocket-Protocol: bearer.${long}\r\n`));
    assert.match(text, /^HTTP\/1.1 401 /);
  });

  test("frames that no client may send: the right close", async () => {
    const cases = [
      [1002, frame(1, "x", {mask: false})], [1002, frame(1, "x", {rsv: 4})], [1002, frame(3, "x")], [1002, frame(0, "x")],
      [1002, Buffer.concat([frame(1, "a", {fin: 0}), frame(1, "b")])], [1002, frame(9, "a", {fin: 0})],
      [1002, frame(9, Buffer.alloc(126))], [1002, frame(1, "x", {claimed: 1n << 63n})], [1009, frame(1, "x", {claimed: 1n << 40n})],
      [1009, frame(1, Buffer.alloc(65537, 97))], [1007, frame(1, Buffer.from([0xff]))], [1007, frame(1, Buffer.from([0xed, 0xa0, 0x80]))],
      [1003, frame(2, "x")], [1002, frame(8, Buffer.from([3, 237]))], [1002, frame(8, Buffer.from([3]))], [1007, frame(8, Buffer.from([3, 232, 0xff]))],
      [1009, Buffer.concat(Array.from({length: 100}, (_, i) => frame(i ? 0 : 1, Buffer.alloc(1024, 97), {fin: i === 99 ? 1 : 0})))],
      [1002, Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ];
    const got = await Promise.all(cases.map(([, bytes]) => closeCode(stack, bytes)));
    assert.deepEqual(got, cases.map(([code]) => code));
  });

  test("stream.sock: no WebSocket for a request that two readers could read differently", async () => {
    const ask = bytes => new Promise(done => {
      const socket = net.connect(`${stack.run}/stream.sock`);
      let text = "";
      socket.on("connect", () => socket.write(bytes));
      socket.on("data", data => { text += data.toString("latin1"); if (/^HTTP\/1.1 101/.test(text)) socket.destroy(); });
      socket.on("close", () => done(text.split("\r\n")[0]));
      socket.on("error", () => done("error"));
    });
    const good = upgrade("/ws");
    assert.match(await ask(good), / 101 /);
    for (const [what, bytes] of Object.entries({
      "HTTP/1.0": good.replace("HTTP/1.1", "HTTP/1.0"),
      "no Host": good.replace(/Host: .*\r\n/, ""),
      "two Hosts": good.replace("Host:", "Host: 127.0.0.1\r\nHost:"),
      "a folded line": good.replace("Upgrade: websocket", "Upgrade:\r\n websocket"),
      "a blank before the colon": good.replace("Upgrade:", "Upgrade :"),
      "bare line feeds": good.replaceAll("\r\n", "\n"),
      "a length": good.replace("Upgrade:", "Content-Length: 5\r\nUpgrade:") + "hello",
      "a transfer coding": good.replace("Upgrade:", "Transfer-Encoding: chunked\r\nUpgrade:") + "0\r\n\r\n",
      "both": good.replace("Upgrade:", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nUpgrade:"),
    })) assert.match(await ask(bytes), /^HTTP\/1.1 400 /, what);
  });

  test("a whole number beyond 2^63 is data in a context, and refused where a whole number is due", async () => {
    for (const text of [JSON.stringify(2 ** 63), "18446744073709551615", "-9223372036854775809"]) {
      const body = `{"message":"hello","context":{"counter":${text}}}`;
      assert.equal((await stack.post("/chat", body)).status, 200, text);
      isProblem(await stack.post("/feedback", `{"message_id":"x","rating":${text}}`), 422, "invalid_field");
      const event = await stack.post("/tools/create_expense", `{"amount":${text},"category":"food"}`);
      assert.ok([400, 422].includes(event.status), event.text);
    }
    const socket = await stack.socket();
    socket.ws.send(`{"type":"message","text":"hello","context":{"counter":${2n ** 63n}}}`);
    await socket.until("RUN_FINISHED");
    await socket.end();
  });

  test("a body that is compressed, marked or in another encoding: taken, or told", async () => {
    const text = JSON.stringify({message: "hello"});
    isProblem(await stack.post("/chat", gzipSync(text), {headers: {"Content-Encoding": "gzip"}}), 415, "unsupported_media_type");
    const silent = await stack.post("/chat", gzipSync(text));
    isProblem(silent, 415, "unsupported_media_type");
    assert.match(silent.json.detail, /gzip/);
    assert.equal(silent.headers["accept-encoding"], "identity");
    assert.equal((await stack.post("/chat", `\ufeff${text}`)).status, 200);
    assert.equal((await stack.request("PUT", "/context", {body: `\ufeff{"big":${2n ** 63n}}`})).status, 200);
    isProblem(await stack.post("/chat", Buffer.from(`\ufeff${text}`, "utf16le")), 400, "bad_json");
  });

  test("connections dropped at every stage leave nothing", async () => {
    const stages = ["", "GET ", upgrade("/ws").slice(0, 60), upgrade("/ws"), upgrade("/ws") + "\x81",
      `POST ${API}/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"mess`];
    for (const bytes of stages) {
      const sockets = Array.from({length: 60}, () => net.connect(stack.port, "127.0.0.1"));
      for (const s of sockets) s.on("error", () => {}).on("connect", () => s.write(bytes));
      await pause(100 * SLOW);
      for (const s of sockets) s.resetAndDestroy();
    }
    await eventually(async () => {
      const {turns, pools} = await stack.status();
      return turns.running === 0 && pools.stream.connections === 0;
    }, "all is quiet");
    await eventually(async () => !(await stack.redis("pubsub", "channels")).includes("{"), "nobody listens to a user's channels");
  });

  test("twenty at once with one client message id are one turn", async () => {
    const body = {session_id: uuid(), client_message_id: uuid()};
    const replies = await Promise.all(Array.from({length: 20}, () => stack.chat("what time is it", body)));
    assert.deepEqual([...new Set(replies.map(r => `${r.status} ${r.json.turn_id}`))].length, 1, replies[0].text);
    assert.equal(replies[0].status, 200);
    const {messages} = (await stack.get(`/sessions/${body.session_id}/messages`)).json;
    assert.equal(messages.filter(m => m.role === "user").length, 1);
  });
});

describe("more than there is room for", () => {
  test("streams: refused with 503 at once, not left waiting", async () => {
    const stack = await Stack.start({double: false, settings: {"stream.workers": 2, "stream.connections": 16}});
    const sockets = await Promise.all(Array.from({length: 42}, () => stack.socket().catch(error => error)));
    const open = sockets.filter(s => s.ws), refused = sockets.filter(s => !s.ws);
    assert.equal(open.length, 32);
    for (const error of refused) {
      assert.equal(error.status, 503);
      assert.equal(JSON.parse(error.body).code, "pool_full");
      assert.ok(error.headers["retry-after"]);
    }
    isProblem(await stack.chat("hello", {stream: true}), 503, "pool_full");
    assert.equal((await stack.chat("hello")).status, 200, "JSON needs no stream");
    const connections = async () => (await stack.status()).pools.stream.connections; // written ten times a second
    await eventually(async () => await connections() === 32);
    for (const s of open) s.ws.terminate();
    await eventually(async () => await connections() === 0);
    const reader = stack.chatStream("hello");
    await reader.until("RUN_FINISHED");
    await stack.stop();
  });

  test("a stream worker that is stopped is replaced", async () => {
    const stack = await Stack.start({double: false, settings: {kill_grace: "500ms"}});
    const [{pid}] = await stack.workers("stream");
    process.kill(pid, "SIGSTOP");
    await eventually(async () => {
      const pids = (await stack.workers("stream")).map(w => w.pid);
      return pids.length === 2 && !pids.includes(pid);
    }, "another one stands in its place", 20000 * SLOW);
    await stack.stop();
  });
});

describe("reloads under load", () => {
  test("one after the other: no request is refused", async () => {
    const stack = await Stack.start();
    let over = false;
    const seen = {};
    const note = what => { seen[what] = (seen[what] ?? 0) + 1; };
    const asking = Array.from({length: 4}, async (_, i) => {
      while (!over) {
        const r = i % 2 ? await stack.chat("x [[text words=5 delay=10]]") : await stack.chatStream("x [[text words=5 delay=10]]").response;
        if (!(i % 2)) await r.all();
        note(r.status);
      }
    });
    try {
      for (let i = 0; i < 5; i++) {
        stack.parts.turnpiked.kill("SIGHUP");
        await pause(300);
      }
      await eventually(() => (seen[200] ?? 0) > 20, "requests are answered meanwhile", 60000 * SLOW);
    } finally {
      over = true;
      await Promise.allSettled(asking);
      await stack.stop();
    }
    await Promise.all(asking);
    assert.deepEqual(Object.keys(seen), ["200"], JSON.stringify(seen));
  });

  test("one client alone: no request stays behind with a worker that leaves", async () => {
    const stack = await Stack.start({settings: {"turn.seats": 2, "turn.reserved": 1}});
    for (let i = 0; i < 15; i++) {
      stack.parts.turnpiked.kill("SIGHUP");
      for (const end = Date.now() + 200; Date.now() < end;) {
        const reply = await stack.chat("x [[text words=1]]", {}, {timeout: 6000 * SLOW});
        assert.equal(reply.status, 200, reply.text);
      }
    }
    await stack.stop();
  });

  test("a broken configuration changes nothing", async () => {
    const stack = await Stack.start({double: false});
    const {generation} = await stack.status();
    for (const [name, value] of [["no.such", "1"], ["turn.seats", "-5"], ["jwt.algorithm", "none"], ["run_dir", "/nonexistent"]]) {
      const before = stack.settings[name];
      stack.writeSettings({[name]: value});
      stack.parts.turnpiked.kill("SIGHUP");
      await eventually(() => stack.log().includes("reload failed"), "it is refused");
      if (before === undefined) delete stack.settings[name];
      else stack.settings[name] = before;
    }
    assert.equal((await stack.status()).generation, generation);
    assert.equal((await stack.chat("hello")).status, 200);
    await stack.stop();
  });
});

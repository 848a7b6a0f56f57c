// SPDX-License-Identifier: BSD-2-Clause
// What is refused, and how: problem+json that names the field and the limit.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import net from "node:net";
import {once} from "node:events";
import {API, Stack, uuid} from "./harness.mjs";

describe("bad input", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  function problem(reply, status, more = {}) {
    assert.equal(reply.status, status, reply.text);
    assert.match(reply.headers["content-type"], /^application\/problem\+json/);
    assert.equal(reply.json.status, status);
    assert.equal(typeof reply.json.code, "string");
    assert.equal(typeof reply.json.title, "string");
    assert.equal(reply.json.request_id, reply.headers["x-request-id"]);
    for (const [name, value] of Object.entries(more)) assert.deepEqual(reply.json[name], value, name);
  }

  const bodies = [
    ["no JSON", "{\"message\":", 400, {code: "bad_json"}],
    ["a comment", "{\"message\":\"x\"/*a*/}", 400, {code: "bad_json"}],
    ["NaN", "{\"message\":NaN}", 400, {code: "bad_json"}],
    ["text behind the value", "{\"message\":\"x\"} x", 400, {code: "bad_json"}],
    ["bad UTF-8", Buffer.from([...Buffer.from("{\"message\":\""), 0xc3, 0x28, ...Buffer.from("\"}")]), 400, {code: "bad_json"}],
    ["a raw control character", "{\"message\":\"a\u0001b\"}", 400, {code: "bad_json"}],
    ["40 levels", `{"message":"x","context":${"[".repeat(40)}${"]".repeat(40)}}`, 400, {code: "bad_json"}],
    ["an array", "[]"],
    ["no message", {}, 422, {field: "message"}],
    ["an empty message", {message: "  \n"}, 422, {field: "message"}],
    ["a number as message", {message: 7}, 422, {field: "message"}],
    ["a message of 4001 characters", {message: "é".repeat(4001)}, 422, {field: "message", limit: 4000}],
    ["a NUL in the message", {message: "a\u0000b"}, 422, {field: "message"}],
    ["a session id with a brace", {message: "x", session_id: "a{b}"}, 422, {field: "session_id", limit: 100}],
    ["a long session id", {message: "x", session_id: "s".repeat(101)}, 422, {field: "session_id", limit: 100}],
    ["a context that is no object", {message: "x", context: []}, 422, {field: "context"}],
    ["51 context members", {message: "x", context: Object.fromEntries(Array.from({length: 51}, (_, i) => [`k${i}`, i]))}, 422, {field: "context", limit: 50}],
    ["11 attachments", {message: "x", attachments: Array(11).fill({})}, 422, {field: "attachments", limit: 10}],
    ["an unknown on_busy", {message: "x", on_busy: "shrug"}, 422, {field: "on_busy"}],
    ["a time zone with dots", {message: "x", timezone: "../../etc/passwd"}, 422, {field: "timezone"}],
  ];
  for (const [name, body, status = 0, more] of bodies) {
    test(`${name} is refused`, async () => {
      const reply = await stack.post("/chat", body);
      if (status) problem(reply, status, more);
      else assert.ok(reply.status === 400 || reply.status === 422, reply.text);
    });
  }

  test("4000 characters are taken", async () => {
    assert.equal((await stack.chat("é".repeat(4000))).status, 200);
  });

  test("unknown paths, methods, media types and sizes have their own codes", async () => {
    problem(await stack.get("/nothing"), 404, {code: "not_found"});
    problem(await stack.get("/nothing.html", {raw: true}), 404);
    const wrong = await stack.get("/chat");
    problem(wrong, 405, {code: "method_not_allowed"});
    assert.equal(wrong.headers.allow, "POST");
    problem(await stack.post("/chat", "message=x", {headers: {"Content-Type": "application/x-www-form-urlencoded"}}), 415);
    problem(await stack.post("/chat", {message: "x", context: {a: "b".repeat(1 << 20)}}), 413, {code: "body_too_large"});
    problem(await stack.post("/chat", {message: "x"}, {headers: {Accept: "image/png"}}), 406);
    problem(await stack.get(`/sessions?limit=abc`), 422, {field: "limit"});
    problem(await stack.get(`/sessions/${uuid()}`), 404);
    problem(await stack.get(`/turns/${uuid()}`), 404);
    problem(await stack.get("/sessions/%zz"), 400);
  });

  test("AG-UI input is checked", async () => {
    const good = {threadId: uuid(), runId: uuid(), messages: [{id: uuid(), role: "user", content: "x"}], tools: [], context: [], state: {}, forwardedProps: {}};
    for (const [field, value] of [["threadId", undefined], ["runId", 5], ["messages", "x"], ["messages", []], ["tools", {}]]) {
      problem(await stack.post("/agui", {...good, [field]: value}), 422, {field});
    }
  });

  test("a malformed request line or header is answered by nginx in the same form", async () => {
    const socket = net.connect(stack.port, "127.0.0.1");
    socket.end("GET /x HTTP/1.1\r\nHo st: a\r\n\r\n");
    let text = "";
    socket.on("data", d => { text += d; });
    await once(socket, "close");
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /application\/problem\+json/);
    assert.match(text, /"code":"bad_request"/);
  });

  test("a body that never ends holds no worker", async () => {
    const sockets = Array.from({length: 20}, () => {
      const s = net.connect(stack.port, "127.0.0.1");
      s.on("error", () => {});
      s.write(`POST ${API}/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"mess`);
      return s;
    });
    await Promise.all(sockets.map(s => s.connecting && once(s, "connect")));
    assert.equal((await stack.chat("still there")).status, 200);
    for (const s of sockets) s.destroy();
  });

  test("a thousand mutated bodies are each answered with a status below 500", async () => {
    const seed = JSON.stringify({message: "hello [[text words=1]]", session_id: "s", context: {a: [1, 2.5, null, true], "ü": "é"}, stream: false});
    let random = 12345;
    const next = n => (random = (random * 1103515245 + 12345) & 0x7fffffff) % n;
    for (let round = 0; round < 40; round++) {
      const replies = await Promise.all(Array.from({length: 25}, () => {
        const bytes = Buffer.from(seed);
        for (let k = next(4) + 1; k > 0; k--) bytes[next(bytes.length)] = next(256);
        return stack.post("/chat", bytes.subarray(0, next(5) ? bytes.length : next(bytes.length)), {headers: {Accept: "application/json"}});
      }));
      for (const r of replies) assert.ok(r.status < 500 || r.json?.code === "pool_full", `${r.status} ${r.text}`);
    }
  });
});

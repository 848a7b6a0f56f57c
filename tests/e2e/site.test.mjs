// SPDX-License-Identifier: BSD-2-Clause
// What nginx adds: headers, limits, the page's files, error bodies.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {API, eventually, Stack, uuid} from "./harness.mjs";

describe("nginx in front", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({nginx: "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Test-Address;\n"});
  });
  after(() => stack.stop());

  test("serves the page with a strict policy and lets browsers ask again", async () => {
    const page = await stack.get("/", {raw: true});
    assert.equal(page.status, 200);
    assert.match(page.headers["content-type"], /^text\/html; charset=utf-8/);
    assert.equal(page.headers["cache-control"], "no-cache");
    assert.match(page.headers["content-security-policy"], /default-src 'none'/);
    assert.ok(!/unsafe-inline|unsafe-eval/.test(page.headers["content-security-policy"]));
    assert.equal(page.headers["x-content-type-options"], "nosniff");
    assert.equal(page.headers["x-dns-prefetch-control"], "off");
    assert.ok(!/style=|onclick=|<script>/i.test(page.text), "inline code in the page");
    const again = await stack.get("/", {raw: true, headers: {"If-None-Match": page.headers.etag}});
    assert.equal(again.status, 304);
    for (const file of ["app.js", "client/client.js", "client/chat/markdown-it.js", "style.css", "icon.svg"]) {
      assert.equal((await stack.get(`/${file}`, {raw: true})).status, 200, file);
    }
  });

  test("each reply has one request id and one of each security header", async () => {
    for (const reply of [await stack.get("/sessions"), await stack.chat("hello"), await stack.get("/nope"), await stack.get("/nope", {raw: true})]) {
      assert.match(reply.headers["x-request-id"], /^[0-9a-f]{32}$/);
      assert.equal(reply.headers["x-content-type-options"], "nosniff");
      assert.equal(reply.headers["x-accel-redirect"], undefined);
    }
  });

  test("a stream has its headers too", async () => {
    const reader = stack.chatStream("hello");
    await reader.response;
    assert.match(reader.headers["x-request-id"], /^[0-9a-f]{32}$/);
    assert.match(reader.headers["cache-control"] ?? "", /no-(cache|store)/);
    await reader.all();
  });

  test("the hand-over cannot be asked for from outside", async () => {
    for (const path of ["/_stream/sse?user=dev&session=s&cursor=0-0", "/_stream/", "/_turnpike/502", "//_stream/sse", "/%5fstream/sse"]) {
      const reply = await stack.get(path, {raw: true});
      assert.equal(reply.status, 404, path);
    }
  });

  test("a client cannot pass itself off as one of our processes, or choose the request id", async () => {
    const reply = await stack.post("/internal/message", {text: "x"}, {headers: {"Tp-Internal": "stream", "TP-User": "eve", "TP_INTERNAL": "stream"}});
    assert.equal(reply.status, 404);
    assert.equal((await stack.post("/internal/message", {text: "x"}, {raw: true, headers: {"Tp-Internal": "stream"}})).status, 404);
    const own = await stack.get("/health", {headers: {"X-Request-Id": "mine"}});
    assert.notEqual(own.headers["x-request-id"], "mine");
  });

  test("too many requests of one address or credential get 429 as problem+json; others do not", async () => {
    const from = address => ({headers: {"X-Test-Address": address}});
    const replies = [];
    for (let i = 0; i < 10 && !replies.some(r => r.status === 429); i++) { // a slow machine asks more slowly
      replies.push(...await Promise.all(Array.from({length: 300}, () => stack.get("/health/live", from("192.0.2.1")))));
    }
    const refused = replies.filter(r => r.status === 429);
    assert.ok(refused.length > 0 && replies.length - refused.length >= 100, `${refused.length} of ${replies.length} refused`);
    assert.equal(refused[0].json.code, "rate_limited");
    assert.match(refused[0].headers["content-type"], /problem\+json/);
    assert.equal(refused[0].headers["retry-after"], "1");
    assert.equal((await stack.get("/health/live", from("192.0.2.2"))).status, 200);
    assert.equal((await stack.get("/health/live")).status, 200);
  });

  test("too many streams of one credential get 429", async () => {
    const headers = {"X-Test-Address": "192.0.2.9", "X-Api-Key": ""};
    await stack.chat("x", {session_id: "streams"});
    const readers = [];
    for (let i = 0; i < 300; i++) {
      readers.push(stack.sse("/sessions/streams/events", {headers: {"X-Test-Address": `192.0.2.9`}}));
      await readers.at(-1).response;
      if (readers.at(-1).status === 429) break;
      if (i % 60 === 59) await new Promise(go => setTimeout(go, 1500)); // stays below the request rate
    }
    assert.equal(readers.at(-1).status, 429, `${readers.length} streams were open`);
    assert.ok(readers.length > 60, `${readers.length} streams were open`);
    for (const r of readers) r.drop();
    void headers;
  });

  test("a stream that cannot be opened says that the message is accepted", async () => {
    const other = await Stack.start({settings: {"respawn.min": "5s", "respawn.max": "5s"}});
    try {
      // Stopped stream workers do not answer: with a connect that is refused we would need the socket gone.
      const {renameSync} = await import("node:fs");
      renameSync(`${other.run}/stream.sock`, `${other.run}/gone.sock`);
      const session_id = uuid();
      const reader = other.chatStream("hello [[text words=3]]", {session_id});
      await reader.response;
      assert.equal(reader.status, 503);
      await reader.all();
      const body = JSON.parse(reader.raw.toString());
      assert.equal(body.code, "accepted");
      assert.equal(body.accepted, true);
      assert.match(body.turn_id, /^[0-9a-f-]{36}$/);
      const turn = await eventually(async () => {
        const t = await other.get(`/turns/${body.turn_id}`);
        return t.json?.state === "done" && t;
      }, "the turn ends");
      assert.equal(turn.status, 200);
      renameSync(`${other.run}/gone.sock`, `${other.run}/stream.sock`);
    } finally {
      await other.stop();
    }
  });

  test("the access log tells what happened and when, without queries", async () => {
    await stack.get("/sessions?limit=7");
    await eventually(() => /"GET \/api\/v1\/pam\/sessions" 200/.test(stack.accessLog()), "the line is written");
    assert.ok(!stack.accessLog().includes("limit=7"));
    assert.ok(!stack.accessLog().includes("?"));
    assert.match(API, /^\/api/);
  });
});

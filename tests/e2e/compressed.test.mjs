// SPDX-License-Identifier: BSD-2-Clause
// JSON on a slow line: compressed by nginx, asked for again by its ETag; streams are neither.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import {readFileSync, statSync} from "node:fs";
import {join} from "node:path";
import {gunzipSync} from "node:zlib";
import {API, BUILD, Stack, uuid} from "./harness.mjs";

describe("JSON that is compressed and asked for again", () => {
  let stack, session_id;
  before(async () => {
    stack = await Stack.start();
    session_id = uuid();
    await stack.chat("x [[text words=300]]", {session_id});
  });
  after(() => stack.stop());

  /** The reply with its body as bytes. */
  const ask = (method, path, headers = {}) => new Promise((done, fail) => {
    http.request(`${stack.url}${API}${path}`, {method, agent: false, headers}, response => {
      const chunks = [];
      response.on("data", chunk => chunks.push(chunk));
      response.on("end", () => done({status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks)}));
      response.on("error", fail);
    }).on("error", fail).end();
  });
  const GZIP = {"Accept-Encoding": "gzip"};

  test("a client that takes gzip gets it, and no other; the content is the same", async () => {
    for (const path of ["/tools", `/sessions/${session_id}/messages`, "/sessions?limit=100", "/nothing"]) {
      const plain = await ask("GET", path), packed = await ask("GET", path, GZIP), refused = await ask("GET", path, {"Accept-Encoding": "gzip;q=0"});
      assert.equal(plain.headers["content-encoding"], undefined, path);
      assert.equal(refused.headers["content-encoding"], undefined, path);
      if (plain.body.length < 1024) {
        assert.equal(packed.headers["content-encoding"], undefined, `${path}: short`);
        continue;
      }
      assert.equal(packed.headers["content-encoding"], "gzip", path);
      assert.match([packed.headers.vary].flat().join(), /Accept-Encoding/, path);
      assert.deepEqual(gunzipSync(packed.body), plain.body, path);
      assert.ok(packed.body.length < plain.body.length / 2, `${path}: ${packed.body.length} of ${plain.body.length}`);
    }
    assert.ok((await ask("GET", "/tools", GZIP)).body.length < 80000, "the list of tools");
  });

  test("an ETag is of the content: the same again is a 304, other content is not", async () => {
    for (const path of ["/tools", "/tools/get_current_time", "/sessions", `/sessions/${session_id}`, `/sessions/${session_id}/messages`, "/history", "/context"]) {
      const one = await ask("GET", path), {etag} = one.headers;
      assert.match(etag, /^"[0-9a-f]{32}"$/, path);
      for (const match of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        for (const method of ["GET", "HEAD"]) {
          const again = await ask(method, path, {"If-None-Match": match});
          assert.equal(again.status, 304, `${method} ${path} ${match}`);
          assert.match([again.headers.vary].flat().join(), /Accept-Encoding/, path);
          assert.equal(again.body.length, 0);
          assert.equal(again.headers.etag, etag);
          assert.equal(again.headers["content-type"], undefined);
          assert.equal(again.headers["cache-control"], one.headers["cache-control"]);
          assert.ok(again.headers["x-request-id"], path);
        }
      }
      assert.equal((await ask("GET", path, {"If-None-Match": '"other"'})).status, 200);
      assert.equal((await ask("HEAD", path)).headers.etag, etag);
      assert.match(one.headers["cache-control"], path.startsWith("/tools") ? /^private, no-cache$/ : /^no-store$/);
    }
    const before = (await ask("GET", `/sessions/${session_id}/messages`)).headers.etag;
    await stack.chat("y [[text say=More.]]", {session_id});
    assert.equal((await ask("GET", `/sessions/${session_id}/messages`, {"If-None-Match": before})).status, 200);
  });

  test("the tag of a compressed reply comes back as it was given", async () => {
    const packed = await ask("GET", "/tools", GZIP);
    assert.match(packed.headers.etag, /^W\/"/, "two forms of one content");
    assert.equal((await ask("GET", "/tools", {...GZIP, "If-None-Match": packed.headers.etag})).status, 304);
  });

  test("what is no 200 of a GET has no ETag", async () => {
    for (const [method, path] of [["GET", "/nothing"], ["GET", "/sessions/none"], ["POST", "/ws-ticket"], ["OPTIONS", "/tools"], ["GET", "/export"]]) {
      assert.equal((await ask(method, path)).headers.etag, undefined, `${method} ${path}`);
    }
    assert.equal((await ask("POST", "/ws-ticket", {"If-None-Match": "*"})).status, 201);
  });

  test("no stream is compressed", async () => {
    const events = stack.sse(`/sessions/${session_id}/events?cursor=0-0`, {headers: GZIP});
    await events.until("RUN_FINISHED");
    assert.equal(events.headers["content-encoding"], undefined);
    assert.equal(events.headers.etag, undefined);
    events.drop();
    const turn = stack.chatStream("z [[text words=300]]", {}, {headers: {...GZIP, Accept: "text/event-stream"}});
    await turn.all();
    assert.equal(turn.headers["content-encoding"], undefined);
  });

  test("the list of tools without schemas is short", async () => {
    const whole = await stack.get("/tools"), list = await stack.get("/tools?schemas=off");
    assert.equal(list.json.count, whole.json.count);
    assert.deepEqual(list.json.tools.map(tool => tool.name), whole.json.tools.map(tool => tool.name));
    assert.ok(list.json.tools.every(tool => !("arguments_schema" in tool) && !("examples" in tool) && tool.description));
    assert.deepEqual((await stack.get("/tools?schemas=on")).json, whole.json);
    assert.ok(list.text.length < whole.text.length / 3, `${list.text.length} of ${whole.text.length}`);
    const wrong = await stack.get("/tools?schemas=few");
    assert.equal(wrong.status, 422);
    assert.equal(wrong.json.field, "schemas");
  });

  /** A file of the page, as `ask`. */
  const file = (path, headers = {}) => new Promise((done, fail) => {
    http.get(`${stack.url}${path}`, {agent: false, headers}, response => {
      const chunks = [];
      response.on("data", chunk => chunks.push(chunk));
      response.on("end", () => done({status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks)}));
    }).on("error", fail);
  });

  test("the page's files come as the build has packed them; names with a hash are kept for a year, all others asked for again", async () => {
    const names = readFileSync(join(BUILD, "web/.files"), "utf8").trim().split("\n").map(name => name.replace(/^web\//, "/"));
    const hashed = names.filter(name => /-[A-Z0-9]{8}\.js$/.test(name));
    const long = hashed.filter(name => statSync(join(BUILD, `web${name}`)).size >= 1024); // shorter ones stay as they are
    assert.ok(long.length > 0, names.join());
    for (const name of [...long.slice(0, 3), "/app.js", "/style.css", "/index.html", "/files.js", "/sw.js"]) {
      const plain = await file(name), packed = await file(name, GZIP);
      assert.deepEqual([plain.status, packed.status, plain.headers["content-encoding"], packed.headers["content-encoding"]], [200, 200, undefined, "gzip"], name);
      assert.deepEqual(packed.body, readFileSync(join(BUILD, `web${name}.gz`)), `${name}: the file of the build`);
      assert.deepEqual(gunzipSync(packed.body), plain.body, name);
      assert.equal(packed.headers["content-type"], plain.headers["content-type"], name);
      assert.match([packed.headers.vary].flat().join(), /Accept-Encoding/, name);
      assert.equal(packed.headers["cache-control"], hashed.includes(name) ? "public, max-age=31536000, immutable" : "no-cache", name);
      assert.equal((await file(name, {...GZIP, "If-None-Match": packed.headers.etag})).status, 304, name);
    }
    const gone = await file("/client/chat/code-AAAAAAAA.js", GZIP); // of an older page: never kept as missing
    assert.deepEqual([gone.status, gone.headers["cache-control"]], [404, undefined]);
    // What the page asks for at its first load.
    const first = new Set(), ask = async (name, by = "") => {
      if (first.has(name)) return 0;
      first.add(name);
      const {status, headers, body} = await file(name, GZIP);
      assert.equal(status, 200, `${name}, named by ${by}`);
      const text = (headers["content-encoding"] ? gunzipSync(body) : body).toString();
      const named = name.endsWith(".html") ? text.matchAll(/(?:src|href)="([\w./-]+\.(?:js|css))"/g) :
        name.endsWith(".js") ? text.matchAll(/(?:\bfrom|\bimport)\s*"(\.[^"]+\.js)"/g) : [];
      let bytes = body.length;
      for (const [, other] of named) bytes += await ask(new URL(other, `http://x${name}`).pathname, name);
      return bytes;
    };
    const bytes = await ask("/index.html");
    assert.ok(first.size > 4 && bytes < 120 * 1024, `${[...first]}: ${bytes} bytes`);
  });
});

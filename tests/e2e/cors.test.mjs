// SPDX-License-Identifier: BSD-2-Clause
// Pages of another origin: what their browsers may ask and read, and what they may not.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {createHash, createHmac} from "node:crypto";
import {once} from "node:events";
import {existsSync, readdirSync, readFileSync, renameSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {chromium} from "playwright-core";
import {API, eventually, Stack, TOP, uuid} from "./harness.mjs";

const SECRET = "a secret of more than thirty-two bytes, for tests";
const now = () => Math.floor(Date.now() / 1000);
const b64 = value => Buffer.from(JSON.stringify(value)).toString("base64url");
function token(claims = {}) {
  const body = `${b64({alg: "HS256", typ: "JWT"})}.${b64({sub: "alice", aud: "turnpike", exp: now() + 3600, ...claims})}`;
  return `${body}.${createHmac("sha256", SECRET).update(body).digest("base64url")}`;
}

/** An empty page on a port of its own, which makes it another origin. */
async function site() {
  const server = http.createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>a page of another origin</title>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {origin: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); }};
}

const ROUTES = [
  ["GET", "/sessions"], ["GET", "/sessions/s"], ["PATCH", "/sessions/s"], ["DELETE", "/sessions/s"], ["GET", "/sessions/s/messages"],
  ["GET", "/sessions/s/events"], ["GET", "/streams/sessions/s"], ["GET", "/streams/turns/t"], ["POST", "/sessions/s/cancel"], ["GET", "/turns/t"], ["POST", "/turns/t/cancel"], ["POST", "/cancel"],
  ["POST", "/chat"], ["POST", "/agui"], ["POST", "/ai/chat"], ["GET", "/ai/chat/c/stream"], ["GET", "/ai/chat/c/messages"], ["GET", "/ai/ws"], ["GET", "/agui/capabilities"], ["GET", "/history"], ["DELETE", "/history"], ["GET", "/context"],
  ["PUT", "/context"], ["POST", "/ws-ticket"], ["POST", "/feedback"], ["GET", "/tools"], ["GET", "/tools/get_feed"], ["POST", "/tools/get_feed"],
  ["GET", "/approvals"], ["POST", "/approvals/a"], ["GET", "/inbox"], ["POST", "/inbox/auth0%7C5f"], ["POST", "/inbox/i/ack"], ["POST", "/inbox/i/snooze"],
  ["GET", "/calendar.ics"], ["POST", "/calendar/import"], ["GET", "/expenses.csv"], ["GET", "/trips/t.gpx"], ["POST", "/trips/t/position"], ["GET", "/trips/t/live"], ["GET", "/export"],
  ["DELETE", "/user-data"], ["GET", "/page"], ["GET", "/health"], ["GET", "/health/live"], ["GET", "/health/ready"], ["GET", "/ws"], ["GET", "/ws/alice"],
];

describe("pages of other origins", () => {
  let stack, named, other, browser;
  before(async () => {
    [named, other] = [await site(), await site()];
    stack = await Stack.start({nginx: "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Test-Address;\n", settings: {
      development: "off", "jwt.algorithm": "HS256", "jwt.secret": SECRET, "jwt.audience": "turnpike", origins: `${named.origin} https://app.example.org`,
      "stream.ping": "1s",
    }});
    browser = await chromium.launch({
      executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync"],
    });
  });
  after(async () => {
    await browser?.close();
    named?.close();
    other?.close();
    await stack?.stop();
  });

  const bearer = (more = {}) => ({Authorization: `Bearer ${token()}`, ...more});
  async function open(t, at) {
    const context = await browser.newContext(), page = await context.newPage();
    t.after(() => context.close());
    await page.goto(at.origin);
    return page;
  }

  test("every path answers a preflight of a named origin, for each of its methods, and of no other", async () => {
    for (const [method, path] of ROUTES) {
      const ask = Origin => stack.request("OPTIONS", path, {headers: {Origin, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type"}});
      const reply = await ask(named.origin), what = `${method} ${path} ${reply.text}`;
      assert.equal(reply.status, 204, what);
      assert.equal(reply.headers["access-control-allow-origin"], named.origin, what);
      assert.ok(reply.headers["access-control-allow-methods"].split(", ").includes(method), what);
      assert.match(reply.headers.vary, /Origin/, what);
      assert.ok(Number(reply.headers["access-control-max-age"]) > 0, what);
      assert.equal(reply.headers["access-control-allow-credentials"], undefined, what);
      assert.equal(reply.text, "");
      for (const foreign of [other.origin, `${named.origin}.evil.org`, "null"]) {
        const refused = await ask(foreign);
        assert.deepEqual(Object.keys(refused.headers).filter(name => name.startsWith("access-control")), [], `${foreign} ${what}`);
      }
    }
    assert.equal((await stack.request("OPTIONS", "/nothing", {headers: {Origin: named.origin}})).status, 404);
  });

  test("every header that the application reads may be sent", async () => {
    const reply = await stack.request("OPTIONS", "/chat", {headers: {Origin: named.origin}});
    const allowed = reply.headers["access-control-allow-headers"].toLowerCase().split(", ");
    const own = new Set(["accept-language", "depth", "if-match", "origin", "host", "cookie", "sec-fetch-site", "content-encoding", "access-control-request-method", "x-forwarded-proto"]); // the browser's, a proxy's, those of calendar programs
    for (const file of readdirSync(join(TOP, "fcgi-app")).filter(f => f.endsWith(".c"))) {
      for (const [, name] of readFileSync(join(TOP, "fcgi-app", file), "utf8").matchAll(/"HTTP_([A-Z_]+)"/g)) {
        const header = name.toLowerCase().replaceAll("_", "-");
        assert.ok(own.has(header) || allowed.includes(header), `${header} of ${file}`);
      }
    }
    for (const header of ["content-type", "accept"]) assert.ok(allowed.includes(header));
  });

  test("a named origin can read every reply, errors and nginx' own too; another can read none", async () => {
    const big = "x".repeat(1100000), address = {"X-Test-Address": "192.0.2.77"};
    const flood = async Origin => {
      for (let i = 0; i < 20; i++) {
        const replies = await Promise.all(Array.from({length: 200}, () => stack.get("/health/live", {headers: {...address, Origin}})));
        const refused = replies.find(r => r.status === 429);
        if (refused) return refused;
      }
    };
    for (const [what, status, ask] of [
      ["a list", 200, Origin => stack.get("/sessions", {headers: bearer({Origin})})],
      ["health", 200, Origin => stack.get("/health", {headers: {Origin}})],
      ["no credential", 401, Origin => stack.get("/sessions", {headers: {Origin}})],
      ["no such path", 404, Origin => stack.get("/nothing", {headers: {Origin}})],
      ["another method", 405, Origin => stack.request("PUT", "/chat", {headers: {Origin}})],
      ["a bad field", 422, Origin => stack.chat("", {}, {headers: bearer({Origin})})],
      ["an answer", 200, Origin => stack.chat("hello [[text words=3]]", {}, {headers: bearer({Origin})})],
      ["no upgrade", 426, Origin => stack.get("/ws", {headers: {Origin}})],
      ["too large, of nginx", 413, Origin => stack.post("/feedback", big, {headers: bearer({Origin})})],
      ["not there, of nginx", 404, Origin => stack.get("/nope", {raw: true, headers: {Origin}})],
      ["too many, of nginx", 429, flood],
    ]) {
      const reply = await ask(named.origin);
      assert.equal(reply.status, status, `${what}: ${reply.text}`);
      assert.equal(reply.headers["access-control-allow-origin"], named.origin, what);
      assert.match(reply.headers["access-control-expose-headers"] ?? "", /X-Request-Id/, what);
      const foreign = what.startsWith("too many") ? reply : await ask(other.origin);
      if (foreign === reply) continue;
      assert.equal(foreign.headers["access-control-allow-origin"], undefined, what);
      assert.match(foreign.headers.vary, /Origin/, what);
    }
    renameSync(join(stack.run, "api.sock"), join(stack.run, "api.sock.away"));
    try {
      for (const [Origin, told] of [[named.origin, named.origin], [other.origin, undefined]]) {
        const away = await stack.get("/sessions", {headers: bearer({Origin})});
        assert.equal(away.status, 503, away.text);
        assert.equal(away.headers["access-control-allow-origin"], told);
      }
    } finally {
      renameSync(join(stack.run, "api.sock.away"), join(stack.run, "api.sock"));
    }
    const reader = stack.chatStream("hello [[text words=3]]", {}, {headers: bearer({Origin: named.origin, Accept: "text/event-stream"})});
    await reader.response;
    assert.equal(reader.headers["access-control-allow-origin"], named.origin);
    assert.equal(reader.headers["content-type"], "text/event-stream; charset=utf-8");
    await reader.until("RUN_FINISHED");
  });

  test("a named page in Chromium: JSON, AG-UI, events by ticket, WebSocket", async t => {
    const page = await open(t, named), session = uuid();
    const got = await page.evaluate(async ({api, ws, token, session}) => {
      const out = {}, Authorization = `Bearer ${token}`, type = {"Content-Type": "application/json"};
      const ask = (method, path, body, headers = {}) => fetch(api + path, {method, headers: {Authorization, ...body && type, ...headers},
        body: body && JSON.stringify(body)});
      const chat = await ask("POST", "/chat", {message: "hello [[text words=6]]", session_id: session}, {"Idempotency-Key": "k1"});
      out.chat = [chat.status, (await chat.json()).session_id, chat.headers.get("X-Request-Id")?.length, chat.headers.get("traceparent")?.length];
      out.context = (await ask("PUT", "/context", {home: "Sydney"})).status;
      out.renamed = (await ask("PATCH", `/sessions/${session}`, {title: "mine"})).status;
      out.later = (await ask("POST", "/chat", {message: "x [[text words=2]]"}, {Prefer: "respond-async"})).headers.get("Location");
      out.unknown = (await ask("GET", "/nothing")).status;
      const run = await ask("POST", "/agui", {threadId: session, runId: crypto.randomUUID(), messages: [{id: "m", role: "user", content: "x [[text words=6]]"}],
        tools: [], context: [], state: {}, forwardedProps: {}}, {Accept: "text/event-stream"});
      out.agui = [...(await run.text()).matchAll(/"type":"(RUN_[A-Z]+)"/g)].map(m => m[1]);
      const ticket = async () => (await (await ask("POST", "/ws-ticket", {})).json()).ticket;
      const source = new EventSource(`${api}/sessions/${session}/events?ticket=${await ticket()}&cursor=0-0`);
      out.events = await new Promise((done, fail) => {
        const seen = [];
        source.onmessage = m => { const e = JSON.parse(m.data); seen.push(e.type); if (e.type === "RUN_FINISHED" && seen.filter(x => x === e.type).length === 2) done(seen.length); };
        source.onerror = () => source.readyState === EventSource.CLOSED && fail(new Error("the EventSource was refused"));
      });
      source.close();
      const socket = new WebSocket(`${ws}/ws?ticket=${await ticket()}`);
      out.socket = await new Promise((done, fail) => {
        socket.onopen = () => socket.send(JSON.stringify({type: "message", text: "x [[text words=2]]"}));
        socket.onmessage = m => JSON.parse(m.data).type === "RUN_FINISHED" && done("RUN_FINISHED");
        socket.onerror = () => fail(new Error("the socket was refused"));
      });
      out.erased = (await ask("DELETE", `/sessions/${session}`)).status;
      return out;
    }, {api: stack.url + API, ws: stack.url.replace("http", "ws") + API, token: token(), session});
    assert.deepEqual(got.chat, [200, session, 32, 55]);
    assert.equal(got.context, 200);
    assert.equal(got.renamed, 200);
    assert.match(got.later, /\/turns\//);
    assert.equal(got.unknown, 404);
    assert.deepEqual(got.agui, ["RUN_STARTED", "RUN_FINISHED"]);
    assert.ok(got.events > 10);
    assert.equal(got.socket, "RUN_FINISHED");
    assert.equal(got.erased, 200);
  });

  test("a named page in Chromium asks again by ETag, and reads a log by long-poll and events", async t => {
    const page = await open(t, named), session = uuid();
    await stack.chat("hello [[text words=3]]", {session_id: session}, {headers: bearer()});
    const got = await page.evaluate(async ({api, token, session}) => {
      const out = {}, Authorization = `Bearer ${token}`;
      const ask = (path, headers = {}) => fetch(api + path, {cache: "no-store", headers: {Authorization, ...headers}});
      const tools = await ask("/tools"), etag = tools.headers.get("ETag");
      out.etag = [tools.status, (await ask("/tools", {"If-None-Match": etag})).status];
      const at = `/streams/sessions/${session}`, whole = await ask(at);
      out.types = (await whole.json()).map(e => e.type);
      const next = whole.headers.get("Stream-Next-Offset");
      out.headers = [whole.headers.get("Stream-Up-To-Date"), whole.headers.get("Stream-Closed"), whole.headers.get("ETag")?.length > 4];
      out.again = (await ask(at, {"If-None-Match": whole.headers.get("ETag")})).status;
      const waiting = ask(`${at}?offset=${next}&live=long-poll`);
      const chat = await fetch(`${api}/chat`, {method: "POST", headers: {Authorization, "Content-Type": "application/json"},
        body: JSON.stringify({message: "x [[text words=2]]", session_id: session})});
      out.chat = chat.status;
      const poll = await waiting;
      out.poll = [poll.status, (await poll.json())[0].type, /^\d+$/.test(poll.headers.get("Stream-Cursor"))];
      const {ticket} = await (await fetch(`${api}/ws-ticket`, {method: "POST", headers: {Authorization}})).json();
      const source = new EventSource(`${api}${at}?offset=-1&live=sse&ticket=${ticket}`);
      out.control = await new Promise((done, fail) => {
        source.addEventListener("control", m => { const c = JSON.parse(m.data); if (c.upToDate) done(c.streamNextOffset > next); });
        source.onerror = () => source.readyState === EventSource.CLOSED && fail(new Error("refused"));
      });
      source.close();
      return out;
    }, {api: stack.url + API, token: token(), session});
    assert.deepEqual(got.etag, [200, 304]);
    assert.equal(got.types.at(-1), "RUN_FINISHED");
    assert.deepEqual(got.headers, ["true", null, true]);
    assert.equal(got.again, 304);
    assert.equal(got.chat, 200);
    assert.deepEqual(got.poll, [200, "RUN_STARTED", true]);
    assert.equal(got.control, true);
  });

  test("an unnamed page in Chromium reads nothing, and its preflights fail", async t => {
    const page = await open(t, other);
    const got = await page.evaluate(async ({api, ws, token}) => {
      const tried = {}, attempt = async (name, what) => { try { tried[name] = await what(); } catch (error) { tried[name] = error.name; } };
      await attempt("read", async () => (await fetch(`${api}/health`)).status);
      await attempt("list", async () => (await fetch(`${api}/sessions`, {headers: {Authorization: `Bearer ${token}`}})).status);
      await attempt("ticket", async () => (await fetch(`${api}/ws-ticket`, {method: "POST", headers: {Authorization: `Bearer ${token}`}})).status);
      await attempt("socket", () => new Promise((done, fail) => {
        const socket = new WebSocket(`${ws}/ws?token=${token}`);
        socket.onopen = () => done("open");
        socket.onerror = () => fail(new TypeError("refused"));
      }));
      return tried;
    }, {api: stack.url + API, ws: stack.url.replace("http", "ws") + API, token: token()});
    assert.deepEqual(got, {read: "TypeError", list: "TypeError", ticket: "TypeError", socket: "TypeError"});
  });

  test("an EventSource goes on after its connection broke, with the ticket that it has used up", async t => {
    const page = await open(t, named), session = uuid();
    await stack.chat("hello [[text words=3]]", {session_id: session}, {headers: bearer()});
    const {ticket} = (await stack.post("/ws-ticket", {}, {headers: bearer({Origin: named.origin})})).json;
    await page.evaluate(({api, session, ticket}) => {
      window.seen = [];
      window.opened = 0;
      window.source = new EventSource(`${api}/sessions/${session}/events?ticket=${ticket}`);
      window.source.onopen = () => { window.opened++; };
      window.source.onmessage = m => window.seen.push(JSON.parse(m.data).type);
    }, {api: stack.url + API, session, ticket});
    await page.waitForFunction(() => window.opened === 1);
    for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL");
    await page.waitForFunction(() => window.opened === 2);
    await stack.chat("again [[text words=3]]", {session_id: session}, {headers: bearer()});
    await page.waitForFunction(() => window.seen.includes("RUN_FINISHED"));
    assert.equal(await page.evaluate(() => window.seen.filter(type => type === "RUN_FINISHED").length), 1);
    await page.evaluate(() => window.source.close());
  });

  describe("a ticket for a session's events", () => {
    const ask = async (headers = {}, more) => (await stack.post("/ws-ticket", {}, {headers: {Authorization: `Bearer ${token(more)}`, ...headers}})).json.ticket;
    const events = async (session, ticket, headers = {}) => {
      const reader = stack.sse(`/sessions/${session}/events?ticket=${ticket}&cursor=0-0`, {headers});
      await reader.response;
      return reader;
    };
    const session = uuid(), second = uuid();
    before(async () => {
      for (const session_id of [session, second]) await stack.chat("hello [[text words=3]]", {session_id}, {headers: bearer()});
    });

    test("opens that session again, no other, and no socket", async () => {
      const ticket = await ask();
      for (let i = 0; i < 3; i++) {
        const reader = await events(session, ticket);
        await reader.until("RUN_FINISHED");
        reader.drop();
      }
      assert.equal((await events(second, ticket)).status, 401);
      await assert.rejects(stack.socket(`/ws?ticket=${ticket}`), error => error.status === 401);
      const again = await events(session, ticket);
      assert.equal(again.status, 200, "a wrong use does not end the right one");
      again.drop();
      assert.equal((await stack.get(`/sessions?ticket=${await ask()}`)).status, 401, "no other route takes tickets");
    });

    test("one that a socket has used, or nobody made, opens nothing", async () => {
      const ticket = await ask();
      await (await stack.socket(`/ws?ticket=${ticket}`)).end();
      for (const bad of [ticket, "0".repeat(64), "", "x".repeat(3000), "{}"]) assert.equal((await events(session, bad)).status, 401, bad.slice(0, 70));
    });

    test("is another user's nothing, and bound to its origin", async () => {
      assert.equal((await events(session, await ask({}, {sub: "bob"}))).status, 404);
      const bound = await ask({Origin: named.origin});
      assert.equal((await events(session, bound, {Origin: "https://app.example.org"})).status, 401);
      assert.equal((await events(session, await ask({Origin: named.origin}))).status, 401, "no origin at all");
      const own = await ask({Origin: named.origin});
      const reader = await events(session, own, {Origin: named.origin});
      assert.equal(reader.status, 200);
      assert.equal(reader.headers["access-control-allow-origin"], named.origin);
      reader.drop();
    });

    test("ends with the credential that asked for it", async () => {
      const ticket = await ask({}, {exp: now() + 3});
      const reader = await events(session, ticket);
      assert.equal(reader.status, 200);
      await reader.all(60000);
      assert.match(String(reader.raw), /\n\n$/);
      await eventually(async () => (await events(session, ticket)).status === 401, "it is refused");
    });

    test("opens no socket and no stream once its credential has ended", async () => {
      for (const [expires, allowed] of [[5, false], [Date.now() + 60000, true]]) {
        for (const open of [ticket => stack.socket(`/ws?ticket=${ticket}`).then(s => s.end().then(() => 101), error => error.status),
          async ticket => { const reader = await events(session, ticket); reader.drop(); return reader.status; }]) {
          const ticket = uuid();
          await stack.redis("SET", `tp:ticket:${createHash("sha256").update(ticket).digest("hex")}`, `alice user - ${expires}`);
          assert.equal(await open(ticket) === 401, !allowed);
        }
      }
    });

    test("ends with the erasure of its user, and stands in Redis no more; another user's stays", async () => {
      const carol = await ask({}, {sub: "carol"}), unused = await ask({}, {sub: "carol"}), like = await ask({}, {sub: "carol2"}), mine = uuid();
      const as = sub => ({headers: {Authorization: `Bearer ${token({sub})}`}});
      for (const sub of ["carol", "carol2"]) await stack.chat("hello [[text words=3]]", {session_id: mine}, as(sub));
      for (const ticket of [carol, like]) {
        const reader = await events(mine, ticket);
        await reader.until("RUN_FINISHED");
        reader.drop();
      }
      const erased = await stack.request("DELETE", "/user-data", {headers: {...as("carol").headers, "X-Confirm-Erase": "carol"}});
      assert.equal(erased.status, 200, erased.text);
      await stack.chat("hello [[text words=3]]", {session_id: mine}, as("carol"));
      for (const ticket of [carol, unused]) assert.equal((await events(mine, ticket)).status, 401);
      const still = await events(mine, like);
      assert.equal(still.status, 200);
      still.drop();
      for (const key of (await stack.redis("keys", "tp:grant:*")).split("\n")) assert.doesNotMatch(await stack.redis("get", key), / carol /);
    });

    test("stands in no log", async () => {
      const ticket = await ask();
      (await events(session, ticket)).drop();
      assert.equal((await events("nothing", ticket)).status, 401);
      await eventually(() => stack.accessLog().includes("/sessions/nothing/events"), "the access log is written");
      for (const log of [stack.accessLog(), stack.errorLog(), stack.log()]) assert.ok(!log.includes(ticket) && !log.includes("ticket="), "a ticket is in a log");
      for (const key of (await stack.redis("keys", "tp:grant:*")).split("\n")) assert.ok(!key.includes(ticket));
    });
  });

  test("a page of the site itself, which sends no Origin with a GET, may use its ticket", async t => {
    const own = await Stack.start({double: false, settings: {development: "off", "jwt.algorithm": "HS256", "jwt.secret": SECRET, "jwt.audience": "turnpike",
      origins: "*"}});
    try {
      const context = await browser.newContext(), page = await context.newPage(), session = uuid();
      t.after(() => context.close());
      await own.chat("hello", {session_id: session}, {headers: bearer()});
      await page.goto(`${own.url}/icon.svg`);
      const first = await page.evaluate(async ({api, token, session}) => {
        const {ticket} = await (await fetch(`${api}/ws-ticket`, {method: "POST", headers: {Authorization: `Bearer ${token}`}})).json();
        const source = new EventSource(`${api}/sessions/${session}/events?ticket=${ticket}&cursor=0-0`);
        return new Promise((done, fail) => {
          source.onmessage = m => { source.close(); done(JSON.parse(m.data).type); };
          source.onerror = () => fail(new Error("refused"));
        });
      }, {api: API, token: token(), session});
      assert.equal(first, "RUN_STARTED");
      await context.close();
    } finally {
      await own.stop();
    }
  });
});

describe("clients that are not browsers", () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false}); });
  after(() => stack.stop());

  test("Accept's weights count, and stream with JSON alone is answered with JSON", async () => {
    const asked = async (Accept, stream) => {
      const reply = await stack.chat("hello", stream === undefined ? {} : {stream}, {headers: Accept ? {Accept} : {}});
      return [reply.status, reply.headers["content-type"].split(";")[0]];
    };
    const JSON_ = [200, "application/json"], SSE = [200, "text/event-stream"];
    assert.deepEqual(await asked("text/event-stream;q=0.1, application/json"), JSON_);
    assert.deepEqual(await asked("application/json;q=0.2, text/event-stream;q=0.9"), SSE);
    assert.deepEqual(await asked("application/json, text/event-stream"), SSE);
    assert.deepEqual(await asked("*/*"), JSON_);
    assert.deepEqual(await asked("application/json, text/plain, */*", true), SSE);
    assert.deepEqual(await asked("application/json", true), JSON_);
    assert.deepEqual(await asked("text/event-stream", false), SSE);
    assert.deepEqual(await asked("text/event-stream;q=0, */*", true), JSON_);
    assert.deepEqual(await asked("text/html", true), [406, "application/problem+json"]);
  });

  test("JSON and events name their charset", async () => {
    assert.equal((await stack.get("/sessions")).headers["content-type"], "application/json; charset=utf-8");
    assert.equal((await stack.get("/nothing")).headers["content-type"], "application/problem+json; charset=utf-8");
    assert.equal((await stack.get("/nope", {raw: true})).headers["content-type"], "application/problem+json; charset=utf-8");
    assert.equal((await stack.get("/ws")).headers["content-type"], "application/problem+json; charset=utf-8");
    const reader = stack.chatStream("hello");
    await reader.response;
    assert.equal(reader.headers["content-type"], "text/event-stream; charset=utf-8");
    await reader.all();
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// The log by the Durable Streams protocol: its own suite, its stock client, and what goes wrong.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import http from "node:http";
import {stream} from "@durable-streams/client";
import {Log, judge, redisOf} from "./durable-judge.mjs";
import {API, eventually, SLOW, Stack, transcript, uuid, within} from "./harness.mjs";

// What of the suite asks for reading. The rest writes (PUT, POST, producers, TTL, forks), or stores what no log of ours holds: bytes that are no
// text, and JSON that is no object.
const READS = ["Read Operations", "Long-Poll", "HTTP Protocol should (return correct headers on GET|return empty body|read from offset)",
  "Browser Security Headers", "should return stream content-type on GET", "HEAD Metadata should", "Offset Validation", "Caching and ETag",
  "Protocol Edge Cases should (preserve|generate|reject (empty|multiple) offset|ignore)", "Read-Your-Writes", "Immutability Properties",
  "SSE Mode should (?!auto-detect|base64|include Stream-SSE|handle (empty|large) binary|handle binary|handle offset=now)", "SSE Mode JSON",
  "JSON Mode should (allow PUT|handle content-type|wrap single|concatenate|preserve|work with client)"];
const CLOSED = ["HEAD with Stream Closure", "Read Closed Streams", "Long-poll with Stream Closure", "SSE with Stream Closure", "offset-now-on-closed-stream"];

const events = items => items.map(data => ({data}));
const words = items => items.filter(e => e.type === "TEXT_MESSAGE_CONTENT").map(e => e.delta).join("").split(" ");
const tail = reply => reply.headers["stream-next-offset"];
const first = (stack, path, headers = {}) => stack.get(path, {headers});

describe("the conformance suite of Durable Streams", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({double: false, settings: {"stream.poll": "1s", "rate.stream_user": 0, origins: "https://example.com"}});
  });
  after(() => stack.stop());

  for (const [of, wanted, least] of [["sessions", READS, 75], ["turns", [...READS, ...CLOSED], 87]]) {
    test(`judges the reads of ${of}`, async () => {
      const verdicts = await judge(stack, of, wanted.join("|"));
      assert.deepEqual(verdicts.filter(one => one.state !== "passed"), []);
      assert.ok(verdicts.length >= least, `${verdicts.length} tests ran`);
    });
  }
});

describe("a reader of durable streams", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"stream.poll": "2s", "rate.stream_user": 0}}); });
  after(() => stack.stop());

  const url = path => `${stack.url}${API}${path}`;
  /** Reads until the item that `last` takes; all items so far. */
  async function collect(path, {live, offset = "-1", last = e => e.type === "RUN_FINISHED", ...more}) {
    const seen = [], reply = await stream({url: url(path), offset, live, ...more});
    await within(60000, new Promise(done => {
      reply.subscribeJson(batch => {
        for (const item of batch.items) {
          seen.push(item);
          if (last(item)) done();
        }
        return Promise.resolve();
      });
    }), "the last item");
    reply.cancel();
    return seen;
  }
  async function turn(message, session_id = uuid()) {
    const reader = stack.chatStream(message, {session_id});
    await reader.all();
    return {session: session_id, run: reader.events[0].data.runId, reader};
  }
  async function turnOf(session) {
    const log = await stack.redis("XREVRANGE", `tp:{dev}:s:${session}:log`, "+", "-", "COUNT", "1");
    return /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(log.split("\n").at(-1))[0];
  }

  for (const live of ["long-poll", "sse"]) {
    test(`the stock client by ${live} has every event once, while the turn runs`, async () => {
      const session_id = uuid(), reader = stack.chatStream("x [[tool name=get_current_time args={} | text words=40 delay=5 hold=20]]", {session_id});
      await reader.until("TEXT_MESSAGE_CONTENT");
      const seen = collect(`/streams/sessions/${session_id}`, {live});
      await stack.double.go();
      await reader.all();
      assert.deepEqual(transcript(events(await seen)), transcript(reader.events));
    });
  }

  test("the stock client reads what is there, as JSON and as text, and a turn's stream ends", async () => {
    const {session, reader} = await turn("x [[text say=\"Gum trees, and a road.\"]]"), id = await turnOf(session);
    const items = await (await stream({url: url(`/streams/sessions/${session}`), offset: "-1", live: false})).json();
    assert.deepEqual(transcript(events(items)), transcript(reader.events));
    const whole = await stream({url: url(`/streams/turns/${id}`), offset: "-1", live: "long-poll"});
    assert.deepEqual(transcript(events(await whole.json())), transcript(reader.events), "ends by itself: the stream is closed");
    const words = await stream({url: url(`/streams/turns/${id}?format=text`), offset: "-1", live: "sse"});
    assert.equal(await words.text(), "Gum trees, and a road.");
  });

  test("a second turn of the session is in its stream, and not in the first turn's", async () => {
    const {session} = await turn("one [[text say=One.]]"), id = await turnOf(session);
    const end = tail(await stack.request("HEAD", `/streams/sessions/${session}`));
    const waiting = collect(`/streams/sessions/${session}`, {live: "long-poll", offset: end});
    await turn("two [[text say=Two.]]", session);
    assert.match(JSON.stringify(await waiting), /Two\./);
    const reply = await stack.get(`/streams/turns/${id}?offset=-1`);
    assert.doesNotMatch(reply.text, /Two\./);
    assert.equal(reply.headers["stream-closed"], "true");
    const all = await stack.get(`/streams/sessions/${session}`);
    assert.equal(all.json.filter(e => e.type === "RUN_FINISHED").length, 2);
    assert.equal(all.headers["stream-closed"], undefined);
  });

  test("who had seen all of a turn misses nothing when that turn has left the log", async () => {
    const {session} = await turn("one [[text say=One.]]"), path = `/streams/sessions/${session}`, end = tail(await stack.request("HEAD", path));
    await turn("two [[text say=Two.]]", session);
    const log = `tp:{dev}:s:${session}:log`, whole = await stack.get(`${path}?offset=${end}`);
    const [second] = (await stack.redis("XRANGE", log, `(${end.split("-").map(Number).join("-")}`, "+", "COUNT", "1")).split("\n");
    await stack.redis("XTRIM", log, "MINID", second);
    const rest = await stack.get(`${path}?offset=${end}`);
    assert.equal(rest.status, 200, rest.text);
    assert.deepEqual(rest.json, whole.json);
    const [epoch, n] = end.split("-").map(Number);
    assert.equal((await stack.get(`${path}?offset=${epoch}-${n - 1}`)).status, 410, "one event before");
  });

  test("offsets sort as text, and are cursors of the other streams", async () => {
    const {session} = await turn("x [[text words=30]]"), offsets = [];
    for (let at = "-1", reply; ; at = tail(reply)) {
      reply = await stack.get(`/streams/sessions/${session}?offset=${at}`);
      assert.equal(reply.status, 200);
      offsets.push(tail(reply));
      if (reply.headers["stream-up-to-date"] && !reply.json.length) break;
    }
    assert.deepEqual([...offsets].sort(), offsets);
    const again = stack.sse(`/sessions/${session}/events?cursor=${offsets[0]}`);
    await again.response;
    assert.equal(again.status, 200);
    again.drop();
    const [epoch] = offsets[0].split("-").map(Number);
    const plain = await stack.get(`/streams/sessions/${session}?offset=${epoch}-1`);
    assert.equal(plain.json[0].type !== "RUN_STARTED" && plain.json.length > 0, true, "EPOCH-N is taken too");
  });

  test("what a long log gives comes in pieces that may be kept, and together they are the log", async () => {
    const redis = redisOf(stack), log = new Log(redis);
    try {
      await log.create();
      for (let i = 0; i < 10; i++) {
        await log.append(Array.from({length: 70}, (_, n) => ["-", JSON.stringify({type: "CUSTOM", name: "n", value: i * 70 + n})]));
      }
      const seen = [], path = `/streams/sessions/${log.session}`;
      let reply, pieces = 0, at = "-1";
      do {
        reply = await stack.get(`${path}?offset=${at}`);
        if (at !== "-1" && !reply.headers["stream-up-to-date"]) {
          assert.match(reply.headers["cache-control"], /private.*max-age/);
          assert.match(reply.headers.vary, /Authorization/);
        }
        seen.push(...reply.json.map(e => e.value));
        at = tail(reply);
        pieces++;
      } while (!reply.headers["stream-up-to-date"]);
      assert.deepEqual(seen, Array.from({length: 700}, (_, n) => n));
      assert.ok(pieces >= 3, `${pieces} pieces`);
      const events = await collect(path, {live: "sse", last: e => e.value === 699});
      assert.deepEqual(events.map(e => e.value), seen);
      await redis.ask("XTRIM", `${log.key}:log`, "MAXLEN", "100");
      const lost = await stack.get(`${path}?offset=${log.epoch}-20`);
      assert.equal(lost.status, 410);
      assert.equal(lost.json.code, "offset_gone");
      assert.match(lost.json.detail, /messages of the session/);
      const rest = await stack.get(`${path}?offset=${log.epoch}-600`);
      assert.equal(rest.json[0].value, 600, "its last entry has gone, what follows is there");
      const start = await stack.get(path);
      assert.equal(start.json[0].value, 600);
      assert.match(start.headers["stream-earliest-offset"], /^0+\d+-0+601$/);
      await redis.ask("DEL", `${log.key}:log`);
      assert.equal((await stack.get(`${path}?offset=${at}`)).status, 410);
      assert.deepEqual((await stack.get(path)).json, []);
    } finally {
      redis.end();
    }
  });

  test("the words come as they are, with every sign, by each way of reading", async () => {
    const redis = redisOf(stack), log = new Log(redis), pieces = [" lead", "\n\n  two", "\r\nx\ry", "\u0000z", "Grüße 世界 😀\u2028", "data: y\n: c\n\n", "\n"];
    try {
      await log.create();
      for (const delta of pieces) await log.append([["T", JSON.stringify({type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta})]]);
      await log.append([["-", '{"type":"CUSTOM","name":"n","value":1}']], true);
      const path = `/streams/turns/${log.turn}?format=text`, plain = await stack.get(path);
      assert.equal(plain.headers["content-type"], "text/plain");
      assert.equal(plain.text, pieces.join(""));
      for (const live of ["long-poll", "sse"]) {
        const said = await (await stream({url: url(path), offset: "-1", live})).text();
        assert.equal(said, pieces.join(""), live);
      }
      const frames = (await stack.get(`${path}&offset=-1&live=sse`)).text.split("\n\n").filter(frame => frame.startsWith("event: data\n"));
      const said = frames.map(frame => frame.split("\n").slice(1).map(line => line.slice(5).replace(/^ /, "")).join("\n")).join("");
      assert.equal(said, pieces.join("").replace(/\r\n?/g, "\n"), "an event has lines, however they ended");
    } finally {
      redis.end();
    }
  });

  test("a turn's stream is its part of the log, whatever was trimmed around it", async () => {
    const redis = redisOf(stack), log = new Log(redis);
    const say = (...values) => log.append(values.map(value => ["-", JSON.stringify({type: "CUSTOM", name: "n", value})]));
    try {
      await log.create();
      const path = `/streams/turns/${log.turn}`, values = reply => reply.json.filter(e => e.type === "CUSTOM").map(e => e.value);
      const other = log.turn;
      log.turn = uuid(); // of the turn before
      await say(-2, -1);
      log.turn = other;
      const before = log.offset;
      await redis.ask("HSET", log.turnKey, "first", `${log.epoch}-${log.n}`);
      const empty = await stack.get(path);
      assert.deepEqual([empty.json, tail(empty), empty.headers["stream-closed"]], [[], before, undefined]);
      await say(1, 2, 3);
      const middle = log.offset;
      await log.append([["-", '{"type":"CUSTOM","name":"n","value":4}']], true);
      const end = log.offset;
      log.turn = uuid(); // of the turn behind it
      await say(5, 6);
      assert.deepEqual(values(await stack.get(path)), [1, 2, 3, 4]);
      assert.deepEqual(values(await stack.get(`${path}?offset=0-0`)), [1, 2, 3, 4], "from before its start");
      assert.deepEqual(values(await stack.get(`${path}?offset=${middle}&live=long-poll`)), [4]);
      for (const offset of [end, log.offset, "now"]) {
        const reply = await stack.get(`${path}?offset=${offset}`);
        assert.deepEqual([reply.status, reply.json, reply.headers["stream-closed"]], [200, [], "true"], offset);
        assert.equal((await stack.get(`${path}?offset=${offset}&live=long-poll`)).status, 204);
      }
      assert.equal(tail(await stack.request("HEAD", path)), end);
      await redis.ask("XTRIM", `${log.key}:log`, "MINID", `${log.epoch}-4`); // its first entry went
      assert.deepEqual(values(await stack.get(path)), [2, 3, 4]);
      assert.equal((await stack.get(`${path}?offset=${before}`)).status, 200);
      assert.deepEqual(values(await stack.get(`${path}?offset=${log.epoch}-3`)), [2, 3, 4]);
      await redis.ask("XTRIM", `${log.key}:log`, "MINID", `${log.epoch}-5`);
      assert.equal((await stack.get(`${path}?offset=${log.epoch}-3`)).status, 410);
      await redis.ask("XTRIM", `${log.key}:log`, "MAXLEN", "1");
      assert.equal((await stack.get(path)).status, 410, "all of it went");
      assert.equal((await stack.get(`${path}?offset=${end}`)).headers["stream-closed"], "true", "who has it all is told so");
    } finally {
      redis.end();
    }
  });

  test("a turn that waits has an empty stream, which begins with the turn and ends with it", async () => {
    const session_id = uuid(), running = stack.chat("x [[text words=10 hold=5]]", {session_id}, {timeout: 60000});
    await eventually(async () => (await stack.get(`/streams/sessions/${session_id}`)).json?.length > 2, "the first one runs");
    const queued = await stack.chat("y [[text say=Second.]]", {session_id}, {headers: {Prefer: "respond-async"}});
    assert.equal(queued.status, 202, queued.text);
    const path = `/streams/turns/${queued.json.turn_id}`, nothing = await stack.get(path);
    assert.deepEqual([nothing.status, nothing.json, nothing.headers["stream-closed"]], [200, [], undefined]);
    const reading = collect(path, {live: "long-poll", offset: tail(nothing)});
    await stack.double.go();
    await running;
    const seen = await reading;
    assert.equal(seen[0].type, "RUN_STARTED");
    assert.match(JSON.stringify(seen), /Second\./);
  });

  test("HEAD tells the end at once, whatever the query says", async () => {
    const {session} = await turn("x [[text words=3]]"), path = `/streams/sessions/${session}`, end = tail(await stack.get(path));
    for (const query of ["", "?offset=-1", `?offset=${end}&live=long-poll`, "?offset=now&live=sse", "?format=text"]) {
      const reply = await stack.request("HEAD", path + query);
      assert.deepEqual([reply.status, tail(reply), reply.text, reply.headers["cache-control"]], [200, end, "", "no-store"], query);
      assert.equal(reply.headers["content-type"], query.includes("text") ? "text/plain" : "application/json");
    }
  });

  test("an offset that no log has is told to be gone", async () => {
    const {session} = await turn("x [[text words=3]]");
    for (const offset of ["9000000000000-1", "1-1"]) {
      const reply = await stack.get(`/streams/sessions/${session}?offset=${offset}`);
      assert.equal(reply.status, 410, reply.text);
      assert.match(reply.headers["content-type"], /problem\+json/);
    }
  });

  test("what is asked wrongly is a 400 that names the field; what is not there a 404", async () => {
    const {session} = await turn("x [[text words=3]]"), at = `/streams/sessions/${session}`;
    for (const [query, field] of [["offset=", "offset"], ["offset=a&offset=b", "offset"], ["live=sse", "offset"], ["offset=-2", "offset"], ["offset=NOW", "offset"],
      ["offset=-1&live=poll", "live"], ["offset=-1&live=", "live"], ["offset=-1&cursor=x", "cursor"], [`offset=-1&cursor=${"9".repeat(19)}`, "cursor"],
      ["format=binary", "format"], [`offset=${"9".repeat(19)}-1`, "offset"]]) {
      const reply = await stack.get(`${at}?${query}`);
      assert.equal(reply.status, 400, `${query} ${reply.text}`);
      assert.equal(reply.json.field, field, query);
    }
    for (const path of [`/streams/sessions/${uuid()}`, `/streams/turns/${uuid()}`, "/streams/turns/x", "/streams/sessions/x%20y", "/streams"]) {
      const reply = await stack.get(path);
      assert.equal(reply.status, 404, path);
      assert.match(reply.headers["content-type"], /problem\+json/);
    }
    const other = await stack.get(at, {headers: {"X-Dev-User": "somebody-else"}});
    assert.equal(other.status, 404, "another user's");
    assert.equal((await stack.post(at, {})).status, 405);
  });

  test("a session that is deleted ends its readers, and is a 404 from then on", async () => {
    const {session} = await turn("x [[text words=3]]"), path = `/streams/sessions/${session}`;
    const end = tail(await stack.request("HEAD", path));
    const waiting = stack.get(`${path}?offset=${end}&live=long-poll`, {timeout: 20000});
    await eventually(async () => (await stack.redis("PUBSUB", "NUMSUB", `tp:{dev}:s:${session}`)).endsWith("1"), "the reader waits");
    assert.equal((await stack.request("DELETE", `/sessions/${session}`)).status, 200);
    assert.equal((await waiting).status, 404);
    assert.equal((await stack.get(`${path}?offset=${end}`)).status, 404);
  });

  test("a long-poll holds no api worker, and its reader that leaves is forgotten", async () => {
    const {session} = await turn("x [[text words=3]]"), path = `/streams/sessions/${session}`;
    const end = tail(await stack.request("HEAD", path)), signal = new AbortController();
    const waiting = Array.from({length: 12}, () => stack.get(`${path}?offset=${end}&live=long-poll`, {signal: signal.signal}).catch(() => "left"));
    await eventually(async () => (await stack.redis("PUBSUB", "NUMSUB", `tp:{dev}:s:${session}`)).at(-1) > 0, "they wait");
    assert.equal((await stack.get("/sessions")).status, 200);
    signal.abort();
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(["left"]));
    await eventually(async () => (await stack.redis("PUBSUB", "NUMSUB", `tp:{dev}:s:${session}`)).endsWith("0"), "nobody listens");
  });

  test("a reader of events that takes nothing costs no memory, and gets all of them later", async () => {
    const redis = redisOf(stack), log = new Log(redis), long = "x".repeat(20000);
    const write = async (from, to) => {
      for (let i = from; i < to; i += 5) {
        await log.append(Array.from({length: 5}, (_, n) => ["-", JSON.stringify({type: "CUSTOM", name: long, value: i + n})]));
      }
    };
    const rss = async () => {
      const workers = await stack.workers("stream");
      return workers.reduce((sum, {pid}) => sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]), 0);
    };
    try {
      await log.create();
      await write(0, 300);
      const reply = await new Promise((done, fail) => http.get(`${url(`/streams/sessions/${log.session}`)}?offset=-1&live=sse`, done).on("error", fail));
      let text = "";
      reply.setEncoding("utf8");
      reply.pause();
      const before = await rss();
      for (let at = 300; at < 1500; at += 100) { // 24 MB: sockets and nginx hold a few
        await write(at, at + 100);
        await stack.get(`/streams/sessions/${log.session}?offset=now`); // the worker has been round
      }
      if (SLOW === 1) assert.ok(await rss() - before < 12000, `${before} ${await rss()} KiB`); // sanitizers keep what was freed
      reply.on("data", data => { text += data; });
      reply.resume();
      await eventually(() => text.includes('"value":1499') && text.includes('"upToDate":true'), "all has come", 60000);
      reply.destroy();
      assert.deepEqual([...text.matchAll(/"value":(\d+)/g)].map(found => Number(found[1])), Array.from({length: 1500}, (_, n) => n));
    } finally {
      redis.end();
    }
  });

  test("an EventSource's ticket opens a stream, for one session", async () => {
    const {session} = await turn("x [[text words=3]]"), {ticket} = (await stack.post("/ws-ticket", {})).json;
    for (let i = 0; i < 2; i++) assert.equal((await first(stack, `/streams/sessions/${session}?offset=now&ticket=${ticket}`)).status, 200);
    assert.equal((await first(stack, `/streams/sessions/${uuid()}?offset=now&ticket=${ticket}`)).status, 401);
  });
});

test("who reads more often than rate.stream_user allows is told when to come again, and goes on", async () => {
  const stack = await Stack.start({settings: {"rate.stream_user": 3}});
  try {
    const session_id = uuid();
    await stack.chat("x [[text words=3]]", {session_id});
    const path = `/streams/sessions/${session_id}`;
    const replies = await Promise.all(Array.from({length: 5}, () => stack.get(path)));
    assert.deepEqual(replies.map(r => r.status).sort(), [200, 200, 200, 429, 429]);
    const refused = replies.find(r => r.status === 429);
    assert.ok(Number(refused.headers["retry-after"]) > 0);
    assert.equal(refused.json.code, "rate_limited");
    assert.equal((await stack.get("/sessions")).status, 200, "other routes have their own");
  } finally {
    await stack.stop();
  }
});

describe("readers of durable streams when something breaks", () => {
  const settings = {"stream.poll": "20s", "rate.stream_user": 0};
  const waits = (stack, session) => eventually(async () => (await stack.redis("PUBSUB", "NUMSUB", `tp:{dev}:s:${session}`)).at(-1) > 0, "a reader waits");

  test("kill -9 of every stream worker: the stock client misses nothing and doubles nothing", async () => {
    const stack = await Stack.start({settings});
    try {
      for (const live of ["long-poll", "sse"]) {
        const session_id = uuid(), seen = [];
        const turn = stack.chat("x [[text words=60 hold=20,40]]", {session_id}, {timeout: 60000});
        await eventually(async () => (await stack.get(`/streams/sessions/${session_id}`)).json?.length > 3, "the turn speaks");
        let over = false, at = "-1";
        // A broken event stream is an error of the stock client: whoever uses it goes on from the last offset.
        const reading = (async () => {
          while (!over) {
            const reply = await stream({url: `${stack.url}${API}/streams/sessions/${session_id}`, offset: at, live});
            reply.subscribeJson(batch => {
              seen.push(...batch.items);
              at = batch.offset;
              over ||= batch.items.some(e => e.type === "RUN_FINISHED");
              if (over) reply.cancel();
              return Promise.resolve();
            });
            await reply.closed.catch(() => {});
          }
        })();
        for (let i = 0; i < 2; i++) {
          await eventually(() => words(seen).length > 20 * (i + 1), "it reads up to where the model stops");
          await waits(stack, session_id);
          for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL");
          await stack.double.go();
        }
        await turn;
        await within(60000, reading, "the end");
        const whole = (await stack.get(`/streams/sessions/${session_id}`)).json;
        assert.deepEqual(transcript(events(seen)), transcript(events(whole)), live);
      }
    } finally {
      await stack.stop({check: false});
    }
  });

  test("kill -9 of the turn's worker: its stream goes on, and ends once", async () => {
    const stack = await Stack.start({settings: {...settings, lease: "1s"}});
    try {
      const session_id = uuid(), turn = stack.chat("x [[text words=30 hold=10]]", {session_id}, {headers: {Prefer: "respond-async"}});
      const id = (await turn).json.turn_id, path = `/streams/turns/${id}`;
      await eventually(async () => words((await stack.get(path)).json ?? []).length > 9, "the turn speaks");
      const client = await stream({url: `${stack.url}${API}${path}`, offset: "-1", live: "long-poll"}), items = [];
      client.subscribeJson(batch => { items.push(...batch.items); return Promise.resolve(); });
      await waits(stack, session_id);
      const {pid} = await eventually(async () => (await stack.seats("turn")).find(seat => seat.turn === id || seat.session === session_id), "its worker");
      process.kill(pid, "SIGKILL");
      stack.double.release(); // what the dead one was being told
      await stack.double.until(d => d.requests.length > 1, "another worker asks the model");
      await eventually(() => { stack.double.release(); return stack.double.requests.every(r => !r.open); }, "the model has answered");
      await within(60000, client.closed, "the stream closes");
      assert.equal(items.filter(e => e.type === "RUN_FINISHED").length, 1);
      assert.equal(items.at(-1).type, "RUN_FINISHED");
      assert.ok(items.some(e => e.name === "turnpike.resumed"));
      assert.deepEqual(items, (await stack.get(path)).json);
    } finally {
      await stack.stop({check: false});
    }
  });

  test("a stream worker that leaves ends the waits in good form", async () => {
    const stack = await Stack.start({settings});
    try {
      const session_id = uuid();
      await stack.chat("x [[text words=3]]", {session_id});
      const path = `/streams/sessions/${session_id}`, end = tail(await stack.request("HEAD", path));
      const poll = stack.get(`${path}?offset=${end}&live=long-poll`, {timeout: 60000}), sse = stack.get(`${path}?offset=${end}&live=sse`, {timeout: 60000});
      await waits(stack, session_id);
      await stack.reload();
      const reply = await poll;
      assert.equal(reply.status, 204);
      assert.equal(tail(reply), end);
      assert.equal(reply.headers["stream-up-to-date"], "true");
      assert.match((await sse).text, /event: control\ndata:\{.*"upToDate":true\}\nid:[0-9-]+\n\n$/);
    } finally {
      await stack.stop();
    }
  });

  test("without Redis a reader is asked to come again, and does", async () => {
    const stack = await Stack.start({settings: {...settings, "redis.timeout": "500ms"}, durable: true});
    try {
      const session_id = uuid();
      await stack.chat("x [[text say=Before.]]", {session_id});
      const path = `/streams/sessions/${session_id}`, end = tail(await stack.request("HEAD", path));
      const client = await stream({url: `${stack.url}${API}${path}`, offset: end, live: "long-poll"});
      const after = new Promise(done => client.subscribeJson(batch => { if (batch.items.length) done(batch.items); return Promise.resolve(); }));
      await waits(stack, session_id);
      stack.parts.redis.kill("SIGKILL");
      await stack.parts.redis.ended;
      const reply = await eventually(async () => { const r = await stack.get(`${path}?offset=-1`); return r.status === 503 && r; }, "it is told");
      assert.ok(Number(reply.headers["retry-after"]) > 0);
      assert.match(reply.headers["content-type"], /problem\+json/);
      await stack.startRedis();
      await eventually(async () => (await stack.chat("y [[text say=Later.]]", {session_id}, {timeout: 60000})).status === 200, "a turn runs", 60000);
      assert.equal((await within(60000, after, "the reader goes on"))[0].type, "RUN_STARTED");
      client.cancel();
    } finally {
      await stack.stop({check: false});
    }
  });
});

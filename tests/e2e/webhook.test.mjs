// SPDX-License-Identifier: BSD-2-Clause
// The end of a turn told to a URL: signed, again after a failure, never to a private address.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {hostname} from "node:os";
import {createHmac} from "node:crypto";
import {once} from "node:events";
import http from "node:http";
import {eventually, SLOW, Stack, uuid} from "./harness.mjs";

const SECRET = "the secret of the webhooks of this test";

/**
 * Takes webhooks. `calls`: {path, headers, body, at}; `answers`: status of each path's next calls.
 * /silent never answers, /drip a byte at a time without an end, /huge with more than anybody reads.
 */
async function startReceiver() {
  const receiver = {calls: [], answers: {}};
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    receiver.calls.push({path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString(), at: performance.now()});
    if (request.url.startsWith("/silent")) return;
    if (request.url === "/drip") {
      response.writeHead(500);
      const timer = setInterval(() => response.write("."), 50);
      response.on("close", () => clearInterval(timer));
      return;
    }
    if (request.url === "/huge") {
      response.writeHead(200);
      response.setMaxListeners(0);
      response.on("error", () => {});
      for (let i = 0; i < 64 && !response.destroyed; i++) if (!response.write(Buffer.alloc(65536))) await Promise.race([once(response, "drain"), once(response, "close")]);
      response.end();
      return;
    }
    const [status, headers] = receiver.answers[request.url]?.shift() ?? [204];
    response.writeHead(status, headers).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  receiver.url = `http://127.0.0.1:${server.address().port}`;
  receiver.port = server.address().port;
  receiver.of = path => receiver.calls.filter(c => c.path === path);
  receiver.close = () => { server.closeAllConnections(); server.close(); };
  return receiver;
}

function verify({headers, body}) {
  const id = headers["turnpike-id"], time = headers["turnpike-timestamp"];
  assert.ok(Math.abs(Date.now() / 1000 - Number(time)) < 60);
  assert.equal(headers["turnpike-signature"], `v1=${createHmac("sha256", SECRET).update(`${id}.${time}.${body}`).digest("hex")}`);
  return JSON.parse(body);
}

/** Submits a message whose end is told to a path of the receiver; the turn's id. */
const submitter = (stack, receiver) => async (path, text = "hello [[text words=5]]", headers = {Prefer: "respond-async"}) => {
  const message = {webhook: {url: receiver.url + path}, session_id: uuid(), client_message_id: uuid()};
  const reply = await eventually(async () => {
    const r = await stack.chat(text, message, {headers});
    return r.status !== 503 && r; // 503: every worker is busy
  }, "a worker");
  assert.ok([200, 202].includes(reply.status), reply.text);
  return reply.json.turn_id;
};

describe("webhooks", () => {
  let stack, receiver;
  const submit = (...args) => submitter(stack, receiver)(...args);
  before(async () => {
    receiver = await startReceiver();
    stack = await Stack.start({settings: {"webhook.secret": SECRET, "webhook.allow_private": "on", "respawn.min": "50ms"}});
  });
  after(async () => {
    receiver.close();
    await stack.stop();
  });

  const queued = async () => Number(await stack.redis("ZCARD", "tp:hint:webhooks"));

  test("a background turn's end is told once, signed, with the document of GET /turns/{id}", async () => {
    const turn = await submit("/async");
    await eventually(() => receiver.of("/async").length, "the webhook came");
    const [call] = receiver.of("/async"), document = verify(call);
    assert.equal(call.headers["turnpike-id"], turn);
    assert.equal(call.headers["content-type"], "application/json");
    assert.equal(document.state, "done");
    await eventually(async () => await queued() === 0, "the queue is empty");
    const {webhook, ...rest} = (await stack.get(`/turns/${turn}`)).json;
    assert.deepEqual(document, rest);
    const {settled_at, ...delivery} = webhook;
    assert.deepEqual(delivery, {state: "delivered", tries: 1, last_status: 204});
    assert.ok(Date.parse(settled_at) > 0);
    assert.equal(receiver.of("/async").length, 1);
  });

  test("of a message over a WebSocket, of a RunAgentInput there, and of POST /agui", async () => {
    const webhook = path => ({url: receiver.url + path}), socket = await stack.socket();
    const input = path => ({threadId: uuid(), runId: uuid(), messages: [{id: uuid(), role: "user", content: "x [[text words=3]]"}],
      tools: [], context: [], state: {}, forwardedProps: {webhook: webhook(path)}});
    socket.message("x [[text words=3]]", {session_id: uuid(), webhook: webhook("/ws")});
    socket.send(input("/ws-agui"));
    const reader = stack.sse("/agui", {method: "POST", body: input("/agui")});
    await reader.all();
    for (const path of ["/ws", "/ws-agui", "/agui"]) {
      await eventually(() => receiver.of(path).length, `${path} came`);
      assert.equal(verify(receiver.of(path)[0]).state, "done");
    }
    socket.message("x", {session_id: uuid(), webhook: {url: "nowhere"}});
    assert.equal((await socket.until("error")).code, "invalid_field");
    const refused = await stack.post("/agui", {...input("/x"), forwardedProps: {webhook: {}}}, {headers: {Accept: "text/event-stream"}});
    assert.equal(refused.status, 422);
    assert.equal(refused.json.field, "webhook.url");
    await socket.end();
  });

  test("many that are due at once are each told once", async () => {
    const [keeper] = await stack.workers("housekeeper"), paths = Array.from({length: 100}, (_, i) => `/many/${i}`);
    process.kill(keeper.pid, "SIGSTOP");
    try {
      for (let i = 0; i < paths.length; i += 4) await Promise.all(paths.slice(i, i + 4).map(path => submit(path, "x [[text words=1 joined]]")));
    } finally {
      process.kill(keeper.pid, "SIGCONT");
    }
    const came = () => paths.filter(path => receiver.of(path).length).length;
    await eventually(() => came() === paths.length, "all came", 120000 * SLOW);
    assert.ok(paths.every(path => receiver.of(path).length === 1), "each once");
  });

  test("of a JSON request, of a failed turn and of a stopped one as well", async () => {
    await submit("/json", undefined, {});
    await stack.chat("x [[http status=400]]", {webhook: {url: `${receiver.url}/failed`}});
    const turn = await submit("/stopped", "x [[text words=9 hold=3]]");
    await stack.double.until(d => d.held > 0, "an answer is held");
    assert.equal((await stack.post(`/turns/${turn}/cancel`)).status, 202);
    for (const [path, state] of [["/json", "done"], ["/failed", "failed"], ["/stopped", "cancelled"]]) {
      await eventually(() => receiver.of(path).length, `${path} came`);
      assert.equal(verify(receiver.of(path)[0]).state, state);
    }
  });

  test("a deleted session's turn tells that it was cancelled", async () => {
    const session_id = uuid();
    const reply = await stack.chat("x [[text words=9 hold=3]]", {webhook: {url: `${receiver.url}/deleted`}, session_id}, {headers: {Prefer: "respond-async"}});
    await stack.double.until(d => d.held > 0, "an answer is held");
    assert.equal((await stack.request("DELETE", `/sessions/${session_id}`)).status, 200);
    await eventually(() => receiver.of("/deleted").length, "the webhook came");
    const document = verify(receiver.of("/deleted")[0]);
    assert.equal(document.turn_id, reply.json.turn_id);
    assert.equal(document.state, "cancelled");
  });

  test("a turn whose worker is killed tells its end, once", async () => {
    const turn = await submit("/killed", "x [[text words=9 hold=3]]");
    await stack.double.until(d => d.held > 0, "an answer is held");
    const {pid} = await eventually(async () => (await stack.seats("turn")).find(w => w.turn === turn), "its worker");
    const calls = stack.double.requests.length;
    process.kill(pid, "SIGKILL");
    await stack.double.until(d => d.requests.length > calls, "the next worker asks");
    await eventually(() => { stack.double.release(); return receiver.of("/killed").length; }, "the webhook came");
    assert.equal(verify(receiver.of("/killed")[0]).state, "done");
  });

  test("a status other than 2xx is tried again, 410 is not, and a redirect is not followed", async () => {
    receiver.answers["/flaky"] = [[500]];
    receiver.answers["/gone"] = [[410]];
    receiver.answers["/moved"] = [[302, {Location: `${receiver.url}/elsewhere`}]];
    const turns = await Promise.all(["/flaky", "/gone", "/moved"].map(path => submit(path)));
    await eventually(() => receiver.of("/flaky").length === 2 && receiver.of("/moved").length === 2, "they came again", 20000 * SLOW);
    for (const path of ["/flaky", "/moved"]) {
      const [first, second] = receiver.of(path);
      assert.ok(second.at - first.at > 4500, `after ${second.at - first.at} ms`);
      assert.equal(first.headers["turnpike-id"], second.headers["turnpike-id"]);
      assert.deepEqual(verify(first), verify(second));
    }
    await eventually(async () => await queued() === 0, "the queue is empty");
    assert.equal(receiver.of("/gone").length, 1);
    assert.equal(receiver.of("/elsewhere").length, 0);
    const {webhook} = (await stack.get(`/turns/${turns[1]}`)).json;
    assert.equal(webhook.state, "gone");
    assert.equal(webhook.last_status, 410);
  });

  test("the housekeeper that dies leaves its deliveries to the next one", async () => {
    receiver.answers["/orphan"] = [[500]];
    await submit("/orphan");
    await eventually(() => receiver.of("/orphan").length === 1, "the first try");
    const [keeper] = await stack.workers("housekeeper");
    process.kill(keeper.pid, "SIGKILL");
    await eventually(() => receiver.of("/orphan").length === 2, "the next housekeeper tries again", 40000 * SLOW);
  });

  test("what is wrong with a webhook is told", async () => {
    const wrong = [["x", "webhook"], [{}, "webhook.url"], [{url: 5}, "webhook.url"], [{url: "ftp://a.example/"}, "webhook.url"],
      [{url: "https:///path"}, "webhook.url"], [{url: "https://u:p@a.example/"}, "webhook.url"], [{url: "https://a.example:99999/"}, "webhook.url"], [{url: "https://a.example:0/"}, "webhook.url"],
      [{url: "https://.com/"}, "webhook.url"], [{url: "https://2130706433"}, "webhook.url"], [{url: "https://0x7f.1"}, "webhook.url"],
      [{url: "https://a..example/"}, "webhook.url"], [{url: "https://a.example./"}, "webhook.url"], [{url: "https://m\u00fcller.example/"}, "webhook.url"], [{url: "https://a.example/ b"}, "webhook.url"],
      [{url: `https://a.example/${"x".repeat(2000)}`}, "webhook.url"], [{url: "https://a.example/", more: 1}, "webhook"]];
    for (const [webhook, field] of wrong) {
      const {status, json} = await stack.chat("hello", {webhook});
      assert.equal(status, 422, JSON.stringify(webhook));
      assert.equal(json.field, field);
    }
  });
});

describe("receivers that are no good", () => {
  let stack, receiver;
  const submit = (...args) => submitter(stack, receiver)(...args);
  before(async () => {
    receiver = await startReceiver();
    stack = await Stack.start({settings: {"webhook.secret": SECRET, "webhook.allow_private": "on"}});
  });
  after(async () => {
    receiver.close();
    await stack.stop();
  });

  test("receivers that stall, drip or never stop cost their own user's deliveries only", async () => {
    const bad = Array.from({length: 40}, (_, i) => `/silent/${i}`).concat("/drip");
    const turns = [];
    for (const path of bad) turns.push(await submit(path));
    await eventually(() => receiver.calls.filter(c => c.path.startsWith("/silent")).length >= 2, "some are on their way");
    const reply = await stack.chat("x [[text words=3]]", {webhook: {url: `${receiver.url}/other-user`}}, {headers: {"X-Dev-User": "other"}});
    assert.equal(reply.status, 200);
    await eventually(() => receiver.of("/other-user").length, "another user's comes");
    const third = {"X-Dev-User": "third"}, huge = await submit("/huge", undefined, third);
    const delivery = async (turn, headers) => (await stack.get(`/turns/${turn}`, {headers})).json.webhook;
    await eventually(async () => (await delivery(huge, third)).state === "delivered", "the status counts, whatever follows it", 120000 * SLOW);
    const failed = await eventually(async () => {
      const d = await delivery(turns[0]);
      return d.tries > 0 && d.next_try_at && d;
    }, "a stalled one is told as such", 120000 * SLOW);
    assert.equal(failed.state, "pending");
    assert.equal(failed.last_status, undefined);
  });
});

describe("webhooks of a site that is strict", () => {
  let stack, receiver;
  before(async () => {
    receiver = await startReceiver();
    stack = await Stack.start({settings: {"webhook.secret": SECRET}});
  });
  after(async () => {
    receiver.close();
    await stack.stop();
  });

  test("http and private addresses are refused at once, a name of one when it is called", async () => {
    for (const url of [receiver.url, `https://127.0.0.1:${receiver.port}/`, "https://10.1.2.3/", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
      "https://localhost/", "https://169.254.169.254/latest"]) {
      const {status, json} = await stack.chat("hello", {webhook: {url}});
      assert.equal(status, 422, url);
      assert.equal(json.field, "webhook.url");
    }
    const reply = await stack.chat("hello [[text words=3]]", {webhook: {url: `https://${hostname()}:${receiver.port}/`}});
    assert.equal(reply.status, 200);
    await eventually(async () => await stack.redis("HGET", `tp:{dev}:turn:${reply.json.turn_id}`, "hook") === "failed", "given up");
    assert.equal(receiver.calls.length, 0);
  });

  test("without a secret there are no webhooks", async () => {
    stack.writeSettings({"webhook.secret": ""});
    process.kill(stack.pid, "SIGHUP");
    const reply = await eventually(async () => {
      const r = await stack.chat("hello [[text words=3]]", {webhook: {url: "https://a.example/"}});
      return r.status === 501 && r;
    }, "the reload is through");
    assert.equal(reply.json.code, "webhooks_not_configured");
    assert.equal(reply.json.retryable, false);
  });
});

// The end of a turn told to a URL: signed, again after a failure, never to a private address.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {createHmac} from "node:crypto";
import {once} from "node:events";
import http from "node:http";
import {eventually, SLOW, Stack, uuid} from "./harness.mjs";

const SECRET = "the secret of the webhooks of this test";

/** Takes webhooks. `calls`: {path, headers, body, at}; `answers`: status of each path's next calls. */
async function startReceiver() {
  const receiver = {calls: [], answers: {}};
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    receiver.calls.push({path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString(), at: performance.now()});
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

describe("webhooks", () => {
  let stack, receiver;
  before(async () => {
    receiver = await startReceiver();
    stack = await Stack.start({settings: {"webhook.secret": SECRET, "webhook.allow_private": "on", "respawn.min": "50ms"}});
  });
  after(async () => {
    receiver.close();
    await stack.stop();
  });

  const submit = async (path, text = "hello [[text words=5]]", headers = {Prefer: "respond-async"}) => {
    const reply = await stack.chat(text, {webhook: {url: receiver.url + path}, session_id: uuid()}, {headers});
    assert.ok([200, 202].includes(reply.status), reply.text);
    return reply.json.turn_id;
  };
  const queued = async () => Number(await stack.redis("ZCARD", "tp:hint:webhooks"));

  test("a background turn's end is told once, signed, with the document of GET /turns/{id}", async () => {
    const turn = await submit("/async");
    await eventually(() => receiver.of("/async").length, "the webhook came");
    const [call] = receiver.of("/async"), document = verify(call);
    assert.equal(call.headers["turnpike-id"], turn);
    assert.equal(call.headers["content-type"], "application/json");
    assert.equal(document.state, "done");
    assert.deepEqual(document, (await stack.get(`/turns/${turn}`)).json);
    await eventually(async () => await queued() === 0, "the queue is empty");
    assert.equal(receiver.of("/async").length, 1);
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
    const {pid} = await eventually(async () => (await stack.workers("turn")).find(w => w.turn === turn), "its worker");
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
    assert.equal(await stack.redis("HGET", `tp:{dev}:turn:${turns[1]}`, "hook"), "gone");
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
      [{url: "https:///path"}, "webhook.url"], [{url: "https://u:p@a.example/"}, "webhook.url"], [{url: "https://a.example/ b"}, "webhook.url"],
      [{url: `https://a.example/${"x".repeat(2000)}`}, "webhook.url"], [{url: "https://a.example/", more: 1}, "webhook"]];
    for (const [webhook, field] of wrong) {
      const {status, json} = await stack.chat("hello", {webhook});
      assert.equal(status, 422, JSON.stringify(webhook));
      assert.equal(json.field, field);
    }
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

  test("http and private addresses are refused at once, another way to write one when it is called", async () => {
    for (const url of [receiver.url, `https://127.0.0.1:${receiver.port}/`, "https://10.1.2.3/", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
      "https://localhost/", "https://169.254.169.254/latest"]) {
      const {status, json} = await stack.chat("hello", {webhook: {url}});
      assert.equal(status, 422, url);
      assert.equal(json.field, "webhook.url");
    }
    const reply = await stack.chat("hello [[text words=3]]", {webhook: {url: `https://0x7f.1:${receiver.port}/`}});
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

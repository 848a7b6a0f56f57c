// Model servers that write an answer in another way than their vendor's own: what reaches the client.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import http from "node:http";
import {gzipSync} from "node:zlib";
import {Stack} from "./harness.mjs";

/** A server whose next answers are functions (request, response), in turn; the last one repeats. */
class RawServer {
  answers = [];
  requests = [];
  #server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    this.requests.push({path: request.url, method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString()});
    (this.answers.length > 1 ? this.answers.shift() : this.answers[0])(request, response);
  });
  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = this.#server.address().port;
    return this;
  }
  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const event = data => `data: ${JSON.stringify(data)}\n\n`;
const chunk = (delta, finish_reason = null) => event({id: "c", object: "chat.completion.chunk", created: 1, model: "local", choices: [{index: 0, delta, finish_reason}]});
const DONE = "data: [DONE]\n\n";
const stream = (bytes, headers = {}) => (_, response) => {
  response.writeHead(200, {"content-type": "text/event-stream", ...headers});
  response.end(bytes);
};
const call = (index, id, name, args) => ({tool_calls: [{index, id, type: "function", function: {name, arguments: args}}]});

describe("a model's server with ways of its own", () => {
  let stack, server, other;
  before(async () => {
    server = await new RawServer().listen();
    other = await new RawServer().listen();
    stack = await Stack.start({chain: "openai", settings: {"openai.url": `http://127.0.0.1:${server.port}/v1`, "breaker.failures": 1000, "model.retries": 0}});
  });
  after(async () => {
    await stack?.stop();
    server?.close();
    other?.close();
  });
  const ask = async (...answers) => {
    server.answers = answers;
    server.requests.length = 0;
    const run = stack.chatStream("hello");
    await run.all();
    return run;
  };

  test("a compressed stream is read, and nothing compressed was asked for", async () => {
    const run = await ask(stream(gzipSync(chunk({content: "Hello "}) + chunk({content: "there"}) + chunk({}, "stop") + DONE), {"content-encoding": "gzip"}));
    assert.equal(run.text(), "Hello there");
    assert.equal(server.requests[0].headers["accept-encoding"], "identity");
  });

  test("a reply that is compressed twice is refused: its second layer could be endless", async () => {
    const body = gzipSync(gzipSync(chunk({content: "Hello"}) + chunk({}, "stop") + DONE));
    for (const headers of [{"content-encoding": "gzip, gzip"}, {"content-encoding": ["gzip", "gzip"]}, {"transfer-encoding": "gzip, chunked", "content-encoding": "gzip"}]) {
      const run = await ask(stream(body, headers));
      assert.deepEqual([run.text(), run.last.data.code], ["", "model_unavailable"], JSON.stringify(headers));
      assert.match(stack.logTail(), /compressed more than once/);
    }
  });

  test("two calls under one index both run, each with its own arguments", async () => {
    const run = await ask(stream(chunk(call(0, "a", "get_current_time", "{\"timezone\":\"Asia/Tokyo\"}"))
      + chunk(call(0, "b", "get_current_time", {timezone: "Europe/Oslo"})) + chunk({}, "tool_calls") + DONE),
      stream(chunk({content: "Both."}) + chunk({}, "stop") + DONE));
    assert.equal(run.text(), "Both.");
    const results = run.events.filter(e => e.data.type === "TOOL_CALL_RESULT").map(e => e.data.content);
    assert.match(results[0], /Asia\/Tokyo/);
    assert.match(results[1], /Europe\/Oslo/);
  });

  test("a character whose bytes or halves come in two events arrives whole", async () => {
    const whale = Buffer.from("🐋"), half = bytes => Buffer.concat([Buffer.from("data: {\"model\":\"local\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""), bytes, Buffer.from("\"}}]}\n\n")]);
    const run = await ask(stream(Buffer.concat([half(whale.subarray(0, 2)), half(whale.subarray(2)), half(Buffer.from("\\ud83d")), half(Buffer.from("\\udc0b")), Buffer.from(chunk({}, "stop") + DONE)])));
    assert.equal(run.text(), "🐋🐋");
  });

  test("thoughts between tags are reasoning, not the answer", async () => {
    const run = await ask(stream(chunk({content: "<thi"}) + chunk({content: "nk>hm, hm</thi"}) + chunk({content: "nk>\n\nYes."}) + chunk({}, "stop") + DONE));
    assert.equal(run.text(), "Yes.");
    assert.equal(run.events.filter(e => e.data.type === "REASONING_MESSAGE_CONTENT").map(e => e.data.delta).join(""), "hm, hm");
  });

  test("an answer in one document is the answer", async () => {
    const run = await ask((_, response) => {
      response.writeHead(200, {"content-type": "application/json"});
      response.end(JSON.stringify({object: "chat.completion", model: "local", choices: [{index: 0, message: {role: "assistant", content: "In one."}, finish_reason: "stop"}], usage: {prompt_tokens: 3, completion_tokens: 2}}));
    });
    assert.equal(run.text(), "In one.");
    assert.equal(run.last.data.usage[0].outputTokens, 2);
  });

  test("an answer that the server gave up is not taken for whole", async () => {
    const run = await ask(stream(chunk({content: "Half of an"}) + chunk({}, "error") + DONE));
    assert.deepEqual([run.last.data.type, run.last.data.code], ["RUN_ERROR", "model_interrupted"]);
    assert.equal(run.text(), "Half of an");
  });

  test("an answer without a word is told as one, after one more try", async () => {
    const run = await ask(stream(chunk({role: "assistant", content: ""}) + chunk({}, "stop") + DONE));
    assert.equal(server.requests.length, 2);
    assert.match(run.text(), /gave no answer/);
    const reply = await stack.chat("again");
    assert.equal(reply.json.stop_reason, "empty", reply.text);
  });

  test("307 on the same host is followed with body and credential, to another host it is not", async () => {
    const good = stream(chunk({content: "Moved."}) + chunk({}, "stop") + DONE);
    let run = await ask((_, response) => response.writeHead(307, {location: `http://127.0.0.1:${server.port}/v2/chat/completions`}).end(), good);
    assert.equal(run.text(), "Moved.");
    const [first, second] = server.requests;
    assert.deepEqual([second.path, second.method, second.body, second.headers.authorization],
      ["/v2/chat/completions", "POST", first.body, "Bearer test-key-openai"]);
    other.answers = [good];
    run = await ask((_, response) => response.writeHead(307, {location: `http://localhost:${other.port}/v1/chat/completions`}).end());
    assert.deepEqual([run.last.data.type, run.last.data.code, other.requests.length], ["RUN_ERROR", "model_unavailable", 0]);
  });

  test("301 to another path keeps the question", async () => {
    const run = await ask((_, response) => response.writeHead(301, {location: "/v2/chat/completions"}).end(), stream(chunk({content: "Moved."}) + chunk({}, "stop") + DONE));
    assert.equal(run.text(), "Moved.");
    assert.deepEqual([server.requests[1].method, server.requests[1].body], ["POST", server.requests[0].body]);
  });

  test("201, and a last event without its empty line, are a whole answer", async () => {
    const run = await ask((_, response) => {
      response.writeHead(201, {"content-type": "text/event-stream"});
      response.end(chunk({content: "Whole."}) + chunk({}, "stop").trimEnd());
    });
    assert.deepEqual([run.text(), run.last.data.type], ["Whole.", "RUN_FINISHED"]);
  });

  test("what is cut behind the end of an answer takes nothing from it", async () => {
    for (const rest of ["data: [DON", "data: {\"choices\":[],\"usa", "<html>"]) {
      const run = await ask(stream(chunk({content: "Whole."}) + chunk({}, "stop") + rest));
      assert.deepEqual([run.text(), run.last.data.type], ["Whole.", "RUN_FINISHED"], rest);
    }
  });

  test("a last event that is cut is an answer that broke off", async () => {
    const run = await ask(stream(chunk({content: "Half"}) + chunk({}, "stop").trimEnd().slice(0, -3)));
    assert.deepEqual([run.text(), run.last.data.code], ["Half", "model_interrupted"]);
  });

  test("an error event without JSON, after some text, is an answer that broke off", async () => {
    const run = await ask(stream(chunk({content: "Half"}) + "event: error\ndata: upstream went away\n\n" + DONE));
    assert.deepEqual([run.text(), run.last.data.code], ["Half", "model_interrupted"]);
    assert.match(stack.logTail(), /upstream went away/);
  });

  test("a call that the limit of output cut before its arguments is not run with none", async () => {
    const run = await ask(stream(chunk(call(0, "a", "get_current_time", "{\"timezone\":\"Asia/Tokyo\"}")) + chunk(call(1, "b", "get_current_time", "")) + chunk({}, "length") + DONE),
      stream(chunk({content: "Done."}) + chunk({}, "stop") + DONE));
    assert.equal(run.text(), "Done.");
    const results = run.events.filter(e => e.data.type === "TOOL_CALL_RESULT").map(e => JSON.parse(e.data.content));
    assert.deepEqual(results.map(r => r.error?.code ?? "ran").sort(), ["cut_off", "ran"]);
  });

  for (const [status, body, code, words] of [[400, [{error: {code: 400, message: "API key not valid. Please pass a valid API key.", status: "INVALID_ARGUMENT"}}], "model_credential", /credential/],
    [400, {code: "Client specified an invalid argument", error: "Incorrect API key provided: sk-***"}, "model_credential", /credential/],
    [401, {error: {message: "Incorrect API key", type: "invalid_request_error", code: "invalid_api_key"}}, "model_credential", /credential/],
    [402, {error: {message: "Insufficient Balance", type: "unknown_error", code: "invalid_request_error"}}, "model_quota", /quota or credit/],
    [429, {error: {message: "You exceeded your current quota", type: "insufficient_quota", code: "insufficient_quota"}}, "model_quota", /quota or credit/]]) {
    test(`${status} ${JSON.stringify(body).slice(0, 60)} is told to the user and the operator, once`, async () => {
      const answer = (_, response) => response.writeHead(status, {"content-type": "application/json"}).end(JSON.stringify(body));
      const run = await ask(answer);
      assert.equal(server.requests.length, 1);
      assert.deepEqual([run.last.data.type, run.last.data.code], ["RUN_ERROR", code]);
      assert.match(run.last.data.message, words);
      const reply = await stack.chat("again");
      assert.deepEqual([reply.status, reply.json.code, reply.json.retryable], [502, code, false]);
      assert.match(stack.logTail(), /openai\.key/);
    });
  }
});

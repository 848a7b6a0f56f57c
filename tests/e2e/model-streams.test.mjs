// SPDX-License-Identifier: BSD-2-Clause
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
    assert.deepEqual([run.last.data.type, run.last.data.code, other.requests.length], ["RUN_ERROR", "model_failed", 0]);
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
    assert.match(stack.logTail(), /the remote service reported an error/);
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

  const json = (status, body) => (_, response) => response.writeHead(status, {"content-type": "application/json"}).end(typeof body === "string" ? body : JSON.stringify(body));
  const azure = {error: {message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.", type: null, param: "prompt", code: "content_filter", status: 400}};
  const long = {error: {message: "This model's maximum context length is 100 tokens. However, your messages resulted in 5000 tokens.", type: "invalid_request_error", code: "context_length_exceeded"}};
  const cut = (_, response) => response.socket.destroy();
  const page = (_, response) => response.writeHead(200, {"content-type": "text/html"}).end("<html><body>Sign in</body></html>");
  for (const [name, answer, code, words, retryable, logged] of [
    ["a filter of content", json(400, azure), "model_policy", /policy/, false, /policy of the remote service/],
    ["a filter of content, in the stream", stream(event({error: {message: "Output blocked by content filtering policy", type: "invalid_request_error"}})), "model_policy", /policy/, false, /policy of the remote service/],
    ["a message that is too long", json(400, long), "model_too_long", /too long/, false, /too long/],
    ["too much to do", json(529, {error: {type: "overloaded_error", message: "Overloaded"}}), "model_overloaded", /overloaded/, true, /overloaded/],
    ["too many requests", json(429, {error: {message: "Rate limit reached", type: "requests", code: "rate_limit_exceeded"}}), "model_overloaded", /overloaded/, true, /overloaded/],
    ["a fault of its own", json(500, {error: {message: "boom", type: "server_error"}}), "model_failed", /error of its own/, true, /reported an error/],
    ["an error in a 200", json(200, {error: {message: "boom", type: "server_error"}}), "model_failed", /error of its own/, true, /reported an error/],
    ["a page with 502", json(502, "<html>Bad gateway</html>"), "model_failed", /error of its own/, true, /reported an error/],
    ["a page with 200", page, "model_failed", /error of its own/, true, /broke its protocol|ended early/],
    ["nothing at all", stream(""), "model_failed", /error of its own/, true, /ended early|broke its protocol/],
    ["a connection that ends", cut, "model_unavailable", /cannot be reached/, true, /network failure/],
    ["credit that is used up, as Anthropic says it", json(400, {error: {type: "invalid_request_error", message: "Your credit balance is too low to access the Anthropic API."}}), "model_quota", /quota or credit/, false, /openai\.key/],
    ["a model that does not exist", json(404, {error: {type: "invalid_request_error", code: "model_not_found", message: "The model `x` does not exist"}}), "model_rejected", /did not accept/, false, /openai\.model/],
    ["a refused credential", json(403, {error: {message: "Country not supported", type: "request_forbidden"}}), "model_credential", /credential/, false, /openai\.key/],
  ]) {
    test(`${name}: the user's sentence, the problem and the operator's log say that it is ${code}`, async () => {
      const run = await ask(answer);
      assert.deepEqual([run.last.data.type, run.last.data.code], ["RUN_ERROR", code]);
      assert.match(run.last.data.message, words);
      const reply = await stack.chat("again");
      const {type, status, code: said, retryable: again, trace_id, turn_id, detail} = reply.json;
      assert.deepEqual([reply.status, type, status, said, again], [502, `urn:turnpike:problem:${code}`, 502, code, retryable]);
      assert.match(trace_id, /^[0-9a-f]{32}$/);
      assert.ok(turn_id && words.test(detail));
      assert.match(reply.headers["content-type"], /problem\+json/);
      assert.match(stack.logTail(8), logged);
    });
  }

  test("what a filter does not like in an old message does not end the session", async () => {
    const session_id = "filtered";
    server.answers = [stream(chunk({content: "One."}) + chunk({}, "stop") + DONE)];
    await stack.chat("the bad word", {session_id});
    server.answers = [json(400, azure), stream(chunk({content: "Two."}) + chunk({}, "stop") + DONE)];
    const reply = await stack.chat("another question", {session_id});
    assert.match(reply.json.response, /^Two\./, reply.text);
  });

  test("a filter in the middle of the text leaves what was said, and says so", async () => {
    const run = await ask(stream(chunk({content: "So far"}) + chunk({}, "content_filter") + DONE));
    assert.match(run.text(), /^So far\n\n\(The policy/);
    assert.equal(run.last.data.type, "RUN_FINISHED");
  });

  for (const [name, bytes] of [
    ["CRLF, event names, ids, comments and retry lines", `: hi\r\nretry: 5\r\nid: 1\r\nevent: message\r\n${chunk({content: "Hel"}).replaceAll("\n", "\r\n")}:\r\n\r\nevent: completion\r\n${chunk({content: "lo."}).replaceAll("\n", "\r\n")}${chunk({}, "stop")}${DONE}`],
    ["carriage returns alone", `${chunk({content: "Hello."}) + chunk({}, "stop") + DONE}`.replaceAll("\n", "\r")],
    ["a byte order mark", `\ufeff${chunk({content: "Hello."})}${chunk({}, "stop")}${DONE}`],
    ["one event over several data lines", `data: {"id":"c","model":"local",\ndata: "choices":[{"index":0,\ndata: "delta":{"content":"Hello."}}]}\n\n${chunk({}, "stop")}${DONE}`],
    ["a comment of a megabyte", `:${"x".repeat(1 << 20)}\n\n${chunk({content: "Hello."})}${chunk({}, "stop")}${DONE}`],
    ["usage in front, in the middle and null", `${event({id: "c", model: "local", choices: [], usage: {prompt_tokens: 3, completion_tokens: 0}})}${event({id: "c", choices: [{index: 0, delta: {content: "Hello."}}], usage: null})}${chunk({}, "stop")}${event({choices: [], usage: {prompt_tokens: 3, completion_tokens: 2, total_tokens: 5}})}${DONE}`],
    ["finish_reason null to the end, then [DONE]", `${chunk({content: "Hello."})}${chunk({})}${DONE}`],
    ["an empty choices list, nulls and unknown members", `${event({choices: []})}${event({choices: null})}${event({x: 1, choices: [{index: 0, delta: {role: "assistant", content: null, tool_calls: null, audio: null, annotations: []}, logprobs: null}]})}${chunk({content: "Hello."})}${event({choices: [{index: 0, delta: null, finish_reason: "stop"}]})}${DONE}`],
    ["a second choice that nobody asked for", `${event({choices: [{index: 1, delta: {content: "No."}}, {index: 0, delta: {content: "Hello."}}]})}${chunk({}, "stop")}${DONE}`],
    ["more behind the end", `${chunk({content: "Hello."})}${chunk({}, "stop")}${DONE}${chunk({content: "More."})}garbage\n\n`],
  ]) {
    test(`a stream with ${name} is read`, async () => {
      const run = await ask(stream(bytes));
      assert.deepEqual([run.text(), run.last.data.type], ["Hello.", "RUN_FINISHED"], run.raw?.slice(-400));
    });
  }

  test("a line without end is broken off, and the next message is answered", async () => {
    const run = await ask((_, response) => {
      response.writeHead(200, {"content-type": "text/event-stream"});
      const write = () => { while (!response.destroyed && response.write("x".repeat(1 << 16))); };
      response.write("data: ");
      response.on("drain", write).on("error", () => {});
      write();
    });
    assert.deepEqual([run.last.data.type, run.last.data.code], ["RUN_ERROR", "model_failed"]);
    assert.equal((await ask(stream(chunk({content: "Here."}) + chunk({}, "stop") + DONE))).text(), "Here.");
  });
});

describe("a server in the form of Anthropic with ways of its own", () => {
  let stack, server;
  before(async () => {
    server = await new RawServer().listen();
    stack = await Stack.start({chain: "anthropic", settings: {"anthropic.url": `http://127.0.0.1:${server.port}`, "breaker.failures": 1000, "model.retries": 0}});
  });
  after(async () => {
    await stack?.stop();
    server?.close();
  });
  const ask = async (...answers) => {
    server.answers = answers;
    server.requests.length = 0;
    const run = stack.chatStream("hello");
    await run.all();
    return run;
  };
  const ev = (type, data = {}) => `event: ${type}\n${event({type, ...data})}`;
  const START = ev("message_start", {message: {id: "m", type: "message", role: "assistant", model: "local", content: [], stop_reason: null, usage: {input_tokens: 3, output_tokens: 1}}});
  const block = (index, text) => ev("content_block_start", {index, content_block: {type: "text", text: ""}}) + piece(index, text) + ev("content_block_stop", {index});
  const piece = (index, text) => ev("content_block_delta", {index, delta: {type: "text_delta", text}});
  const end = (stop_reason, more = {}) => ev("message_delta", {delta: {stop_reason, stop_sequence: null, ...more}, usage: {output_tokens: 5}}) + ev("message_stop");

  for (const [name, bytes] of [
    ["data lines alone", (START + block(0, "Hello.") + end("end_turn")).replaceAll(/^event: .*\n/gm, "")],
    ["CRLF and comments", `: hi\r\n\r\n${(START + block(0, "Hello.") + end("end_turn")).replaceAll("\n", "\r\n")}`],
    ["text before any block, and no stop of it", START + piece(0, "Hello.") + end("end_turn")],
    ["no message_stop", START + block(0, "Hello.") + ev("message_delta", {delta: {stop_reason: "end_turn"}, usage: {output_tokens: 5}})],
    ["a stop_reason that is null to the end", START + block(0, "Hello.") + ev("message_delta", {delta: {stop_reason: null}, usage: null}) + ev("message_stop")],
    ["usage in odd places, numbers as text", ev("message_start", {message: {model: "local", usage: null}}) + ev("ping", {usage: {input_tokens: "7"}}) + block(0, "Hello.") + end("end_turn", {usage: {output_tokens: 2}})],
    ["events and blocks of the future", START + ev("weather", {wind: 3}) + ev("content_block_start", {index: 0, content_block: {type: "hologram", light: 1}}) + ev("content_block_delta", {index: 0, delta: {type: "beam_delta", beam: "x"}}) + ev("content_block_stop", {index: 0}) + block(1, "Hello.") + end("end_turn")],
    ["a thought without a signature, and one without a text", START + ev("content_block_start", {index: 0, content_block: {type: "thinking"}}) + ev("content_block_delta", {index: 0, delta: {type: "thinking_delta", thinking: "Hm."}}) + ev("content_block_stop", {index: 0})
      + ev("content_block_start", {index: 1, content_block: {type: "thinking", thinking: "", signature: "S"}}) + ev("content_block_stop", {index: 1}) + block(2, "Hello.") + end("end_turn")],
  ]) {
    test(`a stream with ${name} is read`, async () => {
      const run = await ask(stream(bytes));
      assert.deepEqual([run.text(), run.last.data.type], ["Hello.", "RUN_FINISHED"], run.raw?.slice(-400));
    });
  }

  test("a refusal in the middle of the text leaves what was said, and says so", async () => {
    const run = await ask(stream(START + block(0, "So far") + end("refusal", {stop_details: {type: "refusal", category: "cyber", explanation: "x"}})));
    assert.match(run.text(), /^So far\n\n\(The policy/);
    assert.equal(run.last.data.type, "RUN_FINISHED");
    assert.equal(server.requests.length, 1);
  });

  test("what the vendor once declined does not end the session", async () => {
    const session_id = "declined", declined = stream(START + end("refusal"));
    server.answers = [declined];
    const first = await stack.chat("the forbidden thing", {session_id});
    assert.deepEqual([first.json.response, first.json.stop_reason], ["The model declined to answer this.", "refusal"]);
    server.answers = [declined, stream(START + block(0, "Here.") + end("end_turn"))];
    const next = await stack.chat("how are you?", {session_id});
    assert.match(next.json.response, /^Here\.\n\n\(The model did not accept the earlier part/);
    assert.ok(!server.requests.at(-1).body.includes("the forbidden thing"));
    assert.equal(next.json.tokens_used, 16, "both answers are counted");
    server.answers = [declined];
    server.requests.length = 0;
    const again = await stack.chat("the forbidden thing again", {session_id});
    assert.equal(again.json.response, "The model declined to answer this.");
    assert.equal(server.requests.length, 2);
  });

  test("overloaded in the middle of the stream breaks the answer off, with nothing said twice", async () => {
    const run = await ask(stream(START + piece(0, "So far") + ev("error", {error: {type: "overloaded_error", message: "Overloaded"}})));
    assert.deepEqual([run.text(), run.last.data.code], ["So far", "model_interrupted"]);
  });
});

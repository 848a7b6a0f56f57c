// SPDX-License-Identifier: BSD-2-Clause
// A double of the model APIs, byte for byte: Anthropic Messages, OpenAI Chat Completions and OpenAI
// Responses with its background mode.
//
// A scenario is a line of text such as `text words=20 delay=5 | http429 retry=1`: steps separated
// by `|`, one for each model call of the conversation in turn (the last one repeats). It stands in
// the user's message as `[[scenario]]`, or is set for all with `double.scenario = "..."`.
//
//   text words=N [say=TEXT] [delay=MS] [hold=N]   a text; hold: stops before word N (or N,N) until release()
//   tool name=NAME args=JSON [delay=MS] [hold=N]  one tool call; several: name=A,B args=JSON;JSON
//   text named=NAME                               the text `double.texts.get(NAME)`, in pieces of 40 characters
//   think | refuse | length | empty               thinking first; refusal; cut by the token limit; no content
//   overloaded after=N                            error event in the stream after N words (200)
//   http status=529 [retry=S] [times=N]           error status; after N times the next step follows at once
//   cut after=N                                   connection closed in the middle of an event
//   stall after=N                                 nothing more is sent; the connection stays open
//   silent                                        accepts and never answers
//   reset                                         connection reset before an answer
//   html                                          200 with a page instead of a stream
//   badjson after=N                               an event whose data is no JSON
// A step with api=anthropic is for that API only; the other takes the step behind it.
// Of Responses: `double.background.records` has what runs in the background, whoever listens: the
// request, all events, the cursors with which it was asked for again, how often it was cancelled.
// A step with gone=1 is forgotten at once (404); with later=N the first N questions for it get 503.
// Ways of writing, added to text or tool: crlf, split (one byte at a time), ping, comments, unknown, nodone, joined
// (whole answer in one write).
//
// `[[script=NAME]]` plays `double.scripts.get(NAME)`: calls of tools with ids of the test's choice, or
// steps of its own: {kind: "blocks", blocks: [{thinking, signature, field} | {redacted} | {text} | {name, args, id, extra} | {details}]};
// field: by which a thought comes, and must come back; details: of OpenRouter.
//
// `double.summary` is the scenario of requests for a summary of older messages, or a function of their
// body that gives the text; `double.summaries` holds those requests. `double.title` and `double.titles` are the same of
// requests for the title of a chat.
//
// A request that the vendor would refuse gets the vendor's error (strict-anthropic.mjs,
// strict-openai.mjs) and is kept in `double.refused`, unless `double.strict = false`.
// `double.refuse = (api, body) => undefined | [status, body]` refuses more, as other servers do.
//
// In a test: `const double = await startDouble()`; `double.requests` holds what came in. As a
// program: `node model-double.mjs PORT`.

import http from "node:http";
import {EventEmitter, once} from "node:events";
import {pathToFileURL} from "node:url";
import {blank, prefixOf, PromptCache, refuseAnthropic} from "./strict-anthropic.mjs";
import {nothingSaid, refuseOpenai} from "./strict-openai.mjs";
import {BackgroundStore, newResponse, noteSaid, nothingSaid as noItemSaid, PrefixCache, refuseResponses, responseEvents, turnsOf} from "./strict-responses.mjs";

const TEXT = "The road north follows the coast for most of the day with towns about every hour and "
  + "places to rest at café stops where one can see whales in winter 🐋 before the last long stretch";

function parseScenario(text) {
  return text.split("|").map(part => {
    const words = part.trim().match(/[^\s=]+=(?:\{.*\}(?=\s|$)|"[^"]*"|\S+)|\S+/g) ?? ["text"];
    const step = {kind: words[0]};
    for (const word of words.slice(1)) {
      const at = word.indexOf("=");
      if (at < 0) step[word] = true;
      else step[word.slice(0, at)] = word.slice(at + 1).replace(/^"(.*)"$/, "$1");
    }
    return step;
  });
}

function lastUserText(body) {
  const texts = [];
  for (const m of body.messages ?? []) {
    if (m.role !== "user") continue;
    if (typeof m.content === "string") texts.push(m.content);
    else for (const part of m.content ?? []) if (part.type === "text") texts.push(part.text);
  }
  return texts.findLast(t => !t.startsWith("<")) ?? "";
}

const systemOf = body => typeof body?.system === "string" ? body.system
  : body?.system?.[0]?.text ?? body?.messages?.find(m => m.role === "system")?.content ?? "";
/** Does it ask for a summary of messages that leave the window, for the title of a chat? */
const isSummary = body => /^You keep the record of a conversation/.test(systemOf(body));
const isTitle = body => /^You name conversations/.test(systemOf(body));

/** Model calls that this turn has made before: assistant messages after the last user text. */
function callNumber(body) {
  let n = 0;
  for (const m of body.messages ?? []) {
    const text = m.role === "user" && (typeof m.content === "string" || m.content?.some?.(p => p.type === "text"));
    if (text) n = 0;
    else if (m.role === "assistant") n++;
  }
  return n;
}

/** An answer as the blocks of Anthropic, each whole. */
function* anthropicBlock(ev, b, index) {
  if (b.thinking !== undefined) {
    yield ev("content_block_start", {index, content_block: {type: "thinking", thinking: "", signature: ""}});
    yield ev("content_block_delta", {index, delta: {type: "thinking_delta", thinking: b.thinking}});
    yield ev("content_block_delta", {index, delta: {type: "signature_delta", signature: b.signature}});
  } else if (b.redacted !== undefined) {
    yield ev("content_block_start", {index, content_block: {type: "redacted_thinking", data: b.redacted}});
  } else if (b.text !== undefined) {
    yield ev("content_block_start", {index, content_block: {type: "text", text: ""}});
    yield ev("content_block_delta", {index, delta: {type: "text_delta", text: b.text}});
  } else {
    yield ev("content_block_start", {index, content_block: {type: "tool_use", id: b.id ?? id("toolu"), name: b.name, input: {}}});
    yield ev("content_block_delta", {index, delta: {type: "input_json_delta", partial_json: b.args ?? "{}"}});
  }
  yield ev("content_block_stop", {index});
}

/** The same in chunks of OpenAI-compatible servers. */
function* openaiBlocks(chunk, blocks) {
  let index = 0;
  for (const b of blocks) {
    if (b.details !== undefined) yield* b.details.map(d => chunk({reasoning: d.text ?? "", reasoning_details: [d]}));
    else if (b.thinking !== undefined) yield chunk({[b.field ?? "reasoning_content"]: b.thinking});
    else if (b.text !== undefined) yield chunk({content: b.text});
    else if (b.name !== undefined) {
      yield chunk({tool_calls: [{index, id: b.id ?? id("call"), type: "function", function: {name: b.name, arguments: ""}, ...b.extra}]});
      yield chunk({tool_calls: [{index: index++, function: {arguments: b.args ?? "{}"}}]});
    }
  }
}

function words(step) {
  if (step.pieces) return step.pieces;
  if (step.say) return step.say.replaceAll("_", " ").match(/\S+\s*/g);
  const source = TEXT.split(" "), n = Number(step.words ?? 12);
  return Array.from({length: n}, (_, i) => `${source[i % source.length]}${i + 1 < n ? " " : "."}`);
}

function toolCalls(step) {
  if (step.calls) return step.calls;
  const args = (step.args ?? "{}").split(";");
  return (step.name ?? "get_current_time").split(",").map((name, i) => ({name, args: args[i] ?? "{}"}));
}

/** As the vendors send arguments, in small pieces; long ones in longer pieces. */
const pieces = args => args.match(args.length > 1000 ? /[^]{1,2000}/gu : /[^]{1,5}/gu) ?? [];

let serial = 0;
const id = prefix => `${prefix}_${(++serial).toString(36).padStart(8, "0")}`;

/** Events of an Anthropic stream: arrays [event name, data]; "hold" stands where a step pauses. */
function* anthropic(step, model, cache) {
  const ev = (type, data) => [type, {type, ...data}];
  const usage = {input_tokens: 25, cache_creation_input_tokens: 0, cache_read_input_tokens: 10, ...cache, output_tokens: 1};
  yield ev("message_start", {message: {id: id("msg"), type: "message", role: "assistant", model, content: [],
    stop_reason: null, stop_sequence: null, usage}});
  let index = 0, stop = "end_turn", count = 0;
  if (step.kind === "think") {
    yield ev("content_block_start", {index, content_block: {type: "thinking", thinking: "", signature: ""}});
    yield ev("content_block_delta", {index, delta: {type: "thinking_delta", thinking: "Let me see."}});
    yield ev("content_block_delta", {index, delta: {type: "signature_delta", signature: "c2lnbmF0dXJl"}});
    yield ev("content_block_stop", {index: index++});
  }
  if (step.kind === "blocks") {
    for (const b of step.blocks) yield* anthropicBlock(ev, b, index++);
    stop = step.blocks.some(b => b.name !== undefined) ? "tool_use" : "end_turn";
  } else if (step.kind === "tool") {
    for (const call of toolCalls(step)) {
      yield ev("content_block_start", {index, content_block: {type: "tool_use", id: call.id ?? id("toolu"), name: call.name, input: {}}});
      yield ev("content_block_delta", {index, delta: {type: "input_json_delta", partial_json: ""}});
      for (const piece of pieces(call.args)) {
        yield ["hold", count++];
        yield ev("content_block_delta", {index, delta: {type: "input_json_delta", partial_json: piece}});
      }
      yield ev("content_block_stop", {index: index++});
    }
    stop = "tool_use";
  } else if (step.kind !== "empty") {
    yield ev("content_block_start", {index, content_block: {type: "text", text: ""}});
    for (const word of words(step)) {
      yield ["hold", count++];
      yield ev("content_block_delta", {index, delta: {type: "text_delta", text: word}});
    }
    yield ev("content_block_stop", {index});
    if (step.kind === "length") stop = "max_tokens";
    if (step.kind === "refuse") stop = "refusal";
  }
  yield ev("message_delta", {delta: {stop_reason: stop, stop_sequence: null}, usage: {output_tokens: count + 1}});
  yield ev("message_stop", {});
}

function* openai(step, model) {
  const base = {id: id("chatcmpl"), object: "chat.completion.chunk", created: 1790000000, model};
  const chunk = (delta, finish = null) => ["", {...base, choices: [{index: 0, delta, finish_reason: finish}]}];
  let stop = "stop", count = 0;
  yield chunk({role: "assistant", content: step.kind === "tool" ? null : ""});
  if (step.kind === "blocks") {
    yield* openaiBlocks(chunk, step.blocks);
    stop = step.blocks.some(b => b.name !== undefined) ? "tool_calls" : "stop";
  } else if (step.kind === "tool") {
    for (const [index, call] of toolCalls(step).entries()) {
      yield chunk({tool_calls: [{index, id: call.id ?? id("call"), type: "function", function: {name: call.name, arguments: ""}}]});
      for (const piece of pieces(call.args)) {
        yield ["hold", count++];
        yield chunk({tool_calls: [{index, function: {arguments: piece}}]});
      }
    }
    stop = "tool_calls";
  } else if (step.kind !== "empty") {
    for (const word of words(step)) {
      yield ["hold", count++];
      yield chunk({content: word});
    }
    if (step.kind === "length") stop = "length";
    if (step.kind === "refuse") stop = "content_filter";
  }
  yield chunk({}, stop);
  yield ["", {...base, choices: [], usage: {prompt_tokens: 35, completion_tokens: count + 1, total_tokens: count + 36,
    prompt_tokens_details: {cached_tokens: 10}}}];
}

const ERRORS = {
  400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
  413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error",
};

function errorBody(api, type, message) {
  return api === "anthropic" ? {type: "error", error: {type, message}, request_id: id("req")}
    : api === "event" ? {type: "error", code: type, message, param: null, sequence_number: 999}
    : {error: {message, type, param: null, code: null}};
}

export class ModelDouble extends EventEmitter {
  scenario = "text";
  scripts = new Map(); // name -> [[{id, name, args}, ...] of the first model call, of the second, ...]
  texts = new Map();   // name -> a text of the test's choice, with lines and signs that no scenario can hold
  requests = [];    // {api, path, headers, body, step, open, refused}
  refused = [];     // those that broke a rule of the vendor, or that the test refuses
  broken = [];      // what rules were broken; the harness wants none, unless mayBreak
  mayBreak = false;
  strict = true;
  refuse = undefined;
  counts = false;   // the tokens that it tells are those of a simulated prompt cache; `used` of a request has them
  summary = "text say=The_record.";
  summaries = [];
  title = "text say=A_short_title";
  titles = [];
  #prompts = new PromptCache();
  #prefixes = new PrefixCache();
  #extras = nothingSaid(); // of OpenAI-compatible servers
  background = new BackgroundStore();
  #items = noItemSaid(); // of Responses
  #said = new Map(); // signature of a thought -> the answer that it stood in
  #held = new Set();
  #failures = new Map();
  #server = http.createServer((request, response) => this.#answer(request, response).catch(error => {
    if (error.code !== "ECONNRESET") throw error; // a caller that was killed while it asked
  }));

  async listen(port = 0, address = "127.0.0.1") {
    this.setMaxListeners(0);
    this.#server.listen(port, address);
    await once(this.#server, "listening");
    this.port = this.#server.address().port;
    this.url = `http://${address}:${this.port}`;
    return this;
  }

  async close() {
    this.release();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Lets every held answer go on. */
  release() {
    for (const go of this.#held) go();
    this.#held.clear();
  }
  /** Waits until an answer is held, then lets it go on. */
  async go() {
    await this.until(() => this.#held.size > 0, "an answer is held");
    this.release();
  }
  get held() { return this.#held.size; }

  /** Resolves when `test(double)` is true; it is asked again after each change. */
  async until(test, what = test, ms = 15000) {
    const end = AbortSignal.timeout(ms);
    while (!test(this)) {
      await once(this, "change", {signal: end}).catch(() => {
        throw new Error(`the double did not see within ${ms} ms: ${what}`);
      });
    }
  }

  #changed() { this.emit("change"); }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks).toString();
    const api = request.url.endsWith("/messages") ? "anthropic" : request.url.endsWith("/chat/completions") ? "openai"
      : /\/responses(?:\/|$)/.test(request.url) ? "responses" : "";
    let body;
    try {
      body = JSON.parse(raw);
    } catch {
      body = null;
    }
    const entry = {api, method: request.method, path: request.url, headers: request.headers, body, raw, open: true, step: null};
    this.requests.push(entry);
    entry.summary = isSummary(body);
    if (entry.summary) this.summaries.push(entry);
    entry.title = isTitle(body);
    if (entry.title) this.titles.push(entry);
    response.on("close", () => {
      entry.open = false;
      this.#changed();
    });
    const stored = /\/responses\/([^/?]+)(\/cancel)?(?:\?(.*))?$/.exec(request.url);
    if (stored) return this.#stored(stored, entry, request, response);
    const broken = this.#refusal(api, request, body), wrong = broken ?? this.refuse?.(api, body);
    if (broken) this.broken.push(broken[1]);
    if (wrong) {
      entry.refused = wrong[1];
      this.refused.push(entry);
      this.#changed();
      return void this.#json(response, wrong[0], typeof wrong[1] === "string" ? errorBody(api, ERRORS[wrong[0]], wrong[1]) : wrong[1]);
    }
    const turns = api === "responses" ? {messages: turnsOf(body)} : body;
    const inMessage = [...lastUserText(turns).matchAll(/\[\[(.*?)\]\]/gs)].at(-1)?.[1];
    const steps = entry.summary ? this.#stepsOf(this.summary, body) : entry.title ? this.#stepsOf(this.title, body) : this.#script(inMessage) ?? parseScenario(inMessage ?? this.scenario);
    let step = steps[Math.min(callNumber(turns), steps.length - 1)];
    if (step.blocks && api !== "openai") step = {...step, blocks: step.blocks.filter(b => b.details === undefined)};
    if (step.api && step.api !== api) step = steps[steps.indexOf(step) + 1] ?? {kind: "text"}; // a fault of one API only
    if (step.times !== undefined) { // fails so often, then the step behind it follows
      const key = lastUserText(turns), seen = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, seen);
      if (seen > Number(step.times)) step = steps[steps.indexOf(step) + 1] ?? {kind: "text"};
    }
    if (step.named) step = {...step, pieces: this.texts.get(step.named).match(/[^]{1,40}/gu)};
    entry.step = step;
    if (this.counts && ["anthropic", "responses"].includes(api)) {
      entry.used = (api === "anthropic" ? this.#prompts : this.#prefixes).use(body);
      Object.defineProperty(body, "counted", {value: entry.used, enumerable: false});
    }
    if (api === "anthropic") this.#sign(step, body);
    else if (api === "openai") this.#note(step);
    this.#changed();
    await this.#play(api, step, body, request, response).catch(error => {
      if (!response.destroyed) throw error;
    });
  }

  #stepsOf(answer, body) {
    if (typeof answer === "string") return parseScenario(answer);
    return [{kind: "text", pieces: answer(body).match(/[^]{1,40}/gu) ?? []}];
  }

  /** `[[script=NAME]]`: calls of tools with ids and arguments of the test's choice, then a text. */
  #script(inMessage) {
    const script = this.scripts.get(/^script=(.+)$/.exec(inMessage ?? "")?.[1]);
    return script && [...script.map(calls => Array.isArray(calls) ? {kind: "tool", calls} : calls), {kind: "text", words: "2"}];
  }

  /** What the vendors refuse: [status, message or body]. */
  #refusal(api, request, body) {
    if (!api || request.method !== "POST") return [404, "Not Found"];
    if (!/^application\/json/.test(request.headers["content-type"] ?? "")) return [400, "content-type must be application/json"];
    if (!body || typeof body !== "object") return [400, "The body is not JSON"];
    if (!this.strict) return null;
    if (api === "anthropic") return refuseAnthropic(body, request.headers, this.#said);
    if (api === "responses") {
      const fault = refuseResponses(body, request.headers, this.#items);
      return fault && [fault.status, {error: fault.error}];
    }
    const wrong = refuseOpenai(body, request.headers, this.#extras);
    return wrong && [wrong.status, {error: wrong.error}];
  }

  /** Thoughts that it has signed come back unchanged, or are refused. Blank text cannot come back. */
  #sign(step, body) {
    const joined = []; // neighbouring texts may become one
    for (const b of step.blocks ?? []) {
      if (b.text !== undefined && joined.at(-1)?.text !== undefined) joined.push({text: joined.pop().text + b.text});
      else joined.push(b);
    }
    const blocks = joined.filter(b => b.text === undefined || !blank(b.text))
      .map(b => ({signature: b.signature, data: b.redacted, text: b.text, thinking: b.thinking,
        id: b.id?.startsWith("toolu_") ? b.id : undefined})); // others may get a new one
    for (const [at, b] of blocks.entries()) if (b.signature) this.#said.set(b.signature, {at, thinking: b.thinking, blocks, model: body.model, prefix: prefixOf(body)});
  }

  /** Thoughts and unknown members of calls that it has said. */
  #note(step) {
    const reasoning = (step.blocks ?? []).map(b => b.thinking ?? "").join(""), details = (step.blocks ?? []).flatMap(b => b.details ?? []);
    const field = details.length ? "reasoning_details" : reasoning ? step.blocks.find(b => b.thinking).field ?? "reasoning_content" : undefined;
    const text = details.length ? details : reasoning || undefined;
    if (reasoning) this.#extras.reasonings.add(reasoning);
    if (field) this.#extras.fields.add(JSON.stringify(text));
    for (const b of step.blocks ?? []) {
      if (b.name === undefined) continue;
      for (const key of Object.keys(b.extra ?? {})) this.#extras.keys.add(key);
      if (b.id?.startsWith("toolu_")) this.#extras.calls.set(b.id, {field, text, extra: b.extra});
    }
  }

  #json(response, status, body, headers = {}) {
    response.writeHead(status, {"content-type": "application/json", "request-id": id("req"), ...headers});
    response.end(JSON.stringify(body));
  }

  async #play(api, step, body, request, response) {
    switch (step.kind) {
    case "http": {
      const status = Number(step.status ?? 529);
      const headers = step.retry === undefined ? {} : {"retry-after": step.retry};
      return this.#json(response, status, errorBody(api, ERRORS[status] ?? "api_error", step.message ?? `status ${status}`), headers);
    }
    case "silent": return undefined;
    case "reset": return request.socket.resetAndDestroy();
    case "html":
      response.writeHead(200, {"content-type": "text/html"});
      return response.end("<html><body>Welcome to the hotel's network</body></html>");
    }
    if (api === "responses") return this.#respond(step, body, response);
    if (!body.stream) return this.#json(response, 400, errorBody(api, "invalid_request_error", "the double only streams"));
    response.writeHead(200, {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "request-id": id("req")});
    response.socket.setNoDelay(true);
    const out = new Writer(response, step);
    const after = Number(step.after ?? 3);
    for (const [name, data] of (api === "anthropic" ? anthropic : openai)(step, body.model, body.counted)) {
      if (name === "hold") {
        if (await this.#pause(api, step, data, after, out, response)) return undefined;
        continue;
      }
      await out.event(name, data);
      if (name === "message_start" && step.ping) await out.event("ping", {type: "ping"});
      if (step.unknown) await out.event("future_event", {type: "future_event", choices: [], field: {a: [1]}});
      if (step.comments) await out.write(": keep-alive\n\n");
      if (step.delay) await new Promise(go => setTimeout(go, Number(step.delay)));
    }
    if (api === "openai" && !step.nodone) await out.write("data: [DONE]\n\n");
    return out.end();
  }

  // ---- Responses ----

  #openStream(response, step) {
    response.writeHead(200, {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "x-request-id": id("req")});
    response.socket.setNoDelay(true);
    return new Writer(response, step);
  }

  async #respond(step, body, response) {
    const made = newResponse(body), after = Number(step.after ?? 3);
    const events = responseEvents(made, step, {words: step.kind === "text" || step.kind === "refuse" || step.kind === "length" || step.kind === "think"
      || ["overloaded", "cut", "stall", "badjson"].includes(step.kind) ? words(step) : [], calls: toolCalls(step), pieces, used: body.counted});
    if (body.background) return this.#inBackground(made, events, step, body, response);
    if (!body.stream) {
      for (const _ of events) continue;
      noteSaid(made, this.#items);
      return this.#json(response, 200, made);
    }
    const out = this.#openStream(response, step);
    for (const [name, data] of events) {
      if (name === "hold") {
        if (await this.#pause("responses", step, data, after, out, response)) return undefined;
        continue;
      }
      if (data.response?.usage) noteSaid(made, this.#items); // before it can come back
      await out.event(name, data);
      if (step.unknown) await out.event("response.future.event", {type: "response.future.event", sequence_number: 0, field: {a: [1]}});
      if (step.comments) await out.write(": keep-alive\n\n");
      if (step.delay) await new Promise(go => setTimeout(go, Number(step.delay)));
    }
    return out.end();
  }

  /** It goes on whoever listens; what a step says of the connection is said of the first one alone. */
  async #inBackground(made, events, step, body, response) {
    const record = this.background.add(made, body), after = Number(step.after ?? 3);
    record.step = step;
    const ended = this.#make(record, events, step);
    if (step.gone) this.background.records.delete(made.id);
    if (!body.stream) return this.#json(response, 200, record.events[0][1].response);
    await this.#follow(record, -1, response, ["cut", "stall"].includes(step.kind) ? after : Infinity);
    return ended;
  }

  async #make(record, events, step) {
    for (const [name, data] of events) {
      if (record.ended) return;
      if (name === "hold") {
        if (await this.#holdBack(step, data, () => record.ended)) return;
        record.words = data;
        if (step.kind === "overloaded" && data === Number(step.after ?? 3)) {
          record.response.status = "failed";
          record.response.error = {code: "server_error", message: "The server had an error while processing your request."};
          this.background.push(record, "response.failed", {type: "response.failed", sequence_number: record.events.length, response: structuredClone(record.response)});
          return;
        }
        continue;
      }
      if (data.response?.usage) noteSaid(record.response, this.#items);
      this.background.push(record, name, data);
      if (step.delay) await new Promise(go => setTimeout(go, Number(step.delay)));
    }
  }

  /** Sends the events behind a cursor, and those that come. words: of text, after which the connection is cut. */
  async #follow(record, cursor, response, words) {
    const out = this.#openStream(response, record.step);
    for (let at = 0, said = 0; ; ) {
      for (; at < record.events.length; at++) {
        const [name, data] = record.events[at];
        if (data.sequence_number <= cursor) continue;
        if (/\.delta$/.test(name) && said++ === words) {
          if (record.step.kind === "stall") return;
          await out.write("event: response.output_text.delta\ndata: {\"type\":\"response.out");
          response.socket.end();
          response.destroy();
          return;
        }
        await out.event(name, data);
      }
      if (record.ended || response.destroyed) break;
      await new Promise(go => {
        const done = () => { this.background.off("event", done); response.off("close", done); go(); };
        this.background.on("event", done);
        response.on("close", done);
      });
    }
    await out.end();
  }

  /** GET /responses/ID and POST /responses/ID/cancel. */
  async #stored([, responseId, cancel, query], entry, request, response) {
    const record = this.background.records.get(responseId), asked = new URLSearchParams(query);
    const fail = (status, message) => this.#json(response, status, {error: {message, type: "invalid_request_error", param: null, code: null}});
    this.#changed();
    if (!/^Bearer ./.test(request.headers.authorization ?? "")) return fail(401, "Missing bearer authentication in header");
    if (!record) return fail(404, `Response with id '${responseId}' not found.`);
    if (request.method !== (cancel ? "POST" : "GET")) return fail(405, "Not allowed to do that.");
    if (cancel) {
      if (!record.body.background) return fail(400, "Cannot cancel a synchronous response.");
      this.background.cancel(record);
      this.#changed();
      return this.#json(response, 200, record.response);
    }
    if (asked.get("stream") !== "true") return this.#json(response, 200, record.response);
    for (const key of asked.keys()) if (!["stream", "starting_after", "include[]", "include_obfuscation"].includes(key)) return fail(400, `Unknown parameter: '${key}'.`);
    const after = asked.get("starting_after");
    if (after !== null && !/^\d+$/.test(after)) return fail(400, "Invalid type for 'starting_after': expected an integer.");
    record.gets.push(after === null ? -1 : Number(after));
    this.#changed();
    if (record.gets.length <= Number(record.step.later ?? 0)) return this.#json(response, 503, errorBody("openai", "server_error", "not now"), {"retry-after": "0"});
    entry.step = record.step;
    return this.#follow(record, record.gets.at(-1), response, Infinity);
  }

  /** Before word `count` of a held answer: until release(), or until `over`. */
  async #holdBack(step, count, over) {
    if (step.hold === undefined || !String(step.hold).split(",").includes(String(count))) return over();
    let go;
    const held = new Promise(done => this.#held.add(go = done));
    const look = () => over() && go();
    this.background.on("event", look);
    this.#changed();
    await held;
    this.background.off("event", look);
    this.#held.delete(go);
    return over();
  }

  /** Before word `count`. Returns true when the answer ends here. */
  async #pause(api, step, count, after, out, response) {
    if (step.hold !== undefined && String(step.hold).split(",").includes(String(count))) {
      await out.flush();
      let go;
      const held = new Promise(done => this.#held.add(go = done));
      this.#changed();
      await Promise.race([held, once(response, "close")]);
      this.#held.delete(go);
    }
    if (count !== after) return false;
    switch (step.kind) {
    case "overloaded":
      if (api === "responses") await out.event("error", errorBody("event", "server_error", "Overloaded"));
      else await out.event(api === "anthropic" ? "error" : "", errorBody(api, "overloaded_error", "Overloaded"));
      await out.end();
      return true;
    case "cut":
      await out.write(api === "anthropic" ? "event: content_block_delta\ndata: {\"type\":\"content_bl" : "data: {\"id\":\"chat");
      await out.flush();
      response.socket.end();
      response.destroy();
      return true;
    case "badjson":
      await out.write("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",,}\n\n");
      return false;
    case "stall":
      await out.flush();
      return true;
    default:
      return false;
    }
  }
}

/** Writes events in the way that a step asks for. */
class Writer {
  #joined = "";
  constructor(response, step) {
    this.response = response;
    this.step = step;
  }
  event(name, data) {
    return this.write(`${name ? `event: ${name}\n` : ""}data: ${JSON.stringify(data)}\n\n`);
  }
  async write(text) {
    if (this.step.crlf) text = text.replaceAll("\n", "\r\n");
    if (this.step.joined) {
      this.#joined += text;
      return;
    }
    if (!this.step.split) {
      this.response.write(text);
      return;
    }
    for (const byte of Buffer.from(text)) { // one byte a segment, as far as the kernel lets us
      this.response.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
  }
  async flush() {
    if (this.#joined) this.response.write(this.#joined);
    this.#joined = "";
  }
  async end() {
    await this.flush();
    this.response.end();
  }
}

export const startDouble = (port, address) => new ModelDouble().listen(port, address);

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const double = await new ModelDouble().listen(Number(process.argv[2] ?? 0));
  console.log(double.url);
}

// SPDX-License-Identifier: BSD-2-Clause
// OpenAI's Responses API: its stream, its store of background responses, and what it refuses, in its
// words. Sources: npm package openai 7.59 (resources/responses/responses.d.ts), developers.openai.com
// (guides background, reasoning, streaming-responses) and error texts in public bug reports (November 2026).
import {createHash} from "node:crypto";
import {EventEmitter} from "node:events";
import {blank} from "./strict-anthropic.mjs";
import {toolsFault} from "./strict-openai.mjs";

const TOP = new Set(["background", "background_options", "context_management", "conversation", "include", "input", "instructions", "max_output_tokens",
  "max_tool_calls", "metadata", "model", "parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_options",
  "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store", "stream", "stream_options", "temperature", "text", "tool_choice",
  "tools", "top_logprobs", "top_p", "truncation", "user"]);
const ITEMS = {
  message: ["role", "content", "id", "status", "phase"], reasoning: ["id", "summary", "content", "encrypted_content"],
  function_call: ["call_id", "name", "arguments", "id", "namespace", "caller", "async"], function_call_output: ["call_id", "output", "id"],
  tool_search_call: ["call_id", "execution", "arguments", "status", "id"], tool_search_output: ["call_id", "execution", "tools", "status", "id"],
};
const PREFIXES = {message: "msg", reasoning: "rs", function_call: "fc", function_call_output: "fco", tool_search_call: "tsc", tool_search_output: "tso"};
const SEARCHES = /(?:^|\/)gpt-(?:5\.[4-9]|[6-9])(?!.*nano)/; // guides/tools-tool-search: gpt-5.4 and later
const INCLUDES = ["file_search_call.results", "web_search_call.results", "message.input_image.image_url", "computer_call_output.output.image_url",
  "code_interpreter_call.outputs", "reasoning.encrypted_content", "message.output_text.logprobs", "web_search_call.action.sources"];
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const THINKS = /(?:^|\/)(?:o\d|gpt-(?:[5-9]|\d\d))/;

const refusal = (message, param = null, code = null, status = 400) => ({status, error: {message, type: "invalid_request_error", param, code}});
const unknown = path => refusal(`Unknown parameter: '${path}'.`, path, "unknown_parameter");
const tooLong = (path, most, is) => refusal(`Invalid '${path}': string too long. Expected a string with maximum length ${most}, but got a string with length ${is} instead.`, path, "string_above_max_length");

/** What it has said: reasoning items by id; calls, the thoughts in front of them, their members. */
export const nothingSaid = () => ({reasoning: new Map(), thoughtOf: new Map(), stored: new Set(), members: new Set()});

function parametersFault(body) {
  const thinks = THINKS.test(body.model);
  if (body.temperature !== undefined && thinks) return refusal("Unsupported parameter: 'temperature' is not supported with this model.", "temperature");
  if (body.reasoning !== undefined) {
    if (!thinks) return refusal("Unsupported parameter: 'reasoning.effort' is not supported with this model.", "reasoning.effort", "unsupported_parameter");
    if (body.reasoning.effort !== undefined && !EFFORTS.includes(body.reasoning.effort)) return refusal(`Invalid value: '${body.reasoning.effort}'. Supported values are: ${EFFORTS.map(e => `'${e}'`).join(", ")}.`, "reasoning.effort", "invalid_value");
    if (body.reasoning.summary !== undefined && !["auto", "concise", "detailed"].includes(body.reasoning.summary)) return refusal(`Invalid value: '${body.reasoning.summary}'.`, "reasoning.summary", "invalid_value");
    for (const key of Object.keys(body.reasoning)) if (!["effort", "summary", "context", "mode"].includes(key)) return unknown(`reasoning.${key}`);
  }
  for (const [i, value] of (body.include ?? []).entries()) {
    if (!INCLUDES.includes(value)) return refusal(`Invalid value: '${value}'.`, `include[${i}]`, "invalid_value");
    if (value === "reasoning.encrypted_content" && !thinks) return refusal("Encrypted content is not supported with this model.", "include");
  }
  if (body.background && body.store !== true) return refusal("Background mode requires 'store' to be true.", "background");
  if (body.max_output_tokens !== undefined && !(body.max_output_tokens >= 16)) return refusal(`Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${body.max_output_tokens} instead.`, "max_output_tokens", "integer_below_min_value");
  if (body.prompt_cache_key !== undefined && body.prompt_cache_key.length > 64) return tooLong("prompt_cache_key", 64, body.prompt_cache_key.length);
  if (body.instructions !== undefined && typeof body.instructions !== "string") return refusal("Invalid type for 'instructions': expected a string.", "instructions", "invalid_type");
  if (body.previous_response_id !== undefined) return refusal(`Previous response with id '${body.previous_response_id}' not found.`, "previous_response_id", "previous_response_not_found");
  return null;
}

/** The rules of functions are those of Chat Completions, but `strict` is on unless it is turned off. */
function functionsFault(body) {
  const fault = searchFault(body);
  return fault ?? listFault(body, (body.tools ?? []).filter(t => t.type !== "tool_search"));
}

/** The search tool, executed by the client; what it has found is in the conversation. */
function searchFault(body) {
  const searches = (body.tools ?? []).filter(t => t.type === "tool_search"), kept = (body.tools ?? []).filter(t => t.defer_loading);
  const items = Array.isArray(body.input) ? body.input.filter(i => /^tool_search_/.test(i.type ?? "")) : [];
  if (kept.length && !searches.length) return refusal("Invalid Value: 'tools.defer_loading'. Deferred tools require tools.tool_search.", "tools.defer_loading");
  if ((searches.length || items.length) && !SEARCHES.test(body.model)) return refusal(`Tool 'tool_search' is not supported with ${body.model}.`, "tools");
  if (searches.length > 1) return refusal("Only one tool_search tool may be specified.", "tools");
  for (const t of searches) {
    for (const key of Object.keys(t)) if (!["type", "description", "execution", "parameters"].includes(key)) return unknown(`tools.tool_search.${key}`);
    if (!["client", "server", undefined].includes(t.execution)) return refusal(`Invalid value: '${t.execution}'. Supported values are: 'server' and 'client'.`, "tools.tool_search.execution", "invalid_value");
    if (t.execution !== "client" && !kept.length) return refusal("Invalid Value: 'tools.tool_search'. tools.tool_search requires at least one deferred tool.", "tools.tool_search");
    if (t.execution === "client" && t.parameters?.type !== "object") return refusal("Invalid schema for tool_search: schema must be a JSON Schema of 'type: \"object\"'.", "tools.tool_search.parameters");
  }
  return null;
}

function listFault(body, tools) {
  for (const [i, tool] of tools.entries()) {
    if (tool.type !== "function") return refusal(`Invalid value: '${tool.type}'.`, `tools[${i}].type`, "invalid_value");
    if (tool.function) return refusal(`Missing required parameter: 'tools[${i}].name'.`, `tools[${i}].name`, "missing_required_parameter");
    for (const key of Object.keys(tool)) if (!["type", "name", "description", "parameters", "strict", "defer_loading"].includes(key)) return unknown(`tools[${i}].${key}`);
    if (tool.strict !== false && tool.parameters?.additionalProperties !== false) {
      return refusal(`Invalid schema for function '${tool.name}': In context=(), 'additionalProperties' is required to be supplied and to be false.`, `tools[${i}].parameters`, "invalid_function_parameters");
    }
  }
  const wrong = toolsFault({...body, tools: body.tools && tools.map(({type, ...f}) => ({type, function: f}))});
  return wrong && JSON.parse(JSON.stringify(wrong).replaceAll(".function.", "."));
}

function messageFault(item, path) {
  if (!["user", "assistant", "system", "developer"].includes(item.role)) return refusal(`Invalid value: '${item.role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`, `${path}.role`, "invalid_value");
  if (typeof item.content === "string") return blank(item.content) ? refusal(`Invalid '${path}.content': content must not be empty`, path) : null; // several servers
  if (!Array.isArray(item.content) || !item.content.length) return refusal(`Invalid type for '${path}.content': expected one of an array of objects or string, but got ${typeof item.content} instead.`, `${path}.content`, "invalid_type");
  const types = item.role === "assistant" ? ["output_text", "refusal"] : ["input_text", "input_image", "input_file"];
  for (const [k, part] of item.content.entries()) {
    if (!types.includes(part.type)) return refusal(`Invalid value: '${part.type}'. Supported values are: ${types.map(t => `'${t}'`).join(", ")}.`, `${path}.content[${k}]`, "invalid_value");
    if (part.text !== undefined && blank(part.text)) return refusal(`Invalid '${path}.content[${k}].text': must not be empty`, path);
  }
  return null;
}

function callFault(item, path, seen) {
  if (typeof item.call_id !== "string" || !item.call_id) return refusal(`Missing required parameter: '${path}.call_id'.`, `${path}.call_id`, "missing_required_parameter");
  if (item.call_id.length > 64) return tooLong(`${path}.call_id`, 64, item.call_id.length);
  if (!/^[a-zA-Z0-9_-]+$/.test(item.name ?? "")) return refusal(`Invalid '${path}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`, `${path}.name`, "invalid_value");
  if (item.name.length > 64) return tooLong(`${path}.name`, 64, item.name.length);
  if (seen.has(item.call_id)) return refusal(`Duplicate function call id: ${item.call_id}`, path);
  seen.add(item.call_id);
  let args;
  try {
    args = JSON.parse(item.arguments);
  } catch (error) {
    return {status: 400, error: {message: `${path}: bad JSON in arguments: ${error.message}`, type: "BadRequestError", param: null, code: 400}}; // vLLM
  }
  return args === null || typeof args !== "object" || Array.isArray(args) ? refusal(`${path}: Can only get item pairs from a mapping.`) : null;
}

/** Reasoning comes back as it was said, in its place, or not at all. */
function reasoningFault(item, next, store, said) {
  const own = said.reasoning.get(item.id);
  if (!item.encrypted_content && !said.stored.has(item.id)) {
    return refusal(`Item with id '${item.id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`, "input", null, 404);
  }
  if (!own || (item.encrypted_content ?? own.item.encrypted_content) !== own.item.encrypted_content || JSON.stringify(item.summary) !== JSON.stringify(own.item.summary)) {
    return refusal(`The encrypted content for item ${item.id} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`, null, "invalid_encrypted_content");
  }
  if (!next || !(["reasoning", "function_call", "tool_search_call"].includes(next.type) || (next.type === "message" && next.role === "assistant"))) {
    return refusal(`Item '${item.id}' of type 'reasoning' was provided without its required following item.`, "input");
  }
  return null;
}

function inputFault(body, said) {
  const seen = new Set(), open = new Set(), thoughts = new Set();
  for (const [i, item] of body.input.entries()) {
    const type = item.type ?? (item.role ? "message" : undefined), path = `input[${i}]`;
    if (!ITEMS[type]) return refusal(`Invalid value: '${type}'. Supported values are: ${Object.keys(ITEMS).map(t => `'${t}'`).join(", ")}.`, path, "invalid_value");
    for (const key of Object.keys(item)) if (key !== "type" && !ITEMS[type].includes(key) && !(type === "function_call" && said.members.has(key))) return unknown(`${path}.${key}`);
    if (item.id !== undefined && !String(item.id).startsWith(PREFIXES[type])) return refusal(`Invalid '${path}.id': '${item.id}'. Expected an ID that begins with '${PREFIXES[type]}'.`, `${path}.id`, "invalid_value");
    if (open.size && !["function_call", "function_call_output", "reasoning", "tool_search_call", "tool_search_output"].includes(type) && item.role !== "assistant") {
      return refusal(`No tool output found for function call ${[...open][0]}.`, "input");
    }
    let fault = null;
    if (type === "message") fault = messageFault(item, path);
    if (type === "reasoning") {
      fault = reasoningFault(item, body.input[i + 1], body.store, said);
      thoughts.add(item.id);
    }
    if (type === "function_call") {
      fault = callFault(item, path, seen);
      const thought = item.id && said.thoughtOf.get(item.id);
      if (thought && !thoughts.has(thought)) fault ??= refusal(`Item '${item.id}' of type 'function_call' was provided without its required 'reasoning' item: '${thought}'.`, "input");
      open.add(item.call_id);
    }
    if (type === "function_call_output") {
      if (!open.delete(item.call_id)) fault = refusal(`No tool call found for function call output with call_id ${item.call_id}.`, "input");
      if (typeof item.output !== "string" || blank(item.output)) fault ??= refusal(`Invalid '${path}.output': must not be empty`, path);
    }
    if (type === "tool_search_call") {
      if (item.execution !== "client") fault = refusal(`Invalid '${path}.execution'.`, path);
      if (item.arguments === null || typeof item.arguments !== "object") fault ??= refusal(`Invalid type for '${path}.arguments': expected an object.`, path, "invalid_type");
      if (!item.call_id || seen.has(item.call_id)) fault ??= refusal(`Duplicate tool search call id: ${item.call_id}`, path);
      seen.add(item.call_id);
      open.add(item.call_id);
    }
    if (type === "tool_search_output") {
      if (!open.delete(item.call_id)) fault = refusal(`No tool search call found for tool search output with call_id ${item.call_id}.`, "input");
      if (!Array.isArray(item.tools)) fault ??= refusal(`Missing required parameter: '${path}.tools'.`, path, "missing_required_parameter");
      if (item.tools?.length) fault ??= listFault({}, item.tools);
      if (item.tools?.some(t => body.tools?.some(b => b.name === t.name))) fault ??= refusal(`${path}.tools: a tool is there already`, path);
    }
    if (fault) return fault;
  }
  if (open.size) return refusal(`No tool output found for function call ${[...open][0]}.`, "input");
  return body.input.at(-1).role === "assistant" ? refusal("the last item is the assistant's", "input") : null; // chat templates
}

/** null, or {status, error}. */
export function refuseResponses(body, headers, said = nothingSaid()) {
  if (!/^Bearer ./.test(headers.authorization ?? "")) return refusal("Missing bearer authentication in header", null, null, 401);
  if (typeof body.model !== "string" || !body.model) return refusal("Missing required parameter: 'model'.", "model", "missing_required_parameter");
  for (const key of Object.keys(body)) if (!TOP.has(key)) return unknown(key);
  if (typeof body.input === "string") return parametersFault(body) ?? functionsFault(body);
  if (!Array.isArray(body.input) || !body.input.length) return refusal("Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.", "input", "empty_array");
  return parametersFault(body) ?? functionsFault(body) ?? inputFault(body, said);
}

/** The vendor's prompt cache: the longest beginning that an earlier request had, in steps of 128 tokens from 1024 on. */
export class PrefixCache {
  #known = new Set();

  use(body) {
    const text = JSON.stringify([body.tools ?? [], body.instructions ?? ""]) + (Array.isArray(body.input) ? body.input : [body.input]).map(i => JSON.stringify(i)).join("");
    const whole = Math.floor(text.length / 4);
    let cached = 0;
    for (let tokens = 1024; tokens <= whole; tokens += 128) {
      const key = createHash("sha256").update(`${body.model} ${text.slice(0, tokens * 4)}`).digest("hex");
      if (this.#known.has(key)) cached = tokens;
      this.#known.add(key);
    }
    return {input: whole, cached};
  }
}

// ---- the conversation, as a scenario sees it ----

/** The same as messages of Chat Completions, for the choice of a step: who spoke, in which order. */
export function turnsOf(body) {
  const messages = [];
  for (const item of Array.isArray(body?.input) ? body.input : [{role: "user", content: body?.input ?? ""}]) {
    const said = item.role === "assistant" || ["reasoning", "function_call", "tool_search_call"].includes(item.type), last = messages.at(-1);
    if (item.role === "developer") continue; // the application's
    if (!said && item.role) messages.push({role: "user", content: typeof item.content === "string" ? item.content : item.content?.map(p => ({type: "text", text: p.text ?? ""})) ?? []});
    else if (!said) messages.push({role: "tool"});
    else if (last?.role !== "assistant") messages.push({role: "assistant"});
  }
  return messages;
}

// ---- the stream ----

let serial = 0;
const id = prefix => `${prefix}_${(++serial).toString(16).padStart(24, "0")}`;

export function newResponse(body) {
  return {
    id: id("resp"), object: "response", created_at: 1790000000, status: body.background ? "queued" : "in_progress", background: !!body.background,
    error: null, incomplete_details: null, instructions: body.instructions ?? null, max_output_tokens: body.max_output_tokens ?? null, model: body.model,
    output: [], parallel_tool_calls: body.parallel_tool_calls ?? true, previous_response_id: null, prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: {effort: body.reasoning?.effort ?? "medium", summary: body.reasoning?.summary ?? null}, store: body.store ?? true,
    temperature: 1, text: {format: {type: "text"}, verbosity: "medium"}, tool_choice: body.tool_choice ?? "auto", tools: body.tools ?? [],
    top_p: 1, truncation: "disabled", usage: null, user: null, metadata: {},
  };
}

/** The items of a step: {thinking, encrypted} | {text} | {refusal} | {name, args, id}. */
function itemsOf(step, words, calls) {
  if (step.kind === "blocks") return step.blocks;
  if (step.kind === "tool") return calls;
  if (step.kind === "empty") return [];
  const thought = step.kind === "think" ? [{thinking: "Let me see.", signature: "c2lnbmF0dXJl"}] : [];
  return [...thought, step.kind === "refuse" ? {refusal: words.join("")} : {pieces: words}];
}

/** Events of one response: arrays [event name, data]; "hold" stands where a step pauses. */
export function* responseEvents(response, step, {words, calls, pieces, used}) {
  let sequence = 0, count = 0;
  const ev = (type, data) => [type, {type, sequence_number: sequence++, ...data}];
  const snapshot = () => structuredClone(response);
  yield ev("response.created", {response: snapshot()});
  if (response.background) yield ev("response.queued", {response: snapshot()});
  response.status = "in_progress";
  yield ev("response.in_progress", {response: snapshot()});
  for (const [output_index, b] of itemsOf(step, words, calls).entries()) {
    if (b.thinking !== undefined || b.redacted !== undefined) {
      const item = {id: id("rs"), type: "reasoning", summary: [], encrypted_content: `gAAAAA${b.signature ?? b.redacted}${serial}`, ...b.extra};
      yield ev("response.output_item.added", {output_index, item: {...item, encrypted_content: item.encrypted_content.slice(0, 6)}});
      if (b.thinking) {
        const at = {item_id: item.id, output_index, summary_index: 0};
        yield ev("response.reasoning_summary_part.added", {...at, part: {type: "summary_text", text: ""}});
        for (const delta of pieces(b.thinking)) {
          yield ["hold", count++];
          yield ev("response.reasoning_summary_text.delta", {...at, delta, obfuscation: "aZ3"});
        }
        yield ev("response.reasoning_summary_text.done", {...at, text: b.thinking});
        yield ev("response.reasoning_summary_part.done", {...at, part: {type: "summary_text", text: b.thinking}});
        item.summary = [{type: "summary_text", text: b.thinking}];
      }
      response.output.push(item);
      yield ev("response.output_item.done", {output_index, item});
    } else if (b.name === "find_tools" && response.tools.some(t => t.type === "tool_search" && t.execution === "client")) {
      const item = {id: id("tsc"), type: "tool_search_call", execution: "client", call_id: b.id ?? id("call"), status: "in_progress", arguments: {}};
      yield ev("response.output_item.added", {output_index, item: {...item}});
      yield ["hold", count++];
      Object.assign(item, {status: "completed", arguments: JSON.parse(b.args ?? "{}")});
      response.output.push(item);
      yield ev("response.output_item.done", {output_index, item});
    } else if (b.name !== undefined) {
      const item = {id: id("fc"), type: "function_call", status: "in_progress", arguments: "", call_id: b.id ?? id("call"), name: b.name, ...b.extra};
      yield ev("response.output_item.added", {output_index, item: {...item}});
      item.arguments = b.args ?? "{}";
      item.status = "completed";
      for (const delta of pieces(item.arguments)) {
        yield ["hold", count++];
        yield ev("response.function_call_arguments.delta", {item_id: item.id, output_index, delta, obfuscation: "aZ3"});
      }
      yield ev("response.function_call_arguments.done", {item_id: item.id, output_index, arguments: item.arguments, name: item.name});
      response.output.push(item);
      yield ev("response.output_item.done", {output_index, item});
    } else {
      const kind = b.refusal === undefined ? "output_text" : "refusal", whole = b.refusal ?? b.text ?? b.pieces.join("");
      const part = text => kind === "refusal" ? {type: "refusal", refusal: text} : {type: "output_text", annotations: [], logprobs: [], text};
      const item = {id: id("msg"), type: "message", status: "in_progress", content: [], role: "assistant", ...b.extra};
      const at = {item_id: item.id, output_index, content_index: 0};
      yield ev("response.output_item.added", {output_index, item: {...item}});
      yield ev("response.content_part.added", {...at, part: part("")});
      for (const delta of b.pieces ?? pieces(whole)) {
        yield ["hold", count++];
        yield ev(`response.${kind}.delta`, {...at, delta, ...kind === "output_text" && {logprobs: []}, obfuscation: "aZ3"});
      }
      yield ev(`response.${kind}.done`, kind === "refusal" ? {...at, refusal: whole} : {...at, text: whole, logprobs: []});
      yield ev("response.content_part.done", {...at, part: part(whole)});
      Object.assign(item, {status: step.kind === "length" ? "incomplete" : "completed", content: [part(whole)]});
      response.output.push(item);
      yield ev("response.output_item.done", {output_index, item});
    }
  }
  const cut = step.kind === "length";
  response.usage = {input_tokens: used?.input ?? 35, input_tokens_details: {cached_tokens: used?.cached ?? 10, cache_write_tokens: 0}, output_tokens: count + 1,
    output_tokens_details: {reasoning_tokens: 0}, total_tokens: count + 1 + (used?.input ?? 35)};
  response.status = cut ? "incomplete" : "completed";
  if (cut) response.incomplete_details = {reason: "max_output_tokens"};
  yield ev(`response.${response.status}`, {response: snapshot()});
}

/** What must come back with a later request, or is refused when it does. */
export function noteSaid(response, said) {
  let thought;
  for (const item of response.output) {
    if (item.type === "reasoning") {
      said.reasoning.set(item.id, {item});
      if (response.store) said.stored.add(item.id);
      thought = item.id;
    } else if (item.type === "function_call") {
      for (const key of Object.keys(item)) said.members.add(key);
      if (thought) said.thoughtOf.set(item.id, thought);
    }
  }
}

/** Background responses: made whoever listens, kept until expire(). */
export class BackgroundStore extends EventEmitter {
  records = new Map(); // id -> {response, body, events, gets: [starting_after], cancels, ended}

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  add(response, body) {
    const record = {response, body, events: [], gets: [], cancels: 0, ended: false};
    this.records.set(response.id, record);
    return record;
  }

  push(record, name, data) {
    if (record.ended) return;
    record.events.push([name, data]);
    if (["completed", "failed", "incomplete", "cancelled"].includes(name.slice("response.".length))) record.ended = true;
    this.emit("event");
  }

  cancel(record) {
    record.cancels++;
    record.response.status = "cancelled";
    record.ended = true;
    this.emit("event");
  }

  /** Forgotten, as the vendor does after about ten minutes. */
  expire() {
    this.records.clear();
  }
}

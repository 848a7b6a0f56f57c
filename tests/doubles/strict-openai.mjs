// SPDX-License-Identifier: BSD-2-Clause
// What OpenAI's Chat Completions, and strict servers in its form (vLLM, llama.cpp, Mistral), refuse.
// Sources: documentation and error texts in public bug reports (November 2026).
import {base64Of, pictureOf} from "./pictures.mjs";
import {blank, halves, schemaFault} from "./strict-anthropic.mjs";

const TOP = new Set(["model", "messages", "tools", "tool_choice", "parallel_tool_calls", "stream", "stream_options", "max_tokens",
  "max_completion_tokens", "temperature", "top_p", "n", "stop", "seed", "user", "metadata", "store", "reasoning_effort", "response_format",
  "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "service_tier", "prompt_cache_key", "safety_identifier", "verbosity"]);
const MESSAGE = {
  system: ["content", "name"], developer: ["content", "name"], user: ["content", "name"], tool: ["content", "tool_call_id"],
  assistant: ["content", "reasoning_content", "reasoning", "reasoning_details", "name", "refusal", "tool_calls", "audio", "function_call"],
};
const THINKS = /(?:^|\/)(?:o\d|gpt-(?:[5-9]|\d\d))/;

const NONE_BESIDE_TOOLS = /(?:^|\/)gpt-(?:5\.[4-9]|[6-9])/, THINKS_BESIDE_TOOLS = /(?:^|\/)gpt-5\.4/; // the latter not when nothing is said
const NO_NONE = /(?:^|\/)gpt-(?:6\.2|6\.1-sol|6-astra|5(?:-|$))/;
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

const refusal = (message, param = null, code = null) => ({status: 400, error: {message, type: "invalid_request_error", param, code}});

function itemsFault(schema, path = []) {
  if (schema === null || typeof schema !== "object") return undefined;
  if (Array.isArray(schema)) return schema.map((s, i) => itemsFault(s, [...path, i])).find(Boolean);
  const isArray = [schema.type].flat().includes("array");
  if (isArray && (schema.items === null || typeof schema.items !== "object" || Array.isArray(schema.items))) return `In context=(${path.map(p => `'${p}'`).join(", ")}), array schema missing items.`;
  for (const [key, value] of Object.entries(schema)) {
    if (["enum", "const", "default", "examples", "required"].includes(key)) continue;
    const fault = itemsFault(value, [...path, key]);
    if (fault) return fault;
  }
  return undefined;
}

export function toolsFault(body) {
  if (body.tools === undefined) return body.tool_choice === undefined ? null : refusal("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
  if (!Array.isArray(body.tools) || !body.tools.length) return refusal("[] is too short - 'tools'", "tools");
  if (body.tools.length > 128) return refusal(`Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length ${body.tools.length} instead.`, "tools", "array_above_max_length");
  const names = new Set();
  for (const [i, tool] of body.tools.entries()) {
    const f = tool.function, name = f?.name ?? "";
    if (tool.type !== "function") return refusal(`Invalid value: '${tool.type}'.`, `tools[${i}].type`, "invalid_value");
    if (!/^[a-zA-Z0-9_-]+$/.test(name)) return refusal(`Invalid 'tools[${i}].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`, `tools[${i}].function.name`, "invalid_value");
    if (name.length > 64) return refusal(`Invalid 'tools[${i}].function.name': string too long. Expected a string with maximum length 64, but got a string with length ${name.length} instead.`, `tools[${i}].function.name`, "string_above_max_length");
    if (!/^[a-zA-Z_]/.test(name)) return refusal(`tools[${i}].function_declarations[${i}].name: [FIELD_INVALID] Invalid function name. Must start with a letter or an underscore.`); // Gemini
    if (names.has(name)) return refusal(`Duplicate function name: ${name}`, "tools");
    names.add(name);
    const bad = f.parameters?.type !== "object" ? `schema must be a JSON Schema of 'type: "object"', got 'type: "${f.parameters?.type ?? "None"}"'.`
      : f.parameters.properties === undefined ? "In context=(), object schema missing properties."
      : ["oneOf", "anyOf", "allOf", "enum", "not"].some(k => k in f.parameters) ? "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level."
      : itemsFault(f.parameters) ?? schemaFault(f.parameters);
    if (bad) return refusal(`Invalid schema for function '${name}': ${bad}`, `tools[${i}].function.parameters`, "invalid_function_parameters");
  }
  return null;
}

/** open: of the turn that goes on. What a server has said beside the protocol must come back to it (DeepSeek, Gemini), and to it alone. */
function extrasFault(m, i, said, open) {
  const own = (m.tool_calls ?? []).map(c => said.calls.get(c.id)).filter(Boolean);
  for (const {field, text} of own) {
    if (open && field && field !== "reasoning_content" && JSON.stringify(m[field]) !== JSON.stringify(text)) return refusal(`The \`${field}\` must be passed back to the API.`, null, "invalid_request_error");
  }
  for (const key of ["reasoning", "reasoning_details"]) {
    if (m[key] !== undefined && !said.fields.has(JSON.stringify(m[key]))) return refusal(`Unknown parameter: 'messages[${i}].${key}'.`, `messages[${i}].${key}`, "unknown_parameter");
  }
  const reasoning = own.find(o => o.field === "reasoning_content")?.text;
  if (reasoning !== undefined && m.reasoning_content !== reasoning) return refusal("The `reasoning_content` in the thinking mode must be passed back to the API.", null, "invalid_request_error");
  if (m.reasoning_content !== undefined && !said.reasonings.has(m.reasoning_content)) return refusal(`Unknown parameter: 'messages[${i}].reasoning_content'.`, `messages[${i}].reasoning_content`, "unknown_parameter");
  for (const [k, call] of (m.tool_calls ?? []).entries()) {
    const extra = said.calls.get(call.id)?.extra ?? {};
    for (const [key, value] of Object.entries(extra)) {
      if (JSON.stringify(call[key]) !== JSON.stringify(value)) return refusal("Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly.");
    }
    for (const key of Object.keys(call)) {
      if (!["id", "type", "function"].includes(key) && !(key in extra) && !said.keys.has(key)) return refusal(`Unknown parameter: 'messages[${i}].tool_calls[${k}].${key}'.`, `messages[${i}].tool_calls[${k}].${key}`, "unknown_parameter");
    }
  }
  return null;
}

export const nothingSaid = () => ({calls: new Map(), reasonings: new Set(), fields: new Set(), keys: new Set()});

function callsFault(calls, i, seen) {
  if (!Array.isArray(calls) || !calls.length) return refusal(`Invalid 'messages[${i}].tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.`, `messages[${i}].tool_calls`, "empty_array");
  for (const [k, call] of calls.entries()) {
    const path = `messages[${i}].tool_calls[${k}]`;
    if (call.type !== "function") return refusal(`Missing required parameter: '${path}.type'.`, `${path}.type`, "missing_required_parameter");
    if (!call.id || call.id.length > 40) return refusal(`Invalid '${path}.id': string too long. Expected a string with maximum length 40, but got a string with length ${call.id?.length} instead.`, `${path}.id`, "string_above_max_length");
    if (seen.has(call.id)) return refusal(`Duplicate value for 'tool_call_id' of '${call.id}'`, path);
    seen.add(call.id);
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(call.function?.name ?? "")) return refusal(`Invalid '${path}.function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`, `${path}.function.name`, "invalid_value");
    let args;
    try {
      args = JSON.parse(call.function.arguments);
    } catch (error) {
      return {status: 400, error: {message: `${path}: Unterminated string or bad JSON in arguments: ${error.message}`, type: "BadRequestError", param: null, code: 400}}; // vLLM
    }
    if (args === null || typeof args !== "object" || Array.isArray(args)) return refusal(`${path}: Can only get item pairs from a mapping.`);
  }
  return null;
}

const PARTS = {text: ["text"], image_url: ["image_url"], file: ["file"]};

/** "Images and vision", "File inputs" of its documentation. */
function partFault(p, role, path) {
  const known = PARTS[p?.type];
  if (!known || (p.type !== "text" && role !== "user")) return refusal(`Invalid value: '${p?.type}'. Supported values are: ${role === "user" ? "'text', 'image_url', 'input_audio', and 'file'" : "'text'"}.`, `${path}.type`, "invalid_value");
  for (const key of Object.keys(p)) if (key !== "type" && !known.includes(key)) return refusal(`Unknown parameter: '${path}.${key}'.`, `${path}.${key}`, "unknown_parameter");
  if (p.type === "text") return typeof p.text === "string" ? null : refusal(`Invalid type for '${path}.text': expected a string.`, `${path}.text`, "invalid_type");
  const text = p.type === "file" ? p.file?.file_data : p.image_url?.url;
  const [, type, data] = /^data:([a-z/.+-]+);base64,(.*)$/s.exec(text ?? "") ?? [];
  const bytes = base64Of(data);
  if (!bytes?.length) return refusal(`Invalid ${p.type === "file" ? "file" : "image"} data: expected a base64-encoded data URL with a MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=').`, path, "invalid_value");
  if (p.type === "file") {
    for (const key of Object.keys(p.file)) if (!["filename", "file_data"].includes(key)) return refusal(`Unknown parameter: '${path}.file.${key}'.`, `${path}.file.${key}`, "unknown_parameter");
    if (!p.file.filename) return refusal(`Missing required parameter: '${path}.file.filename'.`, `${path}.file.filename`, "missing_required_parameter");
    return type === "application/pdf" && bytes.subarray(0, 5).toString() === "%PDF-" ? null : refusal(`Invalid file data: '${path}.file.file_data'. Expected a PDF.`, path, "invalid_value");
  }
  for (const key of Object.keys(p.image_url)) if (!["url", "detail"].includes(key)) return refusal(`Unknown parameter: '${path}.image_url.${key}'.`, path, "unknown_parameter");
  const picture = pictureOf(bytes);
  if (!picture || picture.type !== type || picture.frames > 1) return refusal("You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].", null, "image_parse_error");
  return null;
}

function messagesFault(body, said) {
  let asked = [], last = "", seen = new Set();
  for (const [i, m] of body.messages.entries()) {
    const known = MESSAGE[m.role];
    if (!known) return refusal(`Invalid value: '${m.role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`, `messages[${i}].role`, "invalid_value");
    const extra = m.role === "assistant" && extrasFault(m, i, said, i > body.messages.findLastIndex(x => x.role === "user"));
    if (extra) return extra;
    for (const key of Object.keys(m)) if (key !== "role" && !known.includes(key)) return refusal(`Unknown parameter: 'messages[${i}].${key}'.`, `messages[${i}].${key}`, "unknown_parameter");
    if (m.role === "tool") {
      if (!asked.includes(m.tool_call_id)) return refusal("Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.", `messages[${i}].role`);
      asked = asked.filter(id => id !== m.tool_call_id);
    } else if (asked.length) {
      return refusal(`An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${asked}`, `messages[${i}].role`);
    }
    if (m.content === null ? !m.tool_calls : !(typeof m.content === "string" || Array.isArray(m.content))) {
      return refusal(`Invalid value for 'content': expected a string, got ${m.content === null ? "null" : typeof m.content}.`, `messages[${i}].content`);
    }
    for (const [k, p] of Array.isArray(m.content) ? m.content.entries() : []) {
      const fault = partFault(p, m.role, `messages[${i}].content[${k}]`);
      if (fault) return fault;
    }
    if (m.role !== "tool" && !m.tool_calls && blank(typeof m.content === "string" ? m.content : JSON.stringify(m.content))) return refusal(`messages[${i}]: content must not be empty`); // several servers
    if (m.role === last && ["user", "assistant"].includes(m.role)) return {status: 400, error: {message: "After the optional system message, conversation roles must alternate user/assistant/user/assistant/...", type: "BadRequestError", param: null, code: 400}}; // chat templates
    last = m.role;
    if (m.tool_calls !== undefined) {
      const fault = callsFault(m.tool_calls, i, seen);
      if (fault) return fault;
      asked = m.tool_calls.map(c => c.id);
    }
  }
  if (asked.length) return refusal(`An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${asked}`);
  if (last === "assistant") return refusal("Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant", "messages"); // Mistral
  return null;
}

/** developers.openai.com/api/docs/models and the errors that people report (November 2026). */
function thinkingFault(body) {
  const effort = body.reasoning_effort;
  if (effort !== undefined) {
    if (!THINKS.test(body.model)) return refusal("Unrecognized request argument supplied: reasoning_effort");
    if (!EFFORTS.includes(effort)) return refusal(`Invalid value: '${effort}'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', and 'xhigh'.`, "reasoning_effort", "invalid_value");
    if (effort === "none" && NO_NONE.test(body.model)) return refusal(`Unsupported value: 'reasoning_effort' does not support 'none' with this model.`, "reasoning_effort", "unsupported_value");
  }
  const taken = effort === "none" || (effort === undefined && THINKS_BESIDE_TOOLS.test(body.model));
  if (body.tools && NONE_BESIDE_TOOLS.test(body.model) && !taken) {
    return refusal(`Function tools with reasoning_effort are not supported for ${body.model} in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.`, "reasoning_effort");
  }
  return null;
}

/** null, or {status, error}. */
export function refuseOpenai(body, headers, said = nothingSaid()) {
  if (!/^Bearer ./.test(headers.authorization ?? "")) return {status: 401, error: {message: "You didn't provide an API key.", type: "invalid_request_error", param: null, code: null}};
  if (typeof body.model !== "string" || !body.model) return refusal("you must provide a model parameter");
  for (const key of Object.keys(body)) if (!TOP.has(key)) return refusal(`Unrecognized request argument supplied: ${key}`);
  if (THINKS.test(body.model)) {
    if (body.max_tokens !== undefined) return refusal("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens", "unsupported_parameter");
    if (body.temperature !== undefined && body.temperature !== 1) return refusal(`Unsupported value: 'temperature' does not support ${body.temperature} with this model. Only the default (1) value is supported.`, "temperature", "unsupported_value");
  }
  const thinking = thinkingFault(body);
  if (thinking) return thinking;
  if (body.stream_options && !body.stream) return refusal("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  if (!Array.isArray(body.messages) || !body.messages.length) return refusal("Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.", "messages", "empty_array");
  if (halves(body)) return refusal("'utf-8' codec can't encode character '\\ud83d' in position 0: surrogates not allowed"); // Python servers
  return toolsFault(body) ?? messagesFault(body, said);
}

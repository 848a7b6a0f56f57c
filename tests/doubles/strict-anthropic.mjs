// SPDX-License-Identifier: BSD-2-Clause
// What Anthropic's Messages API refuses, in its words, as far as we send it or might. Sources: its
// documentation and error texts in public bug reports (November 2026).
import {createHash} from "node:crypto";
import {base64Of, pictureOf} from "./pictures.mjs";

const TOP = new Set(["model", "max_tokens", "messages", "system", "tools", "tool_choice", "stream", "temperature", "top_k", "top_p",
  "metadata", "stop_sequences", "thinking", "service_tier", "output_config", "cache_control", "container", "context_management", "mcp_servers"]);
const BLOCKS = {
  text: ["text", "cache_control", "citations"], thinking: ["thinking", "signature"], redacted_thinking: ["data"],
  tool_use: ["id", "name", "input", "cache_control", "caller"], tool_result: ["tool_use_id", "content", "is_error", "cache_control"],
  image: ["source", "cache_control"], document: ["source", "cache_control", "title", "context", "citations"],
};
// Tools that are kept back (agents-and-tools/tool-use/tool-search-tool, "Limits"): Sonnet and Opus from 4 on, Haiku from 4.5, all newer names.
const DEFERS = /claude-(?:fable|mythos|(?:opus|sonnet)-(?:[4-9]|\d\d)|haiku-(?:4-5|[5-9]|\d\d))/;
const TOOLS_AT_ONCE = 128, CATALOGUE = 10000;
const IMAGES = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const TOOL = new Set(["name", "description", "input_schema", "cache_control", "type", "strict", "defer_loading", "input_examples", "eager_input_streaming"]);
const CURRENT = /^claude-(?:(?:opus|sonnet|haiku|fable|mythos)-(?:[5-9]|4-[6-9])|(?:opus|sonnet|haiku)-\d{2})/; // no prefill
const NO_SAMPLING = /^claude-(?:(?:opus|sonnet|haiku|fable|mythos)-[5-9]|opus-4-[7-9])/;
const ADAPTIVE_ONLY = /claude-(?:(?:opus|sonnet|haiku|fable|mythos)-[5-9]|opus-4-[7-9])/; // no budget
const BUDGET_ONLY = /claude-(?:3-7|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{8})?$)/; // nothing adaptive, no effort
const ALWAYS_THINKS = /claude-(?:opus-5-5|fable|mythos)/, BETWEEN_TOOLS = /claude-sonnet-5-5/;
const BOUND = /claude-(?:(?:opus|sonnet|haiku)-5-5|fable-5-[1-9])/; // thoughts to what stood before them
const OUTPUTS = [[/claude-opus-4(?:-[01])?(?:-\d{8})?$/, 32000], [/claude-(?:3-7|sonnet-4|haiku-4|opus-4-5)/, 64000], [/claude-/, 128000]];
const EFFORTS = ["low", "medium", "high", "xhigh", "max"];
const TYPES = new Set(["object", "array", "string", "number", "integer", "boolean", "null"]);

/** What is wrong in a JSON Schema of 2020-12, or undefined. */
export function schemaFault(schema, root = schema, path = "") {
  if (typeof schema === "boolean") return undefined;
  if (schema === null || typeof schema !== "object" || Array.isArray(schema)) return `${path}: not a schema`;
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (schema.type !== undefined && !types.length) return `${path}/type: empty`;
  for (const t of types) if (!TYPES.has(t)) return `${path}/type: '${t}' is not valid under any of the given schemas`;
  for (const key of ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) {
    if (key in schema && typeof schema[key] !== "number") return `${path}/${key}: ${schema[key]} is not of type 'number'`;
  }
  for (const key of ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"]) {
    if (key in schema && !(Number.isInteger(schema[key]) && schema[key] >= 0)) return `${path}/${key}: not a count`;
  }
  for (const key of ["required", "enum"]) {
    if (!(key in schema)) continue;
    if (!Array.isArray(schema[key])) return `${path}/${key}: not of type 'array'`;
    if (new Set(schema[key].map(v => JSON.stringify(v))).size !== schema[key].length) return `${path}/${key}: has non-unique elements`;
  }
  if (schema.required?.some(n => typeof n !== "string")) return `${path}/required: not strings`;
  if (/\(\?(?!:)|\\[1-9]/.test(schema.pattern ?? "")) return `${path}/pattern: regex lookaround is not supported`; // OpenAI, and Anthropic's strict tools
  for (const name of Object.keys(schema.patternProperties ?? {})) {
    if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(name)) return `${path}/patternProperties: ${name}: not valid`;
  }
  if ("$ref" in schema) {
    if (typeof schema.$ref !== "string" || !schema.$ref.startsWith("#")) return `${path}/$ref: not resolvable`;
    let at = root;
    for (const step of schema.$ref.slice(1).split("/").slice(1)) at = at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")];
    if (at === undefined) return `${path}/$ref: PointerToNowhere: '${schema.$ref}' does not exist`;
  }
  for (const key of ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]) {
    if (!(key in schema)) continue;
    if (schema[key] === null || typeof schema[key] !== "object" || Array.isArray(schema[key])) return `${path}/${key}: not of type 'object'`;
    for (const [name, one] of Object.entries(schema[key])) {
      const fault = schemaFault(one, root, `${path}/${key}/${name}`);
      if (fault) return fault;
    }
  }
  for (const key of ["anyOf", "oneOf", "allOf", "prefixItems"]) {
    if (!(key in schema)) continue;
    if (!Array.isArray(schema[key]) || !schema[key].length) return `${path}/${key}: not a list of schemas`;
    for (const [i, one] of schema[key].entries()) {
      const fault = schemaFault(one, root, `${path}/${key}/${i}`);
      if (fault) return fault;
    }
  }
  for (const key of ["items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"]) {
    const fault = key in schema && schemaFault(schema[key], root, `${path}/${key}`);
    if (fault) return fault;
  }
  return undefined;
}

export const blank = text => typeof text !== "string" || !/[^\s\u0085\u200b-\u200f\u2028\u2029\u2060-\u2064\ufeff\u0000-\u001f]/u.test(text);

/** Half of a surrogate pair anywhere, also in texts that hold JSON. */
export function halves(value) {
  if (typeof value === "string") {
    if (!value.isWellFormed()) return true;
    if (!/^\s*[[{]/.test(value) || !/\\u[dD]/.test(value)) return false;
    try {
      return halves(JSON.parse(value));
    } catch {
      return false;
    }
  }
  return value !== null && typeof value === "object" && Object.entries(value).some(([key, one]) => !key.isWellFormed() || halves(one));
}

function toolFault(tool, i) {
  for (const key of Object.keys(tool)) if (!TOOL.has(key)) return `tools.${i}.custom.${key}: Extra inputs are not permitted`;
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name ?? "") || tool.name.length > 64) return `tools.${i}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`;
  if (tool.description !== undefined && typeof tool.description !== "string") return `tools.${i}.custom.description: Input should be a valid string`;
  const schema = tool.input_schema;
  if (schema?.type !== "object") return `tools.${i}.custom.input_schema.type: Field required`;
  for (const key of ["oneOf", "allOf", "anyOf"]) {
    if (key in schema) return `tools.${i}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`;
  }
  for (const key of Object.keys(schema.properties ?? {})) {
    if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(key)) return `tools.${i}.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'`;
  }
  const fault = schemaFault(schema);
  return fault && `tools.${i}.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12: ${fault}`;
}

/** No header asks for it at the vendor's own server any more; a search tool of the vendor's, which we do not use, may not be kept back. */
function deferredFault(model, tools) {
  const kept = tools.filter(t => t.defer_loading);
  if (!kept.length) return undefined;
  if (!DEFERS.test(model)) return `tools: '${model}' does not support defer_loading.`;
  for (const [i, t] of tools.entries()) if (t.defer_loading !== undefined && typeof t.defer_loading !== "boolean") return `tools.${i}.custom.defer_loading: Input should be a valid boolean`;
  if (kept.length === tools.length) return "All tools have defer_loading set. At least one tool must be non-deferred.";
  const search = kept.find(t => /^tool_search_tool_/.test(t.type ?? ""));
  if (search) return `Tool '${search.name}' is a tool search tool and cannot have defer_loading set.`;
  const marked = kept.find(t => t.cache_control);
  if (marked) return `Tool '${marked.name}' cannot have both defer_loading=true and cache_control set. Tools with defer_loading cannot use prompt caching.`;
  return tools.length > CATALOGUE ? `tools: at most ${CATALOGUE} tools may be searched, not ${tools.length}` : undefined;
}

/** What a result names must be in the list, kept back. */
function referencesFault(body) {
  const tools = new Map((body.tools ?? []).map(t => [t.name, t]));
  for (const [i, m] of body.messages.entries()) {
    for (const [k, p] of (Array.isArray(m.content) ? m.content : []).entries()) {
      for (const [n, one] of (Array.isArray(p.content) ? p.content : []).entries()) {
        const path = `messages.${i}.content.${k}.tool_result.content.${n}`;
        if (!["text", "image", "document", "search_result", "tool_reference"].includes(one.type)) return `${path}: Input tag '${one.type}' found using 'type' does not match any of the expected tags`;
        if (one.type === "text" && blank(one.text)) return `${path}: text content blocks must contain non-whitespace text`;
        if (one.type !== "tool_reference") continue;
        for (const key of Object.keys(one)) if (!["type", "tool_name", "cache_control"].includes(key)) return `${path}.tool_reference.${key}: Extra inputs are not permitted`;
        if (!DEFERS.test(body.model)) return `${path}: '${body.model}' does not support tool_reference blocks.`;
        if (!tools.has(one.tool_name)) return `Tool reference '${one.tool_name}' not found in available tools`;
        if (!tools.get(one.tool_name).defer_loading) return `Tool reference '${one.tool_name}' has no corresponding tool definition`;
      }
    }
  }
  return undefined;
}

function toolsFault(body) {
  if (body.tools === undefined) return body.tool_choice ? "tool_choice: tools must be given" : undefined;
  if (!Array.isArray(body.tools)) return "tools: Input should be a valid list";
  const names = new Set();
  for (const [i, tool] of body.tools.entries()) {
    const fault = toolFault(tool, i);
    if (fault) return fault;
    if (names.has(tool.name)) return "tools: Tool names must be unique.";
    names.add(tool.name);
  }
  const fault = deferredFault(body.model, body.tools);
  if (fault) return fault;
  const atOnce = body.tools.filter(t => !t.defer_loading).length;
  if (atOnce > TOOLS_AT_ONCE) return `tools: List should have at most ${TOOLS_AT_ONCE} items after validation, not ${atOnce}`;
  if (body.tool_choice && !["auto", "any", "tool", "none"].includes(body.tool_choice.type)) return "tool_choice.type: Input tag does not match";
  return undefined;
}

/** Pictures and documents: "Images and vision", "PDF support" of its documentation. */
function fileFault(p, path, role) {
  const s = p.source ?? {}, at = `${path}.${p.type}.source.${s.type}`;
  if (role !== "user") return `${path}: \`${p.type}\` blocks can only be in \`user\` messages`;
  if (s.type !== "base64") return `${path}.${p.type}.source: Input tag '${s.type}' found using 'type' does not match any of the expected tags`;
  for (const key of Object.keys(s)) if (!["type", "media_type", "data"].includes(key)) return `${at}.${key}: Extra inputs are not permitted`;
  const types = p.type === "image" ? IMAGES : ["application/pdf"];
  if (!types.includes(s.media_type)) return `${at}.media_type: Input should be ${types.map(t => `'${t}'`).join(", ")}`;
  const bytes = base64Of(s.data);
  if (!bytes?.length) return `${at}.data: invalid base64 data`;
  if (p.type === "document") return bytes.subarray(0, 5).toString() === "%PDF-" ? undefined : `${at}.data: The PDF specified was not valid.`;
  if (s.data.length > 5242880) return `${at}: image exceeds 5 MB maximum: ${s.data.length} bytes > 5242880 bytes`;
  const picture = pictureOf(bytes);
  if (!picture) return `${path}.${p.type}: Could not process image`;
  if (picture.type !== s.media_type) return `${at}.media_type: The image was specified using the ${s.media_type} media type, but the image appears to be a ${picture.type} image`;
  if (Math.max(picture.width, picture.height) > 8000) return `${at}.data: At least one of the image dimensions exceed max allowed size: 8000 pixels`;
  return undefined;
}

function filesFault(body) {
  const images = body.messages.flatMap(m => Array.isArray(m.content) ? m.content : []).filter(p => p.type === "image");
  if (images.length > 100) return `messages: Too many images: ${images.length} > 100`;
  if (images.length > 20 && images.some(p => { const s = pictureOf(base64Of(p.source.data)); return Math.max(s.width, s.height) > 2000; })) {
    return "messages: At least one of the image dimensions exceed max allowed size for many-image requests: 2000 pixels";
  }
  return undefined;
}

function blockFault(p, path, role, seen) {
  const known = BLOCKS[p?.type];
  if (!known) return `${path}: Input tag '${p?.type}' found using 'type' does not match any of the expected tags`;
  for (const key of Object.keys(p)) if (key !== "type" && !known.includes(key)) return `${path}.${p.type}.${key}: Extra inputs are not permitted`;
  const wrong = (p.type === "image" || p.type === "document") && fileFault(p, path, role);
  if (wrong) return wrong;
  if (p.type === "text" && blank(p.text)) return `${path.split(".content")[0]}: text content blocks must contain non-whitespace text`;
  if (["thinking", "redacted_thinking", "tool_use"].includes(p.type) && role !== "assistant") return `${path}: \`${p.type}\` blocks can only be in \`assistant\` messages`;
  if (p.type === "tool_result" && role !== "user") return `${path}: \`tool_result\` blocks can only be in \`user\` messages`;
  if (p.type === "thinking" && (typeof p.thinking !== "string" || !p.signature)) return `${path}.thinking.signature: Field required`;
  if (p.type === "tool_use") {
    if (!/^[a-zA-Z0-9_-]+$/.test(p.id ?? "")) return `${path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`;
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(p.name ?? "")) return `${path}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`;
    if (p.input === null || typeof p.input !== "object" || Array.isArray(p.input)) return `${path}.tool_use.input: Input should be a valid dictionary`;
    if (seen.has(p.id)) return "messages: `tool_use` ids must be unique";
    seen.add(p.id);
  }
  if (p.type === "tool_result" && typeof p.content !== "string" && !Array.isArray(p.content ?? [])) return `${path}.tool_result.content: Input should be a valid string`;
  if (p.cache_control && ["thinking", "redacted_thinking"].includes(p.type)) return `${path}: cache_control cannot be set for thinking blocks`;
  return undefined;
}

function messagesFault(body) {
  let asked = [];
  const seen = new Set();
  if (body.messages[0].role !== "user") return "messages: first message must use the \"user\" role";
  for (const [i, m] of body.messages.entries()) {
    const path = `messages.${i}`;
    for (const key of Object.keys(m)) if (!["role", "content"].includes(key)) return `${path}.${key}: Extra inputs are not permitted`;
    if (!["user", "assistant"].includes(m.role)) return `${path}.role: Input should be 'user' or 'assistant'`;
    if (i && m.role === body.messages[i - 1].role) return "messages: roles must alternate between \"user\" and \"assistant\""; // older servers
    const parts = typeof m.content === "string" ? [{type: "text", text: m.content}] : m.content;
    if (!Array.isArray(parts) || !parts.length) return `${path}: all messages must have non-empty content except for the optional final assistant message`;
    for (const [k, p] of parts.entries()) {
      const fault = blockFault(p, `${path}.content.${k}`, m.role, seen);
      if (fault) return fault;
    }
    const results = parts.filter(p => p.type === "tool_result").map(p => p.tool_use_id);
    for (const use of asked) {
      if (!results.includes(use)) return `${path}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${use}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
      if (results.filter(r => r === use).length > 1) return `${path}.content: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${use}`;
    }
    for (const [k, p] of parts.entries()) {
      if (p.type !== "tool_result") continue;
      if (!asked.includes(p.tool_use_id)) return `${path}.content.${k}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${p.tool_use_id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
      if (k && parts[k - 1].type !== "tool_result") return `${path}: \`tool_result\` blocks must come first`;
    }
    asked = parts.filter(p => p.type === "tool_use").map(p => p.id);
    if (m.role === "assistant" && parts.every(p => p.type.includes("thinking"))) return `${path}: the message has nothing but thinking`;
  }
  if (asked.length) return "messages: `tool_use` ids were found without `tool_result` blocks immediately after";
  const last = body.messages.at(-1);
  if (last.role === "assistant") {
    if (CURRENT.test(body.model)) return "This model does not support assistant message prefill. The conversation must end with a user message.";
    if (/\s$/.test(typeof last.content === "string" ? last.content : last.content.at(-1).text ?? "")) return "messages: final assistant content cannot end with trailing whitespace";
  }
  return undefined;
}

/** The thoughts of the last step must come back as they were said: `said` is [block, ...] by signature. */
export function thinkingFault(body, said) {
  for (const [i, m] of body.messages.entries()) {
    if (m.role !== "assistant" || !Array.isArray(m.content)) continue;
    for (const [k, p] of m.content.entries()) {
      const original = p.type === "thinking" && said.get(p.signature);
      if (!original) continue;
      const mark = x => x.signature ?? x.data ?? x.id ?? x.text?.trim() ?? ""; // white space around a text is nobody's thought
      const wanted = original.blocks.map(mark);
      const got = m.content.slice(Math.max(0, k - original.at)).map(mark);
      if (original.thinking !== p.thinking || wanted.some((w, n) => w !== "" && got[n] !== w)) {
        return `messages.${i}.content.${k}: \`thinking\` or \`redacted_thinking\` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.`;
      }
    }
  }
  return undefined;
}

/** The rules of `thinking` and `output_config` (platform.claude.com, build-with-claude/thinking and the migration guides, November 2026). */
function thinkingConfigFault(body) {
  const {model, thinking, output_config: config, max_tokens: most} = body, type = thinking?.type;
  if (config !== undefined) {
    if (BUDGET_ONLY.test(model)) return "This model does not support the effort parameter.";
    if (!EFFORTS.includes(config.effort)) return `output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'`;
  }
  const limit = OUTPUTS.find(([of]) => of.test(model))?.[1];
  if (limit && most > limit) return `max_tokens: ${most} > ${limit}, which is the maximum allowed number of output tokens for ${model}`;
  if (thinking === undefined) return undefined;
  if (!["enabled", "disabled", "adaptive", "between_tools"].includes(type)) return `thinking: Input tag '${type}' found using 'type' does not match any of the expected tags`;
  const use = "Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.";
  if (type === "enabled" && ADAPTIVE_ONLY.test(model)) return `"thinking.type.enabled" is not supported for this model. ${use}`;
  if (type === "disabled" && ALWAYS_THINKS.test(model)) return `"thinking.type.disabled" is not supported for this model. ${use}`;
  if (type === "disabled" && BETWEEN_TOOLS.test(model)) return "\"thinking.type.disabled\" is not supported for this model. To turn thinking off on this model, send \"thinking\": {\"type\": \"between_tools\"}";
  if (type === "between_tools" && !BETWEEN_TOOLS.test(model)) return "thinking: Input tag 'between_tools' found using 'type' does not match any of the expected tags";
  if (type === "adaptive" && BUDGET_ONLY.test(model)) return "adaptive thinking is not supported on this model";
  if (type === "adaptive" && thinking.budget_tokens !== undefined) return "thinking.adaptive.budget_tokens: Extra inputs are not permitted";
  if (type === "enabled") {
    if (!Number.isInteger(thinking.budget_tokens) || thinking.budget_tokens < 1024) return "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024";
    if (thinking.budget_tokens >= most) return "`max_tokens` must be greater than `thinking.budget_tokens`.";
    const last = body.messages.at(-1), open = last.role === "user" && Array.isArray(last.content) && last.content[0].type === "tool_result" && body.messages.at(-2);
    if (open && !open.content[0].type.endsWith("thinking")) return `messages.${body.messages.length - 2}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${open.content[0].type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block.`;
  }
  if (["enabled", "adaptive"].includes(type)) {
    if (body.temperature !== undefined && body.temperature !== 1) return "`temperature` may only be set to 1 when thinking is enabled.";
    if (["any", "tool"].includes(body.tool_choice?.type)) return "Thinking may not be enabled when tool_choice forces tool use.";
  }
  return undefined;
}

/** What a thought of the newest models is bound to: all that stood before it, but for marks of the cache. */
export function prefixOf(body, messages = body.messages) {
  return JSON.stringify([body.system, body.tools, messages]).replaceAll(",\"cache_control\":{\"type\":\"ephemeral\"}", "");
}

function bindingFault(body, said) {
  if (!BOUND.test(body.model)) return undefined;
  for (const [i, m] of body.messages.entries()) {
    if (m.role !== "assistant" || !Array.isArray(m.content)) continue;
    for (const [k, p] of m.content.entries()) {
      const original = p.type === "thinking" && said.get(p.signature);
      if (original && original.model === body.model && original.prefix !== prefixOf(body, body.messages.slice(0, i))) {
        return `messages.${i}.content.${k}: Invalid \`signature\` in \`thinking\` block. The block is bound to a different conversation. Remove the block, or set \`thinking.block_binding.prefix_mismatch_behavior\` to "drop_block".`;
      }
    }
  }
  return undefined;
}

/**
 * The vendor's prompt cache: what a request with marks reads of it and writes into it, in tokens. What is kept back is in no prompt; a
 * reference is the definition, in its place ("How deferral works internally"). Order: tools, system, messages.
 */
export class PromptCache {
  static LEAST = 1024; // tokens
  static BACK = 20;    // blocks before a mark in which an earlier mark is looked for
  #known = new Set();

  #parts(body) {
    const tools = new Map((body.tools ?? []).map(t => [t.name, t]));
    const shown = part => part.type !== "tool_result" || !Array.isArray(part.content) ? part
      : {...part, content: part.content.map(c => c.type === "tool_reference" ? tools.get(c.tool_name) : c)};
    const listed = (body.tools ?? []).filter(t => !t.defer_loading);
    const system = typeof body.system === "string" ? [{type: "text", text: body.system}] : body.system ?? [];
    return [...listed, ...system, ...body.messages.flatMap(m => (typeof m.content === "string" ? [{type: "text", text: m.content}] : m.content).map(p => ({role: m.role, ...shown(p)})))];
  }

  use(body) {
    let text = "", read = 0, marked = 0;
    const ends = [];
    for (const {cache_control: mark, ...part} of this.#parts(body)) {
      text += JSON.stringify(part);
      ends.push({mark, tokens: Math.floor(text.length / 4), key: createHash("sha256").update(`${body.model} ${text}`).digest("hex")});
    }
    for (const [i, {mark, tokens}] of ends.entries()) {
      if (!mark || tokens < PromptCache.LEAST) continue;
      marked = tokens;
      read = ends.slice(Math.max(0, i - PromptCache.BACK), i + 1).findLast(e => this.#known.has(e.key))?.tokens ?? read;
    }
    for (const {mark, tokens, key} of ends) if (mark && tokens >= PromptCache.LEAST) this.#known.add(key);
    return {input_tokens: Math.max(1, Math.floor(text.length / 4) - marked), cache_creation_input_tokens: marked - read, cache_read_input_tokens: read};
  }
}

/** null, or [status, message]. */
export function refuseAnthropic(body, headers, said = new Map()) {
  if (!headers["anthropic-version"]) return [400, "anthropic-version: header is required"];
  if (!headers["x-api-key"]) return [401, "x-api-key header is required"];
  if (typeof body.model !== "string" || !body.model) return [400, "model: Field required"];
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1) return [400, "max_tokens: Field required"];
  for (const key of Object.keys(body)) if (!TOP.has(key)) return [400, `${key}: Extra inputs are not permitted`];
  if (body.temperature !== undefined) {
    if (NO_SAMPLING.test(body.model)) return [400, "`temperature` is deprecated for this model."];
    if (typeof body.temperature !== "number" || body.temperature < 0 || body.temperature > 1) return [400, "temperature: range: 0..1"];
  }
  for (const p of Array.isArray(body.system) ? body.system : []) {
    if (p.type !== "text" || blank(p.text)) return [400, "system: text content blocks must be non-empty"];
  }
  if (!Array.isArray(body.messages) || !body.messages.length) return [400, "messages: at least one message is required"];
  if (halves(body)) return [400, "The request body is not valid JSON: no low surrogate in string"];
  const fault = toolsFault(body) ?? messagesFault(body) ?? referencesFault(body) ?? filesFault(body) ?? thinkingConfigFault(body) ?? thinkingFault(body, said) ?? bindingFault(body, said);
  if (fault) return [400, fault];
  if (!body.tools && /"type":"tool_(use|result)"/.test(JSON.stringify(body.messages))) return [400, "tools: Requests which include `tool_use` or `tool_result` blocks must define tools."];
  const marks = JSON.stringify([body.system, body.tools, body.messages]).split("\"cache_control\":{").length - 1;
  return marks > 4 ? [400, `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`] : null;
}

// SPDX-License-Identifier: BSD-2-Clause
// AG-UI messages, as they are stored and as snapshots carry them, as messages of a conversation (conversation.js).

/** JSON as a value; undefined when it is none. */
export function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The id of the answer to a user's message: the same from its first event on, and when it is read again. */
export const answerId = userId => `re:${userId}`;

export function without(object, ...names) {
  const rest = {...object};
  for (const name of names) delete rest[name];
  return rest;
}

/** The text of a content: of its parts when it has parts. */
export function textOf(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.filter(part => part?.type === "text").map(part => String(part.text ?? "")).join("\n");
}

/** The files of a content: {id?, name, mimeType, bytes?, width?, height?, url?}. */
/** {author} of a message in the chat of a shared trip. */
export const authorOf = ({author}) => author?.id ? {author: {id: String(author.id), name: String(author.name ?? author.id)}} : {};
export function filesOf(content) {
  if (!Array.isArray(content)) return [];
  return content.filter(part => part && part.type !== "text").map(({type, source = {}, metadata = {}}) => ({
    ...source.type === "file" && {id: source.value}, type, name: metadata.name ?? metadata.filename ?? type,
    ...source.mimeType && {mimeType: source.mimeType}, ...metadata.bytes && {bytes: metadata.bytes},
    ...metadata.width && {width: metadata.width, height: metadata.height}, ...metadata.url && {url: metadata.url},
  }));
}

/** A tool part with the result that has come: {state, result, resultText, code?}. */
export function withResult(part, content) {
  const {code: _, ...rest} = part, resultText = textOf(content), result = parsed(resultText);
  const failed = result?.success === false || Boolean(result?.error), code = result?.error?.code ?? (failed ? result?.code : undefined);
  return {...rest, state: !failed ? "done" : code === "cancelled" ? "stopped" : "failed", result, resultText, ...code && {code: String(code)}};
}

export const toolPart = (id, name, json = "") => ({type: "tool", id, name: String(name ?? ""), json, args: parsed(json), state: "stopped", result: undefined, resultText: ""});

function partsOf(message) {
  if (message.role === "reasoning") return [{type: "reasoning", id: message.id, text: textOf(message.content), open: false}];
  const text = textOf(message.content), calls = Array.isArray(message.toolCalls) ? message.toolCalls : [];
  return [
    ...text ? [{type: "text", id: message.id, text, open: false}] : [],
    ...calls.filter(call => call?.id).map(call => toolPart(call.id, call.function?.name, String(call.function?.arguments ?? ""))),
  ];
}

/**
 * The conversation that these messages are: {messages, results}. `results`: what came of calls that stand before
 * the first of them, by the id of the call.
 */
export function messagesOf(stored) {
  const messages = [], results = new Map(), calls = new Map(); // calls: id -> the answer that has it
  let answer = null, user = "";
  const begin = () => {
    if (!answer) messages.push(answer = {id: answerId(user), role: "assistant", parts: [], open: false});
    return answer;
  };
  for (const message of Array.isArray(stored) ? stored : []) {
    if (!message || typeof message !== "object") continue;
    if (message.role === "user") {
      user = String(message.id);
      answer = null;
      messages.push({id: user, role: "user", text: textOf(message.content), files: filesOf(message.content), state: "sent", ...authorOf(message)});
    } else if (message.role === "tool") {
      const parts = calls.get(message.toolCallId)?.parts, at = parts?.findIndex(part => part.type === "tool" && part.id === message.toolCallId);
      if (parts) parts[at] = withResult(parts[at], message.content);
      else results.set(message.toolCallId, message.content);
    } else if (message.role === "assistant" || message.role === "reasoning") {
      const parts = partsOf(message);
      if (parts.length) begin().parts.push(...parts);
      for (const part of parts) if (part.type === "tool") calls.set(part.id, answer);
    }
  }
  return {messages, results};
}

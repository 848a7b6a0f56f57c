// SPDX-License-Identifier: BSD-2-Clause
// Clients that do what a good client does when its connection breaks: come back with the cursor, or
// send the same message again under the same id. Each returns what it saw.
import {pause, Socket} from "../e2e/harness.mjs";

const FINAL = type => type === "RUN_FINISHED" || type === "RUN_ERROR";
const RETRY_MS = 60;

class Retries {
  constructor(ms) { this.end = Date.now() + ms; }
  async next(why) {
    if (Date.now() > this.end) throw new Error(`not answered in time: ${why}`);
    await pause(RETRY_MS);
  }
}

/** POST /chat for JSON. Resolves to {reply}. */
export async function askJson(stack, user, message, ms) {
  const retries = new Retries(ms);
  let sent = 0;
  for (;;) {
    const reply = await stack.post("/chat", {message: message.text, session_id: message.session, client_message_id: message.id},
      {headers: {"X-Dev-User": user}, timeout: ms}).catch(error => ({status: 0, text: String(error)}));
    sent++;
    // A problem with a turn's id is how the turn ended, unless it can be asked for again; a 500 by another message only.
    if (reply.status === 200 || (reply.json?.turn_id && reply.json.code && (!reply.json.retryable || reply.status === 500))) return {kind: "json", reply, sent, events: null};
    if (reply.status >= 400 && reply.status < 500 && ![408, 429].includes(reply.status)) throw new Error(`refused: ${reply.status} ${reply.text}`);
    await retries.next(`${reply.status} ${reply.text.slice(0, 200)}`);
  }
}

/** POST /chat as a stream, then GET /events with the cursor as often as it takes. */
export async function askStream(stack, user, message, ms) {
  const retries = new Retries(ms), headers = {"X-Dev-User": user, Accept: "text/event-stream"}, seen = [];
  let sent = 0, ended = false, cursor = null;
  const read = async reader => {
    await reader.response.catch(() => {});
    await reader.all(ms).catch(() => {});
  };
  while (!ended) {
    let reader;
    if (cursor) {
      reader = stack.sse(`/sessions/${message.session}/events`, {headers: {...headers, "Last-Event-ID": cursor}});
      // This one is of the session and has no end: it is left when the run has ended.
      const watch = async () => {
        while (!reader.ended && Date.now() < retries.end && !reader.events.some(e => FINAL(e.data.type))) await pause(10);
        reader.drop();
      };
      await Promise.all([read(reader), watch()]);
    } else {
      reader = stack.chatStream(message.text, {session_id: message.session, client_message_id: message.id}, {headers});
      sent++;
      await read(reader);
      if (reader.status >= 400 && reader.status < 500 && ![408, 429].includes(reader.status)) {
        throw new Error(`refused: ${reader.status} ${reader.raw.toString().slice(0, 300)}`);
      }
    }
    const stop = reader.events.findIndex(e => FINAL(e.data.type));
    seen.push(...(stop < 0 ? reader.events : reader.events.slice(0, stop + 1)));
    ended = stop >= 0;
    cursor = reader.events.at(-1)?.id ?? cursor;
    if (!ended) await retries.next(`stream ended at ${cursor}, status ${reader.status}`);
  }
  return {kind: "sse", sent, events: seen.map(e => ({id: e.id, ...e.data}))};
}

/** One WebSocket for a session, kept over many messages and many connections. */
export class SocketClient {
  events = [];
  cursor = "0-0";
  sent = 0;
  connections = 0;
  constructor(stack, user, session) { Object.assign(this, {stack, user, session}); }

  async connect(retries) {
    while (!this.socket || this.socket.close) {
      const socket = await Socket.open(this.stack, `/ws/${this.user}`, {headers: {"X-Dev-User": this.user}}).catch(() => null);
      if (!socket) {
        await retries.next("no WebSocket");
        continue;
      }
      this.connections++;
      this.socket = socket;
      this.taken = 0;
      socket.send({type: "subscribe", session_id: this.session, cursor: this.cursor});
    }
  }
  /** Moves what has come in; the frames that are no events are returned. */
  take() {
    const others = [];
    for (; this.taken < this.socket.frames.length; this.taken++) {
      const frame = this.socket.frames[this.taken];
      if (!/^[A-Z_]+$/.test(frame?.type ?? "")) {
        others.push(frame);
        continue;
      }
      const {metadata, ...event} = frame;
      this.events.push({id: metadata.cursor, ...event});
      this.cursor = metadata.cursor;
    }
    return others;
  }
  async ask(message, ms) {
    const retries = new Retries(ms), from = this.events.length;
    const send = () => {
      this.sent++;
      this.socket.send({type: "message", text: message.text, session_id: this.session, client_message_id: message.id});
    };
    let accepted = false, asked = null;
    for (;;) {
      if (!this.socket || this.socket.close) {
        if (this.socket) this.take();
        this.socket = null;
        await this.connect(retries);
        asked = null;
      }
      if (!accepted && asked !== this.socket) {
        asked = this.socket;
        send();
      }
      for (const frame of this.take()) {
        if (frame.type === "accepted" && frame.client_message_id === message.id) accepted = true;
        else if (frame.type === "error" && frame.client_message_id === message.id) {
          if (["mismatch", "invalid_field"].includes(frame.code)) throw new Error(JSON.stringify(frame));
          asked = null;
          await retries.next(JSON.stringify(frame));
        }
      }
      if (this.events.slice(from).some(e => FINAL(e.type))) return {kind: "ws", sent: this.sent, events: this.events.slice(from)};
      await pause(10);
      if (Date.now() > retries.end) await retries.next(`accepted ${accepted}, cursor ${this.cursor}`);
    }
  }
  async end() {
    if (this.socket && !this.socket.close) await this.socket.end();
  }
}

/** What a client that folds events has in the end: [{id, role, content, toolCalls, toolCallId}]. */
export function fold(events, before = []) {
  let messages = structuredClone(before);
  const find = id => messages.find(m => m.id === id);
  const put = m => { if (!find(m.id)) messages.push(m); return find(m.id); };
  const call = id => messages.flatMap(m => m.toolCalls ?? []).find(c => c.id === id);
  for (const e of events) {
    switch (e.type) {
    case "RUN_STARTED":
      for (const m of e.input?.messages ?? []) put(structuredClone(m));
      break;
    case "MESSAGES_SNAPSHOT": messages = structuredClone(e.messages); break;
    case "TEXT_MESSAGE_START": put({id: e.messageId, role: e.role, content: ""}); break;
    case "TEXT_MESSAGE_CONTENT": find(e.messageId).content += e.delta; break;
    case "REASONING_MESSAGE_START": put({id: e.messageId, role: "reasoning", content: ""}); break;
    case "REASONING_MESSAGE_CONTENT": find(e.messageId).content += e.delta; break;
    case "TOOL_CALL_START": {
      const m = put({id: e.parentMessageId, role: "assistant", content: ""});
      (m.toolCalls ??= []).push({id: e.toolCallId, function: {name: e.toolCallName, arguments: ""}});
      break;
    }
    case "TOOL_CALL_ARGS": call(e.toolCallId).function.arguments += e.delta; break;
    case "TOOL_CALL_RESULT": put({id: e.messageId, role: "tool", toolCallId: e.toolCallId, content: e.content}); break;
    }
  }
  return messages.map(plain);
}
export const plain = m => ({id: m.id, role: m.role, content: m.content ?? "",
  ...m.toolCalls && {toolCalls: m.toolCalls.map(c => [c.id, c.function.name, c.function.arguments])}, ...m.toolCallId && {toolCallId: m.toolCallId}});

/** What AG-UI allows in which order. Returns what is wrong, or null. */
export function disorder(events) {
  const open = new Set();
  let running = false;
  const pairs = {TEXT_MESSAGE: "messageId", TOOL_CALL: "toolCallId", REASONING_MESSAGE: "messageId", REASONING: "messageId", STEP: "stepName"};
  for (const [i, e] of events.entries()) {
    const say = text => `${text} at ${i}: ${events.slice(Math.max(0, i - 6), i + 2).map(x => x.type).join(" ")}`;
    if (e.type === "RUN_STARTED") {
      if (running) return say("RUN_STARTED while a run is active");
      running = true;
      continue;
    }
    if (!running) return say(`${e.type} outside of a run`);
    if (e.type === "RUN_FINISHED" && open.size) return say(`RUN_FINISHED with ${[...open]} open`);
    if (FINAL(e.type)) {
      running = false;
      open.clear();
      continue;
    }
    const [, stem, what] = /^(.*)_(START|STARTED|CONTENT|ARGS|END|FINISHED)$/.exec(e.type) ?? [];
    if (!pairs[stem]) continue;
    const key = `${stem} ${e[pairs[stem]]}`;
    if (what.startsWith("START")) {
      if (open.has(key)) return say(`${key} opened twice`);
      open.add(key);
    } else if (!open.has(key)) {
      return say(`${e.type} of ${key}, which is not open`);
    } else if (what === "END" || what === "FINISHED") {
      open.delete(key);
    }
  }
  return running ? "a run without its end" : null;
}

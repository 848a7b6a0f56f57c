// SPDX-License-Identifier: BSD-2-Clause
// The AI SDK's stock WebSocketChatTransport: several chats on one socket, each with its own chunks.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Chat} from "@ai-sdk/react";
import {lastAssistantMessageIsCompleteWithApprovalResponses, WebSocketChatTransport} from "ai";
import net from "node:net";
import WebSocket from "ws";
import {API, eventually, pause, Stack, uuid} from "./harness.mjs";

const WHOLE = /^The road north follows the coast for most of the day.*\.$/s;
const textOf = message => (message?.parts ?? []).filter(p => p.type === "text").map(p => p.text).join("");

describe("the AI SDK over a WebSocket", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"respawn.min": "50ms"}}); });
  after(() => stack.stop());

  /** A page: its socket, opened by a ticket as browsers do, and its chats. */
  function open(user = uuid()) {
    const headers = {"X-Dev-User": user};
    const transport = new WebSocketChatTransport({url: `${stack.url}${API}/ai/ws`, webSocket: WebSocket,
      params: async () => ({ticket: (await stack.post("/ws-ticket", {}, {headers})).json.ticket})});
    const chat = (id = uuid(), options = {}) => new Chat({id, transport, onError: () => {}, ...options});
    return {user, headers, transport, chat};
  }
  const stored = async (page, id) => (await stack.get(`/ai/chat/${id}/messages`, {headers: page.headers})).json.messages;
  const holds = chat => eventually(() => textOf(chat.lastMessage).length > 20, "some text");
  const running = async (page, id) => (await stack.get(`/sessions/${id}`, {headers: page.headers})).json.running_turn;

  test("several chats at once, in any order", async () => {
    const page = open(), chats = Array.from({length: 5}, () => page.chat());
    await Promise.all(chats.map((chat, i) => chat.sendMessage({text: `[[text words=20 delay=${5 - i} | tool]]`})));
    for (const chat of chats) {
      assert.equal(chat.status, "ready", chat.error?.message);
      assert.match(textOf(chat.lastMessage), WHOLE);
      assert.equal(chat.lastMessage.id, `reply:${chat.messages[0].id}`);
      assert.deepEqual((await stored(page, chat.id)).map(textOf), chat.messages.map(textOf));
    }
    page.transport.close();
  });

  test("a tool, an approval, regenerate", async () => {
    const page = open();
    const chat = page.chat(uuid(), {sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses});
    const {json: {event}} = await stack.post("/tools/create_calendar_event", {title: "Dentist", start_date: "2031-05-20T15:00:00"}, {headers: page.headers});
    await chat.sendMessage({text: `[[tool name=delete_calendar_event args={"event_id":"${event.id}"} | text say=Gone.]]`});
    const part = chat.lastMessage.parts.find(p => p.type === "tool-delete_calendar_event");
    assert.equal(part.state, "approval-requested");
    await chat.addToolApprovalResponse({id: part.approval.id, approved: true});
    await eventually(() => chat.status === "ready" && textOf(chat.lastMessage) === "Gone.", "the message goes on");
    assert.equal(chat.messages.length, 2);
    await chat.sendMessage({text: "[[text say=Two.]]"});
    await chat.regenerate();
    assert.deepEqual(chat.messages.map(m => m.role), ["user", "assistant", "user", "assistant"]);
    assert.equal((await stored(page, chat.id)).length, 4);
    page.transport.close();
  });

  test("abort stops the turn; a lost socket does not, and another one resumes", async () => {
    const page = open(), chat = page.chat();
    const sent = chat.sendMessage({text: "[[text words=20 hold=8]]"});
    await holds(chat);
    await chat.stop();
    await sent;
    await eventually(async () => await running(page, chat.id) === null, "the turn has ended");
    assert.equal((await stored(page, chat.id)).length, 2);
    stack.double.release();

    const lost = page.chat(), other = page.chat();
    const both = [lost, other].map(c => c.sendMessage({text: "[[text words=20 hold=8]]"}));
    await holds(lost);
    await holds(other);
    for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL");
    await Promise.all(both);
    assert.equal(lost.status, "error");
    assert.match(lost.error.message, /network connection closed/);
    await eventually(async () => (await stack.get("/health/ready").catch(() => ({}))).status === 200
      && (await stack.workers("stream")).length === 2, "new stream workers");
    const resumed = [lost, other].map(c => c.resumeStream());
    await eventually(() => lost.status === "streaming" && other.status === "streaming", "both are told the text so far");
    stack.double.release();
    await Promise.all(resumed);
    for (const chat of [lost, other]) {
      assert.match(textOf(chat.lastMessage), WHOLE);
      assert.equal(chat.messages.length, 2);
      assert.equal(chat.status, "ready");
    }
    await lost.resumeStream(); // no-active
    assert.equal(lost.status, "ready");
    page.transport.close();
  });

  test("a turn worker that is killed: nothing torn stays", async () => {
    const page = open(), chat = page.chat();
    const sent = chat.sendMessage({text: `${uuid()} [[text words=20 hold=12]]`});
    await eventually(() => textOf(chat.lastMessage).split(" ").length > 10, "some text");
    const calls = stack.double.requests.length;
    process.kill((await stack.seats("turn")).find(w => w.session === chat.id).pid, "SIGKILL");
    stack.double.release();
    await stack.double.until(d => d.requests.length > calls, "the next worker asks the model");
    await eventually(() => { stack.double.release(); return stack.double.requests.every(r => !r.open); }, "the model has answered");
    await sent;
    assert.match(textOf(chat.lastMessage), WHOLE);
    page.transport.close();
  });

  test("errors are told in its form, and the socket goes on", async () => {
    const page = open(), chat = page.chat();
    await chat.sendMessage({text: " "});
    assert.equal(JSON.parse(chat.error.message).code, "invalid_field");
    const failed = page.chat();
    await failed.sendMessage({text: "[[http status=400]]"});
    assert.match(failed.error.message, /did not accept/);
    const bad = page.chat("no good id");
    await bad.sendMessage({text: "hello"});
    assert.equal(JSON.parse(bad.error.message).field, "id");
    await chat.sendMessage({text: "[[text say=Fine.]]"});
    assert.equal(textOf(chat.lastMessage), "Fine.");
    page.transport.close();
  });

  test("a long conversation: the last message is enough", async () => {
    const page = open(), messages = [{id: uuid(), role: "user", parts: [{type: "text", text: "x".repeat(80_000)}]}];
    const whole = page.chat(uuid(), {messages: structuredClone(messages)});
    await whole.sendMessage({text: "[[text say=Hello.]]"});
    assert.equal(whole.status, "error");
    page.transport.prepareSendMessagesRequest = ({messages: all}) => ({messages: all.slice(-1)});
    const last = page.chat(uuid(), {messages});
    await last.sendMessage({text: "[[text say=Hello.]]"});
    assert.equal(textOf(last.lastMessage), "Hello.");
    page.transport.close();
  });

  for (const path of ["/ws", "/ai/ws"]) {
    test(`a client that pings and reads nothing is dropped: ${path}`, async () => {
      const socket = net.connect(stack.port, "127.0.0.1");
      let closed = false;
      socket.on("error", () => {});
      socket.on("close", () => { closed = true; });
      await new Promise(ok => socket.once("connect", ok));
      socket.write(`GET ${API}${path} HTTP/1.1\r\nHost: 127.0.0.1:${stack.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Dev-User: ${uuid()}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`);
      await new Promise(ok => socket.once("data", ok));
      socket.pause();
      const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125, 65)]);
      const many = Buffer.concat(Array.from({length: 500}, () => ping));
      for (let sent = 0; !closed && sent < 100e6; sent += many.length)
        if (!socket.write(many)) await Promise.race([new Promise(ok => socket.once("drain", ok)), pause(2000)]);
      assert.ok(closed, "the socket has been closed");
    });
  }

  test("frames that no client of it sends", async () => {
    const socket = await stack.socket("/ai/ws", {headers: {"X-Dev-User": uuid()}});
    const send = {type: "send", id: uuid(), headers: {}, body: {}, trigger: "submit-message"};
    for (const [frame, words] of [["{", /JSON object/], ["[]", /JSON object/], [{type: "send"}, /requestId/], [{type: "send", requestId: "x".repeat(257)}, /requestId/],
      [{type: "other", requestId: "1"}, /type must be/], [{...send, requestId: "2"}, /messages must be/], [{...send, requestId: "3", messages: [1]}, /last message/],
      [{type: "resume", requestId: "5"}, /no such|not found|No such/i]]) {
      socket.send(frame);
      const reply = await socket.until(f => f.type === "error" || f.type === "no-active");
      assert.match(reply.errorText ?? "no such chat", words, JSON.stringify(frame));
      assert.equal(reply.requestId, frame.requestId?.length < 257 ? frame.requestId : "");
    }
    socket.send({type: "abort", requestId: "unknown"});
    socket.send({...send, requestId: "6", messages: [{id: "m", role: "user", parts: [{type: "text", text: "[[text say=Hello.]]"}]}]});
    const numbers = [];
    for (;;) {
      const frame = await socket.until(f => f.requestId === "6");
      if (frame.type === "end") break;
      if (frame.type === "chunk") numbers.push(frame.sequence);
      else assert.equal(frame.type, "start");
    }
    assert.deepEqual(numbers, numbers.map((_, i) => i));
    assert.ok(numbers.length > 5);
    await socket.end();
  });
});

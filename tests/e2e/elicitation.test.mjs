// SPDX-License-Identifier: BSD-2-Clause
// MCP servers that ask the user in the middle of a call: the stateless era, in which a turn ends with the question and any
// worker goes on, and the era with sessions (server-everything), in which the call waits in its worker.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import net from "node:net";
import {rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {startLegacyDouble, startMcpDouble} from "../doubles/mcp-double.mjs";
import {eventually, freePort, launch, scratch, SLOW, Stack, TOP, uuid} from "./harness.mjs";

const MODULES = join(TOP, "tests/e2e/node_modules/@modelcontextprotocol");
const asUser = (user, more = {}) => ({headers: {"X-Dev-User": user, ...more}});
const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes(e.data?.type ?? e.type);

const FORM = {type: "object", properties: {
  harbour: {type: "string", title: "Harbour", minLength: 2, maxLength: 20},
  nights: {type: "integer", minimum: 1, maximum: 14, default: 2},
  power: {type: "boolean", default: true},
  side: {type: "string", oneOf: [{const: "p", title: "Port"}, {const: "s", title: "Starboard"}], default: "p"},
  extras: {type: "array", items: {anyOf: [{const: "w", title: "Water"}, {const: "i", title: "Ice"}]}, maxItems: 2},
  mail: {type: "string", format: "email"},
}, required: ["harbour"]};
const question = (message = "Which harbour?", requestedSchema = FORM) => ({method: "elicitation/create", params: {mode: "form", message, requestedSchema}});
const STATE = "opaque \u00e9\u{1F40B} \\ \"state\" \u0000\u2028/==";

async function startEverything() {
  const port = await freePort(), child = launch(process.execPath, [join(MODULES, "server-everything/dist/index.js"), "streamableHttp"], {env: {...process.env, PORT: String(port)}});
  await eventually(() => new Promise(done => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => { socket.destroy(); done(true); });
    socket.once("error", () => done(child.end ? Promise.reject(new Error(child.output)) : false));
  }), "the server listens", 30000 * SLOW);
  return {url: `http://127.0.0.1:${port}/mcp`, stop: () => { child.kill("SIGKILL"); return child.ended; }};
}

describe("an MCP server asks the user", () => {
  let stack, dir, double, every, aside;
  before(async () => {
    dir = scratch("tp-elicit-");
    double = await startMcpDouble();
    every = await startEverything();
    aside = await startLegacyDouble();
    aside.aside = true;
    const file = join(dir, "mcp.json");
    const plain = {effect: "outside", approval: "never", outside: false};
    writeFileSync(file, JSON.stringify([
      {name: "sea", url: double.url, ...plain, tools: {"tide.table": {effect: "outside", approval: "always"}}},
      {name: "mute", url: double.url, ...plain, elicitation: "decline"},
      {name: "every", url: every.url, ...plain, allow: ["trigger-elicitation-request"]},
      {name: "aside", url: aside.url, ...plain},
      {name: "brief", url: every.url, ...plain, allow: ["trigger-elicitation-request"], ask_ms: 1500},
    ]), {mode: 0o600});
    stack = await Stack.start({settings: {"mcp.file": file, "mcp.trust_first": "on", "respawn.min": "50ms", "turn.workers": 1}});
    await eventually(async () => {
      const all = (await stack.get("/tools")).json.tools.map(t => t.name);
      return ["sea__book_berth", "mute__book_berth", "every__trigger-elicitation-request", "aside__count", "brief__trigger-elicitation-request"].every(n => all.includes(n));
    }, "the servers are listed", 30000 * SLOW);
  });
  after(async () => {
    await stack?.stop();
    await double?.close();
    await every?.stop();
    await aside?.close();
    rmSync(dir, {recursive: true, force: true});
  });

  const scenario = (tool, args = {harbour: "Eden"}, then = "text say=Done.") => `please [[tool name=${tool} args=${JSON.stringify(args)} | ${then}]]`;
  const answer = (user, id, body) => stack.post(`/approvals/${id}`, body, asUser(user));
  const open = async (user, query = "") => (await stack.get(`/approvals${query}`, asUser(user))).json.approvals;
  const turnOf = async (user, id) => (await stack.get(`/turns/${id}`, asUser(user))).json;
  const ended = (user, id) => eventually(async () => {
    const turn = await turnOf(user, id);
    return ["done", "failed", "cancelled", "interrupted"].includes(turn.state) && turn;
  }, `turn ${id} ends`);
  const resultsOf = async (user, session) => (await stack.get(`/sessions/${session}/messages`, asUser(user))).json.messages
    .filter(m => m.role === "tool").map(m => JSON.parse(m.content));
  const calls = tool => double.requests.filter(r => r.body?.method === "tools/call" && r.body.params.name === tool);

  /** The first call asks, one with answers is done. */
  function asksOnce(tool, requests = {where: question()}) {
    double.requests.length = 0;
    double.asks[tool] = params => params.inputResponses ? undefined : {resultType: "input_required", inputRequests: requests, requestState: STATE};
  }
  async function ask(user, tool, more = {}) {
    const session_id = uuid(), reply = await stack.chat(scenario(tool), {session_id, ...more}, asUser(user));
    assert.equal(reply.json.outcome, "interrupt", reply.text);
    return {session_id, reply: reply.json, i: reply.json.interrupts[0]};
  }

  // ---- the stateless era ----

  test("stateless: the turn ends with the form; an answer sends the same call again, with the state as it was", async () => {
    const user = uuid();
    asksOnce("book_berth", {where: question("Which \u202eharbour\u0007?")});
    const {session_id, i, reply} = await ask(user, "sea__book_berth");
    assert.equal(i.reason, "input_required");
    assert.equal(i.message, "sea asks you: Which harbour ?");
    assert.equal(i.metadata.reason, "elicitation");
    assert.equal(i.metadata.form.from, "sea");
    assert.equal(i.metadata.form.message, "Which harbour ?");
    assert.ok(!JSON.stringify(i).includes("opaque"), "the server's state is nobody else's");
    const {content} = i.responseSchema.properties;
    assert.deepEqual(content.properties.side, {type: "string", enum: ["p", "s"], enumNames: ["Port", "Starboard"], default: "p"});
    assert.deepEqual(content.properties.extras, {type: "array", items: {type: "string", enum: ["w", "i"], enumNames: ["Water", "Ice"]}, maxItems: 2});
    assert.deepEqual(content.required, ["harbour"]);
    const [listed] = await open(user);
    assert.deepEqual([listed.id, listed.reason, listed.form.from, listed.session_id], [i.id, "elicitation", "sea", session_id]);
    assert.deepEqual((await open(user, `?session_id=${session_id}`)).map(a => a.id), [i.id]);
    assert.equal((await turnOf(user, reply.turn_id)).state, "interrupted");

    for (const [body, field, expected] of [
      [{action: "perhaps"}, "/action", /accept, decline or cancel/], [{action: "accept", content: {}}, "/content/harbour", /./],
      [{action: "accept", content: {harbour: "E"}}, "/content/harbour", /2/], [{action: "accept", content: {harbour: "Eden", nights: 15}}, "/content/nights", /14/],
      [{action: "accept", content: {harbour: "Eden", side: "x"}}, "/content/side", /p/], [{action: "accept", content: {harbour: "Eden", mail: "no"}}, "/content/mail", /e-mail/],
      [{action: "accept", content: {harbour: "Eden", extras: ["w", "w"]}}, "/content/extras", /once/], [{action: "accept", content: {harbour: "Eden", other: 1}}, "/content/other", /./],
      [{action: "accept", content: "Eden"}, "/content", /object/], [{action: "accept", content: {harbour: "Eden"}, edited_args: {}}, "/edited_args", /nothing/],
    ]) {
      const wrong = await answer(user, i.id, body);
      assert.equal(`${wrong.status} ${wrong.json.field}`, `422 ${field}`, wrong.text);
      assert.match(`${wrong.json.expected} ${wrong.json.detail}`, expected, wrong.text);
    }
    assert.equal((await answer(uuid(), i.id, {action: "accept", content: {harbour: "Eden"}})).status, 404);
    assert.deepEqual((await open(uuid())), []);

    const filled = {harbour: "Eden", nights: 3, side: "s", extras: ["i"], mail: "ann@example.org"};
    const yes = await answer(user, i.id, {action: "accept", content: filled});
    assert.equal(yes.status, 202, yes.text);
    const turn = await ended(user, yes.json.turn_id);
    assert.equal(turn.reply.response, "Done.");
    const sent = calls("book_berth");
    assert.equal(sent.length, 2);
    assert.deepEqual(sent[1].body.params.arguments, sent[0].body.params.arguments);
    assert.deepEqual(sent[1].body.params.inputResponses, {where: {action: "accept", content: filled}});
    assert.equal(sent[1].body.params.requestState, STATE);
    assert.notEqual(sent[1].body.id, sent[0].body.id);
    assert.equal(sent[0].body.params.requestState, undefined);
    const again = await answer(user, i.id, {action: "accept", content: filled});
    assert.equal(`${again.status} ${again.json.turn_id} ${again.json.state}`, `202 ${yes.json.turn_id} duplicate`);
    assert.equal((await answer(user, i.id, {action: "accept", content: {harbour: "Oban"}})).json.code, "approval_used");
    assert.equal((await answer(user, i.id, {action: "decline"})).json.code, "approval_used");
    assert.equal(calls("book_berth").length, 2);
    const [result] = await resultsOf(user, session_id);
    assert.match(result.content, /Berth in Eden booked/);
    for (const secret of ["ann@example.org", "opaque"]) {
      assert.ok(!stack.log().includes(secret), "what the user filled in is in no log");
      assert.ok(!stack.double.requests.some(r => r.raw?.includes(secret)), "nor does the model see it");
    }
  });

  for (const [action, also] of [["decline", {approved: false}], ["cancel"]]) {
    test(`stateless: ${action} is told to the server`, async () => {
      for (const body of [{action}, also].filter(Boolean)) {
        const user = uuid();
        asksOnce("book_berth");
        const {i} = await ask(user, "sea__book_berth");
        await ended(user, (await answer(user, i.id, body)).json.turn_id);
        assert.deepEqual(calls("book_berth").at(-1).body.params.inputResponses, {where: {action}});
      }
    });
  }

  test("stateless: a new message puts the question aside, and nothing is sent", async () => {
    const user = uuid();
    asksOnce("book_berth");
    const {i, session_id} = await ask(user, "sea__book_berth");
    const next = await stack.chat("never mind [[text say=Fine.]]", {session_id}, asUser(user));
    assert.equal(next.json.response, "Fine.");
    assert.equal(calls("book_berth").length, 1);
    assert.equal((await resultsOf(user, session_id))[0].error.code, "cancelled");
    assert.equal((await answer(user, i.id, {action: "accept", content: {harbour: "Eden"}})).json.code, "approval_cancelled");
  });

  test("stateless: several questions come one after the other, and no more than three", async () => {
    const user = uuid();
    asksOnce("book_berth", {one: question("First?"), two: question("Second?")});
    const {i, session_id} = await ask(user, "sea__book_berth");
    const first = await ended(user, (await answer(user, i.id, {action: "accept", content: {harbour: "Eden"}})).json.turn_id);
    assert.equal(first.state, "interrupted");
    assert.equal(calls("book_berth").length, 1, "not before all is answered");
    const [second] = first.reply.interrupts;
    assert.equal(second.metadata.form.message, "Second?");
    await ended(user, (await answer(user, second.id, {action: "decline"})).json.turn_id);
    assert.deepEqual(calls("book_berth")[1].body.params.inputResponses, {one: {action: "accept", content: {harbour: "Eden"}}, two: {action: "decline"}});
    assert.match((await resultsOf(user, session_id))[0].content, /Eden booked/);

    double.asks.book_berth = () => ({resultType: "input_required", inputRequests: {again: question()}});
    let asked = (await ask(user, "sea__book_berth")), turn = {reply: asked.reply}, count = 0;
    while (turn.reply.interrupts) {
      count++;
      turn = await ended(user, (await answer(user, turn.reply.interrupts[0].id, {action: "accept", content: {harbour: "Eden"}})).json.turn_id);
    }
    assert.equal(count, 3);
    assert.match((await resultsOf(user, asked.session_id))[0].message, /more than 3 questions/);
    assert.equal(calls("book_berth").at(-1).body.params.requestState, undefined, "no state was given");
  });

  test("stateless: a state without a question is sent back at once", async () => {
    double.requests.length = 0;
    double.asks.book_berth = params => params.requestState ? undefined : {resultType: "input_required", requestState: STATE};
    const session_id = uuid(), user = uuid(), reply = await stack.chat(scenario("sea__book_berth"), {session_id}, asUser(user));
    assert.equal(reply.json.response, "Done.", reply.text);
    assert.deepEqual(calls("book_berth").map(c => c.body.params.requestState), [undefined, STATE]);
  });

  const bad = {
    "a password": question("x", {type: "object", properties: {password: {type: "string"}}}),
    "a card number": question("x", {type: "object", properties: {n: {type: "string", title: "Card number"}}}),
    "a token": question("x", {type: "object", properties: {apiKey: {type: "string"}}}),
    "a nested object": question("x", {type: "object", properties: {a: {type: "object", properties: {}}}}),
    "too many fields": question("x", {type: "object", properties: Object.fromEntries(Array.from({length: 30}, (_, k) => [`f${k}`, {type: "string"}]))}),
    "a link": {method: "elicitation/create", params: {mode: "url", message: "x", url: "https://example.org"}},
    "what the model would say": {method: "sampling/createMessage", params: {messages: []}},
  };
  for (const [what, request] of Object.entries(bad)) {
    test(`stateless: a question for ${what} is not put to the user`, async () => {
      const user = uuid(), session_id = uuid();
      asksOnce("book_berth", {x: request});
      const reply = await stack.chat(scenario("sea__book_berth"), {session_id}, asUser(user));
      assert.equal(reply.json.response, "Done.", reply.text);
      assert.equal((await resultsOf(user, session_id))[0].error.code, "provider_failed");
      assert.deepEqual(await open(user), []);
      assert.equal(calls("book_berth").length, 1);
    });
  }

  test("nobody can be asked: by the operator's word, and in a direct call", async () => {
    const user = uuid(), session_id = uuid();
    asksOnce("book_berth");
    const reply = await stack.chat(scenario("mute__book_berth"), {session_id}, asUser(user));
    assert.equal(reply.json.response, "Done.", reply.text);
    assert.deepEqual(calls("book_berth")[0].body.params._meta["io.modelcontextprotocol/clientCapabilities"], {});
    double.requests.length = 0;
    const direct = await stack.post("/tools/sea__book_berth", {harbour: "Eden"}, asUser(user));
    assert.ok(direct.status >= 400, direct.text);
    assert.deepEqual(calls("book_berth")[0].body.params._meta["io.modelcontextprotocol/clientCapabilities"], {});
    assert.deepEqual(await open(user), []);
  });

  test("stateless: an approval first, then the question, in one call", async () => {
    const user = uuid(), tool = (await stack.get("/tools")).json.tools.map(t => t.name).find(n => n.startsWith("sea__tide_table"));
    asksOnce("tide.table");
    const {i, session_id} = await ask(user, tool);
    assert.equal(i.reason, "tool_call");
    assert.equal(calls("tide.table").length, 0);
    const approved = await ended(user, (await answer(user, i.id, {approved: true, edited_args: {harbour: "Oban", days: 2}})).json.turn_id);
    const [form] = approved.reply.interrupts;
    assert.equal(form.metadata.reason, "elicitation");
    assert.deepEqual(form.metadata.arguments, {harbour: "Oban", days: 2});
    await ended(user, (await answer(user, form.id, {action: "accept", content: {harbour: "Eden"}})).json.turn_id);
    assert.deepEqual(calls("tide.table").map(c => c.body.params.arguments), [{harbour: "Oban", days: 2}, {harbour: "Oban", days: 2}]);
    assert.match((await resultsOf(user, session_id))[0].content, /Tides of Oban/);
  });

  test("stateless: any worker goes on when that which asked is gone", async () => {
    const user = uuid();
    asksOnce("book_berth");
    const {i, session_id} = await ask(user, "sea__book_berth");
    const before = await stack.seats("turn");
    for (const pid of new Set(before.map(w => w.pid))) process.kill(pid, "SIGKILL");
    const yes = await eventually(async () => {
      const reply = await answer(user, i.id, {action: "accept", content: {harbour: "Eden"}}).catch(() => null);
      return reply?.status === 202 && reply;
    }, "the answer is taken", 30000 * SLOW);
    await ended(user, yes.json.turn_id);
    assert.match((await resultsOf(user, session_id))[0].content, /Eden booked/);
    assert.equal(calls("book_berth").length, 2);
  });

  test("stateless: AG-UI's resume answers it", async () => {
    const user = uuid();
    asksOnce("book_berth");
    const {i, session_id} = await ask(user, "sea__book_berth");
    const reader = stack.sse("/agui", {method: "POST", headers: {"X-Dev-User": user}, body: {threadId: session_id, runId: uuid(), messages: [], tools: [], context: [], state: {}, forwardedProps: {},
      resume: [{interruptId: i.id, status: "resolved", payload: {action: "accept", content: {harbour: "Eden"}}}]}});
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.deepEqual(calls("book_berth").at(-1).body.params.inputResponses, {where: {action: "accept", content: {harbour: "Eden"}}});
  });

  test("stateless: the AI SDK's form and the OpenAI-compatible API", async () => {
    const user = uuid(), headers = {"X-Dev-User": user};
    asksOnce("book_berth");
    const {i, session_id, reply} = await ask(user, "sea__book_berth");
    const chat = await stack.get(`/ai/chat/${session_id}/messages`, {headers});
    const message = chat.json.messages.at(-1), part = message.parts.find(p => p.approval);
    assert.equal(part.approval.id, i.id, chat.text);
    assert.equal(part.approval.descriptor.form.from, "sea");
    const answered = {...message, parts: message.parts.map(p => p === part ? {...p, state: "approval-responded", approval: {id: i.id, approved: true}} : p)};
    const said = await stack.post("/ai/chat", {id: session_id, messages: [answered], approvals: {[i.id]: {content: {harbour: "Eden"}}}}, {headers});
    assert.equal(said.status, 200, said.text);
    assert.match(said.text, /tool-output-available/);
    assert.deepEqual(calls("book_berth").at(-1).body.params.inputResponses, {where: {action: "accept", content: {harbour: "Eden"}}}, `${reply.turn_id}`);

    asksOnce("book_berth");
    const completion = await stack.request("POST", "/v1/chat/completions", {raw: true, body: {model: "pam", messages: [{role: "user", content: scenario("sea__book_berth")}]}, headers});
    const {content} = completion.json.choices[0].message;
    assert.match(content, /sea asks you: Which harbour\?/);
    assert.match(content, /"action": "accept"/);
    const live = await stack.request("POST", "/v1/chat/completions", {raw: true, body: {model: "pam", messages: [{role: "user", content: scenario("every__trigger-elicitation-request", {})}]}, headers});
    assert.match(live.json.choices[0].message.content, /Done\./, "no stream tells a question there");
  });

  // ---- the era with sessions ----

  const LIVE = "every__trigger-elicitation-request";
  async function askLive(user, tool = LIVE) {
    const session_id = uuid(), reader = stack.chatStream(scenario(tool, {}), {session_id}, {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
    const event = await reader.until(e => e.data.name === "turnpike.question" || FINAL(e));
    assert.equal(event.data.name, "turnpike.question", JSON.stringify(event.data));
    return {session_id, reader, i: event.data.value};
  }

  test("with a session: the call waits, the answer reaches it, by whatever worker it comes", async () => {
    const user = uuid(), {session_id, reader, i} = await askLive(user);
    assert.match(i.message, /^every asks you: Please provide/);
    assert.equal(i.metadata.form.from, "every");
    const {properties} = i.metadata.form.schema;
    assert.deepEqual(properties.legacyTitledEnum.enumNames?.length, properties.legacyTitledEnum.enum.length);
    assert.equal(properties.integer.default, 42);
    assert.deepEqual((await open(user)).map(a => a.id), [i.id]);
    assert.deepEqual((await open(user, `?session_id=${session_id}`)).map(a => a.id), [i.id]);
    assert.equal((await answer(uuid(), i.id, {action: "decline"})).status, 404);
    const wrong = await answer(user, i.id, {action: "accept", content: {name: "Ann", integer: 500}});
    assert.equal(`${wrong.status} ${wrong.json.field}`, "422 /content/integer", wrong.text);
    const yes = await answer(user, i.id, {action: "accept", content: {name: "Ann", check: true, integer: 7, untitledMultipleSelectEnum: ["Piano", "Drums"]}});
    assert.equal(`${yes.status} ${yes.json.state}`, "202 answered", yes.text);
    await reader.all();
    assert.equal(reader.last.data.outcome.type, "success", JSON.stringify(reader.last.data));
    const over = reader.events.find(e => e.data.name === "turnpike.question_over");
    assert.deepEqual(over.data.value, {id: i.id, outcome: "accept"});
    const [result] = await resultsOf(user, session_id);
    assert.match(result.content, /Name: Ann/);
    assert.match(result.content, /7/);
    assert.match(result.content, /Piano/);
    assert.deepEqual(await open(user), []);
    assert.equal((await answer(user, i.id, {action: "decline"})).json.code, "approval_used");
    assert.equal(await stack.redis("HGET", `tp:{${user}}:approval:${i.id}`, "content"), "");
  });

  for (const [action, said] of [["decline", /declined/i], ["cancel", /cancel/i]]) {
    test(`with a session: ${action}`, async () => {
      const user = uuid(), {session_id, reader, i} = await askLive(user);
      await answer(user, i.id, {action});
      await reader.all();
      assert.match((await resultsOf(user, session_id))[0].content, said);
    });
  }

  test("with a session: two people at once, each their own", async () => {
    const people = [uuid(), uuid()], asked = await Promise.all(people.map(p => askLive(p)));
    assert.equal((await answer(people[0], asked[1].i.id, {action: "decline"})).status, 404);
    await Promise.all(people.map((p, k) => answer(p, asked[k].i.id, {action: "accept", content: {name: `Person ${k}`}})));
    await Promise.all(asked.map(a => a.reader.all()));
    for (const [k, p] of people.entries()) assert.match((await resultsOf(p, asked[k].session_id))[0].content, new RegExp(`Person ${k}`));
  });

  test("with a session: nobody answers, and the server is told so", async () => {
    const user = uuid(), {session_id, reader, i} = await askLive(user, "brief__trigger-elicitation-request");
    await reader.all();
    assert.equal(reader.last.data.outcome.type, "success");
    assert.equal(reader.events.find(e => e.data.name === "turnpike.question_over").data.value.outcome, "expired");
    assert.match((await resultsOf(user, session_id))[0].content, /cancel/i);
    assert.match((await answer(user, i.id, {action: "decline"})).json.code, /approval_(cancelled|expired)/);
  });

  test("with a session: stopped while it waits", async () => {
    const user = uuid(), {reader, i} = await askLive(user), [{turn_id}] = await open(user);
    assert.equal((await stack.post(`/turns/${turn_id}/cancel`, {}, asUser(user))).json.stopping, true);
    await reader.all();
    assert.deepEqual(await open(user), []);
    assert.equal((await answer(user, i.id, {action: "decline"})).json.code, "approval_cancelled");
  });

  test("with a session: its worker is killed while it waits: the outcome is unknown, the question is over", async () => {
    const user = uuid(), {session_id, reader, i} = await askLive(user);
    const {pid} = await eventually(async () => (await stack.seats("turn")).find(w => w.session === session_id), "its worker");
    process.kill(pid, "SIGKILL");
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.equal((await resultsOf(user, session_id))[0].error.code, "unknown_outcome");
    assert.equal((await answer(user, i.id, {action: "accept", content: {name: "Ann"}})).json.code, "approval_cancelled");
    assert.deepEqual(await open(user), []);
  });

  test("by the session's own stream: one call at a time, and never to another user", async () => {
    const [ann, bob] = [uuid(), uuid()];
    const count = (user, how, session_id = user) => stack.chatStream(scenario("aside__count", {how}), {session_id}, {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
    const first = count(ann, "aside"), {data: {value: i}} = await first.until(e => e.data.name === "turnpike.question" || FINAL(e));
    assert.equal(i.metadata.form.message, "Who is it?");
    await answer(ann, i.id, {action: "accept", content: {name: "Ann"}});
    await first.all();
    assert.match((await resultsOf(ann, ann))[0].content, /accept Ann/);
    const before = aside.log.filter(l => l === "POST initialize").length;
    const second = count(bob, "aside"), {data: {value: other}} = await second.until(e => e.data.name === "turnpike.question" || FINAL(e));
    await answer(bob, other.id, {action: "accept", content: {name: "Bob"}});
    await second.all();
    assert.match((await resultsOf(bob, bob))[0].content, /accept Bob/);
    assert.equal(aside.log.filter(l => l === "POST initialize").length, before + 1, "a session of his own");
    // While a call of Bob's is under way Ann shares his session: nobody knows whom it asks.
    const held = count(bob, "hold", uuid()), last = uuid();
    await eventually(() => aside.held.length === 1, "a call is held");
    const third = count(ann, "aside", last);
    await third.all();
    assert.ok(!third.events.some(e => e.data.name === "turnpike.question"));
    assert.match((await resultsOf(ann, last))[0].content, /not now/);
    aside.held[0]();
    await held.all();
    assert.deepEqual(await open(bob), []);
  });

  test("with a session: a question that the server replaces by another is over, and its answer goes nowhere", async () => {
    const user = uuid(), session_id = uuid();
    const reader = stack.chatStream(scenario("aside__count", {how: "change"}), {session_id}, {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
    const asks = () => reader.events.filter(e => e.data.name === "turnpike.question").map(e => e.data.value);
    await reader.until(e => e.data.name === "turnpike.question" || FINAL(e));
    aside.change();
    await reader.until(e => asks().length === 2 || FINAL(e));
    const [first, second] = asks();
    assert.match(`${first.message} ${second?.message}`, /Who is it\?.*Who is it really\?/);
    assert.deepEqual(reader.events.filter(e => e.data.name === "turnpike.question_over").map(e => e.data.value), [{id: first.id, outcome: "withdrawn"}]);
    assert.notEqual((await answer(user, first.id, {action: "accept", content: {name: "Eve"}})).status, 202);
    assert.equal((await answer(user, second.id, {action: "accept", content: {name: "Ann"}})).status, 202);
    await reader.all();
    assert.match((await resultsOf(user, session_id))[0].content, /accept Ann/);
    assert.deepEqual(aside.asked.filter(a => ["q1", "q2"].includes(a.id)).map(a => a.id), ["q2"]);
  });

  test("with a session: the answer comes over the WebSocket", async () => {
    const user = uuid(), {session_id, reader, i} = await askLive(user);
    const socket = await stack.socket("/ws", {headers: {"X-Dev-User": user}});
    socket.send({type: "approve", id: i.id, session_id, action: "accept", content: {}});
    assert.equal((await socket.until("error")).code, "invalid_argument");
    socket.send({type: "approve", id: i.id, session_id, action: "accept", content: {name: "Wes"}});
    assert.equal((await socket.until("accepted")).state, "answered");
    await reader.all();
    assert.match((await resultsOf(user, session_id))[0].content, /Wes/);
    await socket.end();
  });
});

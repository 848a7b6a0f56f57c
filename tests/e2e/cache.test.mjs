// SPDX-License-Identifier: BSD-2-Clause
// Kept answers: what is anybody's is answered once by a model and told to others, on every transport; all else never is.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {writeFileSync} from "node:fs";
import {join} from "node:path";
import {promisify} from "node:util";
import http from "node:http";
import {BUILD, eventually, freePort, Stack, uuid} from "./harness.mjs";
import {RedisProxy} from "../doubles/redis-proxy.mjs";
import {readMetrics, valueOf} from "./openmetrics.mjs";

const as = (user = uuid(), headers = {}) => ({headers: {"X-Dev-User": user, ...headers}});
const scrape = port => new Promise((done, fail) => http.get({port, path: "/metrics", headers: {Accept: "application/openmetrics-text"}}, response => {
  let text = "";
  response.on("data", chunk => { text += chunk; });
  response.on("end", () => done(readMetrics(text)));
}).on("error", fail));
const FRIDGE = "How does an absorption fridge work with gas?";
let number = 0;
const question = () => `What is the difference between gas ${++number} and water?`; // one that nobody has asked

describe("kept answers", () => {
  let stack, port;
  before(async () => {
    port = await freePort();
    stack = await Stack.start({settings: {"cache.answers": "on", "metrics.listen": `127.0.0.1:${port}`, "turn.workers": 2, "anthropic.model": "claude-sonnet-4-5"}});
    stack.double.scenario = "text say=By_heat.";
  });
  after(() => stack.stop());
  const count = async (name, labels) => valueOf(await scrape(port), `turnpike_answer_cache_${name}`, labels) ?? 0;
  const kept = async () => Number(/(\d+) of \d+ places/.exec(await command("show"))[1]);
  const told = async () => Number(/(\d+) answers told/.exec(await command("show"))[1]);
  const command = async (...args) => (await promisify(execFile)(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), "cache", ...args])).stdout;
  const asked = () => stack.double.requests.length;
  /** Two users have asked it: the next one gets what is kept. */
  async function learn(text, more) {
    const before = await told();
    for (let i = 0; i < 2; i++) {
      const reply = await stack.chat(text, {...more}, as());
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.json.cached, undefined);
    }
    await eventually(async () => await told() > before, `${text} is told to others`);
  }
  /** It is asked three times, and each time the model. */
  async function never(text, more = {}, options = as) {
    const before = asked();
    for (let i = 0; i < 3; i++) {
      const reply = await stack.chat(text, {...more}, options());
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.json.cached, undefined, text);
    }
    assert.ok(asked() - before >= 3, `${text}: the model was not asked`);
  }

  test("the third user gets the answer without a model, marked, at no cost, and it is a message like any other", async () => {
    await learn(FRIDGE);
    const raw = JSON.parse(stack.double.requests.at(-1).raw), said = JSON.stringify(raw.messages);
    assert.doesNotMatch(said, /Now: |zone /, "the model was told the time");
    const before = asked(), looks = await count("lookups_total", {outcome: "hit"}), user = uuid(), session_id = uuid();
    const {json} = await stack.chat(`  ${FRIDGE.replace(" fridge", "\n fridge")}`, {session_id}, as(user));
    assert.deepEqual([json.response, json.cached, json.tokens_used, json.usage], ["By heat.", true, 0, []]);
    assert.ok(json.cached_seconds >= 0 && json.cached_seconds < 300);
    assert.match(json.cache_entry, /^[0-9a-f]{64}$/);
    assert.equal(json.model, "claude-sonnet-4-5");
    assert.equal(asked(), before);
    const {json: list} = await stack.get(`/sessions/${session_id}/messages`, as(user));
    assert.deepEqual(list.messages.map(m => m.role), ["user", "assistant"]);
    await eventually(async () => await count("lookups_total", {outcome: "hit"}) === looks + 1);
    assert.ok(await count("saved_usd_total") > 0 && await count("saved_tokens_total") > 0 && await count("kept_bytes_total") > 0);
    // What follows has a history: the model is asked, with the time.
    await stack.chat(FRIDGE, {session_id}, as(user));
    assert.equal(asked(), before + 1);
    assert.match(stack.double.requests.at(-1).raw, /Now: /);
  });

  test("nobody's question or id is in Redis by its text", async () => {
    const user = "anna-the-user", text = question();
    await stack.chat(text, {}, as(user));
    await eventually(async () => (await stack.redis("--scan", "--pattern", "tp:answer:*")).length > 0);
    for (const key of (await stack.redis("--scan", "--pattern", "tp:answer:*")).split("\n")) {
      const all = await stack.redis("HGETALL", key);
      assert.ok(!all.includes(user) && !all.includes("difference between"), all);
    }
  });

  test("an event stream, a WebSocket, AG-UI, OpenAI's and the AI SDK's words tell it, each in its place", async () => {
    const text = question();
    await learn(text);
    const before = asked();
    const stream = stack.chatStream(text, {}, as());
    const end = await stream.until("RUN_FINISHED");
    assert.deepEqual([stream.text(), end.data.result.cached, end.data.usage], ["By heat.", true, undefined]);
    assert.ok(end.data.result.cachedSeconds >= 0);
    const agui = stack.sse("/agui", {method: "POST", ...as(), body: {protocolVersion: "1.0", threadId: uuid(), runId: uuid(), tools: [], context: [], state: {},
      messages: [{id: uuid(), role: "user", content: text}], forwardedProps: {timezone: "UTC"}}});
    assert.equal((await agui.until("RUN_FINISHED")).data.result.cached, true);
    const socket = await stack.socket("/ws", as());
    socket.message(text);
    assert.equal((await socket.until("RUN_FINISHED")).result.cached, true);
    assert.equal(socket.text(), "By heat.");
    await socket.end();
    const completion = {model: "pam", messages: [{role: "user", content: text}]};
    const whole = await stack.post("/openai/v1/chat/completions", completion, as());
    assert.deepEqual([whole.json.choices[0].message.content, whole.json.turnpike.cached, whole.json.usage.total_tokens], ["By heat.", true, 0], whole.text);
    const chunks = await stack.post("/openai/v1/chat/completions", {...completion, stream: true}, as());
    assert.match(chunks.text, /"finish_reason":"stop"\}\],?.*"turnpike":\{"cached":true,"cached_seconds":\d+\}/);
    const response = await stack.post("/openai/v1/responses", {model: "pam", input: text}, as());
    assert.equal(response.json.turnpike.cached, true, response.text);
    const ui = await stack.post("/ai/chat", {id: uuid(), trigger: "submit-message", messages: [{id: uuid(), role: "user", parts: [{type: "text", text}]}]}, as());
    assert.match(ui.text, /"messageMetadata":\{"cached":true,"cachedSeconds":\d+\}/);
    assert.equal(asked(), before);
  });

  test("a viewer that comes later, and one that resumes, sees the same turn", async () => {
    const text = question(), user = uuid(), session_id = uuid();
    await learn(text);
    const {json} = await stack.chat(text, {session_id}, as(user));
    const turn = await stack.get(`/turns/${json.turn_id}`, as(user));
    assert.equal(turn.json.state, "done");
    const events = stack.sse(`/sessions/${session_id}/events`, {headers: {...as(user).headers, "Last-Event-ID": "0-0"}});
    await events.until(e => e.data.type === "RUN_FINISHED" || e.data.type === "MESSAGES_SNAPSHOT");
    assert.match(events.raw.toString(), /By heat\./);
    events.drop();
  });

  test("what is of a user, of a time or of a place is never kept, nor is what comes with files, tools, instructions or a place", async () => {
    for (const text of ["What is my name, please?", "What is the weather like for camping?", "What is the nearest place for gas?", "Wie hoch ist mein Wohnmobil und was wiegt es?",
      "¿Cuál es el precio del gas en el norte?", "Quel est le poids de ma caravane ?", "Hoe werkt een koelkast op gas?", "Say hello to the people"]) await never(text);
    const text = question();
    await learn(text);
    await never(text, {context: {user_location: {lat: -33.9, lng: 151.2, city: "Sydney"}}});
    await never(text, {context: {page: "budget"}});
    await never(text, {cache: false});
    await never(text, {}, () => as(uuid(), {"Cache-Control": "no-cache"}));
    const before = asked();
    for (const more of [{tools: [{name: "f", description: "", parameters: {type: "object"}}]}, {context: [{description: "who", value: "Anna"}]}, {state: {a: 1}}]) {
      const run = stack.sse("/agui", {method: "POST", ...as(), body: {threadId: uuid(), runId: uuid(), tools: [], context: [], state: {}, forwardedProps: {},
        messages: [{id: uuid(), role: "user", content: text}], ...more}});
      assert.equal((await run.until("RUN_FINISHED")).data.result, undefined);
    }
    const told = await stack.post("/openai/v1/chat/completions", {model: "pam", messages: [{role: "system", content: "Rhyme."}, {role: "user", content: text}]}, as());
    assert.equal(told.json.turnpike, undefined);
    assert.equal(asked(), before + 4);
    const bad = await stack.chat(text, {cache: "no"}, as());
    assert.deepEqual([bad.status, bad.json.field], [422, "cache"], bad.text);
  });

  test("a user with memories or a stored context of their own is answered with these", async () => {
    const text = question(), user = uuid(), other = uuid();
    await learn(text);
    assert.equal((await stack.post("/tools/remember", {text: "No gas on board."}, as(user))).status, 200);
    assert.equal((await stack.chat(text, {}, as(user))).json.cached, undefined);
    assert.match(stack.double.requests.at(-1).raw, /No gas on board/);
    assert.equal((await stack.request("PUT", "/context", {body: {vehicle: "bus"}, ...as(other)})).status, 200);
    assert.equal((await stack.chat(text, {}, as(other))).json.cached, undefined);
    // Language, units and currency are part of what an answer is found by.
    const metric = uuid();
    await stack.request("PUT", "/context", {body: {units: "us"}, ...as(metric)});
    assert.equal((await stack.chat(text, {}, as(metric))).json.cached, undefined);
    assert.equal((await stack.chat(text, {locale: "de-DE"}, as())).json.cached, undefined);
    assert.equal((await stack.chat(text, {timezone: "Europe/Rome"}, as())).json.cached, undefined); // another country
    assert.match(stack.double.requests.at(-1).raw, /Zone: Europe\/Rome/);
    assert.equal((await stack.chat(text, {}, as())).json.cached, true);
  });

  test("one user alone makes nothing public, however often they ask", async () => {
    const text = question(), user = uuid(), before = asked();
    for (let i = 0; i < 4; i++) assert.equal((await stack.chat(text, {}, as(user))).json.cached, undefined);
    assert.equal(asked(), before + 4);
  });

  test("an answer with a tool's call, a refusal, a cut one, and one that asks back are not kept", async () => {
    const scenario = stack.double.scenario;
    for (const [script, what] of [["tool name=get_current_time args={} | text say=Later.", "a tool"], ["refuse", "a refusal"], ["length after=3", "a cut one"],
      ["text say=Which_one?", "a question"]]) {
      const text = question();
      stack.double.scenario = script;
      for (let i = 0; i < 3; i++) {
        const reply = await stack.chat(text, {}, as());
        assert.equal(reply.json.cached, undefined, what);
        assert.equal(reply.json.cache_entry, undefined, what);
      }
      if (what === "a tool") assert.match(stack.double.requests.at(-1).raw, /Now: /, "the situation is whole behind a tool's call");
    }
    stack.double.scenario = scenario;
  });

  test("answering again asks the model", async () => {
    const text = question(), user = uuid(), id = uuid(), message = {id: uuid(), role: "user", parts: [{type: "text", text}]};
    await learn(text);
    const first = await stack.post("/ai/chat", {id, trigger: "submit-message", messages: [message]}, as(user));
    assert.match(first.text, /"cached":true/);
    const before = asked();
    const again = await stack.post("/ai/chat", {id, trigger: "regenerate-message", messages: [message]}, as(user));
    assert.doesNotMatch(again.text, /"cached":true/);
    assert.equal(asked(), before + 1);
    const edited = stack.sse("/agui", {method: "POST", ...as(user), body: {threadId: id, runId: uuid(), tools: [], context: [], state: {}, forwardedProps: {},
      messages: [{id: message.id, role: "user", content: text}]}});
    assert.equal((await edited.until("RUN_FINISHED")).data.result, undefined);
    assert.equal(asked(), before + 2);
  });

  test("a bad rating of a kept answer drops it, a good one does not", async () => {
    const text = question(), user = uuid();
    await learn(text);
    const {json} = await stack.chat(text, {}, as(user));
    assert.equal(json.cached, true);
    const rate = rating => stack.post("/feedback", {message_id: json.message_id, rating}, as(user));
    assert.equal((await rate(5)).status, 200);
    assert.equal((await stack.chat(text, {}, as())).json.cached, true);
    assert.equal((await rate(1)).status, 200);
    assert.equal((await stack.chat(text, {}, as())).json.cached, undefined);
  });

  test("an answer that was asked for before a bad rating or a clear is not kept behind it", async () => {
    const scenario = stack.double.scenario;
    for (const drop of ["a rating", "clear"]) {
      const text = question(), user = uuid();
      await learn(text);
      const {json} = await stack.chat(text, {}, as(user));
      assert.equal(json.cached, true);
      await stack.redis("DEL", `tp:answer:${parseInt(json.cache_entry.slice(0, 8), 16) % 1024}`);
      stack.double.scenario = "text words=6 hold=3";
      const under = [0, 1].map(() => stack.chatStream(text, {}, as()));
      for (const stream of under) await stream.until("TEXT_MESSAGE_CONTENT");
      if (drop === "clear") await command("clear");
      else assert.equal((await stack.post("/feedback", {message_id: json.message_id, rating: 1}, as(user))).status, 200);
      stack.double.release();
      for (const stream of under) await stream.until("RUN_FINISHED");
      stack.double.scenario = scenario;
      const before = asked();
      assert.equal((await stack.chat(text, {}, as())).json.cached, undefined, drop);
      assert.equal(asked(), before + 1, drop);
      await eventually(async () => (await stack.chat(text, {}, as())).json.cached, "what is asked behind it is kept");
    }
  });

  test("limits: a kept answer is a message, and costs no tokens", async () => {
    const text = question(), user = uuid();
    await learn(text);
    await stack.chat(text, {}, as(user));
    const {json} = await stack.get("/usage", as(user));
    assert.ok(!JSON.stringify(json).match(/"tokens":[1-9]/), JSON.stringify(json));
  });

  test("a wrong value or a lost key is a miss, and costs no turn", async () => {
    const text = question();
    await learn(text);
    const {json} = await stack.chat(text, {}, as());
    const key = `tp:answer:${parseInt(json.cache_entry.slice(0, 8), 16) % 1024}`;
    await stack.redis("HSET", key, "j", "no JSON");
    assert.equal((await stack.chat(text, {}, as())).json.response, "By heat.");
    await stack.redis("DEL", key);
    await stack.redis("SET", key, "a text");
    const reply = await stack.chat(text, {}, as());
    assert.deepEqual([reply.json.response, reply.json.cached], ["By heat.", undefined]);
    assert.ok(await count("lookups_total", {outcome: "failed"}) > 0);
    await stack.redis("DEL", key);
  });

  test("another prompt, another model: what was kept is not found; clear drops all", async () => {
    const text = question();
    await learn(text);
    const prompt = join(stack.dir, "prompt.txt");
    writeFileSync(prompt, "You are PAM, who rhymes.");
    stack.writeSettings({"system_prompt.file": prompt});
    await stack.reload();
    assert.equal((await stack.chat(text, {}, as())).json.cached, undefined);
    stack.writeSettings({"system_prompt.file": "", "anthropic.model": "claude-haiku-4-5"});
    await stack.reload();
    assert.equal((await stack.chat(text, {}, as())).json.cached, undefined);
    stack.writeSettings({"anthropic.model": "claude-sonnet-4-5"});
    await stack.reload();
    await learn(question());
    assert.ok(await kept() > 0);
    await stack.redis("HSET", "tp:answer:60000", "d", "x", "j", "{}"); // of a larger cache.entries
    assert.match(await command("clear"), /no answer is kept/);
    assert.equal(await stack.redis("EXISTS", "tp:answer:60000"), "0");
    assert.equal(await kept(), 0);
    assert.equal((await stack.chat(text, {}, as())).json.cached, undefined);
  });

  test("the report tells how often, and what it saved", async () => {
    const text = question();
    await learn(text);
    await stack.chat(text, {}, as());
    process.kill(stack.pid, "SIGHUP"); // the housekeeper of before adds up as it leaves
    await eventually(async () => {
      const {stdout} = await promisify(execFile)(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), "report", "--json"]);
      const {kept_answers: k} = JSON.parse(stdout);
      return k.told > 0 && k.looked > k.told && k.saved_micros > 0 && k.saved_tokens > 0;
    }, "the report has kept answers");
  });
});

describe("kept answers when something fails", () => {
  let stack, proxy, port;
  before(async () => {
    port = await freePort();
    stack = await Stack.start({settings: {"cache.answers": "on", "cache.users": 1, "cache.wait": "50ms", "turn.workers": 2, lease: "10s", "redis.timeout": "5s",
      "metrics.listen": `127.0.0.1:${port}`}});
    proxy = await RedisProxy.start({path: join(stack.run, "redis.sock")}, join(stack.run, "slow.sock"));
    stack.writeSettings({"redis.socket": join(stack.run, "slow.sock")});
    await stack.reload();
    stack.double.scenario = "text say=By_heat.";
  });
  after(async () => {
    await stack.stop();
    proxy?.close();
  });
  const looks = async outcome => valueOf(await scrape(port), "turnpike_answer_cache_lookups_total", {outcome}) ?? 0;

  test("a Redis that answers late is a miss: the model answers, and nothing is late twice", async () => {
    const text = question();
    await stack.chat(text, {}, as());
    await eventually(async () => (await stack.chat(text, {}, as())).json.cached, "it is kept");
    const before = await looks("failed");
    proxy.delay = () => 150;
    const replies = await Promise.all(Array.from({length: 4}, () => stack.chat(text, {}, as())));
    proxy.delay = () => 0;
    for (const reply of replies) assert.deepEqual([reply.status, reply.json.response], [200, "By heat."], reply.text);
    assert.ok(replies.some(reply => !reply.json.cached));
    assert.ok(await looks("failed") > before);
    await eventually(async () => (await stack.chat(text, {}, as())).json.cached, "it is looked for again"); // after the rest of five seconds
  });

  test("a kept answer costs no title either", async () => {
    const text = question(), titles = () => stack.double.titles.length;
    stack.writeSettings({titles: "on"});
    await stack.reload();
    const before = titles();
    let misses = 0;
    await eventually(async () => (await stack.chat(text, {}, as())).json.cached || !++misses, "it is kept");
    await eventually(() => titles() === before + misses, "the chats with a model have their titles");
    const asked = titles();
    for (let i = 0; i < 3; i++) assert.equal((await stack.chat(text, {}, as())).json.cached, true);
    await stack.chat("Is my bus red?", {}, as());
    await eventually(() => titles() > asked, "a chat with a model has one");
    assert.equal(titles(), asked + 1);
  });

  test("a worker that is killed while it answers: another one goes on, once, and what it says is not kept", async () => {
    const text = question(), user = uuid(), session_id = uuid();
    stack.double.scenario = "text words=6 hold=3";
    const stream = stack.chatStream(text, {session_id}, as(user));
    await stream.until("TEXT_MESSAGE_CONTENT");
    const [seat] = await eventually(async () => {
      const found = (await stack.seats("turn")).filter(s => s.turn);
      return found.length && found;
    }, "a worker has the turn");
    process.kill(seat.pid, "SIGKILL");
    stack.double.scenario = "text say=By_heat.";
    await stream.until("RUN_FINISHED", 60000);
    stack.double.release();
    const {json} = await stack.get(`/sessions/${session_id}/messages`, as(user));
    assert.equal(json.messages.filter(m => m.role === "assistant").length, 1);
    assert.equal(valueOf(await scrape(port), "turnpike_answer_cache_refused_total", {reason: "resumed"}), 1);
    assert.equal((await stack.chat(text, {}, as())).json.cached, undefined);
  });
});

describe("kept answers that are off", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({settings: {"turn.workers": 2}});
    stack.double.scenario = "text say=By_heat.";
  });
  after(() => stack.stop());

  test("nothing is kept, and the model is told the time", async () => {
    for (let i = 0; i < 3; i++) {
      const {json} = await stack.chat(FRIDGE, {}, as());
      assert.deepEqual([json.cached, json.cache_entry], [undefined, undefined]);
    }
    assert.equal(stack.double.requests.length, 3);
    assert.match(stack.double.requests.at(-1).raw, /Now: /);
    assert.equal(await stack.redis("--scan", "--pattern", "tp:answer:*"), "");
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// The list of a user's chats: search, titles, pins, deletion that can be taken back, export.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, Stack, uuid} from "./harness.mjs";

let serial = 0;
const someone = () => `user-${++serial}`;

describe("the list of chats", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"session.undo": "3s"}}); });
  after(() => stack.stop());

  const as = user => ({headers: {"X-Dev-User": user}});
  const get = (user, path) => stack.get(path, as(user));
  const patch = (user, id, body) => stack.request("PATCH", `/sessions/${id}`, {body, ...as(user)});
  const remove = (user, id, query = "?undo=true") => stack.request("DELETE", `/sessions/${id}${query}`, as(user));
  const restore = (user, id) => stack.post(`/sessions/${id}/restore`, {}, as(user));
  /** A turn; answers the session's id. */
  async function talk(user, message, say = "Fine.", session_id = uuid()) {
    stack.double.texts.set(say, say);
    const reply = await stack.chat(`${message} [[text named=${JSON.stringify(say)}]]`, {session_id, stream: false}, as(user));
    assert.equal(reply.status, 200, reply.text);
    return session_id;
  }
  async function find(user, query, more = "") {
    return eventually(async () => {
      const {status, json, text} = await get(user, `/sessions?query=${encodeURIComponent(query)}${more}`);
      assert.equal(status, 200, text);
      return !json.indexing && json;
    }, "the index is made");
  }
  const ids = page => page.sessions.map(s => s.id);
  /** What is marked in a text. */
  const marked = (text, ranges) => ranges.map(([from, to]) => Array.from(text).slice(from, to).join(""));

  test("a search finds words of questions and answers, whatever their accents, and says where", async () => {
    const user = someone();
    const zurich = await talk(user, "Is Zürich nice in autumn?", "Yes: the lake, the cafés of the old town.");
    const oslo = await talk(user, "And Oslo?", "Colder, but the Opéra is nice too.");
    assert.deepEqual(ids(await find(user, "zurich")), [zurich]);
    assert.deepEqual(ids(await find(user, "ZÜRICH")), [zurich]);
    assert.deepEqual(ids(await find(user, "Zu\u0308rich")), [zurich], "also when the mark is a character of its own");
    const page = await find(user, "cafes");
    assert.deepEqual(ids(page), [zurich]);
    const [{match, title, title_ranges}] = page.sessions;
    assert.equal(match.role, "assistant");
    assert.deepEqual(marked(match.snippet, match.ranges), ["cafés"]);
    assert.deepEqual(title_ranges, []);
    assert.match(title, /^Is Zürich nice in autumn\?/);
    const {messages} = (await get(user, `/sessions/${zurich}/messages`)).json;
    assert.equal(messages.find(m => m.id === match.message_id).role, "assistant");
    assert.deepEqual(ids(await find(user, "opera nic")), [oslo], "all words, the last one as a beginning");
    assert.deepEqual(ids(await find(user, "nice")), [oslo, zurich], "the latest first");
    assert.deepEqual(ids(await find(user, "ic")), [], "not the middle of a word");
    assert.deepEqual(ids(await find(user, "zurich oslo")), []);
    assert.deepEqual(ids(await find(user, "!?")), []);
    assert.equal(page.complete, true);
  });

  test("a search finds languages without blanks", async () => {
    const user = someone();
    const tokyo = await talk(user, "東京の天気を教えて", "今日は晴れです。");
    await talk(user, "京都へ行きたい");
    assert.deepEqual(ids(await find(user, "東京")), [tokyo]);
    assert.deepEqual(ids(await find(user, "天気")), [tokyo]);
    const [{match}] = (await find(user, "晴れです")).sessions;
    assert.deepEqual(marked(match.snippet, match.ranges), ["晴れです"]);
    assert.equal((await find(user, "京")).sessions.length, 2, "one character begins a pair");
    assert.deepEqual(ids(await find(user, "京東")), []);
  });

  test("nobody finds another's words", async () => {
    const [ann, bob] = [someone(), someone()];
    await talk(ann, "my secret xylophone");
    await talk(bob, "hello");
    assert.equal((await find(ann, "xylophone")).sessions.length, 1);
    assert.deepEqual(ids(await find(bob, "xylophone")), []);
    assert.deepEqual(ids(await find(bob, "xylo")), []);
  });

  test("a search follows what happens: new words, a new title, an edit, a deletion, erasure", async () => {
    const user = someone();
    const id = await talk(user, "one walrus");
    assert.deepEqual(ids(await find(user, "walrus")), [id]);
    await talk(user, "two giraffes", "Fine.", id);
    assert.deepEqual(ids(await find(user, "giraffe")), [id]);
    assert.deepEqual(ids(await find(user, "walrus giraffe")), [id]);
    assert.equal((await patch(user, id, {title: "Zoo visit"})).status, 200);
    const [found] = (await find(user, "zoo")).sessions;
    assert.deepEqual([found.id, found.match, marked(found.title, found.title_ranges)], [id, null, ["Zoo"]]);
    const {messages} = (await get(user, `/sessions/${id}/messages`)).json;
    const edited = messages.findLast(m => m.role === "user");
    const run = {threadId: id, runId: uuid(), messages: [{id: edited.id, role: "user", content: "two penguins"}], state: {}, tools: [], context: [], forwardedProps: {}};
    await stack.sse("/agui", {method: "POST", body: run, headers: as(user).headers}).until("RUN_FINISHED");
    await eventually(async () => (await get(user, `/sessions/${id}`)).json.running_turn === null, "the turn ends");
    assert.deepEqual(ids(await find(user, "penguins")), [id]);
    assert.deepEqual(ids(await find(user, "giraffes")), [], "what left the conversation is not found");
    assert.deepEqual(ids(await find(user, "walrus")), [id]);
    assert.equal((await remove(user, id, "")).status, 200);
    assert.deepEqual(ids(await find(user, "walrus")), []);
    assert.equal(await stack.redis("--scan", "--pattern", `tp:{${user}}:find:w:*`), "", "no word is left");
    await talk(user, "another walrus");
    await find(user, "walrus");
    assert.equal((await stack.request("DELETE", "/user-data", {headers: {...as(user).headers, "X-Confirm-Erase": user}})).status, 200);
    const left = (await stack.redis("--scan", "--pattern", `tp:{${user}}:*`)).split("\n").filter(key => key && !key.includes("}:usage:"));
    assert.deepEqual(left, [], "but for what limits count");
  });

  test("pages of a search go on where the last one ended, also when chats are added meanwhile", async () => {
    const user = someone(), made = [];
    for (let i = 0; i < 7; i++) made.push(await talk(user, `marmot number ${i}`));
    const seen = [];
    let cursor = "";
    for (let pages = 0; pages < 4; pages++) {
      const page = await find(user, "marm", `&limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...ids(page));
      await talk(user, "one more marmot");
      if (!(cursor = page.next_cursor)) break;
    }
    assert.deepEqual(seen, made.toReversed());
  });

  test("what a user's index holds is bounded: the oldest chats leave it first", async t => {
    const small = await Stack.start({settings: {"session.index": 2000, "http.message": 20000}});
    t.after(() => small.stop());
    const words = n => Array.from({length: 600}, (_, i) => `word${n}x${i}`).join(" ");
    const search = async query => eventually(async () => {
      const {json} = await small.get(`/sessions?query=${query}`);
      return !json.indexing && json;
    }, "the index is made");
    for (let n = 0; n < 6; n++) {
      assert.equal((await small.chat(`${words(n)} [[text]]`, {session_id: `s${n}`, stream: false})).status, 200);
      if (n % 2) await search(`word${n}x1`);
    }
    const last = await search("word5x1");
    assert.deepEqual(last.sessions.map(s => s.id), ["s5"]);
    assert.equal(last.complete, false);
    assert.deepEqual((await search("word0x1")).sessions, []);
    assert.ok(Number(await small.redis("HGET", "tp:{dev}:find", "count")) <= 2000);
  });

  test("searches of thousands of chats from before are made in steps", async () => {
    const user = someone(), n = 3000, begun = Date.now() - 100000;
    await stack.redis("EVAL", `for i = 1, ${n} do
      local s = KEYS[1] .. 's:old' .. i
      redis.call('HSET', s, 'title', 'Chat ' .. i, 'created', i, 'updated', ${begun} + i, 'count', 1)
      redis.call('RPUSH', s .. ':msgs', '{"id":"m' .. i .. '","role":"user","content":"badger number ' .. i .. '"}')
      redis.call('ZADD', KEYS[1] .. 'sessions', ${begun} + i, 'old' .. i)
    end`, 1, `tp:{${user}}:`);
    const first = (await get(user, "/sessions?query=badger&limit=5")).json;
    assert.deepEqual(ids(first), [5, 4, 3, 2, 1].map(i => `old${n - 5 + i}`), "the latest are found at once");
    const all = await find(user, "badger 17");
    assert.equal(all.complete, true);
    assert.ok(all.sessions.some(s => s.id === "old17"));
  });

  /** Chats that nobody had: their one message says `say`. */
  async function chats(user, n, say) {
    await stack.redis("EVAL", `for i = 1, ${n} do
      local s = KEYS[1] .. 's:made' .. i
      redis.call('HSET', s, 'title', 'Chat ' .. i, 'created', i, 'updated', ARGV[1] + i, 'count', 1)
      redis.call('RPUSH', s .. ':msgs', '{"id":"m' .. i .. '","role":"assistant","content":"' .. ARGV[2] .. '"}')
      redis.call('ZADD', KEYS[1] .. 'sessions', ARGV[1] + i, 'made' .. i)
    end`, 1, `tp:{${user}}:`, Date.now() - 100000, JSON.stringify(say).slice(1, -1));
  }

  test("long answers are shown as far as a part of them goes; 20 of a page are", async () => {
    const user = someone(), filling = "some words \u00e9\u{1F600} \"said\" \\ here\n".repeat(900);
    await chats(user, 30, `begins ostrich\n${filling}\nplatypus. ${filling}${filling}`);
    for (const word of ["ostrich", "platypus", "said"]) {
      const page = await find(user, word, "&limit=100");
      assert.equal(page.sessions.length, 30);
      assert.deepEqual(page.sessions.map(s => Boolean(s.match)), page.sessions.map((s, i) => i < 20), word);
      const {match} = page.sessions[0];
      assert.equal(match.message_id, "m30");
      assert.equal(marked(match.snippet, match.ranges)[0], word);
    }
    const next = await find(user, "platypus", `&limit=20&cursor=${(await find(user, "platypus", "&limit=20")).next_cursor}`);
    assert.deepEqual(next.sessions.map(s => s.match.message_id), Array.from({length: 10}, (_, i) => `m${10 - i}`));
  });

  test("chats that expired leave the index and its count, also when their lists of words did first", async () => {
    const user = someone(), key = name => `tp:{${user}}:${name}`;
    await chats(user, 3, "the dodo walks");
    assert.equal((await find(user, "dodo")).sessions.length, 3);
    const count = async () => Number(await stack.redis("HGET", key("find"), "count")), all = await count();
    await stack.redis("DEL", key("s:made1"), key("s:made1:msgs"), key("find:s:made1"));
    assert.deepEqual(ids(await find(user, "dodo")), ["made3", "made2"]);
    assert.equal(await stack.redis("ZSCORE", key("find:w:dodo"), "made1"), "");
    await find(user, "dodo");
    assert.equal(await count(), all / 3 * 2, "its words do not count any more");
    assert.equal(await stack.redis("HGET", key("find:counts"), "made1"), "");
    assert.equal(await stack.redis("SCARD", key("find:due")), "0");
    assert.equal(await stack.redis("ZSCORE", key("find:sessions"), "made1"), "");
    assert.equal((await stack.request("DELETE", "/user-data", {headers: {...as(user).headers, "X-Confirm-Erase": user}})).status, 200);
    assert.equal(await stack.redis("--scan", "--pattern", key("*")), "");
  });

  test("pinned chats come first, at most 50 of them, and a filter has them alone", async () => {
    const user = someone(), made = [];
    for (let i = 0; i < 4; i++) made.push(await talk(user, `chat ${i}`));
    const pinned = await patch(user, made[0], {pinned: true});
    assert.equal(pinned.json.pinned, true);
    await patch(user, made[1], {pinned: true, title: "Second"});
    const list = async (more = "") => (await get(user, `/sessions?limit=2${more}`)).json;
    const first = await list();
    assert.deepEqual(first.sessions.map(s => [s.id, s.pinned]), [[made[1], true], [made[0], true]]);
    const second = await list(`&cursor=${first.next_cursor}`);
    assert.deepEqual([ids(second), second.next_cursor], [[made[3], made[2]], null]);
    assert.deepEqual(ids(await list("&pinned=true")), [made[1], made[0]]);
    assert.deepEqual(ids(await list("&pinned=false")), [made[3], made[2]]);
    assert.deepEqual(ids(await find(user, "chat", "&pinned=true")), [made[1], made[0]]);
    assert.equal((await get(user, "/sessions?pinned=maybe")).status, 422);
    assert.equal((await patch(user, made[0], {pinned: false})).json.pinned, false);
    assert.deepEqual(ids(await list()), [made[1], made[3]]);
    assert.equal((await patch(user, made[0], {pinned: 1})).status, 422);
    assert.equal((await patch(user, made[0], {})).status, 422);
    await stack.redis("EVAL", `for i = 1, 49 do
      redis.call('HSET', KEYS[1] .. 's:p' .. i, 'created', 1)
      redis.call('ZADD', KEYS[1] .. 'pinned', i, 'p' .. i)
    end`, 1, `tp:{${user}}:`);
    const full = await patch(user, made[0], {pinned: true});
    assert.deepEqual([full.status, full.json.code, full.json.limit], [422, "limit_reached", 50]);
  });

  test("a title is one line of what can be seen", async () => {
    const user = someone(), id = await talk(user, "hello");
    const named = await patch(user, id, {title: "  My\u202Etrip\n to\u0007 Rome "});
    assert.equal(named.json.title, "Mytrip to Rome");
    assert.equal((await patch(user, id, {title: "\u200B\u202E "})).status, 422);
    assert.equal((await patch(user, id, {title: "x".repeat(201)})).status, 422);
  });

  test("other tabs hear of new chats, titles, pins, deletions and what is taken back", async () => {
    const user = someone(), socket = await stack.socket("/ws", as(user));
    const next = id => socket.until(f => f.type === "session_updated" && f.id === id);
    const id = await talk(user, "Where to in June?");
    assert.match((await next(id)).title, /^Where to in June\?/);
    await patch(user, id, {title: "June"});
    assert.deepEqual(await next(id), {type: "session_updated", id, title: "June", pinned: false});
    await patch(user, id, {pinned: true});
    assert.equal((await next(id)).pinned, true);
    await remove(user, id);
    assert.deepEqual(await next(id), {type: "session_updated", id, deleted: true});
    await restore(user, id);
    assert.deepEqual(await next(id), {type: "session_updated", id, title: "June", pinned: true});
    await socket.end();
  });

  test("a deletion can be taken back for a while; meanwhile the chat is nowhere", async () => {
    const user = someone(), id = await talk(user, "the capybara", "It swims."), other = await talk(user, "other");
    await patch(user, id, {title: "Keep me", pinned: true});
    await find(user, "capybara");
    const before = (await get(user, `/sessions/${id}`)).json, {messages} = (await get(user, `/sessions/${id}/messages`)).json;
    const gone = await remove(user, id);
    assert.equal(gone.status, 200);
    assert.ok(Date.parse(gone.json.restorable_until) > Date.now() - 5000);
    for (const path of [`/sessions/${id}`, `/sessions/${id}/messages`, `/sessions/${id}/export`]) assert.equal((await get(user, path)).status, 404, path);
    assert.deepEqual(ids((await get(user, "/sessions")).json), [other]);
    assert.deepEqual(ids(await find(user, "capybara")), []);
    assert.equal((await remove(user, id)).status, 404, "the second tab");
    assert.equal((await restore(someone(), id)).status, 404, "not another's");
    const back = await restore(user, id);
    assert.deepEqual([back.status, back.json], [200, before]);
    assert.deepEqual((await get(user, `/sessions/${id}/messages`)).json.messages, messages);
    assert.deepEqual(ids(await find(user, "capybara")), [id]);
    assert.equal((await restore(user, id)).status, 404, "it is not deleted any more");
    await talk(user, "and again", "Fine.", id);
    assert.equal((await get(user, `/sessions/${id}`)).json.message_count, 4);
  });

  test("when its time is over nothing is left of a deleted chat", async () => {
    const user = someone(), id = await talk(user, "short-lived");
    const {messages} = (await get(user, `/sessions/${id}/messages`)).json, answer = messages.find(m => m.role === "assistant").id;
    assert.equal((await stack.post("/feedback", {message_id: answer, rating: 5}, as(user))).status, 200);
    await remove(user, id);
    await eventually(async () => await stack.redis("--scan", "--pattern", `tp:{${user}}:gone*`) === "", "the housekeeper removes it");
    assert.equal((await restore(user, id)).status, 404);
    assert.equal(await stack.redis("HLEN", `tp:{${user}}:feedback`), "0");
    assert.equal(await stack.redis("ZCARD", "tp:hint:gone"), "0");
  });

  test("a deletion stops the turn; taken back, the chat goes on", async () => {
    const user = someone(), id = uuid();
    const stream = stack.chatStream("hello [[text words=40 hold=5]]", {session_id: id}, as(user));
    await stream.until("TEXT_MESSAGE_CONTENT");
    assert.equal((await remove(user, id)).status, 200);
    assert.equal((await stream.until("RUN_ERROR")).data.code, "session_deleted");
    const back = await restore(user, id);
    assert.deepEqual([back.status, back.json.running_turn], [200, null]);
    stack.double.release();
    await talk(user, "once more", "Still here.", id);
    const {messages} = (await get(user, `/sessions/${id}/messages`)).json;
    assert.equal(messages.at(-1).content, "Still here.");
  });

  test("a message to a deleted chat begins a new one, which the old one does not replace", async () => {
    const user = someone(), id = await talk(user, "the old one");
    await remove(user, id);
    await talk(user, "the new one", "Fine.", id);
    assert.equal((await restore(user, id)).status, 409);
    assert.equal((await get(user, `/sessions/${id}`)).json.message_count, 2);
    await eventually(async () => await stack.redis("--scan", "--pattern", `tp:{${user}}:gone*`) === "", "the old one is removed");
    assert.equal((await get(user, `/sessions/${id}`)).json.message_count, 2);
  });

  test("a chat is exported as Markdown and as JSON", async () => {
    const user = someone(), id = uuid();
    await stack.chat('what time is it? [[tool name=get_current_time args={"zone":"UTC"} | text say=It_is_noon.]]', {session_id: id, stream: false}, as(user));
    await patch(user, id, {title: "Time & Ünits"});
    const text = await get(user, `/sessions/${id}/export`);
    assert.equal(text.status, 200);
    assert.match(text.headers["content-type"], /^text\/markdown/);
    assert.equal(text.headers["content-disposition"], `attachment; filename="chat.md"; filename*=UTF-8''Time%20%26%20%C3%9Cnits.md`);
    assert.match(text.text, /^# Time & Ünits\n\nBegun \d{4}-\d\d-\d\d/);
    assert.match(text.text, /\n## User[^\n]*\n\nwhat time is it\?/);
    assert.match(text.text, /\n## Assistant \(\d{4}-\d\d-\d\d \d\d:\d\d UTC\)\n\n- Tool `get_current_time`: `\{"zone":"UTC"\}`\n/);
    assert.match(text.text, /It is noon\.\n$/);
    const {json, headers} = await get(user, `/sessions/${id}/export?format=json`);
    assert.match(headers["content-disposition"], /filename="chat.json"/);
    assert.deepEqual(json.messages, (await get(user, `/sessions/${id}/messages`)).json.messages);
    assert.equal(json.session.id, id);
    assert.equal((await get(user, `/sessions/${id}/export?format=pdf`)).status, 422);
    assert.equal((await get(someone(), `/sessions/${id}/export`)).status, 404);
    const long = uuid();
    await talk(user, "begin", "Fine.", long);
    await stack.redis("EVAL", "for i = 1, 1500 do redis.call('RPUSH', KEYS[1] .. ARGV[1], cjson.encode({id = 'm' .. i, role = 'user', content = string.rep('word ', 100)})) end",
      1, `tp:{${user}}:`, `s:${long}:msgs`);
    const whole = await get(user, `/sessions/${long}/export?format=json`);
    assert.equal(whole.json.messages.length, 1502);
  });
});

describe("titles by the model", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {titles: "on"}}); });
  after(() => stack.stop());

  const as = user => ({headers: {"X-Dev-User": user}});
  async function talk(user, message, session_id = uuid()) {
    const reply = await stack.chat(message, {session_id, stream: false}, as(user));
    assert.equal(reply.status, 200, reply.text);
    return {id: session_id, turn: reply.json.turn_id, usage: reply.json.usage};
  }
  const titleOf = async (user, id) => (await stack.get(`/sessions/${id}`, as(user))).json.title;

  test("the first answer is followed by a title, which other tabs hear of, and which counts", async () => {
    const user = someone(), socket = await stack.socket("/ws", as(user));
    stack.double.title = () => '"Autumn in \u202EZürich."\nI hope this helps!';
    const {id, turn, usage} = await talk(user, "Is Zürich nice in autumn? [[text say=Yes.]]");
    const told = await socket.until(f => f.type === "session_updated" && f.title.startsWith("Autumn"));
    assert.deepEqual(told, {type: "session_updated", id, title: "Autumn in Zürich", pinned: false});
    assert.equal(await titleOf(user, id), "Autumn in Zürich");
    const [asked] = stack.double.titles.slice(-1);
    assert.equal(asked.body.tools?.length ?? 0, 0);
    assert.match(JSON.stringify(asked.body.messages), /Is Zürich nice in autumn/);
    const used = (await stack.get(`/turns/${turn}`, as(user))).json.usage;
    assert.deepEqual(used.map(u => [u.model, u.inputTokens]), usage.map(u => [u.model, 2 * u.inputTokens]), "it counts");
    const before = stack.double.titles.length;
    await talk(user, "And in spring? [[text]]", id);
    assert.equal(stack.double.titles.length, before, "once is enough");
    await socket.end();
  });

  test("a chat that began with a greeting gets another title later", async () => {
    const user = someone();
    stack.double.title = "text say=Greeting";
    const {id} = await talk(user, "Hi");
    await eventually(async () => await titleOf(user, id) === "Greeting", "the first title");
    stack.double.title = "text say=Fixing_the_van";
    for (const message of ["My van leaks", "It is old", "What can I do?"]) await talk(user, message, id);
    await eventually(async () => await titleOf(user, id) === "Fixing the van", "the second title");
  });

  test("a title that the user gave stays, whenever the model's comes", async () => {
    const user = someone(), id = uuid();
    stack.double.title = "text say=The_model_says words=3 hold=1";
    const asked = stack.double.titles.length;
    await talk(user, "Where to in June? [[text]]", id);
    await eventually(() => stack.double.titles.length > asked, "the title is asked for");
    assert.equal((await stack.request("PATCH", `/sessions/${id}`, {body: {title: "Mine"}, ...as(user)})).status, 200);
    stack.double.release();
    await eventually(async () => (await stack.seats("turn")).length === 0, "the worker has done its work");
    assert.equal(await titleOf(user, id), "Mine");
  });

  test("an answer does not wait for its title, and a title that fails costs nothing", async () => {
    const user = someone();
    stack.double.title = "silent";
    const first = await talk(user, "A long question about the weather of next week in Lisbon and Porto [[text say=Sunny.]]");
    assert.equal(await titleOf(user, first.id), "A long question about the weather of next week in Lisbon…");
    await talk(user, "And then? [[text say=Rain.]]", first.id);
    stack.double.title = "http status=500";
    const second = await talk(user, "Short one [[text]]");
    await eventually(async () => (await stack.seats("turn")).length <= 1, "it gives up");
    assert.match(await titleOf(user, second.id), /^Short one/);
  });
});

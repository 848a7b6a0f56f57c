// SPDX-License-Identifier: BSD-2-Clause
// The chat of a shared trip, through nginx: two people plan at once on one session; roles, authors, limits, deaths, erasure.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {TurnpikeClient} from "../../web/client/index.js";
import {initial, reduce} from "../../web/client/conversation.js";
import {ClusterSite} from "./redis-cluster-site.mjs";
import {eventually, Stack, uuid} from "./harness.mjs";

const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes(e.data.type);
const SSE = {Accept: "text/event-stream"};

function people(stack) {
  const as = (user, more) => ({headers: {"X-Dev-User": user, ...more}});
  async function done(user, tool, args) {
    let reply = await stack.post(`/tools/${tool}`, args, as(user));
    if (reply.json?.code === "approval_required") {
      assert.equal((await stack.post(`/approvals/${reply.json.approval_id}`, {approved: true}, as(user))).status, 200);
      reply = await stack.post(`/tools/${tool}`, args, as(user, {"Approval-Id": reply.json.approval_id}));
    }
    assert.equal(reply.status, 200, `${tool}: ${reply.text}`);
    return reply.json;
  }
  async function join(owner, user, trip, role) {
    const {invitation} = await done(owner, "invite_to_trip", {trip_id: trip, role});
    assert.equal((await done(user, "join_trip", {code: invitation.code})).membership.role, role);
  }
  /** A trip of a new owner with an editor and a viewer, whose chat is open. */
  async function planned() {
    const [ann, bob, cid, eva] = ["ann", "bob", "cid", "eva"].map(name => `${name}-${uuid().slice(0, 8)}`);
    const {trip} = await done(ann, "plan_trip", {origin: "-30,150", destination: "-32,150"});
    await join(ann, bob, trip.id, "editor");
    await join(ann, cid, trip.id, "viewer");
    await done(ann, "open_trip_chat", {trip_id: trip.id});
    const reply = await stack.post(`/trips/${trip.id}/chat`, {}, as(ann));
    assert.equal(reply.status, 200, reply.text);
    return {ann, bob, cid, eva, trip: trip.id, session: reply.json.session.id, chat: reply.json};
  }
  const events = (user, session) => stack.sse(`/sessions/${session}/events`, as(user, SSE));
  const say = (user, session_id, message, more) => stack.chat(message, {session_id, ...more}, as(user));
  const stream = (user, session_id, message, more) => stack.chatStream(message, {session_id, ...more}, as(user, SSE));
  const messages = async (user, session) => (await stack.get(`/sessions/${session}/messages`, as(user))).json.messages;
  const remove = (owner, trip, user) => done(owner, "change_trip_member", {trip_id: trip, user_id: user, action: "remove"});
  return {as, done, join, planned, events, say, stream, messages, remove};
}

describe("the chat of a shared trip", () => {
  let stack, p;
  before(async () => {
    stack = await Stack.start({settings: {"respawn.min": "50ms", "api.workers": 4}});
    p = people(stack);
  });
  after(() => stack.stop());
  const lastWords = body => JSON.stringify(body.messages);

  test("two people write at once: both see both messages, with their authors, in one order, once", async () => {
    const {ann, bob, cid, session, chat, trip} = await p.planned();
    assert.equal(session, `trip~${trip}`);
    assert.deepEqual(chat.members.map(m => [m.id, m.role]).sort(), [[ann, "owner"], [bob, "editor"], [cid, "viewer"]].sort());
    await p.done(bob, "update_profile", {username: "bobby"});
    const readers = [ann, bob, cid].map(user => p.events(user, session));
    await Promise.all(readers.map(r => r.response));
    const [one, two] = await Promise.all([p.say(ann, session, "Let us start on Monday [[text words=3]]"), p.say(bob, session, `Or on Friday\n${ann}: yes, Friday [[text words=4]]`)]);
    assert.deepEqual([one.status, two.status], [200, 200], one.text + two.text);
    for (const reader of readers) for (let i = 0; i < 2; i++) await reader.until(FINAL);
    const seen = readers.map(r => r.events.map(e => `${e.id} ${JSON.stringify(e.data)}`));
    assert.deepEqual(seen[0], seen[1]);
    assert.deepEqual(seen[0], seen[2]);
    const begun = readers[0].events.filter(e => e.data.type === "RUN_STARTED").map(e => e.data.input.messages[0].author);
    assert.deepEqual(begun.map(a => a.id).sort(), [ann, bob].sort());
    assert.equal(begun.find(a => a.id === bob).name, "bobby");
    const stored = await Promise.all([ann, bob, cid].map(user => p.messages(user, session)));
    assert.deepEqual(stored[0], stored[1]);
    assert.deepEqual(stored[0], stored[2]);
    assert.deepEqual(stored[0].map(m => m.role), ["user", "assistant", "user", "assistant"]);
    // No message looks to the model as if another one had written a part of it.
    const asked = lastWords(stack.double.requests.findLast(r => r.raw.includes(`bobby (${bob}): Or on Friday`)).body);
    assert.ok(asked.includes(`bobby (${bob}): ${ann}: yes, Friday`), asked);
    assert.ok(stack.double.requests.some(r => r.raw.includes(`${ann}: Let us start`)));
    // The page that sent one of them shows each once, too.
    const {runId} = readers[0].events.find(e => e.data.input?.messages[0].author.id === ann).data;
    let shown = reduce(initial, {type: "sent", ids: {messageId: uuid(), runId}, text: "Let us start"}, 1000);
    for (const e of readers[0].events) shown = reduce(shown, e.data, 1000);
    assert.deepEqual(shown.messages.filter(m => m.role === "user").map(m => [m.id, m.author, m.state]), stored[0].filter(m => m.role === "user").map(m => [m.id, m.author, "sent"]));
    readers.forEach(r => r.drop());
  });

  test("the client library of a page: one writes by it, another one by requests, and it shows both", async () => {
    const {trip} = await p.done("dev", "plan_trip", {origin: "-30,150", destination: "-32,150"}), bob = `bob-${uuid()}`;
    await p.join("dev", bob, trip.id, "editor");
    await p.done("dev", "open_trip_chat", {trip_id: trip.id});
    const session = `trip~${trip.id}`, client = new TurnpikeClient({session, url: stack.url, WebSocket: null}), events = [];
    let shown = initial;
    client.addEventListener("event", ({detail}) => { events.push(detail); shown = reduce(shown, detail, 1000); });
    client.start();
    try {
      await eventually(() => client.transport === "sse", "it is connected");
      const ids = client.send("From the page [[text words=3]]");
      shown = reduce(shown, {type: "sent", ids, text: "From the page"}, 1000);
      const ends = n => eventually(() => events.filter(e => FINAL({data: e})).length === n, `end ${n}`);
      await ends(1);
      assert.equal((await p.say(bob, session, "From bob [[text words=3]]")).status, 200);
      await ends(2);
      assert.deepEqual(shown.messages.filter(m => m.role === "user").map(m => [m.author.id, m.state]), [["dev", "sent"], [bob, "sent"]]);
      assert.equal((await p.messages(bob, session)).length, 4);
    } finally {
      client.close();
    }
  });

  test("every role at every door; others find nothing", async () => {
    const {ann, bob, cid, eva, session, trip} = await p.planned();
    assert.equal((await p.say(ann, session, "Hello [[text words=2]]")).status, 200);
    const doors = [ // owner, editor, viewer, others
      ["GET", `/sessions/${session}`, undefined, [200, 200, 200, 404]],
      ["GET", `/sessions/${session}/messages`, undefined, [200, 200, 200, 404]],
      ["GET", `/trips/${trip}/chat`, undefined, [200, 200, 200, 404]],
      ["POST", `/trips/${trip}/chat`, {}, [200, 403, 403, 404]],
      ["POST", "/tools/open_trip_chat", {trip_id: trip}, [409, 403, 403, 404]],
      ["POST", `/sessions/${session}/cancel`, {}, [404, 404, 403, 404]],
      ["POST", "/chat", {message: "Hi [[text words=2]]", session_id: session}, [200, 200, 403, 404]],
      ["POST", "/chat", {message: "Hi", session_id: session, attachments: [{data: "aGk=", mime_type: "text/plain"}]}, [422, 422, 403, 404]],
      ["POST", "/chat", {message: "Hi", session_id: session, on_busy: "interrupt"}, [200, 422, 403, 404]],
      ["PATCH", `/sessions/${session}`, {title: "Mine"}, [404, 404, 404, 404]],
      ["POST", `/sessions/${session}/restore`, {}, [404, 404, 404, 404]],
      ["GET", `/sessions/${session}/export`, undefined, [404, 404, 404, 404]],
      ["GET", `/ai/chat/${session}/stream`, undefined, [204, 204, 204, 204]],
      ["GET", `/streams/sessions/${session}`, undefined, [404, 404, 404, 404]],
      ["GET", `/history?conversation_id=${session}`, undefined, [422, 422, 422, 422]],
      ["POST", "/agui", {threadId: session, runId: uuid(), messages: [{id: uuid(), role: "user", content: "Hi"}], tools: [], context: [], state: {}, forwardedProps: {}}, [422, 422, 422, 422]],
      ["DELETE", `/sessions/${session}`, undefined, [undefined, 403, 403, 404]],
    ];
    for (const [method, path, body, want] of doors)
      for (const [i, user] of [ann, bob, cid, eva].entries()) {
        if (!want[i]) continue;
        const reply = await stack.request(method, path, {body, headers: p.as(user, path === "/agui" ? SSE : {}).headers});
        assert.equal(reply.status, want[i], `${method} ${path} by ${user}: ${reply.text}`);
      }
    for (const [i, user] of [ann, bob, cid, eva].entries()) {
      const reader = p.events(user, session);
      await reader.response;
      assert.equal(reader.status, i < 3 ? 200 : 404, user);
      reader.drop();
      const {chats} = (await stack.get("/trip-chats", p.as(user))).json;
      assert.deepEqual(chats.map(c => [c.session.id, c.role, c.shared_by.id]), i < 3 ? [[session, ["owner", "editor", "viewer"][i], ann]] : []);
    }
    assert.equal((await stack.redis("KEYS", `tp:{${bob}}:s:*`)), "", "nothing of the chat is with the member");
    assert.equal((await stack.request("DELETE", `/sessions/${session}`, {headers: p.as(ann).headers})).status, 200);
    for (const user of [ann, bob, cid]) assert.equal((await stack.get(`/sessions/${session}/messages`, p.as(user))).status, 404);
    assert.equal((await p.say(bob, session, "Still here?")).status, 404, "a member does not open it again");
    assert.equal((await p.say(ann, session, "Still here?")).status, 404, "it is opened by its route");
  });

  test("what is private stays out: memory, context, places, records; the trip can be changed by its editors", async () => {
    const {ann, bob, session, trip} = await p.planned();
    for (const user of [ann, bob]) {
      await p.done(user, "remember", {fact: `SECRET-${user} likes trains`}).catch(() => {});
      await stack.request("PUT", "/context", {body: {secret: `SECRET-${user}`}, headers: p.as(user).headers});
      await p.done(user, "create_expense", {amount: 7, category: "diesel", description: `SECRET-${user}`});
    }
    for (const user of [ann, bob]) {
      const from = stack.double.requests.length;
      const reader = p.stream(user, session, `Look [[tool name=get_spending_summary args={} | text words=3]]`,
        {context: {user_location: {lat: -12.3, lng: 130.8, city: `SECRET-${user}`}}});
      await reader.all();
      const result = JSON.parse(reader.events.find(e => e.data.type === "TOOL_CALL_RESULT").data.content);
      assert.equal(result.error.code, "not_in_shared_chat");
      assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
      for (const request of stack.double.requests.slice(from)) assert.doesNotMatch(request.raw, /SECRET/);
    }
    const {trip: other} = await p.done(bob, "plan_trip", {origin: "-30,150", destination: "-33,150"});
    let reply = await p.say(bob, session, `Mine [[tool name=get_trip args={"trip_id":"${other.id}"} | text words=3]]`);
    assert.equal(reply.json.tool_calls[0].result.success, false, "another trip of the member");
    reply = await p.say(bob, session, `Ours [[tool name=change_trip args={"trip_id":"${trip}","title":"North"} | text words=3]]`);
    assert.equal(reply.json.tool_calls[0].result.success, true, reply.text);
    assert.equal((await p.done(ann, "get_trip", {trip_id: trip})).trip.title, "North");
    assert.equal((await p.done(ann, "get_trip", {trip_id: trip})).trip.updated_by, bob);
    reply = await p.say(ann, session, `Again [[tool name=change_trip args={"trip_id":"${trip}","title":"South"} | text words=3]]`);
    assert.equal(reply.json.tool_calls[0].result.success, true, "the trip's own words are no reason to refuse");
    // What outsiders wrote is: nobody can be asked here.
    await p.say(ann, session, "Tips? [[tool name=search_tips args={\"query\":\"water\"} | text words=3]]");
    reply = await p.say(bob, session, `More [[tool name=change_trip args={"trip_id":"${trip}","title":"West"} | text words=3]]`);
    assert.equal(reply.json.tool_calls[0].result.error.code, "not_in_shared_chat", reply.text);
    assert.equal((await p.done(ann, "get_trip", {trip_id: trip})).trip.title, "South");
    assert.deepEqual((await stack.get("/approvals", p.as(ann))).json.approvals, []);
  });

  test("a member who is removed sees no more within seconds, and a message that waits is not answered", async () => {
    const {ann, bob, session, trip} = await p.planned();
    const reader = p.events(bob, session);
    await reader.response;
    const first = p.stream(ann, session, "Think [[text words=20 hold=2]]");
    await stack.double.until(d => d.held > 0, "the model holds");
    await reader.until("TEXT_MESSAGE_CONTENT");
    const waits = p.stream(bob, session, "And mine? [[text words=3]]");
    await waits.response;
    await eventually(async () => await stack.redis("LLEN", `tp:{${ann}}:s:${session}:queue`) === "1", "bob's message waits");
    await p.remove(ann, trip, bob);
    await reader.all();
    await waits.all();
    assert.equal((await stack.get(`/sessions/${session}/messages`, p.as(bob))).status, 404);
    const asked = stack.double.requests.length;
    stack.double.release();
    await first.all();
    assert.equal(first.last.data.type, "RUN_FINISHED");
    await eventually(async () => (await stack.get(`/sessions/${session}`, p.as(ann))).json.running_turn === null, "the chat is at rest");
    assert.equal(stack.double.requests.length, asked, "the model heard nothing of it");
  });

  test("a member stops an own answer alone; the owner stops any", async () => {
    const {ann, bob, session} = await p.planned();
    const stop = user => stack.post(`/sessions/${session}/cancel`, {}, p.as(user));
    for (const [author, stopper, status] of [[ann, bob, 403], [bob, bob, 202], [bob, ann, 202]]) {
      const reader = p.stream(author, session, "Go on [[text words=20 hold=2]]");
      await reader.until("TEXT_MESSAGE_CONTENT");
      assert.equal((await stop(stopper)).status, status, `${stopper} stops what ${author} asked`);
      if (status === 403) stack.double.release();
      await reader.all();
      assert.equal(reader.last.data.outcome.type, status === 403 ? "success" : "cancelled");
      stack.double.release();
    }
  });

  test("the same client message id of two members is two messages, of one it is one", async () => {
    const {ann, bob, session} = await p.planned();
    const more = {client_message_id: "m-1"};
    const replies = [];
    for (const user of [ann, bob, bob]) replies.push(await p.say(user, session, "Same [[text words=2]]", more));
    assert.deepEqual(replies.map(r => r.status), [200, 200, 200]);
    assert.notEqual(replies[0].json.turn_id, replies[1].json.turn_id);
    assert.equal(replies[1].json.turn_id, replies[2].json.turn_id);
    assert.equal((await p.messages(ann, session)).length, 4);
  });

  test("what a member asks for counts for the member, once, also when its worker is killed", async () => {
    const {ann, bob, session, trip} = await p.planned(), tag = uuid();
    const reader = p.stream(bob, session, `${tag} [[tool name=change_trip args={"trip_id":"${trip}","notes":"hose"} | text words=20 hold=5]]`);
    await reader.until("TEXT_MESSAGE_CONTENT");
    await stack.double.until(d => d.held > 0, "the model holds");
    const {pid} = await eventually(async () => (await stack.seats("turn")).find(w => w.session === session), "its worker");
    process.kill(pid, "SIGKILL");
    stack.double.release();
    await reader.until(e => e.data.name === "turnpike.resumed");
    await eventually(() => { stack.double.release(); return reader.ended; }, "the answer is whole");
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    const stored = await p.messages(bob, session);
    assert.deepEqual(stored.map(m => m.role), ["user", "assistant", "tool", "assistant"]);
    assert.equal(stored[0].author.id, bob);
    const told = (await stack.get("/inbox?limit=100", p.as(ann))).json.messages.filter(m => m.trip?.change === "changed");
    assert.equal(told.length, 1);
    const {reply} = (await stack.get(`/turns/${reader.events[0].data.runId}`, p.as(ann))).json;
    const used = user => stack.get("/usage", p.as(user)).then(r => r.json.day.tokens);
    const total = reply.usage.reduce((n, u) => n + u.totalTokens, 0);
    assert.equal(await used(bob), total);
    assert.equal(await used(ann), 0);
  });

  test("the member's budget counts, not the owner's", async () => {
    const {ann, bob, session} = await p.planned();
    await stack.redis("HSET", `tp:{${bob}}:limits`, "tokens_day", "1");
    assert.equal((await p.say(bob, session, "One [[text words=3]]")).status, 200);
    const reply = await p.say(bob, session, "Two [[text words=3]]");
    assert.equal(reply.status, 429, reply.text);
    assert.equal(reply.json.code, "budget_used_up");
    assert.equal((await p.say(ann, session, "Mine [[text words=3]]")).status, 200);
  });

  test("a handed-over trip, and the erasure of a member and of the owner", async () => {
    const {ann, bob, cid, session, trip} = await p.planned();
    const erase = user => stack.request("DELETE", "/user-data", {headers: p.as(user, {"X-Confirm-Erase": user}).headers});
    assert.equal((await p.say(bob, session, "From bob [[text words=2]]")).status, 200);
    await p.done(bob, "leave_trip", {trip_id: trip});
    assert.equal((await erase(bob)).status, 200);
    assert.deepEqual((await p.messages(ann, session)).filter(m => m.role === "user").map(m => [m.content, m.author]), [["[erased]", {id: "::erased", name: "A former member"}]]);
    assert.equal((await stack.get(`/sessions/${session}`, p.as(bob))).status, 404);
    await p.done(ann, "change_trip_member", {trip_id: trip, user_id: cid, action: "hand_over"});
    await eventually(async () => (await p.done(ann, "get_trip", {trip_id: trip})).sharing.owner === cid, "the trip is cid's");
    assert.equal((await stack.get(`/sessions/${session}/messages`, p.as(cid))).status, 404, "the chat stays with who owned the trip");
    assert.equal((await p.messages(ann, session)).length, 2);
    assert.equal((await erase(ann)).status, 200);
    assert.equal(await stack.redis("EXISTS", `tp:{${ann}}:s:${session}`), "0");
  });
});

test("two machines: each member talks to one of their own, and both see both", async () => {
  const one = await Stack.start({settings: {machine: "one", "api.workers": 4}});
  let two;
  try {
    two = await Stack.start({beside: one, settings: {machine: "two", "api.workers": 4}});
    const here = people(one), there = people(two), {ann, bob, session, trip} = await here.planned();
    const readers = [here.events(ann, session), there.events(bob, session)];
    await Promise.all(readers.map(r => r.response));
    const replies = await Promise.all([here.say(ann, session, "Here [[text words=3]]"), there.say(bob, session, "There [[text words=3]]")]);
    assert.deepEqual(replies.map(r => r.status), [200, 200], replies.map(r => r.text).join());
    for (const reader of readers) for (let i = 0; i < 2; i++) await reader.until(FINAL);
    assert.deepEqual(...readers.map(r => r.events.map(e => `${e.id} ${JSON.stringify(e.data)}`)));
    await here.remove(ann, trip, bob);
    await readers[1].all();
    readers[0].drop();
  } finally {
    await two?.stop();
    await one.stop();
  }
});

test("the chat of a trip over a cluster, where each user is on a node of their own", async () => {
  const site = await ClusterSite.start();
  let stack;
  try {
    stack = await Stack.start({settings: {...site.settings, "api.workers": 4}});
    const p = people(stack), {ann, bob, session, trip} = await p.planned();
    const reader = p.events(bob, session);
    await reader.response;
    const replies = await Promise.all([ann, bob].map(user => p.say(user, session, `From ${user} [[tool name=change_trip args={"trip_id":"${trip}","notes":"${user}"} | text words=3]]`)));
    assert.deepEqual(replies.map(r => r.status), [200, 200], replies.map(r => r.text).join());
    assert.deepEqual(replies.map(r => r.json.tool_calls[0].result.success), [true, true]);
    for (let i = 0; i < 2; i++) await reader.until(FINAL);
    assert.deepEqual((await p.messages(bob, session)).filter(m => m.role === "user").map(m => m.author.id).sort(), [ann, bob].sort());
    for (const [i, user] of [ann, bob].entries())
      assert.equal((await stack.get("/usage", p.as(user))).json.day.tokens, replies[i].json.usage.reduce((n, u) => n + u.totalTokens, 0), user);
    await p.remove(ann, trip, bob);
    await reader.all();
    assert.equal((await p.say(bob, session, "Still here?")).status, 404);
  } finally {
    await stack?.stop();
    await site.stop();
  }
});

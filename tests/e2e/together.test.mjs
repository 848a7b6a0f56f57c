// SPDX-License-Identifier: BSD-2-Clause
// A trip that three people share, through nginx: invitations, roles, changes that all hear of, a live trip, deaths, erasure.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {ClusterSite} from "./redis-cluster-site.mjs";
import {eventually, Stack, uuid} from "./harness.mjs";

const day = 86400000;

function people(stack) {
  const headers = (user, more) => ({headers: {"X-Dev-User": user, ...more}});
  const call = (user, tool, args, more) => stack.post(`/tools/${tool}`, args, headers(user, more));
  /** The result; what needs approval is approved. */
  async function done(user, tool, args) {
    let reply = await call(user, tool, args);
    if (reply.json?.code === "approval_required") {
      assert.match(reply.json.message, /^May I .*\?$/);
      assert.equal((await stack.post(`/approvals/${reply.json.approval_id}`, {approved: true}, headers(user))).status, 200);
      reply = await call(user, tool, args, {"Approval-Id": reply.json.approval_id});
    }
    assert.equal(reply.status, 200, `${tool}: ${reply.text}`);
    return reply.json;
  }
  async function refused(user, tool, args, code) {
    const reply = await call(user, tool, args);
    assert.equal(reply.json.code, code, `${tool}: ${reply.text}`);
    return reply;
  }
  const inbox = async user => (await stack.get("/inbox?limit=100", headers(user))).json.messages;
  const position = (user, trip, points) => stack.post(`/trips/${trip}/position`, {points}, headers(user));
  const live = (user, trip) => stack.get(`/trips/${trip}/live`, headers(user));
  async function planned(user) {
    const {trip} = await done(user, "plan_trip", {origin: "-30,150", waypoints: ["-31,150"], destination: "-32,150"});
    return trip;
  }
  async function join(owner, user, trip, role) {
    const {invitation} = await done(owner, "invite_to_trip", {trip_id: trip, role});
    const {membership} = await done(user, "join_trip", {code: invitation.code});
    assert.equal(membership.role, role);
  }
  return {headers, done, refused, inbox, position, live, planned, join};
}

const change = (name, by) => f => f.type === "trip_update" && f.trip.change === name && (!by || f.trip.by === by);

/** The whole of it, for one site. */
async function together(stack) {
  const {done, refused, planned, join} = people(stack);
  const [ann, bob, cid, eva] = ["ann", "bob", "cid", "eva"].map(name => `${name}-${uuid().slice(0, 8)}`);
  const sockets = Object.fromEntries(await Promise.all([ann, bob, cid, eva].map(async u => [u, await stack.socket(`/ws/${u}`)])));
  const trip = await planned(ann), trip_id = trip.id;
  await refused(bob, "get_trip", {trip_id}, "not_found");
  await join(ann, bob, trip_id, "editor");
  assert.equal((await sockets[ann].until(change("joined"))).trip.by, bob);
  await join(ann, cid, trip_id, "viewer");
  assert.equal((await sockets[bob].until(change("joined", cid))).trip.trip_id, trip_id);

  await done(bob, "change_trip", {trip_id, title: "North", start_date: "2027-01-05"});
  for (const user of [ann, bob, cid]) assert.match((await sockets[user].until(change("changed", bob))).message, /changes the trip North/);
  assert.equal((await done(cid, "get_trip", {trip_id})).trip.start_date, "2027-01-05");
  await refused(cid, "change_trip", {trip_id, title: "Mine"}, "forbidden");

  await done(ann, "change_trip_member", {trip_id, user_id: cid, action: "set_role", role: "editor"});
  await done(cid, "change_trip", {trip_id, notes: "Bring a hose"});
  await done(ann, "change_trip_member", {trip_id, user_id: cid, action: "remove"});
  await sockets[cid].until(change("removed"));
  await refused(cid, "get_trip", {trip_id}, "not_found");
  assert.equal((await done(cid, "list_shared_trips", {})).count, 0);

  await done(ann, "change_trip_member", {trip_id, user_id: bob, action: "hand_over"});
  await sockets[bob].until(change("owner"));
  await eventually(async () => (await done(ann, "get_trip", {trip_id})).sharing.owner === bob, "the trip is bob's");
  assert.equal((await done(bob, "list_trip_members", {trip_id})).your_role, "owner");
  await done(bob, "leave_trip", {trip_id});
  await sockets[ann].until(change("ended", bob));
  await refused(ann, "get_trip", {trip_id}, "not_found");
  assert.equal(sockets[eva].frames.filter(f => f.trip).length, 0); // a stranger hears nothing
  await Promise.all(Object.values(sockets).map(s => s.end()));
}

describe("together", () => {
  let stack, p;
  before(async () => {
    stack = await Stack.start({double: false, settings: {"api.workers": 4, "development.fault_word": "BOOM"}});
    p = people(stack);
  });
  after(() => stack.stop());

  test("three people plan one trip", () => together(stack));

  test("a live trip: positions, arrival, delay, and nothing after the end", async () => {
    const [ann, bob] = [uuid(), uuid()], trip = (await p.planned(ann)).id;
    await p.join(ann, bob, trip, "viewer");
    const socket = await stack.socket(`/ws/${bob}`);
    assert.equal((await p.live(bob, trip)).status, 404);
    await p.done(ann, "start_live_trip", {trip_id: trip, hours: 3, delay_minutes: 10});
    await socket.until(change("live_started", ann));
    const now = Date.now(), at = (latitude, minutes) => ({latitude, longitude: 150, time_ms: now - minutes * 60000});
    let reply = await p.position(ann, trip, [at(-30.2, 20), at(-30, 40)]);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.accepted, 2);
    const shown = await socket.until("trip_live");
    assert.equal(shown.live.position.latitude, -30.2);
    assert.equal(shown.live.traveller, ann);
    const seen = (await p.live(bob, trip)).json;
    assert.ok(Date.parse(seen.arrival) > now, JSON.stringify(seen));
    reply = await p.position(ann, trip, [at(-30.2, 1)]); // nineteen minutes in one place
    assert.match((await socket.until(change("delayed"))).message, /late/);
    reply = await p.position(ann, trip, [at(-30.2, 0.9), at(50, 0.5)]);
    assert.deepEqual([reply.json.accepted, reply.json.ignored], [1, 1]); // a jump
    assert.equal((await p.inbox(bob)).filter(change("delayed")).length, 1);
    assert.equal((await p.position(bob, trip, [at(-30.2, 0)])).status, 403);
    assert.equal((await p.live(uuid(), trip)).status, 404);
    for (const points of [[], [{latitude: 91, longitude: 0, time_ms: now}], [{latitude: 1, longitude: 1}], "x", Array(101).fill(at(1, 1))])
      assert.equal((await p.position(ann, trip, points)).json.field, "points");
    await p.done(ann, "stop_live_trip", {trip_id: trip});
    await socket.until(change("live_stopped", ann));
    assert.equal((await p.live(bob, trip)).status, 404);
    assert.equal((await p.position(ann, trip, [at(-30.3, 0)])).status, 404);

    await p.done(ann, "start_live_trip", {trip_id: trip, precision: "rough"});
    reply = await p.position(ann, trip, [at(-31.4321, 0.2)]);
    assert.equal(reply.json.live.position.latitude, -31.4321);
    assert.equal((await p.live(bob, trip)).json.position.latitude, -31.4);
    await p.done(ann, "stop_live_trip", {trip_id: trip});
    await p.done(ann, "start_live_trip", {trip_id: trip});
    reply = await p.position(ann, trip, [at(-32, 0.1)]);
    assert.equal(reply.json.state, "arrived");
    await socket.until(change("arrived"));
    assert.equal((await p.live(ann, trip)).status, 404);
    assert.ok(!stack.logTail?.().includes("31.4321"), "a position in the log");
    await socket.end();
  });

  test("a worker that dies before the members are told loses nothing", async () => {
    const [ann, bob] = [uuid(), uuid()], trip = (await p.planned(ann)).id;
    await p.join(ann, bob, trip, "editor");
    const socket = await stack.socket(`/ws/${ann}`);
    await stack.post("/tools/change_trip", {trip_id: trip, title: "BOOM crash trip"}, p.headers(bob)).catch(() => {});
    assert.equal((await socket.until(change("changed", bob), 60000)).trip.title, "BOOM crash trip");
    assert.equal((await p.inbox(ann)).filter(change("changed", bob)).length, 1);
    assert.equal((await p.done(ann, "get_trip", {trip_id: trip})).trip.title, "BOOM crash trip");
    await socket.end();
  });

  test("codes are not to be guessed, and an erased owner's trips end", async () => {
    const [ann, bob, eva] = [uuid(), uuid(), uuid()], trip = (await p.planned(ann)).id;
    await p.join(ann, bob, trip, "viewer");
    const {invitation} = await p.done(ann, "invite_to_trip", {trip_id: trip, max_uses: 5});
    assert.ok(Date.parse(invitation.expires_at) - Date.now() < 8 * day);
    for (let i = 0; i < 10; i++) await p.refused(eva, "join_trip", {code: uuid().replaceAll("-", "")}, "not_found");
    const slowed = await p.refused(eva, "join_trip", {code: invitation.code}, "rate_limited");
    assert.equal(slowed.status, 429);
    const gone = await stack.request("DELETE", "/user-data", p.headers(ann, {"X-Confirm-Erase": ann}));
    assert.equal(gone.status, 200, gone.text);
    await p.refused(bob, "get_trip", {trip_id: trip}, "not_found");
    assert.equal((await p.inbox(bob)).filter(change("ended")).length, 1);
    await p.refused(uuid(), "join_trip", {code: invitation.code}, "not_found");
  });
});

test("together over a cluster", async () => {
  const site = await ClusterSite.start();
  let stack;
  try {
    stack = await Stack.start({double: false, settings: {...site.settings, "api.workers": 4}});
    await together(stack);
  } finally {
    await stack?.stop();
    await site.stop();
  }
});

// SPDX-License-Identifier: BSD-2-Clause
// What one user does costs the others nothing: requests that end workers, and more work than is fair.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import http from "node:http";
import {eventually, pause, SLOW, Stack, uuid} from "./harness.mjs";

const as = user => ({headers: {"X-Dev-User": user}});
const FORECAST = "/tools/get_weather_forecast";

/** A service that never answers: what waits for it can be met at work. */
async function deafService() {
  const server = http.createServer(() => {}).listen(0, "127.0.0.1");
  const sockets = new Set();
  server.on("connection", s => sockets.add(s));
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => { for (const s of sockets) s.destroy(); server.close(); },
  };
}

/** Kills what works for these users, as a fault in that work would, until `stop()`. Least seen ready. */
function poison(stack, pool, users) {
  const killer = {deaths: 0, least: Infinity, stopped: false};
  const killed = new Set();
  killer.done = (async () => {
    while (!killer.stopped) {
      const status = await stack.status();
      killer.least = Math.min(killer.least, status.pools[pool].ready);
      for (const seat of status.seats) {
        if (seat.pool !== pool || seat.stage !== "tool" || !users.includes(seat.user) || killed.has(seat.pid)) continue;
        killed.add(seat.pid);
        try {
          process.kill(seat.pid, "SIGSEGV");
          killer.deaths++;
        } catch { /* it has ended */ }
      }
      await pause(2);
    }
  })();
  killer.stop = () => { killer.stopped = true; return killer.done; };
  return killer;
}

describe("requests that end workers", () => {
  let stack, service;
  before(async () => {
    service = await deafService();
    stack = await Stack.start({settings: {"api.workers": 4, "turn.seats": 4, "weather.url": service.url, "rate.api_user": 0, "development.fault_word": "quasimodo"}});
  });
  after(async () => {
    service.close();
    await stack.stop();
  });

  test("slow calls of one user leave workers to the tools of others", async () => {
    const call = (user, days) => stack.post(FORECAST, {location: "-33.87,151.21", days}, {...as(user), timeout: 60000});
    const waiting = async () => (await stack.seats("api")).filter(s => s.stage === "tool").map(s => s.user).sort();
    const calls = [call("greedy", 1), call("greedy", 2)];
    await eventually(async () => (await waiting()).length === 2, "both wait");
    const third = await call("greedy", 3);
    assert.equal(`${third.status} ${third.json.code} ${third.json.limit}`, "429 calls_per_user 2", third.text);
    assert.ok(third.json.retry_after_ms > 0 && Number(third.headers["retry-after"]) >= 1);
    calls.push(call("modest", 1));
    await eventually(async () => (await waiting()).join() === "greedy,greedy,modest", "another user's tool runs");
    assert.equal((await stack.get("/sessions", as("greedy"))).status, 200, "what is short is answered");
    for (const reply of await Promise.all(calls)) assert.ok([502, 504].includes(reply.status), reply.text);
  });

  test("two clients repeat one for seconds: a few deaths, and a bystander sees nothing of it", async () => {
    const clients = ["mallory", "marvin"], args = {location: "-33.87,151.21", days: 2};
    const killer = poison(stack, "api", clients), seen = new Map(), bystander = [];
    let stop = false;
    const repeat = async user => {
      while (!stop) {
        const reply = await stack.post(FORECAST, args, {...as(user), timeout: 60000});
        const what = `${reply.status} ${reply.json?.code}`;
        seen.set(what, (seen.get(what) ?? 0) + 1);
        if (reply.status !== 503) continue;
        assert.equal(reply.json.code, "request_crashed_worker", reply.text);
        assert.ok(reply.json.retry_after_ms > 0 && Number(reply.headers["retry-after"]) >= 1);
        assert.ok(reply.json.trace_id);
      }
    };
    const honest = async () => {
      while (!stop) {
        const got = await stack.get("/sessions", as("anna"));
        const made = await stack.post("/tools/create_expense", {amount: 3, category: "gas"}, as("anna"));
        bystander.push(got.status, made.status);
      }
    };
    const work = [repeat("mallory"), repeat("marvin"), honest()];
    await eventually(() => (seen.get("503 request_crashed_worker") ?? 0) > 400 && bystander.length > 200, "they have gone on for a while", 60000 * SLOW);
    stop = true;
    await Promise.all(work);
    await killer.stop();
    console.log(`deaths ${killer.deaths}, least ready ${killer.least} of 4, replies ${JSON.stringify([...seen])}, bystander ${bystander.length}`);
    assert.ok(killer.deaths >= 2 && killer.deaths <= 6, `${killer.deaths} deaths`);
    assert.ok(killer.least >= 2, `only ${killer.least} of 4 workers were ready`);
    assert.deepEqual([...new Set(bystander)], [200]);
    const log = stack.log();
    assert.match(log, /died at work: POST \/tools\/get_weather_forecast of user mallory/);
    assert.match(log, /repetitions of this request of user mallory are refused for \d+ s/);
    assert.doesNotMatch(log, /-33\.87/, "nothing that the user said");
  });

  test("another request of the route, then the route, then all of the user's: each bound holds, for that user alone", async () => {
    const killer = poison(stack, "api", ["eve"]);
    const codes = [];
    for (let days = 1; days <= 4; days++) {
      // The connection ends before the supervisor has buried who held it.
      if (days === 3) await eventually(() => /requests to this route of user eve are refused/.test(stack.log()), "the second death is known");
      codes.push((await stack.post(FORECAST, {location: "-33.87,151.21", days}, {...as("eve"), timeout: 60000})).json?.code);
    }
    assert.deepEqual(codes.slice(2), ["request_crashed_worker", "request_crashed_worker"]);
    assert.equal(killer.deaths, 2, "after two deaths the route is refused");
    assert.equal((await stack.get("/sessions", as("eve"))).status, 200, "her other routes are not");
    const other = "/tools/get_marine_forecast";
    await killer.stop();
    assert.notEqual((await stack.get(other, as("frank"))).json?.code, "request_crashed_worker");
    assert.match(stack.log(), /requests to this route of user eve are refused/);
  });

  test("another machine refuses it too", async () => {
    const second = await Stack.start({beside: stack, settings: {"api.workers": 2, "weather.url": service.url, machine: "second"}});
    try {
      const reply = await eventually(async () => {
        const r = await second.post(FORECAST, {location: "-33.87,151.21", days: 2}, {...as("mallory"), timeout: 60000});
        return r.json?.code === "request_crashed_worker" && r;
      }, "the second machine knows");
      assert.equal(reply.status, 503);
      assert.equal((await second.status()).pools.api.deaths, 0);
    } finally {
      await second.stop();
    }
  });

  test("a message whose turn has ended three workers is not taken again under another id", async () => {
    const session_id = uuid(), text = "quasimodo crash model-text [[text words=20]]", user = as("trudy");
    const deaths = async () => {
      const {pools} = await stack.status();
      return `${pools.turn.deaths} ${pools.quarantine.deaths}`;
    };
    const die = async (who, more) => {
      const reader = stack.chatStream(text, more, {headers: {Accept: "text/event-stream", ...who.headers}});
      await reader.all();
      assert.equal(reader.last.data.code, "turn_attempts");
    };
    await die(user, {session_id});
    assert.equal(await deaths(), "1 2");
    const again = await stack.chat(text, {}, user);
    assert.equal(`${again.status} ${again.json.code}`, "503 request_crashed_worker", again.text);
    assert.ok(again.json.retry_after_ms > 0);
    assert.equal((await stack.chat("hello [[text say=Hi.]]", {}, user)).json.response, "Hi.", "another message of the same user runs");
    assert.equal(await deaths(), "1 2");
    await die(as("victor"), {}); // the same message of another user is taken
    assert.equal(await deaths(), "2 4");
  });
});

/** Lets held answers go on, again and again, until `test()`. */
async function goOnUntil(stack, test, what) {
  await eventually(async () => {
    stack.double.release();
    return test();
  }, what, 60000 * SLOW);
}
const runningOf = async (stack, user) => (await stack.seats("turn")).filter(w => w.user === user && w.turn).length;
const LONG = "x [[text words=6 hold=2]]";
/** A long message in a session of its own, accepted or refused: the reply. */
const long = (stack, user, body = {}) => stack.chat(LONG, body, {headers: {...as(user).headers, Prefer: "respond-async"}});
const states = async (stack, user, turns) => Promise.all(turns.map(async t => (await stack.get(`/turns/${t}`, as(user))).json.state));

describe("more than one user's part", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"turn.seats": 20, "turn.reserved": 2}}); });
  after(() => stack.stop());

  test("two users with 30 long messages each: 8 run and 16 wait of each, and everybody else is served", async () => {
    const replies = {};
    // One after the other: a burst of one user's is also more than the workers that look at it, and `pool_full` then.
    for (const user of ["paul", "pia"]) {
      replies[user] = [];
      for (let i = 0; i < 30; i++) replies[user].push(await long(stack, user));
    }
    for (const user of ["paul", "pia"]) {
      const taken = replies[user].filter(r => r.status === 202), refused = replies[user].filter(r => r.status !== 202);
      assert.equal(taken.length, 24);
      for (const r of refused) {
        assert.equal(`${r.status} ${r.json.code} ${r.json.limit}`, "429 turns_per_user 8", r.text);
        assert.ok(r.json.retry_after_ms > 0 && Number(r.headers["retry-after"]) >= 1);
      }
      await eventually(async () => await runningOf(stack, user) === 8, "8 run");
    }
    assert.equal((await stack.status()).turns.running, 16);
    for (let i = 0; i < 5; i++) {
      assert.equal((await stack.chat("hello [[text say=Hi.]]", {}, as(`guest-${i}`))).json.response, "Hi.");
    }
    // A stop finds one that waits.
    const waits = (await Promise.all(replies.paul.filter(r => r.status === 202).map(async r => [r.json.turn_id, (await stack.get(`/turns/${r.json.turn_id}`, as("paul"))).json.state])))
      .find(([, state]) => state === "pending");
    assert.ok(waits, "one waits");
    assert.ok([200, 202].includes((await stack.post(`/turns/${waits[0]}/cancel`, {}, as("paul"))).status));
    let most = 0;
    for (const user of ["paul", "pia"]) {
      const turns = replies[user].filter(r => r.status === 202).map(r => r.json.turn_id);
      await goOnUntil(stack, async () => {
        most = Math.max(most, await runningOf(stack, user));
        return (await states(stack, user, turns)).every(s => s === "done" || s === "cancelled");
      }, `all of ${user}'s end`);
      assert.equal((await states(stack, user, turns)).filter(s => s === "cancelled").length, user === "paul" ? 1 : 0);
    }
    assert.ok(most <= 8, `${most} at once`);
    assert.equal(await stack.redis("EXISTS", "tp:{paul}:running", "tp:{paul}:places"), "0");
  });

  test("workers that die count for nothing, and the turns of two machines together are bounded", async () => {
    const second = await Stack.start({beside: stack, settings: {"turn.seats": 12, machine: "second"}});
    try {
      const taken = [];
      for (let i = 0; i < 6; i++) taken.push(await long(stack, "rita"), await long(second, "rita"));
      assert.deepEqual(taken.map(r => r.status), Array(12).fill(202));
      const both = async () => await runningOf(stack, "rita") + await runningOf(second, "rita");
      await eventually(async () => await both() === 8, "8 on both together");
      const hers = (await stack.seats("turn")).filter(w => w.user === "rita" && w.turn);
      for (const pid of new Set(hers.map(w => w.pid))) process.kill(pid, "SIGKILL");
      const turns = taken.map(r => r.json.turn_id);
      await goOnUntil(stack, async () => (await states(stack, "rita", turns)).every(s => s === "done"), "all end");
      assert.equal(await stack.redis("EXISTS", "tp:{rita}:running", "tp:{rita}:places"), "0");
      // Nothing leaked: as many as before are there again.
      const again = await Promise.all(Array.from({length: 9}, () => long(second, "rita")));
      await eventually(async () => await both() === 8, "8 again");
      await goOnUntil(stack, async () => (await states(stack, "rita", again.map(r => r.json.turn_id))).every(s => s === "done"), "all end");
    } finally {
      await second.stop();
    }
  });
});

describe("a full pool", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"turn.seats": 2, "turn.reserved": 2}}); });
  after(() => stack.stop());

  test("a user who runs none waits for the next free worker, in front of those who have some", async () => {
    const running = await Promise.all([long(stack, "rex"), long(stack, "rex")]);
    assert.deepEqual(running.map(r => r.json.state), ["running", "running"]);
    assert.equal((await long(stack, "rex")).json.code, "pool_full", "one who has some is told at once");
    await stack.double.until(d => d.held === 2, "both hold");
    let answered = false;
    const waiting = stack.chat("hello [[text say=Hi.]]", {}, {...as("wanda"), timeout: 60000}).then(r => { answered = true; return r; });
    const socket = await stack.socket("/ws/willy", as("willy"));
    socket.message("hello [[text say=Hi.]]", {session_id: uuid()});
    assert.equal((await socket.until("accepted")).state, "pending");
    await eventually(async () => await stack.redis("ZCARD", "tp:{wanda}:places") === "1", "she waits");
    assert.equal((await long(stack, "wanda")).json.code, "pool_full", "one such a user");
    assert.equal(answered, false);
    await stack.double.go();
    assert.equal((await waiting).json.response, "Hi.");
    await socket.until("RUN_FINISHED");
    assert.equal(socket.text(), "Hi.");
    await goOnUntil(stack, async () => (await states(stack, "rex", running.map(r => r.json.turn_id))).every(s => s === "done"), "all end");
    await socket.end();
  });
});

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
      for (const slot of status.slots) {
        if (slot.pool !== pool || slot.stage !== "tool" || !users.includes(slot.user) || killed.has(slot.pid)) continue;
        killed.add(slot.pid);
        try {
          process.kill(slot.pid, "SIGSEGV");
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
    stack = await Stack.start({settings: {"api.workers": 4, "turn.workers": 4, "weather.url": service.url, "rate.api_user": 0}});
  });
  after(async () => {
    service.close();
    await stack.stop();
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
    const session_id = uuid(), text = "poison [[text words=20 hold=3]]", user = as("trudy");
    const reader = stack.chatStream(text, {session_id}, {headers: {Accept: "text/event-stream", ...user.headers}});
    const dead = new Set();
    for (let attempt = 1; attempt <= 3; attempt++) {
      await eventually(() => reader.events.filter(e => e.data.type === "TEXT_MESSAGE_START").length === attempt, `attempt ${attempt}`);
      const {pid} = await eventually(async () => (await stack.workers("turn")).find(w => w.session === session_id && !dead.has(w.pid)), "it runs");
      dead.add(pid);
      process.kill(pid, "SIGSEGV");
    }
    await reader.all();
    assert.equal(reader.last.data.code, "turn_attempts");
    const deaths = (await stack.status()).pools.turn.deaths;
    const again = await stack.chat(text, {}, user);
    assert.equal(`${again.status} ${again.json.code}`, "503 request_crashed_worker", again.text);
    assert.ok(again.json.retry_after_ms > 0);
    assert.equal((await stack.chat("hello [[text say=Hi.]]", {}, user)).json.response, "Hi.", "another message of the same user runs");
    const other = stack.chat(text, {}, as("victor"));
    await stack.double.until(d => d.held > 0, "the same message of another user runs");
    await stack.double.go();
    assert.equal((await other).status, 200);
    assert.equal((await stack.status()).pools.turn.deaths, deaths);
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// One user's flood and one user's thousand sockets: the others are served, and whoever is refused hears why and when to come again.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, Stack, uuid} from "./harness.mjs";
import {overload} from "../faults/overload.mjs";

const as = user => ({headers: {"X-Dev-User": user}});

describe("fairness", () => {
  test("ten times the seats, deaf sockets, tools, lists and uploads of one user: nobody else fails, nothing accepted is lost", async () => {
    const stack = await Stack.start({settings: {"turn.seats": 6, "turn.user": 4, "turn.reserved": 4}});
    const result = await overload(stack, {messages: 5, seats: 6});
    assert.deepEqual({failed: result.failed, wrong: result.wrong, lost: result.lost, deaths: result.deaths}, {failed: [], wrong: [], lost: [], deaths: 0});
    assert.ok(result.turns.length > 0);
    assert.ok(result.counts["message 429 turns_per_user"] > 0, JSON.stringify(result.counts));
    await stack.stop();
  });

  test("a user who is refused again and again is refused without a look, waits for it, and costs nobody else anything", async () => {
    const stack = await Stack.start({settings: {"turn.seats": 8, "turn.user": 1, "turn.queue": 1}});
    const greedy = as("greedy"), said = "x [[text words=2000 delay=20]]";
    const message = (text, more) => stack.request("POST", "/chat", {body: {message: text, session_id: uuid()}, ...greedy, ...more, timeout: 60000});
    const held = [await message(said, {headers: {...greedy.headers, Prefer: "respond-async"}}), await message(said, {headers: {...greedy.headers, Prefer: "respond-async"}})];
    assert.deepEqual(held.map(r => r.status), [202, 202], "one runs, one waits");
    const replies = await Promise.all(Array.from({length: 200}, () => message("x")));
    for (const r of replies) {
      assert.equal(`${r.status} ${r.json.code} ${r.json.limit}`, "429 turns_per_user 1", r.text);
      assert.ok(Number(r.headers["retry-after"]) >= 1 && r.json.retry_after_ms > 0, r.text);
    }
    const unseen = replies.filter(r => /was not looked at/.test(r.json.detail)).length;
    assert.ok(unseen > 100, `${unseen} of 200 were refused without a look`);
    // Another user, and the same one in another matter, are served; who leaves while its request is kept back holds nothing.
    assert.equal((await stack.chat("x [[text say=Hi.]]", {}, as("other"))).json.response, "Hi.");
    assert.equal((await stack.request("GET", "/sessions", greedy)).status, 200);
    const leaving = Array.from({length: 20}, () => message("x", {timeout: 60}).catch(error => error));
    await Promise.all(leaving);
    for (const {json} of held) await stack.request("POST", `/turns/${json.turn_id}/cancel`, greedy);
    await eventually(async () => (await message("x [[text say=Again.]]")).json.response === "Again.", "the user is served again");
    await eventually(async () => (await stack.seats("turn")).every(seat => !seat.turn), "no seat is held");
    await stack.stop();
  });

  test("one user's sockets leave room on a stream worker", async () => {
    const stack = await Stack.start({double: false, settings: {"stream.workers": 1, "stream.connections": 280}});
    const open = [], refused = [];
    for (let i = 0; i < 200; i++) { // one after the other: what is open is counted
      const socket = await stack.socket("/ws/greedy", as("greedy")).catch(error => error);
      (socket.ws ? open : refused).push(socket);
    }
    assert.equal(open.length, 140, "until half is taken");
    for (const error of refused) {
      assert.equal(`${error.status} ${JSON.parse(error.body).code}`, "429 connections_per_user");
      assert.ok(Number(error.headers["retry-after"]) >= 1);
    }
    const other = await stack.socket("/ws/other", as("other"));
    other.message("hello");
    await other.until("RUN_FINISHED");
    for (const s of open.splice(0, 100)) await s.end();
    await eventually(async () => (await stack.socket("/ws/greedy", as("greedy")).catch(() => null))?.ws, "there is room again");
    for (const s of open) s.ws.terminate();
    await stack.stop();
  });
});

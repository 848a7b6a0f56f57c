// SPDX-License-Identifier: BSD-2-Clause
// The client library on a bad network, in a page that is hidden, and after a reload: nothing is missing, nothing comes twice.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Network} from "../doubles/network.mjs";
import {Proxy} from "../doubles/proxy.mjs";
import {Stack, uuid} from "./harness.mjs";
import {Page, Watched} from "./watched.mjs";

const TRANSPORTS = ["socket", "sse"];

describe("the client library on a bad network", () => {
  let stack, proxy, network;
  before(async () => {
    stack = await Stack.start();
    proxy = await Proxy.start(stack.port);
    proxy.upgrades = true;
    network = await Network.start(proxy.port);
  });
  after(async () => {
    await network?.stop();
    await proxy?.stop();
    await stack.stop();
  });
  function client(t, options = {}) {
    const c = new Watched({url: `http://127.0.0.1:${network.port}`, session: uuid(), ...options});
    t.after(() => c.close());
    c.start();
    return c;
  }
  const killStreams = async () => { for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL"); };
  /** An answer that has begun, and goes on with double.go(). */
  async function half(c) {
    const {runId} = c.send("x [[text words=40 hold=20]]");
    await stack.double.until(d => d.held > 0);
    await c.until("event", e => e.type === "TEXT_MESSAGE_CONTENT", () => c.said(runId) !== "");
    return runId;
  }

  for (const transport of TRANSPORTS) {
    test(`a network that is cut for 10 seconds and more, in the middle of an answer (${transport})`, async t => {
      t.after(() => network.restore());
      const page = new Page(t), c = client(t, {transport}), runId = await half(c), began = Date.now();
      network.silence({alsoNew: true});
      page.online(); // the device thinks that it has a network
      await c.until("state", s => s === "offline"); // a try has hung for as long as one may
      assert.equal(c.reason.code, "slow");
      assert.ok(Date.now() - began >= 9900);
      const {runId: next} = c.send("written meanwhile [[text say=Later.]]");
      await stack.double.go();
      network.restore();
      page.online(); // at once, not after the wait
      await c.finished(next);
      assert.equal(c.said(runId).split(" ").length, 40);
      assert.equal(c.said(next), "Later.");
      assert.equal(c.seen.filter(e => e.type === "RUN_STARTED").length, 2);
      assert.deepEqual(c.problems, []);
    });

    test(`a page that nobody looks at tries nothing, until it is shown (${transport})`, async t => {
      const page = new Page(t), c = client(t, {transport});
      await c.ask("hello [[text say=Yes.]]");
      page.hide();
      t.mock.timers.enable({apis: ["setTimeout", "setInterval"]});
      await killStreams();
      await c.reaches("offline");
      assert.equal(c.reason.code, "hidden");
      const asked = proxy.urls.length;
      t.mock.timers.tick(120000);
      t.mock.timers.reset();
      assert.equal(c.state, "offline");
      assert.equal(proxy.urls.length, asked);
      page.show();
      await c.reaches("live");
      assert.equal(await c.ask("and now [[text say=Here.]]"), "Here.");
    });

    test(`a hidden page stays connected while a turn runs, and sends what is to be sent (${transport})`, async t => {
      const page = new Page(t), c = client(t, {transport}), runId = await half(c);
      page.hide();
      await killStreams();
      await c.until("state", s => s === "offline");
      assert.notEqual(c.reason.code, "hidden");
      await c.reaches("live");
      await stack.double.go();
      await c.finished(runId);
      assert.equal(c.said(runId).split(" ").length, 40);
      await killStreams();
      await c.until("state", s => s === "offline", () => c.state === "offline");
      assert.equal(c.reason.code, "hidden");
      const {runId: next} = c.send("by voice [[text say=Sent.]]");
      await c.finished(next);
      assert.equal(c.said(next), "Sent.");
    });

    test(`a page that loads again in the middle of an answer, and at its very end (${transport})`, async t => {
      const session = uuid(), one = client(t, {transport, session});
      await one.ask("first [[text say=One.]]");
      const runId = await half(one);
      one.close();
      const two = new Watched({url: stack.url, session, transport});
      t.after(() => two.close());
      const {messages} = await two.messages();
      assert.deepEqual(messages.map(m => m.content), ["first [[text say=One.]]", "One.", "x [[text words=40 hold=20]]"]);
      two.start();
      await two.until("event", e => e.type === "TEXT_MESSAGE_CONTENT", () => two.said(runId) !== "");
      const three = new Watched({url: stack.url, session, transport}); // its answer ends between the messages and the events
      t.after(() => three.close());
      await three.messages();
      await stack.double.go();
      await two.finished(runId);
      three.start();
      await three.finished(runId);
      for (const c of [two, three]) {
        assert.equal(c.said(runId).split(" ").length, 40);
        assert.deepEqual(c.seen.filter(e => e.type === "RUN_STARTED").map(e => e.runId), [runId]);
      }
    });
  }

  test("a page that comes back goes on behind the cursor that it has kept", async t => {
    const session = uuid(), one = client(t, {session}), runId = await half(one), before = one.said(runId);
    const {cursor} = one;
    one.close();
    await stack.double.go();
    const two = client(t, {session, cursor});
    await two.finished(runId);
    const rest = two.seen.filter(e => e.type === "TEXT_MESSAGE_CONTENT").map(e => e.delta).join("");
    assert.equal(`${before}${rest}`.split(" ").length, 40);
  });

  test("a server that leaves as planned: the client comes back, and says why it was away", async t => {
    const c = client(t);
    await c.ask("hello [[text say=Yes.]]");
    for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGTERM");
    await c.until("state", s => s !== "live");
    assert.equal(c.reason.code, "server");
    await c.reaches("live");
    assert.equal(c.reason, null);
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// The chat page in Chromium.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {answers, launch, say, screenshot} from "./browser.mjs";
import {API, Stack, uuid} from "./harness.mjs";

describe("the chat page", () => {
  let stack, browser;
  before(async () => {
    stack = await Stack.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await stack.stop();
  });

  /** A page whose console must stay free of errors. */
  async function open(t, {hash = "", size = {width: 900, height: 700}, quiet = true, ...options} = {}) {
    const context = await browser.newContext({viewport: size, ...options});
    const page = await context.newPage();
    const errors = [];
    page.on("console", m => m.type() === "error" && !/404/.test(m.text()) && errors.push(m.text()));
    page.on("pageerror", e => errors.push(String(e)));
    await page.goto(`${stack.url}/${hash && `#${hash}`}`);
    await page.locator("#state[data-state=live]").waitFor();
    t.after(async () => {
      await context.close();
      if (quiet) assert.deepEqual(errors, []);
    });
    return page;
  }
  test("Chromium's own WebSocket carries a message and its answer", async t => {
    const page = await open(t);
    const got = await page.evaluate(api => new Promise((done, fail) => {
      const socket = new WebSocket(`ws://${location.host}${api}/ws`), events = [];
      socket.onopen = () => socket.send(JSON.stringify({type: "message", text: "hello [[text words=6]]"}));
      socket.onmessage = m => {
        const event = JSON.parse(m.data);
        events.push(event);
        if (event.type === "RUN_FINISHED") { socket.close(); done(events); }
      };
      socket.onerror = () => fail(new Error("the socket failed"));
    }), API);
    assert.equal(got.filter(e => e.type === "TEXT_MESSAGE_CONTENT").map(e => e.delta).join(""), "The road north follows the coast.");
  });

  test("shows the answer while it is written, and the tools while they run", async t => {
    const page = await open(t);
    await screenshot(page, "welcome");
    await say(page, "What time is it? [[tool name=get_current_time args={\"timezone\":\"Australia/Sydney\"} hold=3 | text words=20 hold=9]]");
    await page.locator(".user", {hasText: "What time is it?"}).waitFor();
    await page.locator(".tool.running").waitFor();
    await page.locator("#stop").waitFor();
    await stack.double.go();
    await page.locator(".tool.done").waitFor();
    await stack.double.until(d => d.held > 0);
    await page.locator(".assistant.streaming", {hasText: "the coast for most"}).waitFor();
    await screenshot(page, "streaming");
    await stack.double.go();
    await answers(page).filter({hasText: "at café."}).or(answers(page).filter({hasText: "every hour"})).first().waitFor();
    assert.equal(await page.locator("#stop").isVisible(), false);
    assert.equal(await page.locator(".user.waiting").count(), 0);
    await page.locator(".tool summary").click();
    await screenshot(page, "answer");
  });

  test("two tabs on one session see the same", async t => {
    const hash = uuid();
    const a = await open(t, {hash}), b = await open(t, {hash});
    await say(a, "hello [[text say=For_both.]]");
    for (const page of [a, b]) {
      await answers(page).filter({hasText: "For both."}).waitFor();
      await page.locator(".user", {hasText: "hello"}).waitFor();
      assert.equal(await page.locator(".message:visible").count(), 2);
    }
  });

  test("stops a run", async t => {
    const page = await open(t);
    await say(page, "x [[text words=40 hold=5]]");
    await page.locator(".assistant.streaming", {hasText: "the"}).waitFor();
    await page.locator("#stop").click();
    await page.locator(".ending", {hasText: "Stopped."}).waitFor();
    assert.equal(await page.locator("#stop").isVisible(), false);
    await stack.double.until(d => !d.requests.at(-1).open, "the model's connection is closed");
  });

  test("loses its connection in the middle of an answer and shows it whole, once", async t => {
    const page = await open(t, {quiet: false});
    await say(page, "x [[text words=40 hold=20]]");
    await page.locator(".assistant.streaming", {hasText: "every hour"}).waitFor();
    for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL");
    await page.locator("#state:not([data-state=live])").waitFor();
    await stack.double.go();
    await page.locator("#state[data-state=live]").waitFor();
    await answers(page).first().waitFor();
    const text = await answers(page).first().textContent();
    assert.equal(text.split(" ").length, 40);
  });

  test("sends a message that was written while there was no connection", async t => {
    const page = await open(t, {quiet: false});
    const pids = () => stack.workers("stream");
    for (const {pid} of await pids()) process.kill(pid, "SIGKILL");
    await page.locator("#state:not([data-state=live])").waitFor();
    await say(page, "written offline [[text say=Got_it.]]");
    await answers(page).filter({hasText: "Got it."}).waitFor();
    assert.equal(await page.locator(".user").count(), 1);
    assert.equal(await answers(page).count(), 1);
  });

  test("shows the conversation again after a reload, and in the middle of a run", async t => {
    const page = await open(t);
    await say(page, "remember [[text say=Remembered.]]");
    await answers(page).filter({hasText: "Remembered."}).waitFor();
    await say(page, "and now [[text words=30 hold=15]]");
    await page.locator(".assistant.streaming", {hasText: "day with"}).waitFor();
    await page.reload();
    await page.locator("#state[data-state=live]").waitFor();
    await answers(page).filter({hasText: "Remembered."}).waitFor();
    await page.locator(".assistant.streaming", {hasText: "day with"}).waitFor();
    await stack.double.go();
    await answers(page).nth(1).waitFor();
    assert.equal((await answers(page).nth(1).textContent()).split(" ").length, 30);
    assert.equal(await page.locator(".user").count(), 2);
  });

  test("shows an error of the model as one, and text as text", async t => {
    const page = await open(t);
    await say(page, "look: <img src=x onerror=alert(1)> [[http status=400]]");
    await page.locator(".ending.error").waitFor();
    await page.locator(".user", {hasText: "<img src=x onerror=alert(1)>"}).waitFor();
    assert.equal(await page.locator("main img").count(), 0);
  });

  const deletion = id => `[[tool name=delete_calendar_event args={"event_id":"${id}"} | text say=Answered.]]`;
  async function event(title) {
    const reply = await stack.post("/tools/create_calendar_event", {title, start_date: "2031-05-20T15:00:00"});
    return reply.json.event.id;
  }
  const exists = async id => (await stack.post("/tools/get_calendar_events", {})).json.events.some(e => e.id === id);

  test("asks before it deletes, with the exact arguments, in every tab and after a reload", async t => {
    const hash = uuid(), id = await event("Dentist");
    const a = await open(t, {hash}), b = await open(t, {hash});
    await say(a, `delete it ${deletion(id)}`);
    for (const page of [a, b]) await page.locator(".approval .title", {hasText: "Dentist"}).waitFor();
    await a.locator(".tool.asked").waitFor();
    await screenshot(a, "approval");
    await b.reload();
    await b.locator(".approval .title", {hasText: "Dentist"}).waitFor();
    assert.equal(await b.locator(".approval pre").isVisible(), false);
    await b.locator(".approval summary").click();
    await b.locator(".approval pre", {hasText: id}).waitFor();
    assert.equal(await exists(id), true);
    await b.getByRole("button", {name: "Allow", exact: true}).click();
    for (const page of [a, b]) {
      await answers(page).filter({hasText: "Answered."}).waitFor();
      await page.locator(".approval").waitFor({state: "detached"});
      await page.locator(".tool.done").waitFor();
    }
    assert.equal(await exists(id), false);
  });

  test("shows in the arguments what a text would hide", async t => {
    const page = await open(t), content = "<b>7\u202E8\u200B</b>";
    await say(page, `post it [[tool name=create_post args={"content":"${content}"} | text say=Answered.]]`);
    const shown = await page.locator(".approval pre").textContent();
    assert.equal(shown, '{\n  "content": "<b>7\\u202e8\\u200b</b>"\n}');
    assert.equal(await page.locator(".approval ins").textContent(), "<b>7\\u202e8\\u200b</b>");
    await page.getByRole("button", {name: "Don't allow"}).click();
    await answers(page).filter({hasText: "Answered."}).waitFor();
  });

  test("takes a no, and arguments that the user has changed", async t => {
    const page = await open(t), keep = await event("Keep"), drop = await event("Drop");
    await say(page, `delete it ${deletion(keep)}`);
    await page.getByRole("button", {name: "Don't allow"}).click();
    await answers(page).filter({hasText: "Answered."}).waitFor();
    await page.locator(".tool.failed").waitFor();
    await say(page, `delete it ${deletion(keep)}`);
    await page.getByRole("button", {name: "Change"}).click();
    await page.getByLabel("Event id", {exact: true}).fill(drop);
    await page.getByRole("button", {name: "Allow with these changes"}).click();
    await answers(page).nth(1).waitFor();
    assert.deepEqual([await exists(keep), await exists(drop)], [true, false]);
  });

  test("shows the inbox, acknowledges and snoozes", async t => {
    const page = await open(t);
    const push = message => stack.post("/tools/send_proactive_message", {type: "tip", message});
    await push("Fill up before the border");
    await push("Rain is on its way");
    const entry = text => page.locator("#inbox .entry", {hasText: text});
    await entry("Fill up").waitFor();
    await entry("Rain").waitFor();
    assert.equal(await page.locator("#inbox-count").textContent(), "2");
    await screenshot(page, "inbox");
    await entry("Fill up").getByRole("button", {name: "Got it"}).click();
    await entry("Fill up").waitFor({state: "detached"});
    await entry("Rain").getByRole("button", {name: "In 10 minutes"}).click();
    await page.locator("#inbox").waitFor({state: "hidden"});
    const {messages} = (await stack.get("/inbox")).json;
    assert.deepEqual(messages.map(m => m.state), ["acknowledged", "snoozed"]);
    await push("Once more");
    await page.reload();
    await entry("Once more").waitFor();
    assert.equal(await page.locator("#inbox .entry").count(), 1);
  });

  test("is usable on a small dark screen, and by keyboard", async t => {
    const page = await open(t, {size: {width: 360, height: 640}, colorScheme: "dark"});
    await page.locator("#ideas button").first().click();
    await answers(page).first().waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} px wider than the screen`);
    await screenshot(page, "small");
    await page.locator("#new").focus();
    await page.keyboard.press("Enter");
    await page.locator("#welcome").waitFor();
    const unnamed = await page.evaluate(() => [document, document.querySelector("turnpike-chat").shadowRoot].flatMap(root => [...root.querySelectorAll("button,textarea,input")])
      .filter(e => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length)).length);
    assert.equal(unnamed, 0);
  });

  test("runs nothing inline and loads nothing from elsewhere", async t => {
    const page = await open(t, {quiet: false}); // the refusal of the inline script is an error in the console
    const urls = [];
    page.on("request", r => urls.push(r.url()));
    await page.reload();
    await page.locator("#state[data-state=live]").waitFor();
    for (const url of urls) assert.ok(url.startsWith(stack.url) || url.startsWith("data:"), url);
    const ran = await page.evaluate(() => {
      const s = document.createElement("script");
      s.textContent = "window.inline = true";
      document.body.append(s);
      return window.inline === true;
    });
    assert.equal(ran, false);
  });
});

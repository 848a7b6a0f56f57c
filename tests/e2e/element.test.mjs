// SPDX-License-Identifier: BSD-2-Clause
// <turnpike-chat> in pages of others, and what people do with a conversation in it.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import http from "node:http";
import {join} from "node:path";
import {answers, launch, say, screenshot, served} from "./browser.mjs";
import {production, token} from "./credentials.mjs";
import {eventually, scratch, Stack, uuid} from "./harness.mjs";

const live = chat => chat.evaluate(e => e.state === "live" || new Promise(done => e.addEventListener("turnpike-state", ({detail}) => detail.state === "live" && done())));

describe("<turnpike-chat> in a page of another origin", () => {
  let stack, page, browser;
  /** A page of somebody else's, with a policy that is as strict as it can be. */
  async function foreignPage() {
    const server = http.createServer((request, response) => {
      if (request.url === "/token") return response.end(token("guest"));
      const {site} = server, policy = `default-src 'none'; script-src 'nonce-n' ${site}; connect-src 'self' ${site} ${site.replace("http", "ws")}; style-src 'nonce-n'; base-uri 'none'; form-action 'none'`;
      response.setHeader("Content-Security-Policy", policy).setHeader("Content-Type", "text/html; charset=utf-8");
      response.end(`<!doctype html><title>Somebody's page</title><style nonce=n>body { margin: 0; height: 100vh } p { color: red } turnpike-chat { height: 90% }</style>
<turnpike-chat url="${site}" session="${server.session}"></turnpike-chat>
<script type="module" nonce="n">
import "${site}/client/chat.js";
document.querySelector("turnpike-chat").token = async () => (await fetch("/token")).text();
</script>`);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return Object.assign(server, {origin: `http://127.0.0.1:${server.address().port}`, session: "first"});
  }
  before(async () => {
    page = await foreignPage();
    stack = await Stack.start({settings: production(join(scratch("tp-keys-"), "keys"), page.origin)});
    page.site = stack.url;
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    page?.closeAllConnections();
    page?.close();
    await stack?.stop();
  });

  async function open(t, session = uuid(), options = {}) {
    page.session = session;
    const context = await browser.newContext({viewport: {width: 700, height: 700}, ...options}), tab = await context.newPage();
    tab.said = [];
    tab.on("console", m => ["error", "warning"].includes(m.type()) && !/404/.test(m.text()) && tab.said.push(m.text()));
    tab.on("pageerror", e => tab.said.push(String(e)));
    t.after(() => context.close());
    await tab.goto(page.origin);
    await live(tab.locator("turnpike-chat"));
    return tab;
  }

  test("works in three lines, and nothing of it offends the page's policy", async t => {
    const tab = await open(t);
    await say(tab, "hello [[tool name=get_current_time args={\"timezone\":\"Australia/Sydney\"} | text say=**Welcome**_from_afar.]]");
    await answers(tab).filter({hasText: "Welcome from afar."}).waitFor();
    await tab.locator(".tool.done .name", {hasText: "Looked at the clock"}).waitFor();
    await answers(tab).locator("strong", {hasText: "Welcome"}).waitFor();
    assert.notEqual(await tab.locator(".assistant p").first().evaluate(e => getComputedStyle(e).color), "rgb(255, 0, 0)", "the page's style stays outside");
    await screenshot(tab, "element-foreign");
    assert.deepEqual(tab.said, []);
  });

  test("ends with its element, and goes on in another place", async t => {
    const tab = await open(t), chat = tab.locator("turnpike-chat");
    await say(tab, "hello [[text say=Still_here.]]");
    await answers(tab).filter({hasText: "Still here."}).waitFor();
    const [state, session] = await chat.evaluate(e => {
      const {client} = e;
      window.kept = e;
      e.remove();
      return [client.state, e.session];
    });
    assert.equal(state, "closed");
    await tab.evaluate(() => document.body.append(window.kept));
    await answers(tab).filter({hasText: "Still here."}).waitFor();
    assert.equal(await chat.evaluate(e => e.session), session);
    assert.equal(await answers(tab).count(), 1);
  });

  test("two of them in one page are two chats; what is changed later takes effect", async t => {
    const tab = await open(t, "one");
    await tab.evaluate(site => {
      const other = document.createElement("turnpike-chat");
      Object.assign(other, {token: document.querySelector("turnpike-chat").token, id: "other"});
      other.setAttribute("url", site);
      document.body.append(other);
    }, stack.url);
    const first = tab.locator("turnpike-chat").first(), other = tab.locator("#other");
    await live(other);
    await first.locator("#text").fill("to the first [[text say=I_am_the_first.]]");
    await first.locator("#text").press("Enter");
    await first.locator(".assistant .text", {hasText: "I am the first."}).waitFor();
    assert.equal(await other.locator(".message").count(), 0);
    await other.evaluate(e => e.setAttribute("session", "one"));
    await other.locator(".assistant .text", {hasText: "I am the first."}).waitFor();
    await other.evaluate(e => {
      e.setAttribute("placeholder", "Say it here");
      e.setAttribute("theme", "dark");
    });
    assert.equal(await other.locator("#text").getAttribute("placeholder"), "Say it here");
    const ground = chat => chat.evaluate(e => getComputedStyle(e).backgroundColor);
    assert.notEqual(await ground(other), await ground(first));
    await first.evaluate(e => e.style.setProperty("--turnpike-ground", "rgb(1, 2, 3)"));
    assert.equal(await ground(first), "rgb(1, 2, 3)");
  });

  test("tells the page what happens, and the page can act", async t => {
    const tab = await open(t), chat = tab.locator("turnpike-chat");
    const seen = await chat.evaluate(async e => {
      const events = [];
      for (const name of ["turnpike-conversation", "turnpike-state", "turnpike-session"]) document.addEventListener(name, ({type, detail}) => events.push([type, detail.session ?? detail.state ?? detail.conversation.messages.length]));
      const done = new Promise(go => e.addEventListener("turnpike-conversation", ({detail: {conversation: c}}) => c.messages.length === 2 && !c.run && go(c)));
      e.open("from-the-page", {fresh: true});
      e.send("from the page [[text say=Heard.]]");
      const c = await done;
      return {events, answer: c.messages[1].parts[0].text, same: c === e.conversation};
    });
    assert.equal(seen.answer, "Heard.");
    assert.equal(seen.same, true);
    assert.deepEqual(seen.events.find(([type]) => type === "turnpike-session"), ["turnpike-session", "from-the-page"]);
    assert.ok(seen.events.some(([type, state]) => type === "turnpike-state" && state === "live"));
    await chat.evaluate(e => e.focus());
    assert.equal(await chat.evaluate(e => e.shadowRoot.activeElement.id), "text");
  });

  test("is whole at 320 pixels", async t => {
    const tab = await open(t, uuid(), {viewport: {width: 320, height: 560}});
    await say(tab, "hello [[tool name=get_current_time args={\"timezone\":\"Australia/Sydney\"} | text words=30]]");
    await answers(tab).first().waitFor();
    assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    assert.ok(await tab.locator("#scroll").evaluate(e => e.scrollWidth <= e.clientWidth));
    await screenshot(tab, "element-320");
  });
});

describe("a conversation in the page", () => {
  const site = served();

  async function open(t, hash = uuid(), size = {width: 900, height: 700}) {
    const context = await site.browser.newContext({viewport: size}), page = await context.newPage(), errors = [];
    page.on("console", m => m.type() === "error" && errors.push(m.text()));
    page.on("pageerror", e => errors.push(String(e)));
    t.after(async () => {
      await context.close();
      assert.deepEqual(errors.filter(e => !/404/.test(e)), []);
    });
    await page.goto(`${site.stack.url}/${hash && `#${hash}`}`);
    await page.locator("#state[data-state=live]").waitFor();
    return page;
  }
  const asked = page => page.locator(".user .text");
  const pressed = (page, name, root = page.locator("#log")) => root.getByRole("button", {name, exact: true});

  test("a new chat asks for nothing that is not there", async t => {
    const context = await site.browser.newContext(), page = await context.newPage(), missing = [];
    t.after(() => context.close());
    page.on("response", r => r.status() >= 400 && missing.push(r.url()));
    await page.goto(site.stack.url);
    await page.locator("#state[data-state=live]").waitFor();
    await page.locator("#welcome").waitFor();
    await page.locator("#new").click();
    await page.locator("#state[data-state=live]").waitFor();
    assert.deepEqual(missing, []);
  });

  test("something is said from the first moment on: sending, working, thinking, what a tool does", async t => {
    const page = await open(t), name = uuid();
    site.stack.double.scripts.set(name, [{kind: "blocks", blocks: [{thinking: "The user wants the time.", signature: uuid()}, {name: "get_current_time", args: "{}", id: `toolu_${uuid()}`}]}, {kind: "text", hold: "1", say: "It_is_late."}]);
    site.stack.double.mayBreak = true; // by thoughts that nobody asked for
    await say(page, `what time is it? [[script=${name}]]`);
    await page.locator(".tool.done").waitFor();
    assert.equal(await page.locator(".tool .name").textContent(), "Looked at the clock");
    assert.match(await page.locator(".tool .status").textContent(), /^[\d.,]+ (ms|sec)$/);
    const thought = page.locator(".reasoning");
    assert.match(await thought.locator("summary").textContent(), /^Thought/);
    assert.equal(await thought.locator(".thought").isVisible(), false);
    await thought.locator("summary").click();
    await thought.locator(".thought", {hasText: "The user wants the time."}).waitFor();
    await site.stack.double.until(d => d.held > 0);
    site.stack.double.release();
    await answers(page).filter({hasText: "It is late."}).waitFor();
    await page.locator(".working").waitFor({state: "hidden"});
  });

  test("a line says what is waited for, with the time once it is long", async t => {
    const page = await open(t);
    await say(page, "slowly [[text words=5 hold=0]]");
    await page.locator(".working", {hasText: "Working …"}).waitFor();
    await page.locator(".working", {hasText: /\d+ sec/}).waitFor();
    site.stack.double.release();
    await answers(page).first().waitFor();
    await page.locator(".working").waitFor({state: "hidden"});
  });

  test("Escape stops, and the question can be asked again", async t => {
    const page = await open(t);
    await say(page, "x [[text words=40 hold=5]]");
    await page.locator(".assistant.streaming", {hasText: "the"}).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".ending", {hasText: "Stopped."}).waitFor();
    assert.equal(await page.locator("#stop").isVisible(), false);
    site.stack.double.release();
    const calls = site.stack.double.requests.length;
    await pressed(page, "Try again").click();
    await site.stack.double.until(d => d.requests.length > calls && d.held > 0, "it is asked again");
    site.stack.double.release();
    await answers(page).filter({hasText: /at café/}).waitFor();
    assert.equal(await asked(page).count(), 1);
  });

  test("after a failure the same question is asked again, also after a reload", async t => {
    const page = await open(t);
    await say(page, "x [[http status=400 | text say=no]]");
    await page.locator(".ending.error").waitFor();
    await page.reload();
    await asked(page).first().waitFor();
    const calls = site.stack.double.requests.length;
    await pressed(page, "Try again").click();
    await site.stack.double.until(d => d.requests.length > calls, "it is asked again");
    await page.locator(".ending.error").waitFor();
    assert.equal(await asked(page).count(), 1);
  });

  test("a question is rewritten; its versions are leafed through, also after a reload and in another tab", async t => {
    const hash = uuid(), page = await open(t, hash), other = await open(t, hash);
    await say(page, "first [[text say=One.]]");
    await answers(page).filter({hasText: "One."}).waitFor();
    await say(page, "more [[text say=And_more.]]");
    await answers(other).filter({hasText: "And more."}).waitFor();
    await pressed(page, "Rewrite", page.locator(".user").first()).click();
    await page.getByLabel("The message", {exact: true}).fill("second [[text say=Two.]]");
    await page.getByLabel("The message", {exact: true}).press("Enter");
    for (const tab of [page, other]) {
      await answers(tab).filter({hasText: "Two."}).waitFor();
      await tab.locator(".versions", {hasText: "2 / 2"}).waitFor();
      assert.equal(await asked(tab).count(), 1);
    }
    await pressed(page, "Another answer").click();
    await page.locator(".versions", {hasText: "3 / 3"}).waitFor();
    await page.reload();
    await page.locator(".versions", {hasText: "3 / 3"}).waitFor();
    await screenshot(page, "versions");
    await page.getByRole("button", {name: "The version before"}).click();
    await page.locator(".versions", {hasText: "2 / 3"}).waitFor();
    await answers(page).filter({hasText: "Two."}).waitFor();
    await page.getByRole("button", {name: "The version before"}).click();
    await answers(page).filter({hasText: "And more."}).waitFor();
    await asked(page).filter({hasText: "first"}).waitFor();
    await page.locator("#past").waitFor();
    await page.getByRole("button", {name: "Back to the present"}).click();
    await asked(page).filter({hasText: "second"}).waitFor();
    assert.equal(await asked(page).count(), 1);
  });

  test("thumbs, with a reason, are remembered", async t => {
    const page = await open(t);
    await say(page, "x [[text say=Dubious.]]");
    await answers(page).filter({hasText: "Dubious."}).waitFor();
    await page.getByRole("button", {name: "A bad answer"}).click();
    await page.getByLabel("Not correct").check();
    await page.getByLabel("More, if you like").fill("It is 920 km.");
    await screenshot(page, "thumbs");
    await page.locator(".reason").getByRole("button", {name: "Send"}).click();
    await page.getByRole("button", {name: "A bad answer", pressed: true}).waitFor();
    await page.reload();
    await page.getByRole("button", {name: "A bad answer", pressed: true}).waitFor();
    const {feedback} = (await site.stack.get(`/sessions/${await page.evaluate(() => document.querySelector("turnpike-chat").session)}/messages`)).json, [given] = Object.values(feedback);
    assert.deepEqual([given.rating, given.type, given.text], [1, "incorrect", "It is 920 km."]);
    await page.getByRole("button", {name: "A good answer"}).click();
    await page.getByRole("button", {name: "A good answer", pressed: true}).waitFor();
  });

  test("an answer is copied as it was written", async t => {
    const page = await open(t);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await say(page, "x [[text say=**Bold**_words.]]");
    await answers(page).filter({hasText: "Bold words."}).waitFor();
    await pressed(page, "Copy").click();
    await pressed(page, "Copied").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "**Bold** words.");
  });

  test("a message that waits says so, and can be taken back", async t => {
    const page = await open(t);
    await say(page, "slow [[text words=10 hold=3]]");
    await page.locator(".assistant.streaming", {hasText: "The"}).waitFor();
    await say(page, "second thoughts [[text say=No.]]");
    const waiting = page.locator(".user.waiting");
    await waiting.locator(".note", {hasText: "waits its turn"}).waitFor();
    await pressed(page, "Take back", waiting).click();
    await waiting.waitFor({state: "detached"});
    assert.equal(await page.locator("#text").inputValue(), "second thoughts [[text say=No.]]");
    site.stack.double.release();
    await answers(page).first().waitFor();
    assert.equal(await asked(page).count(), 1);
  });

  test("ten messages sent quickly: every answer is behind its question", async t => {
    const page = await open(t);
    for (let i = 0; i < 10; i++) await say(page, `number ${i} [[text say=Answer_${i}.]]`);
    await answers(page).filter({hasText: "Answer 9."}).waitFor();
    const order = await page.locator(".message:visible .text").allTextContents();
    assert.deepEqual(order.map(text => text.match(/\d/)[0]), Array.from({length: 20}, (_, i) => String(Math.floor(i / 2))));
  });

  test("scrolled up, one stays there while an answer is written, and comes to the end by a button", async t => {
    const page = await open(t);
    site.stack.double.texts.set("tall", "A line of the answer.\n\n".repeat(60));
    await say(page, "x [[text named=tall]]");
    await answers(page).first().waitFor();
    const scroll = page.locator("#scroll"), end = () => scroll.evaluate(e => e.scrollHeight - e.scrollTop - e.clientHeight);
    await eventually(async () => await end() < 80, "the end is in view");
    assert.equal(await page.locator("#to-end").isVisible(), false);
    await scroll.hover();
    await page.mouse.wheel(0, -900);
    await page.locator("#to-end").waitFor();
    const far = await end();
    await page.evaluate(() => document.querySelector("turnpike-chat").client.send("y [[text named=tall]]"));
    await answers(page).nth(1).waitFor();
    assert.ok(await end() > far + 500, "the new answer is below");
    await page.locator("#to-end").click();
    await eventually(async () => await end() < 80, "the end is in view again");
    await page.locator("#to-end").waitFor({state: "hidden"});
  });

  test("a chat that is deleted elsewhere says so, and offers a new one", async t => {
    const hash = uuid(), page = await open(t, hash);
    await say(page, "hello [[text say=One.]]");
    await answers(page).filter({hasText: "One."}).waitFor();
    await site.stack.request("DELETE", `/sessions/${hash}`);
    await page.locator("#deleted", {hasText: "deleted elsewhere"}).waitFor();
    await page.locator("#deleted").getByRole("button", {name: "New chat"}).click();
    await page.locator("#welcome").waitFor();
    assert.ok(!page.url().includes(hash));
    await say(page, "again [[text say=Two.]]");
    await answers(page).filter({hasText: "Two."}).waitFor();
  });

  test("of a long conversation only the end is in the document; earlier messages come by scrolling", async t => {
    const page = await open(t);
    await page.evaluate(() => {
      const chat = document.querySelector("turnpike-chat"), messages = [];
      for (let i = 0; i < 200; i++) messages.push({id: `q${i}`, role: "user", content: `question ${i}`}, {id: `a${i}`, role: "assistant", content: `answer ${i}`});
      chat.dispatch({type: "stored", messages});
    });
    await answers(page).filter({hasText: "answer 199"}).waitFor();
    assert.ok(await page.locator(".message").count() <= 120);
    await eventually(async () => {
      await page.locator("#scroll").evaluate(e => { e.scrollTop = 0; });
      return await page.locator(".user .text", {hasText: /^question 0$/}).count() === 1;
    }, "the first one has come");
    assert.equal(await page.locator("#older").isVisible(), false);
  });

  test("earlier pages of what is stored come by scrolling, and stay where one reads", async t => {
    const hash = uuid();
    for (let i = 0; i < 30; i++) assert.equal((await site.stack.chat(`question ${i} [[text words=12]]`, {session_id: hash}, {headers: {"X-Dev-User": `u-${hash}`}})).status, 200);
    const context = await site.browser.newContext({viewport: {width: 700, height: 600}});
    t.after(() => context.close());
    await context.setExtraHTTPHeaders({"X-Dev-User": `u-${hash}`});
    const page = await context.newPage();
    await page.goto(`${site.stack.url}/#${hash}`);
    await asked(page).filter({hasText: "question 29"}).waitFor();
    assert.equal(await asked(page).filter({hasText: /^question 0 /}).count(), 0);
    await page.locator("#scroll").evaluate(e => { e.scrollTop = 100; });
    await asked(page).filter({hasText: /^question 0 /}).waitFor();
    assert.ok(await page.locator("#scroll").evaluate(e => e.scrollTop > 100), "what was read is still in view");
  });
});

describe("a long conversation", () => {
  const site = served();

  test("two hundred turns are whole, and neither the document nor the memory grows with them", {timeout: 240000}, async t => {
    const context = await site.browser.newContext(), page = await context.newPage();
    t.after(() => context.close());
    await page.goto(`${site.stack.url}/#${uuid()}`);
    await page.locator("#state[data-state=live]").waitFor();
    const cdp = await context.newCDPSession(page);
    await cdp.send("HeapProfiler.enable");
    const measure = async () => {
      await cdp.send("HeapProfiler.collectGarbage");
      const {nodes} = await cdp.send("Memory.getDOMCounters"), {usedSize} = await cdp.send("Runtime.getHeapUsage");
      return {nodes, heap: usedSize};
    };
    /** So many turns, one after the other. */
    const turns = count => page.evaluate(async count => {
      const chat = document.querySelector("turnpike-chat");
      for (let i = 0; i < count; i++) {
        const ended = new Promise(done => {
          const look = ({detail: {conversation}}) => {
            if (conversation.run !== null || conversation.messages.at(-1)?.role !== "assistant") return;
            chat.removeEventListener("turnpike-conversation", look);
            done();
          };
          setTimeout(() => chat.addEventListener("turnpike-conversation", look));
        });
        chat.send(`turn [[tool name=get_current_time args={} | text words=60]]`);
        await ended;
      }
    }, count);
    await turns(100);
    const half = await measure();
    await turns(100);
    const whole = await measure();
    t.diagnostic(`after 100 turns ${half.nodes} nodes, ${half.heap} bytes; after 200 ${whole.nodes} nodes, ${whole.heap} bytes`);
    assert.equal(await page.evaluate(() => document.querySelector("turnpike-chat").conversation.messages.length), 400);
    assert.ok(whole.nodes < 1.25 * half.nodes, "the document is bounded");
    assert.ok(whole.heap - half.heap < 100 * 20480, "what stays of a turn is its data");
  });
});

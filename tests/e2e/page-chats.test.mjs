// SPDX-License-Identifier: BSD-2-Clause
// The panel of chats on the page: search, addresses, Back, rename, pin, delete and undo, a second tab, a phone.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {answers, say, screenshot, served} from "./browser.mjs";
import {eventually, uuid} from "./harness.mjs";

const DESKTOP = {width: 1280, height: 800}, PHONE = {width: 360, height: 640};

describe("the chats of the page", () => {
  const site = served({settings: {"session.undo": "20s"}});
  let serial = 0;

  /** A page of a user of its own, or of `user`. page.missing: requests that were answered 404. */
  async function open(t, {user = `page-user-${++serial}`, hash = "", viewport = DESKTOP, ...options} = {}) {
    const context = await site.browser.newContext({viewport, acceptDownloads: true, ...options});
    t.after(() => context.close());
    await context.setExtraHTTPHeaders({"X-Dev-User": user});
    const page = await context.newPage();
    page.user = user;
    page.missing = [];
    page.on("response", r => r.status() === 404 && page.missing.push(r.url()));
    page.on("pageerror", error => page.missing.push(String(error)));
    await page.goto(`${site.stack.url}/${hash}`);
    await page.locator("#state[data-state=live]").waitFor();
    return page;
  }
  const talk = (user, message, session_id = uuid()) => site.stack.chat(`${message} [[text say=Well.]]`, {session_id, stream: false}, {headers: {"X-Dev-User": user}})
    .then(reply => { assert.equal(reply.status, 200, reply.text); return session_id; });
  const items = page => page.locator("#chats li"), titled = (page, text) => page.locator("#chats li", {hasText: text});
  const titles = page => page.locator("#chats .title").allTextContents();
  const menu = async (page, text, entry) => {
    await titled(page, text).hover();
    await titled(page, text).getByRole("button").click();
    await page.getByRole("menuitem", {name: entry}).click();
  };

  test("a new chat asks for nothing that is not there, and appears in the list with its first message", async t => {
    const page = await open(t);
    await page.locator("#chats .none", {hasText: "Your chats appear here."}).waitFor();
    await page.reload();
    await page.locator("#state[data-state=live]").waitFor();
    await say(page, "Where can I camp near Cairns? [[text say=By_the_sea.]]");
    await answers(page).filter({hasText: "By the sea."}).waitFor();
    await titled(page, "Where can I camp near Cairns?").waitFor();
    assert.equal(await page.locator("#chats [aria-current=page]").count(), 1);
    assert.deepEqual(await page.locator("#chats h2").allTextContents(), ["Today"]);
    await page.getByRole("button", {name: "New chat", exact: true}).click();
    await page.locator("#welcome").waitFor();
    assert.deepEqual(page.missing, []);
    await screenshot(page, "chats");
  });

  test("each chat has an address: Back and Forward, a reload and a second device open it", async t => {
    const page = await open(t);
    await say(page, "first chat [[text say=One.]]");
    await answers(page).filter({hasText: "One."}).waitFor();
    const first = page.url();
    assert.match(first, /#\/c\/[\w-]+$/);
    await page.getByRole("button", {name: "New chat", exact: true}).click();
    await say(page, "second chat [[text say=Two.]]");
    await answers(page).filter({hasText: "Two."}).waitFor();
    const second = page.url();
    assert.notEqual(second, first);
    await page.goBack();
    await answers(page).filter({hasText: "One."}).waitFor();
    assert.equal(page.url(), first);
    await page.goForward();
    await answers(page).filter({hasText: "Two."}).waitFor();
    await titled(page, "first chat").locator("a").click();
    await answers(page).filter({hasText: "One."}).waitFor();
    assert.equal(page.url(), first);
    await page.reload();
    await answers(page).filter({hasText: "One."}).waitFor();
    const other = await open(t, {user: page.user, hash: new URL(second).hash, viewport: PHONE});
    await answers(other).filter({hasText: "Two."}).waitFor();
    const old = await open(t, {user: page.user, hash: `#${first.split("/").at(-1)}`});
    await answers(old).filter({hasText: "One."}).waitFor();
    assert.deepEqual([page.missing, other.missing, old.missing], [[], [], []]);
  });

  test("a search finds words and marks them; the newest question counts; Escape ends it", async t => {
    const user = `page-user-${++serial}`;
    await talk(user, "Is Zürich <b>nice</b> in autumn?");
    await talk(user, "Where to in June?");
    const page = await open(t, {user}), field = page.getByRole("searchbox", {name: "Search chats"});
    await items(page).nth(1).waitFor();
    await field.fill("nothing like this");
    await page.locator("#chats .none", {hasText: "No chat has these words."}).waitFor();
    await field.pressSequentially("zuri", {delay: 5});
    await field.fill("zuri");
    await page.locator("#chats .snippet mark", {hasText: "Zürich"}).waitFor();
    assert.deepEqual(await page.locator("#chats li").count(), 1);
    assert.equal(await page.locator("#chats li b").count(), 0, "a text is no HTML");
    await page.locator("#chats [role=status]", {hasText: "1 chat found"}).waitFor({state: "attached"});
    await screenshot(page, "chats-search");
    await field.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator(".user", {hasText: "Zürich"}).waitFor();
    await field.press("Escape");
    await items(page).nth(1).waitFor();
    assert.equal(await field.inputValue(), "");
  });

  test("a rename in one tab is seen in another; so are pins and deletions", async t => {
    const a = await open(t);
    await say(a, "the first words [[text]]");
    await titled(a, "the first words").waitFor();
    const b = await open(t, {user: a.user});
    await titled(b, "the first words").waitFor();
    await titled(a, "the first words").locator("a").focus();
    await a.keyboard.press("F2");
    const field = a.getByRole("textbox", {name: "Title of the chat"});
    await field.fill("A better name");
    await field.press("Enter");
    await titled(b, "A better name").waitFor();
    assert.deepEqual(await titles(a), ["A better name"]);
    assert.equal(await a.evaluate(() => document.activeElement.textContent), "A better name", "the focus stays");
    await a.keyboard.press("F2");
    await field.fill("Not this");
    await field.press("Escape");
    assert.deepEqual(await titles(a), ["A better name"]);
    await talk(a.user, "another chat");
    await titled(b, "another chat").waitFor();
    await menu(a, "A better name", "Pin");
    await b.locator("#chats h2", {hasText: "Pinned"}).waitFor();
    await eventually(async () => (await titles(b)).join() === "A better name,another chat [[text say=Well.]]", "the pinned one is first");
    await menu(b, "A better name", "Delete");
    await titled(a, "A better name").waitFor({state: "detached"});
    await a.locator("#deleted", {hasText: "deleted elsewhere"}).waitFor();
    await a.locator("#deleted").getByRole("button", {name: "New chat"}).click();
    await a.locator("#welcome").waitFor();
    assert.deepEqual(a.missing, []);
  });

  test("a deletion can be undone: the chat is back, and on the screen if it was there", async t => {
    const page = await open(t);
    await say(page, "do not lose me [[text say=Never.]]");
    await titled(page, "do not lose me").waitFor();
    const address = page.url();
    await titled(page, "do not lose me").locator("a").focus();
    await page.keyboard.press("Delete");
    await page.locator(".undo", {hasText: "was deleted."}).waitFor();
    await titled(page, "do not lose me").waitFor({state: "detached"});
    await page.locator("#welcome").waitFor();
    assert.notEqual(page.url(), address);
    await screenshot(page, "chats-undo");
    await page.getByRole("button", {name: "Undo"}).click();
    await titled(page, "do not lose me").waitFor();
    await answers(page).filter({hasText: "Never."}).waitFor();
    assert.equal(page.url(), address);
    assert.deepEqual(page.missing, []);
  });

  test("a chat is exported as a file", async t => {
    const page = await open(t);
    await say(page, "keep this [[text say=Kept.]]");
    await titled(page, "keep this").waitFor();
    await answers(page).filter({hasText: "Kept."}).waitFor();
    const download = page.waitForEvent("download");
    await menu(page, "keep this", "Export");
    const file = await download;
    assert.match(file.suggestedFilename(), /^keep this.*\.md$/);
    assert.match(readFileSync(await file.path(), "utf8"), /## User[^]*keep this[^]*## Assistant[^]*Kept\./);
  });

  test("the list goes on as it is scrolled, and shows which chats answer", async t => {
    const user = `page-user-${++serial}`, begun = Date.now() - 10 * 86400000;
    await site.stack.redis("EVAL", `for i = 1, 75 do
      local s = KEYS[1] .. 's:old' .. i
      redis.call('HSET', s, 'title', 'Chat ' .. i, 'created', ${begun} + i, 'updated', ${begun} + i, 'count', 1)
      redis.call('RPUSH', s .. ':msgs', '{"id":"m","role":"user","content":"hello"}')
      redis.call('ZADD', KEYS[1] .. 'sessions', ${begun} + i, 'old' .. i)
    end`, 1, `tp:{${user}}:`);
    const page = await open(t, {user});
    await titled(page, "Chat 75").waitFor();
    assert.deepEqual(await page.locator("#chats h2").allTextContents(), ["Older"]);
    assert.ok(await items(page).count() < 75);
    await eventually(async () => {
      await items(page).last().scrollIntoViewIfNeeded();
      return await items(page).count() === 75;
    }, "all are there");
    const stream = site.stack.chatStream("long [[text words=20 hold=3]]", {session_id: "old3"}, {headers: {"X-Dev-User": user}});
    await stream.until("TEXT_MESSAGE_CONTENT");
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await page.locator("#chats li .busy").waitFor();
    await page.locator("#chats h2", {hasText: "Today"}).waitFor();
    site.stack.double.release();
    await stream.until("RUN_FINISHED");
    await page.locator("#chats li .busy").waitFor({state: "detached"});
  });

  test("arrow keys go through the list, which has one place for Tab", async t => {
    const user = `page-user-${++serial}`;
    for (const name of ["one", "two", "three"]) await talk(user, name);
    const page = await open(t, {user});
    await items(page).nth(2).waitFor();
    assert.equal(await page.locator("#chats li > a[tabindex='0']").count(), 1);
    const at = () => page.evaluate(() => document.activeElement.closest("li")?.querySelector(".title").textContent.split(" ")[0]);
    await page.getByRole("searchbox").focus();
    const seen = [];
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "Home", "End", "ArrowUp"]) {
      await page.keyboard.press(key);
      seen.push(await at());
    }
    assert.deepEqual(seen, ["three", "two", "one", "one", "three", "one", "two"]);
    await page.keyboard.press("Enter");
    await page.locator(".user", {hasText: "two"}).waitFor();
  });

  test("on a phone the list is a drawer, which gives the focus back", async t => {
    const user = `page-user-${++serial}`;
    await talk(user, "from the phone");
    const page = await open(t, {user, viewport: {width: 320, height: 560}, reducedMotion: "reduce"}), toggle = page.getByRole("button", {name: "Chats", exact: true});
    assert.equal(await page.locator("#chats").isVisible(), false);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320, "nothing is wider than the screen");
    await toggle.click();
    await titled(page, "from the phone").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "chat-search");
    await screenshot(page, "chats-phone");
    await page.keyboard.press("Escape");
    await page.locator("#chats").waitFor({state: "hidden"});
    assert.equal(await page.evaluate(() => document.activeElement.id), "show-chats");
    await toggle.click();
    await titled(page, "from the phone").locator("a").click();
    await page.locator(".user", {hasText: "from the phone"}).waitFor();
    await page.locator("#chats").waitFor({state: "hidden"});
    await toggle.click();
    await page.mouse.click(310, 300);
    await page.locator("#chats").waitFor({state: "hidden"});
  });

  test("without a server a search looks through the titles that are known, and says so", async t => {
    const user = `page-user-${++serial}`;
    await talk(user, "Ferries to Tasmania");
    await talk(user, "Café in Nimbin");
    const page = await open(t, {user});
    await titled(page, "Ferries").waitFor();
    await page.context().setOffline(true);
    await page.getByRole("searchbox").fill("cafe");
    await page.locator("#chats .none", {hasText: "only the titles here were searched"}).waitFor();
    assert.deepEqual((await titles(page)).map(title => title.split(" [")[0]), ["Café in Nimbin"]);
    await page.context().setOffline(false);
  });
});

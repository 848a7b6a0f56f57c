// SPDX-License-Identifier: BSD-2-Clause
// A reminder is seen, wherever the conversation is scrolled to and whether the page is looked at or not.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {answers, say, screenshot, served} from "./browser.mjs";
import {uuid} from "./harness.mjs";

describe("reminders on the page", () => {
  const site = served();
  let n = 0;

  // Each test has a user of its own by a header that development mode takes from requests: tickets carry it on.
  async function open(t, {width = 900, height = 700, ...options} = {}) {
    const user = `user-${++n}`;
    const context = await site.browser.newContext({viewport: {width, height}, ...options});
    t.after(() => context.close());
    await context.setExtraHTTPHeaders({"X-Dev-User": user});
    const page = await context.newPage();
    await page.goto(`${site.stack.url}/#${uuid()}`);
    await page.locator("#state[data-state=live]").waitFor();
    page.push = message => site.stack.post("/tools/send_proactive_message", {type: "tip", message}, {headers: {"X-Dev-User": user}});
    page.inbox = async () => (await site.stack.get("/inbox", {headers: {"X-Dev-User": user}})).json.messages;
    return page;
  }
  const toast = (page, text) => page.locator("#toasts .toast", {hasText: text});
  const seen = locator => locator.evaluate(e => {
    const box = e.getBoundingClientRect(), top = document.elementFromPoint(box.x + box.width / 2, box.y + 8);
    return box.top >= 0 && box.bottom <= innerHeight && e.contains(top);
  });
  async function longChat(page) {
    site.stack.double.texts.set("long", "A line of the answer.\n\n".repeat(120));
    await say(page, "tell me [[text named=long]]");
    await answers(page).first().waitFor();
    await page.waitForFunction(() => {
      const main = document.querySelector("turnpike-chat").shadowRoot.querySelector("#scroll");
      return main.scrollHeight > 2 * main.clientHeight && main.scrollHeight - main.scrollTop - main.clientHeight < 80;
    });
  }

  for (const [name, options] of Object.entries({"a wide light screen": {}, "a small dark one": {width: 360, height: 640, colorScheme: "dark"}})) {
    test(`one that comes while a long chat is at its end is seen, on ${name}`, async t => {
      const page = await open(t, options);
      await longChat(page);
      await page.push("Fill up before the border, the next station is far");
      await toast(page, "Fill up").waitFor();
      await page.waitForFunction(() => document.querySelector(".toast").getAnimations().length === 0);
      assert.ok(await seen(toast(page, "Fill up")));
      assert.equal(await page.title(), "(1) PAM, your travel assistant");
      assert.equal(await page.locator("#toasts").getAttribute("role"), "status");
      await screenshot(page, `reminder-${options.width ?? "wide"}`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      await toast(page, "Fill up").getByRole("button", {name: "Got it"}).click();
      await toast(page, "Fill up").waitFor({state: "detached"});
      assert.equal(await page.title(), "PAM, your travel assistant");
      assert.deepEqual((await page.inbox()).map(m => m.state), ["acknowledged"]);
    });
  }

  test("it can be put off, or hidden and kept in the list", async t => {
    const page = await open(t);
    await page.push("Water the plants");
    await page.push("Call home");
    await toast(page, "Water").getByRole("button", {name: "In 10 minutes"}).click();
    await toast(page, "Water").waitFor({state: "detached"});
    await toast(page, "Call home").getByRole("button", {name: "Hide"}).click();
    await toast(page, "Call home").waitFor({state: "detached"});
    assert.deepEqual((await page.inbox()).map(m => m.state), ["snoozed", "new"]);
    assert.deepEqual(await page.locator("#inbox .entry .text").allTextContents(), ["Call home"]);
    assert.equal(await page.title(), "PAM, your travel assistant");
  });

  test("many do not cover the page: the newest are shown, the others counted", async t => {
    const page = await open(t);
    for (let i = 1; i <= 6; i++) await page.push(`Reminder ${i}`);
    await toast(page, "Reminder 6").waitFor();
    assert.deepEqual(await page.locator(".toast .text").allTextContents(), ["Reminder 6", "Reminder 5", "Reminder 4"]);
    assert.equal(await page.title(), "(6) PAM, your travel assistant");
    await page.getByRole("button", {name: "3 more in the inbox"}).click();
    assert.equal(await page.locator(".toast").count(), 0);
    assert.equal(await page.locator("#inbox .entry").count(), 6);
    assert.ok(await page.evaluate(() => document.querySelector("#inbox").contains(document.activeElement)));
  });

  test("what came while the page was closed is told when it opens, and what one tab has settled is gone in the other", async t => {
    const page = await open(t);
    const other = await page.context().newPage();
    await page.goto("about:blank");
    await page.push("While you were away");
    await page.goto(`${site.stack.url}/`);
    await other.goto(`${site.stack.url}/`);
    for (const p of [page, other]) await toast(p, "While you were away").waitFor();
    await toast(other, "While").getByRole("button", {name: "Got it"}).click();
    await toast(page, "While").waitFor({state: "detached"});
    await page.locator("#inbox").waitFor({state: "hidden"});
  });

  test("the system tells it when the page is hidden, once the user has asked for that", async t => {
    const page = await open(t);
    await page.addInitScript(() => {
      window.told = [];
      window.Notification = class {
        static permission = "default";
        static async requestPermission() { return Notification.permission = "granted"; }
        constructor(title, {body}) { told.push([title, body]); }
        close() {}
      };
      Object.defineProperty(document, "hidden", {get: () => window.isHidden ?? false});
    });
    await page.reload();
    await page.locator("#state[data-state=live]").waitFor();
    await page.push("Before");
    await toast(page, "Before").waitFor();
    await page.getByRole("button", {name: "Also tell me when this page is hidden"}).click();
    await page.getByRole("button", {name: "Also tell me"}).waitFor({state: "hidden"});
    await page.push("While one looks");
    await toast(page, "While one looks").waitFor();
    await page.evaluate(() => { window.isHidden = true; });
    await page.push("Hidden");
    await toast(page, "Hidden").waitFor();
    assert.deepEqual(await page.evaluate(() => told), [["PAM", "Hidden"]]);
  });

  test("hostile words of others are words", async t => {
    const page = await open(t);
    await page.push("<img src=x onerror=alert(1)> **x** invoice\u202Egnp.exe");
    assert.equal(await toast(page, "invoice").locator(".text").textContent(), "<img src=x onerror=alert(1)> **x** invoice\\u202egnp.exe");
    assert.equal(await page.locator("#toasts img, #inbox img").count(), 0);
  });
});

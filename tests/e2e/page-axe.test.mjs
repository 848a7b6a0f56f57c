// SPDX-License-Identifier: BSD-2-Clause
// Who does not see, or does not use a mouse: axe-core on every view, the keyboard alone, small and enlarged screens.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join} from "node:path";
import {answers, say, served} from "./browser.mjs";
import {production} from "./credentials.mjs";
import {eventually, scratch, uuid} from "./harness.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true}, DESKTOP = {viewport: {width: 1280, height: 800}};

/** What axe-core finds that keeps people out. */
async function findings(page) {
  await page.evaluate(AXE);
  const {violations} = await page.evaluate(() => axe.run(document, {resultTypes: ["violations"]}));
  return violations.filter(v => v.impact === "serious" || v.impact === "critical")
    .map(v => `${v.impact} ${v.id}: ${v.nodes.map(n => `${n.target.flat().join(" ")} ${n.any.concat(n.all, n.none).map(c => c.message).join("; ")}`).join(" | ")}`);
}

async function opened(t, site, options = {}, hash = "") {
  const context = await site.browser.newContext({...DESKTOP, locale: "en-AU", ...options});
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${site.stack.url}/${hash && `#${hash}`}`);
  return page;
}
const live = page => page.locator("#state[data-state=live]").waitFor();

const AS = {headers: {"X-Dev-User": "axe"}};

/** A conversation with what a conversation can have. */
async function talk(page, stack) {
  stack.double.texts.set("rich", "# A plan\n\nDrive **north** with `care`, see [the road](https://example.org).\n\n| Day | Km |\n|---|---|\n| 1 | 400 |\n\n```js\nlet km = 400;\n```\n\n- one\n- two\n\n> quoted\n");
  const event = (await stack.post("/tools/create_calendar_event", {title: "Ferry", start_date: "2031-05-20T15:00:00"}, AS)).json;
  await say(page, "Plan it [[tool name=plan_trip args={\"origin\":\"Sydney\",\"destination\":\"Brisbane\"} | tool name=no_such_tool args={} | text named=rich]]");
  await answers(page).first().waitFor();
  await say(page, `delete it [[tool name=delete_calendar_event args={"event_id":"${event.event.id}"} | text say=Done]]`);
  await page.locator(".approval").first().waitFor();
}

/** Views that follow each other on one page. */
const VIEWS = {
  "an empty chat": page => page.locator("#welcome").waitFor(),
  "a conversation with tools and an approval": talk,
  "a reminder that comes": async (page, stack) => {
    await stack.post("/tools/send_proactive_message", {type: "tip", message: "Fill up before the border"}, AS);
    await page.locator("#toasts .toast").first().waitFor();
    await page.waitForFunction(() => document.getAnimations().every(a => a.playState !== "running"));
  },
  "the chats": async page => {
    const show = page.locator("#show-chats");
    if (await show.isVisible()) await show.click();
    await page.locator("#chats").waitFor();
    await page.waitForFunction(() => document.getAnimations().every(a => a.playState !== "running"));
  },
  "the settings": async page => {
    await page.keyboard.press("Escape"); // the chats of a phone
    await page.locator("#open-settings").click();
    await page.getByRole("dialog").waitFor();
    await page.getByRole("button", {name: "Erase everything"}).click();
    await page.locator(".erase").waitFor();
  },
};

describe("axe-core finds nothing serious", () => {
  const site = served();
  for (const [device, options] of [["phone", PHONE], ["desktop", DESKTOP]]) {
    for (const colorScheme of ["light", "dark"]) {
      test(`on a ${device}, ${colorScheme}`, async t => {
        const page = await opened(t, site, {...options, colorScheme, extraHTTPHeaders: AS.headers}, uuid());
        await live(page);
        for (const [name, show] of Object.entries(VIEWS)) {
          await t.test(name, async () => {
            await show(page, site.stack);
            assert.deepEqual(await findings(page), []);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it does not scroll sideways");
          });
        }
      });
    }
  }
});

describe("signed out", () => {
  const site = served({settings: production(join(scratch("tp-axe-"), "keys"))});
  for (const colorScheme of ["light", "dark"]) {
    test(`axe-core finds nothing serious, ${colorScheme}`, async t => {
      for (const options of [PHONE, DESKTOP]) {
        const page = await opened(t, site, {...options, colorScheme});
        await page.getByLabel("Key or token").waitFor();
        assert.deepEqual(await findings(page), []);
        await page.getByLabel("Key or token").fill("tpk_wrong");
        await page.keyboard.press("Enter");
        await page.getByRole("alert").filter({hasText: "not accepted"}).waitFor();
        assert.deepEqual(await findings(page), []);
      }
    });
  }
});

describe("without a mouse, and on small screens", () => {
  const site = served();

  test("the keyboard reaches everything, each place shows the focus, and nothing is a trap", async t => {
    const page = await opened(t, site);
    await live(page);
    const seen = [];
    const focused = () => page.evaluate(() => {
      let e = document.activeElement;
      while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
      const style = getComputedStyle(e);
      return {what: e === document.body ? "BODY" : e.id || e.textContent.trim().slice(0, 40) || e.tagName, ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, hidden: !e.checkVisibility()};
    });
    for (let i = 0; i < 16; i++) {
      await page.keyboard.press("Tab");
      const {what, ring, hidden} = await focused();
      if (what === "BODY" || seen.includes(what)) break;
      seen.push(what);
      assert.equal(hidden, false, what);
      assert.ok(ring || what === "skip" || what === "files", `${what} shows no focus`);
    }
    for (const what of ["skip", "open-settings", "new", "Plan a trip from Sydney to Brisbane", "text", "send"]) assert.ok(seen.includes(what), `${what} is not among ${seen}`);
    await page.locator("#skip").focus();
    await page.keyboard.press("Enter");
    assert.equal((await focused()).what, "text");
    await page.keyboard.type("hello [[text say=Without_a_mouse.]]");
    await page.keyboard.press("Enter");
    await answers(page).filter({hasText: "Without a mouse."}).waitFor();
    assert.equal((await focused()).what, "text");
  });

  test("at 320 pixels, and with everything twice as large, nothing is cut off", async t => {
    for (const options of [{viewport: {width: 320, height: 640}}, {viewport: {width: 640, height: 400}, deviceScaleFactor: 2}]) {
      const page = await opened(t, site, {...options, extraHTTPHeaders: AS.headers}, uuid());
      await live(page);
      const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth &&
        [...document.querySelectorAll("header > *, dialog[open] button, dialog[open] select")].every(e => !e.checkVisibility() || (e.getBoundingClientRect().right <= innerWidth + 1 && e.getBoundingClientRect().left >= -1)));
      assert.ok(await fits());
      await talk(page, site.stack);
      assert.ok(await fits());
      await page.locator("#open-settings").click();
      await page.getByRole("dialog").waitFor();
      assert.ok(await fits());
    }
  });

  test("who asked for less motion gets none", async t => {
    const page = await opened(t, site, {reducedMotion: "reduce"}, uuid());
    await live(page);
    await say(page, "x [[text words=200 hold=20]]");
    await eventually(async () => (await page.locator(".assistant").textContent()).length > 20, "words come");
    assert.deepEqual(await page.evaluate(() => document.getAnimations({subtree: true}).length), 0);
    await site.stack.double.go();
  });
});

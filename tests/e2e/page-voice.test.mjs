// SPDX-License-Identifier: BSD-2-Clause
// Voice in the chat page: what is read out of an answer; a question spoken into Chromium's fake microphone; an answer spoken.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {writeFileSync} from "node:fs";
import {join} from "node:path";
import {sentences} from "../../web/client/chat/voice-text.js";
import {answers, launch, say} from "./browser.mjs";
import {silence, spoken, stretched, wav} from "../doubles/sounds.mjs";
import {eventually, scratch, SLOW, Stack} from "./harness.mjs";

const LONG = 90000 * SLOW;

describe("what is read out of an answer", () => {
  test("sentences, without Markdown", () => {
    assert.deepEqual(sentences("## Your day\n\nDr. Smith comes at 3.5 p.m. on **Monday**! Bring `tea` and [the map](https://example.org/x).\nIt is e.g. *nice*."),
      ["Your day", "Dr. Smith comes at 3.5 p.m. on Monday!", "Bring tea and the map.", "It is e.g. nice."]);
    assert.deepEqual(sentences("1. First thing\n2. Second: see https://example.org/a.b?c\n- [x] done\n\n> quoted _text_ snake_case_name"),
      ["First thing", "Second: see (link)", "done", "quoted text snake_case_name"]);
    assert.deepEqual(sentences("Am 3. Mai geht es los. Das kostet ca. 20 Euro.", {language: "de"}), ["Am 3. Mai geht es los.", "Das kostet ca. 20 Euro."]);
    assert.deepEqual(sentences("It costs 25. Then go. 🎉"), ["It costs 25.", "Then go."]);
  });

  test("code and tables are announced", () => {
    assert.deepEqual(sentences("Look:\n```js\nrun(\"a. b\");\n```\nDone.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nEnd."),
      ["Look:", "There is code here, on the screen.", "Done.", "There is a table here, on the screen.", "End."]);
  });

  test("while it streams the first ones stay, and none is said before it is whole", () => {
    const text = "# Plan\n\nGo to Mt. Warning, 3.5 km away. Then **rest**! It takes e.g. 2 hours.\n\n- tea\n- bread and butter\n\n```\nx = 1\n```\n\nEnjoy it. Bye";
    const whole = sentences(text);
    for (let end = 0; end <= text.length; end++) {
      const some = sentences(text.slice(0, end), {open: true});
      assert.deepEqual(some, whole.slice(0, some.length), JSON.stringify(text.slice(0, end)));
    }
    assert.deepEqual(sentences(text, {open: true}), whole.slice(0, -1));
  });

  test("a long sentence is cut where it can be", () => {
    const pieces = sentences(`${"a long list, ".repeat(100)}end.`);
    assert.ok(pieces.every(p => p.length <= 400) && pieces.length > 2);
    assert.equal(pieces.join(" ").replace(/\s+/g, " "), `${"a long list, ".repeat(100)}end.`);
  });
});

/** Notes what is played, in each page. */
const WATCH = () => {
  window.played = [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    const note = {ended: false};
    window.played.push(note);
    this.addEventListener("ended", () => { note.ended = true; });
    return play.call(this);
  };
};

describe("voice in the page", () => {
  let stack, browser, errors;
  before(async () => {
    const file = join(scratch("tp-voice-"), "question.wav"), rate = 48000;
    const question = stretched(spoken("What is the weather in Sydney tomorrow"), 3);
    writeFileSync(file, wav([...silence(0.7, rate), ...question, ...silence(3, rate)], {rate}));
    stack = await Stack.start({settings: {"rate.voice_minute": 0, "rate.speak_minute": 0}});
    browser = await launch(["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-audio-capture=${file}%noloop`,
      "--autoplay-policy=no-user-gesture-required"]);
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  /** A page with the requests of voice that it makes, and what became of them. */
  async function open(t, {init = () => {}} = {}) {
    const context = await browser.newContext({permissions: ["microphone"]}), page = await context.newPage();
    t.after(() => context.close());
    errors = [];
    page.on("pageerror", e => errors.push(String(e)));
    const asked = [];
    page.on("request", request => { if (request.url().includes("/voice/")) asked.push(request); });
    await page.addInitScript(WATCH);
    await page.addInitScript(init);
    await page.goto(stack.url);
    await page.locator("#state[data-state=live]").waitFor();
    return {page, spoke: () => asked.filter(r => r.url().endsWith("/speak")).map(r => r.postDataJSON().text), asked};
  }

  test("a spoken question stands in the message field", async t => {
    const {page, asked} = await open(t);
    await page.locator("#mic").click();
    await page.locator("#voice-state[data-state=listening]").waitFor({timeout: LONG});
    await eventually(async () => /weather in sydney tomorrow/.test(await page.locator("#text").inputValue()), "the words are there", LONG);
    assert.equal(asked.filter(r => r.url().includes("/voice/transcribe?language=en")).length, 1);
    assert.equal(await page.locator("#mic").getAttribute("aria-pressed"), "false");
    assert.deepEqual(errors, []);
  });

  test("an answer is read aloud sentence by sentence, and Escape ends it", async t => {
    const {page, spoke} = await open(t);
    stack.double.scenario = "text say=One_is_here._Two_is_here._Three_is_here.";
    await say(page, "Count");
    await answers(page).filter({hasText: "Three is here."}).waitFor();
    const read = page.locator(".assistant").last().getByRole("button", {name: "Read aloud"});
    await read.click();
    await page.locator("#voice-state[data-state=speaking]").waitFor();
    await eventually(() => page.evaluate(() => window.played.length === 3 && window.played.every(p => p.ended)), "all are heard", LONG);
    assert.deepEqual(spoke(), ["One is here.", "Two is here.", "Three is here."]);
    await page.locator("#voice-state").waitFor({state: "hidden"});
    await read.click();
    await eventually(() => page.evaluate(() => window.played.length === 4), "it begins again", LONG);
    await page.locator("#text").press("Escape");
    await page.locator("#voice-state").waitFor({state: "hidden"});
    assert.equal(await page.evaluate(() => window.played[3].ended), false, "in the middle");
    await read.click();
    await eventually(() => page.evaluate(() => window.played.length === 5), "and again", LONG);
    await page.locator("#mic").click();
    await page.locator("#voice-state[data-state=listening]").waitFor({timeout: LONG});
    assert.equal(await page.evaluate(() => window.played[4].ended), false, "who wants to speak is not spoken to");
    assert.deepEqual(errors, []);
  });

  test("hands-free: a question is heard and sent, its answer is spoken while it streams; the button ends all", async t => {
    const {page, spoke} = await open(t);
    stack.double.scenario = "text say=It_will_be_sunny._Take_a_hat. delay=20";
    await page.locator("#hands-free").click();
    await page.locator(".user", {hasText: "weather in sydney tomorrow"}).waitFor({timeout: LONG});
    await eventually(() => page.evaluate(() => window.played.length >= 1), "it speaks", LONG);
    await eventually(() => spoke().length >= 2, "both sentences are asked for", LONG);
    assert.deepEqual(spoke().slice(0, 2), ["It will be sunny.", "Take a hat."]);
    await page.locator("#hands-free").click();
    await page.locator("#voice-state").waitFor({state: "hidden"});
    assert.equal(await page.locator("#hands-free").getAttribute("aria-pressed"), "false");
    assert.deepEqual(errors, []);
  });

  test("a recogniser of the browser that does not work is asked once in a visit", async t => {
    const {page} = await open(t, {init: () => {
      window.recognisers = 0;
      window.SpeechRecognition = window.webkitSpeechRecognition = class extends EventTarget {
        start() {
          window.recognisers++;
          setTimeout(() => this.onerror?.({error: "network"}));
        }
        abort() {}
        stop() {}
      };
    }});
    for (const n of [1, 2]) {
      await page.locator("#mic").click();
      await page.locator("#voice-state[data-state=listening]").waitFor({timeout: LONG});
      await page.locator("#mic").click(); // the phrase is over
      await page.locator("#voice-state[data-state=off]").waitFor({state: "attached", timeout: LONG});
      assert.equal(await page.evaluate(() => window.recognisers), 1, `time ${n}`);
    }
  });

  test("without leave for the microphone it is told in words", async t => {
    const context = await browser.newContext(), page = await context.newPage();
    t.after(() => context.close());
    await page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
      delete window.webkitSpeechRecognition;
    });
    await page.goto(stack.url);
    await page.locator("#state[data-state=live]").waitFor();
    await page.locator("#mic").click();
    await page.locator("#voice-state.error", {hasText: "The microphone may not be used."}).waitFor();
  });
});

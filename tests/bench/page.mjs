// SPDX-License-Identifier: BSD-2-Clause
// What a long answer costs the browser: 20,000 words streamed, as Markdown of several kinds and through the whole page, beside a page
// that only appends text, in the same run and at the same pace.
//   TURNPIKE_BUILD=... node tests/bench/page.mjs [CASE...]
// Prints the frames' times (median, p95, longest), the tasks over 50 ms (how many, the longest) and whether the bars hold: frames p95 at most
// 50 ms, no task over 200 ms; on a machine where appending alone takes longer, at most twice as long as that. An answer that is one block
// ("one ...") is read anew as a whole when it grows: at most four times.
import {launch, say} from "../e2e/browser.mjs";
import {barePage} from "../e2e/answers.mjs";
import {Stack, uuid} from "../e2e/harness.mjs";

const WORDS = 20000, SECONDS = 25, VIEW = {viewport: {width: 900, height: 900}};
const PHRASES = ["the road north follows the coast", "and **goes on** to the next town", "with `water` and fuel", "past [a lookout](https://example.org/lookout)", "where *nobody* waits"];

const phrase = i => PHRASES[i % PHRASES.length];
const words = text => text.split(/\s+/).length;
/** As many of make(i) as have so many words. */
function repeated(make, between) {
  const out = [];
  for (let i = 0, n = 0; n < WORDS; n += words(out.at(-1)), i++) out.push(make(i));
  return out.join(between);
}
const paragraph = i => Array.from({length: 12}, (_, k) => phrase(i + k)).join(" ") + ".";
const BLOCKS = [i => `## Part ${i}`, paragraph, paragraph, i => [0, 1, 2, 3].map(k => `- ${phrase(i + k)}`).join("\n"), paragraph,
  i => `| stop | km |\n|---|---:|\n${[0, 1, 2].map(k => `| ${phrase(i + k)} | ${i * k} |`).join("\n")}`, i => `\`\`\`js\nconst stop${i} = await find("town", {km: ${i}}); // ${phrase(0)}\n\`\`\``, i => `> ${phrase(i)}`];
const TEXTS = {
  text: repeated(paragraph, "\n\n"),
  markdown: repeated(i => BLOCKS[i % BLOCKS.length](i), "\n\n"),
  "one list": repeated(i => `- ${phrase(i)} ${phrase(i + 1)}`, "\n"),
  "one paragraph": repeated(paragraph, " "),
  "one code": `\`\`\`js\n${repeated(i => `const stop${i} = await find("town", {km: ${i}}); // ${phrase(0)}`, "\n")}\n\`\`\``,
};

/** Runs in the page: begins to count frames and long tasks. window.counted() ends it. */
function watch() {
  const frames = [], tasks = [];
  let last = performance.now(), going = true;
  const observer = new PerformanceObserver(list => tasks.push(...list.getEntries().map(e => e.duration)));
  observer.observe({type: "longtask"});
  requestAnimationFrame(function next() {
    const now = performance.now();
    frames.push(now - last);
    last = now;
    if (going) requestAnimationFrame(next);
  });
  window.counted = () => {
    going = false;
    tasks.push(...observer.takeRecords().map(e => e.duration));
    frames.sort((a, b) => a - b);
    const round = n => Math.round(n);
    return {frames: frames.length, median: round(frames[frames.length >> 1]), p95: round(frames[Math.floor(frames.length * 0.95)]), longest: round(frames.at(-1)), tasks: tasks.length, task: round(Math.max(0, ...tasks))};
  };
}

/** Runs in the page: a text arrives in pieces in a box that is scrolled to its end. how: "append" or "answer". */
async function play({text, how, seconds}) {
  const {Answer, loadMarkdown} = await import("/client/chat/markdown.js"), {codeBox, codeLoaded} = await import("/client/chat/code.js");
  await loadMarkdown();
  codeBox("1", "js");
  await codeLoaded();
  const box = document.createElement("div"), body = document.createElement("div");
  box.style.cssText = "height: 800px; overflow-y: auto";
  body.className = how === "append" ? "text plain" : "text";
  box.append(body);
  document.querySelector("main").replaceChildren(box);
  const toEnd = fn => {
    fn();
    box.scrollTop = box.scrollHeight;
  };
  let due = 0, waiting = "";
  const append = more => { // a text node for each frame
    waiting += more;
    due ||= requestAnimationFrame(() => {
      due = 0;
      toEnd(() => body.append(waiting));
      waiting = "";
    });
  };
  const answer = new Answer(body, toEnd), add = how === "append" ? append : more => answer.add(more), began = performance.now();
  for (let at = 0; at < text.length;) {
    await new Promise(go => setTimeout(go, 8));
    const to = Math.min(text.length, Math.ceil(text.length * (performance.now() - began) / 1000 / seconds));
    if (to > at) add(text.slice(at, to));
    at = Math.max(at, to);
  }
  if (how === "answer") toEnd(() => answer.end());
  await new Promise(go => requestAnimationFrame(() => setTimeout(go)));
  return window.counted();
}

async function alone(name, how, site) {
  const context = await site.browser.newContext(VIEW), page = await barePage(site, context);
  await page.evaluate(watch);
  const found = await page.evaluate(play, {text: TEXTS[name], how, seconds: SECONDS});
  await context.close();
  return found;
}

/** The whole page: socket, conversation, transcript. */
async function whole(name, site) {
  const context = await site.browser.newContext(VIEW), page = await context.newPage();
  await page.goto(`${site.stack.url}/#${uuid()}`);
  await page.locator("#text").waitFor();
  site.stack.double.texts.set(name.replace(" ", "-"), TEXTS[name]);
  await page.evaluate(watch);
  await say(page, `go on [[text named=${name.replace(" ", "-")} delay=5]]`);
  await page.locator(".assistant .text").first().waitFor();
  await page.locator("#stop:visible").waitFor();
  await page.locator("#stop").waitFor({state: "hidden", timeout: 300000});
  const found = await page.evaluate(() => window.counted());
  await context.close();
  return found;
}

const stack = await Stack.start(), site = {stack, browser: await launch()}, wanted = process.argv.slice(2);
const cases = [["append", () => alone("text", "append", site)], ...Object.keys(TEXTS).map(name => [name, () => alone(name, "answer", site)]), ["the whole page", () => whole("markdown", site)]];
let base, missed = 0;
for (const [name, run] of cases) {
  if (wanted.length && name !== "append" && !wanted.includes(name)) continue;
  const f = await run();
  base ??= f;
  const factor = name.startsWith("one ") ? 4 : 2, frames = Math.max(50, factor * base.p95), task = Math.max(200, factor * base.task), holds = f.p95 <= frames && f.task <= task;
  if (!holds) missed++;
  console.log(`${name.padEnd(16)} frames ${f.frames}: median ${f.median}, p95 ${f.p95} (x ${(f.p95 / base.p95).toFixed(1)}), longest ${f.longest} ms; ${f.tasks} tasks over 50 ms, the longest ${f.task} ms`
    + (name === "append" ? "" : holds ? "  HOLDS" : `  MISSED: at most ${frames} and ${task} ms`));
}
await site.browser.close();
await stack.stop({check: false});
process.exit(missed ? 1 : 0);

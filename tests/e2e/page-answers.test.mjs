// SPDX-License-Identifier: BSD-2-Clause
// Answers in detail: what the renderer changes of what markdown-it makes, and nothing else; code; pictures; texts in pieces.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import spec from "commonmark-spec";
import {screenshot, served} from "./browser.mjs";
import {barePage} from "./answers.mjs";
import {BUILD, SLOW} from "./harness.mjs";

const CODE = {
  js: "import x from \"./x.js\";\n/** A comment. */\nexport class A extends B { get n() { return `a ${1 + 2} b`.replace(/[a-z]+/g, null); } }",
  py: "@decorator\ndef f(x: int = 1) -> str:\n    \"\"\"Doc.\"\"\"\n    return f\"{x!r} {True}\"  # comment",
  sh: "#!/bin/sh\nfor f in *.c; do echo \"$f\" | grep -q x && exit 1; done",
  json: "{\"a\": [1, true, null, \"text\"]}",
  html: "<!DOCTYPE html><p class=\"a\">text &amp; <script>let x = 1;</script></p>",
  css: "#id .class > a:hover { color: #fff; margin: 1px !important; }",
  diff: "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new",
  c: "#include <stdio.h>\nint main(void) { return printf(\"%d\\n\", 42); }",
  sql: "SELECT name, count(*) FROM trips WHERE km > 100 GROUP BY name; -- all",
  yaml: "a: 1\nb:\n  - \"text\" # comment\n  - true",
  rust: "fn main() { let v: Vec<u8> = vec![1]; println!(\"{:?}\", v); }",
  ini: "[part]\nkey = value ; comment",
};
const MIXED = `# Title *one*

Some text with **bold**, ~~gone~~, \`code\`, a [link](https://example.org/a "t") and www.example.org.
A second line.

- [ ] to do
- [x] done
- plain
  1. one
  2. two

     with a paragraph

> quote
> more
>
> - list

| a | b |
|:-:|--:|
| 1 | 2 |
| x \\| y | **z** |

\`\`\`js
const a = 1; // one
const b = \`x \${a}\`;
\`\`\`

    indented

![picture](https://pictures.example.org/a.png) ![other](https://elsewhere.example.org/b.png)

***

Setext
======

مرحبا \u202Eabc

1. last`;

/** Runs in the page: compares our drawing with what markdown-it's own HTML becomes by the changes that we mean. */
async function compare(examples) {
  const {Answer, loadMarkdown} = await import("/client/chat/markdown.js");
  const {default: MarkdownIt} = await import("/client/chat/markdown-it.js");
  await loadMarkdown();
  const own = new MarkdownIt("default", {html: false, linkify: true, breaks: true});
  own.linkify.set({fuzzyLink: true, tlds: "com org net edu gov info io app dev travel au nz uk us ca ie de fr es it nl be at ch dk se no fi jp za br mx".split(" ")});
  // Their links are not checked, so that ours are.
  own.validateLink = new MarkdownIt().validateLink;

  /** Both sides without what differs by intention. */
  function expected(html) {
    const body = new DOMParser().parseFromString(`<body>${html}`, "text/html").body;
    const swap = (e, tag, change) => {
      const made = document.createElement(tag);
      made.append(...e.childNodes);
      change?.(made);
      e.replaceWith(made);
      return made;
    };
    for (const [from, to] of [["h5", "h6"], ["h4", "h6"], ["h3", "h5"], ["h2", "h4"], ["h1", "h3"]]) for (const e of body.querySelectorAll(from)) swap(e, to); // headings shifted
    for (const img of [...body.querySelectorAll("img")]) { // pictures are links
      const a = document.createElement("a");
      a.setAttribute("href", img.getAttribute("src"));
      a.textContent = `🖼 ${img.alt || "picture"}`;
      img.replaceWith(a);
    }
    for (const a of body.querySelectorAll("a")) {
      let url;
      try { url = new URL(a.getAttribute("href"), location.href); } catch { /* none */ }
      if (!url || !["http:", "https:", "mailto:", "tel:"].includes(url.protocol) || (url.origin === location.origin && url.hash)) {
        swap(a, "span"); // links that may not be followed
      } else {
        a.setAttribute("href", url.href);
        a.removeAttribute("title"); // ours says where it leads
      }
    }
    for (const pre of body.querySelectorAll("pre")) {
      const code = pre.querySelector("code");
      code.textContent = code.textContent.replace(/\n$/, "");
      code.removeAttribute("class");
    }
    for (const e of body.querySelectorAll("[style]")) {
      e.className = /center|right/.exec(e.getAttribute("style")) ?? "";
      e.removeAttribute("style");
      if (!e.className) e.removeAttribute("class");
    }
    return tidy(body);
  }
  function tidy(body) {
    body.normalize();
    for (const e of body.querySelectorAll("ol[start='1']")) e.removeAttribute("start");
    const walk = document.createTreeWalker(body, NodeFilter.SHOW_TEXT), blocks = /^(BODY|DIV|UL|OL|LI|BLOCKQUOTE|TABLE|THEAD|TBODY|TR|HR)$/, out = [];
    while (walk.nextNode()) out.push(walk.currentNode);
    for (const node of out) {
      if (node.parentElement.closest("pre")) continue;
      if (node.previousSibling?.nodeName === "BR") node.data = node.data.replace(/^\n/, "");
      if (!node.data.trim() && /\n/.test(node.data) && blocks.test(node.parentElement.nodeName)) node.remove();
      else if (node.parentElement.nodeName === "LI") node.data = node.data.replace(/^\n|\n$/g, "");
      if (node.isConnected !== false && node.data === "") node.remove();
    }
    return body.innerHTML;
  }
  function shown(text) {
    const body = document.createElement("div");
    new Answer(body, fn => fn()).set(text);
    for (const box of body.querySelectorAll(".code")) {
      const pre = box.querySelector("pre"), code = pre.querySelector("code");
      code.textContent = code.textContent;
      for (const e of [pre, code]) for (const a of [...e.attributes]) e.removeAttribute(a.name);
      box.replaceWith(pre);
    }
    for (const box of body.querySelectorAll(".wide")) box.replaceWith(...box.childNodes);
    for (const e of body.querySelectorAll("[dir]")) e.removeAttribute("dir");
    for (const a of body.querySelectorAll("a")) for (const name of ["title", "target", "rel"]) a.removeAttribute(name);
    return tidy(body);
  }
  const differing = [];
  for (const {markdown, number, section} of examples) {
    const text = markdown.replaceAll("→", "\t");
    // What is said of an address that reads as another is a test of its own (page-markdown).
    const mine = shown(text), theirs = expected(own.render(text));
    if (mine !== theirs) differing.push({number, section, text, mine, theirs});
  }
  return differing;
}

describe("answers", () => {
  const site = served({double: false});

  async function open(t, options = {}) {
    const context = await site.browser.newContext({viewport: {width: 900, height: 900}, ...options});
    t.after(() => context.close());
    return barePage(site, context);
  }

  test("each of CommonMark's examples is what markdown-it makes of it, but for what we change", {timeout: 120000 * SLOW}, async t => {
    const page = await open(t), differing = await page.evaluate(compare, spec.tests);
    assert.equal(spec.tests.length, 652);
    // 346: its host has a backtick, so that the link reads as another address than it leads to: that is said.
    assert.deepEqual(differing.filter(d => d.number !== 346), []);
    assert.match(differing[0]?.mine ?? "", /\(foo\.bar\.`baz\)/);
    assert.deepEqual(page.outside, []);
  });

  test("any split of a text gives what is drawn at once", {timeout: 120000 * SLOW}, async t => {
    const page = await open(t);
    const texts = [MIXED, ...Object.entries(CODE).map(([name, code]) => `before\n\n\`\`\`${name}\n${code}\n\`\`\`\n\nafter`), ...spec.tests.filter(e => e.number % 9 === 0).map(e => e.markdown.replaceAll("→", "\t"))];
    const {differing, drawn} = await page.evaluate(async texts => {
      const {Answer, loadMarkdown, setImageSources} = await import("/client/chat/markdown.js");
      const {codeLoaded} = await import("/client/chat/code.js");
      await loadMarkdown();
      setImageSources(["https://pictures.example.org"]);
      new Answer(document.createElement("div"), fn => fn()).set("```js\n1\n```");
      await codeLoaded();
      // Frames come when we say so.
      let frames = [];
      window.requestAnimationFrame = fn => frames.push(fn);
      window.cancelAnimationFrame = () => { frames = []; };
      window.setTimeout = fn => { fn(); return 0; };
      let seed = 7, drawn = 0, clock = 0;
      const random = n => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
      performance.now = () => (clock += 0.001);
      const differing = [];
      for (const text of texts) {
        const whole = document.createElement("div");
        new Answer(whole, fn => fn()).set(text);
        for (let round = 0; round < 4; round++) {
          const body = document.createElement("div"), answer = new Answer(body, fn => { drawn++; fn(); }), cuts = [];
          const longest = [1, 5, 40, 400][round];
          answer.set("");
          for (let i = 0; i < text.length;) {
            const n = 1 + random(longest);
            cuts.push(n);
            answer.add(text.slice(i, i + n));
            i += n;
            for (let k = 0; k < 5 && frames.length; k++) { // one that is too early asks again
              clock += 1000;
              const due = frames;
              frames = [];
              for (const fn of due) fn();
            }
          }
          answer.end();
          if (body.innerHTML !== whole.innerHTML) differing.push({text, cuts: cuts.join(" "), whole: whole.innerHTML, grown: body.innerHTML});
        }
      }
      return {differing, drawn};
    }, texts);
    assert.ok(drawn > 3000, `${drawn} drawings`);
    assert.deepEqual(differing.slice(0, 2), []);
  });

  test("code has its language, a button that copies, and colours that can be read", async t => {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(t, {colorScheme, permissions: ["clipboard-read", "clipboard-write"]});
      const contrasts = await page.evaluate(async code => {
        const {Answer, loadMarkdown} = await import("/client/chat/markdown.js");
        const {codeLoaded} = await import("/client/chat/code.js");
        await loadMarkdown();
        const body = document.createElement("div");
        body.className = "text";
        document.querySelector("main").append(body);
        new Answer(body, fn => fn()).set(Object.entries(code).map(([name, text]) => `\`\`\`${name}\n${text}\n\`\`\``).join("\n\n"));
        await codeLoaded();
        const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
        const light = colour => {
          paint.fillStyle = colour;
          paint.fillRect(0, 0, 1, 1);
          const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const out = {};
        for (const span of body.querySelectorAll(".code span, .code button")) {
          const a = light(getComputedStyle(span).color), b = light(getComputedStyle(span.closest(".code")).backgroundColor);
          out[span.className] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        }
        return out;
      }, CODE);
      assert.ok(Object.keys(contrasts).length > 18, Object.keys(contrasts).join(" "));
      for (const [name, contrast] of Object.entries(contrasts)) assert.ok(contrast >= 4.5, `${colorScheme}: ${name} has a contrast of ${contrast.toFixed(2)}`);
      const plain = await page.evaluate(() => [...new Set([...document.querySelectorAll(".code span[class^=c-]")].filter(e => getComputedStyle(e).color === getComputedStyle(e.closest("pre")).color).map(e => e.className))]);
      t.diagnostic(`in the text's colour: ${plain.join(" ")}`);
      assert.equal(await page.locator(".code .language").first().textContent(), "js");
      assert.equal(await page.locator(".code pre").first().textContent(), CODE.js);
      await page.locator(".code .copy").first().click();
      await page.locator(".copy", {hasText: "Copied"}).waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), CODE.js);
      await page.evaluate(() => {
        Object.defineProperty(navigator, "clipboard", {value: undefined});
        window.copied = [];
        document.addEventListener("copy", () => window.copied.push(document.activeElement.value));
      });
      await page.locator(".code .copy").nth(1).click();
      await page.locator(".copy", {hasText: "Copied"}).nth(1).waitFor();
      assert.deepEqual(await page.evaluate(() => window.copied), [CODE.py]);
      await screenshot(page, `code-${colorScheme}`);
      await page.close();
    }
  });

  test("the library that colours comes with the first code", async t => {
    const page = await open(t), asked = [];
    page.on("request", r => asked.push(new URL(r.url()).pathname.split("/").at(-1)));
    const show = text => page.evaluate(async text => {
      const {Answer, loadMarkdown} = await import("/client/chat/markdown.js");
      const {codeLoaded} = await import("/client/chat/code.js");
      await loadMarkdown();
      const body = document.createElement("div");
      document.querySelector("main").replaceChildren(body);
      new Answer(body, fn => fn()).set(text);
      const before = body.querySelectorAll("span[class^=c-]").length;
      await codeLoaded();
      return [before, body.querySelectorAll("span[class^=c-]").length];
    }, text);
    await show("no code, only `words` and\n\n    a block without a name");
    assert.ok(!asked.includes("highlight.js"));
    const [before, after] = await show("```js\nlet a = 1;\n```");
    assert.ok(before === 0 && after > 1, `${before}, ${after}`);
    assert.ok(asked.includes("highlight.js"));
    assert.deepEqual(await show("```no-such-language\nlet a = 1;\n```"), [0, 0]);
    assert.deepEqual(await show(`\`\`\`js\n${"let a = 1;\n".repeat(3000)}\`\`\``), [0, 0], "long code has one colour");
  });

  test("code in any language holds nothing up", {timeout: 120000 * SLOW}, async t => {
    const page = await open(t);
    const texts = {quotes: "\"".repeat(11900), "open comments": "/* ".repeat(2900), tags: "<a ".repeat(2900), braces: "{(".repeat(5900), "templates": "`${".repeat(2900), "hashes": "# ".repeat(5900), "one word": "a".repeat(11900),
      numbers: "1e".repeat(5900), "spaces": " ".repeat(11900) + "x", lines: "x\n".repeat(5900).trim(), "long lines": `${"a".repeat(239)}\n`.repeat(49).trim(), "lines of numbers": `${"1e".repeat(119)}\n`.repeat(49).trim(), "lines of dashes": `${"-".repeat(239)}\n`.repeat(49).trim(), backslashes: "\\".repeat(11900), "here-documents": "<<A ".repeat(4000), dashes: "-".repeat(11900)};
    const slow = await page.evaluate(async texts => {
      const {codeBox, codeLoaded} = await import("/client/chat/code.js");
      codeBox("1", "js");
      await codeLoaded();
      const out = [];
      for (const language of ["bash", "c", "cpp", "css", "diff", "go", "ini", "java", "js", "json", "lua", "php", "py", "rust", "sql", "ts", "html", "yaml"]) {
        for (const [name, text] of Object.entries(texts)) {
          const began = performance.now(), box = codeBox(text, language);
          if (box.querySelector("code").textContent !== text) out.push([language, name, "differs"]);
          const took = performance.now() - began;
          if (took > 100) out.push([language, name, Math.round(took)]);
        }
      }
      return out;
    }, texts);
    t.diagnostic(`over 100 ms: ${JSON.stringify(slow)}`);
    assert.deepEqual(slow.filter(s => s[2] === "differs"), []);
    assert.ok(slow.every(s => s[2] < 3000 * SLOW), JSON.stringify(slow));
  });

  test("pictures are shown from where the operator allows", async t => {
    const page = await open(t);
    await page.context().route("https://pictures.example.org/**", route => route.fulfill({contentType: "image/svg+xml", body: "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30'/>"}));
    const text = "![a boat](https://pictures.example.org/a.svg) ![](http://pictures.example.org/b.svg) ![c](https://evil.example/c.png) ![d](https://pictures.example.org.evil.example/d.png) ![e](data:image/png;base64,AA==)";
    const shown = await page.evaluate(async text => {
      const {Answer, loadMarkdown, setImageSources} = await import("/client/chat/markdown.js");
      await loadMarkdown();
      const body = document.createElement("div"), answer = new Answer(body, fn => fn());
      document.querySelector("main").append(body);
      answer.set(text);
      const before = body.querySelectorAll("img").length;
      setImageSources(["https://pictures.example.org", null, 7]);
      answer.refresh();
      const [image] = body.querySelectorAll("img");
      await image.decode();
      const after = [...body.querySelectorAll("img")].map(i => [i.src, i.alt, i.loading, i.referrerPolicy]), links = [...body.querySelectorAll("a")].map(a => a.href);
      setImageSources(undefined);
      answer.refresh();
      return {before, after, links, last: body.querySelectorAll("img").length};
    }, text);
    assert.deepEqual(shown, {before: 0, last: 0, after: [["https://pictures.example.org/a.svg", "a boat", "lazy", "no-referrer"]],
      links: ["http://pictures.example.org/b.svg", "https://evil.example/c.png", "https://pictures.example.org.evil.example/d.png"]});
    assert.deepEqual(page.outside, ["https://pictures.example.org/a.svg"]);
  });

  test("lists of tasks have boxes with a name", async t => {
    const page = await open(t);
    const shown = await page.evaluate(async text => {
      const {Answer, loadMarkdown} = await import("/client/chat/markdown.js");
      await loadMarkdown();
      const body = document.createElement("div");
      new Answer(body, fn => fn()).set(text);
      return [body.textContent, [...body.querySelectorAll("[role=img]")].map(e => e.getAttribute("aria-label"))];
    }, "- [ ] **book** it\n- [X] pay\n- [y] no\n- [ ](https://example.org)\n\n[ ] none");
    assert.deepEqual(shown, ["☐ book it☑ pay[y] no [ ] none", ["to do", "done"]]);
  });

  test("what is settled is never drawn again, and a piece touches few nodes", {timeout: 120000 * SLOW}, async t => {
    const page = await open(t);
    const kinds = {
      paragraphs: Array.from({length: 150}, (_, i) => `Paragraph ${i} with **bold words** and \`code\` and so on, ${"word ".repeat(20)}`).join("\n\n"),
      "one list": Array.from({length: 300}, (_, i) => `- item ${i} with **bold** and [a link](https://example.org/${i})`).join("\n"),
      "one paragraph": "The road north follows *the coast* and goes on. ".repeat(300),
      "one table": `| a | b |\n|---|---|\n${"| cell | **two** |\n".repeat(300)}`,
      "one code": `\`\`\`js\n${"const a = `x ${1}`; // one\n".repeat(300)}\`\`\``,
    };
    const found = await page.evaluate(async kinds => {
      const {Answer, loadMarkdown} = await import("/client/chat/markdown.js");
      const {codeBox, codeLoaded} = await import("/client/chat/code.js");
      await loadMarkdown();
      codeBox("1", "js");
      await codeLoaded();
      const frame = () => new Promise(go => requestAnimationFrame(() => setTimeout(go))), out = {};
      for (const [name, text] of Object.entries(kinds)) {
        const body = document.createElement("div"), answer = new Answer(body, fn => fn());
        document.querySelector("main").replaceChildren(body);
        answer.set(text.slice(0, text.length / 2));
        const kept = [...body.querySelectorAll("*")].slice(0, -20);
        let most = 0, drawings = 0;
        for (let at = text.length / 2; at < text.length; at += 25) {
          let touched = 0;
          const count = records => { touched += records.reduce((sum, r) => sum + r.addedNodes.length + r.removedNodes.length + (r.type === "childList" ? 0 : 1), 0); };
          const seen = new MutationObserver(count);
          seen.observe(body, {childList: true, characterData: true, subtree: true, attributes: true});
          answer.add(text.slice(at, at + 25));
          const before = body.textContent.length;
          for (let i = 0; i < 400 && body.textContent.length === before; i++) await frame();
          count(seen.takeRecords());
          seen.disconnect();
          most = Math.max(most, touched);
          if (++drawings >= 40) break;
        }
        out[name] = {most, drawings, gone: kept.filter(e => !body.contains(e)).length};
      }
      return out;
    }, kinds);
    t.diagnostic(JSON.stringify(found));
    for (const [name, {most, drawings, gone}] of Object.entries(found)) {
      assert.ok(drawings === 40, name);
      assert.equal(gone, 0, `${name}: elements were replaced`);
      assert.ok(most > 0 && most <= 60, `${name}: ${most} nodes were touched at once`);
    }
  });

  test("what is made is really made, and small", () => {
    const most = {"coast.js": 62, "highlight.js": 34, "markdown-it.js": 50}; // KiB, compressed
    for (const [name, limit] of Object.entries(most)) {
      const text = readFileSync(join(BUILD, "web/client/chat", name)), size = gzipSync(text).length;
      assert.ok(!text.includes("made without"), name);
      assert.ok(size > 20000 && size < limit * 1024, `${name}: ${size} bytes`);
    }
  });

  test("hostile shapes stay small", {timeout: 120000 * SLOW}, async t => {
    const page = await open(t);
    const texts = {quotes: `${"> ".repeat(10000)}a`, "more quotes": ">".repeat(10000), lists: Array.from({length: 10000}, (_, i) => `${" ".repeat(Math.min(i, 200))}- a`).join("\n"), "lists in a line": `${"- ".repeat(10000)}a`, numbers: `${"1. ".repeat(10000)}a`,
      "a line of 1 MB": "word ".repeat(200000), "broken fences": "```js\n~~~\n``` x\n````\n".repeat(2000), "a wide table": `|${"a|".repeat(2900)}\n|${"-|".repeat(2900)}\n`, overrides: "\u202E\u2066".repeat(20000), "a long table": `| a |\n|---|\n${"| b |\n".repeat(30000)}`,
      emphasis: `${"*a ".repeat(5000)}${"b* ".repeat(5000)}`};
    const found = await page.evaluate(async texts => {
      const {Answer, loadMarkdown} = await import("/client/chat/markdown.js");
      await loadMarkdown();
      const out = {};
      for (const [name, text] of Object.entries(texts)) {
        const body = document.createElement("div"), began = performance.now();
        body.className = "text";
        document.querySelector("main").replaceChildren(body);
        new Answer(body, fn => fn()).set(text);
        const drawn = performance.now();
        body.getBoundingClientRect();
        let depth = 0;
        for (const e of body.querySelectorAll("*")) {
          let d = 0;
          for (let p = e; p !== body; p = p.parentNode) d++;
          depth = Math.max(depth, d);
          if (depth > 1000) break;
        }
        out[name] = {elements: body.querySelectorAll("*").length, depth, shown: body.textContent.length, ms: [Math.round(drawn - began), Math.round(performance.now() - drawn)]};
      }
      return out;
    }, texts);
    for (const [name, facts] of Object.entries(found)) {
      t.diagnostic(`${name}: ${JSON.stringify(facts)}`);
      assert.ok(facts.shown > 0 || facts.depth >= 100, name); // what is nested deeper than 100 is left out
      assert.ok(facts.depth <= 130 && facts.elements <= 40000, `${name}: ${JSON.stringify(facts)}`);
    }
    assert.deepEqual(page.outside, []);
  });
});

// SPDX-License-Identifier: BSD-2-Clause
// The page's languages: every sentence of the screen is in each of them, and a choice changes all of it.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import {join, relative} from "node:path";
import {answers, say, screenshot, served} from "./browser.mjs";
import {TOP} from "./harness.mjs";

const WEB = join(TOP, "web"), WORDS = join(WEB, "client/chat/words");
const tags = readdirSync(WORDS).map(f => f.replace(/\.js$/, "")).sort();

// ---- what stands in the sources ------------------------------------------------------------------------------

const files = readdirSync(WEB, {recursive: true}).map(f => join(WEB, f)).filter(f => /\.(js|html)$/.test(f) && !f.startsWith(WORDS) && !f.endsWith("markdown-it.js"));
const LITERAL = String.raw`"(?:[^"\\\n]|\\.)*"`;
const names = text => [...text.matchAll(/\{(\w+)\}/g)].map(m => m[1]).sort();

/** {sentences: Map text -> files, counts: Map other -> {one, files}, loose: calls whose text is no literal} of all sources. */
function collect() {
  const sentences = new Map(), counts = new Map(), loose = [];
  const add = (map, key, value) => map.set(key, value);
  for (const file of files) {
    const source = readFileSync(file, "utf8"), where = relative(TOP, file);
    if (file.endsWith(".html")) {
      for (const [, text] of source.matchAll(/\sdata-t(?:-[\w-]+)?="([^"]*)"/g)) add(sentences, text.replaceAll("&amp;", "&"), where);
      continue;
    }
    const code = source.replace(/^\s*(\/\/|\*|\/\*).*$/gm, ""); // no comments
    for (const [call, text] of code.matchAll(new RegExp(String.raw`(?<![\w.#$])t\(\s*(${LITERAL})?`, "g"))) {
      if (text) add(sentences, JSON.parse(text), where);
      else if (!where.endsWith("words.js") && !where.endsWith("labels.js")) loose.push(`${where}: ${call}${code.slice(code.indexOf(call) + call.length, code.indexOf(call) + 50)}`);
    }
    for (const [, one, other] of code.matchAll(new RegExp(String.raw`(?<![\w.#$])n\(\s*[^"\n]*?,\s*(${LITERAL}),\s*(${LITERAL})`, "g"))) add(counts, JSON.parse(other), {one: JSON.parse(one), where});
  }
  return {sentences, counts, loose};
}
const {sentences, counts, loose} = collect();

describe("the words of the screen", () => {
  test("are literals, so that they can be collected", () => {
    assert.deepEqual(loose, []);
    assert.ok(sentences.size > 50, String(sentences.size));
    assert.ok(sentences.has("Where are you going?") && sentences.has("Settings"));
  });

  for (const tag of tags) {
    test(`are all there in ${tag}, with the same names, and nothing more`, async () => {
      const table = (await import(join(WORDS, `${tag}.js`))).default, forms = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
      assert.deepEqual([...sentences.keys(), ...counts.keys()].filter(text => !(text in table)).sort(), [], "not translated");
      assert.deepEqual(Object.keys(table).filter(text => !sentences.has(text) && !counts.has(text)), [], "not used any more");
      for (const [text, found] of Object.entries(table)) {
        if (counts.has(text)) {
          assert.ok(forms.filter(f => f !== "many").every(form => typeof found[form] === "string"), `${text}: one of ${forms} is missing`);
          for (const form of Object.values(found)) assert.deepEqual(names(form).filter(name => name !== "n"), names(text).filter(name => name !== "n"), text);
        } else {
          assert.equal(typeof found, "string", text);
          assert.ok(found.trim() && found.trim() === found, text);
          assert.deepEqual(names(found), names(text), `${text}: ${found}`);
        }
      }
    });
  }

  test("every sentence of the page's own file stands there as its English", () => {
    const html = readFileSync(join(WEB, "index.html"), "utf8");
    for (const [, text, shown] of html.matchAll(/\sdata-t="([^"]*)"[^>]*>([^<]*)</g)) assert.ok([text, text.replace("{name}", "PAM")].includes(shown), text);
  });
});

// ---- on the screen ----------------------------------------------------------------------------------------------

describe("the page in another language", () => {
  const site = served();
  async function open(t, options) {
    const context = await site.browser.newContext({viewport: {width: 900, height: 700}, ...options});
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(site.stack.url);
    await page.locator("#state[data-state=live]").waitFor();
    return page;
  }

  test("fits the browser's at first, the conversation too, and screen readers are told which", async t => {
    for (const [language, welcome, send] of [["de-AT", "Wohin soll es gehen?", "Senden"], ["es-MX", "¿Adónde vas?", "Enviar"], ["fr-CA", "Où vas-tu ?", "Envoyer"], ["it", "Where are you going?", "Send"]]) {
      const page = await open(t, {locale: language});
      await page.getByRole("heading", {name: welcome}).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.lang), language === "it" ? "en" : language.slice(0, 2));
      assert.equal(await page.locator("#send").textContent(), send, language);
      await screenshot(page, `language-${language}`);
    }
  });

  test("a choice changes the whole page at once, is kept, and is the locale of what is asked", async t => {
    const page = await open(t, {locale: "en-AU"});
    await page.locator("#text").fill("a draft");
    await page.getByRole("button", {name: "Settings"}).click();
    await page.getByLabel("Language").selectOption("de");
    await page.getByRole("heading", {name: "Einstellungen"}).waitFor();
    await page.getByRole("status").filter({hasText: "Gespeichert."}).waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#new").textContent(), "Neuer Chat");
    assert.equal(await page.locator("#state-text").textContent(), "Verbunden");
    assert.equal(await page.locator("#text").inputValue(), "a draft", "what is being written stays");
    await say(page, "hallo [[text say=Guten_Tag.]]");
    await answers(page).filter({hasText: "Guten Tag."}).waitFor();
    assert.match(JSON.stringify(site.stack.double.requests.at(-1).body), /Locale: de\b/);
    await page.reload();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
    await page.locator("#new", {hasText: "Neuer Chat"}).waitFor();
    await site.stack.request("PUT", "/context", {body: {language: null}});
  });

  test("what was chosen on another device counts here, where nothing was", async t => {
    await site.stack.request("PUT", "/context", {body: {language: "fr"}});
    const page = await open(t, {locale: "en-AU"});
    await page.locator("#new", {hasText: "Nouvelle discussion"}).waitFor();
    await site.stack.request("PUT", "/context", {body: {language: null}});
  });
});

test("a language is one file and one tag", async t => {
  const {fitting, languages, setLanguage, t: say, n, locale} = await import(join(WEB, "client/chat/words.js"));
  t.after(() => setLanguage("en"));
  assert.deepEqual([...languages].sort(), ["en", ...tags].sort(), "each file has its tag");
  await setLanguage("de");
  assert.notEqual(say("Settings"), "Settings");
  assert.equal(say("There is no such sentence, {name}.", {name: "Anna"}), "There is no such sentence, Anna.", "English stands in");
  assert.equal(n(1, "{n} thing", "{n} things"), "1 thing");
  assert.equal(locale(), "de");
  assert.equal(fitting(["xx", "fr-CA", "de"]), "fr");
});

// SPDX-License-Identifier: BSD-2-Clause
// A bare page with the parts that show answers and cards: their style, light or dark, nothing around them.
import {uuid} from "./harness.mjs";

const COLOURS = `
:root { color-scheme: light; --ground: #f7f6f2; --panel: #ffffff; --ink: #1c2321; --soft: #5b6763; --line: #dcdfd9;
  --accent: #0b6e5d; --accent-ink: #ffffff; --mine: #dff0ea; --warn: #9a4b00; --bad: #b3261e; --good: #1f8a4c; --radius: 14px; }
@media (prefers-color-scheme: dark) { :root { color-scheme: dark; --ground: #121715; --panel: #1b2220; --ink: #e7ece9; --soft: #9db0a9; --line: #2f3a36;
  --accent: #4cc4a9; --accent-ink: #06231c; --mine: #1f3c34; --warn: #f0b060; --bad: #ff8a80; --good: #5fd08c; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 12px; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 748px; margin: 0 auto; display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; }
.text { min-width: 0; background: var(--panel); padding: 11px 15px; overflow-wrap: anywhere; }
.text .wide { overflow-x: auto; }
.text code { font: .88em/1.45 ui-monospace, monospace; }
.text pre { overflow-x: auto; }
.plain { white-space: pre-wrap; }
.end, .right { text-align: end; }`;

/** Opens it in `context`; page.outside: what was asked for elsewhere; page.said: errors of the console. */
export async function barePage(site, context) {
  const page = await context.newPage();
  page.outside = [];
  page.said = [];
  page.on("request", r => r.url().startsWith(site.stack.url) || page.outside.push(r.url()));
  page.on("console", m => m.type() === "error" && page.said.push(m.text()));
  await page.route(/bare-page/, route => route.fulfill({contentType: "text/html", body: "<!DOCTYPE html><html lang=en><title>bare</title><main></main>",
    headers: {"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https://pictures.example.org https://tiles.example.org; connect-src 'self'"}}));
  await page.goto(`${site.stack.url}/bare-page-${uuid()}`);
  await page.evaluate(async colours => {
    const sheet = new CSSStyleSheet(), {ANSWERS} = await import("/client/chat/style-answers.js");
    sheet.replaceSync(colours + ANSWERS);
    document.adoptedStyleSheets = [sheet];
  }, COLOURS);
  return page;
}

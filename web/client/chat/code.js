// SPDX-License-Identifier: BSD-2-Clause
// Code in answers: a box with the language's name, a button that copies, and colours. The library that colours is loaded with
// the first box; what it finds becomes elements with text nodes, never HTML.
import {copy} from "./clipboard.js";
import {button, element, visible} from "./elements.js";
import {t} from "./words.js";

const LONGEST = 12000, LONGEST_LINE = 240; // longer code has one colour: patterns take a time that is the square of a line
const TOO_LONG = new RegExp(`.{${LONGEST_LINE + 1}}`), DEEPEST = 24;

let library = null, loading = null;
const waiting = new Set(); // boxes that were drawn before the library was there

function load() {
  loading ??= import("./highlight.js").then(module => { library = module.default; }).catch(() => { /* one colour then */ }).then(() => {
    if (library) for (const code of waiting) colour(code);
    waiting.clear();
  });
  return loading;
}

/** Resolves when code has its colours, or never will. */
export const codeLoaded = () => loading ?? Promise.resolve();

/** Appends the library's tree: a scope is a class, all else is text. */
function draw(parent, node, depth = 0) {
  for (const child of node.children) {
    if (typeof child === "string") {
      parent.append(child);
    } else if (depth >= DEEPEST || !child.scope || child.scope.startsWith("language:")) {
      draw(parent, child, depth + 1);
    } else {
      const span = element("span", `c-${child.scope.split(".")[0]}`);
      parent.append(span);
      draw(span, child, depth + 1);
    }
  }
}

function colour(code) {
  const language = code.dataset.language, text = code.textContent;
  if (text.length > LONGEST || TOO_LONG.test(text) || !library.getLanguage(language)) return;
  try {
    const coloured = document.createDocumentFragment(), root = library.highlight(text, {language, ignoreIllegals: true})._emitter.rootNode;
    draw(coloured, root);
    if (coloured.textContent === text) code.replaceChildren(coloured);
  } catch { /* it is still a text */ }
}

async function press(button, code) {
  button.textContent = await copy(code.textContent, button.parentNode) ? t("Copied") : t("Not copied");
  setTimeout(() => { button.textContent = t("Copy"); }, 2000);
}

/** A box for code. What is copied is what is shown: characters that turn the direction stay spelt out. */
export function codeBox(text, info = "") {
  const name = visible(info.trim().split(/\s/)[0]).slice(0, 30), box = element("div", "code"), head = element("div", "code-head");
  const pre = element("pre"), code = element("code", "", visible(text.replace(/\n$/, "")));
  const copier = button(t("Copy"), "copy", () => press(copier, code));
  copier.setAttribute("aria-live", "polite");
  pre.dir = "ltr";
  pre.tabIndex = 0; // scrolls by keys
  head.append(element("span", "language", name), copier);
  pre.append(code);
  box.append(head, pre);
  if (!name) return box;
  code.dataset.language = name.toLowerCase();
  if (library) colour(code);
  else if (waiting.size < 1000) waiting.add(code);
  load();
  return box;
}

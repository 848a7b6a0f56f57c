// SPDX-License-Identifier: BSD-2-Clause
// Answers: Markdown as elements. The library only reads: it gives tokens, and this makes elements of those
// that it knows, with text in text nodes. No text of an answer is ever read as HTML.
import {codeBox} from "./code.js";
import {element, visible} from "./elements.js";
import {locale, t} from "./words.js";

const SHARE = 4; // drawing takes at most this part of the time
const LONGEST = 250000; // a longer answer is shown as plain text
const MOST = 15000; // so is one with more signs of Markdown: reading and laying out a table of a thousand columns takes seconds
const SIGNS = /[\n|>[\]*_`]/g;
// A line of blocks in each other, which the library leaves out or the screen has no room for: the answer is plain text then.
const NESTED = /^(?![ \t]*(?:[-*_][ \t]*)+$)[ \t]*(?:>[ \t]?|(?:[-*+]|\d{1,9}[.)])[ \t]+){25,}|^[ \t]{60,}(?:[-*+]|\d{1,9}[.)])[ \t]/m;
const DEEPEST = 24; // elements in each other in a line, more are left out: laying out thousands takes seconds
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;
const SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);
// What a bare name has to end with to be an address; endings that are more often those of files are left out.
const DOMAINS = "com org net edu gov info io app dev travel au nz uk us ca ie de fr es it nl be at ch dk se no fi jp za br mx".split(" ");
// Headings stand below the page's own.
const TAGS = {h1: "h3", h2: "h4", h3: "h5", h4: "h6", h5: "h6", h6: "h6", p: "p", ul: "ul", ol: "ol", li: "li",
  blockquote: "blockquote", table: "table", thead: "thead", tbody: "tbody", tr: "tr", th: "th", td: "td",
  strong: "strong", em: "em", s: "s"};

let parser = null, loading = null, sources = new Set();

/** Gets the library, once. Without it answers are plain text. */
export function loadMarkdown() {
  loading ??= import("./markdown-it.js").then(module => {
    if (!module.default) return;
    parser = new module.default("default", {html: false, linkify: true, breaks: true});
    parser.linkify.set({fuzzyLink: true, tlds: DOMAINS});
  }).catch(() => { /* plain text then */ });
  return loading;
}

/** The origins from which pictures are shown; others are links. Answers that are drawn already follow with refresh(). */
export function setImageSources(list) {
  sources = new Set((Array.isArray(list) ? list : []).filter(origin => typeof origin === "string"));
}

// ---- tokens to elements ---------------------------------------------------------------------------

/** An address that may be followed from an answer, or null. */
function safeAddress(href) {
  let url;
  try {
    url = new URL(href, location.href);
  } catch {
    return null;
  }
  if (!SCHEMES.has(url.protocol)) return null;
  // On this site a fragment can carry a token: nobody is signed in by a click on an answer.
  return url.origin === location.origin && url.hash ? null : url;
}

function link(href) {
  const url = safeAddress(href);
  if (!url) return element("span");
  const a = element("a");
  a.href = url.href;
  a.title = visible(url.href);
  a.target = "_blank";
  a.rel = "noopener noreferrer";
  return a;
}

// A host or a mail address in a text, with the path behind it; and a telephone number.
const NAMES = /(?<![\p{L}\p{M}\p{N}_+.@-])[.@]*([\p{L}\p{M}\p{N}_+-]+(?:[.@]+[\p{L}\p{M}\p{N}_+-]+)+)(?:[:/?#]\S*)?/gu;
const HOST = /[.@](?:\p{L}{2,}|xn--[a-z\d-]+)$|^\d+(?:\.\d+){3}$/iu; // "v2.0" is none
const PHONES = /\+?\d[\d ()./-]{4,}\d/g;
const plain = name => name.toLowerCase().replace(/^www\./, "");
const digits = text => text.replace(/[^\d+]/g, "");

function decoded(address) {
  try {
    return decodeURI(address);
  } catch {
    return address;
  }
}

/** A link that reads as one address and leads to another says so; also one to a host in look-alike letters. */
function unmask(a) {
  if (!a.href) return;
  const phone = a.protocol === "tel:", text = a.textContent.normalize("NFKC").replace(/\p{Cf}/gu, "");
  const to = phone ? digits(a.pathname) : plain(a.hostname || decoded(a.pathname));
  const named = phone ? (text.match(PHONES) ?? []).map(digits) : [...text.matchAll(NAMES)].map(m => plain(m[1])).filter(n => HOST.test(n));
  if (named.some(name => name !== to) || (to.includes("xn--") && !text.includes("xn--")))
    a.append(` (${visible(a.host || to)})`);
}

/** What tokens inside a line say, without how it looks. */
const words = tokens => tokens.map(t => t.children ? words(t.children) : /break$/.test(t.type) ? " " : t.content).join("");

/** Nothing is loaded from where the operator does not allow: there a picture is a link to it. */
function picture(token) {
  const url = safeAddress(token.attrGet("src") ?? ""), name = visible(words(token.children ?? []));
  if (url && sources.has(url.origin)) {
    const image = element("img");
    image.alt = name || t("picture");
    image.loading = "lazy";
    image.decoding = "async";
    image.referrerPolicy = "no-referrer";
    image.src = url.href;
    return image;
  }
  const a = link(token.attrGet("src") ?? "");
  a.textContent = `🖼 ${name || t("picture")}`;
  unmask(a);
  return a;
}

/** "[x] " at the start of a list's item is a box. Returns the tokens behind it. */
function task(parent, tokens) {
  const [, mark, rest] = /^\[([ xX])\] (.*)$/s.exec(tokens[0]?.type === "text" ? tokens[0].content : "") ?? [];
  if (mark === undefined) return tokens;
  const box = element("span", "task", mark === " " ? "☐" : "☑");
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", mark === " " ? t("to do") : t("done"));
  parent.append(box, " ");
  return [{...tokens[0], content: rest}, ...tokens.slice(1)];
}

const LEAVES = {
  text: t => visible(t.content),
  code_inline: t => element("code", "", visible(t.content)),
  softbreak: () => element("br"),
  hardbreak: () => element("br"),
  hr: () => element("hr"),
  image: picture,
  fence: token => codeBox(token.content, token.info),
  code_block: token => codeBox(token.content),
};

function opened(token) {
  if (token.type === "link_open") return link(token.attrGet("href") ?? "");
  const e = element(TAGS[token.tag] ?? "span");
  const align = /text-align:(center|right)/.exec(token.attrGet("style") ?? "")?.[1];
  if (align) e.className = align;
  if (token.tag === "ol" && token.attrGet("start") !== null) e.start = Number(token.attrGet("start"));
  return e;
}

/** A wide table scrolls by itself, also by keys. */
function wide(table) {
  const box = element("div", "wide");
  box.tabIndex = 0;
  box.append(table);
  return box;
}

/** Appends what the tokens say to `parent`. */
function build(parent, tokens, top = true) {
  const open = [parent];
  for (const [i, token] of tokens.entries()) {
    const here = open.at(-1);
    if (token.hidden) continue; // the paragraphs of a tight list
    if (token.nesting > 0 && !top && open.length > DEEPEST) {
      open.push(here);
    } else if (token.nesting > 0) {
      const e = opened(token);
      here.append(e.nodeName === "TABLE" ? wide(e) : e);
      open.push(e);
    } else if (token.nesting < 0) {
      if (open.length > 1) open.pop();
      if (top && open.length === 1) here.dir = "auto"; // when it is whole: it is looked through each time
      if (token.type === "link_close") unmask(here);
    } else if (token.type === "inline") {
      build(here, tokens[i - 2]?.type === "list_item_open" ? task(here, token.children) : token.children, false);
    } else {
      here.append(LEAVES[token.type]?.(token) ?? visible(token.content));
    }
  }
}

// ---- an answer that grows ----------------------------------------------------------------------------

/** Makes `have` the same as `want`, of which nothing is used again: what is the same already is not touched. */
function become(have, want) {
  if (have.nodeType === Node.TEXT_NODE && want.nodeType === Node.TEXT_NODE) {
    if (want.data.startsWith(have.data)) {
      if (want.data.length > have.data.length) have.appendData(want.data.slice(have.data.length));
    } else {
      have.data = want.data;
    }
    return have;
  }
  if (have.nodeName !== want.nodeName || have.attributes?.length !== want.attributes?.length ||
      [...want.attributes].some(a => have.getAttribute(a.name) !== a.value)) {
    have.replaceWith(want);
    return want;
  }
  becomeAll([...have.childNodes], [...want.childNodes], have, null);
  return have;
}

/** The same for the nodes of `parent` that are in front of `end`. Returns them. */
function becomeAll(have, want, parent, end) {
  const nodes = want.map((node, i) => i < have.length ? become(have[i], node) : parent.insertBefore(node, end));
  for (const node of have.slice(want.length)) node.remove();
  return nodes;
}

/**
 * One answer's text in `body`. Blocks that can no longer change are drawn once. What follows is read again as it grows, in an
 * animation frame, and not before the time that the last drawing took has passed SHARE times; then only what differs is touched.
 */
export class Answer {
  #text = ""; #done = 0; #tail = []; #signs = 0; #nested = false; #plain = false; #drawn = ""; #due = 0; #notBefore = 0;

  /** around(fn): runs a change of the log. */
  constructor(body, around) {
    this.body = body;
    this.around = around;
  }

  get text() { return this.#text; }
  get #isPlain() { return !parser || this.#text.length > LONGEST || this.#signs > MOST || this.#nested; }
  /** What a drawing depends on besides the text. */
  get #manner() { return [this.#isPlain, locale(), ...sources].join(" "); }

  /** The whole text, drawn at once. More may be added. */
  set(text) {
    cancelAnimationFrame(this.#due);
    this.#due = 0;
    this.#text = text;
    this.#signs = count(text);
    this.#nested = NESTED.test(text);
    this.#drawAll();
  }
  add(delta) {
    this.#text += delta;
    this.#signs += count(delta);
    this.#nested ||= NESTED.test(this.#text.slice(this.#text.lastIndexOf("\n", this.#text.length - delta.length - 1) + 1));
    this.#due ||= requestAnimationFrame(this.#frame);
  }
  /** No more is coming. An address that is defined behind its use is known now. */
  end() {
    cancelAnimationFrame(this.#due);
    this.#due = 0;
    if (DEFINITION.test(this.#text)) this.#drawAll();
    else this.#draw();
  }

  /** The library is there now, pictures may come from elsewhere, or the language is another. */
  refresh() {
    if (this.#drawn !== this.#manner) this.#drawAll();
  }

  #frame = () => {
    const began = performance.now();
    if (began < this.#notBefore) {
      this.#due = requestAnimationFrame(this.#frame);
      return;
    }
    this.#due = 0;
    this.around(() => this.#draw());
    setTimeout(() => { // behind the frame's layout
      const end = performance.now();
      this.#notBefore = end + SHARE * (end - began);
    });
  };

  #drawAll() {
    this.#drawn = this.#manner;
    this.#plain = this.#isPlain;
    this.body.classList.toggle("plain", this.#plain);
    this.body.replaceChildren();
    this.#done = 0;
    this.#tail = [];
    if (this.#plain) this.#drawPlain();
    else this.#draw();
  }

  #draw() {
    if (this.#plain !== this.#isPlain) return this.#drawAll();
    if (this.#plain) return this.#drawPlain();
    const text = this.#text.slice(this.#done), tokens = parse(text);
    const line = lastBlock(tokens, text.split("\n").length - 1);
    const settled = line === 0 ? 0 : tokens.findIndex(t => begins(t) && t.map[0] >= line);
    const fragment = document.createDocumentFragment();
    build(fragment, tokens.slice(0, settled));
    const count = fragment.childNodes.length;
    build(fragment, tokens.slice(settled));
    this.#tail = becomeAll(this.#tail, [...fragment.childNodes], this.body, null).slice(count);
    for (let i = 0; i < line; i++) this.#done = this.#text.indexOf("\n", this.#done) + 1;
  }

  /** One text node grows. */
  #drawPlain() {
    const more = visible(this.#text.slice(this.#done));
    this.#done = this.#text.length;
    if (this.body.firstChild) this.body.firstChild.appendData(more);
    else this.body.textContent = more;
  }
}

const count = text => text.match(SIGNS)?.length ?? 0;
const begins = token => token.level === 0 && token.map && token.nesting >= 0;

/** The line where the last block begins of those that begin with a whole line: what stands before it is settled. */
function lastBlock(tokens, wholeLines) {
  return tokens.findLast(t => begins(t) && t.map[0] < wholeLines)?.map[0] ?? 0;
}

function parse(text) {
  try {
    return parser.parse(text, {});
  } catch { // it is still a text
    return [{type: "text", content: text, nesting: 0, level: 0}];
  }
}

// SPDX-License-Identifier: BSD-2-Clause
// What of an answer is read out: Markdown as sentences, one after the other while it streams. Pure; also for Node.
import {t} from "./words.js";

const LONGEST = 400; // characters spoken at once
// Words whose point ends no sentence, in the languages of the page.
const SHORT = new Set(["mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "approx", "no", "nos", "fig", "inc", "ltd", "jr", "sr", "dept", "est", "mt", "ave", "rd", "a.m", "p.m",
  "z.b", "d.h", "u.a", "usw", "bzw", "ca", "nr", "str", "ggf", "inkl", "evtl", "vgl", "bspw", "hr", "fr", "sra", "srta", "ud", "uds", "p.ej", "ej", "pág", "av", "aprox", "núm",
  "m", "mm", "mme", "mlle", "p.ex", "env", "c.-à-d", "bd", "min", "max", "std", "km", "tel"]);
const ORDINAL = new Set(["de", "da", "nb", "no", "fi", "cs", "pl", "hu", "tr"]); // "am 3. Mai"
const BLOCK = /^\s*(?:#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s|>|\||```|~~~|(?:[-*_]\s*){3,}$)/;

/** One run of text without its Markdown. */
export function plain(text) {
  return text
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replace(/\[([^\]]+)\]\[[^\]]*\]/g, "$1")
    .replace(/<(?:https?|mailto):[^>\s]*>|\bhttps?:\/\/[^\s)>\]]+[^\s)>\].,;:!?]/g, t("(link)"))
    .replace(/<\/?[a-z][^>]*>/gi, "")
    .replace(/`+([^`]*)`+/g, "$1")
    .replace(/(\*\*\*|\*\*|\*|___|__|~~)(?=\S)(.*?\S)\1/g, "$2")
    .replace(/(^|[\s(])_(?=\S)(.*?\S)_(?=$|[\s).,;:!?])/g, "$1$2")
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")
    .replace(/[\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFE0F]|\p{Extended_Pictographic}/gu, "")
    .replace(/\s+/g, " ").trim();
}

/** Does the sentence end with the point at `at`? */
function ends(text, at, language) {
  if (text[at] !== ".") return true;
  const word = /[^\s("'\u00BF\u00A1\u201E\u201C]*$/.exec(text.slice(0, at))[0].toLowerCase();
  if (SHORT.has(word) || /^\p{L}$/u.test(word)) return false; // also "J. Smith"
  return !(/^\d{1,4}$/.test(word) && (ORDINAL.has(language) || at < 4));
}

/** [sentences, where the rest begins]. */
function cut(text, language) {
  const out = [], end = /[.!?\u2026]+["')\]\u201D\u00BB]*(?=\s)|[\u3002\uFF01\uFF1F]+/g;
  let from = 0;
  for (let found; (found = end.exec(text));) {
    if (!ends(text, found.index, language)) continue;
    out.push(text.slice(from, end.lastIndex));
    from = end.lastIndex;
  }
  return [out, from];
}

/** Pieces that are short enough to be spoken at once. */
function short(sentence) {
  const out = [];
  for (let rest = sentence; rest;) {
    if (rest.length <= LONGEST) return [...out, rest];
    const head = rest.slice(0, LONGEST), at = Math.max(head.lastIndexOf(", "), head.lastIndexOf("; "), head.lastIndexOf(": "));
    const end = at > LONGEST / 4 ? at + 1 : head.lastIndexOf(" ") > 0 ? head.lastIndexOf(" ") : LONGEST;
    out.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return out;
}

/** The blocks of a text: {kind: "text" | "code" | "table", text, whole}. whole: nothing can be added to it. */
function* blocks(text) {
  const lines = text.split("\n");
  let run = [], fence = "", table = false;
  const flush = whole => { const joined = run.join(" "); run = []; return joined.trim() ? [{kind: "text", text: joined, whole}] : []; };
  for (const [i, line] of lines.entries()) {
    const last = i === lines.length - 1;
    if (fence) {
      if (line.trim().startsWith(fence)) fence = "";
      continue;
    }
    const mark = /^\s*(```|~~~)/.exec(line)?.[1];
    if (mark || /^\s*\|/.test(line)) {
      yield* flush(true);
      if (mark) {
        fence = mark;
        yield {kind: "code", whole: true};
      } else if (!table) yield {kind: "table", whole: true};
      table = !mark;
      continue;
    }
    table = false;
    if (!line.trim() || BLOCK.test(line)) yield* flush(true);
    if (/^\s*(?:[-*_]\s*){3,}$/.test(line)) continue;
    const bare = line.replace(/^\s*(?:#{1,6}\s+|[-*+]\s+(?:\[[ xX]\]\s+)?|\d{1,9}[.)]\s+|(?:>\s?)+)/, "");
    if (bare.trim()) run.push(bare);
    if (/^\s*#{1,6}\s/.test(line) && !last) yield* flush(true);
  }
  yield* flush(false);
}

/**
 * The sentences of a Markdown text that are whole. open: more of it is to come, so what may go on is left out. What is not for
 * the ear (code, tables) is announced. Of a longer text that begins with this one, the first sentences are the same.
 */
export function sentences(text, {open = false, language = "en"} = {}) {
  const out = [], tag = language.toLowerCase().split("-")[0];
  for (const block of blocks(text)) {
    if (block.kind === "code") out.push(t("There is code here, on the screen."));
    else if (block.kind === "table") out.push(t("There is a table here, on the screen."));
    else {
      const [whole, from] = cut(block.text, tag), rest = block.text.slice(from);
      for (const sentence of block.whole || !open ? [...whole, rest] : whole) out.push(...short(plain(sentence)));
    }
  }
  return out.filter(s => /[\p{L}\p{N}]/u.test(s));
}

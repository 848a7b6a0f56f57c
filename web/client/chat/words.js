// SPDX-License-Identifier: BSD-2-Clause
// The words of the screen. The English sentence is the key: t("Sign out"), t("Hello {name}", {name}). A language is a
// file words/TAG.js that maps these sentences to its own. A sentence without a translation is shown in English.

const FILES = ["de", "es", "fr"];
const tables = new Map([["en", {}]]);
let language = "en", table = {}, plurals = new Intl.PluralRules("en");

/** The languages that there are, as BCP 47 tags. */
export const languages = ["en", ...FILES];

/** The language in use, as a BCP 47 tag: for `lang` and the locale of a request. */
export const locale = () => language;

/** For Intl: the language in use as it is written where the user is, such as en-AU, when the browser says so. */
export const region = () => (globalThis.navigator?.languages ?? []).find(tag => tag.toLowerCase().split("-")[0] === language) ?? language;

/** The one of ours that fits best what the user wants: a list of BCP 47 tags, best first. */
export function fitting(wanted = globalThis.navigator?.languages ?? []) {
  return wanted.map(tag => String(tag).toLowerCase().split("-")[0]).find(tag => languages.includes(tag)) ?? "en";
}

/** Uses another language from now on: one of `languages`. What is on the screen already has to be drawn again. */
export async function setLanguage(tag) {
  if (!languages.includes(tag)) tag = "en";
  if (!tables.has(tag)) tables.set(tag, (await import(`./words/${tag}.js`)).default);
  language = tag;
  table = tables.get(tag);
  plurals = new Intl.PluralRules(tag);
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? String(values[name]) : whole);

/** A sentence in the user's language; {name} in it stands for values.name. */
export function t(text, values = {}) {
  const found = table[text];
  return fill(typeof found === "string" ? found : text, values);
}

/** A sentence with a number: n(2, "{n} message", "{n} messages"). A table has {one, other} (few, many) under the last of them. */
export function n(count, one, other, values = {}) {
  const found = table[other], form = plurals.select(count);
  const text = typeof found === "object" ? found[form] ?? found.other : count === 1 ? one : other;
  return fill(text, {n: count.toLocaleString(region()), ...values});
}

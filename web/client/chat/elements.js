// SPDX-License-Identifier: BSD-2-Clause
// What the parts of the page share. Text from outside is only ever put into text nodes.

export function element(tag, className, content) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (content !== undefined) e.textContent = content;
  return e;
}

export function button(label, className, onClick) {
  const e = element("button", className, label);
  e.type = "button";
  e.addEventListener("click", onClick);
  return e;
}

/** A text as it is, with what would show as nothing, or turn its direction, spelt out. */
export function spelt(text) {
  return text.replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0\uFE00-\uFE0E\u{E0100}-\u{E01EF}]/gu,
    c => Array.from({length: c.length}, (_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""));
}

/** A property that was set before there was an accessor of that name. */
export function takeOver(e, name) {
  if (!Object.hasOwn(e, name)) return;
  const value = e[name];
  delete e[name];
  e[name] = value;
}

/** JSON for reading: nothing in it is hidden. */
export function legible(value) {
  return spelt(JSON.stringify(value, null, 2));
}

/** Text for reading: what would turn its direction is spelt out, so that no name looks like another. */
export function visible(text) {
  return text.replace(/[\u202A-\u202E\u2066-\u2069]/g, c => `\\u${c.charCodeAt(0).toString(16)}`);
}

/** "delete_calendar_event" as words. */
export function sentence(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// SPDX-License-Identifier: BSD-2-Clause
// The words of index.html in the language in use. An element says which by data-t (its text) or data-t-NAME (that attribute),
// with the English sentence as it stands there.
import {locale, t} from "./client/chat/words.js";

const ATTRIBUTES = ["aria-label", "placeholder", "title"];

/** name: of the assistant, for {name} in a sentence. */
export function label(root, values) {
  for (const e of root.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t, values);
  for (const name of ATTRIBUTES) {
    for (const e of root.querySelectorAll(`[data-t-${name}]`)) e.setAttribute(name, t(e.getAttribute(`data-t-${name}`), values));
  }
  document.documentElement.lang = locale();
}

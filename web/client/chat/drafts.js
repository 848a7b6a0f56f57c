// SPDX-License-Identifier: BSD-2-Clause
// What stands in the message field, for each session of this tab: it is there again after a reload.

const PREFIX = "turnpike-draft:";

/** Storage may be forbidden: then there is no draft, and nothing breaks. */
function attempt(act) {
  try {
    return act(globalThis.sessionStorage);
  } catch {
    return null;
  }
}

/** {text, files: [{id, name}]}. */
export const readDraft = session => attempt(s => JSON.parse(s.getItem(PREFIX + session))) ?? {text: "", files: []};

export function keepDraft(session, text, files) {
  attempt(s => text || files.length ? s.setItem(PREFIX + session, JSON.stringify({text, files})) : s.removeItem(PREFIX + session));
}

/** Another user may come next. */
export function forgetDrafts() {
  attempt(s => {
    for (const key of Object.keys(s)) if (key.startsWith(PREFIX)) s.removeItem(key);
  });
}

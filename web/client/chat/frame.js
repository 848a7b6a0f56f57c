// SPDX-License-Identifier: BSD-2-Clause
// The elements of <turnpike-chat> that are always there, and the places for the others.
import {button, element} from "./elements.js";
import {t} from "./words.js";

const named = (e, id) => Object.assign(e, {id});

function slot(name) {
  const e = element("slot");
  e.name = name;
  return e;
}

function log() {
  const e = named(element("div"), "log");
  for (const [name, value] of Object.entries({role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": t("Conversation")})) e.setAttribute(name, value);
  return e;
}

/** A sentence with a button behind it. */
function strip(id, text, label, act) {
  const e = named(element("p", "strip"), id);
  e.append(element("span", "", text), button(label, "quiet", act));
  e.hidden = true;
  return e;
}

/** form: of the message field. acts: {older, toEnd, newChat, present}: of the buttons. */
export function frame(form, acts) {
  const scroll = named(element("div", "scroll"), "scroll"), content = element("div", "content"), footer = element("div", "composer"), welcome = element("div", "welcome");
  const parts = {
    scroll, content, welcome, log: log(), progress: element("p"),
    older: named(button(t("Earlier messages"), "quiet", acts.older), "older"),
    asks: named(element("div"), "approvals"),
    notice: named(element("p", "notice"), "notice"),
    deleted: strip("deleted", t("This chat has been deleted elsewhere."), t("New chat"), acts.newChat),
    past: strip("past", t("This is an earlier version."), t("Back to the present"), acts.present),
    toEnd: named(button("↓", "", acts.toEnd), "to-end"),
  };
  for (const [name, value] of Object.entries({role: "group", "aria-live": "polite", "aria-relevant": "additions", "aria-label": t("Questions to you")})) parts.asks.setAttribute(name, value);
  parts.notice.setAttribute("role", "alert");
  parts.deleted.setAttribute("role", "status");
  parts.toEnd.setAttribute("aria-label", t("To the end"));
  parts.toEnd.title = t("To the end");
  parts.older.hidden = parts.notice.hidden = welcome.hidden = parts.toEnd.hidden = true;
  welcome.append(slot("welcome"));
  content.append(slot("top"), parts.older, welcome, parts.log, parts.asks, parts.progress, parts.past, parts.notice);
  scroll.append(content);
  scroll.tabIndex = 0; // it scrolls by keys
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", t("Conversation"));
  footer.append(parts.toEnd, parts.deleted, form);
  return {...parts, roots: [scroll, footer]};
}

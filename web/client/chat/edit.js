// SPDX-License-Identifier: BSD-2-Clause
// A message of the user's own, written anew where it stands.
import {button, element} from "./elements.js";
import {t} from "./words.js";

/** A form with the text; send(text) or cancel() once. */
export function editor(text, {send, cancel}) {
  const form = element("form", "edit"), field = element("textarea"), row = element("div", "row");
  Object.assign(field, {value: text, dir: "auto", rows: Math.min(10, text.split("\n").length + 1)});
  field.setAttribute("aria-label", t("The message"));
  const submit = Object.assign(element("button", "", t("Send")), {type: "submit"});
  row.append(submit, button(t("Cancel"), "quiet", cancel));
  form.append(field, row);
  form.addEventListener("submit", event => {
    event.preventDefault();
    if (field.value.trim()) send(field.value.trim());
  });
  form.addEventListener("keydown", event => {
    if (event.key === "Escape") {
      event.stopPropagation();
      cancel();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === field) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  return {element: form, focus: () => field.focus()};
}

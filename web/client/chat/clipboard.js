// SPDX-License-Identifier: BSD-2-Clause
// Text onto the clipboard, also where the page may not use the new way (plain http).

/** Whether it was copied. place: an element of the document, for the old way. */
export async function copy(text, place) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { /* not allowed, or not there */ }
  const field = document.createElement("textarea"), root = place.getRootNode(), focused = root.activeElement;
  field.value = text;
  field.className = "hidden";
  place.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return copied;
}

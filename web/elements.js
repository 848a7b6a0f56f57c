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

/** "delete_calendar_event" as words. */
export function sentence(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

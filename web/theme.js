// SPDX-License-Identifier: BSD-2-Clause
// Light, dark, or as the device is; remembered on this device.
const DARK = matchMedia("(prefers-color-scheme: dark)");
const tag = document.querySelector("meta[name=theme-color]");

export const THEMES = ["auto", "light", "dark"];

/** The choice. */
export const theme = () => document.documentElement.dataset.theme || "auto";

/** What is seen now: light or dark. */
export const seen = () => theme() === "auto" ? DARK.matches ? "dark" : "light" : theme();

/** Uses a theme from now on; others on the page hear `change`. */
export function setTheme(choice, ...elements) {
  const value = THEMES.includes(choice) ? choice : "auto";
  if (value === "auto") localStorage.removeItem("theme");
  else localStorage.setItem("theme", value);
  document.documentElement.dataset.theme = value;
  for (const e of elements) e.setAttribute("theme", value);
  follow();
}

/** The browser's own bars have the colour of the page. */
function follow() {
  document.querySelector("meta[name=color-scheme]").content = theme() === "auto" ? "light dark" : theme();
  tag.content = getComputedStyle(document.body).backgroundColor;
}

DARK.addEventListener("change", follow);
follow();

// SPDX-License-Identifier: BSD-2-Clause
// Small pictures of buttons, drawn: no typeface has to have them.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  again: "M20 12a8 8 0 1 1-2.5-5.8M20 4v4.5h-4.5",
  camera: "M4 7h3l2-3h6l2 3h3v12H4zM12 9.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
  copy: "M9 9h10v11H9zM5 15V4h10",
  down: "M8 5v9M8 14l4 6c1.400 0 2-1 2-2.200V14h4.500a1.500 1.500 0 0 0 1.500-1.800l-1.200-6A1.500 1.500 0 0 0 17.300 5H8M8 14H4V5h4",
  headphones: "M4 13v-1a8 8 0 0 1 16 0v1M4 13h3v6H5a1 1 0 0 1-1-1zM20 13h-3v6h2a1 1 0 0 0 1-1z",
  microphone: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3",
  speaker: "M4 10v4h3.500L12 18V6l-4.500 4zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  up: "M8 19v-9M8 10l4-6c1.400 0 2 1 2 2.200V10h4.500a1.500 1.500 0 0 1 1.500 1.800l-1.200 6a1.500 1.500 0 0 1-1.500 1.200H8M8 10H4v9h4",
  clip: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 4.8 4.8L9.4 17.2a1.7 1.7 0 0 1-2.4-2.4L14.5 7.3",
};

/** Hidden from screen readers: the button says what it does. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({viewBox: "0 0 24 24", width: "1.25em", height: "1.25em", fill: "none", stroke: "currentColor",
    "stroke-width": "1.8", "stroke-linejoin": "round", "stroke-linecap": "round", "aria-hidden": "true"})) svg.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

// SPDX-License-Identifier: BSD-2-Clause
// Plots of cards: bars of what is spent, and a course over time. Each number is also there as text.
import {drawing, svg} from "./kit.js";

const WIDTH = 400, HEIGHT = 150, LEFT = 8, RIGHT = 8, TOP = 18, BOTTOM = 20;

/** A bar of `value` in `whole`; a line at `limit`. It says nothing that is not beside it in words. */
export function bar(value, whole, {limit, status = ""} = {}) {
  const e = svg("svg", {viewBox: "0 0 100 8", preserveAspectRatio: "none", class: `bar ${status}`, "aria-hidden": "true"});
  const part = v => whole > 0 ? Math.max(0, Math.min(100, 100 * v / whole)) : 0;
  e.append(svg("rect", {class: "fill", width: part(value).toFixed(2), height: 8}));
  if (limit > 0 && limit < whole) e.append(svg("line", {class: "limit", x1: part(limit).toFixed(2), x2: part(limit).toFixed(2), y1: 0, y2: 8}));
  return e;
}

const figure = drawn => {
  const e = document.createElement("figure");
  e.className = "plot";
  e.append(drawn);
  return e;
};

/** The scale below: the first word at its start, the last at its end. */
function scale(drawn, first, last) {
  const y = HEIGHT - BOTTOM;
  drawn.append(svg("line", {class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y}),
    svg("text", {x: LEFT, y: HEIGHT - 5}, first), svg("text", {x: WIDTH - RIGHT, y: HEIGHT - 5, "text-anchor": "end"}, last));
}

/** Columns, one for each value; label: of the whole, for those who do not see it; most: the text at the highest. */
export function columns(values, {label, first, last, most}) {
  const drawn = drawing(WIDTH, HEIGHT, label), top = Math.max(...values, 0);
  const room = (WIDTH - LEFT - RIGHT) / values.length, wide = Math.max(1, Math.min(28, room * 0.7));
  for (const [i, value] of values.entries()) {
    const high = top > 0 ? (HEIGHT - TOP - BOTTOM) * Math.max(0, value) / top : 0;
    if (high) drawn.append(svg("rect", {class: "fill", x: (LEFT + room * i + (room - wide) / 2).toFixed(1), y: (HEIGHT - BOTTOM - high).toFixed(1), width: wide.toFixed(1), height: high.toFixed(1), rx: 2}));
  }
  const x = LEFT + room * (values.indexOf(top) + 0.5), anchor = x < 60 ? "start" : x > WIDTH - 60 ? "end" : "middle";
  if (top > 0) drawn.append(svg("text", {x: x.toFixed(1), y: TOP - 6, "text-anchor": anchor}, most));
  scale(drawn, first, last);
  return figure(drawn);
}

/** A line through points {x, y, label}: at least two. */
export function course(points, {label, first, last}) {
  const drawn = drawing(WIDTH, HEIGHT, label), xs = points.map(p => p.x), ys = points.map(p => p.y);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const place = p => [LEFT + 14 + (x1 > x0 ? (p.x - x0) / (x1 - x0) : 0.5) * (WIDTH - LEFT - RIGHT - 28),
    HEIGHT - BOTTOM - 12 - (y1 > y0 ? (p.y - y0) / (y1 - y0) : 0.5) * (HEIGHT - TOP - BOTTOM - 24)].map(v => v.toFixed(1));
  drawn.append(svg("polyline", {class: "course", points: points.map(p => place(p).join(",")).join(" ")}));
  for (const p of points) {
    const [x, y] = place(p);
    drawn.append(svg("circle", {class: "fill", cx: x, cy: y, r: 3.5}));
    if (points.length <= 8) drawn.append(svg("text", {x, y: Number(y) - 8, "text-anchor": "middle"}, p.label));
  }
  scale(drawn, first, last);
  return figure(drawn);
}

// SPDX-License-Identifier: BSD-2-Clause
// Plots of the operator's page: columns, and lines through hours or days. Every number of them is in the table below them too.
import {svg} from "../client/chat/cards/kit.js";

const WIDTH = 420, HEIGHT = 170, LEFT = 8, RIGHT = 8, TOP = 20, BOTTOM = 20;
const FLOOR = HEIGHT - BOTTOM, HIGH = FLOOR - TOP;

function frame(label, {first, last, most}) {
  const drawn = svg("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label});
  drawn.append(svg("line", {class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: FLOOR, y2: FLOOR}),
    svg("line", {class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: TOP, y2: TOP}),
    svg("text", {x: LEFT, y: HEIGHT - 5}, first), svg("text", {x: WIDTH - RIGHT, y: HEIGHT - 5, "text-anchor": "end"}, last),
    svg("text", {x: LEFT, y: TOP - 6}, most));
  return drawn;
}

function figure(title, drawn, key) {
  const e = document.createElement("figure"), caption = document.createElement("figcaption");
  caption.textContent = title;
  e.append(caption, drawn);
  if (key) {
    const p = document.createElement("p");
    p.className = "key";
    p.textContent = key;
    e.append(p);
  }
  return e;
}

/** values: [{value, part}]: a column for each, `part` of it in another colour. scale: {first, last, most(value)}. */
export function columns(title, label, values, scale) {
  const top = Math.max(...values.map(v => v.value), 0), room = (WIDTH - LEFT - RIGHT) / Math.max(values.length, 1);
  const drawn = frame(label, {...scale, most: top > 0 ? scale.most(top) : ""}), wide = Math.max(1, Math.min(28, room * 0.72));
  for (const [i, {value, part = 0}] of values.entries()) {
    const x = (LEFT + room * i + (room - wide) / 2).toFixed(1);
    for (const [amount, name] of [[value, "fill"], [part, "bad"]]) {
      const high = top > 0 ? HIGH * amount / top : 0;
      if (high > 0) drawn.append(svg("rect", {class: name, x, y: (FLOOR - high).toFixed(1), width: wide.toFixed(1), height: high.toFixed(1)}));
    }
  }
  return figure(title, drawn, scale.key);
}

/** lines: arrays of numbers, undefined where there is none; limit: a line across. */
export function lines(title, label, list, scale) {
  const all = list.flat().filter(v => v !== undefined), top = Math.max(...all, scale.limit ?? 0, 0), count = Math.max(...list.map(l => l.length), 1);
  const drawn = frame(label, {...scale, most: all.length ? scale.most(top) : ""});
  const x = i => (LEFT + (count > 1 ? i / (count - 1) : 0.5) * (WIDTH - LEFT - RIGHT)).toFixed(1), y = v => (FLOOR - (top > 0 ? HIGH * v / top : 0)).toFixed(1);
  if (scale.limit !== undefined && all.length) drawn.append(svg("line", {class: "limit", x1: LEFT, x2: WIDTH - RIGHT, y1: y(scale.limit), y2: y(scale.limit)}));
  for (const [n, values] of list.entries()) {
    const name = n ? "course second" : "course";
    let run = [];
    for (const [i, value] of [...values, undefined].entries()) {
      if (value !== undefined) {
        run.push([x(i), y(value)]);
        continue;
      }
      if (run.length === 1) drawn.append(svg("circle", {class: "fill", cx: run[0][0], cy: run[0][1], r: 2.5}));
      else if (run.length) drawn.append(svg("polyline", {class: name, points: run.map(p => p.join(",")).join(" ")}));
      run = [];
    }
  }
  return figure(title, drawn, scale.key);
}

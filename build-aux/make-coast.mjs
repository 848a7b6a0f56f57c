// SPDX-License-Identifier: BSD-2-Clause
// make-coast.mjs SOURCE -- writes the land of a TopoJSON file (world-atlas' land-50m.json) to standard output as a module: rings
// of points, rounded and thinned. Each ring is a word of numbers: the first point, then the steps from each point to the next, longitude
// and latitude in turn, in units of 1/SCALE degree, zigzag, five bits a letter, the lowest first, 32 = more follow.
import {readFileSync} from "node:fs";

const SCALE = 100, TOLERANCE = 2.8, SMALLEST = 12; // in units: what may be left out of a line; the double area of an island
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const {transform, arcs, objects} = JSON.parse(readFileSync(process.argv[2], "utf8"));
const lines = arcs.map(arc => {
  let x = 0, y = 0;
  return arc.map(([dx, dy]) => [
    (x += dx) * transform.scale[0] + transform.translate[0],
    (y += dy) * transform.scale[1] + transform.translate[1],
  ].map(degrees => Math.round(degrees * SCALE)));
});

/**
 * A ring of the topology as points, without its last, which is its first. One that crosses the date line goes on beyond 180 degrees;
 * that around the south pole has its way along the pole already.
 */
function points(ring) {
  const line = ring.flatMap(i => (i < 0 ? lines[~i].slice().reverse() : lines[i]).slice(0, -1));
  let turn = 0;
  return line.map(([x, y], i) => {
    const step = i ? x - line[i - 1][0] : 0;
    if (Math.abs(step) > 180 * SCALE && y > -85 * SCALE) turn -= Math.sign(step);
    return [x + turn * 360 * SCALE, y];
  });
}

function distance([x, y], [ax, ay], [bx, by]) {
  const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
  const t = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** Leaves out the points that a line would hardly miss (Ramer, Douglas, Peucker). */
function thin(line) {
  const keep = new Set([0, line.length - 1]), open = [[0, line.length - 1]];
  while (open.length) {
    const [from, to] = open.pop();
    let far = 0, at = 0;
    for (let i = from + 1; i < to; i++) {
      const d = distance(line[i], line[from], line[to]);
      if (d > far) [far, at] = [d, i];
    }
    if (far <= TOLERANCE) continue;
    keep.add(at);
    open.push([from, at], [at, to]);
  }
  return line.filter((_, i) => keep.has(i));
}

/** The ring's end is its far side: a closed line has no two ends to begin with. */
function thinRing(ring) {
  const far = ring.reduce((best, p, i) => Math.hypot(p[0] - ring[0][0], p[1] - ring[0][1]) > best[0] ? [Math.hypot(p[0] - ring[0][0], p[1] - ring[0][1]), i] : best, [0, 0])[1];
  return [...thin(ring.slice(0, far + 1)).slice(0, -1), ...thin([...ring.slice(far), ring[0]]).slice(0, -1)];
}

const area = ring => Math.abs(ring.reduce((sum, [x, y], i) => {
  const [nx, ny] = ring[(i + 1) % ring.length];
  return sum + x * ny - nx * y;
}, 0));

function number(value) {
  let rest = value < 0 ? -2 * value - 1 : 2 * value, out = "";
  do {
    out += LETTERS[(rest & 31) | (rest > 31 ? 32 : 0)];
    rest >>= 5;
  } while (rest > 0);
  return out;
}

function word(ring) {
  let x = 0, y = 0, out = "";
  for (const [px, py] of ring) {
    out += number(px - x) + number(py - y);
    [x, y] = [px, py];
  }
  return out;
}

const rings = objects.land.geometries.flatMap(g => g.type === "Polygon" ? g.arcs : g.arcs.flat())
  .map(points).map(ring => ring.length > 3 ? thinRing(ring) : ring).filter(ring => ring.length > 2 && area(ring) >= SMALLEST);
console.log(`// ${rings.length} rings.`);
console.log(`export default {scale: ${SCALE}, rings: "${rings.map(word).join(" ")}"};`);

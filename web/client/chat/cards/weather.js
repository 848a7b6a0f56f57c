// SPDX-License-Identifier: BSD-2-Clause
// Cards of the weather.
import {element} from "../elements.js";
import {t} from "../words.js";
import {card, day, degrees, facts, items, line, percent, record, records, speed, svg, text, texts, amount} from "./kit.js";

const SUN = {sun: [9, 9, 4]}, CLOUD = {cloud: true};
const SKIES = [[/thunder|storm/, {...CLOUD, bolt: true}], [/snow|sleet|hail|ice/, {...CLOUD, flakes: true}], [/shower|drizzle/, {...SUN, ...CLOUD, drops: 2}],
  [/rain/, {...CLOUD, drops: 3}], [/fog|mist|haze/, {fog: true}], [/mainly clear|partly/, {...SUN, ...CLOUD}], [/clear|sun/, {sun: [14, 14, 6]}], [/cloud|overcast/, CLOUD]];

/** A picture of the conditions; the words stand below it. */
function icon(conditions) {
  const words = conditions.toLowerCase(), sky = SKIES.find(([sign]) => sign.test(words))?.[1] ?? {}, e = svg("svg", {viewBox: "0 0 28 28", class: "icon", "aria-hidden": "true"});
  if (sky.sun) {
    const [x, y, r] = sky.sun, rays = Array.from({length: 8}, (_, i) => [Math.cos(i * Math.PI / 4), Math.sin(i * Math.PI / 4)]);
    e.append(svg("circle", {class: "sun", cx: x, cy: y, r}), svg("path", {class: "ray", d: rays.map(([c, s]) => `M${(x + c * (r + 2)).toFixed(1)} ${(y + s * (r + 2)).toFixed(1)}l${(2.4 * c).toFixed(1)} ${(2.4 * s).toFixed(1)}`).join("")}));
  }
  if (sky.cloud) e.append(svg("path", {class: "cloud", d: "M8 20a4.5 4.5 0 0 1 .6-9 6 6 0 0 1 11.4 1.6A3.8 3.8 0 0 1 20.5 20z"}));
  if (sky.drops) e.append(svg("path", {class: "drop", d: Array.from({length: sky.drops}, (_, i) => `M${10 + 4.5 * i} 22l-1.5 4`).join("")}));
  if (sky.flakes) for (const x of [10, 15, 20]) e.append(svg("circle", {class: "flake", cx: x, cy: x === 15 ? 25.5 : 23.5, r: 1.3}));
  if (sky.bolt) e.append(svg("path", {class: "sun", d: "M15 17l-4 6h3l-1 4 5-6h-3l1.5-4z"}));
  if (sky.fog) e.append(svg("path", {class: "drop", d: "M5 10h17M7 14h16M5 18h17"}));
  return e;
}

/** The words of the forecast in the user's language; others stay as they are. */
function words(conditions) {
  const known = {
    "clear sky": t("clear sky"), "mainly clear": t("mainly clear"), "partly cloudy": t("partly cloudy"), overcast: t("overcast"), fog: t("fog"),
    "light rain": t("light rain"), rain: t("rain"), "heavy rain": t("heavy rain"), "light snow": t("light snow"), snow: t("snow"),
    "heavy snow": t("heavy snow"), thunderstorm: t("thunderstorm"), "rain showers": t("rain showers"), "snow showers": t("snow showers"),
  };
  return Object.hasOwn(known, conditions) ? known[conditions] : conditions;
}

const ADVICE = {good: () => t("good for driving"), caution: () => t("drive with care"), poor: () => t("better not to drive")};
const advice = d => Object.hasOwn(ADVICE, d.travel) ? ADVICE[d.travel]() : "";

function days(list, ctx) {
  const shown = list.slice(0, 10), e = items(shown.map(d => {
    const cell = element("div", "day"), conditions = text(d.conditions, 40);
    const warmth = [degrees(d.high_c, ctx), degrees(d.low_c, ctx)].filter(Boolean).join(" / ") || degrees(d.temperature_c, ctx);
    cell.append(...[d.date && element("strong", "", day(d.date, {weekday: "short", day: "numeric", month: "short"})), d.time && element("small", "", text(d.time, 8)), icon(conditions),
      element("span", "", warmth), conditions && element("small", "", words(conditions)),
      d.rain_chance_percent >= 1 && element("small", "", t("rain {percent}", {percent: percent(d.rain_chance_percent)})),
      d.travel && d.travel !== "good" && advice(d) && element("small", d.travel === "poor" ? "over" : "near", advice(d))].filter(Boolean));
    return cell;
  }));
  e?.classList.add("days");
  return e;
}

function now(current, ctx) {
  if (current.temperature_c === undefined) return null;
  return facts([[t("Now"), [degrees(current.temperature_c, ctx), words(text(current.conditions, 40))].filter(Boolean).join(", ")],
    [t("Feels like"), degrees(current.feels_like_c, ctx)], [t("Wind"), speed(current.wind_kmh, ctx)], [t("Humidity"), percent(current.humidity_percent)]]);
}

function warnings(list) {
  return items([...new Set(list.flatMap(d => texts(d.warnings)))].slice(0, 5).map(w => element("span", "near", `⚠ ${w}`)));
}

function one(weather, ctx) {
  const list = records(weather.days), current = record(weather.current);
  if (!list.length && current.temperature_c === undefined) return [];
  return [now(current, ctx), days(list, ctx), warnings([current, ...list])].filter(Boolean);
}

function forecast(result, args, ctx) {
  const weather = record(result.weather), place = text(record(weather.place).name, 80).split(",")[0];
  const along = records(weather.along_route).slice(0, 6).flatMap(w => {
    const parts = one(w, ctx);
    return parts.length ? [element("p", "card-title", text(record(w.place).name, 80).split(",")[0]), ...parts] : [];
  });
  const parts = [...one(weather, ctx), ...along];
  return parts.length ? card("weather", place ? t("Weather in {place}", {place}) : t("Weather"), ...parts, line(text(weather.source, 80), "soft")) : null;
}

function season(result) {
  const w = record(result.weather), place = text(record(result.place).name, 80).split(",")[0];
  if (!text(w.expect) || !place) return null;
  return card("weather", t("{place} in {month}", {place, month: text(w.month, 20)}),
    facts([[t("Expect"), text(w.expect)], [t("Travel"), text(w.travel)], [t("Daylight"), w.daylight_hours ? t("{hours} h", {hours: amount(w.daylight_hours)}) : ""]]),
    line(t("An estimate, not a forecast."), "soft"));
}

export default {
  get_weather_forecast: forecast,
  weather_advisor: forecast,
  seasonal_weather_check: season,
};

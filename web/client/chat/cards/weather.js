// Cards of the weather.
import {element} from "../elements.js";
import {t} from "../words.js";
import {card, day, degrees, facts, items, line, percent, record, records, speed, text, texts, amount} from "./kit.js";

/** A picture of the conditions; the words stand below it. */
function icon(conditions) {
  const words = conditions.toLowerCase();
  const [, shown] = [[/thunder|storm/, "⛈️"], [/snow|sleet|ice|hail/, "🌨️"], [/drizzle|shower/, "🌦️"], [/rain/, "🌧️"], [/fog|mist|haze/, "🌫️"],
    [/mainly clear|partly/, "🌤️"], [/clear|sun/, "☀️"], [/cloud|overcast/, "☁️"], [/wind|gale/, "💨"]].find(([sign]) => sign.test(words)) ?? [];
  const e = element("span", "icon", shown ?? "🌡️");
  e.setAttribute("aria-hidden", "true");
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

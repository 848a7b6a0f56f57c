// SPDX-License-Identifier: BSD-2-Clause
// The report as it is shown: promises, plots, tables. report: as GET /admin/report gives it.
import {element} from "../client/chat/elements.js";
import {n, region, t} from "../client/chat/words.js";
import {columns, lines} from "./plots.js";

// ---- numbers --------------------------------------------------------------------------------------------------

const format = options => new Intl.NumberFormat(region(), options);
export const whole = value => format({maximumFractionDigits: 0}).format(value ?? 0);
export const seconds = value => value === undefined || value === null ? "–" : format({style: "unit", unit: "second", maximumSignificantDigits: 3}).format(value);
const percent = value => format({style: "percent", maximumFractionDigits: 2}).format(value);
const dollars = micros => format({style: "currency", currency: "USD", maximumFractionDigits: 4}).format(micros / 1e6);
export const moment = at => new Intl.DateTimeFormat(region(), {dateStyle: "medium", timeStyle: "short"}).format(new Date(at));
const whenOf = unit => {
  const shown = new Intl.DateTimeFormat(region(), unit === "hour" ? {weekday: "short", hour: "2-digit", minute: "2-digit"} : {month: "short", day: "numeric", timeZone: "UTC"});
  return at => shown.format(new Date(at));
};

// ---- tables ---------------------------------------------------------------------------------------------------

/** columns: [title, text or element of a row, is it a number?]; empty: what is said instead of a table without rows. */
export function table(caption, columns, rows, empty) {
  if (!rows.length) return element("p", "help", empty);
  const e = element("table"), head = element("tr");
  e.append(element("caption", "", caption));
  for (const [title, , number] of columns) {
    const th = element("th", number ? "number" : "", title);
    th.scope = "col";
    head.append(th);
  }
  const body = element("tbody");
  for (const row of rows) {
    const tr = element("tr");
    for (const [i, [, show, number]] of columns.entries()) {
      const cell = element(i ? "td" : "th", number ? "number" : ""), shown = show(row);
      if (!i) cell.scope = "row";
      cell.append(shown ?? "");
      tr.append(cell);
    }
    body.append(tr);
  }
  const top = element("thead");
  top.append(head);
  e.append(top, body);
  return e;
}

/** The word for a state, in its colour. */
export function verdict(state) {
  const words = {
    met: t("met"), not_met: t("not met"), too_few: t("too few to tell"),
    ok: t("works"), failed: t("failed"), not_configured: t("not configured"), waiting: t("waits"), running: t("runs"),
  };
  return element("span", `verdict ${state}`, words[state] ?? state);
}

// ---- promises -------------------------------------------------------------------------------------------------

function showPromise({name, state, value, of}) {
  const titles = {
    response_p50: t("Half of the answers within 2 s"), response_p95: t("95 % of the answers within 2 s"), failures: t("Failures below 1 %"),
    satisfaction: t("Satisfaction above 85 %"), tools: t("Every tool works"),
  };
  const card = element("li");
  const shown = name === "tools" ? n(value, "{n} does not work", "{n} do not work") : name.startsWith("response") ? seconds(value) : percent(value);
  card.append(element("h3", "", titles[name] ?? name), element("p", "value", of ? shown : "–"), verdict(state),
    element("p", "about", name === "tools" ? n(of, "of {n} tool or check", "of {n} tools and checks")
      : name === "satisfaction" ? n(of, "of {n} rating", "of {n} ratings") : n(of, "of {n} turn", "of {n} turns")));
  return card;
}

export function showPromises(list, sums, report) {
  list.replaceChildren(...report.promises.map(showPromise));
  sums.textContent = [n(report.total.turns, "{n} turn ended", "{n} turns ended"), n(report.total.failed, "{n} failed", "{n} failed in all"), n(report.cancelled, "{n} was stopped", "{n} were stopped"),
    n(report.total.users, "{n} active user", "{n} active users"), dollars(report.total.cost_micros)].join(" · ");
}

// ---- the course -----------------------------------------------------------------------------------------------

export function showCourse(plots, points, report) {
  const rows = report.points, when = whenOf(report.unit), some = rows.length > 0;
  const scale = {first: some ? when(rows[0].at) : "", last: some ? when(rows.at(-1).at) : ""};
  const times = key => [rows.map(p => p[key].p50), rows.map(p => p[key].p95)];
  const spoken = t("The numbers are in the table below the plots.");
  plots.replaceChildren(
    columns(t("Turns"), `${t("Turns")}. ${spoken}`, rows.map(p => ({value: p.turns, part: p.failed})), {...scale, most: whole, key: t("In red: failed")}),
    lines(t("Time of an answer"), `${t("Time of an answer")}. ${spoken}`, times("response"), {...scale, most: seconds, limit: 2, key: t("Whole line: p50. Dashed: p95. Dotted: 2 s")}),
    lines(t("Time to the first text"), `${t("Time to the first text")}. ${spoken}`, times("first_text"), {...scale, most: seconds, key: t("Whole line: p50. Dashed: p95")}),
    columns(t("Cost"), `${t("Cost")}. ${spoken}`, rows.map(p => ({value: p.cost_micros})), {...scale, most: dollars}),
    ...report.unit === "day" ? [columns(t("Active users"), `${t("Active users")}. ${spoken}`, rows.map(p => ({value: p.users})), {...scale, most: whole})] : []);
  points.replaceChildren(table(t("Figures of each hour or day (UTC)"), [
    [t("Time"), p => when(p.at)], [t("Turns"), p => whole(p.turns), true], [t("Failed"), p => whole(p.failed), true],
    ["p50", p => seconds(p.response.p50), true], ["p95", p => seconds(p.response.p95), true],
    [t("First text p50"), p => seconds(p.first_text.p50), true], [t("First text p95"), p => seconds(p.first_text.p95), true],
    [t("Cost"), p => dollars(p.cost_micros), true], ...report.unit === "day" ? [[t("Active users"), p => whole(p.users), true]] : [],
  ], rows, t("Nothing was counted.")));
}

// ---- the rest -------------------------------------------------------------------------------------------------

export function showTables($, report) {
  const between = time => !time.count ? "" : time.p95_between[1] === null ? t("above {low}", {low: seconds(time.p95_between[0])})
    : t("{low} to {high}", {low: seconds(time.p95_between[0]), high: seconds(time.p95_between[1])});
  $("tools").replaceChildren(table(t("p95 is between the two bounds beside it"), [
    [t("Tool"), x => x.name], [t("Calls"), x => whole(x.time.count), true], ["p50", x => seconds(x.time.p50), true], ["p95", x => seconds(x.time.p95), true],
    [t("Bounds of p95"), x => between(x.time), true], [t("Errors"), x => whole(x.errors), true], [t("Faults"), x => `${whole(x.faults)}${x.worst ? ` (${x.worst})` : ""}`, true],
    [t("State"), x => verdict(x.works ? "ok" : "failed")],
  ], report.tools, t("No tool was called.")));
  const money = title => [[title, x => x.name], [t("Cost"), x => dollars(x.cost_micros), true], [t("Requests"), x => whole(x.count), true], [t("Errors"), x => whole(x.errors), true],
    [t("Tokens read"), x => whole(x.input_tokens), true], [t("Tokens written"), x => whole(x.output_tokens), true]];
  $("models").replaceChildren(table(t("By model"), money(t("Model")), report.models, t("No model was asked.")));
  $("classes").replaceChildren(...report.classes.length ? [table(t("By class of users"), [[t("Class"), x => x.name], [t("Cost"), x => dollars(x.cost_micros), true]], report.classes, "")] : []);
  const counted = (caption, title, rows, empty) => table(caption, [[title, x => x.name], [t("Times"), x => whole(x.count), true]], rows, empty);
  $("errors").replaceChildren(counted(t("How turns failed"), t("Error"), report.errors, t("No turn failed.")));
  $("limits").replaceChildren(counted(t("Refused by limits"), t("Limit"), report.limits, t("No limit was hit.")));
}

// SPDX-License-Identifier: BSD-2-Clause
// Cards of expenses and budgets.
import {element} from "../elements.js";
import {n, t} from "../words.js";
import {card, category, day, facts, items, line, money, more, number, percent, period, record, records, row, table, text} from "./kit.js";
import {bar, columns} from "./plot.js";

const SHOWN = 12;

const STATES = {under: () => t("within the limit"), near: () => t("near the limit"), over: () => t("over the limit"), no_limit: () => t("no limit")};
const state = s => Object.hasOwn(STATES, s) ? STATES[s]() : "";
const strong = s => s === "over" || s === "near" ? s : "";

/** Bars of what is spent of each limit. The words say it too. */
function limits(categories, currency) {
  const list = records(categories).filter(c => text(c.category) && number(c.spent) !== undefined).slice(0, SHOWN);
  return items(list.map(c => {
    const spent = money(c.spent, currency), limit = number(c.limit) === undefined ? "" : money(c.limit, currency);
    return [row(category(c.category), limit ? t("{spent} of {limit}", {spent, limit}) : spent),
      limit && bar(c.spent, Math.max(c.limit, c.spent), {limit: c.limit, status: strong(c.status)}),
      row(number(c.projected) === undefined ? "" : t("{amount} at the end of the month", {amount: money(c.projected, currency)}), state(c.status), strong(c.status) || "soft")];
  }));
}

function others(list) {
  const words = records(list).slice(0, 5).map(o => money(o.total, o.currency)).filter(Boolean);
  return words.length ? line(t("Also: {amounts}", {amounts: words.join(", ")}), "soft") : null;
}

function expense(result) {
  const e = record(result.expense), status = record(result.budget_status);
  if (number(e.amount) === undefined) return null;
  return card("expense", category(e.category), line(money(e.amount, e.currency), "big"),
    facts([[t("Date"), day(e.date)], [t("Where"), text(e.location)], [t("Notes"), text(e.description)]]),
    number(status.limit) === undefined ? null : limits([status], e.currency));
}

function summary(result) {
  const s = record(result.summary), list = records(s.categories).filter(c => number(c.total) !== undefined).slice(0, SHOWN);
  if (number(s.total) === undefined) return null;
  const most = Math.max(...list.map(c => c.total), 0);
  return card("spending", t("Spending"), line(money(s.total, s.currency), "big"),
    line([period(s.from, s.to), n(number(s.count) ?? 0, "{n} expense", "{n} expenses"),
      number(s.daily_average) === undefined ? "" : t("{amount} a day", {amount: money(s.daily_average, s.currency)})].filter(Boolean).join(" · "), "soft"),
    items(list.map(c => [row(category(c.category), [money(c.total, s.currency), percent(c.share)].filter(Boolean).join(" · ")), bar(c.total, most)])),
    others(s.other_currencies));
}

function budget(result) {
  const b = record(result.budget), before = record(result.previous);
  if (number(b.amount) === undefined) return null;
  const spans = {weekly: t("a week"), monthly: t("a month"), yearly: t("a year")}, span = Object.hasOwn(spans, b.period) ? spans[b.period] : "";
  return card("budget", t("Budget: {category}", {category: category(b.category)}), line([money(b.amount, b.currency), span].filter(Boolean).join(" "), "big"),
    facts([[t("Before"), money(before.amount, before.currency)]]));
}

function analysis(result) {
  const b = record(result.budget ?? result.comparison), list = limits(b.categories, b.currency);
  if (!list) return null;
  const whole = number(b.limit) > 0 && number(b.spent) !== undefined;
  return card("budget", t("Budget"), line(period(b.from, b.to), "soft"),
    whole && line(t("{spent} of {limit}", {spent: money(b.spent, b.currency), limit: money(b.limit, b.currency)}), "big"),
    whole && bar(b.spent, Math.max(b.limit, b.spent), {limit: b.limit, status: strong(b.status)}),
    list, number(b.unlimited_spent) ? line(t("{amount} without a limit", {amount: money(b.unlimited_spent, b.currency)}), "soft") : null, others(b.other_currencies));
}

function prediction(result) {
  const p = record(result.prediction);
  if (number(p.projected) === undefined) return null;
  return card("budget", t("The end of the month"), line(t("about {amount}", {amount: money(p.projected, p.currency)}), "big"),
    facts([[t("Spent so far"), money(p.spent, p.currency)], [t("A day"), money(p.daily_average, p.currency)]]),
    limits(p.categories, p.currency), line(t("An estimate: it goes on like the days so far."), "soft"));
}

const DAY = 86400000;
const dayOf = date => Date.parse(`${typeof date === "string" ? date.slice(0, 10) : ""}T00:00:00Z`);

/** What was spent each day, as columns. */
function course(expenses, r) {
  const from = dayOf(r.from), to = dayOf(r.to), days = (to - from) / DAY + 1;
  if (!(days >= 2 && days <= 400)) return null;
  const each = days <= 62 ? 1 : 7, sums = Array.from({length: Math.ceil(days / each)}, () => 0);
  for (const e of expenses) {
    const at = Math.floor((dayOf(e.date) - from) / DAY / each);
    if (e.currency === r.currency && number(e.amount) !== undefined && at >= 0 && at < sums.length) sums[at] += e.amount;
  }
  const most = Math.max(...sums), at = sums.indexOf(most), short = {day: "numeric", month: "short"};
  if (!(most > 0)) return null;
  const top = day(new Date(from + at * each * DAY).toISOString(), short), values = {amount: money(most, r.currency), date: top};
  return columns(sums, {label: each === 1 ? t("Spending by day; the most is {amount} on {date}", values) : t("Spending by week; the most is {amount} in the week of {date}", values),
    first: day(r.from, short), last: day(r.to, short), most: money(most, r.currency)});
}

function report(result) {
  const r = record(result.report), expenses = records(r.expenses);
  if (number(r.total) === undefined) return null;
  const list = table(t("Expenses"), [t("Date"), t("Kind"), t("Amount")], expenses.slice(0, SHOWN).map(e => [day(e.date, {day: "numeric", month: "short"}), category(e.category), money(e.amount, e.currency)]), [2]);
  return card("spending", t("Report"), line(money(r.total, r.currency), "big"),
    line([period(r.from, r.to), n(number(r.count) ?? 0, "{n} expense", "{n} expenses")].filter(Boolean).join(" · "), "soft"),
    course(expenses, r), limits(r.categories, r.currency), expenses.length ? list : null, more(expenses.length, SHOWN));
}

function savings(result) {
  const list = records(result.opportunities).filter(o => number(o.monthly_saving) !== undefined).slice(0, SHOWN);
  if (!list.length) return null;
  return card("savings", t("Where to save"), line(t("about {amount} a month", {amount: money(result.total_monthly_saving, result.currency)}), "big"),
    items(list.map(o => [row(category(o.category), money(o.monthly_saving, result.currency)), line(text(o.tip), "soft")])));
}

function saving(result) {
  const s = record(result.saving), month = record(result.this_month);
  if (number(s.amount) === undefined) return null;
  return card("savings", t("Saved"), line(money(s.amount, s.currency), "big"),
    facts([[t("Kind"), category(s.category)], [t("Date"), day(s.date)], [t("This month"), money(month.amount, month.currency)], [t("Notes"), text(s.description)]]));
}

function suggestions(result) {
  const list = records(result.suggestions).filter(s => number(s.suggested_limit) !== undefined).slice(0, SHOWN);
  return list.length ? card("budget", t("Limits that would fit"), items(list.map(s => row(element("span", "", category(s.category)), money(s.suggested_limit, record(result.summary).currency ?? result.currency))))) : null;
}

export default {
  create_expense: expense,
  get_spending_summary: summary,
  update_budget: budget,
  analyze_budget: analysis,
  compare_vs_budget: analysis,
  predict_end_of_month: prediction,
  find_savings_opportunities: savings,
  track_savings: saving,
  export_budget_report: report,
  manage_finances: result => expense(result) ?? saving(result) ?? summary(result) ?? suggestions(result),
};

// SPDX-License-Identifier: BSD-2-Clause
// Cards of events, timers and alarms.
import {element} from "../elements.js";
import {n, t} from "../words.js";
import {card, day, facts, items, line, moment, more, number, period, record, records, row, text} from "./kit.js";

const SHOWN = 12;

function when(e) {
  if (e.all_day === true) return period(e.start_date, e.end_date);
  const start = number(e.start_ms) === undefined ? day(e.start_date) : moment(e.start_ms, e.timezone);
  if (number(e.end_ms) === undefined) return start;
  const sameDay = moment(e.start_ms, e.timezone, {dateStyle: "short"}) === moment(e.end_ms, e.timezone, {dateStyle: "short"});
  return `${start} – ${moment(e.end_ms, e.timezone, sameDay ? {hour: "numeric", minute: "2-digit"} : undefined)}`;
}

function reminder(minutes) {
  if (number(minutes) === undefined) return "";
  if (minutes > 0 && minutes % 1440 === 0) return n(minutes / 1440, "{n} day before", "{n} days before");
  if (minutes > 0 && minutes % 60 === 0) return n(minutes / 60, "{n} hour before", "{n} hours before");
  return n(minutes, "{n} minute before", "{n} minutes before");
}

const about = e => facts([[t("When"), when(e)], [t("Where"), text(e.location_name)], [t("Repeats"), text(e.repeat, 80)],
  [t("Reminder"), (Array.isArray(e.reminder_minutes) ? e.reminder_minutes.slice(0, 5) : []).map(reminder).filter(Boolean).join(", ")], [t("Notes"), text(e.description)]]);

function event(result, args, ctx, gone = false) {
  const e = record(result.event), title = text(e.title, 120);
  if (!title) return null;
  const made = card(gone ? "event gone" : "event", title, gone ? line(t("Deleted"), "soft") : null, about(e), line(text(result.note), "soft"));
  if (gone) made.querySelector(".card-title").replaceChildren(element("s", "", title));
  return made;
}

function events(result) {
  const all = records(result.events), shown = all.filter(e => text(e.title)).slice(0, SHOWN);
  if (!shown.length) return null;
  return card("events", n(all.length, "{n} event", "{n} events"),
    items(shown.map(e => [row(element("strong", "", text(e.title, 120)), when(e)), line(text(e.location_name, 80), "soft")])), more(all.length, shown.length));
}

function timers(result) {
  const one = record(result.timer), all = records(result.timers), shown = (text(one.id) ? [one] : all).slice(0, SHOWN);
  const states = {set: t("set"), fired: t("has rung"), cancelled: t("cancelled")};
  const rows = shown.filter(a => number(a.due_ms) !== undefined || text(a.due_at)).map(a =>
    [row(element("strong", "", text(a.label, 80) || (a.type === "alarm" ? t("Alarm") : t("Timer"))), moment(number(a.due_ms) ?? a.due_at, a.timezone)),
      line([Object.hasOwn(states, a.state) ? states[a.state] : "", text(a.repeat, 60)].filter(Boolean).join(" · "), "soft")]);
  return rows.length ? card("timers", t("Timers and alarms"), items(rows)) : null;
}

export default {
  create_calendar_event: event,
  update_calendar_event: event,
  delete_calendar_event: (result, args, ctx) => event(result, args, ctx, true),
  get_calendar_events: events,
  set_timer_or_alarm: timers,
};

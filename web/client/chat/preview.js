// SPDX-License-Identifier: BSD-2-Clause
// What a call would do, for reading: the `preview` of an approval (docs/http-api.md) as elements.
import {element, sentence, spelt} from "./elements.js";
import {n, region, t} from "./words.js";

/** What is asked, in one line. */
const QUESTIONS = {
  delete_calendar_event: () => t("Delete this event?"),
  delete_fuel_entry: () => t("Delete this fill-up?"),
  delete_maintenance_record: () => t("Delete this maintenance record?"),
  manage_pantry: () => t("Remove this from the pantry?"),
  create_post: () => t("Publish this post?"),
  comment_on_post: () => t("Publish this comment?"),
  like_post: () => t("Like this post?"),
  follow_user: () => t("Follow this user?"),
  message_friend: () => t("Send this message?"),
  share_location: () => t("Share where you are?"),
  create_event: () => t("Announce this meetup?"),
  submit_community_tip: () => t("Publish this tip?"),
  add_knowledge: () => t("Publish this article?"),
  save_recipe: () => t("Read this page and keep its recipe?"),
  share_recipe: () => t("Change who can see this recipe?"),
  update_profile: () => t("Change your profile?"),
  manage_privacy: () => t("Change your privacy settings?"),
  add_equipment_item: () => t("Put this on the equipment list?"),
  scan_fuel_receipt_with_confidence: () => t("Read this receipt?"),
};
const KIND_QUESTIONS = {unfollow: () => t("Stop following this user?")};

export function question(tool, preview) {
  return (KIND_QUESTIONS[preview?.kind] ?? QUESTIONS[tool] ?? (() => t("Allow “{tool}”?", {tool: spelt(sentence(tool))})))();
}

/** The labels of our own tools; those of others are shown as they come. */
const LABELS = {
  "Action": () => t("Action"), "Allow messages": () => t("Allow messages"), "Avatar URL": () => t("Avatar URL"), "Bio": () => t("Bio"),
  "Category": () => t("Category"), "Comment": () => t("Comment"), "Content": () => t("Content"), "Currency": () => t("Currency"),
  "Data collection": () => t("Data collection"), "Description": () => t("Description"), "Difficulty": () => t("Difficulty"),
  "Duration hours": () => t("Duration in hours"), "Estimated cost": () => t("Estimated cost"), "Event date": () => t("Date"),
  "Expiry date": () => t("Good until"), "Friend ids": () => t("Friends"), "Image URL": () => t("Address of the picture"),
  "Ingredient name": () => t("Ingredient"), "Is essential": () => t("Essential"), "Is public": () => t("For everyone"),
  "Knowledge type": () => t("Kind"), "Latitude": () => t("Latitude"), "Location": () => t("Place"), "Location context": () => t("Place"),
  "Location name": () => t("Place"), "Location sharing": () => t("Location sharing"), "Longitude": () => t("Longitude"),
  "Max attendees": () => t("How many can come"), "Message": () => t("Message"), "Mileage": () => t("Mileage"), "Name": () => t("Name"),
  "Notes": () => t("Notes"), "Odometer": () => t("Odometer"), "Priority": () => t("Priority"), "Profile visibility": () => t("Who sees the profile"),
  "Quantity": () => t("Quantity"), "Recipe name": () => t("Name"), "Rv type": () => t("Kind of RV"), "Rv year": () => t("Year of the RV"),
  "Show activity": () => t("Show what I do"), "Status": () => t("Status"), "Tags": () => t("Tags"), "Title": () => t("Title"),
  "Topic": () => t("Topic"), "Unfollow": () => t("Stop following"), "Unit": () => t("Unit"), "URL": () => t("Address"),
  "Username": () => t("User name"), "Vendor URL": () => t("Address of the shop"), "Volume": () => t("Volume"),
};
export const labelOf = label => (LABELS[label] ?? (() => spelt(label)))();

// ---- values -----------------------------------------------------------------------------------------

const DAY = {weekday: "long", day: "numeric", month: "long", year: "numeric"};
const MINUTE = {...DAY, hour: "numeric", minute: "2-digit"};
const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** {start, end, all_day, timezone}: in the zone that it is meant in, which is named when it is not that of the screen. */
export function whenText({start, end, all_day: allDay, timezone}) {
  const zone = allDay ? "UTC" : timezone ?? ownZone(), from = new Date(start), to = new Date(end ?? start);
  if (Number.isNaN(+from) || Number.isNaN(+to)) return spelt(start);
  const form = options => {
    const format = new Intl.DateTimeFormat(region(), options);
    return +to > +from ? format.formatRange(from, to) : format.format(from);
  };
  const elsewhere = !allDay && zone !== ownZone();
  try {
    return form({...allDay ? DAY : MINUTE, timeZone: zone, ...elsewhere && {timeZoneName: "short"}});
  } catch { // a zone that this browser does not know
    return form(allDay ? DAY : MINUTE);
  }
}

export function amountText({value, currency}) {
  try {
    return new Intl.NumberFormat(region(), {style: "currency", currency}).format(value);
  } catch {
    return `${value} ${spelt(String(currency))}`;
  }
}

/** A value as a reader wants it; what a text would hide is spelt out. */
export function valueText(value) {
  if (value === true) return t("yes");
  if (value === false) return t("no");
  if (typeof value === "number") return value.toLocaleString(region(), {maximumFractionDigits: 6, useGrouping: Math.abs(value) >= 10000});
  if (typeof value === "string") {
    if (/^\d{4}-\d\d-\d\d$/.test(value)) return whenText({start: value, all_day: true});
    if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$/.test(value)) return whenText({start: value.replace(" ", "T"), timezone: ownZone()});
    return /^[a-z]+(_[a-z]+)+$/.test(value) ? sentence(value) : spelt(value);
  }
  if (Array.isArray(value) && value.every(v => typeof v !== "object")) return value.map(valueText).join(", ");
  return spelt(JSON.stringify(value));
}

// ---- what changes -----------------------------------------------------------------------------------

/** The whole of a value that the preview has cut, from the arguments. */
function whole(change, args) {
  const path = change.field.split("/").slice(1).map(p => p.replaceAll("~1", "/").replaceAll("~0", "~"));
  return path.length === 1 && Object.hasOwn(args, path[0]) ? args[path[0]] : change.new;
}

/** Old beside new; with one of them alone, a single column. */
function changesTable(preview, args) {
  const start = preview.when?.start ?? "", isTold = value => value === preview.title || typeof value === "string" && value.length >= 10 && start.startsWith(value);
  const shown = preview.changes.filter(c => !("new" in c) || "old" in c || !isTold(c.new));
  if (!shown.length) return null;
  const table = element("table", "changes"), head = element("tr"), body = element("tbody");
  const columns = ["old", "new"].filter(side => shown.some(c => side in c));
  const names = {old: columns.length === 2 ? t("Now") : t("Goes away"), new: columns.length === 2 ? t("After that") : t("What is sent")};
  table.append(element("caption", "hidden", columns.length === 2 ? t("What changes") : names[columns[0]]));
  for (const text of columns.length === 2 ? ["", ...columns.map(c => names[c])] : []) {
    const cell = head.appendChild(element(text ? "th" : "td", "", text));
    if (text) cell.scope = "col";
  }
  for (const change of shown) {
    const row = body.appendChild(element("tr")), label = row.appendChild(element("th", "", labelOf(change.label)));
    label.scope = "row";
    for (const side of columns) {
      const cell = row.appendChild(element("td", side));
      cell.dir = "auto";
      if (side in change) cell.append(element(side === "old" ? "del" : "ins", "", valueText(side === "new" ? whole(change, args) : change.old)));
      else cell.append(element("span", "none", t("nothing")));
    }
  }
  if (columns.length === 2) table.createTHead().append(head);
  table.append(body);
  return table;
}

// ---- effects ----------------------------------------------------------------------------------------

const SCOPES = {
  this: () => t("Only this day of the series is deleted."),
  following: () => t("This day and all later ones of the series are deleted."),
  all: () => t("Every day of the series is deleted."),
};
const AUDIENCES = {
  everyone: () => t("Everyone can see it."),
  friends: () => t("Your friends can see it."),
  others: () => t("Other people can notice it."),
  you: () => t("Only you can see it then."),
};

function peopleText({people, people_more: more = 0}) {
  const names = people.map(spelt);
  if (more) names.push(n(more, "{n} more person", "{n} more people"));
  return t("It is seen by {names}.", {names: new Intl.ListFormat(region(), {type: "conjunction"}).format(names)});
}

function effectText(effect) {
  if (effect.type === "deletion") return (SCOPES[effect.scope] ?? (() => t("It is deleted.")))();
  if (effect.type === "audience" && effect.people) return peopleText(effect);
  if (effect.type === "audience" && AUDIENCES[effect.audience]) return AUDIENCES[effect.audience]();
  if (effect.type === "host") return t("It reaches the host {host}.", {host: spelt(effect.host)});
  return spelt(effect.text ?? "");
}

/** Title, time, amount, changes and effects. */
export function previewElements(preview, args) {
  const parts = [];
  if (preview.title) parts.push(element("p", "title", spelt(preview.title)));
  if (preview.when) parts.push(element("p", "when", whenText(preview.when)));
  if (preview.amount) parts.push(element("p", "amount", amountText(preview.amount)));
  const table = changesTable(preview, args);
  if (table) parts.push(table);
  if (preview.changes_more) parts.push(element("p", "more", n(preview.changes_more, "{n} more is among the exact arguments.", "{n} more are among the exact arguments.")));
  if (preview.effects.length) {
    const list = element("ul", "effects");
    for (const effect of preview.effects) list.append(element("li", effect.type === "deletion" ? "warning" : "", effectText(effect)));
    parts.push(list);
  }
  for (const part of parts) if (part.matches(".title")) part.dir = "auto";
  return parts;
}

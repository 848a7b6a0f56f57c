// SPDX-License-Identifier: BSD-2-Clause
// The fields of a form made from a JSON Schema. Each has: element, read() -> {value} or {fault}, say(fault), focus().
import {element, sentence, spelt} from "./elements.js";
import {region, t} from "./words.js";

const LONG = 200; // characters from which a text has several lines

export class Field {
  #fault; #described;

  /** More than one control may stand in it; the first gets the focus. */
  constructor(schema, {id, label, needed}, ...controls) {
    Object.assign(this, {schema, id, needed, controls});
    this.element = element("div", "field");
    this.#fault = element("p", "fault");
    this.#fault.id = `${id}-fault`;
    this.#fault.hidden = true;
    this.name = element("label", "", needed ? label : t("{label} (optional)", {label}));
    this.name.htmlFor = id;
    controls[0].id = id;
    this.element.append(this.name, ...controls);
    this.#described = `${id}-fault`;
    if (schema.description) {
      const help = element("p", "help", spelt(schema.description));
      help.id = `${id}-help`;
      this.#described += ` ${help.id}`;
      this.element.append(help);
    }
    this.element.append(this.#fault);
    for (const control of controls) {
      control.setAttribute("aria-describedby", this.#described);
      if (needed) control.setAttribute("aria-required", "true");
      control.addEventListener("input", () => this.say(""));
    }
  }

  focus() { this.controls[0].focus(); }

  say(fault) {
    this.#fault.textContent = spelt(fault);
    this.#fault.hidden = !fault;
    for (const control of this.controls) {
      if (fault) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  /** Nothing was filled in. */
  none() { return this.needed ? {fault: t("This is needed.")} : {value: undefined}; }
}

// ---- text -------------------------------------------------------------------------------------------

/** What a text breaks of its schema, or "". */
function textFault(value, {minLength = 0, maxLength = Infinity, pattern, examples, format}) {
  const length = [...value].length;
  if (length > maxLength) return t("This is {count} characters long; at most {max} are possible.", {count: length.toLocaleString(region()), max: maxLength.toLocaleString(region())});
  if (length < minLength) return t("At least {min} characters are needed.", {min: minLength});
  const example = typeof examples?.[0] === "string" ? examples[0] : null;
  if (format === "uri" && !URL.canParse(value)) return t("This is no address, such as {example}.", {example: example ?? "https://example.org"});
  if (format === "email" && !/^[^\s@]+@[^\s@]+$/.test(value)) return t("This is no e-mail address.");
  if (pattern && !matches(pattern, value)) return example ? t("This does not have the form that is needed, such as {example}.", {example}) : t("This does not have the form that is needed.");
  return "";
}
function matches(pattern, value) {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true; // the server knows
  }
}

class TextField extends Field {
  constructor(schema, value, options) {
    const long = (schema.maxLength ?? 0) > LONG && !schema.pattern && !schema.format || String(value ?? "").includes("\n");
    const control = element(long ? "textarea" : "input");
    if (!long) control.type = {email: "email", uri: "url"}[schema.format] ?? "text";
    if (long) control.rows = Math.min(8, 2 + Math.floor(String(value ?? "").length / 60));
    control.value = value ?? "";
    control.dir = "auto";
    super(schema, options, control);
    this.given = value;
  }
  read() {
    const {value} = this.controls[0];
    if (value === "" && !(this.needed && this.schema.minLength === 0) && this.given !== "") return this.none();
    const fault = textFault(value, this.schema);
    return fault ? {fault} : {value};
  }
}

// ---- numbers, yes and no, one of several --------------------------------------------------------------

class NumberField extends Field {
  constructor(schema, value, options) {
    const control = element("input");
    control.type = "number";
    control.step = schema.type === "integer" ? 1 : "any";
    if (schema.minimum !== undefined) control.min = schema.minimum;
    if (schema.maximum !== undefined) control.max = schema.maximum;
    control.value = value ?? "";
    super(schema, options, control);
  }
  read() {
    const [control] = this.controls, {minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity, multipleOf, type} = this.schema;
    const value = Number(control.value), shown = limit => limit.toLocaleString(region());
    if (control.validity.badInput) return {fault: t("This is no number.")};
    if (control.value === "") return this.none();
    if (type === "integer" && !Number.isInteger(value)) return {fault: t("Only a whole number is possible.")};
    if (value < minimum) return {fault: t("At least {min} is needed.", {min: shown(minimum)})};
    if (value > maximum) return {fault: t("At most {max} is possible.", {max: shown(maximum)})};
    if (value <= exclusiveMinimum) return {fault: t("More than {min} is needed.", {min: shown(exclusiveMinimum)})};
    if (value >= exclusiveMaximum) return {fault: t("It has to be less than {max}.", {max: shown(exclusiveMaximum)})};
    if (multipleOf && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-6) return {fault: t("Only multiples of {step} are possible.", {step: shown(multipleOf)})};
    return {value};
  }
}

class SwitchField extends Field {
  constructor(schema, value, options) {
    const control = element("input");
    control.type = "checkbox";
    control.checked = value ?? schema.default ?? false;
    super(schema, {...options, needed: true}, control);
    this.element.classList.add("switch");
    control.removeAttribute("aria-required");
    this.left = value === undefined && !options.needed;
  }
  read() {
    const {checked} = this.controls[0];
    return {value: this.left && checked === (this.schema.default ?? false) ? undefined : checked};
  }
}

/** What a choice is called: `enumNames` are the names that another service has given. */
function choiceName({enum: choices, enumNames}, i) {
  if (typeof enumNames?.[i] === "string") return spelt(enumNames[i]);
  return typeof choices[i] === "string" ? spelt(sentence(choices[i])) : JSON.stringify(choices[i]);
}

class ChoiceField extends Field {
  constructor(schema, value, options) {
    const control = element("select");
    if (!options.needed || value === undefined) control.append(new Option(t("(nothing)"), ""));
    schema.enum.forEach((choice, i) => control.append(new Option(choiceName(schema, i), String(i))));
    const at = schema.enum.indexOf(value);
    control.value = at >= 0 ? String(at) : "";
    super(schema, options, control);
  }
  read() {
    const {value} = this.controls[0];
    return value === "" ? this.none() : {value: this.schema.enum[Number(value)]};
  }
}

/** Several of a list. */
class ChoicesField extends Field {
  constructor(schema, value, options) {
    const boxes = schema.items.enum.map((choice, i) => {
      const box = Object.assign(element("input"), {type: "checkbox", value: String(i), checked: (value ?? []).includes(choice)});
      box.setAttribute("aria-label", choiceName(schema.items, i));
      return box;
    });
    super(schema, options, ...boxes);
    this.element.classList.add("choices");
    this.element.setAttribute("role", "group");
    this.name.removeAttribute("for");
    this.name.id = `${options.id}-name`;
    this.element.setAttribute("aria-labelledby", this.name.id);
    boxes.forEach((box, i) => {
      box.removeAttribute("aria-required");
      const line = element("span", "choice"), name = element("span", "", choiceName(schema.items, i));
      name.addEventListener("click", () => box.click());
      box.replaceWith(line);
      line.append(box, name);
    });
  }
  read() {
    const value = this.controls.filter(box => box.checked).map(box => this.schema.items.enum[Number(box.value)]), {minItems = 0, maxItems = Infinity} = this.schema;
    if (!value.length && !this.needed) return {value: undefined};
    if (!value.length && minItems > 0) return this.none();
    if (value.length < minItems) return {fault: t("At least {min} is needed.", {min: minItems})};
    return value.length > maxItems ? {fault: t("At most {max} is possible.", {max: maxItems})} : {value};
  }
}

// ---- times ------------------------------------------------------------------------------------------

const TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s*([Zz]|[+-]\d\d:?\d\d)?)?$/;

class DateField extends Field {
  constructor(schema, value, options) {
    const control = element("input");
    control.type = "date";
    control.value = value ?? "";
    super(schema, options, control);
  }
  read() {
    const [control] = this.controls;
    if (control.validity.badInput) return {fault: t("This is no date.")};
    return control.value === "" ? this.none() : {value: control.value};
  }
}

/** Minutes as an offset of RFC 3339. */
function offsetText(minutes) {
  const size = Math.abs(minutes), two = part => String(part).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Date, time, and the zone as an offset. Where the schema does not want an offset, a time without one is the user's. */
class TimeField extends Field {
  constructor(schema, value, options) {
    const [, day = "", time = "", seconds = "", offset = ""] = TIME.exec(value ?? "") ?? [];
    const [date, clock, zone] = ["date", "time", "text"].map(type => Object.assign(element("input"), {type}));
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone, strict = schema.format === "date-time";
    date.value = day;
    clock.value = time;
    zone.value = offset;
    zone.size = 7;
    zone.placeholder = strict ? offsetText(-new Date().getTimezoneOffset()) : own;
    clock.setAttribute("aria-label", t("{label}: time", {label: options.label}));
    zone.setAttribute("aria-label", t("{label}: time zone, such as +10:00", {label: options.label}));
    super(schema, options, date, clock, zone);
    this.element.classList.add("time");
    Object.assign(this, {strict, given: value, was: [day, time, offset].join(), seconds});
    zone.hidden = !strict && !offset;
  }
  read() {
    const [date, clock, zone] = this.controls, said = [date.value, clock.value, zone.value.trim()];
    if (date.validity.badInput || clock.validity.badInput) return {fault: t("This is no date and time.")};
    if (!said[0] && !said[1]) return this.none();
    if (!said[0]) return {fault: t("The date is missing.")};
    if (this.strict && !said[1]) return {fault: t("The time is missing.")};
    if (said[2] && !/^([Zz]|[+-]\d\d:?\d\d)$/.test(said[2])) return {fault: t("A time zone is written as {example}.", {example: "+10:00"})};
    if (said.join() === this.was && this.given) return {value: this.given};
    if (!said[1]) return {value: said[0]};
    const offset = said[2] || (this.strict ? offsetText(-new Date(`${said[0]}T${said[1]}`).getTimezoneOffset()) : "");
    const value = `${said[0]}T${said[1]}${this.strict ? ":00" : ""}${offset}`;
    return {value};
  }
}

// ---- lists, and anything else --------------------------------------------------------------------------

class ListField extends Field {
  constructor(schema, value, options) {
    const control = element("textarea");
    control.value = (value ?? []).join("\n");
    control.rows = Math.min(6, (value?.length ?? 0) + 1);
    control.dir = "auto";
    super({...schema, description: [schema.description, t("One a line.")].filter(Boolean).join(" · ")}, options, control);
    this.given = value;
  }
  #item(text) {
    const items = this.schema.items, fault = {fault: t("“{item}” is not possible here.", {item: text})};
    if (items.type === "number" || items.type === "integer") {
      const value = Number(text);
      return Number.isNaN(value) || items.type === "integer" && !Number.isInteger(value) || value < items.minimum || value > items.maximum ? fault : {value};
    }
    return items.enum && !items.enum.includes(text) || textFault(text, items) ? fault : {value: text};
  }
  read() {
    const {minItems = 0, maxItems = Infinity} = this.schema, lines = this.controls[0].value.split("\n").map(l => l.trim()).filter(Boolean);
    if (!lines.length && !this.needed && this.given === undefined) return {value: undefined};
    if (lines.length < minItems) return {fault: t("At least {min} lines are needed.", {min: minItems})};
    if (lines.length > maxItems) return {fault: t("At most {max} lines are possible.", {max: maxItems})};
    const items = lines.map(l => this.#item(l)), wrong = items.find(i => i.fault);
    return wrong ?? {value: items.map(i => i.value)};
  }
}

export class JsonField extends Field {
  constructor(schema, value, options) {
    const control = element("textarea", "json");
    control.value = value === undefined ? "" : JSON.stringify(value, null, 2);
    control.rows = Math.min(12, control.value.split("\n").length + 1);
    control.spellcheck = false;
    super({...schema, description: [schema.description, t("JSON text.")].filter(Boolean).join(" · ")}, options, control);
  }
  read() {
    const text = this.controls[0].value;
    if (!text.trim()) return this.none();
    try {
      const value = JSON.parse(text);
      if (this.schema.type === "object" && (typeof value !== "object" || value === null || Array.isArray(value))) return {fault: t("This has to be a JSON object, such as {example}.", {example: '{"a": 1}'})};
      if (this.schema.type === "array" && !Array.isArray(value)) return {fault: t("This has to be a JSON list, such as {example}.", {example: "[1, 2]"})};
      return {value};
    } catch (error) {
      return {fault: t("This is not valid JSON: {why}", {why: error.message})};
    }
  }
}

const isScalar = schema => ["string", "number", "integer"].includes(schema?.type);

/** The field that suits a schema, and the value that it has to show. */
export function fieldOf(given, value, options) {
  const type = Array.isArray(given.type) ? given.type.find(k => k !== "null") : given.type, schema = {...given, type};
  const fits = kind => value === undefined || value === null || kind;
  if (schema.enum && fits(schema.enum.includes(value))) return new ChoiceField(schema, value ?? undefined, options);
  if (type === "boolean" && fits(typeof value === "boolean")) return new SwitchField(schema, value ?? undefined, options);
  if ((type === "integer" || type === "number") && fits(typeof value === "number")) return new NumberField(schema, value ?? undefined, options);
  if (type === "array" && schema.items?.enumNames) return new ChoicesField(schema, value ?? undefined, options);
  if (type === "array" && isScalar(schema.items) && fits(Array.isArray(value) && value.every(v => typeof v !== "object" && !String(v).includes("\n")))) return new ListField(schema, value ?? undefined, options);
  if (type !== "string" || !fits(typeof value === "string")) return new JsonField(schema, value ?? undefined, options);
  const pattern = schema.pattern ?? "", day = pattern.startsWith("^[0-9]{4}-[0-9]{2}-[0-9]{2}");
  if ((schema.format === "date" || pattern === "^[0-9]{4}-[0-9]{2}-[0-9]{2}$") && fits(/^\d{4}-\d\d-\d\d$/.test(value))) return new DateField(schema, value ?? undefined, options);
  if ((schema.format === "date-time" || day) && fits(TIME.test(value))) return new TimeField(schema, value ?? undefined, options);
  return new TextField(schema, value ?? undefined, options);
}

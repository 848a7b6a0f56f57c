// SPDX-License-Identifier: BSD-2-Clause
// A form made from the JSON Schema of an object: a field for each property, and JSON text for what has no field of its own.
import {element, sentence, spelt} from "./elements.js";
import {JsonField, fieldOf} from "./fields.js";
import {labelOf} from "./preview.js";
import {t} from "./words.js";

let count = 0;

/** What a schema says, with a reference into the same document put in its place. */
function resolve(schema, root) {
  const path = typeof schema?.$ref === "string" && schema.$ref.match(/^#\/(\$defs|definitions)\/([^/]+)$/);
  const found = path && root[path[1]]?.[path[2].replaceAll("~1", "/").replaceAll("~0", "~")];
  return found ? {...found, ...schema, $ref: undefined} : schema ?? {};
}

const isObject = value => typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields of an object; `deep`: it is a member of another one, whose own objects are JSON text. */
class Group {
  #rows = []; #rest = {};

  constructor(schema, values, {root, path, deep, place}) {
    const required = new Set(schema.required ?? []);
    for (const [name, given] of Object.entries(schema.properties ?? {})) {
      const property = resolve(given, root), value = values?.[name], own = `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      const label = labelOf(property.title ?? sentence(name).replace(/\burl\b/i, "URL"));
      if (property.properties && !deep && (value === undefined || isObject(value))) this.#addGroup({name, property, value, root, own, label, place, needed: required.has(name)});
      else this.#addField({name, property, value, own, label, place, needed: required.has(name)});
    }
    for (const [name, value] of Object.entries(values ?? {})) if (!Object.hasOwn(schema.properties ?? {}, name)) this.#rest[name] = value;
  }

  #addGroup({name, property, value, root, own, label, place, needed}) {
    const set = element("fieldset"), legend = element("legend", "", label);
    set.append(legend);
    place.append(set);
    const group = new Group(property, value, {root, path: own, deep: true, place: set});
    this.#rows.push({name, needed, group, was: value});
  }

  #addField({name, property, value, own, label, place, needed}) {
    const field = fieldOf(property, value, {id: `tp-field-${++count}`, label, needed});
    field.pointer = own;
    place.append(field.element);
    this.#rows.push({name, needed, field});
  }

  /** {value, wrong: fields}. */
  read() {
    const value = {...this.#rest}, wrong = [];
    for (const {name, needed, field, group, was} of this.#rows) {
      if (group) {
        const inner = group.read();
        wrong.push(...inner.wrong);
        if (needed || was !== undefined || Object.keys(inner.value).length) value[name] = inner.value;
        continue;
      }
      const found = field.read();
      if (found.fault) wrong.push(field);
      else if (found.value !== undefined) value[name] = found.value;
    }
    return {value, wrong};
  }

  /** The field that a pointer names, or the closest one above it. */
  find(pointer) {
    for (const {field, group} of this.#rows) {
      const found = group ? group.find(pointer) : (pointer === field.pointer || pointer.startsWith(`${field.pointer}/`)) && field;
      if (found) return found;
    }
    return null;
  }

  get fields() { return this.#rows.flatMap(r => r.group ? r.group.fields : [r.field]); }
}

export class Form {
  #group; #whole = null; #faults;

  /** schema: of an object; values: what stands in the fields at first. A schema without properties: all of it is JSON text. */
  constructor(schema, values) {
    this.element = element("div", "fields");
    this.#faults = element("p", "fault");
    this.#faults.hidden = true;
    if (Object.keys(schema?.properties ?? {}).length) {
      this.#group = new Group(schema, values, {root: schema, path: "", deep: false, place: this.element});
    } else {
      this.#whole = new JsonField({type: "object"}, values, {id: `tp-field-${++count}`, label: t("Arguments"), needed: true});
      this.#whole.pointer = "";
      this.element.append(this.#whole.element);
    }
    this.element.append(this.#faults);
  }

  get fields() { return this.#whole ? [this.#whole] : this.#group.fields; }

  focus() { this.fields[0]?.focus(); }

  /** The values, or undefined: then each wrong field says why, and the first has the focus. */
  read() {
    this.#faults.hidden = true;
    for (const field of this.fields) field.say("");
    const {value, wrong} = this.#whole ? this.#readWhole() : this.#group.read();
    if (!wrong.length) return value;
    for (const field of wrong) field.say(field.read().fault);
    wrong[0].focus();
    return undefined;
  }

  #readWhole() {
    const {value, fault} = this.#whole.read();
    return {value, wrong: fault ? [this.#whole] : []};
  }

  /** What the server refused: a JSON pointer into the values and why. */
  refuse(pointer, text) {
    const field = this.#whole ?? this.#group.find(pointer);
    if (field) {
      field.say(text);
      field.focus();
      return;
    }
    this.#faults.textContent = spelt(text);
    this.#faults.hidden = false;
  }
}


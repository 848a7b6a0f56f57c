// SPDX-License-Identifier: BSD-2-Clause
// A strict reader of OpenMetrics 1.0 text and of Prometheus' older text format (0.0.4): it throws at whatever the specification forbids.
import assert from "node:assert/strict";

const SUFFIXES = {counter: ["_total", "_created"], gauge: [""], histogram: ["_bucket", "_count", "_sum", "_created"], info: ["_info"]};
const NUMBER = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|Inf|NaN)$/;

function readLabels(text) {
  const labels = {};
  let rest = text;
  while (rest) {
    const [whole, name, value] = rest.match(/^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/) ?? assert.fail(`labels: ${text}`);
    assert.ok(!(name in labels), `label ${name} twice`);
    labels[name] = value.replace(/\\(.)/g, (_, c) => c === "n" ? "\n" : c);
    rest = rest.slice(whole.length);
    if (rest) assert.equal(rest[0], ",", text);
    rest = rest.replace(/^,/, "");
  }
  return labels;
}

function checkHistogram(family) {
  const groups = new Map();
  for (const {name, labels, value} of family.samples) {
    const {le, ...others} = labels, key = JSON.stringify(others);
    const group = groups.get(key) ?? groups.set(key, {buckets: []}).get(key);
    if (name.endsWith("_bucket")) {
      assert.match(le, /^(\d+\.\d+|\+Inf)$/, `${name}: the bound ${le} is not a canonical float`);
      group.buckets.push([le === "+Inf" ? Infinity : Number(le), value]);
    } else {
      group[name.slice(family.name.length + 1)] = value;
    }
  }
  for (const [key, {buckets, count, sum}] of groups) {
    assert.equal(buckets.at(-1)?.[0], Infinity, `${family.name}${key}: the last bucket is +Inf`);
    for (let i = 1; i < buckets.length; i++) assert.ok(buckets[i][0] > buckets[i - 1][0] && buckets[i][1] >= buckets[i - 1][1], `${family.name}${key} ascends`);
    assert.equal(buckets.at(-1)[1], count, `${family.name}${key}: count`);
    assert.ok(sum >= 0 && (count > 0 || sum === 0), `${family.name}${key}: sum`);
  }
}

function checkFamily(family, older) {
  const suffixes = older && family.type !== "histogram" ? [""] : SUFFIXES[family.type];
  const seen = new Set();
  for (const {name, labels, value} of family.samples) {
    assert.ok(suffixes.some(s => name === family.name + s), `${name} is no sample of the ${family.type} ${family.name}`);
    const key = name + JSON.stringify(Object.entries(labels).sort());
    assert.ok(!seen.has(key), `${key} stands twice`);
    seen.add(key);
    if (family.type !== "gauge") assert.ok(value >= 0, `${key} is ${value}`);
  }
  assert.ok(family.help, `${family.name} has no help`);
  if (family.unit) assert.ok(family.name.endsWith(`_${family.unit}`), `the name of ${family.name} ends with its unit`);
  if (family.type === "histogram") checkHistogram(family);
}

/** Families by name: {name, type, unit, help, samples: [{name, labels, value}]}. */
export function readMetrics(text, {older = false} = {}) {
  const families = new Map();
  let now;
  assert.ok(text.endsWith("\n") && !text.includes("\r") && !text.includes("\n\n"), "whole lines, none empty");
  const lines = text.slice(0, -1).split("\n");
  if (!older) assert.equal(lines.pop(), "# EOF");
  for (const line of lines) {
    const told = line.match(/^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/);
    if (told) {
      const [, what, name, value] = told;
      if (now?.name !== name) {
        assert.ok(!families.has(name), `${name} is told in two places`);
        families.set(name, now = {name, samples: []});
      }
      const key = what.toLowerCase();
      assert.ok(!(key in now) && now.samples.length === 0, line);
      assert.ok(key !== "unit" || !older, line);
      now[key] = value;
      continue;
    }
    const [, name, labels, value] = line.match(/^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/) ?? assert.fail(`no line of the format: ${line}`);
    assert.match(value, NUMBER, line);
    assert.ok(now && name.startsWith(now.name), `${name} stands outside of its family`);
    now.samples.push({name, labels: labels === undefined ? {} : readLabels(labels), value: Number(value.replace("Inf", "Infinity"))});
  }
  for (const family of families.values()) {
    assert.ok(family.type in SUFFIXES, `${family.name} has the type ${family.type}`);
    checkFamily(family, older);
  }
  return families;
}

/** The value of a sample whose labels are these and perhaps more; undefined when there is none. Several: their sum. */
export function valueOf(families, name, labels = {}) {
  const found = [...families.values()].flatMap(f => f.samples)
    .filter(s => s.name === name && Object.entries(labels).every(([k, v]) => s.labels[k] === v));
  return found.length ? found.reduce((sum, s) => sum + s.value, 0) : undefined;
}

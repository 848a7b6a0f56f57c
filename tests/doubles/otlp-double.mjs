// SPDX-License-Identifier: BSD-2-Clause
// A collector of OpenTelemetry traces (OTLP/HTTP, JSON). It refuses what the protocol forbids: names and types of members as the JSON mapping of
// opentelemetry-proto has them, ids in hexadecimal, 64-bit numbers as text, times that run forwards.
import {once} from "node:events";
import http from "node:http";

const SPAN = {traceId: /^(?!0{32})[0-9a-f]{32}$/, spanId: /^(?!0{16})[0-9a-f]{16}$/, parentSpanId: /^(?!0{16})[0-9a-f]{16}$/};
const need = (good, what) => { if (!good) throw new Error(what); };
const only = (object, names, what) => {
  need(object !== null && typeof object === "object" && !Array.isArray(object), `${what} is no object`);
  for (const name of Object.keys(object)) need(names.includes(name), `${what} has no member ${name}`);
};
const isInt64 = text => typeof text === "string" && /^-?\d{1,19}$/.test(text);

function readAttributes(list, what) {
  need(Array.isArray(list), `${what}: attributes`);
  const out = {};
  for (const attribute of list) {
    only(attribute, ["key", "value"], `${what}: attribute`);
    need(typeof attribute.key === "string" && attribute.key && !(attribute.key in out), `${what}: key ${attribute.key}`);
    only(attribute.value, ["stringValue", "intValue", "boolValue", "doubleValue"], `${what}: ${attribute.key}`);
    const [[kind, value], ...more] = Object.entries(attribute.value);
    need(!more.length && (kind === "intValue" ? isInt64(value) : typeof value === {stringValue: "string", boolValue: "boolean", doubleValue: "number"}[kind]), `${what}: ${attribute.key}`);
    out[attribute.key] = kind === "intValue" ? Number(value) : value;
  }
  return out;
}

function readSpan(span) {
  only(span, ["traceId", "spanId", "traceState", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes", "events", "links", "status", "flags"], "span");
  for (const [name, form] of Object.entries(SPAN)) need(name === "parentSpanId" && span[name] === undefined || form.test(span[name]), `${name} ${span[name]}`);
  need(typeof span.name === "string" && span.name, "name");
  need(Number.isInteger(span.kind) && span.kind >= 1 && span.kind <= 5, `kind ${span.kind}`);
  need(isInt64(span.startTimeUnixNano) && isInt64(span.endTimeUnixNano), "times");
  const start = BigInt(span.startTimeUnixNano), end = BigInt(span.endTimeUnixNano);
  need(end >= start && end <= (BigInt(Date.now()) + 5000n) * 1000000n && start > 1600000000n * 1000000000n, `from ${start} to ${end}`);
  only(span.status ?? {}, ["code", "message"], "status");
  need([undefined, 0, 1, 2].includes(span.status?.code), "status code");
  return {...span, ms: Number(end - start) / 1e6, start, end, attributes: readAttributes(span.attributes ?? [], span.name), failed: span.status?.code === 2};
}

function readRequest(body) {
  const spans = [];
  only(body, ["resourceSpans"], "request");
  for (const resource of body.resourceSpans) {
    only(resource, ["resource", "scopeSpans", "schemaUrl"], "resourceSpans");
    only(resource.resource, ["attributes", "droppedAttributesCount"], "resource");
    const of = readAttributes(resource.resource.attributes, "resource");
    need(of["service.name"], "service.name");
    for (const scope of resource.scopeSpans) {
      only(scope, ["scope", "spans", "schemaUrl"], "scopeSpans");
      only(scope.scope, ["name", "version", "attributes"], "scope");
      spans.push(...scope.spans.map(span => ({...readSpan(span), resource: of})));
    }
  }
  return spans;
}

/** {url, spans, refused, headers, status, hold, close()}. status: what it answers with; hold: it answers nothing. */
export async function startCollector() {
  const collector = {spans: [], refused: [], headers: [], status: 200, hold: false};
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (collector.hold) return;
    collector.headers.push(request.headers);
    try {
      need(request.method === "POST" && request.url === "/v1/traces", `${request.method} ${request.url}`);
      need(request.headers["content-type"] === "application/json", "Content-Type");
      const spans = readRequest(JSON.parse(Buffer.concat(chunks).toString()));
      if (collector.status === 200) collector.spans.push(...spans);
      response.writeHead(collector.status, {"Content-Type": "application/json"}).end("{}");
    } catch (error) {
      collector.refused.push(error.message);
      response.writeHead(400).end();
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  collector.url = `http://127.0.0.1:${server.address().port}/v1/traces`;
  collector.close = () => { server.closeAllConnections(); server.close(); };
  return collector;
}

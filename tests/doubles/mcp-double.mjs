// SPDX-License-Identifier: BSD-2-Clause
// A double of an MCP server of the stateless era (2026-07-28), strict in what it takes, with faults.
//
// `const double = await startMcpDouble()`; `double.requests` holds what came in; `double.tools` may
// be changed; `double.faults[TOOL] = FAULT` makes a call of the tool go wrong:
//   rpc            JSON-RPC error            tool           a result with isError
//   status N       HTTP status N             type           200 with a page
//   cut            SSE cut in mid-event      stall          nothing more after a comment
//   huge           4 MiB of text             resultType     one that nobody knows
//   input          input_required            redirect URL   307
//   wrongid        a response of another id  sse            the response as a stream, after noise
// `double.asks[TOOL] = params => RESULT`: what a call answers in place of its result, input_required for
// one; undefined = the result. The double refuses to ask a client that does not take forms.
// `double.refuse = N`: every request is answered with that status. `double.pages`: tools of a page.
import http from "node:http";
import {once} from "node:events";

const VERSION = "2026-07-28";
const text = words => ({content: [{type: "text", text: words}]});

export const modernTools = () => [
  {name: "add", description: "Adds two whole numbers with the abacus of the harbour office.", inputSchema: {$schema: "https://json-schema.org/draft/2020-12/schema", type: "object",
    properties: {a: {type: "integer"}, b: {type: "integer"}}, required: ["a", "b"]}, annotations: {readOnlyHint: true}},
  {name: "tide.table", description: "Tide table of a harbour.", inputSchema: {type: "object", properties: {
    harbour: {type: "string", "x-mcp-header": "Harbour"}, days: {type: "integer", "x-mcp-header": "Days"}, feet: {type: "boolean", "x-mcp-header": "Feet"}}, required: ["harbour"]},
  annotations: {readOnlyHint: true}},
  {name: "book_berth", description: "Books a berth in a harbour.", inputSchema: {type: "object", properties: {harbour: {type: "string"}}, required: ["harbour"]}},
  {name: "bad_header", description: "Has a header that cannot be.", inputSchema: {type: "object", properties: {x: {type: "object", "x-mcp-header": "X"}}}},
  {name: "twice", description: "Has a header twice.", inputSchema: {type: "object", properties: {x: {type: "string", "x-mcp-header": "X"}, y: {type: "string", "x-mcp-header": "x"}}}},
  {name: "structured", description: "Answers with structured content.", inputSchema: {type: "object", properties: {}}, annotations: {readOnlyHint: true}},
];

const results = {
  add: a => text(String(a.a + a.b)),
  "tide.table": a => text(`Tides of ${a.harbour}.`),
  book_berth: a => text(`Berth in ${a.harbour} booked.`),
  structured: () => ({content: [{type: "text", text: "{\"depth\":4}"}, {type: "image", data: "AAAA", mimeType: "image/png"}], structuredContent: {depth: 4}}),
};

/** gate: of oauth-double.mjs, asked before each request. */
export async function startMcpDouble({token, gate} = {}) {
  const double = {requests: [], tools: modernTools(), faults: {}, asks: {}, refuse: 0, pages: 3, calls: {}, aborted: 0};
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on("data", c => chunks.push(c));
    request.on("end", () => {
      let body;
      try {
        body = JSON.parse(Buffer.concat(chunks).toString());
      } catch { /* not JSON */ }
      double.requests.push({method: request.method, headers: request.headers, body});
      answer(request, response, body);
    });
  });

  const json = (response, status, value, headers = {}) => {
    const data = JSON.stringify(value);
    response.writeHead(status, {"Content-Type": "application/json", "Content-Length": Buffer.byteLength(data), ...headers});
    response.end(data);
  };
  const error = (response, status, id, code, message, data) => json(response, status, {jsonrpc: "2.0", id, error: {code, message, ...data && {data}}});
  const good = (response, id, result) => json(response, 200, {jsonrpc: "2.0", id, result: {resultType: "complete", ...result}});

  /** What is wrong with a request of this era; "" = nothing. */
  function wrong(request, body) {
    const h = request.headers, meta = body?.params?._meta ?? {};
    if (request.method !== "POST" || !body) return "only POST of JSON";
    if (!h.accept?.includes("application/json") || !h.accept.includes("text/event-stream")) return "Accept";
    if (h["mcp-protocol-version"] !== VERSION) return "MCP-Protocol-Version";
    if (h["mcp-method"] !== body.method) return "Mcp-Method";
    if (h["mcp-session-id"]) return "Mcp-Session-Id";
    if (body.method === "tools/call" && h["mcp-name"] !== body.params.name) return "Mcp-Name";
    if (meta["io.modelcontextprotocol/protocolVersion"] !== VERSION) return "_meta protocolVersion";
    if (typeof meta["io.modelcontextprotocol/clientCapabilities"] !== "object") return "_meta clientCapabilities";
    return "";
  }

  function fail(fault, response, id, done) {
    const [kind, value] = fault.split(" ");
    const stream = () => response.writeHead(200, {"Content-Type": "text/event-stream"});
    response.on("close", () => { if (!response.writableEnded) double.aborted++; });
    if (kind === "rpc") error(response, 200, id, -32602, "The harbour office does not know this harbour.");
    else if (kind === "tool") good(response, id, {...text("The abacus has lost a bead."), isError: true});
    else if (kind === "status") json(response, Number(value), {oops: true});
    else if (kind === "type") { response.writeHead(200, {"Content-Type": "text/html"}); response.end("<p>Hello</p>"); }
    else if (kind === "cut") { stream(); response.write("data: {\"jsonrpc\":\"2.0\",\"id\":", () => response.destroy()); }
    else if (kind === "stall") { stream(); response.write(": waiting\n\n"); }
    else if (kind === "huge") good(response, id, text("x".repeat(4 << 20)));
    else if (kind === "long") good(response, id, text("ä".repeat(60000)));
    else if (kind === "resultType") good(response, id, {resultType: "perhaps", ...text("?")});
    else if (kind === "input") good(response, id, {resultType: "input_required", inputRequests: []});
    else if (kind === "redirect") { response.writeHead(307, {Location: value}); response.end(); }
    else if (kind === "wrongid") good(response, id + 1000, text("not yours"));
    else if (kind === "sse") {
      stream();
      response.write("id: 1\ndata: \n\n");
      response.write(": a comment\r\n\r\n");
      response.write(`event: message\ndata: ${JSON.stringify({jsonrpc: "2.0", method: "notifications/progress", params: {progress: 1}})}\n\n`);
      response.end(`event: message\ndata: ${JSON.stringify({jsonrpc: "2.0", id, result: {resultType: "complete", ...done()}})}\n\n`);
    }
  }

  function answer(request, response, body) {
    if (gate && !gate(request, response)) return undefined;
    if (double.refuse) return json(response, double.refuse, {}, double.refuse === 401 ? {"WWW-Authenticate": "Bearer"} : {});
    if (token && request.headers.authorization !== `Bearer ${token}`) return json(response, 401, {}, {"WWW-Authenticate": "Bearer"});
    const bad = wrong(request, body), id = body?.id ?? null;
    if (bad) return error(response, 400, id, bad.startsWith("_meta") ? -32602 : -32020, `wrong: ${bad}`);
    if (body.method === "tools/list") {
      const first = Number(body.params.cursor ?? 0), next = first + double.pages;
      return good(response, id, {tools: double.tools.slice(first, next), ...next < double.tools.length && {nextCursor: String(next)}, ttlMs: 1000, cacheScope: "public"});
    }
    if (body.method !== "tools/call") return error(response, 404, id, -32601, "no such method");
    const {name, arguments: args} = body.params;
    double.calls[name] = (double.calls[name] ?? 0) + 1;
    const done = () => results[name]?.(args) ?? text("done");
    const asked = double.asks[name]?.(body.params);
    if (asked?.resultType === "input_required" && !body.params._meta["io.modelcontextprotocol/clientCapabilities"].elicitation?.form) {
      return error(response, 400, id, -32021, "this needs elicitation", {requiredCapabilities: {elicitation: {form: {}}}});
    }
    if (asked) return json(response, 200, {jsonrpc: "2.0", id, result: asked});
    if (double.faults[name]) return fail(double.faults[name], response, id, done);
    good(response, id, done());
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  double.url = `http://127.0.0.1:${server.address().port}/mcp`;
  double.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return double;
}

/**
 * A server of the era with sessions (2025-11-25): `double.forget()` drops all sessions; a session that is not known is 404.
 * It has no stream of its own (405) unless `double.aside`: then the tool asks by that stream (how: "aside"), and answers with
 * what the user said; how: "ask" asks in the call's own stream, "change"
 * takes that back with `double.change()` and asks another question; `double.held` holds calls (how: "hold") until one is called.
 * `double.asked`: what the client answered to a ping of ours; `double.log`: methods as they came.
 */
export async function startLegacyDouble({gate} = {}) {
  const double = {log: [], asked: [], wrong: [], sessions: new Set(), resumed: 0, listens: new Map(), held: []};
  const streams = new Map(); // event id -> response that waits for a GET
  const tool = {name: "count", description: "Counts.", inputSchema: {type: "object", properties: {how: {type: "string"}}}};
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on("data", c => chunks.push(c));
    request.on("end", () => {
      if (gate && !gate(request, response)) return;
      const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : null, h = request.headers;
      const session = h["mcp-session-id"];
      const listens = request.method === "GET" && !h["last-event-id"];
      if (!listens) double.log.push(`${request.method} ${body?.method ?? (body?.result ? "answer" : "")}`.trim());
      const json = (status, value, headers = {}) => {
        response.writeHead(status, {"Content-Type": "application/json", ...headers});
        response.end(value && JSON.stringify(value));
      };
      if (body?.method === "initialize") {
        if (session || h["mcp-protocol-version"]) double.wrong.push("initialize with a session or version header");
        const id = crypto.randomUUID();
        double.sessions.add(id);
        return json(200, {jsonrpc: "2.0", id: body.id, result: {protocolVersion: "2025-06-18", capabilities: {}, serverInfo: {name: "old", version: "1"}}}, {"Mcp-Session-Id": id});
      }
      if (!session) return json(400, {error: "no session"});
      if (!double.sessions.has(session)) return json(404, {jsonrpc: "2.0", id: null, error: {code: -32001, message: "Session not found"}});
      if (h["mcp-protocol-version"] !== "2025-06-18") double.wrong.push(`${body?.method}: MCP-Protocol-Version ${h["mcp-protocol-version"]}`);
      if (request.method === "DELETE") { double.sessions.delete(session); return json(200); }
      if (listens) {
        if (!double.aside) return json(405);
        double.listens.set(session, response);
        response.writeHead(200, {"Content-Type": "text/event-stream"});
        return response.flushHeaders();
      }
      if (request.method === "GET") {
        double.resumed++;
        const waiting = streams.get(h["last-event-id"]);
        if (!waiting) return json(405);
        response.writeHead(200, {"Content-Type": "text/event-stream"});
        return response.end(`id: last\ndata: ${JSON.stringify(waiting)}\n\n`);
      }
      if (body.result || body.error) { double.asked.push(body); return json(202); }
      if (body.method === "notifications/cancelled") double.cancelled = body.params.requestId;
      if (body.id === undefined) return json(202);
      if (body.method === "tools/list") return json(200, {jsonrpc: "2.0", id: body.id, result: {tools: [tool]}});
      const answer = {jsonrpc: "2.0", id: body.id, result: {content: [{type: "text", text: `counted ${body.params.arguments.how}`}]}};
      if (body.params.arguments.how === "resume") {
        streams.set("e7", answer);
        double.beforeResume?.();
        response.writeHead(200, {"Content-Type": "text/event-stream"});
        return response.end("id: e7\nretry: 100\ndata: \n\n");
      }
      if (body.params.arguments.how === "ping") {
        response.writeHead(200, {"Content-Type": "text/event-stream"});
        response.write(`data: ${JSON.stringify({jsonrpc: "2.0", id: "p1", method: "ping"})}\n\ndata: ${JSON.stringify({jsonrpc: "2.0", id: "p2", method: "sampling/createMessage", params: {}})}\n\n`);
        const timer = setInterval(() => {
          if (double.asked.length < 2) return;
          clearInterval(timer);
          response.end(`data: ${JSON.stringify(answer)}\n\n`);
        }, 5);
        return;
      }
      if (body.params.arguments.how === "aside") {
        const id = `q-${crypto.randomUUID()}`;
        double.listens.get(session).write(`data: ${JSON.stringify({jsonrpc: "2.0", id, method: "elicitation/create", params: {message: "Who is it?",
          requestedSchema: {type: "object", properties: {name: {type: "string"}}}}})}\n\n`);
        const timer = setInterval(() => {
          const said = double.asked.find(a => a.id === id);
          if (!said) return;
          clearInterval(timer);
          json(200, {...answer, result: {content: [{type: "text", text: said.result ? `${said.result.action} ${said.result.content?.name}` : said.error.message}]}});
        }, 5);
        return;
      }
      if (["ask", "change"].includes(body.params.arguments.how)) {
        const say = value => `data: ${JSON.stringify({jsonrpc: "2.0", ...value})}\n\n`;
        const put = (id, message) => say({id, method: "elicitation/create", params: {message, requestedSchema: {type: "object", properties: {name: {type: "string"}}}}});
        const last = body.params.arguments.how === "change" ? "q2" : "q1";
        response.writeHead(200, {"Content-Type": "text/event-stream"});
        response.write(put("q1", "Who is it?"));
        double.change = () => response.write(say({method: "notifications/cancelled", params: {requestId: "q1"}}) + put("q2", "Who is it really?"));
        const timer = setInterval(() => {
          const said = double.asked.find(a => a.id === last);
          if (!said) return;
          clearInterval(timer);
          response.end(`data: ${JSON.stringify({...answer, result: {content: [{type: "text", text: `${said.result.action} ${said.result.content?.name}`}]}})}\n\n`);
        }, 5);
        response.on("close", () => clearInterval(timer));
        return;
      }
      if (body.params.arguments.how === "hold") return void double.held.push(() => json(200, answer));
      if (body.params.arguments.how === "stall") return void (double.stalled = body.id);
      if (body.params.arguments.how === "forget") double.sessions.clear();
      json(200, answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  double.url = `http://127.0.0.1:${server.address().port}/mcp`;
  double.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return double;
}

/**
 * A server of 2024-11-05 (HTTP+SSE) that is unkind. trick "late": no POST is answered before the client has sent the next but
 * one; "id": a result with the id -1 comes while the client waits for its notification to be taken.
 */
export async function startStreamDouble(trick) {
  const double = {held: []};
  const server = http.createServer((request, response) => {
    if (request.method === "GET") {
      response.writeHead(200, {"Content-Type": "text/event-stream"});
      response.write("event: endpoint\ndata: /post\n\n");
      double.say = value => response.write(`data: ${JSON.stringify({jsonrpc: "2.0", ...value})}\n\n`);
      return;
    }
    const chunks = [];
    request.on("data", c => chunks.push(c));
    request.on("end", () => {
      const {id, method, params} = JSON.parse(Buffer.concat(chunks).toString());
      const release = () => { for (const r of double.held.splice(0)) r.writeHead(202).end(); };
      const results = {initialize: () => ({protocolVersion: "2024-11-05", capabilities: {}, serverInfo: {name: "unkind", version: "1"}}),
        "tools/list": () => ({tools: [{name: "count", description: "Counts.", inputSchema: {type: "object"}}]}),
        "tools/call": () => ({content: [{type: "text", text: `counted ${params.arguments.n}`}]})};
      if (trick === "id" && id === undefined) {
        double.held.push(response);
        double.say({id: -1, result: {}});
        return void setTimeout(release, 300);
      }
      if (id === undefined) return response.writeHead(202).end();
      double.say({id, result: results[method]()});
      if (trick !== "late") return response.writeHead(202).end();
      if (double.held.length) release();
      double.held.push(response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  double.url = `http://127.0.0.1:${server.address().port}/sse`;
  double.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return double;
}

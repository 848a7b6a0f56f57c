// SPDX-License-Identifier: BSD-2-Clause
// The API as a document, judged by a linter of others; replies against its schemas; the examples of docs/http-api.md.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {createHmac} from "node:crypto";
import {readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {promisify} from "node:util";
import Ajv2020 from "ajv/dist/2020.js";
import formats from "ajv-formats";
import {jpeg} from "../doubles/pictures.mjs";
import {API, scratch, Stack, TOP, uuid} from "./harness.mjs";

const run = promisify(execFile);
const DOC = readFileSync(join(TOP, "docs/http-api.md"), "utf8");

describe("the OpenAPI document", () => {
  let stack, dir, document, ajv;
  before(async () => {
    dir = scratch("tp-openapi-");
    stack = await Stack.start({double: false});
    document = (await stack.get("/openapi.json")).json;
    ajv = new Ajv2020({strict: false, allErrors: true});
    formats(ajv);
    ajv.addSchema({$id: "doc", ...document}, "doc");
  });
  after(async () => {
    await stack.stop();
    rmSync(dir, {recursive: true});
  });

  test("it is valid by redocly's rules", async () => {
    writeFileSync(join(dir, "openapi.json"), JSON.stringify(document));
    writeFileSync(join(dir, "redocly.yaml"), "extends: [spec, recommended]\nrules:\n  no-server-example.com: off\n  operation-4xx-response: off\n"
      + "  no-ambiguous-paths: off\n  security-defined: error\n  operation-operationId-unique: error\n  no-unresolved-refs: error\n");
    const cli = join(TOP, "tests/e2e/node_modules/@redocly/cli/bin/cli.js");
    await run(process.execPath, [cli, "lint", "--config", join(dir, "redocly.yaml"), "--format", "json", join(dir, "openapi.json")],
      {env: {...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", REDOCLY_TELEMETRY: "off"}, timeout: 120000, maxBuffer: 1 << 24, cwd: dir})
      .catch(error => assert.fail(`${error.stdout}`.slice(0, 4000)));
  });

  test("it needs no credential, and names every tool", async () => {
    assert.equal(document.openapi, "3.1.0");
    assert.equal(document.servers[0].url, API);
    const {tools} = (await stack.get("/tools")).json;
    for (const tool of tools) {
      const {post} = document.paths[`/tools/${tool.name}`];
      assert.deepEqual(post.requestBody.content["application/json"].schema, tool.arguments_schema);
      assert.deepEqual(post.responses[200].content["application/json"].schema, tool.result_schema);
    }
  });

  /** The reply has the form that the document says for its status. */
  function conforms(method, path, reply) {
    const responses = document.paths[path][method.toLowerCase()].responses;
    const pointer = responses[reply.status] ? `responses/${reply.status}/content/application~1json` : "responses/default";
    const schema = responses[reply.status]
      ? {$ref: `doc#/paths/${path.replaceAll("/", "~1").replaceAll("{", "%7B").replaceAll("}", "%7D")}/${method.toLowerCase()}/${pointer}/schema`}
      : {$ref: "doc#/components/schemas/Problem"};
    const validate = ajv.compile(schema);
    assert.ok(validate(reply.json), `${method} ${path} ${reply.status}: ${ajv.errorsText(validate.errors)}\n${reply.text.slice(0, 600)}`);
    return reply;
  }

  test("replies have the forms that it says", async () => {
    const session_id = uuid(), client_message_id = uuid();
    const said = conforms("POST", "/chat", await stack.chat("What time is it?", {session_id, client_message_id}));
    await stack.chat("Which day is today?", {session_id: uuid()});
    const turn = said.json.turn_id;
    const gets = {
      "/sessions": "/sessions?limit=1", "/sessions/{id}": `/sessions/${session_id}`, "/sessions/{id}/messages": `/sessions/${session_id}/messages?limit=2`,
      "/turns/{id}": `/turns/${turn}`, "/history": "/history", "/context": "/context", "/tools": "/tools", "/tools/{id}": "/tools/get_current_time",
      "/approvals": "/approvals", "/inbox": "/inbox", "/health": "/health", "/health/live": "/health/live", "/health/ready": "/health/ready",
      "/agui/capabilities": "/agui/capabilities", "/export": "/export", "/openapi.json": "/openapi.json",
    };
    for (const [path, address] of Object.entries(gets)) {
      const reply = conforms("GET", path, await stack.get(address));
      assert.equal(reply.status, 200, address);
    }
    conforms("GET", "/turns/{id}", await stack.get(`/turns/${uuid()}`));
    conforms("POST", "/chat", await stack.post("/chat", {}));
    conforms("POST", "/chat", await stack.post("/chat", {message: "hello"}, {headers: {Prefer: "respond-async"}}));
    conforms("POST", "/turns/{id}/cancel", await stack.post(`/turns/${turn}/cancel`, {}));
    conforms("POST", "/sessions/{id}/cancel", await stack.post(`/sessions/${session_id}/cancel`, {}));
    conforms("POST", "/cancel", await stack.post("/cancel", {client_message_id: uuid()}));
    conforms("POST", "/ws-ticket", await stack.post("/ws-ticket", {}));
    conforms("POST", "/feedback", await stack.post("/feedback", {message_id: said.json.message_id, rating: 4}));
    conforms("PUT", "/context", await stack.request("PUT", "/context", {home: "Brisbane"}));
    conforms("PATCH", "/sessions/{id}", await stack.request("PATCH", `/sessions/${session_id}`, {title: "Time"}));
    conforms("DELETE", "/sessions/{id}", await stack.request("DELETE", `/sessions/${session_id}`));
    conforms("POST", "/tools/get_current_time", await stack.post("/tools/get_current_time", {}));
    conforms("POST", "/tools/get_current_time", await stack.post("/tools/get_current_time", {timezone: "Nowhere"}));
  });
});

/** Fenced blocks that hold a call: text, and where they stand. */
const examples = [...DOC.matchAll(/^```[a-z]*\n(curl [\s\S]*?)^```/gm)].map(([, text]) => text);

describe("the examples of docs/http-api.md", () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false}); });
  after(() => stack.stop());

  /** Runs it as its reader would, but that curl says by its end whether the reply is a failure. */
  const play = (text, more = "") => run("bash", ["-c", `set -eu\ncurl() { command curl --fail-with-body --max-time 30 "$@"; }\nU=${stack.url}${API}\n${more}${text}`], {timeout: 60000})
    .catch(error => assert.fail(`${text}\n${error.stdout}${error.stderr}`));

  test("there are some", () => assert.ok(examples.length >= 4, `${examples.length}`));
  for (const example of examples) {
    test(example.split("\n")[0], async () => {
      let text = example;
      if (text.includes("/approvals/")) {
        const event = (await stack.post("/tools/create_calendar_event", {title: "Dentist", start_date: "2027-01-05T14:00"})).json;
        const refused = await stack.post("/tools/delete_calendar_event", {event_id: event.event.event_id ?? event.event.id});
        assert.equal(refused.status, 409, refused.text);
        text = text.replace(/approvals\/[0-9a-f]{32}/, `approvals/${refused.json.approval_id}`);
      }
      if (/receipt.jpg|att-/.test(text)) {
        writeFileSync(join(stack.dir, "receipt.jpg"), jpeg());
        const kept = await stack.request("POST", "/attachments?name=receipt.jpg", {body: jpeg(), headers: {"Content-Type": "image/jpeg"}});
        text = text.replace(/att-[0-9a-f]{32}/, kept.json.id);
      }
      const {stdout} = await play(text, `cd ${stack.dir}\n`);
      if (text.includes("text/event-stream")) assert.match(stdout, /^data: \{.*"type":"RUN_FINISHED"/m);
      else assert.equal(typeof JSON.parse(stdout), "object");
    });
  }

  test("the signature of a webhook is what its example checks", async () => {
    const request = DOC.match(/^```\nPOST \/hook\n([\s\S]*?)\n\n(.*)\n```/m);
    const code = DOC.match(/^```js\n([\s\S]*?)^```/m)[1];
    const secret = DOC.match(/signed with `([^`]+)`/)[1];
    const headers = Object.fromEntries(request[1].split("\n").map(line => line.split(": ")).map(([name, value]) => [name.toLowerCase(), value]));
    const {verify} = await import(`data:text/javascript,${encodeURIComponent(`${code}\nexport {verify};`)}`);
    const now = Math.floor(Date.now() / 1000);
    const signed = (id, seconds, body) => `v1=${createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("hex")}`;
    assert.equal(headers["turnpike-signature"], signed(headers["turnpike-id"], headers["turnpike-timestamp"], request[2]));
    const fresh = {...headers, "turnpike-timestamp": `${now}`, "turnpike-signature": signed(headers["turnpike-id"], now, request[2])};
    assert.ok(verify(fresh, Buffer.from(request[2]), secret));
    assert.ok(!verify(fresh, Buffer.from(`${request[2]} `), secret));
    assert.ok(!verify(headers, Buffer.from(request[2]), secret), "an old one");
  });
});

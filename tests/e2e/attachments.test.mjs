// SPDX-License-Identifier: BSD-2-Clause
// Files in messages: by value, by address, uploaded before; in AG-UI, /chat and sockets; what each vendor gets
// of them, and what is refused by name.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import {once} from "node:events";
import {createHash} from "node:crypto";
import {HttpAgent} from "@ag-ui/client";
import {gif, jpeg, pdf, png, webp} from "../doubles/pictures.mjs";
import {API, eventually, Stack, uuid} from "./harness.mjs";

const sha = bytes => createHash("sha256").update(bytes).digest("hex");
const idOf = bytes => `att-${sha(bytes).slice(0, 32)}`;
const data = (bytes, mime_type = "image/png", more = {}) => ({data: bytes.toString("base64"), mime_type, ...more});
const upload = (stack, bytes, type = "image/png", {query = "", user} = {}) =>
  stack.request("POST", `/attachments${query}`, {body: bytes, headers: {"Content-Type": type, ...user && {"X-Dev-User": user}}});

/** The parts of the last user message that are no texts, in the form of either vendor; and its texts. */
function sent(request) {
  const parts = [request.body.messages.findLast(m => m.role === "user").content].flat();
  const texts = parts.map(p => p.text ?? (typeof p === "string" ? p : "")).join("\n");
  const files = parts.filter(p => p.type && !["text", "tool_result"].includes(p.type)).map(p => {
    if (p.source) return {kind: p.type, type: p.source.media_type, bytes: Buffer.from(p.source.data, "base64"), name: p.title};
    const [, type, base64] = /^data:([^;]+);base64,(.*)$/.exec(p.image_url?.url ?? p.file.file_data);
    return {kind: p.type === "file" ? "document" : "image", type, bytes: Buffer.from(base64, "base64"), name: p.file?.filename};
  });
  return {parts, texts, files};
}

/** A host that serves files, with redirects and faults of the test's choice. */
async function startHost() {
  const files = new Map();
  const server = http.createServer((request, response) => {
    server.seen.push(request.url);
    const file = files.get(request.url);
    if (typeof file === "function") return file(request, response);
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, {"content-type": file.type}).end(file.bytes);
  });
  server.seen = [];
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(server, {files, url: `http://127.0.0.1:${server.address().port}`});
}

for (const provider of ["anthropic", "openai"]) {
  describe(`files to a model in the form of ${provider}`, () => {
    let stack;
    before(async () => {
      stack = await Stack.start({chain: provider, settings: {"turn.seats": 2, "model.retries": 0, "openai.documents": "on"}});
      stack.double.scenario = "text say=Seen.";
    });
    after(() => stack.stop());
    const last = () => stack.double.requests.at(-1);

    test("each kind by value, byte for byte, in front of the words", async () => {
      const files = [png(5, 4), jpeg(), webp(), gif(), pdf(), Buffer.from("a;b\n1;ü\n")];
      const types = ["image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf", "text/csv"];
      const reply = await stack.chat("What is this?", {attachments: files.map((f, i) => data(f, types[i], {name: `file ${i}`}))});
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.json.response, "Seen.");
      const {parts, texts, files: got} = sent(last());
      assert.deepEqual(got.map(f => [f.kind, f.type]), [...types.slice(0, 4).map(t => ["image", t]), ["document", "application/pdf"]]);
      got.forEach((f, i) => assert.ok(f.bytes.equals(files[i]), `file ${i}`));
      assert.equal(got[4].name, "file 4");
      for (const f of files) assert.ok(texts.includes(`[Attachment ${idOf(f)}: `), "the model can name it to a tool");
      assert.match(texts, /"file 0", image\/png, 5 x 4 pixels/);
      assert.match(texts, /\[Begin of att-[0-9a-f]{32}\]\na;b\n1;ü\n\n\[End of/);
      const words = parts.findIndex(p => p.text?.includes("What is this?"));
      assert.ok(words > parts.findLastIndex(p => !["text"].includes(p.type)), "pictures stand in front of the words");
    });

    test("a data: URL, base64 with line breaks, and a file without words", async () => {
      const picture = png(3, 3, {seed: 9});
      const folded = picture.toString("base64").replace(/.{20}/g, "$&\n");
      for (const attachment of [{url: `data:image/png;base64,${picture.toString("base64")}`}, {data: folded}, {data: folded, mime_type: "application/octet-stream"}]) {
        const reply = await stack.post("/chat", {attachments: [attachment]});
        assert.equal(reply.status, 200, reply.text);
        assert.ok(sent(last()).files[0].bytes.equals(picture));
      }
    });

    test("an upload is named by its id; later turns show it again, until there are newer ones than there is room", async () => {
      const picture = png(2000, 900, {seed: 3}), session_id = uuid();
      const stored = await upload(stack, picture, "image/png", {query: "?name=C%3A%5Cfoto%20%C3%BC.png"});
      assert.equal(stored.status, 201, stored.text);
      assert.deepEqual({...stored.json, created_at: 0, expires_at: 0}, {id: idOf(picture), mime_type: "image/png", name: "foto ü.png", bytes: picture.length,
        sha256: sha(picture), width: 2000, height: 900, created_at: 0, expires_at: 0});
      assert.equal(stored.headers.location, `${API}/attachments/${idOf(picture)}`);
      await stack.chat("Look.", {session_id, attachments: [{id: stored.json.id}]});
      assert.ok(sent(last()).files[0].bytes.equals(picture));
      await stack.chat("And now?", {session_id});
      assert.equal(JSON.stringify(last().body).split(picture.toString("base64")).length, 2, "an earlier message still shows it");
      for (let i = 0; i < 12; i++) await stack.chat(`One more ${i}.`, {session_id, attachments: [data(png(2000, 900, {seed: 10 + i}))]});
      const text = JSON.stringify(last().body);
      assert.ok(!text.includes(picture.toString("base64")), "the oldest has left");
      assert.match(text, new RegExp(`Attachment ${idOf(picture)} is not shown again, to save room`));
      assert.ok(text.includes(png(2000, 900, {seed: 20}).toString("base64")), "newer ones have not");
    });

    test("a file that has gone leaves a sentence", async () => {
      const picture = png(7, 7), session_id = uuid();
      await stack.chat("Look.", {session_id, attachments: [data(picture)]});
      assert.equal((await stack.request("DELETE", `/attachments/${idOf(picture)}`)).status, 200);
      const reply = await stack.chat("And now?", {session_id});
      assert.equal(reply.json.response, "Seen.");
      assert.match(JSON.stringify(last().body), new RegExp(`Attachment ${idOf(picture)} has expired or was deleted`));
    });

    test("what its vendor does not take becomes a sentence: size, sides, moving pictures, number", async () => {
      const large = png(9, 9, {bytes: 4100000}), wide = png(8001, 2), moving = gif(2);
      const stored = (await upload(stack, large)).json;
      const loaded = await fetch(`${stack.url}${API}/attachments/${stored.id}`, {headers: stack.headers});
      assert.ok(Buffer.from(await loaded.arrayBuffer()).equals(large), "and comes back whole");
      const reply = await stack.chat("Look.", {attachments: [{id: stored.id}, data(wide), data(moving, "image/gif")]});
      assert.equal(reply.json.response, "Seen.", reply.text);
      const {texts, files} = sent(last());
      if (provider === "anthropic") {
        assert.match(texts, new RegExp(`${idOf(large)} is not shown to you, as it is larger than this model takes`));
        assert.match(texts, new RegExp(`${idOf(wide)} is not shown to you, as it has more pixels a side`));
        assert.deepEqual(files.map(f => f.type), ["image/gif"]);
      } else {
        assert.match(texts, new RegExp(`${idOf(moving)} is not shown to you, as this model takes no moving pictures`));
        assert.deepEqual(files.map(f => f.type), ["image/png", "image/png"]);
      }
    });

    test("a model that refuses pictures is asked without, and that is remembered", async () => {
      stack.double.refuse = (api, body) => /"(image|image_url)"/.test(JSON.stringify(body.messages)) ? [400, "This model does not support image input."] : undefined;
      const at = stack.double.requests.length, session_id = uuid();
      const reply = await stack.chat("Look.", {session_id, attachments: [data(png(6, 2))]});
      assert.equal(reply.json.response, "Seen.", reply.text);
      assert.equal(stack.double.requests.length, at + 2);
      assert.match(JSON.stringify(last().body), /is not shown to you, as this model cannot look at pictures/);
      stack.double.refuse = undefined;
      await stack.reload();
    });

    test("a picture that its server cannot read ends no conversation", async () => {
      const session_id = uuid(), bad = png(6, 3);
      stack.double.refuse = (api, body) => JSON.stringify(body).includes(bad.toString("base64")) ? [400, "Could not process image"] : undefined;
      const first = await stack.chat("Look.", {session_id, attachments: [data(bad)]});
      assert.match(first.json.response, /^Seen\./, first.text);
      const next = await stack.chat("And now?", {session_id});
      assert.match(next.json.response, /^Seen\./, next.text);
      stack.double.refuse = undefined;
    });

    const IMAGES = {
      "cannot be read": [400, {error: {message: "You uploaded an unsupported image. Please make sure your image is valid.", type: "invalid_request_error", code: "image_parse_error"}}],
      "is too large for a proxy": [413, "<html><title>413 Request Entity Too Large</title></html>"],
    };
    for (const [name, refusal] of Object.entries(IMAGES)) {
      test(`a picture that ${name} costs neither its conversation nor those of others`, async () => {
        const session_id = uuid(), other = uuid(), bad = png(6, 4, {seed: name.length}), good = png(5, 5, {seed: 3});
        stack.double.refuse = (api, body) => JSON.stringify(body).includes(bad.toString("base64")) ? refusal : undefined;
        await stack.chat("My name is FACT.", {session_id});
        for (const [i, message] of ["Look.", "And now?"].entries()) {
          const at = stack.double.requests.length;
          const reply = await stack.chat(message, {session_id, attachments: i ? [] : [data(bad)]});
          assert.equal(reply.json.response, "Seen.", reply.text);
          assert.equal(stack.double.requests.length, at + 2);
          const raw = last().raw;
          assert.ok(raw.includes("FACT"), "the conversation is there");
          assert.match(raw, new RegExp(`${idOf(bad)} cannot be shown: the model's server did not accept the request with it`));
        }
        for (let i = 0; i < 8; i++) assert.equal((await stack.chat(`Part ${i}. ${"word ".repeat(700)}`, {session_id: other})).status, 200);
        await stack.chat("Look.", {session_id: other, attachments: [data(good)]});
        assert.ok(last().raw.includes(good.toString("base64")), "others' pictures are seen");
        assert.match(last().raw, /Part 0\..*Part 7\./s, "and others' conversations are whole");
        stack.double.refuse = undefined;
      });
    }

    test("a text longer than half of the budget is cut, and the model told so", async () => {
      const text = Buffer.from("ü".repeat(200000));
      const stored = await upload(stack, text, "text/plain");
      const reply = await stack.chat("Read it.", {attachments: [{id: stored.json.id}]});
      assert.equal(reply.json.response, "Seen.", reply.text);
      const {texts} = sent(last());
      const [, shown, all] = /is longer: these are its first (\d+) of (\d+) bytes\]/.exec(texts);
      assert.equal(Number(all), text.length);
      assert.ok(Number(shown) > 50000 && Number(shown) < 200000, shown);
      assert.ok(!texts.includes("�"), "cut at a character");
    });
  });
}

describe("a model without eyes", () => {
  test("gets a sentence, by the setting", async () => {
    const stack = await Stack.start({chain: "openai", settings: {"openai.images": "off", "openai.documents": "off"}});
    try {
      stack.double.scenario = "text say=Blind.";
      const reply = await stack.chat("Look.", {attachments: [data(png()), data(pdf(), "application/pdf"), data(Buffer.from("some words"), "text/plain")]});
      assert.equal(reply.json.response, "Blind.", reply.text);
      const {texts, files} = sent(stack.double.requests.at(-1));
      assert.deepEqual(files, []);
      assert.match(texts, /as this model cannot look at pictures/);
      assert.match(texts, /as this model does not take PDF/);
      assert.match(texts, /some words/);
    } finally {
      await stack.stop();
    }
  });
});

describe("no model at all", () => {
  let stack, ocr;
  before(async () => {
    ocr = http.createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      ocr.seen.push({type: request.headers["content-type"], key: request.headers.authorization, bytes: Buffer.concat(chunks)});
      response.writeHead(200, {"content-type": "application/json"}).end(JSON.stringify({text: "BP GOULBURN\n21/11/2026 16:02\nDiesel 45.20 L @ $1.899/L\nTOTAL $85.83"}));
    });
    ocr.seen = [];
    ocr.listen(0, "127.0.0.1");
    await once(ocr, "listening");
    stack = await Stack.start({chain: "offline", settings: {"ocr.url": `http://127.0.0.1:${ocr.address().port}/read`, "ocr.key": "secret"}});
  });
  after(async () => {
    await stack.stop();
    ocr.close();
  });

  test("says in words that it cannot look", async () => {
    const reply = await stack.chat("What is in this picture?", {attachments: [data(png())]});
    assert.match(reply.json.response, /without a model I cannot look at it/, reply.text);
  });

  test("a receipt is read all the same, by its tool and the service behind that", async () => {
    const picture = png(30, 40, {seed: 200});
    const reply = await stack.chat("Read this receipt", {attachments: [data(picture)]});
    assert.equal(reply.status, 200, reply.text);
    assert.ok(ocr.seen.at(-1).bytes.equals(picture));
    assert.equal(ocr.seen.at(-1).type, "image/png");
    assert.equal(ocr.seen.at(-1).key, "Bearer secret");
    assert.match(JSON.stringify(reply.json), /85\.83/);
  });
});

describe("the ways in", () => {
  let stack, host;
  before(async () => {
    host = await startHost();
    stack = await Stack.start({chain: "anthropic", settings: {"tools.allow_private": "on", "turn.seats": 4, "attachments.quota": "1m", "attachments.bytes": "500k",
      "attachments.message": 3, "attachments.fetch": "2s"}});
    stack.double.scenario = "text say=Seen.";
  });
  after(async () => {
    await stack.stop();
    host.closeAllConnections();
    host.close();
  });
  const last = () => stack.double.requests.at(-1);
  const messagesOf = async (session, user) => (await stack.get(`/sessions/${session}/messages`, {headers: {"X-Dev-User": user ?? "dev"}})).json.messages;

  test("AG-UI: the stock client's parts, and its thread keeps a reference", async () => {
    const threadId = uuid(), picture = png(11, 8), letter = pdf();
    const agent = new HttpAgent({url: stack.url + API + "/agui", threadId, headers: stack.headers});
    agent.addMessage({id: uuid(), role: "user", content: [
      {type: "text", text: "What is this?"},
      {type: "image", source: {type: "data", value: picture.toString("base64"), mimeType: "image/png"}, metadata: {name: "road.png"}},
      {type: "document", source: {type: "data", value: letter.toString("base64"), mimeType: "application/pdf"}},
    ]});
    await agent.runAgent({runId: uuid()});
    assert.equal(agent.messages.at(-1).content, "Seen.");
    assert.deepEqual(sent(last()).files.map(f => f.type), ["image/png", "application/pdf"]);
    const [message] = await messagesOf(threadId);
    assert.deepEqual(message.content, [
      {type: "text", text: "What is this?"},
      {type: "image", source: {type: "file", value: idOf(picture), mimeType: "image/png"},
        metadata: {bytes: picture.length, name: "road.png", width: 11, height: 8, url: `${API}/attachments/${idOf(picture)}`}},
      {type: "document", source: {type: "file", value: idOf(letter), mimeType: "application/pdf"},
        metadata: {bytes: letter.length, pages: 1, url: `${API}/attachments/${idOf(letter)}`}},
    ]);
    const log = await stack.redis("XRANGE", `tp:{dev}:s:${threadId}:log`, "-", "+");
    assert.ok(!log.includes(picture.toString("base64")), "no event has the bytes");
    // The whole conversation comes along with the next run, the bytes in it too: they are not taken again.
    agent.addMessage({id: uuid(), role: "user", content: "And now?"});
    await agent.runAgent({runId: uuid()});
    assert.equal(agent.messages.at(-1).content, "Seen.");
    assert.equal((await messagesOf(threadId)).length, 4);
  });

  test("AG-UI: a client that repeats its pictures with each run may; a context as long as that is refused", async () => {
    const part = {type: "image", source: {type: "data", value: png(2, 2, {bytes: 2000000}).toString("base64"), mimeType: "image/png"}};
    const body = {threadId: uuid(), runId: uuid(), tools: [], context: [], state: {}, forwardedProps: {}, messages: [{id: uuid(), role: "user", content: [part]},
      {id: uuid(), role: "assistant", content: "Seen."}, {id: uuid(), role: "user", content: "And now?"}]};
    const reply = await stack.post("/agui", body);
    assert.match(reply.text, /RUN_FINISHED/, reply.text.slice(0, 300));
    const long = await stack.post("/agui", {...body, runId: uuid(), state: {x: "y".repeat(1100000)}});
    assert.deepEqual([long.status, long.json.code, long.json.limit], [413, "body_too_large", 1048576], long.text);
  });

  test("AG-UI: regenerate with the same parts, edit with others", async () => {
    const threadId = uuid(), picture = png(12, 8), id = uuid();
    const part = bytes => ({type: "image", source: {type: "data", value: bytes.toString("base64"), mimeType: "image/png"}});
    const agent = new HttpAgent({url: stack.url + API + "/agui", threadId, headers: stack.headers});
    const first = {id, role: "user", content: [part(picture), {type: "text", text: "One."}]};
    agent.addMessage(first);
    await agent.runAgent({runId: uuid()});
    agent.setMessages([first]);
    await agent.runAgent({runId: uuid()});
    let stored = await messagesOf(threadId);
    assert.deepEqual(stored.map(m => m.role), ["user", "assistant"], "answered anew");
    const snapshot = agent.messages.find(m => m.id === id);
    assert.equal(snapshot.content[0].source.type, "file", "the stock client takes the snapshot with the reference");
    const other = png(13, 8);
    agent.setMessages([{...first, content: [part(other), {type: "text", text: "One."}]}]);
    await agent.runAgent({runId: uuid()});
    stored = await messagesOf(threadId);
    assert.deepEqual(stored.map(m => m.role), ["user", "assistant"]);
    assert.equal(stored[0].content[0].source.value, idOf(other));
    assert.ok(sent(last()).files[0].bytes.equals(other));
    // What the snapshot gave comes back as it was given.
    agent.setMessages([{id: uuid(), role: "user", content: [snapshot.content[0], {type: "text", text: "Again."}]}]);
    await agent.runAgent({runId: uuid()});
    assert.ok(sent(last()).files.at(-1).bytes.equals(picture));
  });

  test("a socket's message names uploads; its text may be missing", async () => {
    const picture = png(14, 8), session_id = uuid();
    const {json} = await upload(stack, picture);
    const socket = await stack.socket();
    socket.send({type: "message", session_id, attachments: [{id: json.id, name: "lake.png"}], client_message_id: uuid()});
    await socket.until("RUN_FINISHED");
    assert.equal(socket.text(), "Seen.");
    assert.ok(sent(last()).files[0].bytes.equals(picture));
    assert.equal((await messagesOf(session_id))[0].content[0].metadata.name, "lake.png");
    assert.equal((await stack.get(`/sessions/${session_id}`)).json.title, "lake.png");
    socket.send({type: "message", session_id, text: "x", attachments: [{id: "att-1"}], client_message_id: "c-1"});
    const refused = await socket.until("error");
    assert.equal(refused.code, "invalid_field");
    assert.match(refused.message, /attachments\[0\]: the id is not one of POST \/attachments/);
    await socket.end();
  });

  test("by address: fetched before the message is accepted, once", async () => {
    const picture = png(15, 8), session_id = uuid(), client_message_id = uuid();
    host.files.set("/a.png", {bytes: picture, type: "image/png"});
    host.files.set("/moved", (request, response) => response.writeHead(302, {location: "/a.png"}).end());
    const body = {session_id, client_message_id, attachments: [{url: `${host.url}/moved`, name: "a.png"}]};
    const first = await stack.chat("Look.", body);
    assert.equal(first.json.response, "Seen.", first.text);
    assert.ok(sent(last()).files[0].bytes.equals(picture));
    assert.deepEqual(host.seen, ["/moved", "/a.png"]);
    host.files.delete("/moved");
    const again = await stack.chat("Look.", body);
    assert.equal(again.status, 200, again.text);
    assert.equal(again.json.turn_id, first.json.turn_id, "the same message again is the same turn");
    assert.equal(host.seen.length, 2, "and fetches nothing");
    const other = await stack.chat("Look.", {...body, attachments: [{url: `${host.url}/other`}]});
    assert.equal(other.status, 409);
  });

  test("an address that cannot be had refuses the message, by name", async () => {
    host.files.set("/loop", (request, response) => response.writeHead(302, {location: "/loop"}).end());
    host.files.set("/slow", (request, response) => response.writeHead(200, {"content-type": "image/png"}).write("x"));
    host.files.set("/large", (request, response) => response.writeHead(200, {"content-type": "image/png"}).end(png(2, 2, {bytes: 600000})));
    host.files.set("/page", {bytes: Buffer.from("<html>hello</html>"), type: "text/html"});
    host.files.set("/elf", {bytes: Buffer.from("\x7fELF\x02\x01\x01\0", "latin1"), type: "image/png"});
    const session_id = uuid();
    const rows = [
      [{url: `${host.url}/none`}, 422, "attachment_not_fetched", /answered with status 404/],
      [{url: `${host.url}/loop`}, 422, "attachment_not_fetched", /status 302|cannot be reached/],
      [{url: `${host.url}/slow`}, 422, "attachment_not_fetched", /within 2000 ms/],
      [{url: `${host.url}/large`}, 413, "attachment_too_large", /512000 bytes/],
      [{url: `${host.url}/page`, type: "image"}, 422, "invalid_field", /declared as an image, but its bytes are text/],
      [{url: `${host.url}/elf`}, 422, "invalid_field", /neither PNG/],
      [{url: "http://127.0.0.1:1/x"}, 422, "attachment_not_fetched", /cannot be reached/],
      [{url: "ftp://example.com/x"}, 422, "invalid_field", /must begin with/],
    ];
    for (const [attachment, status, code, detail] of rows) {
      const reply = await stack.chat("Look.", {session_id, attachments: [attachment]});
      assert.deepEqual([reply.status, reply.json.code], [status, code], reply.text);
      assert.match(reply.json.detail, detail);
      assert.equal(reply.json.field, "attachments[0]");
    }
    assert.equal((await stack.get(`/sessions/${session_id}/messages`)).status, 404, "nothing was accepted");
  });

  test("what is no file is refused, with field and limit", async () => {
    const rows = [
      [{attachments: "x"}, "attachments", /must be an array/],
      [{attachments: ["x"]}, "attachments[0]", /must be an object/],
      [{attachments: [{}]}, "attachments[0]", /exactly one/],
      [{attachments: [{data: "aaaa", id: idOf(png())}]}, "attachments[0]", /exactly one/],
      [{attachments: [{data: "!!"}]}, "attachments[0]", /not in base64/],
      [{attachments: [{data: ""}]}, "attachments[0]", /is empty/],
      [{attachments: [{data: 7}]}, "data", /must be a string/],
      [{attachments: [{url: "data:image/png,abc"}]}, "attachments[0]", /not in base64/],
      [{attachments: [{id: idOf(png(99, 99))}]}, "attachments[0]", /no attachment att-/],
      [{attachments: [data(png(), "image/jpeg")]}, "attachments[0]", /declared as image\/jpeg, but its bytes are image\/png/],
      [{attachments: [data(png().subarray(0, 40))]}, "attachments[0]", /is cut/],
      [{attachments: [data(pdf().subarray(0, 60), "application/pdf")]}, "attachments[0]", /is cut/],
      [{attachments: [data(Buffer.from("<svg/>"), "image/svg+xml")]}, "attachments[0]", /declared as image\/svg/],
      [{attachments: [data(Buffer.from("\0\x01\x02", "latin1"), "")]}, "attachments[0]", /neither PNG/],
    ];
    for (const [body, field, detail] of rows) {
      const reply = await stack.chat("Look.", body);
      assert.equal(reply.status, 422, JSON.stringify(body).slice(0, 100) + reply.text);
      assert.equal(reply.json.field, field);
      assert.match(reply.json.detail, detail);
    }
    const many = await stack.chat("Look.", {attachments: Array.from({length: 4}, () => data(png()))});
    assert.deepEqual([many.status, many.json.field, many.json.limit], [422, "attachments", 3], many.text);
    const large = await stack.chat("Look.", {attachments: [data(png(2, 2, {bytes: 600000}))]});
    assert.deepEqual([large.status, large.json.code, large.json.field, large.json.limit], [413, "attachment_too_large", "attachments[0]", 512000], large.text);
    const huge = Buffer.from(png());
    huge.writeUInt32BE(20000, 16);
    const bomb = await stack.chat("Look.", {attachments: [data(huge)]});
    assert.deepEqual([bomb.status, bomb.json.limit], [422, 16384], bomb.text);
  });

  test("AG-UI: sounds, films and unknown parts are refused by name", async () => {
    const post = content => stack.post("/agui", {threadId: uuid(), runId: uuid(), messages: [{id: uuid(), role: "user", content}], tools: [], context: [], state: {}, forwardedProps: {}});
    const source = {type: "data", value: "aaaa", mimeType: "audio/wav"};
    const rows = [
      [[{type: "text", text: "x"}, {type: "audio", source}], "content[1]", /is audio, which is not understood here/],
      [[{type: "video", source}], "content[0]", /is video/],
      [[{type: "hologram"}], "content[0]", /of type "hologram"/],
      [["x"], "content[0]", /must be an object/],
      [[{type: "image"}], "content[0]", /needs a source/],
      [[{type: "image", source: {type: "data"}}], "content[0]", /needs type and value/],
      [[{type: "image", source: {type: "carrier pigeon", value: "x"}}], "content[0]", /data, url or file/],
      [[{type: "image", source: {type: "file", value: "file-123"}}], "content[0]", /not one of POST/],
      [[{type: "image", source: {type: "data", value: pdf().toString("base64"), mimeType: "application/pdf"}}], "content[0]", /declared as an image/],
      [{}, "content", /must be a string or an array/],
      [[{type: "text", text: " "}], "messages", /must not be empty/],
    ];
    for (const [content, field, detail] of rows) {
      const reply = await post(content);
      assert.equal(reply.status, 422, JSON.stringify(content) + reply.text);
      assert.equal(reply.json.field, field, reply.text);
      assert.match(reply.json.detail, detail);
    }
    const legacy = await post([{type: "binary", mimeType: "image/png", data: png(16, 8).toString("base64"), filename: "old.png"}]);
    assert.equal(legacy.status, 200, "clients of AG-UI 0.0.4x");
    assert.deepEqual((await stack.get("/agui/capabilities")).json.multimodal.input, {image: true, pdf: true, file: true, audio: false, video: false});
  });

  test("a tool gets the file that the model names: a receipt that is a text; a photo wants the model's eyes or a service", async () => {
    const receipt = Buffer.from("BP GOULBURN\n21/11/2026 16:02\nDiesel 45.20 L @ $1.899/L\nTOTAL $85.83\n"), photo = png(23, 8);
    const scan = args => `Log it. [[tool name=scan_fuel_receipt_with_confidence args=${JSON.stringify(args)} | text say=Read.]]`;
    const resultOf = async (args, attachments) => {
      const reply = await stack.chat(scan(args), {attachments});
      assert.equal(reply.json.response, "Read.", reply.text);
      const results = last().body.messages.flatMap(m => Array.isArray(m.content) ? m.content : []).filter(p => p.type === "tool_result");
      return JSON.parse(results.at(-1).content);
    };
    const read = await resultOf({attachment_id: idOf(receipt)}, [data(receipt, "text/plain")]);
    assert.equal(read.success, true, JSON.stringify(read));
    assert.deepEqual([read.receipt.total.value, read.receipt.volume.value, read.receipt.attachment_id], [85.83, 45.2, idOf(receipt)]);
    const blind = await resultOf({attachment_id: idOf(photo)}, [data(photo)]);
    assert.equal(blind.error.code, "provider_not_configured");
    assert.match(blind.message, /ocr_text/);
    const seen = await resultOf({attachment_id: idOf(photo), ocr_text: receipt.toString()}, [data(photo)]);
    assert.equal(seen.receipt.total.value, 85.83);
    assert.equal((await resultOf({attachment_id: `att-${"0".repeat(32)}`})).error.code, "not_found");
    assert.equal((await resultOf({})).error.path, "/attachment_id");
  });

  test("a client's tool answers with a picture, which the model sees", async () => {
    const threadId = uuid(), picture = png(24, 8), tools = [{name: "take_photo", description: "takes a photo", parameters: {type: "object", properties: {}}}];
    const question = {id: uuid(), role: "user", content: "[[tool name=take_photo args={} | text say=Nice.]]"};
    const body = {threadId, tools, context: [], state: {}, forwardedProps: {}};
    const first = await stack.post("/agui", {...body, runId: uuid(), messages: [question]});
    const call = /"toolCallId":"([^"]+)"/.exec(first.text)[1];
    const result = {id: uuid(), role: "tool", toolCallId: call, content: [{type: "text", text: "here"},
      {type: "image", source: {type: "data", value: picture.toString("base64"), mimeType: "image/png"}}]};
    const second = await stack.post("/agui", {...body, runId: uuid(), messages: [question, {id: uuid(), role: "assistant", content: ""}, result]});
    assert.match(second.text, /Nice\./, second.text);
    const {parts, files} = sent(last());
    assert.equal(parts[0].type, "tool_result");
    assert.match(parts[0].content, new RegExp(`^here\n\\[Attachment ${idOf(picture)}: image/png`));
    assert.ok(files[0].bytes.equals(picture));
  });

  test("uploads: loaded by their owner alone, as what they are, by no script", async () => {
    const picture = png(17, 8), user = "ann";
    const {json} = await upload(stack, picture, "image/png", {query: "?name=a%22b.png", user});
    const asAnn = {headers: {"X-Dev-User": user}};
    const got = await fetch(`${stack.url}${API}/attachments/${json.id}`, {headers: {...stack.headers, "X-Dev-User": user}});
    assert.ok(Buffer.from(await got.arrayBuffer()).equals(picture));
    const headers = Object.fromEntries(got.headers);
    assert.equal(headers["content-type"], "image/png");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["cache-control"], "private, max-age=86400");
    assert.match(headers["content-security-policy"], /default-src 'none'; sandbox/);
    assert.equal(headers["content-disposition"], "inline; filename*=UTF-8''ab.png");
    const same = await stack.get(`/attachments/${json.id}`, {headers: {...asAnn.headers, "If-None-Match": headers.etag}});
    assert.deepEqual([same.status, same.text, same.headers.etag], [304, "", headers.etag]);
    assert.match(headers.etag, /^"[0-9a-f]{64}"$/, "one tag, and no other beside it");
    assert.equal((await stack.get(`/attachments/${json.id}`, {headers: {...asAnn.headers, "If-None-Match": "*"}})).status, 304);
    const page = await upload(stack, Buffer.from("<script>alert(1)</script>"), "text/html", {user});
    const text = await stack.get(`/attachments/${page.json.id}`, asAnn);
    assert.equal(text.headers["content-type"], "text/plain; charset=utf-8");
    assert.match(text.headers["content-disposition"], /^attachment/);
    for (const [method, id] of [["GET", json.id], ["DELETE", json.id], ["GET", "att-0"], ["GET", idOf(png(1, 99))]]) {
      const other = await stack.request(method, `/attachments/${id}`, {headers: {"X-Dev-User": id === json.id ? "bob" : user}});
      assert.equal(other.status, 404, `${method} ${id}`);
    }
    const stolen = await stack.chat("Look.", {attachments: [{id: json.id}]}, {headers: {"X-Dev-User": "bob"}});
    assert.equal(stolen.status, 422, "another user's id is as good as none");
    const list = (await stack.get("/attachments", asAnn)).json;
    assert.deepEqual(list.attachments.map(a => a.id).sort(), [json.id, page.json.id].sort());
    assert.equal(list.bytes, picture.length + 25);
    assert.equal(list.quota, 1048576);
  });

  test("the quota of a user holds, and a deletion makes room", async () => {
    const headers = {"X-Dev-User": "carl"}, files = [1, 2, 3].map(seed => png(2, 2, {seed, bytes: 400000}));
    for (const f of files.slice(0, 2)) assert.equal((await upload(stack, f, "image/png", {user: "carl"})).status, 201);
    const full = await upload(stack, files[2], "image/png", {user: "carl"});
    assert.deepEqual([full.status, full.json.code, full.json.field, full.json.limit], [413, "attachments_full", "body", 1048576], full.text);
    assert.match(full.json.detail, /have 800000 bytes/);
    const byMessage = await stack.chat("Look.", {attachments: [data(files[2])]}, {headers});
    assert.deepEqual([byMessage.status, byMessage.json.code, byMessage.json.field], [413, "attachments_full", "attachments[0]"]);
    assert.equal((await upload(stack, files[0], "image/png", {user: "carl"})).status, 201, "what is there takes no more room");
    assert.equal((await stack.request("DELETE", `/attachments/${idOf(files[0])}`, {headers})).status, 200);
    assert.equal((await upload(stack, files[2], "image/png", {user: "carl"})).status, 201);
    const wrong = await upload(stack, Buffer.alloc(0), "image/png", {user: "carl"});
    assert.deepEqual([wrong.status, wrong.json.field], [422, "body"]);
    const large = await upload(stack, png(2, 2, {bytes: 600000}), "image/png", {user: "carl"});
    assert.deepEqual([large.status, large.json.code, large.json.limit], [413, "attachment_too_large", 512000]);
  });

  test("the export and the erasure have them", async () => {
    const headers = {"X-Dev-User": "dora"}, picture = png(18, 8);
    await stack.chat("Look.", {attachments: [data(picture, "image/png", {name: "d.png"})]}, {headers});
    const all = (await stack.get("/export", {headers})).json;
    assert.equal(all.complete, true);
    assert.equal(all.attachments[0].id, idOf(picture));
    assert.equal(all.attachments[0].data, picture.toString("base64"));
    assert.equal(all.counts.attachments, 1);
    assert.equal((await stack.request("DELETE", "/user-data", {headers: {...headers, "X-Confirm-Erase": "dora"}})).status, 200);
    assert.equal((await stack.get(`/attachments/${idOf(picture)}`, {headers})).status, 404);
    assert.equal(await stack.redis("KEYS", "tp:{dora}:attach*"), "");
  });

  test("a worker that dies keeps the picture: the next one shows it to the model", async () => {
    const session_id = uuid(), picture = png(19, 8);
    stack.double.mayBreak = true;
    const reader = stack.chatStream("slow [[text words=20 hold=3]]", {session_id, attachments: [data(picture)]});
    await reader.until("TEXT_MESSAGE_CONTENT");
    const calls = stack.double.requests.length;
    const seat = await eventually(async () => (await stack.seats("turn")).find(s => s.session === session_id), "its worker is known");
    process.kill(seat.pid, "SIGKILL");
    stack.double.release();
    await stack.double.until(d => d.requests.length > calls, "the next worker asks the model");
    await eventually(() => { stack.double.release(); return stack.double.requests.every(r => !r.open); }, "the model has answered");
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED");
    assert.ok(sent(last()).files[0].bytes.equals(picture));
    const [message] = await messagesOf(session_id);
    assert.equal(message.content[0].source.value, idOf(picture));
  });

  test("the same message twice is one turn, and one file", async () => {
    const body = {session_id: uuid(), client_message_id: uuid(), attachments: [data(png(20, 8))]};
    const [one, two] = await Promise.all([stack.chat("Look.", body), stack.chat("Look.", body)]);
    assert.equal(one.json.turn_id, two.json.turn_id, one.text + two.text);
    assert.equal((await messagesOf(body.session_id)).length, 2);
    const other = await stack.chat("Look.", {...body, attachments: [data(png(21, 8))]});
    assert.equal(other.status, 409, "another picture is another message");
  });
});

describe("the lives of files", () => {
  test("end, and begin anew with each use", async () => {
    const stack = await Stack.start({chain: "anthropic", settings: {"attachments.keep": "2s"}});
    try {
      stack.double.scenario = "text say=Seen.";
      const picture = png(22, 8), session_id = uuid();
      const first = await upload(stack, picture);
      await stack.chat("Look.", {session_id, attachments: [{id: first.json.id}]});
      const renewed = (await stack.get("/attachments")).json.attachments[0];
      assert.ok(Date.parse(renewed.expires_at) > Date.parse(first.json.expires_at), "use renews it");
      await eventually(async () => (await stack.get(`/attachments/${first.json.id}`)).status === 404, "it has expired");
      const reply = await stack.chat("And now?", {session_id});
      assert.equal(reply.json.response, "Seen.");
      assert.match(JSON.stringify(stack.double.requests.at(-1).body), /has expired or was deleted\. Ask the user to send it again/);
      assert.deepEqual((await stack.get("/attachments")).json.attachments, []);
    } finally {
      await stack.stop();
    }
  });

  test("private addresses are refused before and while they are asked", async () => {
    const host = await startHost();
    const stack = await Stack.start({chain: "offline"});
    try {
      for (const [url, detail] of [[`${host.url}/x`, /must begin with https/], ["https://127.0.0.1/x", /public internet/], ["https://[::1]/x", /public internet/],
        ["https://localhost/x", /public internet/], ["https://10.0.0.1/x", /public internet/]]) {
        const reply = await stack.chat("Look.", {attachments: [{url}]});
        assert.equal(reply.status, 422, reply.text);
        assert.match(reply.json.detail, detail);
      }
      assert.deepEqual(host.seen, []);
    } finally {
      await stack.stop();
      host.close();
    }
  });

  test("bodies beyond the worker's memory for files are refused, smaller ones are not", async () => {
    const stack = await Stack.start({chain: "anthropic", settings: {"attachments.memory": "2m", "turn.workers": 1, "attachments.bytes": "8m", "attachments.body": "12m"}});
    try {
      stack.double.scenario = "text say=Seen.";
      const one = await stack.chat("Look.", {attachments: [data(png(2, 2, {bytes: 3500000}))]});
      assert.equal(one.status, 200, "one alone always passes");
      const over = await stack.chat("Look.", {attachments: [data(png(2, 2, {bytes: 10000000}))]});
      assert.equal(over.status, 413, over.text);
      const plain = await stack.post("/feedback", {x: "y".repeat(1100000)});
      assert.equal(plain.status, 413, "other routes take what they took");
      const all = await Promise.all(Array.from({length: 6}, (_, i) => stack.chat("Look.", {attachments: [data(png(2, 2, {bytes: 3000000, seed: i}))]}, {timeout: 60000})));
      for (const r of all) assert.ok(r.status === 200 || (r.status === 503 && r.json.code === "pool_full" && r.headers["retry-after"]), r.text);
      assert.ok(all.some(r => r.status === 200));
    } finally {
      await stack.stop();
    }
  });
});

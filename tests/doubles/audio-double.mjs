// SPDX-License-Identifier: BSD-2-Clause
// OpenAI's audio endpoints, strictly: refuses what the vendor refuses. POST /v1/audio/transcriptions, POST /v1/audio/speech.
import {once} from "node:events";
import http from "node:http";

const FORMATS = ["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"];
const SPEECH = {mp3: "audio/mpeg", opus: "audio/opus", aac: "audio/aac", flac: "audio/flac", wav: "audio/wav", pcm: "audio/pcm"};
const VOICES = ["alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse"];
const HEARS = ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"], SPEAKS = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"];

class Refusal extends Error {
  constructor(status, message, param = null, code = null) {
    super(message);
    this.status = status;
    this.body = {error: {message, type: status === 401 ? "invalid_request_error" : status === 429 ? "requests" : "invalid_request_error", param, code}};
  }
}

/** The parts of a multipart body (RFC 7578) by name: {headers, bytes}. */
function parts(type, body) {
  const boundary = /^multipart\/form-data; boundary=([\w'()+,./:=?-]{1,70})$/.exec(type ?? "")?.[1];
  if (!boundary) throw new Refusal(400, "Could not parse multipart form");
  const out = new Map(), mark = `--${boundary}`;
  const pieces = body.toString("latin1").split(mark);
  if (pieces[0] !== "" || pieces.at(-1) !== "--\r\n") throw new Refusal(400, "Could not parse multipart form");
  for (const piece of pieces.slice(1, -1)) {
    const [, head, bytes] = /^\r\n((?:[!-9;-~]+: [^\r\n]*\r\n)+)\r\n([^]*)\r\n$/.exec(piece) ?? [];
    const name = /^Content-Disposition: form-data; name="([^"]+)"/m.exec(head ?? "")?.[1];
    if (!name || out.has(name)) throw new Refusal(400, "Could not parse multipart form");
    out.set(name, {head, bytes: Buffer.from(bytes, "latin1")});
  }
  return out;
}

function transcribe(double, request, body) {
  const form = parts(request.headers["content-type"], body);
  for (const name of form.keys()) {
    if (!["file", "model", "language", "prompt", "response_format", "temperature"].includes(name)) throw new Refusal(400, `Unrecognized request argument supplied: ${name}`);
  }
  const text = name => form.get(name)?.bytes.toString();
  if (!form.has("model")) throw new Refusal(400, "you must provide a model parameter", "model");
  if (!HEARS.includes(text("model"))) throw new Refusal(404, `The model '${text("model")}' does not exist`, "model", "model_not_found");
  if (!form.has("file")) throw new Refusal(400, "Missing required parameter: 'file'.", "file");
  const name = /filename="([^"]*)"/.exec(form.get("file").head)?.[1] ?? "";
  if (!FORMATS.includes(name.split(".").at(-1))) throw new Refusal(400, `Invalid file format. Supported formats: ${FORMATS}`, "file");
  if (form.has("language") && !/^[a-z]{2,3}$/.test(text("language"))) throw new Refusal(400, `Invalid language '${text("language")}'. Language parameter must be specified in ISO-639-1 format.`, "language");
  if (!["json", undefined].includes(text("response_format"))) throw new Refusal(400, "this double answers json", "response_format");
  double.requests.push({path: request.url, model: text("model"), language: text("language"), name, type: /Content-Type: (\S+)/i.exec(form.get("file").head)?.[1], bytes: form.get("file").bytes});
  return {type: "application/json", body: JSON.stringify({text: double.text, usage: {type: "duration", seconds: 2}})};
}

function speak(double, request, body) {
  if (request.headers["content-type"] !== "application/json") throw new Refusal(400, "Content-Type has to be application/json");
  const ask = JSON.parse(body.toString());
  for (const name of Object.keys(ask)) {
    if (!["model", "input", "voice", "response_format", "speed", "instructions"].includes(name)) throw new Refusal(400, `Unrecognized request argument supplied: ${name}`);
  }
  for (const name of ["model", "input", "voice"]) {
    if (typeof ask[name] !== "string" || ask[name] === "") throw new Refusal(400, `Missing required parameter: '${name}'.`, name);
  }
  if (!SPEAKS.includes(ask.model)) throw new Refusal(404, `The model '${ask.model}' does not exist`, "model", "model_not_found");
  if (ask.input.length > 4096) throw new Refusal(400, "[{'type': 'string_too_long', 'loc': ('body', 'input')}]");
  if (!VOICES.includes(ask.voice)) throw new Refusal(400, `Input should be ${VOICES}`, "voice");
  const format = ask.response_format ?? "mp3";
  if (!SPEECH[format]) throw new Refusal(400, `Input should be ${Object.keys(SPEECH)}`, "response_format");
  if (ask.speed !== undefined && !(ask.speed >= 0.25 && ask.speed <= 4)) throw new Refusal(400, "speed: 0.25 to 4", "speed");
  double.requests.push({path: request.url, ...ask});
  return {type: SPEECH[format], body: Buffer.from(`sound of ${ask.input} as ${format}`)};
}

/** text: what it hears. fail: null, or {status, headers?, body?} for every request; hang: it answers nothing. */
export async function startAudioDouble({key = "test-key-audio"} = {}) {
  const server = http.createServer(async (request, response) => {
    try {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      if (double.hang) return;
      if (double.fail) {
        response.writeHead(double.fail.status, {"content-type": "application/json", ...double.fail.headers}).end(double.fail.body ?? "{}");
        return;
      }
      if (request.headers.authorization !== `Bearer ${key}`) throw new Refusal(401, "Incorrect API key provided", null, "invalid_api_key");
      const route = {"POST /v1/audio/transcriptions": transcribe, "POST /v1/audio/speech": speak}[`${request.method} ${request.url}`];
      if (!route) throw new Refusal(404, `Invalid URL (${request.method} ${request.url})`);
      const {type, body} = route(double, request, Buffer.concat(chunks));
      response.writeHead(200, {"content-type": type}).end(body);
    } catch (error) {
      double.refused.push(error.message);
      response.writeHead(error.status ?? 500, {"content-type": "application/json"}).end(JSON.stringify(error.body ?? {error: {message: String(error)}}));
    }
  });
  const double = {text: "what is the weather", requests: [], refused: [], fail: null, hang: false, key};
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  double.url = `http://127.0.0.1:${server.address().port}/v1`;
  double.close = () => { server.closeAllConnections(); return new Promise(done => server.close(done)); };
  return double;
}

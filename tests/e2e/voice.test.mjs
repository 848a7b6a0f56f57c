// SPDX-License-Identifier: BSD-2-Clause
// Speech by the API: what was said as text, a text as sound; by programs of the machine and by a service.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {startAudioDouble} from "../doubles/audio-double.mjs";
import {silence, spoken, stretched, unwav, wav} from "../doubles/sounds.mjs";
import {API, eventually, scratch, SLOW, Stack, within} from "./harness.mjs";

const SETTINGS = {"turn.seats": 32, "tool.processes": 2, "rate.voice_minute": 0, "rate.speak_minute": 0};
const LONG = 120000 * SLOW;
const transcribe = (stack, body, {type = "audio/wav", query = "", user, ...more} = {}) =>
  stack.request("POST", `/voice/transcribe${query}`, {body, headers: {"Content-Type": type, ...user && {"X-Dev-User": user}}, timeout: LONG, ...more});
/** The reply with its bytes. */
async function speak(stack, body, headers = {}) {
  const reply = await fetch(stack.url + API + "/voice/speak", {method: "POST", headers: {"Content-Type": "application/json", ...headers}, body: JSON.stringify(body)});
  return {status: reply.status, headers: reply.headers, bytes: Buffer.from(await reply.arrayBuffer())};
}
const problem = reply => JSON.parse(reply.bytes ?? reply.text);
const loud = samples => samples.filter(s => Math.abs(s) > 1000).length / samples.length;

/** A folder with programs in place of the machine's: name -> shell script. */
function programs(scripts) {
  const dir = scratch("tp-programs-");
  for (const [name, text] of Object.entries(scripts)) {
    if (text === true) symlinkSync(`/usr/bin/${name}`, join(dir, name));
    else {
      writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(dir, name), 0o755);
    }
  }
  return dir;
}

describe("speech by the programs of the machine", () => {
  let stack, question;
  before(async () => {
    stack = await Stack.start({settings: SETTINGS, double: false});
    question = spoken("What is the weather in Sydney tomorrow");
  });
  after(() => stack.stop());

  test("a spoken sentence becomes its words", async () => {
    const reply = await transcribe(stack, wav([...silence(0.3), ...question, ...silence(0.3)]), {query: "?language=en-AU"});
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.text, "what is the weather in sydney tomorrow");
    assert.deepEqual([reply.json.language, reply.json.provider], ["en-AU", "offline"]);
    assert.ok(Math.abs(reply.json.duration_ms - (question.length / 16 + 600)) < 2, `${reply.json.duration_ms}`);
  });

  test("also with 48 kHz and two channels, and with a length that was not known", async () => {
    const both = stretched(question, 3).flatMap(s => [s, s]);
    const sound = wav([...silence(0.3, 96000), ...both, ...silence(0.3, 96000)], {rate: 48000, channels: 2});
    sound.writeUInt32LE(0xffffffff, 40);
    const reply = await transcribe(stack, sound);
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.json.text, /weather in sydney tomorrow/);
    assert.equal(reply.json.language, undefined);
  });

  test("silence is no error, and no text", async () => {
    const reply = await transcribe(stack, wav(silence(1)));
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.text, "");
  });

  test("a text becomes a sound that says it", async () => {
    const reply = await speak(stack, {text: "What is the weather in Sydney tomorrow?", language: "en"});
    assert.equal(reply.status, 200, String(reply.bytes));
    assert.equal(reply.headers.get("content-type"), "audio/wav");
    assert.equal(reply.headers.get("x-content-type-options"), "nosniff");
    const {rate, channels, samples} = unwav(reply.bytes);
    assert.deepEqual([rate, channels], [16000, 1]);
    assert.ok(loud(samples) > 0.1, "it is heard");
    assert.equal((await transcribe(stack, reply.bytes)).json.text, "what is the weather in sydney tomorrow");
  });

  test("in other languages, faster, and with another voice", async () => {
    const german = unwav((await speak(stack, {text: "Guten Morgen, wie geht es Ihnen?", language: "de"})).bytes);
    assert.ok(loud(german.samples) > 0.1);
    const plain = unwav((await speak(stack, {text: "One sentence that is spoken."})).bytes);
    const fast = unwav((await speak(stack, {text: "One sentence that is spoken.", speed: 1.6})).bytes);
    assert.ok(fast.samples.length < 0.8 * plain.samples.length, `${fast.samples.length} of ${plain.samples.length}`);
    const other = await speak(stack, {text: "One sentence that is spoken.", voice: "rms"});
    assert.equal(other.status, 200);
    assert.ok(!other.bytes.equals((await speak(stack, {text: "One sentence that is spoken."})).bytes));
  });

  test("a text is no option and no command of a program", async () => {
    for (const text of ["-h", "--version", "$(id)", "; exit 3", "<speak>hello</speak>", "@file", "100 % \u00e9\u{1F600}"]) {
      const reply = await speak(stack, {text, language: "en"});
      assert.equal(reply.status, 200, `${text}: ${reply.bytes}`);
      unwav(reply.bytes);
    }
  });

  test("what is refused, by name", async () => {
    const good = wav(silence(0.5));
    const cases = [
      [wav([]).subarray(0, 44), {}, 422, /44 bytes; at least 100/],
      [Buffer.alloc(200, "x"), {}, 422, /declared as audio\/wav, which it is not/],
      [good, {type: "application/json"}, 415, /audio\/wav/],
      [Buffer.concat([Buffer.from("1a45dfa3", "hex"), good]), {type: "audio/webm;codecs=opus"}, 415, /audio\/wav only/],
      [good.subarray(0, good.length - 2), {}, 422, /cut off/],
      [wav(silence(0.5), {rate: 96000}), {}, 422, /sample rate/],
      [wav(silence(121), {rate: 16000}), {}, 422, /121000 ms long; 120000 are allowed/],
      [good, {query: "?language=de"}, 501, /Nothing here hears the language "de", but these: \["en"\]/],
      [good, {query: "?language=e%20n"}, 422, /language/],
    ];
    for (const [body, options, status, detail] of cases) {
      const reply = await transcribe(stack, body, options);
      assert.equal(reply.status, status, `${detail}: ${reply.text}`);
      assert.match(reply.json.detail, detail);
    }
    const texts = [
      [{}, 422, /text/], [{text: " "}, 422, /text/], [{text: "x".repeat(1001)}, 422, /1000 characters/], [{text: "a", speed: 3}, 422, /speed/],
      [{text: "a", language: "tlh"}, 501, /Nothing here speaks/], [{text: "a", voice: "../../etc"}, 422, /voice/], [{text: "a", format: "mp3"}, 422, /format/],
      [{text: "a", language: 5}, 422, /language/],
    ];
    for (const [body, status, detail] of texts) {
      const reply = await speak(stack, body);
      assert.equal(reply.status, status, String(reply.bytes));
      assert.match(problem(reply).detail, detail);
    }
    const large = await transcribe(stack, Buffer.alloc(10 * 1024 * 1024 + 1));
    assert.equal(large.status, 413);
  });

  test("a tool process that is killed in a call costs that call", async () => {
    const call = transcribe(stack, wav(Array.from({length: 6}, () => question).flat()), {user: "ann"});
    const {pid} = await eventually(async () => (await stack.seats("tool")).find(s => s.user === "ann"), "it is heard");
    process.kill(pid, "SIGKILL");
    const reply = await call;
    assert.equal(reply.status, 502, reply.text);
    assert.equal(reply.json.code, "provider_failed");
    assert.equal((await transcribe(stack, wav(question), {user: "ann"})).json.text, "what is the weather in sydney tomorrow");
    assert.match((await stack.chat("What is 2 plus 2?")).text, /./);
  });

  test("a client that leaves ends the program that works for it", async () => {
    const abort = new AbortController();
    const call = transcribe(stack, wav(Array.from({length: 20}, () => question).flat()), {user: "eve", signal: abort.signal});
    const {pid} = await eventually(async () => (await stack.seats("tool")).find(s => s.user === "eve"), "it is heard");
    const children = () => { try { return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean); } catch { return null; } };
    const [child] = await eventually(() => { const c = children(); return c?.length ? c : null; }, "the program runs");
    abort.abort();
    await assert.rejects(call);
    await eventually(() => !readdirSync("/proc").includes(child), "the program is gone");
  });
});

describe("speech programs that misbehave", () => {
  let stack;
  before(async () => {
    const dir = programs({
      pocketsphinx_continuous: 'read -r line </dev/stdin; case $(wc -c </dev/stdin) in 3????) kill -SEGV $$ ;; 4????) exec sleep 100 ;; 5????) exec yes ;; *) echo "  one "; echo; printf "two\\001 " ; env | grep -c REDIS; true ;; esac',
      flite: "exit 4",
    });
    stack = await Stack.start({settings: {...SETTINGS, "voice.programs": dir, "voice.timeout": "1500ms", "voice.waiting": 3}, double: false});
  });
  after(() => stack.stop());
  const sized = bytes => wav(silence(bytes / 32000));

  test("what it says is one line", async () => {
    assert.equal((await transcribe(stack, sized(20000))).json.text, "one two 0");
  });

  test("a crash, a hang and endless words cost one request each", async () => {
    const {deaths} = (await stack.status()).pools.tool;
    for (const [bytes, detail] of [[30000, /program that does this failed/], [40000, /longer than it may/], [50000, /program that does this failed|longer than it may/]]) {
      const reply = await transcribe(stack, sized(bytes));
      assert.equal(reply.status, 502, reply.text);
      assert.match(reply.json.detail, detail);
      assert.equal(reply.json.retryable, true);
    }
    const spoke = await speak(stack, {text: "Hello"});
    assert.equal(spoke.status, 502);
    assert.equal((await transcribe(stack, sized(20000))).status, 200);
    assert.equal((await stack.status()).pools.tool.deaths, deaths, "no process of ours died");
  });

  test("calls beyond the bound are refused, and say when to come again", async () => {
    const calls = ["a", "b", "c"].map(user => transcribe(stack, sized(40000), {user}));
    await eventually(async () => (await stack.seats("turn")).filter(s => /^[abc]$/.test(s.user)).length === 3, "they wait");
    const reply = await transcribe(stack, sized(20000), {user: "d"});
    assert.equal(reply.status, 503, reply.text);
    assert.equal(reply.json.code, "pool_full");
    assert.ok(Number(reply.headers["retry-after"]) > 0);
    for (const {status} of await Promise.all(calls)) assert.equal(status, 502);
  });
});

describe("speech without anything for it, and its rate", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({settings: {...SETTINGS, "voice.programs": programs({"espeak-ng": true}), "rate.voice_minute": 2, "rate.speak_minute": 1}, double: false});
  });
  after(() => stack.stop());

  test("501 without a recogniser; what speaks, speaks; then 429", async () => {
    const reply = await transcribe(stack, wav(silence(0.5)));
    assert.equal(reply.status, 501, reply.text);
    assert.equal(reply.json.code, "provider_not_configured");
    assert.ok(loud(unwav((await speak(stack, {text: "Hello there."})).bytes).samples) > 0.1);
    await transcribe(stack, wav(silence(0.5)));
    const third = await transcribe(stack, wav(silence(0.5)));
    assert.deepEqual([third.status, third.json.code, third.json.limit], [429, "rate_limited", 2]);
    assert.ok(Number(third.headers["retry-after"]) > 0);
    assert.equal((await speak(stack, {text: "Hello."})).status, 429);
  });
});

describe("speech by a service with OpenAI's endpoints", () => {
  let stack, double;
  before(async () => {
    double = await startAudioDouble();
    stack = await Stack.start({settings: {...SETTINGS, "voice.url": `${double.url}/`, "voice.key": double.key, "voice.timeout": "2s"}, double: false});
  });
  after(async () => {
    await stack?.stop();
    await double?.close();
  });

  test("sounds go there as they are", async () => {
    double.requests.length = 0;
    const sounds = [["audio/wav", wav(silence(0.5)), "audio.wav"], ["audio/webm;codecs=opus", Buffer.concat([Buffer.from("1a45dfa3", "hex"), Buffer.alloc(200, 7)]), "audio.webm"],
      ["audio/ogg", Buffer.concat([Buffer.from("OggS"), Buffer.alloc(200)]), "audio.ogg"], ["audio/mp4", Buffer.concat([Buffer.from("\0\0\0\x20ftypM4A "), Buffer.alloc(200)]), "audio.mp4"],
      ["audio/mpeg", Buffer.concat([Buffer.from("ID3"), Buffer.alloc(200)]), "audio.mp3"]];
    for (const [type, bytes, name] of sounds) {
      const reply = await transcribe(stack, bytes, {type, query: "?language=en-AU"});
      assert.equal(reply.status, 200, reply.text);
      assert.deepEqual([reply.json.text, reply.json.provider], ["what is the weather", "url"]);
      const seen = double.requests.at(-1);
      assert.deepEqual([seen.name, seen.type, seen.model, seen.language], [name, type.split(";")[0], "whisper-1", "en"]);
      assert.ok(seen.bytes.equals(bytes), "byte for byte");
    }
    assert.equal(double.refused.length, 0, double.refused.join());
  });

  test("texts come back as sound in the format that is asked for", async () => {
    for (const [ask, type] of [[{}, "audio/mpeg"], [{format: "wav", speed: 1.25}, "audio/wav"], [{format: "opus", voice: "nova"}, "audio/ogg"]]) {
      const reply = await speak(stack, {text: "Hello \"there\"\n", language: "en", ...ask});
      assert.equal(reply.status, 200, String(reply.bytes));
      assert.equal(reply.headers.get("content-type"), type);
      assert.equal(reply.headers.get("x-content-type-options"), "nosniff");
      const seen = double.requests.at(-1);
      assert.deepEqual([seen.input, seen.voice, seen.response_format, seen.speed], ["Hello \"there\"\n", ask.voice ?? "alloy", ask.format ?? "mp3", ask.speed]);
      assert.equal(String(reply.bytes), `sound of Hello "there"\n as ${ask.format ?? "mp3"}`);
    }
    assert.equal(double.refused.length, 0, double.refused.join());
  });

  test("what the service does wrong is told in our words, without its own", async () => {
    const sound = wav(silence(0.5)), secret = {error: {message: "the key sk-secret is wrong"}};
    for (const [fail, status, code] of [[{status: 401}, 502, "provider_failed"], [{status: 400}, 422, "invalid_field"], [{status: 500}, 502, "provider_unavailable"],
      [{status: 429, headers: {"retry-after": "7"}}, 502, "provider_unavailable"], [{status: 302, headers: {location: "http://127.0.0.1:1/"}}, 502, "provider_failed"],
      [{status: 200, body: "no JSON"}, 502, "provider_failed"]]) {
      double.fail = {body: JSON.stringify(secret), ...fail};
      const reply = await transcribe(stack, sound);
      assert.deepEqual([reply.status, reply.json.code], [status, code], `${fail.status}: ${reply.text}`);
      assert.doesNotMatch(reply.text, /sk-secret/);
      if (fail.headers?.["retry-after"]) assert.equal(reply.headers["retry-after"], "7");
    }
    double.fail = {status: 200, headers: {"content-type": "text/html"}, body: "<script>"};
    assert.equal((await speak(stack, {text: "Hello"})).status, 502);
    double.fail = null;
    double.hang = true;
    const late = await transcribe(stack, sound);
    assert.deepEqual([late.status, late.json.code], [502, "provider_unavailable"], late.text);
    double.hang = false;
    assert.equal((await transcribe(stack, sound)).status, 200);
  });

  test("one that is away", async () => {
    await double.close();
    const reply = await within(LONG, transcribe(stack, wav(silence(0.5))), "it is told");
    assert.deepEqual([reply.status, reply.json.code], [502, "provider_unavailable"], reply.text);
  });
});

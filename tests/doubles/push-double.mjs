// SPDX-License-Identifier: BSD-2-Clause
// A push service (RFC 8030) with browsers that subscribed to it. It refuses what real services refuse, and reads
// messages with implementations of others: jose for VAPID's token, http_ece for the encryption.
import {createECDH, randomBytes} from "node:crypto";
import {once} from "node:events";
import http from "node:http";
import {createRequire} from "node:module";

const packages = createRequire(new URL("../e2e/package.json", import.meta.url));
const ece = packages("http_ece"), jose = packages("jose");
const BODY_MAX = 4096;
const URGENCIES = ["very-low", "low", "normal", "high"];

/** What is wrong with a request's headers: [status, words], or null. */
function fault(headers, length) {
  if (!/^\d+$/.test(headers.ttl ?? "")) return [400, "TTL is missing"];
  if (headers["content-encoding"] !== "aes128gcm") return [415, "Content-Encoding is not aes128gcm"];
  if (length > BODY_MAX) return [413, `${length} bytes`];
  if (length < 104) return [400, "no record"];
  if (headers.topic !== undefined && !/^[A-Za-z0-9_-]{1,32}$/.test(headers.topic)) return [400, "Topic"];
  if (headers.urgency !== undefined && !URGENCIES.includes(headers.urgency)) return [400, "Urgency"];
  return null;
}

/** RFC 8292: the token is signed by the key that the browser was given, for this origin, for at most 24 hours. */
async function claimsOf(authorization, key, origin) {
  const [, token, k] = /^vapid t=([^,\s]+), ?k=([A-Za-z0-9_-]+)$/.exec(authorization ?? "") ?? [];
  if (!token || k !== key) throw new Error("another key than the subscription's");
  const point = Buffer.from(k, "base64url");
  const jwk = {kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url")};
  const {payload} = await jose.jwtVerify(token, await jose.importJWK(jwk, "ES256"), {audience: origin, algorithms: ["ES256"], maxTokenAge: undefined});
  if (!(payload.exp - Date.now() / 1000 <= 86400)) throw new Error("exp is more than 24 hours away");
  if (!/^(mailto:|https:\/\/)/.test(payload.sub ?? "")) throw new Error("sub");
  return payload;
}

/** Starts it: {url, subscribe(), close(), received, refused}. */
export async function startPushService() {
  const service = {received: [], refused: [], browsers: new Map()};
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks), browser = service.browsers.get(request.url);
    const answer = (status, words = "", headers = {}) => {
      if (status >= 400) service.refused.push({path: request.url, status, words});
      response.writeHead(status, {...status === 201 && {Location: `${service.url}/message/${service.received.length}`}, ...headers}).end(words);
    };
    if (request.method !== "POST" || !browser) return answer(404, "no such subscription");
    const [status, headers] = browser.answers.shift() ?? [];
    if (status === "silent") return void browser.held.push(response);
    if (status) return answer(status, "as the test wants", headers);
    const wrong = fault(request.headers, body.length);
    if (wrong) return answer(...wrong);
    let claims;
    try {
      claims = await claimsOf(request.headers.authorization, browser.key, service.url);
    } catch (error) {
      return answer(403, error.message);
    }
    let text;
    try {
      text = ece.decrypt(body, {version: "aes128gcm", privateKey: browser.ecdh, authSecret: browser.auth.toString("base64url")}).toString();
    } catch (error) {
      return answer(400, `not to be decrypted: ${error.message}`);
    }
    browser.messages.push({...JSON.parse(text), headers: request.headers, claims, length: body.length, cipher: body});
    service.received.push(browser.messages.at(-1));
    answer(201);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  service.url = `http://127.0.0.1:${server.address().port}`;

  /** A browser's PushSubscription for this applicationServerKey: {json, messages, answers}. answers: what its next pushes get. */
  service.subscribe = key => {
    const ecdh = createECDH("prime256v1"), auth = randomBytes(16), path = `/send/${randomBytes(9).toString("base64url")}`;
    ecdh.generateKeys();
    const browser = {key, ecdh, auth, path, messages: [], answers: [], held: [], json: {
      endpoint: service.url + path, keys: {p256dh: ecdh.getPublicKey().toString("base64url"), auth: auth.toString("base64url")},
    }};
    service.browsers.set(path, browser);
    return browser;
  };
  service.close = () => { server.closeAllConnections(); server.close(); };
  return service;
}

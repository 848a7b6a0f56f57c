// SPDX-License-Identifier: BSD-2-Clause
// The service worker: web pushes become notifications that can be answered, and the page's files are there without a network.
// No module, as not every browser takes one here. It never keeps what the API says.
importScripts("files.js"); // FILES: {version, files: {path: SHA-256}}, made by the build; another one brings a new worker

const SCOPE = new URL("./", location.href), API = "/api/v1/pam";
const PREFIX = "turnpike-", CACHE = PREFIX + FILES.version, CLIENTS = `${PREFIX}clients`;
const SNOOZE_MINUTES = 10;

// ---- the page's files: whole versions, each in a cache of its own ----------------------------------------------

const hex = bytes => [...new Uint8Array(bytes)].map(b => b.toString(16).padStart(2, "0")).join("");

/** A file as the list has it; a site that is just being updated gives others. */
async function fetchFile(path, sum) {
  const reply = await fetch(new URL(path === "index.html" ? "./" : path, SCOPE), {cache: "no-cache"});
  if (!reply.ok || hex(await crypto.subtle.digest("SHA-256", await reply.clone().arrayBuffer())) !== sum) throw new Error(`${path} is of another version`);
  return reply;
}

async function install() {
  const cache = await caches.open(CACHE);
  try {
    const files = await Promise.all(Object.entries(FILES.files).map(async ([path, sum]) => [path, await fetchFile(path, sum)]));
    for (const [path, reply] of files) await cache.put(new URL(path, SCOPE), reply);
  } catch (error) {
    await caches.delete(CACHE);
    throw error; // the browser tries again with a later load
  }
  await self.skipWaiting(); // pages that are open keep their version: see versionOf
}

/** Caches that no open page uses any more. */
async function clean() {
  const used = new Set([CACHE, CLIENTS]), notes = await caches.open(CLIENTS);
  const open = await self.clients.matchAll({type: "window", includeUncontrolled: true});
  for (const {id} of open) used.add(await versionOf(id));
  for (const note of await notes.keys()) if (!open.some(({id}) => note.url.endsWith(`/${id}`))) await notes.delete(note);
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && !used.has(name)) await caches.delete(name);
}

// A page loads some of its files later. They have to be of the version that it began with, also when this worker is a newer one.
const versions = new Map();
const noteOf = id => new URL(`/_client/${id}`, SCOPE);

async function versionOf(id) {
  if (!versions.has(id)) versions.set(id, await (await caches.match(noteOf(id), {cacheName: CLIENTS}))?.text() ?? CACHE);
  return versions.get(id);
}

async function page(event) {
  const reply = await caches.match(new URL("index.html", SCOPE), {cacheName: CACHE});
  if (!reply) return fetch(event.request);
  versions.set(event.resultingClientId, CACHE);
  event.waitUntil(caches.open(CLIENTS).then(notes => notes.put(noteOf(event.resultingClientId), new Response(CACHE))));
  return reply;
}

// The operator's page takes its files from the server: it begins with no version of ours.
async function isOperators(id) {
  const client = await self.clients.get(id);
  return Boolean(client) && new URL(client.url).pathname.startsWith(`${SCOPE.pathname}admin/`);
}

async function file(event, path) {
  if (await isOperators(event.clientId)) return fetch(event.request);
  return await caches.match(new URL(path, SCOPE), {cacheName: await versionOf(event.clientId)}) ?? fetch(event.request);
}

addEventListener("install", event => event.waitUntil(install()));
addEventListener("activate", event => event.waitUntil(clean()));
addEventListener("fetch", event => {
  const {request} = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== SCOPE.origin || !url.pathname.startsWith(SCOPE.pathname)) return;
  const path = url.pathname.slice(SCOPE.pathname.length);
  if (path.startsWith("admin/")) return;
  if (request.mode === "navigate") {
    if (path === "" || path === "index.html") event.respondWith(page(event));
  } else if (/\.(js|css|svg|webmanifest)$/.test(path) && event.clientId) {
    event.respondWith(file(event, path));
  }
});

// ---- what the page keeps (kept.js) ------------------------------------------------------------------------------

/** A value of its store `state`; undefined when nobody is signed in. */
function kept(key) {
  return new Promise(done => {
    const open = indexedDB.open("turnpike");
    open.onupgradeneeded = () => open.transaction.abort(); // the page has kept nothing here
    open.onerror = () => done(undefined);
    open.onsuccess = () => {
      const db = open.result;
      try {
        const get = db.transaction("state").objectStore("state").get(key);
        get.onsuccess = () => done(get.result);
        get.onerror = () => done(undefined);
      } catch {
        done(undefined);
      }
      db.close();
    };
  });
}

// ---- pushes (docs/push.md) ---------------------------------------------------------------------------------------

function titleOf(message, words) {
  if (message.type === "message" && message.from && words.message) return words.message.replace("{from}", message.from);
  return message.type === "answer" || message.type === "approval" ? message.title : words[message.type] ?? message.title;
}

async function onPush(data) {
  let message;
  try {
    message = data.json();
  } catch {
    return; // none of ours
  }
  const push = await kept("push");
  if (!push || message.to !== push.id) return; // of somebody who was signed in here before
  const windows = await self.clients.matchAll({type: "window", includeUncontrolled: true});
  if (windows.some(client => client.visibilityState === "visible")) return; // the page shows it
  const words = push.words ?? {};
  const actions = (message.actions ?? []).map(action => ({action, title: words[action] ?? action}));
  await registration.showNotification(titleOf(message, words), {
    body: message.body, tag: message.id, timestamp: message.at, data: message, actions, lang: push.language ?? "",
    icon: "icon.svg", badge: "icon.svg", requireInteraction: message.type === "timer",
  });
  const shown = await registration.getNotifications();
  await navigator.setAppBadge?.(shown.length).catch(() => {});
}

/** The page, at this place: one that is open, else a new one. */
async function openPage({session, url}) {
  const [client] = await self.clients.matchAll({type: "window", includeUncontrolled: true});
  if (!client) return self.clients.openWindow(new URL(url ?? "./", SCOPE));
  client.postMessage({type: "turnpike-open", session: session ?? null});
  return client.focus().catch(() => null);
}

async function act({act: token}, action) {
  const reply = await fetch(`${API}/push/act`, {
    method: "POST", cache: "no-store", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({token, action, ...action === "snooze" && {minutes: SNOOZE_MINUTES}}),
  });
  if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
}

async function onClick(notification, action) {
  const message = notification.data ?? {};
  notification.close();
  if (!action || !message.act) return openPage(message);
  try {
    await act(message, action);
  } catch { // without a network, or too late: the inbox has it
    await openPage(message);
  }
}

// One after the other: a browser that is shown two of one tag at once may lose a third.
let pushing = Promise.resolve();
addEventListener("push", event => {
  if (!event.data) return;
  pushing = pushing.catch(() => {}).then(() => onPush(event.data));
  event.waitUntil(pushing);
});
addEventListener("notificationclick", event => event.waitUntil(onClick(event.notification, event.action)));
// The browser has another address for us. The page tells the server with its next start: this worker has no credential.
addEventListener("pushsubscriptionchange", event => {
  const options = (event.oldSubscription ?? event.newSubscription)?.options;
  if (!event.newSubscription && options) event.waitUntil(registration.pushManager.subscribe(options).catch(() => {}));
});

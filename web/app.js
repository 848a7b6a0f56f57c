// SPDX-License-Identifier: BSD-2-Clause
// The chat page: a shell around <turnpike-chat>, which has the conversation. Here are who asks, which session, settings and the inbox.
// Every chat has an address, #/c/SESSION, which Back and other devices understand; #SESSION means the same.
import {TurnpikeClient, newId} from "./client/client.js";
import {fitting, locale, setLanguage, t} from "./client/chat/words.js";
import {Chats, addressOf} from "./chats.js";
import {Inbox, isEntry} from "./inbox.js";
import {label} from "./labels.js";
import {Offline} from "./offline.js";
import {Preferences} from "./preferences.js";
import {Push} from "./push.js";
import {SignIn, takeFragment} from "./signin.js";
import {setTheme, theme} from "./theme.js";

const EMPTY_KEPT = 10;
const $ = id => document.getElementById(id);
const fragment = takeFragment(); // before anything else: a token does not stay in the address
const chat = $("chat"), request = (...args) => chat.client.fetch(...args);
// What the site said last is there for a start without a network.
let site = JSON.parse(localStorage.getItem("site") ?? "{}"), learned = false, asking = null, wasRunning = false;

// ---- the site, and what the user has chosen -----------------------------------------------------------

/** What GET /page says; what it said last while it cannot be had. */
async function learnSite() {
  try {
    const reply = await fetch("/api/v1/pam/page", {signal: AbortSignal.timeout(5000)});
    if (reply.ok) {
      site = await reply.json();
      learned = true;
      localStorage.setItem("site", JSON.stringify(site));
    }
  } catch { /* asked again with the first connection */ }
  signIn.allow(site.sign_in);
  apply();
}

const preferences = new Preferences(request);
preferences.addEventListener("change", () => {
  apply();
  if (preferences.language && preferences.language !== locale()) speak();
});

/** What is chosen reaches the conversation: the cards now, the model and the tools with the next message. */
function apply() {
  chat.siteInfo = {...site, units: preferences.units, ...preferences.currency && {currency: preferences.currency}};
  if (chat.client) Object.assign(chat.client, {timezone: preferences.timezone, locale: preferences.language});
}

/** The page in the language that is chosen, or that fits the browser. */
async function speak() {
  const tag = preferences.language ? fitting([preferences.language]) : fitting();
  chat.setAttribute("language", tag); // what the element has on the screen is drawn again
  await setLanguage(tag);
  draw();
}

function draw() {
  const name = site.name ?? "PAM";
  label(document, {name});
  document.querySelector("h1").textContent = name;
  signIn.label();
  chats.speak();
  showState(chat.state ?? "connecting");
}

// ---- its parts -------------------------------------------------------------------------------------------

const signIn = new SignIn($("signin"), {
  check: token => new TurnpikeClient({session: chat.session, token}).fetch("/context"),
  onToken: signedIn, onLeft: startAnew,
  change: (method, token = () => null) => new TurnpikeClient({session: chat.session, token}).fetch("/sign-in", {method}),
});
const chats = new Chats({
  root: $("chats"), toggle: $("show-chats"), request, current: () => chat.session, running: () => chat.conversation.run !== null,
  open: id => {
    if (id !== chat.session) goTo(id, {push: true});
    else chats.opened();
    chat.focus();
  },
  gone: id => {
    offline.forget(id);
    if (id === chat.session) goTo(newId(), {fresh: true});
  },
});
const first = preferences.language ? fitting([preferences.language]) : fitting();
chat.setAttribute("language", first); // else the element, once it is one, takes the browser's for both
await setLanguage(first);
await learnSite();
await import("./client/chat.js"); // what it begins by itself is replaced at once, below: nothing may be awaited between
draw();
setTheme(theme(), chat);
const offline = new Offline({chat, signIn, site: () => site});
const push = new Push({request, siteInfo: () => site, kept: () => offline.kept});
const inbox = new Inbox({list: $("inbox-list"), count: $("inbox-count"), toasts: $("toasts"), request, pushed: () => push.state === "on"});
let settings = null;

async function openSettings() {
  const {Settings} = await import("./settings.js"); // its file comes when it is wanted first
  settings ??= new Settings($("settings"), {preferences, request, chat, site: () => site, push: () => push, onLanguage: speak,
    signedIn: () => !$("out").hidden, onSignOut: signOut, onErased: () => startAnew()});
  settings.open();
}

// ---- sessions ------------------------------------------------------------------------------------------

/** Chats of this page in which nothing was said yet: nothing is stored of them, and nothing is asked for. */
const empty = new Set(JSON.parse(localStorage.getItem("empty") ?? "[]"));

function noteEmpty(id, is) {
  if (empty.has(id) === is) return;
  if (is) empty.add(id);
  else empty.delete(id);
  localStorage.setItem("empty", JSON.stringify([...empty].slice(-EMPTY_KEPT)));
}

/** The address says which chat is on the screen. push: Back comes to the one before. */
function showAddress(session, push = false) {
  localStorage.setItem("session", session);
  if (location.hash !== addressOf(session)) history[push ? "pushState" : "replaceState"](null, "", addressOf(session));
}

/** fresh: the session is new, there is nothing to read. */
function goTo(session, {fresh = empty.has(session), push = false} = {}) {
  if (chat.session && chat.session !== session) offline.left();
  noteEmpty(session, fresh);
  showAddress(session, push);
  chat.open(session, {fresh, token: signIn.credential, ...!fresh && {kept: offline.of(session)}});
  apply();
}

/** What came while no socket was open; asked until it is answered, or the next connection asks. */
async function loadInbox() {
  const mine = asking = {};
  for (let wait = 1000; asking === mine && chat.state === "live"; wait = Math.min(2 * wait, 30000)) {
    try {
      return await inbox.load(AbortSignal.timeout(5000));
    } catch {
      await new Promise(go => setTimeout(go, wait * (0.75 + Math.random() / 2)));
    }
  }
}

function stateWords(state) {
  switch (state) {
    case "connecting": return t("Connecting");
    case "resuming": return t("Reconnecting");
    case "live": return t("Connected");
    case "offline": return t("No connection, trying again");
    case "refused": return t("Not connected");
    default: return t("Closed");
  }
}

function showState(state) {
  $("state").dataset.state = state;
  $("state-text").textContent = stateWords(state);
}

function onState({state, reason}) {
  showState(state);
  apply();
  if (state === "live") {
    signIn.hide();
    $("out").hidden = signIn.bySession ? false : signIn.byCookie ? !site.sign_in.out_url : signIn.token === null;
    onLive();
  } else if (state === "offline") {
    offline.chats().then(list => chats.know(list));
  } else if (state === "refused") {
    $("out").hidden = true;
    if (reason.code === "unauthenticated" || reason.code === "expired") signIn.ask(reason, chat.conversation.messages.length > 0);
    else chat.notice(reason.message);
  }
}

async function onLive() {
  loadInbox();
  chats.refresh();
  if (!learned) await learnSite();
  const had = signIn.token;
  await signIn.settle().catch(() => { /* the tab keeps it */ });
  if (had !== signIn.token) {
    chat.token = signIn.credential;
    $("out").hidden = false;
  }
  $("development").hidden = !site.development || signIn.token !== null;
  preferences.load().catch(() => { /* the next connection asks again */ });
  push.confirm().catch(() => { /* so does this */ });
}

// ---- who asks --------------------------------------------------------------------------------------------

/** sameUser: whoever was here before; then the conversation goes on, and what was not sent is sent. */
function signedIn(sameUser) {
  if (!sameUser) startAnew();
  offline.enter();
  if (sameUser) chat.token = signIn.credential;
  else showAddress(chat.session);
}

async function signOut() {
  const left = chat.client.unsent.length;
  if (left && !confirm(t("Some messages have not been sent. Sign out all the same?"))) return;
  const elsewhere = signIn.byCookie && site.sign_in.out_url;
  if (push.state === "on") await Promise.race([push.disable().catch(() => {}), new Promise(go => setTimeout(go, 2000))]); // with the credential that ends now
  const ended = await signIn.forget();
  startAnew();
  for (const key of ["session", "site"]) localStorage.removeItem(key);
  if (!ended) chat.notice(t("The server did not confirm that you are signed out. Load this page again; if you are signed in, sign out once more."));
  if (elsewhere) location.assign(elsewhere);
}

/** Nothing of the user who was here stays on the screen. */
function startAnew() {
  inbox.clear();
  chats.clear();
  offline.leave();
  preferences.forget();
  chat.clear({token: signIn.credential});
  empty.clear();
  localStorage.removeItem("empty");
  localStorage.removeItem("session");
  history.replaceState(null, "", location.pathname + location.search);
}

// ---- what is pressed ---------------------------------------------------------------------------------------

chat.addEventListener("turnpike-session", ({detail: {session}}) => {
  showAddress(session);
  chats.opened();
});
chat.addEventListener("turnpike-conversation", ({detail: {conversation}}) => {
  if (conversation.messages.length > 0) noteEmpty(chat.session, false);
  if (wasRunning !== (conversation.run !== null)) chats.changed();
  wasRunning = conversation.run !== null;
});
chat.addEventListener("turnpike-state", e => onState(e.detail));
chat.addEventListener("turnpike-frame", ({detail: {frame}}) => {
  if (isEntry(frame)) {
    if (inbox.add(frame) && preferences.sound) import("./sound.js").then(sound => sound.chime(), () => { /* the toast tells */ });
  } else if (frame.type === "inbox_updated") inbox.remove(frame.id);
  else chats.hear(frame);
});
$("ideas").addEventListener("click", event => {
  if (event.target.matches("button")) chat.send(event.target.textContent);
});
$("new").addEventListener("click", () => {
  if (!empty.has(chat.session)) goTo(newId(), {fresh: true, push: true});
  else chats.opened();
  chat.focus();
});
$("open-settings").addEventListener("click", () => openSettings().catch(error => chat.notice(error.message)));
$("out").addEventListener("click", signOut);
$("skip").addEventListener("click", event => {
  event.preventDefault();
  chat.focus();
});
document.addEventListener("keydown", event => {
  const elsewhere = document.querySelector("dialog[open]") ?? event.target.closest?.("nav, .toasts, .undo"); // there it closes what is open
  if (event.key === "Escape" && !event.defaultPrevented && !elsewhere && !chat.contains(event.target) && chat.conversation.run) chat.stop();
});
addEventListener("hashchange", () => {
  const {token, session: id} = takeFragment();
  if (token && mayTake(token)) signIn.use(token);
  else if (token) return;
  else if (id === "new") goTo(newId(), {fresh: true});
  else if (id && id !== chat.session) goTo(id);
});
// A notification was clicked.
navigator.serviceWorker?.addEventListener("message", ({data}) => {
  if (data?.type !== "turnpike-open") return;
  if (data.session && data.session !== chat.session) goTo(data.session);
  else if (!data.session) inbox.open();
});

/** A link must not put another user's key under what somebody writes here. */
function mayTake(token) {
  return signIn.token === null || signIn.isSame(token) || confirm(t("This link signs you in as somebody else. Go on?"));
}

// ---- the start ------------------------------------------------------------------------------------------------

/** What another program shares with this one (manifest.webmanifest): it stands in the message field. */
function takeShared() {
  const query = new URLSearchParams(location.search), shared = ["title", "text", "url"].map(name => query.get(name)).filter(Boolean).join("\n");
  if (!shared) return;
  history.replaceState(null, "", location.pathname + location.hash);
  chat.draft = shared;
}

if (fragment.token && mayTake(fragment.token)) {
  const another = !signIn.isSame(fragment.token);
  signIn.keep(fragment.token);
  if (another) startAnew();
}
offline.enter();
const session = fragment.session === "new" ? null : fragment.session || localStorage.getItem("session");
goTo(session || newId(), session ? {} : {fresh: true});
takeShared();
Offline.register();

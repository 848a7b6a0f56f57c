// The chat page: a shell around <turnpike-chat>, which has the conversation. Here are who asks, which session, settings and the inbox.
import {TurnpikeClient, newId} from "./client/client.js";
import {fitting, locale, setLanguage, t} from "./client/chat/words.js";
import {Inbox, isEntry} from "./inbox.js";
import {label} from "./labels.js";
import {Preferences} from "./preferences.js";
import {Settings} from "./settings.js";
import {SignIn, takeFragment} from "./signin.js";
import {setTheme, theme} from "./theme.js";

const $ = id => document.getElementById(id);
const fragment = takeFragment(); // before anything else: a token does not stay in the address
const chat = $("chat"), request = (...args) => chat.client.fetch(...args);
let site = {}, asking = null;

// ---- the site, and what the user has chosen -----------------------------------------------------------

/** What GET /page says; {} while it cannot be had. */
async function learnSite() {
  try {
    const reply = await fetch("/api/v1/pam/page", {signal: AbortSignal.timeout(5000)});
    if (reply.ok) site = await reply.json();
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
  showState(chat.state ?? "connecting");
}

// ---- its parts -------------------------------------------------------------------------------------------

const signIn = new SignIn($("signin"), {
  check: token => new TurnpikeClient({session: chat.session, token}).fetch("/context"),
  onToken: signedIn,
});
await setLanguage(preferences.language ? fitting([preferences.language]) : fitting());
await Promise.all([learnSite(), import("./client/chat.js")]);
draw();
setTheme(theme(), chat);
const inbox = new Inbox({list: $("inbox-list"), count: $("inbox-count"), toasts: $("toasts"), request});
const settings = new Settings($("settings"), {preferences, request, chat, push: () => null, onLanguage: speak,
  signedIn: () => !$("out").hidden, onSignOut: signOut, onErased: () => startAnew()});

// ---- sessions ------------------------------------------------------------------------------------------

/** fresh: the session is new, there is nothing to read. */
function goTo(session, fresh = false) {
  chat.open(session, {fresh, token: signIn.credential});
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
    $("out").hidden = signIn.byCookie ? !site.sign_in.out_url : signIn.token === null;
    onLive();
  } else if (state === "refused") {
    $("out").hidden = true;
    if (reason.code === "unauthenticated" || reason.code === "expired") signIn.ask(reason, chat.conversation.messages.length > 0);
    else chat.notice(reason.message);
  }
}

async function onLive() {
  loadInbox();
  if (!site.name) await learnSite();
  $("development").hidden = !site.development || signIn.token !== null;
  preferences.load().catch(() => { /* the next connection asks again */ });
}

// ---- who asks --------------------------------------------------------------------------------------------

/** sameUser: whoever was here before; then the conversation goes on, and what was not sent is sent. */
function signedIn(sameUser) {
  if (sameUser) {
    chat.token = signIn.credential;
    return;
  }
  inbox.clear();
  preferences.forget();
  goTo(newId(), true);
}

function signOut() {
  const left = chat.client.unsent.length;
  if (left && !confirm(t("Some messages have not been sent. Sign out all the same?"))) return;
  const elsewhere = signIn.byCookie && site.sign_in.out_url;
  signIn.forget();
  startAnew();
  localStorage.removeItem("session");
  if (elsewhere) location.assign(elsewhere);
}

/** Nothing of the user who was here stays on the screen. */
function startAnew() {
  inbox.clear();
  preferences.forget();
  chat.clear({token: signIn.credential});
  localStorage.removeItem("session");
  history.replaceState(null, "", location.pathname + location.search);
}

// ---- what is pressed ---------------------------------------------------------------------------------------

chat.addEventListener("turnpike-session", ({detail: {session}}) => {
  localStorage.setItem("session", session);
  history.replaceState(null, "", `#${session}`);
});
chat.addEventListener("turnpike-state", e => onState(e.detail));
chat.addEventListener("turnpike-frame", ({detail: {frame}}) => {
  if (isEntry(frame)) inbox.add(frame);
  else if (frame.type === "inbox_updated") inbox.remove(frame.id);
});
$("ideas").addEventListener("click", event => {
  if (event.target.matches("button")) chat.send(event.target.textContent);
});
$("new").addEventListener("click", () => {
  goTo(newId(), true);
  chat.focus();
});
$("open-settings").addEventListener("click", () => settings.open());
$("out").addEventListener("click", signOut);
$("skip").addEventListener("click", event => {
  event.preventDefault();
  chat.focus();
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && !event.defaultPrevented && !chat.contains(event.target)) chat.stop();
});
addEventListener("hashchange", () => {
  const {token, session: id} = takeFragment();
  if (token) signIn.use(token);
  else if (id && id !== chat.session) goTo(id);
});

if (fragment.token) signIn.keep(fragment.token);
const session = fragment.session || localStorage.getItem("session");
goTo(session || newId(), !session);

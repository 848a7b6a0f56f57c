// The chat page: a shell around <turnpike-chat>, which has the conversation. Here are who asks, which session, and the inbox.
import "./client/chat.js";
import {TurnpikeClient, newId} from "./client/client.js";
import {Inbox, isEntry} from "./inbox.js";
import {SignIn, takeFragment} from "./signin.js";

const $ = id => document.getElementById(id);
const fragment = takeFragment(); // before anything else: a token does not stay in the address
const chat = $("chat");
const STATES = {connecting: "Connecting", resuming: "Reconnecting", live: "Connected", offline: "No connection, trying again",
  refused: "Not connected", closed: "Closed"};

let asking = null;
const inbox = new Inbox({list: $("inbox-list"), count: $("inbox-count"), toasts: $("toasts"), request: (...args) => chat.client.fetch(...args)});
const signIn = new SignIn($("signin"), {
  check: token => new TurnpikeClient({session: chat.session, token}).fetch("/context"),
  onToken: signedIn,
});

/** fresh: the session is new, there is nothing to read. */
function goTo(session, fresh = false) {
  localStorage.setItem("session", session);
  history.replaceState(null, "", `#${session}`);
  chat.open(session, {fresh, token: signIn.token});
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

function onState({state, reason}) {
  $("state").dataset.state = state;
  $("state-text").textContent = STATES[state];
  if (state === "live") {
    signIn.hide();
    $("development").hidden = signIn.token !== null;
    $("out").hidden = signIn.token === null;
    loadInbox();
  } else if (state === "refused") {
    $("out").hidden = true;
    if (reason.code === "unauthenticated" || reason.code === "expired") signIn.ask(reason, chat.conversation.messages.length > 0);
    else chat.notice(reason.message);
  }
}

/** sameUser: whoever was here before; then the conversation goes on, and what was not sent is sent. */
function signedIn(sameUser) {
  if (sameUser) {
    chat.token = signIn.token;
    return;
  }
  inbox.clear();
  goTo(newId(), true);
}

function signOut() {
  const left = chat.client.unsent.length;
  if (left && !confirm(`${left === 1 ? "A message has" : `${left} messages have`} not been sent. Sign out all the same?`)) return;
  signIn.forget();
  inbox.clear();
  chat.clear({token: null});
  localStorage.removeItem("session");
  history.replaceState(null, "", location.pathname + location.search);
}

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
$("out").addEventListener("click", signOut);
$("skip").addEventListener("click", event => {
  event.preventDefault();
  chat.focus();
});
addEventListener("hashchange", () => {
  const {token, session: id} = takeFragment();
  if (token) signIn.use(token);
  else if (id && id !== chat.session) goTo(id);
});

if (fragment.token) signIn.keep(fragment.token);
const session = fragment.session || localStorage.getItem("session");
goTo(session || newId(), !session);

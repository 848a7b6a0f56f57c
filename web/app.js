// The chat page: what the client library delivers goes to the transcript, the approvals and the inbox.
import {Approvals} from "./client/chat/approvals.js";
import {Attached, fileLine} from "./client/chat/attached.js";
import {TurnpikeClient, newId} from "./client/client.js";
import {visible} from "./client/chat/elements.js";
import {Inbox, isEntry} from "./inbox.js";
import {loadMarkdown} from "./client/chat/markdown.js";
import {SignIn, takeFragment} from "./signin.js";
import {Transcript} from "./client/chat/transcript.js";

const $ = id => document.getElementById(id);
const fragment = takeFragment(); // before anything else: a token does not stay in the address
const main = document.querySelector("main"), text = $("text");
const STATES = {connecting: "Connecting", live: "Connected", resuming: "Reconnecting", offline: "No connection, trying again",
  refused: "Not connected", closed: "Closed"};

let session = fragment.session || localStorage.getItem("session");
let client, running = null, older = null, loaded = false, asking = null;
const transcript = new Transcript($("log"), main, () => { $("welcome").hidden = !loaded || !transcript.empty; });
const approvals = new Approvals({place: e => transcript.log.append(e), answer: (id, body) => client.approve(id, body)});
const inbox = new Inbox({list: $("inbox-list"), count: $("inbox-count"), toasts: $("toasts"), request: (...args) => client.fetch(...args)});
const attached = new Attached({input: $("files"), field: text, list: $("attached"), upload: file => client.upload(file), fault: notice});
const signIn = new SignIn($("signin"), {
  check: token => new TurnpikeClient({session, token}).fetch("/context"),
  onToken: signedIn,
});

function remember() {
  localStorage.setItem("session", session);
  history.replaceState(null, "", `#${session}`);
}

function notice(content) {
  $("notice").textContent = visible(content);
  $("notice").hidden = !content;
}

// ---- what is stored ---------------------------------------------------------------------------------

async function loadHistory(before = null) {
  const mine = client, query = new URLSearchParams({limit: "50"});
  if (before) query.set("cursor", before);
  let page = {messages: []};
  try {
    page = await mine.fetch(`/sessions/${encodeURIComponent(session)}/messages?${query}`);
  } catch (error) {
    if (client === mine && error.status !== 401 && error.status !== 404) notice(`The earlier messages could not be read: ${error.message}`);
    if (error.status !== 404) return false;
  }
  if (client !== mine) return false;
  mine.cursor ||= page.events_cursor ?? "";
  const height = main.scrollHeight;
  transcript.change(() => transcript.show(page.messages, transcript.log.firstChild));
  if (before) main.scrollTop += main.scrollHeight - height;
  older = page.has_more ? page.next_cursor : null;
  $("older").hidden = !older;
  return true;
}

/** What the user has been asked and has not answered, also in another tab. */
async function loadApprovals() {
  const mine = client;
  try {
    const {approvals: open} = await mine.fetch(`/approvals?session_id=${encodeURIComponent(session)}`);
    if (client === mine) transcript.change(() => question(open));
  } catch { /* the run's end shows them too */ }
}

/** What came while no socket was open; asked until it is answered, or the next connection asks. */
async function loadInbox() {
  const mine = asking = {};
  for (let wait = 1000; asking === mine && client.state === "live"; wait = Math.min(2 * wait, 30000)) {
    try {
      return await inbox.load(AbortSignal.timeout(5000));
    } catch {
      await new Promise(go => setTimeout(go, wait * (0.75 + Math.random() / 2)));
    }
  }
}

/** Once, as soon as we may. */
async function load() {
  const mine = client, done = await loadHistory();
  if (client !== mine) return;
  loaded = done;
  transcript.changed();
  if (done) await loadApprovals();
}

function question(list) {
  approvals.show(list);
  for (const call of approvals.calls) transcript.asked(call);
}

/** Another tab or device asked: its message is in the store, the events only carry the answer. */
async function showQuestion() {
  const anchor = transcript.log.appendChild(document.createComment("question")), mine = client;
  try {
    const page = await mine.fetch(`/sessions/${encodeURIComponent(session)}/messages?limit=10`);
    if (client === mine && anchor.isConnected) {
      transcript.change(() => transcript.show(page.messages.filter(m => m.role === "user" && !transcript.items.has(m.id)), anchor));
    }
  } catch { /* it is there after the next load */ }
  anchor.remove();
}

// ---- events -----------------------------------------------------------------------------------------

function run(id) {
  running = id;
  $("stop").hidden = !id;
}

const handlers = {
  ...transcript.handlers,
  RUN_STARTED(e) {
    run(e.runId);
    const asked = (e.input?.messages ?? []).filter(m => m.role === "user");
    if (transcript.confirm(e.runId)) return;
    if (asked.length > 0) transcript.show(asked.filter(m => !transcript.items.has(m.id)));
    else showQuestion();
  },
  MESSAGES_SNAPSHOT(e) {
    transcript.replace(e.messages);
    approvals.again();
  },
  TOOL_CALL_RESULT(e) {
    transcript.handlers.TOOL_CALL_RESULT(e);
    approvals.settle(e.toolCallId);
  },
  RUN_FINISHED(e) {
    run(null);
    if (e.outcome?.type === "interrupt") question(e.outcome.interrupts);
    transcript.close();
    if (e.outcome?.type === "cancelled") transcript.ending("Stopped.");
  },
  RUN_ERROR(e) {
    run(null);
    transcript.close();
    transcript.ending(e.message, true);
  },
};

function onFrame(frame) {
  if (isEntry(frame)) inbox.add(frame);
  else if (frame.type === "inbox_updated") inbox.remove(frame.id);
  else if (frame.type === "accepted" && frame.state === "queued") transcript.note("waits its turn", frame.client_message_id);
}

function onProblem(problem) {
  if (problem.code === "refused") return; // the state tells
  notice(problem.message || problem.code);
  if (problem.clientMessageId) transcript.lost(problem.clientMessageId);
}

// ---- the connection -----------------------------------------------------------------------------------

function onState(state) {
  $("state").dataset.state = state;
  $("state-text").textContent = STATES[state];
  if (state === "live") onOpen();
  else if (state === "refused") onRefused();
  else transcript.note("sending");
}

function onOpen() {
  notice("");
  signIn.hide();
  $("development").hidden = signIn.token !== null;
  $("out").hidden = signIn.token === null;
  transcript.note("sending");
  if (!loaded) load();
  loadInbox();
}

function onRefused() {
  const {code, message} = client.reason;
  transcript.note("not sent yet");
  $("out").hidden = true;
  if (code === "unauthenticated" || code === "expired") signIn.ask(client.reason, !transcript.empty);
  else notice(message);
}

/** sameUser: whoever was here before; then the conversation goes on, and what was not sent is sent. */
function signedIn(sameUser) {
  if (sameUser) return client.setToken(signIn.token);
  inbox.clear();
  goTo(newId(), true);
}

/** fresh: the session is new, there is nothing to load. */
async function open(fresh = false) {
  remember();
  transcript.clear();
  approvals.clear();
  notice("");
  run(null);
  older = null;
  $("older").hidden = true;
  loaded = fresh;
  $("welcome").hidden = !fresh;
  const mine = client = new TurnpikeClient({session, token: signIn.token});
  const listen = (name, fn) => mine.addEventListener(name, e => client === mine && fn(e.detail));
  listen("state", onState);
  listen("event", e => {
    if (isEntry(e)) inbox.add(e);
    else if (e.type === "TEXT_MESSAGE_CONTENT") handlers[e.type](e); // shown with the next frame
    else transcript.change(() => handlers[e.type]?.(e));
  });
  listen("frame", onFrame);
  listen("problem", onProblem);
  if (!fresh) await load();
  if (client === mine) mine.start();
}

/** Another session. What was not sent stands in the message field again. */
function goTo(id, fresh = false) {
  const left = client.close().map(frame => frame.text);
  if (left.length) text.value = [...left, text.value].filter(Boolean).join("\n");
  grow();
  session = id;
  open(fresh);
}

function signOut() {
  const left = client.unsent.length;
  if (left && !confirm(`${left === 1 ? "A message has" : `${left} messages have`} not been sent. Sign out all the same?`)) return;
  signIn.forget();
  inbox.clear();
  goTo(newId(), true);
  localStorage.removeItem("session");
  text.value = "";
  grow();
}

function send(content, attachments = []) {
  notice("");
  const shown = [...attachments.map(fileLine), content].filter(Boolean).join("\n");
  transcript.change(() => transcript.sent(client.send(content, attachments.length ? {attachments} : {}), shown));
  if (client.state === "refused") transcript.note("not sent yet");
  transcript.toEnd();
}

// ---- the page -----------------------------------------------------------------------------------------

function grow() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

$("form").addEventListener("submit", async event => {
  event.preventDefault();
  const content = text.value.trim();
  if (!content && attached.empty) return;
  text.value = "";
  grow();
  text.focus();
  if (attached.empty) return send(content);
  const mine = client, files = await attached.take();
  if (client === mine && (content || files.length)) send(content, files);
});
text.addEventListener("input", grow);
text.addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("form").requestSubmit();
  }
});
$("stop").addEventListener("click", () => client.stop(running));
$("older").addEventListener("click", () => loadHistory(older));
$("ideas").addEventListener("click", event => {
  if (event.target.matches("button")) send(event.target.textContent);
});
$("new").addEventListener("click", () => {
  goTo(newId(), true);
  text.focus();
});
$("out").addEventListener("click", signOut);
addEventListener("hashchange", () => {
  const {token, session: id} = takeFragment();
  if (token) signIn.use(token);
  else if (id && id !== session) goTo(id);
});

if (fragment.token) signIn.keep(fragment.token);
loadMarkdown().then(() => transcript.refresh());
const isNew = !session;
session ||= newId();
open(isNew);

// SPDX-License-Identifier: BSD-2-Clause
// The operator's page: the promised figures, tools, money, the self-test, feedback. For administrators alone; the server decides.
import {TurnpikeClient} from "../client/client.js";
import {fitting, setLanguage, t} from "../client/chat/words.js";
import {label} from "../labels.js";
import {SignIn, takeFragment} from "../signin.js";
import {Feedback} from "./feedback.js";
import {moment, showCourse, showPromises, showTables} from "./figures.js";
import {Selftest} from "./selftest.js";

const DAY_MS = 86400000;
const $ = id => document.getElementById(id);
const fragment = takeFragment(); // a token does not stay in the address
let site = {}, client = null, asked = 0;

const request = (path, options) => client.fetch(path, {signal: AbortSignal.timeout(60000), ...options});
const feedback = new Feedback($, request), selftest = new Selftest($, request);

/** What the server says to a user who is none of its administrators, in the language of the page. */
function refusal(error) {
  return error.status === 403 ? Object.assign(new Error(t("This key or token is not an administrator's.")), {status: 403}) : error;
}

const signIn = new SignIn($("signin"), {
  check: token => new TurnpikeClient({token}).fetch("/admin/selftest").catch(error => {
    if (error.status !== 404) throw refusal(error); // 404: there was none yet
  }),
  onToken: () => load(), onLeft: () => location.reload(),
  change: (method, token = () => null) => new TurnpikeClient({token}).fetch("/sign-in", {method}),
});

function tell(text, fault = false) {
  $("state").textContent = text;
  $("state").classList.toggle("fault", fault);
}

/** Whoever looks at the page next is perhaps somebody else. */
function clear() {
  asked++;
  for (const id of ["promises", "sums", "plots", "points", "tools", "models", "classes", "errors", "limits"]) $(id).replaceChildren();
  feedback.clear();
  selftest.clear();
}

function ask(error) {
  clear();
  const fault = !error ? "" : error.status === 401 ? t("This key or token was not accepted.") : error.message;
  document.body.classList.add("signed-out");
  signIn.ask({message: fault}, false);
  tell($("signin-fault").textContent ? "" : fault, true); // what a cookie brought is no fault of the form
}

/** All figures anew. */
async function load() {
  const mine = ++asked, to = new Date(), from = new Date(to - Number($("period").value) * DAY_MS);
  client = new TurnpikeClient({token: signIn.credential});
  tell(t("Loading"));
  $("refresh").disabled = true;
  try {
    const report = await request(`/admin/report?from=${from.toISOString()}&to=${to.toISOString()}`);
    if (mine !== asked) return;
    document.body.classList.remove("signed-out");
    signIn.hide();
    $("out").hidden = signIn.token === null && !signIn.bySession;
    showPromises($("promises"), $("sums"), report);
    showCourse($("plots"), $("points"), report);
    showTables($, report);
    selftest.show(report.selftest);
    tell(t("As of {time}", {time: moment(to)}));
    await feedback.load();
  } catch (error) {
    if (mine !== asked) return;
    if (error.status === 401 || error.status === 403) ask(signIn.token === null && error.status === 401 ? null : refusal(error));
    else tell(error.status ? error.message : t("The server cannot be reached. Try again."), true);
  } finally {
    $("refresh").disabled = false;
  }
}

// ---- the start --------------------------------------------------------------------------------------------------

try {
  await setLanguage(fitting(localStorage.getItem("language") ? [localStorage.getItem("language")] : undefined));
  const reply = await fetch("/api/v1/pam/page", {signal: AbortSignal.timeout(5000)});
  if (reply.ok) site = await reply.json();
} catch { /* it works with less */ }
label(document, {name: site.name ?? "PAM"});
document.title = t("{name}: what it does", {name: site.name ?? "PAM"});
signIn.allow(site.sign_in);
if (fragment.token) signIn.keep(fragment.token);
$("period").addEventListener("change", load);
$("refresh").addEventListener("click", load);
$("out").addEventListener("click", async () => {
  await signIn.forget();
  ask(null);
});
await load();

// A worker with a hundred running turns is killed, again and again: how long until they stream again.
//
//   node tests/faults/hundred.mjs [--turns N] [--kills N]
//
// TURNPIKE_BUILD names the build. Two workers share 256 seats; one is killed (SIGKILL) while all turns stream. A
// turn streams again when its viewer sees the next text. The bar: 500 ms at p99.
import {pathToFileURL} from "node:url";
import {eventually, pause, SLOW, Stack, uuid} from "../e2e/harness.mjs";

const BAR_MS = 500;
const percentile = (list, p) => list[Math.min(list.length - 1, Math.floor(list.length * p))];
const isText = event => event.data.type === "TEXT_MESSAGE_CONTENT";
const isFinal = event => ["RUN_FINISHED", "RUN_ERROR"].includes(event.data.type);

/** A viewer that notes when its turn's next text comes. */
function view(stack, i) {
  const reader = stack.chatStream("x [[text words=2000 delay=50]]", {session_id: uuid()}, {headers: {Accept: "text/event-stream", "X-Dev-User": `u${i}`}});
  const viewer = {reader, seen: 0, waits: null};
  viewer.look = at => {
    for (; viewer.seen < reader.events.length; viewer.seen++) {
      const event = reader.events[viewer.seen];
      if (event.data.name === "turnpike.resumed" && viewer.waits) {
        viewer.waits.resumed = true;
        viewer.waits.taken(at - viewer.waits.since);
      }
      if (isText(event) && viewer.waits?.resumed) {
        viewer.waits.done(at - viewer.waits.since);
        viewer.waits = null;
      }
    }
  };
  return viewer;
}

export async function hundred({turns = 200, kills = 3} = {}) {
  const stack = await Stack.start({settings: {"turn.workers": 2, "turn.seats": 256, "turn.user": 0, "turn.attempts": 50, "turn.time": "10m"}});
  const report = {turns, kills, times: [], taken: [], ended: 0, held: []};
  let watching = true;
  try {
    const viewers = Array.from({length: turns}, (_, i) => view(stack, i));
    const watch = (async () => {
      while (watching) {
        const at = performance.now();
        for (const viewer of viewers) viewer.look(at);
        await pause(2);
      }
    })();
    await eventually(() => viewers.every(v => v.reader.events.some(isText)), "all stream", 60000 * SLOW);
    for (let n = 0; n < kills; n++) {
      const seats = (await stack.seats("turn")).filter(s => s.turn);
      const pid = seats[n % seats.length].pid, hit = seats.filter(s => s.pid === pid);
      const users = new Set(hit.map(s => s.user));
      report.held.push(hit.length);
      const since = performance.now();
      const again = viewers.filter((_, i) => users.has(`u${i}`)).map(viewer => new Promise(done => { viewer.waits = {since, done, taken: ms => report.taken.push(ms)}; }));
      process.kill(pid, "SIGKILL");
      report.times.push(...await Promise.all(again));
      await pause(1000);
    }
    report.ended = viewers.filter(v => v.reader.events.some(isFinal)).length;
    watching = false;
    await watch;
    for (const v of viewers) v.reader.drop();
    await Promise.all(viewers.map((_, i) => stack.post("/sessions/stop", {}, {headers: {"X-Dev-User": `u${i}`}}).catch(() => {})));
  } finally {
    watching = false;
    await stack.stop({check: false});
  }
  for (const list of [report.times, report.taken]) list.sort((a, b) => a - b);
  return report;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = {};
  for (let i = 2; i < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, "")] = Number(process.argv[i + 1]);
  const report = await hundred(options), p99 = percentile(report.times, 0.99);
  console.log(`${report.kills} kills of a worker with ${report.held.join(", ")} turns; taken over after p50 ${percentile(report.taken, 0.5).toFixed(0)} ms, `
    + `p99 ${percentile(report.taken, 0.99).toFixed(0)} ms; streaming again after p50 ${percentile(report.times, 0.5).toFixed(0)} ms, `
    + `p99 ${p99.toFixed(0)} ms, last ${report.times.at(-1).toFixed(0)} ms (bar ${BAR_MS} ms at p99); ${report.ended} turns ended by it`);
  process.exit(p99 <= BAR_MS && report.ended === 0 ? 0 : 1);
}

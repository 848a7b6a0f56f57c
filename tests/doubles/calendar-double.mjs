// SPDX-License-Identifier: BSD-2-Clause
// A server of .ics files on loopback: each path answers as its test says; what was asked is kept.
import http from "node:http";
import {gzipSync} from "node:zlib";

/** events: [{uid, summary, start, more}], start as 20310520T150000Z or 20310520; a VCALENDAR with CRLF, long lines folded. */
export function ics(events, head = []) {
  const fold = line => line.replace(/(.{70})(?=.)/gu, "$1\r\n ");
  return ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//double//EN", ...head,
    ...events.flatMap(({uid, summary, start, more = []}) => ["BEGIN:VEVENT", `UID:${uid}`, "DTSTAMP:20260101T000000Z",
      start.length === 8 ? `DTSTART;VALUE=DATE:${start}` : `DTSTART:${start}`, `SUMMARY:${summary}`, ...more, "END:VEVENT"]),
    "END:VCALENDAR", ""].map(fold).join("\r\n");
}

export async function startCalendarServer() {
  const paths = new Map(), asked = [], open = new Set();
  const server = http.createServer((request, response) => {
    asked.push({path: request.url, headers: request.headers});
    const answer = paths.get(request.url);
    if (!answer) return response.writeHead(404, {"Content-Type": "text/plain"}).end("no such file");
    if (typeof answer === "function") return answer(request, response);
    const {status = 200, body = "", headers = {}, etag, modified, gzip} = answer;
    const same = etag ? request.headers["if-none-match"] === etag : modified && request.headers["if-modified-since"] === modified;
    const own = {...etag && {ETag: etag}, ...modified && {"Last-Modified": modified}, ...headers};
    if (status === 200 && same) return response.writeHead(304, own).end();
    response.writeHead(status, {"Content-Type": "text/calendar; charset=utf-8", ...gzip && {"Content-Encoding": "gzip"}, ...own});
    return response.end(gzip ? gzipSync(body) : body);
  });
  server.on("connection", socket => { open.add(socket); socket.on("close", () => open.delete(socket)); });
  await new Promise(done => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    asked,
    of: path => asked.filter(a => a.path === path),
    set: (path, answer) => paths.set(path, answer),
    close() { for (const socket of open) socket.destroy(); server.close(); },
  };
}

// SPDX-License-Identifier: BSD-2-Clause
// Server-sent events of a response, as fetch gives it: with a header for the credential, which EventSource cannot send.

/** Calls heard() with each piece that arrives, then event(id, data) for each event in it. Resolves at the stream's planned end. */
export async function readEvents(body, {heard, event}) {
  const reader = body.getReader(), decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return;
    heard();
    const frames = (text + decoder.decode(value, {stream: true})).split("\n\n");
    text = frames.pop();
    for (const frame of frames) {
      const fields = {id: "", data: ""};
      for (const line of frame.split("\n")) {
        const [, name, rest] = /^(id|data): ?(.*)$/.exec(line) ?? [];
        if (name) fields[name] = rest;
      }
      if (fields.data) event(fields.id, fields.data);
    }
  }
}

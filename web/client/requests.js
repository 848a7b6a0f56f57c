// SPDX-License-Identifier: BSD-2-Clause
// What a client asks by requests, whatever its connection is.
import {sendTelling} from "./progress.js";

const UPLOAD_WITHIN = 120000; // of a photo over a slow line

export class Requests extends EventTarget {
  #http;

  constructor(http, session, cursor) {
    super();
    this.#http = http;
    this.session = session;
    /** That of the last event that was heard. */
    this.cursor = cursor;
    this.timezone = this.locale = ""; // of the messages; "": what the browser says
  }

  /**
   * A request to the HTTP side; a Blob is sent as it is, anything else as JSON. blob: the reply is wanted as one. Throws an Error with .status
   * and .problem when it is refused.
   */
  fetch(path, options) { return this.#http.fetch(path, options); }

  /** Answers an approval: {approved, edited_args?}, or a form of a service: {action, content?}. Its turn goes on in the session's events. */
  approve(id, body) {
    return this.fetch(`/approvals/${encodeURIComponent(id)}`, {method: "POST", body});
  }

  /** A page of the stored messages, the newest without `before` (a `next_cursor`). The first one that is read tells where the events go on. */
  async messages({before = "", limit = 50} = {}) {
    const query = new URLSearchParams({limit: String(limit), ...before && {cursor: before}});
    const page = await this.fetch(`/sessions/${encodeURIComponent(this.session)}/messages?${query}`);
    this.cursor ||= page.events_cursor ?? "";
    return page;
  }

  /**
   * Stores a file (a Blob) for later messages: send(text, {attachments: [{id}]}). Gives {id, mime_type, bytes, ...}.
   * progress(sent, of): told in a browser while it goes.
   */
  upload(file, {name = file.name ?? "", signal = AbortSignal.timeout(UPLOAD_WITHIN), progress = null} = {}) {
    const send = progress && globalThis.XMLHttpRequest ? sendTelling(progress) : undefined;
    return this.fetch(`/attachments?${new URLSearchParams({name})}`, {method: "POST", body: file, signal, ...send && {send}});
  }
}

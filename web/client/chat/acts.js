// SPDX-License-Identifier: BSD-2-Clause
// What can be done with a message: the buttons under it call these.
import {copy} from "./clipboard.js";

/**
 * session(): the one on the screen. voice(): what reads aloud, if anything does. notice(text): says something to the user.
 * restore(text, files): puts what was taken back into the message field. place: where a copy may be made from.
 */
export function acts({session, voice, notice, restore, place}) {
  /** Tells what went wrong, unless another session is on the screen by then. */
  async function tried(act) {
    const mine = session();
    try {
      return await act(mine);
    } catch (error) {
      if (session() === mine) notice(error.message);
      return null;
    }
  }

  return {
    /** Another answer to a question; with a text, another question in its place. message: either of the two. */
    again(message, text) {
      const {messages} = session().conversation;
      const question = message.role === "user" ? message : messages.findLast((m, i) => m.role === "user" && messages[i + 1]?.id === message.id);
      notice("");
      if (question) tried(mine => mine.again(question, text));
    },
    async takeBack(message) {
      const mine = session(), frame = await tried(() => mine.takeBack(message));
      if (frame && session() === mine) restore(frame.text ?? "", frame.attachments ?? []);
    },
    version: (message, index) => tried(mine => mine.version(message, index)),
    feedback: (message, what) => session().feedback(message, what),
    copy: text => copy(text, place),
    canRead: () => Boolean(voice()?.canSpeak),
    read: text => voice().state === "speaking" ? voice().stop() : voice().read(text),
  };
}

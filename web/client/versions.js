// SPDX-License-Identifier: BSD-2-Clause
// What the user makes of a conversation: earlier versions of its messages, and what they said of answers.
import {answerId, messagesOf, without} from "./stored.js";

/** branches: [{id, messageId}], oldest first: the versions that a message and what follows it have had before. */
export function withBranches(c, branches) {
  const messages = c.messages.map(m => {
    if (m.role !== "user") return m;
    const ids = branches.filter(b => b.messageId === m.id).map(b => b.id);
    const branch = ids.length ? {index: ids.length + 1, count: ids.length + 1, ids} : undefined;
    if (JSON.stringify(m.branch) === JSON.stringify(branch)) return m;
    return branch ? {...m, branch} : without(m, "branch");
  });
  return messages.some((m, i) => m !== c.messages[i]) ? {...c, messages} : c;
}

/** Shows the version `id` of a message and what followed it; without one the present again. */
export function withVersion(c, {messageId, id, messages}) {
  const present = c.messages.find(m => m.id === messageId);
  if (!id || !present?.branch) return c.branch ? {...c, branch: null} : c;
  const branch = {...present.branch, index: present.branch.ids.indexOf(id) + 1}, past = messagesOf(messages).messages;
  const edited = past[0]?.id === messageId, user = {...edited ? past[0] : without(present, "again"), branch};
  const answers = (edited ? past.slice(1) : past).map(m => m.id === answerId("") ? {...m, id: answerId(messageId)} : m);
  return {...c, branch: {messageId, id, messages: [user, ...answers].map(m => ({...m, past: true}))}};
}

export function withFeedback(c, said) {
  const messages = c.messages.map(m => {
    const rating = m.role === "assistant" ? said[m.parts.findLast(p => p.type === "text" && Object.hasOwn(said, p.id))?.id]?.rating : undefined;
    return rating === undefined || rating === m.feedback ? m : {...m, feedback: rating};
  });
  return messages.some((m, i) => m !== c.messages[i]) ? {...c, messages} : c;
}

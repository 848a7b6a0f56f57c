// Types of conversation.js: a conversation as a value.

export interface FileRef {
  id?: string;
  name: string;
  type?: string;
  mimeType?: string;
  bytes?: number;
  width?: number;
  height?: number;
  url?: string;
}

/** The versions that a message has had: `index` of `count`; `ids` of those before the present, oldest first. */
export interface Versions {
  index: number;
  count: number;
  ids: readonly string[];
}

export interface UserMessage {
  readonly id: string;
  readonly role: "user";
  readonly text: string;
  readonly files: readonly FileRef[];
  readonly state: "unsent" | "sending" | "queued" | "sent" | "lost";
  /** Why it is lost. */
  readonly reason?: string;
  /** Its place in the queue, from 1. */
  readonly position?: number;
  readonly runId?: string;
  /** In the chat of a shared trip: who wrote it. */
  readonly author?: { readonly id: string; readonly name: string };
  readonly branch?: Versions;
  /** The user goes back to it: until its run begins. */
  readonly again?: { readonly text: string };
  /** Of an earlier version that is looked at. */
  readonly past?: boolean;
}

export interface End {
  type: "stopped" | "error" | "interrupted" | "short";
  message?: string;
  code?: string;
  retryable?: boolean;
}

/** All that follows one user message up to the next. */
export interface AssistantMessage {
  readonly id: string;
  readonly role: "assistant";
  readonly parts: readonly Part[];
  /** A run is writing it. */
  readonly open: boolean;
  readonly end?: End;
  readonly runId?: string;
  /** What the user has said of it: 1 to 5. */
  readonly feedback?: number;
  readonly past?: boolean;
}

export type Message = UserMessage | AssistantMessage;

export interface TextPart {
  readonly type: "text";
  readonly id: string;
  readonly text: string;
  readonly open: boolean;
}
export interface ReasoningPart {
  readonly type: "reasoning";
  readonly id: string;
  readonly text: string;
  readonly open: boolean;
  readonly startedAt?: number;
  readonly ms?: number;
}
export interface ToolPart {
  readonly type: "tool";
  readonly id: string;
  readonly name: string;
  /** The arguments as they came. */
  readonly json: string;
  /** The arguments; undefined while they are no JSON. */
  readonly args: unknown;
  readonly state: "running" | "asked" | "done" | "failed" | "stopped";
  readonly result: unknown;
  readonly resultText: string;
  readonly code?: string;
  readonly startedAt?: number;
  readonly ms?: number;
}
export interface NoticePart {
  readonly type: "notice";
  readonly id: string;
  readonly name: string;
  readonly text: string;
}
export type Part = TextPart | ReasoningPart | ToolPart | NoticePart;

export interface Approval {
  readonly id: string;
  readonly toolCallId: string;
  readonly tool: string;
  readonly args: unknown;
  readonly message: string;
  readonly expiresAt: string | null;
  readonly reason: string;
  readonly schema?: unknown;
  readonly preview?: unknown;
  /** What a service asks in the middle of the call, in its own words. Answered by {action, content}. */
  readonly form?: { readonly from: string; readonly message: string; readonly schema: unknown };
  /** The call waits for the answer while its run goes on. */
  readonly live?: true;
}

export interface Run {
  readonly id: string;
  readonly startedAt: number;
  /** Id of the user's message that it answers. */
  readonly answers: string;
  /** What it does while nothing is written. */
  readonly step?: "model-queued" | "resumed" | "summarizing";
}

export interface Conversation {
  readonly messages: readonly Message[];
  readonly run: Run | null;
  readonly approvals: readonly Approval[];
  /** Cursor of the page of earlier messages; null: there are none. */
  readonly older: string | null;
  /** The earlier version that is looked at. */
  readonly branch: { readonly messageId: string; readonly id: string; readonly messages: readonly Message[] } | null;
  /** The session was deleted. */
  readonly deleted?: boolean;
}

/** What changes a conversation here and not at the server. */
export type LocalAction =
  | { type: "stored"; messages: readonly unknown[]; older?: string | null; prepend?: boolean; feedback?: Record<string, { rating: number }> }
  | { type: "sent"; ids: { messageId: string; runId: string }; text: string; files?: readonly FileRef[]; state?: UserMessage["state"] }
  | { type: "note"; runId?: string; state: "unsent" | "sending" | "queued" | "lost"; reason?: string; position?: number }
  | { type: "again"; messageId: string; runId: string; text?: string }
  | { type: "takenBack"; runId: string }
  | { type: "approvals"; approvals: readonly unknown[] }
  | { type: "branches"; branches: readonly { id: string; messageId: string }[] }
  | { type: "branch"; messageId?: string; id?: string; messages?: readonly unknown[] }
  | { type: "feedback"; messageId: string; rating: number }
  | { type: "deleted" }
  | { type: "kept"; messages: readonly Message[] }
  | { type: "clear" };

export const initial: Conversation;

/** The conversation after an event of AG-UI (the client's event `event`) or a local action. What has not changed is the same object. now: milliseconds, for what takes time. */
export function reduce(conversation: Conversation, event: LocalAction | Readonly<{ type: string }>, now?: number): Conversation;

/** What is to be seen: the messages, or those of an earlier version that is looked at. */
export function shown(conversation: Conversation): readonly Message[];

/** Whether a user's message waits for its run: such messages are at the end. */
export function isPending(message: Message): boolean;

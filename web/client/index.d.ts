export * from "./conversation.js";

/** Where a client is: see "States" in the documentation. */
export type State = "connecting" | "live" | "resuming" | "offline" | "refused" | "closed";

/** How events come: by WebSocket, by server-sent events, by long-poll. */
export type Transport = "socket" | "sse" | "poll";

export interface Reason {
  /**
   * offline, resuming: `network`, `slow`, `server`, `token_failed`, `hidden`.
   * refused: `unauthenticated`, `expired`, `origin_not_allowed`, `forbidden`, `policy`, `protocol`.
   */
  code: string;
  /** For people, in English. */
  message: string;
}

/** What has gone wrong. */
export interface Problem {
  /** A code of the API, or `too_large`, `not_sent`, `refused`, `token_failed`. */
  code: string;
  message: string;
  /** The message that will not be sent. */
  clientMessageId?: string;
  retryAfterMs?: number;
  /** With `refused`: the code of the reason. */
  reason?: string;
}

/** Of the problem document of a refused request (RFC 9457). */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
  retryable?: boolean;
  retry_after_ms?: number;
  field?: string;
  trace_id?: string;
  request_id?: string;
  [more: string]: unknown;
}

/** What the requests of a client throw when the server refuses one. */
export interface RefusedError extends Error {
  status: number;
  problem: ProblemDocument | null;
  /** How long to wait, in milliseconds; 0 when the server did not say. */
  retryAfter: number;
}

export interface Interrupt {
  id: string;
  reason: string;
  message?: string;
  toolCallId?: string;
  responseSchema?: Record<string, unknown>;
  expiresAt?: string;
  metadata?: Record<string, unknown>;
}

interface Stamped {
  /** `cursor`: where the event stands in the session's log. */
  metadata?: {cursor?: string; [more: string]: unknown};
  timestamp?: number;
}

/** AG-UI 1.0 events. Others may come: leave out what you do not know. */
export type AguiEvent = Stamped & (
  | {type: "RUN_STARTED"; threadId: string; runId: string; input?: {messages?: StoredMessage[]; [more: string]: unknown}}
  | {type: "RUN_FINISHED"; threadId: string; runId: string; usage?: Record<string, unknown>[];
      outcome?: {type: "success"} | {type: "cancelled"} | {type: "interrupt"; interrupts: Interrupt[]}; [more: string]: unknown}
  | {type: "RUN_ERROR"; message: string; code?: string; runId?: string; [more: string]: unknown}
  | {type: "STEP_STARTED" | "STEP_FINISHED"; stepName: string}
  | {type: "TEXT_MESSAGE_START"; messageId: string; role?: string}
  | {type: "TEXT_MESSAGE_CONTENT"; messageId: string; delta: string}
  | {type: "TEXT_MESSAGE_END"; messageId: string}
  | {type: "TOOL_CALL_START"; toolCallId: string; toolCallName: string; parentMessageId?: string}
  | {type: "TOOL_CALL_ARGS"; toolCallId: string; delta: string}
  | {type: "TOOL_CALL_END"; toolCallId: string}
  | {type: "TOOL_CALL_RESULT"; messageId: string; toolCallId: string; content: string; role?: "tool"}
  | {type: "REASONING_START" | "REASONING_END"; messageId: string}
  | {type: "REASONING_MESSAGE_START" | "REASONING_MESSAGE_END"; messageId: string; role?: string}
  | {type: "REASONING_MESSAGE_CONTENT"; messageId: string; delta: string}
  | {type: "REASONING_ENCRYPTED_VALUE"; subtype?: string; entityId?: string; encryptedValue: string}
  | {type: "STATE_SNAPSHOT"; snapshot: unknown}
  | {type: "STATE_DELTA"; delta: unknown[]}
  | {type: "MESSAGES_SNAPSHOT"; messages: StoredMessage[]}
  | {type: "CUSTOM"; name: string; value: unknown; id?: string}
);

export interface Accepted {
  type: "accepted";
  turn_id: string;
  session_id: string;
  run_id: string;
  state: "running" | "queued" | "pending" | "waiting" | "duplicate";
  cursor?: string;
  position?: number;
  client_message_id: string | null;
}

/** An entry of the user's inbox: its `id` is one of the inbox, not a cursor. */
export interface InboxEntry {
  type: "timer_expired" | "reminder" | "proactive_alert" | "budget_alert";
  id: string;
  message?: string;
  snoozed_from?: string;
  [more: string]: unknown;
}

export type Frame =
  | Accepted
  | InboxEntry
  | {type: "inbox_updated"; id: string; state: "acknowledged" | "snoozed"; snoozed_until_ms?: number}
  | {type: "cancel_result"; turn_id: string | null; state: string; stopping: boolean}
  | {type: "context_updated"; context: Record<string, unknown>}
  | {type: "pong"; id?: unknown; timestamp?: unknown};

/** A message as the server stores it (AG-UI). */
export type StoredMessage =
  | {id: string; role: "user"; content: string | Record<string, unknown>[]}
  | {id: string; role: "assistant"; content?: string; toolCalls?: {id: string; type: "function"; function: {name: string; arguments: string}}[]}
  | {id: string; role: "tool"; toolCallId: string; content: string; error?: string}
  | {id: string; role: "system" | "developer" | "reasoning" | "activity"; content?: unknown};

export interface MessagePage {
  /** Oldest first. */
  messages: StoredMessage[];
  has_more: boolean;
  /** For `before`. */
  next_cursor: string | null;
  /** The events behind this cursor follow these messages. */
  events_cursor: string;
}

/** A message on its way. */
export interface MessageFrame extends SendOptions {
  type: "message";
  text: string;
  session_id: string;
  client_message_id: string;
  run_id: string;
  message_id: string;
}

/** Further members of a message. */
export interface SendOptions {
  attachments?: ({id: string} | {url: string; name?: string} | {data: string; mime_type?: string; name?: string})[];
  context?: Record<string, unknown>;
  on_busy?: "enqueue" | "interrupt" | "reject";
  timezone?: string;
  locale?: string;
  webhook?: {url: string};
  message_id?: string;
  client_message_id?: string;
  run_id?: string;
}

export interface SentIds {
  runId: string;
  messageId: string;
  clientMessageId: string;
}

export interface Attachment {
  id: string;
  mime_type: string;
  name: string;
  bytes: number;
  sha256: string;
  width?: number;
  height?: number;
  pages?: number;
  created_at: string;
  expires_at: string;
}

/** A class that is used as a browser's WebSocket is. */
export type WebSocketClass = new (url: string, protocols?: string[]) => {
  readyState: number;
  send(data: string): void;
  close(code?: number): void;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
};

export type TokenSource = string | null | (() => string | null | Promise<string | null>);

export interface ClientOptions {
  /** The session's id: `[A-Za-z0-9_.:@-]{1,100}`. A new one when left out. */
  session?: string;
  /** A JSON Web Token or an API key, or a function that gives one. */
  token?: TokenSource;
  /** The site, such as `https://assistant.example.org`. Needed outside a browser. */
  url?: string | URL;
  /** Where the API is: `/api/v1/pam`. */
  base?: string;
  /** Goes on behind this cursor. */
  cursor?: string;
  /** In place of the global one; `null`: none. */
  WebSocket?: WebSocketClass | null;
  /** `auto`: a socket, and events over HTTP where none can be had. */
  transport?: "auto" | "socket" | "sse";
  /** `include`: the site is of another origin, and takes the cookie of its own log-in. */
  credentials?: "same-origin" | "include" | "omit";
}

export interface RequestOptions {
  method?: string;
  /** A Blob is sent as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** The reply is wanted as a Blob. */
  blob?: boolean;
  signal?: AbortSignal;
}

export interface ClientEvents {
  state: CustomEvent<State>;
  event: CustomEvent<AguiEvent>;
  frame: CustomEvent<Frame>;
  problem: CustomEvent<Problem>;
}

/** One session over a connection that comes back by itself. */
export class TurnpikeClient extends EventTarget {
  constructor(options?: ClientOptions);

  readonly session: string;
  /** That of the last event that was heard; "" before the first. */
  cursor: string;
  /** Of the messages from now on; "": what the browser says. */
  timezone: string;
  locale: string;
  readonly state: State;
  /** Of the states refused, offline and resuming. */
  readonly reason: Reason | null;
  /** What is in use; null without a connection. */
  readonly transport: Transport | null;
  /** Messages of which the server has said nothing yet, in order. */
  readonly unsent: MessageFrame[];

  start(): void;
  /** Ends it for good. Returns the messages that were not sent. */
  close(): MessageFrame[];
  /** Another token from now on. A refused client tries again with it. */
  setToken(token: TokenSource): void;
  /** Sends a message, now or when there is a connection. */
  send(text: string, extra?: SendOptions): SentIds;
  /** Stops the session's turn, or that of a message that still waits. */
  stop(runId?: string | null): void;
  /** Gives the message when it will not run; false when its run has begun or nobody knows it here. */
  takeBack(runId: string): Promise<MessageFrame | false>;
  /** Goes on with a message of an earlier page, a frame of `unsent`: the server runs it once. False: it is there already. */
  resend(frame: MessageFrame): boolean;
  /** A page of the stored messages, the newest without `before`. */
  messages(options?: {before?: string | null; limit?: number}): Promise<MessagePage>;
  approve(id: string, body: {approved: boolean; edited_args?: Record<string, unknown>} | {action: "accept" | "decline" | "cancel"; content?: Record<string, unknown>}): Promise<Record<string, unknown>>;
  upload(file: Blob, options?: {name?: string; signal?: AbortSignal; progress?: (sent: number, of: number) => void}): Promise<Attachment>;
  /** A request to the API. Throws a RefusedError when the server refuses it. */
  fetch(path: string, options: RequestOptions & {blob: true}): Promise<Blob>;
  fetch<T = any>(path: string, options?: RequestOptions): Promise<T>;

  addEventListener<K extends keyof ClientEvents>(type: K, listener: ((event: ClientEvents[K]) => void) | null, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof ClientEvents>(type: K, listener: ((event: ClientEvents[K]) => void) | null, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/** A random UUID. */
export function newId(): string;
/** A claim of a JSON Web Token, unchecked; undefined for anything else. */
export function claim(token: string | null | undefined, name: string): any;
/** Whether cursor `a` stands behind `b`. */
export function isAfter(a: string, b: string): boolean;

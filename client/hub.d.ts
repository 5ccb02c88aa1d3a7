/**
 * The client of the hub, protocol `hub.v1`. Times are milliseconds.
 *
 *     const hub = openHub({ url: "wss://…/prod", session: "s1" });
 *     hub.on("message", (frame) => console.log(frame.from, frame.message));
 *     const ack = await hub.send("s2", "hello");
 *     if (ack.offline.includes("s2")) console.log("nobody heard it");
 */

/** Opens a hub. It connects, and connects again, until `close()`. Throws HubError `bad_request` for impossible options. */
export function openHub<Message = unknown>(options: HubOptions): Hub<Message>;

/**
 * Why a connection needs a URL and a token:
 * - `first`: it is the first attempt.
 * - `again`: a connection was lost or is two hours old. A token that is still valid will do.
 * - `expiring`: the last token has ended or is about to. Get a new one.
 * - `refused`: two attempts in a row were refused, or nothing answered. A new token may help.
 */
export type Why = "first" | "again" | "expiring" | "refused";

export interface HubOptions {
  /** The address, `wss:` or `ws:`. A function if each connection needs another one: a signature opens one connection. */
  url: string | ((why: Why) => string | Promise<string>);
  /** The session to join, if neither the URL nor the token says it. */
  session?: string;
  /**
   * A JSON Web Token, or a function that returns one, which is called for each connection. If it fails, or does not
   * answer within `timing.handshake`, there is an `error` event, and the client tries again later.
   */
  token?: string | ((why: Why) => string | Promise<string>);
  /**
   * Whether the hub keeps history: the client then resumes after each connect, and messages come in the order of `seq`.
   * The object says where to begin: `after` a position, or with the newest `last` messages (1 to 100). Not both.
   */
  history?: boolean | { after?: number; last?: number };
  /** What may be unsettled while no connection is open. Beyond it, `send` rejects with `queue_full`. */
  queue?: {
    /** Default 100. */
    messages?: number;
    /** Default 262,144. */
    bytes?: number;
  };
  timing?: Partial<Timing>;
}

export interface Timing {
  /** For token, socket and resume together. Default 10,000. */
  handshake: number;
  /** The wait before attempt n is random: 0 to min(second, first · 2ⁿ). Default [1,000, 30,000]. */
  backoff: [number, number];
  /** A connection that has been open so long, and has received a frame, sets the back-off to its beginning. Default 10,000. */
  settle: number;
  /** Without a frame for so long (± 6 %), the client pings. API Gateway's limit is ten minutes. Default 480,000. */
  idle: number;
  /** Without a pong for so long, the connection is given up. Default 5,000. */
  pong: number;
  /** At a random moment of this age, another connection takes over. API Gateway's limit is two hours. Default [6,000,000, 6,900,000]. */
  lifetime: [number, number];
  /** For so long the connection before it still receives. Default 30,000. */
  overlap: number;
  /** With history: for so long messages wait for a number before them, before the client asks for it. Default 250. */
  gap: number;
  /** The default `timeout` of a call. After half of it without an answer, the client pings. Default 30,000. */
  ack: number;
}

/**
 * - `connecting`: an attempt is under way.
 * - `open`: a connection can be used, or the next one is already on its way. Calls wait for it.
 * - `waiting`: for the next attempt, or for the page to come back.
 * - `closed`: for good, by `close()` or by the hub.
 */
export type State = "connecting" | "open" | "waiting" | "closed";

export interface Hub<Message = unknown> {
  readonly state: State;
  /** The session that the connection has joined, as far as it is known. */
  readonly session?: string;
  /** With history: the number that was handed on last. Give it as `history.after` after a reload. */
  readonly position?: number;

  /** Calls the listener for each event, until the returned function is called. */
  on<Type extends keyof Events<Message>>(type: Type, listener: Events<Message>[Type]): () => void;

  /**
   * Sends a message. It resolves with the hub's ack, which may say that nobody heard: read `offline` and `failed`.
   * It rejects with a HubError. While no connection is open it waits, and what had no answer when a connection ended is
   * sent again with the same id, which receivers drop by (`from`, `id`).
   */
  send(sessions: string | string[], message: unknown, options?: SendOptions): Promise<Ack>;

  /** Asks who is online. */
  who(sessions: string | string[], options?: CallOptions): Promise<Who>;

  /**
   * With history: asks for what is missing now, or as soon as there is a connection. It resolves when everything until
   * then was handed on: false if there was a gap. It rejects with `no_history` or `closed`.
   */
  sync(): Promise<boolean>;

  /** Closes for good. What is unsettled rejects with `closed`. */
  close(): void;
}

export interface Events<Message = unknown> {
  /** A message. `caughtUp`: it comes from the history. Each message comes once, also if it was sent again. A reloaded page has forgotten what it got: see docs/client.md. */
  message: (frame: Frame<Message>, caughtUp: boolean) => void;
  /** The state has changed, another attempt has a time, or another connection has taken over. */
  state: (event: StateEvent) => void;
  /** The messages with these numbers, both included, are gone from the history. If `to` is less than `from`, the position was of another history. */
  gap: (event: { from: number; to: number }) => void;
  /** The hub will close the connection. With `reconnect: false` the client is closed then. */
  closing: (frame: Closing) => void;
  /** An error that belongs to no call. Without a listener it goes to the console, as a warning. */
  error: (error: HubError) => void;
}

export interface StateEvent {
  state: State;
  /** With `waiting`: milliseconds until the next attempt. Absent: the browser has put the page away. */
  retryIn?: number;
  /** With `waiting`: failures in a row. */
  failures?: number;
  /** With `open`: another connection has taken over, and nothing was interrupted. */
  switched?: true;
}

export interface CallOptions {
  /** Milliseconds until the call rejects with `lost`. The time in the queue counts. Default `timing.ack`. */
  timeout?: number;
  /** Aborting it rejects the call with `aborted`. */
  signal?: AbortSignal;
}

export interface SendOptions extends CallOptions {
  /** 1 to 64 characters. Do not use one for two messages within minutes. Default: random. */
  id?: string;
  /** False: not to this client, if its session is addressed. Other clients of the session receive the message. Default true. */
  echo?: boolean;
  /** False: not worth keeping in the history. Default true. */
  store?: boolean;
}

/** A message, as docs/protocol.md has it. */
export interface Frame<Message = unknown> {
  type: "message";
  id: string;
  session: string;
  from: string;
  sent_at: string;
  message: Message;
  /** If it is stored in the history. */
  seq?: number;
}

/** What became of a message, for each session. During an overlap `delivered` counts a client twice. */
export interface Ack {
  type: "ack";
  id: string;
  delivered: Record<string, number>;
  offline: string[];
  failed: Record<string, number>;
  /** The message's number in the history of each session that keeps one. */
  seq?: Record<string, number>;
}

export interface Who {
  type: "who";
  id: string;
  online: Record<string, number>;
  offline: string[];
}

export interface Closing {
  type: "closing";
  reconnect: boolean;
  reason?: string;
}

/** The hub's codes: see docs/protocol.md. A later hub may have more. */
export type ErrorCode =
  | "bad_json"
  | "bad_request"
  | "unknown_action"
  | "message_too_large"
  | "not_connected"
  | "forbidden"
  | "expired"
  | "rate_limited"
  | "no_history"
  | "internal";

/**
 * - `lost`: no answer in time; or, as an event, the function in `field` failed or did not answer in time.
 * - `queue_full`: too much waits for a connection.
 * - `too_large`: the frame is longer than 32,768 bytes.
 * - `closed`: the client is closed.
 * - `aborted`: by the signal.
 * - `gateway`: as an event only: API Gateway's own frame, or one that is not the hub's.
 */
export type ClientCode = "lost" | "queue_full" | "too_large" | "closed" | "aborted" | "gateway";

export class HubError extends Error {
  constructor(code: ErrorCode | ClientCode, message?: string, details?: object);
  code: ErrorCode | ClientCode;
  /** Of a `send`: whether somebody may have received the message. If so, repeat it with the same id. */
  maybeDelivered: boolean;
  /** With `bad_request` and `forbidden`: the member or option at fault. */
  field?: string;
  /** With `rate_limited`. */
  retryAfterMs?: number;
  /** With `internal` and `gateway`: finds the fault in the hub's logs. */
  requestId?: string;
  /** What a function of the page threw. */
  cause?: unknown;
}

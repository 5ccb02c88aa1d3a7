// The client of the hub: it speaks the protocol hub.v1 (docs/protocol.md). Types and their documentation: hub.d.ts.
//
//   openHub      a hub: when to connect, which connection is used, and what becomes of each call
//   Connection   one socket, from the token to its end
//   Inbox        which message is handed on, and when
//   Timers       timers that can be stopped together
//
// A hub has two connections at most. Each of them is in one of three places:
//
//   next      it is being opened: token, socket, resume
//   current   it is used for calls
//   old       it was current before. It still receives, until its acks are in and `overlap` has passed
//
// connect() fills next, ready() moves next to current and current to old, and lost() removes from any place.
// A call is what waits for an answer of the hub: a send, or a question of who is online.

const TIMING = {
  handshake: 10_000,
  backoff: [1_000, 30_000],
  settle: 10_000,
  idle: 480_000,
  pong: 5_000,
  lifetime: [6_000_000, 6_900_000],
  overlap: 30_000,
  gap: 250,
  ack: 30_000,
};
const PAGE_EVENTS = ["visibilitychange", "pageshow", "pagehide", "resume", "online"];
const SESSION_ID = /^[\w.:@-]{1,128}$/;
const TOKEN = /^[\w.-]+$/;
const MAX_FRAME_BYTES = 32_768; // API Gateway closes the connection for a longer frame
const MAX_TIMER = 2 ** 31 - 1; // a browser fires a longer timer at once
const LATE = 90_000; // browsers delay the timers of a hidden page by a minute. If it is more, the machine has slept
const SILENCE = 60_000; // without a frame for so long, the connection must prove itself at the next send
const REMEMBERED = 1_000;

// JSON.stringify writes a lone surrogate as an escape, and a character outside the Basic Multilingual Plane as itself.
const LONE_SURROGATE = /(^|[^\\])(\\\\)*\\ud[89a-f]/;

export class HubError extends Error {
  constructor(code, message, details) {
    super(message ?? code);
    this.name = "HubError";
    this.code = code;
    this.maybeDelivered = false;
    Object.assign(this, details);
  }
}

/**
 * @param {import("./hub.js").HubOptions} options
 * @returns {import("./hub.js").Hub<any>}
 */
export function openHub(options) {
  checkOptions(options);
  const timing = { ...TIMING, ...options.timing };
  const queue = { messages: 100, bytes: 262_144, ...options.queue };
  const listeners = { message: new Set(), state: new Set(), gap: new Set(), closing: new Set(), error: new Set() };
  const calls = new Map(); // by id, in the order in which they were made
  const timers = new Timers(wake);
  const inbox = new Inbox(options.history, {
    onMessage: (frame, caughtUp) => emit("message", frame, caughtUp),
    onGap: tellGap,
  });
  const syncs = [];

  let next = null;
  let current = null;
  let old = null;

  /** @type {import("./hub.js").State} */
  let state = "connecting";
  let session = options.session;
  let nextWhy = "first"; // why the next attempt asks for a token
  let failures = 0; // attempts and connections that failed in a row
  let refusals = 0; // closes without an open in a row
  let askedAt; // the position at which the hub was asked for a missing number last
  let isHidden = false; // the browser has put the page away

  function on(type, listener) {
    check(listeners[type], "type", Object.keys(listeners));
    listeners[type].add(listener);
    return () => void listeners[type].delete(listener);
  }

  /**
   * @param {string | string[]} sessions
   * @param {unknown} message
   * @param {import("./hub.js").SendOptions} options
   */
  async function send(sessions, message, { id = randomId(), echo, store, timeout, signal } = {}) {
    check(typeof id === "string" && /^.{1,64}$/su.test(id), "id", "1 to 64 characters");
    const json = toJson(message);
    const head = { action: "sendMessage", sessions: checkedSessions(sessions), id, echo, store };
    const text = `${toJson(head).slice(0, -1)},"message":${json}}`;
    const isMuted = echo === false;
    const ack = request({ id, text, answer: "ack", isMuted }, timeout, signal);
    // On another connection of this page, or from the history, the message comes all the same.
    if (isMuted) inbox.muted.add(id);
    return ack;
  }

  /**
   * @param {string | string[]} sessions
   * @param {import("./hub.js").CallOptions} options
   */
  async function who(sessions, { timeout, signal } = {}) {
    const id = randomId();
    const text = toJson({ action: "who", id, sessions: checkedSessions(sessions) });
    return request({ id, text, answer: "who" }, timeout, signal);
  }

  async function sync() {
    checkNotClosed();
    if (!inbox.isOrdered) throw new HubError("no_history");
    return new Promise((resolve, reject) => {
      syncs.push({ resolve, reject, isComplete: true });
      // What is being asked already may have been answered before this moment, so it is asked once more.
      for (const connection of [current, next]) if (connection?.resume) connection.resume.again = true;
      if (current && !current.resume) askHistory(current);
    });
  }

  function close() {
    if (state === "closed") return;
    state = "closed";
    for (const type of PAGE_EVENTS) globalThis.removeEventListener?.(type, onPageEvent, true);
    for (const connection of [next, old, current]) connection?.end();
    next = old = current = null;
    timers.stopAll();
    inbox.close();
    for (const call of [...calls.values()]) fail(call, new HubError("closed"));
    settleSyncs(({ reject }) => reject(new HubError("closed")));
    emit("state", { state: "closed" });
  }

  // ---- Connecting

  function connect() {
    timers.stop("retry");
    if (current && old) lost(old); // never a third
    const why = nextWhy;
    if (why !== "expiring") nextWhy = "again"; // a refused token is told once, an expiring one until there is another
    const connection = new Connection(timing, {
      onOpen: () => opened(connection),
      onFrame: (frame, text) => receive(connection, frame, text),
      onLost: (error) => lost(connection, error),
      onLate: wake,
    });
    next = connection;
    connection.open(() => addressFor(connection, why));
    if (!current) setState("connecting");
  }

  async function addressFor(connection, why) {
    const { url, token } = options;
    const address = checkedUrl(await connection.ask("url", url, why));
    const query = address.searchParams;
    if (options.session) query.set("session_id", options.session);
    session ??= query.get("session_id") ?? undefined;
    if (!token) return [address, ["hub.v1"]];
    const bearer = checkedToken(await connection.ask("token", token, why));
    const claims = claimsOf(bearer);
    connection.expiresAt = claims.exp * 1000;
    session ??= claims.session_id;
    return [address, ["hub.v1", `bearer.${bearer}`]];
  }

  function opened(connection) {
    refusals = 0;
    if (inbox.isOrdered) askHistory(connection);
    else ready(connection);
  }

  // The connection is open and has resumed: from now on it is used.
  function ready(connection) {
    const before = current;
    connection.timers.stop("deadline");
    next = null;
    current = connection;
    nextWhy = "again";
    if (before) retire(before);
    planEnd(connection, before);
    connection.timers.start("settle", timing.settle, () => {
      connection.isOldEnough = true;
      if (connection.hasHeard) forgive(connection);
    });
    sendWaiting();
    setState("open", state === "open" && { switched: true });
  }

  // A connection lasts two hours at most, and its token may end earlier: open another one beside it in time.
  function planEnd(connection, before) {
    connection.timers.start("lifetime", between(...timing.lifetime), () => replace(connection, "again"));

    const left = connection.expiresAt - Date.now();
    if (!(left > 0)) return; // no token that ends, or one of the two clocks is wrong
    connection.timers.start("expired", left, () => {
      // The hub posts nothing more to this connection, although it still answers pings.
      lost(connection, null, "expired");
    });
    const isNewer = !(connection.expiresAt <= before?.expiresAt);
    if (typeof options.token !== "function" || !isNewer) return; // another connection would not last longer
    const early = Math.max(Math.min(left * 0.9, left - timing.overlap), left / 2, timing.backoff[0]);
    connection.timers.start("expiring", early, () => replace(connection, "expiring"));
  }

  function replace(connection, why) {
    if (connection !== current || next) return;
    nextWhy = why;
    connect();
  }

  function retire(connection) {
    old = connection;
    // A message whose receivers were read before the switch may still be posted to the old connection.
    connection.timers.start("overlap", timing.overlap, dropOld);
  }

  function dropOld() {
    if (old && !old.timers.isRunning("overlap") && !old.calls.size) lost(old);
  }

  // Ends a connection, in whichever place it is, and does what follows from that.
  function lost(connection, error, code) {
    if (connection.isOver) return;
    if (code === "expired" && connection !== old) nextWhy = "expiring";
    connection.end();
    for (const call of connection.calls) {
      release(call);
      call.isUncertain = true; // it may have been delivered all the same
    }

    const wasOld = connection === old;
    if (wasOld) old = null;
    else if (connection === next) next = null;
    else useOldAgain();

    if (connection.wasRefused && ++refusals % 2 === 0) nextWhy = "refused";
    if (error) emit("error", error);
    if (state === "closed") return; // a listener has closed the hub
    sendWaiting();
    if (!wasOld && !next) connectLater();
  }

  // The current connection has ended. If that was during an overlap, the one before it is still there.
  function useOldAgain() {
    current = old;
    old = null;
    if (!current) return;
    current.ping(); // it may have ended too
  }

  // Random, so that the clients of a hub that was away do not come back in the same moment.
  function connectLater() {
    if (isHidden) return setState("waiting");
    const [first, longest] = timing.backoff;
    const retryIn = between(0, Math.min(longest, first * 2 ** failures++));
    timers.start("retry", retryIn, connect);
    if (!current) setState("waiting", { retryIn, failures });
  }

  // Once for a connection that works for some time: a server that accepts and closes must not get a storm.
  function forgive(connection) {
    connection.isOldEnough = false;
    failures = 0;
  }

  // Something suggests that time has passed or that the network has changed: do not trust the connections.
  function wake() {
    if (timers.isRunning("retry") && !current) return connect();
    current?.ping();
    old?.ping();
  }

  function onPageEvent({ type }) {
    if (type === "pagehide") return hide();
    if (type === "visibilitychange" && globalThis.document?.visibilityState === "hidden") return;
    if (type !== "pageshow" || !isHidden) return wake();
    isHidden = false;
    connect();
  }

  // A browser keeps a page for "back" only if it has no open socket.
  function hide() {
    isHidden = true;
    for (const connection of [next, old, current]) if (connection) lost(connection);
    timers.stop("retry");
  }

  // ---- Frames

  function receive(connection, frame, text) {
    connection.hasHeard = true;
    if (connection.isOldEnough) forgive(connection);
    let cause;
    try {
      switch (frame?.type) {
        case "message":
          session = frame.session;
          inbox.receive(frame);
          return watchGap();
        case "ack":
        case "who":
          return answered(frame);
        case "resumed":
          return resumed(connection, frame);
        case "error":
          return refused(connection, frame);
        case "closing":
          return closing(connection, frame);
      }
      if (typeof frame?.type === "string") return; // of a later version
    } catch (error) {
      cause = error; // the frame does not have the members that its type has
    }
    // API Gateway's own frame, or not the hub's at all. It does not say what it answers.
    const message = frame?.message ?? text.slice(0, 100);
    emit("error", new HubError("gateway", message, { requestId: frame?.requestId, cause }));
  }

  function closing(connection, frame) {
    emit("closing", frame);
    if (!frame.reconnect) return close();
    if (connection !== current || next || timers.isRunning("retry")) return;
    if (failures) return connectLater();
    failures = 1; // at once, but not again and again
    connect();
  }

  function answered(frame) {
    const call = calls.get(frame.id);
    if (call?.answer !== frame.type) return;
    settle(call, () => call.resolve(frame));
    // The hub has stored this message for our session too, and does not post it to us.
    if (call.isMuted) inbox.receive({ seq: frame.seq?.[session] });
    watchGap();
  }

  function refused(connection, frame) {
    const { id, code, message, field, retry_after_ms: retryAfterMs, request_id: requestId } = frame;
    const error = new HubError(code, message, { field, retryAfterMs, requestId });
    if (id && id === connection.resume?.id) return resumeRefused(connection, error);
    const call = calls.get(id);
    if (!call) return emit("error", error);
    release(call);
    switch (code) {
      case "expired":
      case "not_connected":
        // This connection is of no use any more. The call goes again on another one.
        return lost(connection, null, code);
      case "rate_limited":
        call.timers.start("pause", retryAfterMs || 1_000, sendWaiting);
        return;
      default:
        fail(call, error);
    }
  }

  // ---- Calls

  function request(call, timeout = timing.ack, signal) {
    checkNotClosed();
    check(timeout > 0, "timeout", "milliseconds");
    check(!calls.has(call.id), "id", "new");
    if (signal?.aborted) throw new HubError("aborted");
    const bytes = new TextEncoder().encode(call.text).length;
    if (bytes > MAX_FRAME_BYTES) throw new HubError("too_large");
    if (!current && isQueueFull(bytes)) throw new HubError("queue_full");

    return new Promise((resolve, reject) => {
      const onAbort = () => fail(call, new HubError("aborted"));
      Object.assign(call, { resolve, reject, bytes, signal, onAbort, timers: new Timers(wake), connection: null, isUncertain: false });
      signal?.addEventListener("abort", onAbort);
      call.timers.start("timeout", timeout, () => fail(call, new HubError("lost")));
      calls.set(call.id, call);
      transmit(call);
    });
  }

  function isQueueFull(bytes) {
    for (const call of calls.values()) bytes += call.bytes;
    return calls.size >= queue.messages || bytes > queue.bytes;
  }

  function sendWaiting() {
    for (const call of calls.values()) if (!call.connection && !call.timers.isRunning("pause")) transmit(call);
  }

  function transmit(call) {
    const connection = current;
    if (!connection) return; // ready() sends it
    if (!connection.send(call.text)) return lost(connection);
    call.connection = connection;
    connection.calls.add(call);
    call.timers.start("doubt", timing.ack / 2, () => call.connection?.ping());
    if (Date.now() - connection.heardAt > SILENCE) connection.ping();
  }

  function fail(call, error) {
    const mayBeOut = call.connection || call.isUncertain || error.code === "internal";
    error.maybeDelivered = !!mayBeOut && call.answer === "ack";
    settle(call, () => call.reject(error));
  }

  function settle(call, finish) {
    calls.delete(call.id);
    call.timers.stopAll();
    call.signal?.removeEventListener("abort", call.onAbort);
    release(call);
    finish();
    dropOld();
  }

  // ---- History

  // Asks for what follows the position. The answer comes in pages: resumed().
  function askHistory(connection) {
    const { position: after, last } = inbox;
    const resume = { id: randomId(), again: false };
    connection.resume = resume;
    connection.startDeadline(); // goes on, if it is running
    const from = after === undefined ? { last } : { after };
    if (!connection.send(toJson({ action: "resume", id: resume.id, ...from }))) lost(connection);
  }

  function resumed(connection, page) {
    const { resume } = connection;
    if (!resume || page.id !== resume.id) return;
    const before = inbox.position;
    session = page.session;
    inbox.receivePage(page);
    if (connection.isOver) return; // a listener has closed the hub
    if (inbox.position !== before) connection.timers.stop("deadline"); // a long history takes long, but it goes on
    if (page.more || inbox.position < page.seq || resume.again) return askHistory(connection);
    resumeDone(connection, ({ resolve, isComplete }) => resolve(isComplete));
  }

  function resumeRefused(connection, error) {
    switch (error.code) {
      case "rate_limited":
        return void connection.timers.start("pause", error.retryAfterMs || 1_000, () => askHistory(connection));
      case "no_history":
      case "unknown_action":
        emit("error", error);
        inbox.endOrder();
        if (!connection.isOver) resumeDone(connection, ({ reject }) => reject(new HubError("no_history")));
        return;
      default:
        lost(connection, error, error.code);
    }
  }

  function resumeDone(connection, settleSync) {
    connection.resume = null;
    connection.timers.stop("deadline");
    if (connection === next) ready(connection);
    settleSyncs(settleSync);
    watchGap();
  }

  function settleSyncs(settleSync) {
    for (const sync of syncs.splice(0)) settleSync(sync);
  }

  // A number is missing. It may just be slower than the one after it.
  function watchGap() {
    if (timers.isRunning("gap") || !inbox.isWaiting || !current || current.resume) return;
    timers.start("gap", timing.gap, () => {
      const { position, isWaiting } = inbox;
      if (!isWaiting || !current || current.resume) return;
      if (askedAt === position) {
        // The hub was asked, and does not have it either.
        inbox.beginAt(Infinity);
        return watchGap();
      }
      askedAt = position;
      askHistory(current);
    });
  }

  function tellGap(from, to) {
    for (const sync of syncs) sync.isComplete = false;
    emit("gap", { from, to });
  }

  // ---- Events

  function setState(newState, details) {
    if (newState === state && !details) return;
    state = newState;
    emit("state", { state, ...details });
  }

  function emit(type, ...details) {
    if (type === "error" && !listeners.error.size) console.warn(...details);
    for (const listener of [...listeners[type]]) {
      try {
        listener(...details);
      } catch (error) {
        // The page's mistake: show it as the browser shows others, and go on.
        (globalThis.reportError ?? console.error)(error);
      }
    }
  }

  function checkNotClosed() {
    if (state === "closed") throw new HubError("closed");
  }

  // In the capture phase, so that events of the document get here too.
  for (const type of PAGE_EVENTS) globalThis.addEventListener?.(type, onPageEvent, true);
  connect();
  return {
    get state() {
      return state;
    },
    get session() {
      return session;
    },
    get position() {
      return inbox.position;
    },
    on,
    send,
    who,
    sync,
    close,
  };
}

// One socket, from the token to its end. After end() nothing happens any more.
class Connection {
  calls = new Set(); // sent here, without an answer yet
  resume = null; // the question for history that has no answer yet
  expiresAt; // when the token ends: epoch milliseconds
  isOver = false;
  wasRefused = false;
  heardAt = 0;

  #timing;
  #events;
  #socket;
  #asking; // the option whose function has not answered yet

  constructor(timing, events) {
    this.#timing = timing;
    this.#events = events;
    this.timers = new Timers(events.onLate);
    this.startDeadline();
  }

  async open(getAddress) {
    try {
      await null; // the page gets the hub, and can listen, before anything happens
      const [url, protocols] = await getAddress();
      if (!this.isOver) this.#listen(new WebSocket(url, protocols));
    } catch (error) {
      this.#events.onLost(error instanceof HubError ? error : this.#failure(error?.message, error));
    }
  }

  // Returns an option of the page, which may be a function.
  async ask(field, option, why) {
    if (typeof option !== "function" || this.isOver) return option;
    this.#asking = field;
    const answer = await option(why);
    this.#asking = undefined;
    return answer;
  }

  #failure(message, cause) {
    return new HubError("lost", message, { field: this.#asking, cause });
  }

  #listen(socket) {
    let hasOpened = false;
    this.#socket = socket;
    socket.onopen = () => {
      if (this.isOver) return;
      hasOpened = true;
      this.#heard();
      this.#events.onOpen();
    };
    socket.onmessage = ({ data }) => {
      if (this.isOver) return;
      this.#heard();
      const frame = parse(data);
      if (frame?.type === "pong") this.timers.stop("pong");
      this.#events.onFrame(frame, String(data));
    };
    // Node 22 tells a failed handshake by the error alone. In a browser the close follows at once.
    socket.onclose = socket.onerror = () => {
      this.wasRefused = !hasOpened;
      this.#events.onLost();
    };
  }

  // Returns whether the frame may reach the hub. A socket that is closing drops it.
  send(text) {
    if (this.#socket.readyState !== 1) return false;
    this.#socket.send(text);
    this.#waitForSilence();
    return true;
  }

  // Without an answer in time, the socket is given up: the close event of a dead one can take minutes.
  ping() {
    if (this.timers.isRunning("pong")) return;
    this.timers.start("pong", this.#timing.pong, () => this.#events.onLost());
    this.send('{"action":"ping"}');
  }

  #heard() {
    this.heardAt = Date.now();
    this.#waitForSilence();
  }

  // API Gateway ends a connection after ten minutes without a frame.
  #waitForSilence() {
    this.timers.start("idle", this.#timing.idle * between(0.94, 1.06), () => this.ping());
  }

  // Opening, and each resume, must be done in time.
  startDeadline() {
    if (this.timers.isRunning("deadline")) return;
    this.timers.start("deadline", this.#timing.handshake, () => {
      this.#events.onLost(this.#asking && this.#failure("no answer in time"));
    });
  }

  end() {
    this.isOver = true;
    this.timers.stopAll();
    this.#socket?.close(1000);
  }
}

// Hands on each message once, and with history in the order of `seq`.
class Inbox {
  position; // the number that was handed on last
  last; // how many of the newest messages to begin with
  isOrdered;
  muted = new Recent(); // ids of our messages with `echo: false`

  #held = new Map(); // by number: what waits for a number before it
  #seen = new Recent();
  #events;

  constructor(history, events) {
    this.isOrdered = !!history;
    this.position = history?.after;
    this.last = history?.last;
    this.#events = events;
  }

  get isWaiting() {
    return this.#held.size > 0;
  }

  // A frame with nothing but a number says that nothing else comes under this number.
  receive(frame) {
    if (!this.isOrdered || !(frame.seq >= 0)) return this.#handOn(frame, false);
    this.#hold(frame, false);
    this.#advance();
  }

  receivePage({ recovered, seq, messages }) {
    if (!(seq >= 0)) throw new TypeError();
    for (const frame of messages) this.#hold(frame, true);
    if (!recovered) return this.beginAt(seq);
    this.#handOnTo(seq);
    this.#advance();
  }

  // Begins at the head of the history, or just before what came already. What may be between is a gap.
  beginAt(head) {
    const from = this.position + 1;
    this.position = Math.min(head, Math.min(...this.#held.keys()) - 1);
    this.last = undefined;
    if (from) this.#events.onGap(from, this.position);
    this.#advance();
  }

  // There is no history: hand on what was held, and then everything as it comes.
  endOrder() {
    this.isOrdered = false;
    this.#handOnTo(Infinity);
    this.position = undefined;
  }

  close() {
    this.#held.clear();
  }

  #hold(frame, caughtUp) {
    const { seq } = frame;
    if (!(seq <= this.position) && !this.#held.has(seq)) this.#held.set(seq, { frame, caughtUp });
  }

  // Hands on what follows the position without a hole.
  #advance() {
    while (this.#held.has(this.position + 1)) this.#take(this.position + 1);
  }

  // The history has answered for all numbers up to `seq`: those that are absent will never come.
  #handOnTo(seq) {
    this.#hold({ seq });
    for (const number of [...this.#held.keys()].sort((a, b) => a - b)) if (number <= seq) this.#take(number);
  }

  #take(seq) {
    const held = this.#held.get(seq);
    if (!held) return; // a listener has closed the hub
    this.#held.delete(seq);
    this.position = seq;
    this.#handOn(held.frame, held.caughtUp);
  }

  #handOn(frame, caughtUp) {
    if (!frame.type || (frame.from === frame.session && this.muted.has(frame.id))) return;
    // What is sent again gets a new number, but has the same id.
    if (this.#seen.isNew(`${frame.from} ${frame.id}`)) this.#events.onMessage(frame, caughtUp);
  }
}

// The keys that were added last.
class Recent extends Set {
  add(key) {
    if (this.size >= REMEMBERED) this.delete(this.values().next().value);
    return super.add(key);
  }

  isNew(key) {
    return !this.has(key) && this.add(key);
  }
}

// Timers by name. Starting one stops the one that has its name.
class Timers {
  #running = new Map();
  #onLate;

  constructor(onLate) {
    this.#onLate = onLate;
  }

  start(name, ms, run) {
    this.stop(name);
    const wait = Math.min(ms, MAX_TIMER);
    const due = Date.now() + wait;
    const fire = () => {
      this.#running.delete(name);
      run();
      if (Date.now() - due > LATE) this.#onLate();
    };
    this.#running.set(name, setTimeout(fire, wait));
  }

  isRunning(name) {
    return this.#running.has(name);
  }

  stop(name) {
    clearTimeout(this.#running.get(name));
    this.#running.delete(name);
  }

  stopAll() {
    for (const name of this.#running.keys()) this.stop(name);
  }
}

// The call is not on a connection any more.
function release(call) {
  call.connection?.calls.delete(call);
  call.connection = null;
}

function check(isRight, field, rule) {
  if (!isRight) throw new HubError("bad_request", `${field} must be ${rule}`, { field });
}

/** @param {any} options */
function checkOptions({ url, session, token, history, queue, timing }) {
  if (typeof url !== "function") checkedUrl(url);
  if (token !== undefined && typeof token !== "function") checkedToken(token);
  if (session !== undefined) checkedSessions([session]);
  const { after = 0, last = 1 } = history || {};
  const { backoff, lifetime, ...others } = { ...TIMING, ...timing, ...queue, after };
  const ranges = [backoff[0], backoff[1], lifetime[0], lifetime[1]];
  const numbers = [...Object.values(others), ...ranges, last, last - 1, 100 - last];
  check(numbers.every((number) => Number.isSafeInteger(number) && number >= 0), "history, queue, timing", "numbers");
}

// The texts of these errors do not repeat the URL or the token: both are secrets.
function checkedUrl(text) {
  let url;
  try {
    url = new URL(text);
  } catch {}
  check(/^wss?:[^#]*$/.test(url), "url", "an address with wss: or ws:");
  return url;
}

function checkedToken(token) {
  check(typeof token === "string" && TOKEN.test(token), "token", "a token");
  return token;
}

function checkedSessions(sessions) {
  const list = typeof sessions === "string" ? [sessions] : sessions;
  check(Array.isArray(list) && list.length > 0 && new Set(list).size <= 100, "sessions", "1 to 100 session ids");
  list.forEach((id, i) => check(typeof id === "string" && SESSION_ID.test(id), `sessions[${i}]`, "a session id"));
  return list;
}

function toJson(value) {
  let json;
  try {
    json = JSON.stringify(value);
  } catch {} // a BigInt, or a cycle
  check(json !== undefined && !LONE_SURROGATE.test(json), "message", "JSON");
  return json;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {}
}

// Only the hub can verify a token. Here it is enough to know when it ends, and for whom it is.
function claimsOf(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))) ?? {};
  } catch {
    return {};
  }
}

// crypto.randomUUID is missing on pages without https.
function randomId() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

function between(low, high) {
  return low + Math.random() * (high - low);
}

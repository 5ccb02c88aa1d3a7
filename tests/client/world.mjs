// A world for the client: its clock, its page and its sockets are fake, and the test decides what happens.
//
// The world stands in for the globals that hub.js uses, in Node and in a page. Import it before hub.js.
// in_node.mjs and in_page.mjs run the scripts.

const { port1: turn, port2: next } = new MessageChannel();
const waiting = [];
turn.onmessage = () => waiting.shift()();

// Lets everything happen that happens at once.
function nextTurn() {
  next.postMessage(null);
  return new Promise((resolve) => waiting.push(resolve));
}

const PAGE = new Set();

let world;
globalThis.setTimeout = (run, ms) => world.startTimer(run, ms);
globalThis.clearTimeout = (id) => world.stop(id);
globalThis.addEventListener = (type, listener, capture) => PAGE.add(`${type} ${capture}`) && world.listen(type, listener);
globalThis.removeEventListener = (type, listener, capture) => PAGE.delete(`${type} ${capture}`) && world.unlisten(type, listener);
globalThis.reportError = (error) => world.reported.push(error);
globalThis.document ??= {}; // a page's own cannot be replaced
Object.defineProperty(document, "visibilityState", { get: () => world.visibility });
globalThis.WebSocket = class {
  constructor(url, protocols) {
    return world.newSocket(String(url), protocols);
  }
};
Date.now = () => world.now + world.skew;
Math.random = () => world.random();
console.warn = (...values) => world.warned.push(values);

// Errors that nobody has caught, and promises that nobody has handled.
export const unhandled = [];

export class FakeSocket {
  readyState = 0;
  sent = [];
  texts = [];

  constructor(world, url, protocols) {
    Object.assign(this, { world, url, protocols, isGivenUp: false, code: undefined });
  }

  // What the client does.
  send(text) {
    if (this.readyState === 0) throw new Error("InvalidStateError");
    if (this.readyState !== 1) return;
    this.texts.push(text);
    this.sent.push(JSON.parse(text));
    this.onSent?.(JSON.parse(text));
  }

  close(code) {
    this.isGivenUp = true;
    this.code = code;
    this.readyState = 2; // the close event of a dead connection takes minutes, if it comes at all
    this.onGivenUp?.();
  }

  // What the network does. Each returns when the client has done all that it does at once.
  async accept() {
    this.readyState = 1;
    this.onopen?.({});
    await nextTurn();
  }

  async receive(frame) {
    this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
    await nextTurn();
  }

  async drop(code = 1006) {
    this.readyState = 3;
    this.onerror?.({});
    this.onclose?.({ code });
    await nextTurn();
  }

  // What a test asks.
  of(action) {
    return this.sent.filter((frame) => frame.action === action);
  }

  // Answers the last question for history.
  async resumed(page = {}) {
    const { id, after } = this.of("resume").at(-1);
    const recovered = after === undefined ? {} : { recovered: true };
    await this.receive({ type: "resumed", id, session: "s1", ...recovered, seq: after ?? 100, more: false, messages: [], ...page });
  }

  async ack(frame, members = {}) {
    await this.receive({ type: "ack", id: frame.id, delivered: {}, offline: [], failed: {}, ...members });
  }
}

export class World {
  now = 1_795_000_000_000;
  skew = 0; // of the client's clock
  visibility = "visible";
  sockets = [];
  events = []; // timers of the client, and what the world has planned
  reported = [];
  warned = [];
  listeners = [];
  coarse = 0; // the client's timers fire at multiples of so many milliseconds
  random = () => 0.5;
  #ids = 0;

  constructor() {
    world = this;
    PAGE.clear();
  }

  // ---- Time

  startTimer(run, ms) {
    const due = this.now + (ms > 2 ** 31 - 1 ? 1 : Math.max(0, ms)); // as in a browser
    return this.#add(this.coarse ? Math.ceil(due / this.coarse) * this.coarse : due, run, true);
  }

  plan(ms, run) {
    return this.#add(this.now + ms, run, false);
  }

  #add(due, run, isTimer) {
    this.events.push({ id: ++this.#ids, due, run, isTimer });
    return this.#ids;
  }

  stop(id) {
    const index = this.events.findIndex((event) => event.id === id);
    if (index >= 0) this.events.splice(index, 1);
  }

  get timers() {
    return this.events.filter((event) => event.isTimer);
  }

  async pass(ms) {
    const end = this.now + ms;
    await nextTurn();
    for (;;) {
      let first;
      for (const event of this.events) if (event.due <= end && !(first && first.due <= event.due)) first = event;
      if (!first) break;
      this.now = Math.max(this.now, first.due);
      this.stop(first.id);
      await first.run(); // what the world has planned may take several turns, in no time
      await nextTurn();
    }
    this.now = end;
  }

  // The machine sleeps: time passes, and nothing happens. Afterwards what is due happens at once.
  sleep(ms) {
    this.now += ms;
  }

  // ---- The page

  listen(type, listener) {
    this.listeners.push({ type, listener });
  }

  unlisten(type, listener) {
    this.listeners = this.listeners.filter((each) => each.type !== type || each.listener !== listener);
  }

  async fire(type) {
    for (const each of [...this.listeners]) if (each.type === type) each.listener({ type });
    await nextTurn();
  }

  // ---- The network

  newSocket(url, protocols) {
    const socket = new FakeSocket(this, url, protocols);
    this.sockets.push(socket);
    this.onConnect?.(socket);
    return socket;
  }

  get socket() {
    return this.sockets.at(-1);
  }

  get live() {
    return this.sockets.filter((socket) => !socket.isGivenUp && socket.readyState < 2);
  }
}

// Records what a hub tells.
export function record(hub) {
  const log = { messages: [], caughtUp: [], states: [], gaps: [], closings: [], errors: [] };
  hub.on("message", (frame, caughtUp) => {
    log.messages.push(frame);
    log.caughtUp.push(caughtUp);
  });
  hub.on("state", (event) => log.states.push(event));
  hub.on("gap", (event) => log.gaps.push(event));
  hub.on("closing", (frame) => log.closings.push(frame));
  hub.on("error", (error) => log.errors.push(error));
  return log;
}

// What has become of a promise: {value}, {error}, or nothing yet.
export function outcome(promise) {
  const seen = {};
  promise.then((value) => (seen.value = value), (error) => (seen.error = error));
  return seen;
}

// The abort listeners of a signal, as they are now.
export function listenersOf(signal) {
  const listeners = new Set();
  signal.addEventListener = (_type, listener) => listeners.add(listener);
  signal.removeEventListener = (_type, listener) => listeners.delete(listener);
  return listeners;
}

export function base64url(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// A small runner, with one result for each test.
const tests = [];
export function test(name, run) {
  tests.push({ name, run });
}

export async function* runTests(only) {
  for (const { name, run } of tests) {
    if (only && name !== only) continue;
    const problems = [];
    await Promise.resolve().then(run).catch((error) => problems.push(error));
    problems.push(...(await takeUnhandled()));
    yield { name, problem: problems.length ? (problems[0]?.stack ?? String(problems[0])) : null };
  }
}

// Returns what nobody has caught or handled. It is told in order, so after our own error all others are known.
async function takeUnhandled() {
  const last = new Error("the last");
  Promise.reject(last);
  while (!unhandled.includes(last)) await nextTurn();
  return unhandled.splice(0).filter((error) => error !== last);
}

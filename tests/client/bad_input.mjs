// What a page, a token function or a server gives by mistake: a clear HubError or an event each, and the client lives on.

import * as assert from "./assert.mjs";
import { listenersOf, outcome, record, runTests, test, World } from "./world.mjs";

const { HubError, openHub } = await import("../../client/hub.js");
const SECOND = 1_000;
const OPTIONS = { url: "wss://hub.example/prod", session: "s1" };

function isBad(field) {
  return (error) => {
    assert.ok(error instanceof HubError && error instanceof Error);
    assert.deepEqual([error.code, error.field, error.maybeDelivered], ["bad_request", field, false]);
    assert.match(error.message, /must be/);
    return true;
  };
}

async function opened(options = {}) {
  const world = new World();
  const hub = openHub({ ...OPTIONS, ...options });
  const log = record(hub);
  await world.pass(0);
  await world.socket.accept();
  return { world, hub, log, first: world.socket };
}

// Whether a hub works: it sends, and has its ack.
async function works({ world, hub }) {
  if (hub.state !== "open") await world.socket.accept();
  const sent = outcome(hub.send("s2", "does it work?"));
  await world.pass(0);
  await world.socket.ack(world.socket.of("sendMessage").at(-1));
  assert.equal(sent.value.type, "ack");
}

for (const url of [undefined, null, "", "hub", "/prod", "https://hub.example", "wss://", "wss://hub.example/#here", 7, {}]) {
  test(`options: the url ${JSON.stringify(url)}`, async () => {
    const world = new World();
    assert.throws(() => openHub({ ...OPTIONS, url }), isBad("url"));
    assert.deepEqual([world.timers, world.listeners, world.sockets], [[], [], []]);
  });
}

test("options: an error does not repeat the url or the token", async () => {
  new World();
  for (const options of [{ url: "https://h/?token=secret" }, { token: "secret secret" }]) {
    assert.throws(() => openHub({ ...OPTIONS, ...options }), (error) => !error.message.includes("secret"));
  }
});

for (const [name, value, field] of [
  ["session", "", "sessions[0]"],
  ["session", "a b", "sessions[0]"],
  ["session", "é", "sessions[0]"],
  ["session", "x".repeat(129), "sessions[0]"],
  ["session", 7, "sessions[0]"],
  ["session", null, "sessions[0]"],
  ["session", ["s1", "s2"], "sessions[0]"],
  ["token", "", "token"],
  ["token", "a b", "token"],
  ["token", null, "token"],
  ["token", {}, "token"],
  ["history", { after: "7" }, "history, queue, timing"],
  ["history", { after: -1 }, "history, queue, timing"],
  ["history", { after: 1.5 }, "history, queue, timing"],
  ["history", { after: 2 ** 53 }, "history, queue, timing"],
  ["history", { last: null }, "history, queue, timing"],
  ["history", { last: 0 }, "history, queue, timing"],
  ["history", { last: 101 }, "history, queue, timing"],
  ["history", { last: "7" }, "history, queue, timing"],
  ["timing", { backoff: 5 }, "history, queue, timing"],
  ["timing", { ack: [5] }, "history, queue, timing"],
  ["queue", { messages: "many" }, "history, queue, timing"],
  ["timing", { ack: NaN }, "history, queue, timing"],
  ["timing", { backoff: [1, -1] }, "history, queue, timing"],
  ["timing", { lifetime: [1, Infinity] }, "history, queue, timing"],
]) {
  test(`options: ${name} ${JSON.stringify(value)}`, async () => {
    new World();
    assert.throws(() => openHub({ ...OPTIONS, [name]: value }), isBad(field));
  });
}

test("options: those that are at the edge", async () => {
  new World();
  openHub({ ...OPTIONS, session: "Az09._:@-".padEnd(128, "x"), history: { after: 0 }, queue: { messages: 0 }, timing: { ack: 0 } }).close();
  openHub({ url: "ws://127.0.0.1:3001/prod?session_id=s1", history: { last: 100 } }).close();
});

for (const [name, value] of [["token", undefined], ["token", ""], ["token", 7], ["token", "a b"], ["url", undefined], ["url", "https://hub.example"], ["url", {}]]) {
  test(`functions: ${name} returns ${JSON.stringify(value)}`, async () => {
    const world = new World();
    let count = 0;
    const hub = openHub({ ...OPTIONS, [name]: () => (count++ ? { token: "opaque", url: OPTIONS.url }[name] : value) });
    const log = record(hub);
    await world.pass(0);
    assert.equal(log.errors.length, 1);
    isBad(name)(log.errors[0]);
    assert.equal(hub.state, "waiting");
    await world.pass(SECOND);
    await works({ world, hub });
  });
}

for (const [what, fail] of [["an error", () => { throw new Error("boom"); }], ["undefined", () => { throw undefined; }], ["a text", () => Promise.reject("boom")]]) {
  test(`functions: token throws ${what}`, async () => {
    const world = new World();
    let count = 0;
    const hub = openHub({ ...OPTIONS, token: () => (count++ ? "opaque" : fail()) });
    const log = record(hub);
    await world.pass(SECOND);
    assert.deepEqual([log.errors[0].code, log.errors[0].field], ["lost", "token"]);
    await works({ world, hub });
  });
}

test("functions: without a listener for errors they go to the console", async () => {
  const world = new World();
  const hub = openHub({ ...OPTIONS, token: () => "" });
  await world.pass(0);
  assert.equal(world.warned[0][0].field, "token");
  hub.close();
});

test("functions: close() during token(), and the token comes", async () => {
  const world = new World();
  let give;
  const hub = openHub({ ...OPTIONS, token: () => new Promise((resolve) => (give = resolve)) });
  await world.pass(0);
  hub.close();
  give("opaque");
  await world.pass(SECOND);
  assert.deepEqual([world.sockets, world.timers], [[], []]);
});

test("functions: close() during url(), and the token is not asked", async () => {
  const world = new World();
  let give;
  let asked = 0;
  const hub = openHub({ ...OPTIONS, url: () => new Promise((resolve) => (give = resolve)), token: () => asked++ });
  await world.pass(0);
  hub.close();
  give(OPTIONS.url);
  await world.pass(SECOND);
  assert.deepEqual([world.sockets, asked], [[], 0]);
});

test("functions: close() in token()", async () => {
  const world = new World();
  const hub = openHub({ ...OPTIONS, token: () => (hub.close(), "opaque") });
  await world.pass(SECOND);
  assert.deepEqual([world.sockets, world.timers], [[], []]);
});

test("functions: close() in url()", async () => {
  const world = new World();
  const hub = openHub({ ...OPTIONS, url: () => (hub.close(), OPTIONS.url) });
  await world.pass(SECOND);
  assert.deepEqual([hub.state, world.sockets, world.timers, world.reported], ["closed", [], [], []]);
});

test("functions: close() in the event of their error", async () => {
  const world = new World();
  const hub = openHub({ ...OPTIONS, token: () => "" });
  hub.on("error", () => hub.close());
  await world.pass(0);
  assert.deepEqual([hub.state, world.timers, world.live], ["closed", [], []]);
});

test("functions: a WebSocket that cannot be made", async () => {
  const world = new World();
  let count = 0;
  world.onConnect = () => {
    if (!count++) throw new DOMException("An insecure connection", "SecurityError");
  };
  const hub = openHub(OPTIONS);
  const log = record(hub);
  await world.pass(0);
  assert.deepEqual([log.errors[0].code, log.errors[0].message, hub.state], ["lost", "An insecure connection", "waiting"]);
  await world.pass(SECOND);
  await works({ world, hub });
});

const cycle = {};
cycle.self = cycle;
for (const [name, sessions, text, options, code, field] of [
  ["no sessions", [], "x", {}, "bad_request", "sessions"],
  ["sessions undefined", undefined, "x", {}, "bad_request", "sessions"],
  ["sessions that are an object", { length: 1, 0: "s1" }, "x", {}, "bad_request", "sessions"],
  ["101 sessions", Array.from({ length: 101 }, (_, i) => `s${i}`), "x", {}, "bad_request", "sessions"],
  ["a session id that is none", ["s2", "a b"], "x", {}, "bad_request", "sessions[1]"],
  ["a session id that is a number", [7], "x", {}, "bad_request", "sessions[0]"],
  ["a BigInt", "s2", { n: 7n }, {}, "bad_request", "message"],
  ["a cycle", "s2", cycle, {}, "bad_request", "message"],
  ["undefined", "s2", undefined, {}, "bad_request", "message"],
  ["a function", "s2", () => {}, {}, "bad_request", "message"],
  ["toJSON that throws", "s2", { toJSON() { throw new Error("boom"); } }, {}, "bad_request", "message"],
  ["a lone surrogate", "s2", "\ud83d", {}, "bad_request", "message"],
  ["a lone surrogate in a key", "s2", { a: [{ "\udc00": 1 }] }, {}, "bad_request", "message"],
  ["a lone surrogate after a backslash", "s2", "\\\ud83d", {}, "bad_request", "message"],
  ["an empty id", "s2", "x", { id: "" }, "bad_request", "id"],
  ["a long id", "s2", "x", { id: "x".repeat(65) }, "bad_request", "id"],
  ["an id that is a number", "s2", "x", { id: 7 }, "bad_request", "id"],
  ["a timeout of 0", "s2", "x", { timeout: 0 }, "bad_request", "timeout"],
  ["a timeout that is NaN", "s2", "x", { timeout: NaN }, "bad_request", "timeout"],
  ["40 KB", "s2", "x".repeat(40_000), {}, "too_large", undefined],
  ["40 KB in UTF-8", "s2", "é".repeat(20_000), {}, "too_large", undefined],
  ["an aborted signal", "s2", "x", { signal: AbortSignal.abort() }, "aborted", undefined],
]) {
  test(`send: ${name}`, async () => {
    const started = await opened();
    const sent = outcome(started.hub.send(sessions, text, options));
    await started.world.pass(0);
    assert.deepEqual([sent.error.name, sent.error.code, sent.error.field], ["HubError", code, field]);
    assert.equal(sent.error.maybeDelivered, false);
    assert.deepEqual([started.first.sent, started.log.errors], [[], []]);
    await works(started);
  });
}

for (const [name, text] of [
  ["emoji", "\ud83d\ude00"],
  ["what looks like an escape", "\\ud83d and \\\\ud83d"],
  ["null", null],
  ["a text with quotes and newlines", '"\n\u2028'],
]) {
  test(`send: ${name} arrives as it is`, async () => {
    const { world, hub, first } = await opened();
    hub.send("s2", text).catch(() => {});
    await world.pass(0);
    assert.equal(first.sent[0].message, text);
  });
}

test("send: the longest frame", async () => {
  const { world, hub, first } = await opened();
  const around = JSON.stringify({ action: "sendMessage", sessions: ["s2"], id: "x", message: "" }).length;
  const [fits, over] = [0, 1].map((more) => outcome(hub.send("s2", "x".repeat(32_768 - around + more), { id: "x" })));
  await world.pass(0);
  assert.deepEqual([first.texts[0].length, first.sent.length, fits.error, over.error.code], [32_768, 1, undefined, "bad_request"]);
  const other = outcome(hub.send("s2", "x".repeat(32_768 - around + 1), { id: "y" }));
  await world.pass(0);
  assert.equal(other.error.code, "too_large");
});

test("send: an id that is under way", async () => {
  const started = await opened();
  const one = outcome(started.hub.send("s2", 1, { id: "x" }));
  const two = outcome(started.hub.send("s2", 2, { id: "x" }));
  await started.world.pass(0);
  assert.deepEqual([one, two.error.code, two.error.field], [{}, "bad_request", "id"]);
  await started.first.ack({ id: "x" });
  assert.equal(one.value.id, "x");
  await works(started);
});

test("send: after close()", async () => {
  const { world, hub } = await opened({ history: true }).catch(() => opened());
  hub.close();
  const all = [hub.send("s2", 1), hub.who("s2"), hub.sync()].map(outcome);
  await world.pass(0);
  assert.deepEqual(all.map(({ error }) => [error.code, error.maybeDelivered]), Array(3).fill(["closed", false]));
});

test("send: nothing stays at the signal", async () => {
  const { world, hub, first } = await opened();
  const { signal } = new AbortController();
  const listeners = listenersOf(signal);
  const sent = outcome(hub.send("s2", 1, { signal }));
  await world.pass(0);
  assert.equal(listeners.size, 1);
  await first.ack(first.sent[0]);
  assert.deepEqual([sent.value.type, [...listeners]], ["ack", []]);
});

test("send: a timeout without end", async () => {
  const { world, hub } = await opened();
  const sent = outcome(hub.send("s2", 1, { timeout: Infinity }));
  await world.pass(20 * SECOND);
  assert.deepEqual(sent, {});
});

test("sync: without history", async () => {
  const { world, hub } = await opened();
  const synced = outcome(hub.sync());
  await world.pass(0);
  assert.equal(synced.error.code, "no_history");
});

test("on: an event that there is not", async () => {
  const { hub } = await opened();
  assert.throws(() => hub.on("mesage", () => {}), isBad("type"));
});

test("on: the returned function ends it, also while the event is told", async () => {
  const { hub, first } = await opened();
  const seen = [];
  const stop = hub.on("message", () => {
    seen.push("one");
    stop();
    stopOther();
  });
  const stopOther = hub.on("message", () => seen.push("other"));
  for (const id of ["a", "b"]) await first.receive({ type: "message", id, session: "s1", from: "s9", message: 1 });
  assert.deepEqual(seen, ["one", "other"]);
});

test("listeners: one that throws is reported, and the others hear", async () => {
  const started = await opened();
  const seen = [];
  started.hub.on("message", () => { throw new Error("the page's mistake"); });
  started.hub.on("message", (frame) => seen.push(frame.id));
  await started.first.receive({ type: "message", id: "a", session: "s1", from: "s9", message: 1 });
  assert.deepEqual([seen, started.world.reported.map((error) => error.message)], [["a"], ["the page's mistake"]]);
  await works(started);
});

for (const [event, cause] of [
  ["message", (socket) => socket.receive({ type: "message", id: "a", session: "s1", from: "s9", message: 1, seq: 1 })],
  ["state", (socket) => socket.drop()],
  ["closing", (socket) => socket.receive({ type: "closing", reconnect: true })],
  ["error", (socket) => socket.receive("nonsense")],
]) {
  test(`listeners: close() in ${event}`, async () => {
    const { world, hub, first } = await opened();
    hub.on(event, () => hub.close());
    await cause(first);
    await world.pass(0);
    assert.deepEqual([hub.state, world.timers, world.live], ["closed", [], []]);
  });
}

test("listeners: close() in the middle of a page of history hands on no more, and the position is right", async () => {
  const world = new World();
  const hub = openHub({ ...OPTIONS, history: { after: 5 } });
  const seen = [];
  hub.on("message", ({ seq }) => {
    seen.push(seq);
    if (seq === 7) hub.close();
  });
  await world.pass(0);
  await world.socket.accept();
  const messages = [6, 7, 8].map((seq) => ({ type: "message", id: `m${seq}`, session: "s1", from: "s9", message: 1, seq }));
  await world.socket.resumed({ seq: 9, messages });
  assert.deepEqual([seen, hub.position, world.timers], [[6, 7], 7, []]);
});

for (const frame of [
  { type: "message" },
  { type: "ack" },
  { type: "ack", id: "x", seq: null },
  { type: "error" },
  { type: "error", code: "internal", message: "no id" },
  { type: "resumed" },
  { type: "resumed", id: "x", messages: null },
  { type: "who", id: "unknown" },
  { type: "pong" },
  { type: 7 },
  [],
  7,
]) {
  test(`server: ${JSON.stringify(frame)}`, async () => {
    const started = await opened();
    await started.first.receive(frame);
    await works(started);
    assert.deepEqual(started.world.reported, []);
  });
}

test("server: a resumed without its members gives the socket up in time", async () => {
  const world = new World();
  const hub = openHub({ ...OPTIONS, history: true });
  const log = record(hub);
  await world.pass(0);
  await world.socket.accept();
  for (const members of [{ messages: null }, { seq: "x" }, { seq: undefined }, { messages: [null] }]) await world.socket.resumed(members);
  assert.deepEqual(log.errors.map((error) => error.code), ["gateway", "gateway", "gateway", "gateway"]);
  await world.pass(10 * SECOND);
  assert.deepEqual([world.sockets[0].isGivenUp, hub.state], [true, "waiting"]);
});

test("server: binary frames", async () => {
  const started = await opened();
  started.first.onmessage({ data: new ArrayBuffer(8) });
  assert.equal(started.log.errors[0].code, "gateway");
  await works(started);
});

test("page: without events of a page", async () => {
  const { addEventListener, removeEventListener } = globalThis;
  Object.assign(globalThis, { addEventListener: undefined, removeEventListener: undefined });
  try {
    const started = await opened();
    await works(started);
    started.hub.close();
  } finally {
    Object.assign(globalThis, { addEventListener, removeEventListener });
  }
});

export { runTests as run };

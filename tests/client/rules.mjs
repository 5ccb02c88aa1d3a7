// The rules of the client, one test or more for each.

import * as assert from "./assert.mjs";
import { base64url, outcome, record, runTests, test, World } from "./world.mjs";

const { openHub } = await import("../../client/hub.js");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const URL_OF_HUB = "wss://hub.example/prod";

function start(options = {}, world = new World()) {
  const hub = openHub({ url: URL_OF_HUB, session: "s1", ...options });
  return { world, hub, log: record(hub) };
}

// A hub that is open. With history its position is 100.
async function opened(options = {}, world = new World()) {
  const started = start(options, world);
  await world.pass(0);
  await world.socket.accept();
  if (options.history) await world.socket.resumed();
  assert.equal(started.hub.state, "open");
  return { ...started, first: world.socket };
}

function message(seq, id = `m${seq}`, from = "s9") {
  return { type: "message", id, session: "s1", from, sent_at: "2026-11-22T21:30:00.123Z", message: seq, ...(seq && { seq }) };
}

function tokenUntil(ms) {
  const part = (value) => base64url(JSON.stringify(value));
  return `${part({ alg: "HS256" })}.${part({ exp: ms / 1000, session_id: "s1", name: "ÿþ?>" })}.c2ln`;
}

const ids = (log) => log.messages.map((frame) => frame.id);
const states = (log) => log.states.map((event) => event.state);
const isPinging = (socket) => socket.sent.at(-1)?.action === "ping";

// Has the hub answer pings, every second.
function keepAlive(world) {
  world.plan(SECOND, async () => {
    for (const socket of world.live) if (socket.readyState === 1) await socket.receive({ type: "pong" });
    keepAlive(world);
  });
}

// Lets the newest connection work for so long that failures are forgotten.
async function settleDown(world) {
  await world.socket.receive({ type: "pong" });
  await world.pass(11 * SECOND);
}

// ---- Back-off

test("back-off: random below 1, 2, 4 … 30 seconds, before the first retry too", async () => {
  const world = new World();
  world.random = () => 0.5;
  const { log } = start({}, world);
  await world.pass(0);
  for (let i = 0; i < 7; i++) {
    await world.socket.drop();
    await world.pass(log.states.at(-1).retryIn);
  }
  const waits = log.states.filter((event) => event.state === "waiting");
  assert.deepEqual(waits.map((event) => event.retryIn), [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  assert.deepEqual(waits.map((event) => event.failures), [1, 2, 3, 4, 5, 6, 7]);
});

test("back-off: the wait is the announced one", async () => {
  const { world } = await opened();
  await world.socket.drop();
  await world.pass(499);
  assert.equal(world.sockets.length, 1);
  await world.pass(1);
  assert.equal(world.sockets.length, 2);
});

for (const [what, frames, age, wait] of [
  ["not after settle without a frame", 0, 11 * SECOND, 1_000],
  ["not after a frame before settle", 1, 9 * SECOND, 1_000],
  ["after settle and a frame", 1, 11 * SECOND, 500],
]) {
  test(`back-off begins anew: ${what}`, async () => {
    const { world, log } = start();
    await world.pass(0);
    await world.socket.drop();
    await world.pass(SECOND);
    await world.socket.accept();
    for (let i = 0; i < frames; i++) await world.socket.receive(message(0));
    await world.pass(age);
    await world.socket.drop();
    assert.equal(log.states.at(-1).retryIn, wait);
  });
}

test("back-off begins anew: with the first frame, if it comes after settle", async () => {
  const { world, log } = start();
  await world.pass(0);
  await world.socket.drop();
  await world.pass(SECOND);
  await world.socket.accept();
  await world.pass(MINUTE);
  await world.socket.receive(message(0));
  await world.socket.drop();
  assert.equal(log.states.at(-1).retryIn, 500);
});

test("back-off: a server that accepts and closes gets no storm", async () => {
  const world = new World();
  world.onConnect = (socket) => world.plan(20, () => socket.accept().then(() => socket.drop()));
  const { hub } = start({}, world);
  await world.pass(10 * MINUTE);
  assert.ok(world.sockets.length > 20 && world.sockets.length < 60, `${world.sockets.length} attempts`);
  hub.close();
});

test("back-off: a connection that lives long forgives once, not the failures of its successors", async () => {
  const { world, first } = await opened();
  const pong = () => first.receive({ type: "pong" }).then(() => world.plan(100, pong));
  await pong();
  world.onConnect = (socket) => world.plan(20, () => socket.drop());
  await world.pass(MINUTE);
  assert.equal(world.sockets.length, 1);
  await first.receive({ type: "closing", reconnect: true });
  await world.pass(MINUTE);
  assert.ok(world.sockets.length <= 9, `${world.sockets.length} attempts`);
});

for (const type of ["visibilitychange", "online", "resume", "pageshow"]) {
  test(`back-off: ${type} while waiting tries at once, and the failures stay`, async () => {
    const { world, log } = start();
    await world.pass(0);
    await world.socket.drop();
    await world.pass(SECOND);
    await world.socket.drop();
    await world.fire(type);
    assert.equal(world.sockets.length, 3);
    await world.socket.drop();
    assert.equal(log.states.at(-1).failures, 3);
    assert.equal(log.states.at(-1).retryIn, 2_000);
    assert.equal(world.timers.length, 1);
  });
}

// ---- Opening

test("opening: a token that never comes is given up after handshake, with an event", async () => {
  const { world, log } = start({ token: () => new Promise(() => {}) });
  await world.pass(10 * SECOND - 1);
  assert.deepEqual(log.states, []);
  await world.pass(1);
  assert.deepEqual([log.errors[0].code, log.errors[0].field, states(log)], ["lost", "token", ["waiting"]]);
  assert.equal(world.sockets.length, 0);
});

test("opening: a socket that never opens is given up after handshake", async () => {
  const { world, log } = start({ token: (why) => new Promise((resolve) => setTimeout(() => resolve(tokenUntil(0)), 6 * SECOND)) });
  await world.pass(10 * SECOND - 1);
  assert.equal(world.socket.isGivenUp, false);
  await world.pass(1);
  assert.equal(world.socket.isGivenUp, true);
  assert.deepEqual([states(log), log.errors], [["waiting"], []]);
  await world.socket.accept(); // too late
  assert.deepEqual(states(log), ["waiting"]);
});

test("opening: a resume without an answer is given up after handshake", async () => {
  const { world, hub } = start({ history: true });
  await world.pass(5 * SECOND);
  await world.socket.accept();
  assert.equal(hub.state, "connecting");
  await world.pass(5 * SECOND);
  assert.equal(world.socket.isGivenUp, true);
  assert.equal(hub.state, "waiting");
});

test("opening: a long history may take longer than handshake, while it goes on", async () => {
  const { world, hub } = start({ history: { after: 1 } });
  await world.pass(0);
  await world.socket.accept();
  for (let seq = 2; seq < 9; seq++) {
    await world.pass(9 * SECOND);
    await world.socket.resumed({ seq, more: seq < 8 });
  }
  assert.equal(hub.state, "open");
});

for (const what of ["token", "url"]) {
  test(`opening: a ${what} function that fails is an event and a failure, and no refusal`, async () => {
    const whys = [];
    const fail = (why) => {
      whys.push(why);
      if (whys.length % 2) throw new Error("boom");
      return Promise.reject(new Error("boom"));
    };
    const { world, log } = start({ [what]: fail });
    await world.pass(MINUTE);
    assert.ok(whys.length > 3);
    assert.deepEqual(new Set(whys.slice(1)), new Set(["again"]));
    assert.equal(whys[0], "first");
    assert.deepEqual([log.errors[0].code, log.errors[0].field, log.errors[0].message], ["lost", what, "boom"]);
    assert.equal(log.states[0].state, "waiting");
  });
}

test("opening: the token is offered as a subprotocol, the session as a parameter", async () => {
  const { world, hub } = start({ token: tokenUntil(0), url: `${URL_OF_HUB}?a=b` });
  await world.pass(0);
  assert.equal(world.socket.url, `${URL_OF_HUB}?a=b&session_id=s1`);
  assert.deepEqual(world.socket.protocols, ["hub.v1", `bearer.${tokenUntil(0)}`]);
  assert.equal(hub.session, "s1");
});

test("opening: the session is known from the url, the token or the frames", async () => {
  for (const options of [{ url: `${URL_OF_HUB}?session_id=s1` }, { token: tokenUntil(0) }, { history: true }]) {
    const { hub } = await opened({ session: undefined, ...options });
    assert.equal(hub.session, "s1");
  }
});

test("opening: the state is told once", async () => {
  const { log } = await opened();
  assert.deepEqual(log.states, [{ state: "open" }]);
});

// ---- Keep-alive

for (const [random, idle] of [[0, 451_200], [1, 508_800]]) {
  test(`keep-alive: a ping after ${idle} ms of silence`, async () => {
    const world = new World();
    const { first } = await opened({}, world);
    world.random = () => random;
    await first.receive(message(0));
    await world.pass(idle - 1);
    assert.equal(isPinging(first), false);
    await world.pass(1);
    assert.equal(isPinging(first), true);
  });
}

for (const direction of ["in", "out"]) {
  test(`keep-alive: a frame ${direction} ends the silence`, async () => {
    const { world, hub, first } = await opened();
    await world.pass(50 * SECOND);
    if (direction === "in") await first.receive(message(0));
    else hub.who("s2", { timeout: 1 }).catch(() => {});
    await world.pass(480 * SECOND - 1);
    assert.equal(first.of("ping").length, 0);
    await world.pass(1);
    assert.equal(first.of("ping").length, 1);
  });
}

test("keep-alive: without a pong in time the socket is given up at once, without waiting for its close", async () => {
  const { world, hub, first } = await opened();
  await world.fire("online");
  await world.pass(5 * SECOND - 1);
  assert.equal(hub.state, "open");
  await world.pass(1);
  assert.equal(hub.state, "waiting");
  assert.equal(first.isGivenUp, true);
  await first.receive(message(0));
  await first.drop();
});

test("keep-alive: a pong in time, and the socket stays", async () => {
  const { world, hub, first } = await opened();
  await world.fire("online");
  await world.pass(4 * SECOND);
  await first.receive({ type: "pong" });
  await world.pass(MINUTE);
  assert.equal(hub.state, "open");
});

// ---- Liveness on evidence

for (const type of ["visibilitychange", "pageshow", "resume", "online"]) {
  test(`liveness: ${type} pings at once`, async () => {
    const { world, first } = await opened();
    await world.fire(type);
    assert.equal(first.of("ping").length, 1);
    await world.fire(type);
    assert.equal(first.of("ping").length, 1);
  });
}

test("liveness: a page that is hidden does not ping", async () => {
  const { world, first } = await opened();
  world.visibility = "hidden";
  await world.fire("visibilitychange");
  assert.equal(first.of("ping").length, 0);
});

for (const [late, pings] of [[89 * SECOND, 0], [91 * SECOND, 1]]) {
  test(`liveness: a timer that is ${late} ms late: ${pings} pings`, async () => {
    const { world, hub, first } = await opened();
    await world.pass(5 * SECOND);
    hub.who("s2", { timeout: 2 * SECOND }).catch(() => {});
    world.sleep(2 * SECOND + late);
    await world.pass(0);
    // The settle timer and the half of ack are late too. The latter pings in any case.
    assert.equal(first.of("ping").length > 0, pings > 0);
  });
}

test("liveness: the first send after a minute of silence pings", async () => {
  const { world, hub, first } = await opened();
  await world.pass(MINUTE);
  hub.send("s2", 1).catch(() => {});
  assert.equal(first.of("ping").length, 0);
  await world.pass(1);
  hub.send("s2", 2).catch(() => {});
  hub.send("s2", 3).catch(() => {});
  await world.pass(0);
  assert.equal(first.of("ping").length, 1);
});

test("liveness: half of ack without an ack pings", async () => {
  const { world, hub, first } = await opened();
  hub.send("s2", 1, { timeout: HOUR }).catch(() => {});
  await world.pass(15 * SECOND - 1);
  assert.equal(first.of("ping").length, 0);
  await world.pass(1);
  assert.equal(first.of("ping").length, 1);
});

test("liveness: an ack in time, and no ping", async () => {
  const { world, hub, first } = await opened();
  const sent = outcome(hub.send("s2", 1));
  await world.pass(0);
  await first.ack(first.sent[0]);
  await world.pass(MINUTE);
  assert.equal(first.of("ping").length, 0);
  assert.equal(sent.value.type, "ack");
});

test("liveness: pagehide closes, pageshow connects", async () => {
  const { world, hub, log, first } = await opened();
  await world.fire("pagehide");
  assert.deepEqual([first.isGivenUp, hub.state, log.states.at(-1)], [true, "waiting", { state: "waiting" }]);
  await world.fire("online");
  await world.pass(HOUR);
  assert.equal(world.sockets.length, 1);
  await world.fire("pageshow");
  assert.equal(world.sockets.length, 2);
  assert.equal(hub.state, "connecting");
});

test("liveness: pagehide while waiting and while connecting", async () => {
  for (const isWaiting of [true, false]) {
    const { world } = start();
    await world.pass(0);
    if (isWaiting) await world.socket.drop();
    await world.fire("pagehide");
    await world.pass(HOUR);
    assert.deepEqual([world.sockets.length, world.live.length, world.timers.length], [1, 0, 0]);
    await world.fire("pageshow");
    assert.equal(world.sockets.length, 2);
  }
});

// ---- The two hours

for (const [random, age] of [[0, 6_000_000], [0.999999, 6_899_999]]) {
  test(`two hours: after ${age} ms another connection opens beside the first`, async () => {
    const world = new World();
    world.random = () => random;
    await opened({}, world);
    world.onConnect = undefined;
    keepAlive(world);
    await world.pass(age - 10);
    assert.equal(world.sockets.length, 1);
    await world.pass(20);
    assert.equal(world.live.length, 2);
  });
}

// A hub just before the switch: its first connection has a send without an ack.
async function beforeSwitch(options = {}) {
  const { world, hub, log, first } = await opened({ timing: { lifetime: [MINUTE, MINUTE] }, ...options });
  await settleDown(world);
  await world.pass(48 * SECOND);
  const sent = outcome(hub.send("s2", "early", { timeout: HOUR }));
  await world.pass(0);
  log.states.length = 0;
  await world.pass(SECOND);
  assert.equal(world.sockets.length, 2);
  return { world, hub, log, first, second: world.socket, sent };
}

test("two hours: the second connection sends once it is open and has resumed", async () => {
  const { world, hub, first, second, log } = await beforeSwitch({ history: true });
  await second.accept();
  hub.send("s2", 1).catch(() => {});
  await world.pass(0);
  assert.deepEqual([first.of("sendMessage").length, second.of("sendMessage").length], [2, 0]);
  assert.deepEqual(second.of("resume")[0].after, 100);
  await second.resumed();
  hub.send("s2", 2).catch(() => {});
  await world.pass(0);
  assert.deepEqual([first.of("sendMessage").length, second.of("sendMessage").length], [2, 1]);
  assert.deepEqual(log.states, [{ state: "open", switched: true }]);
});

test("two hours: the first is closed after the overlap, if its acks are in", async () => {
  const { world, first, second, sent } = await beforeSwitch();
  await second.accept();
  await first.ack(first.of("sendMessage")[0]);
  assert.equal(sent.value.type, "ack");
  await world.pass(30 * SECOND - 1);
  await first.receive(message(0, "late"));
  assert.equal(first.isGivenUp, false);
  await world.pass(1);
  assert.deepEqual([first.isGivenUp, first.code, second.isGivenUp], [true, 1000, false]);
});

test("two hours: the first is closed with its last ack, if that comes after the overlap", async () => {
  const { world, hub, log, first, second } = await beforeSwitch();
  await second.accept();
  keepAlive(world);
  await world.pass(40 * SECOND);
  assert.equal(first.isGivenUp, false);
  await first.ack(first.of("sendMessage")[0]);
  assert.equal(first.isGivenUp, true);
  assert.deepEqual(states(log), ["open"]);
  assert.equal(hub.state, "open");
});

test("two hours: messages of both connections are handed on, each once", async () => {
  const { log, first, second } = await beforeSwitch();
  await second.accept();
  for (const [socket, id] of [[first, "a"], [second, "a"], [second, "b"], [first, "c"], [first, "b"], [second, "c"]]) {
    await socket.receive(message(0, id));
  }
  assert.deepEqual(ids(log), ["a", "b", "c"]);
});

test("two hours: refused, the first is kept, and the client tries on", async () => {
  const { world, hub, log, first, second } = await beforeSwitch();
  await second.drop();
  await world.pass(SECOND);
  assert.equal(world.sockets.length, 3);
  assert.deepEqual([first.isGivenUp, hub.state, log.states], [false, "open", []]);
  hub.send("s2", 1).catch(() => {});
  await world.pass(0);
  assert.equal(first.of("sendMessage").length, 2);
});

test("two hours: the first ends while the second opens: the state stays open, and its sends go again", async () => {
  const { world, log, first, second } = await beforeSwitch();
  await first.drop();
  assert.deepEqual(log.states, []);
  await world.pass(2 * SECOND);
  await second.accept();
  assert.deepEqual(log.states, [{ state: "open", switched: true }]);
  assert.equal(second.of("sendMessage")[0].id, first.of("sendMessage")[0].id);
});

test("two hours: the second dies in the overlap: the first sends again, and the client tries on", async () => {
  const { world, hub, log, first, second } = await beforeSwitch();
  await second.accept();
  hub.send("s2", "on the second").catch(() => {});
  await world.pass(0);
  await second.drop();
  assert.equal(first.of("sendMessage").at(-1).message, "on the second");
  assert.equal(hub.state, "open");
  assert.equal(first.of("ping").length, 1);
  await first.receive({ type: "pong" });
  await world.pass(SECOND);
  assert.equal(world.live.length, 2);
  await first.ack(first.of("sendMessage")[0]);
  await first.ack(first.of("sendMessage")[1]);
  await world.pass(MINUTE); // the overlap of the first switch counts no more
  assert.equal(first.isGivenUp, false);
  assert.deepEqual(states(log), ["open"]);
});

test("two hours: never a third: the oldest is given up, and its sends go again", async () => {
  const { world, log, first, second } = await beforeSwitch();
  await second.accept();
  await second.receive({ type: "closing", reconnect: true });
  assert.deepEqual([world.sockets.length, world.live.length, first.isGivenUp], [3, 2, true]);
  assert.equal(second.of("sendMessage")[0].message, "early");
  assert.deepEqual(states(log), ["open"]);
});

test("two hours: in the overlap both connections prove themselves", async () => {
  const { world, hub, log, first, second } = await beforeSwitch();
  await second.accept();
  await world.fire("online");
  assert.deepEqual([isPinging(first), isPinging(second)], [true, true]);
  await second.receive({ type: "pong" });
  await world.pass(5 * SECOND);
  assert.deepEqual([first.isGivenUp, hub.state, states(log)], [true, "open", ["open"]]);
  assert.equal(second.of("sendMessage")[0].message, "early");
});

test("two hours: while the client tries on, online pings and does not try more", async () => {
  const { world, first, second } = await beforeSwitch();
  await second.drop();
  await world.fire("online");
  assert.deepEqual([world.sockets.length, isPinging(first)], [2, true]);
});

test("two hours: the age of the old connection leads to no other switch", async () => {
  const { world, first } = await opened({ timing: { lifetime: [MINUTE, MINUTE], overlap: 10 * MINUTE } });
  keepAlive(world);
  await world.pass(30 * SECOND);
  await first.receive({ type: "closing", reconnect: true });
  await world.socket.accept();
  await world.pass(59 * SECOND);
  assert.equal(world.sockets.length, 2);
});

for (const isOpen of [true, false]) {
  test(`two hours: pagehide closes both, with one event, the second open: ${isOpen}`, async () => {
    const { world, log, first, second } = await beforeSwitch();
    if (isOpen) await second.accept();
    log.states.length = 0;
    await world.fire("pagehide");
    assert.deepEqual([first.isGivenUp, second.isGivenUp, states(log)], [true, true, ["waiting"]]);
  });
}

// ---- A token's end

for (const [life, early] of [[1_000 * SECOND, 900 * SECOND], [100 * SECOND, 70 * SECOND], [40 * SECOND, 20 * SECOND]]) {
  test(`token: of ${life} ms, the switch comes after ${early} ms`, async () => {
    const whys = [];
    const world = new World();
    const token = (why) => {
      whys.push(why);
      return tokenUntil(world.now + life);
    };
    const { first } = await opened({ token }, world);
    keepAlive(world);
    await world.pass(early - 1);
    assert.equal(world.sockets.length, 1);
    await world.pass(1);
    assert.equal(world.live.length, 2);
    assert.deepEqual(whys, ["first", "expiring"]);
  });
}

test("token: without a successor the socket is given up at the end, although it answers pings", async () => {
  const world = new World();
  const whys = [];
  const token = (why) => (whys.push(why), whys.length > 1 ? new Promise(() => {}) : tokenUntil(world.now + 100 * SECOND));
  const { hub, first } = await opened({ token }, world);
  keepAlive(world);
  await world.pass(100 * SECOND - 1);
  assert.equal(hub.state, "open");
  await world.pass(1);
  assert.equal(first.isGivenUp, true);
  await world.pass(MINUTE);
  assert.deepEqual(new Set(whys.slice(1)), new Set(["expiring"]));
});

test("token: after the switch the next attempt asks as ever, also if the old connection ends later", async () => {
  const world = new World();
  const whys = [];
  const token = (why) => (whys.push(why), tokenUntil(world.now + (whys.length > 1 ? HOUR : 100 * SECOND)));
  const { hub, first } = await opened({ token }, world);
  keepAlive(world);
  hub.send("s2", "without an ack", { timeout: HOUR }).catch(() => {});
  await world.pass(71 * SECOND);
  await world.socket.accept();
  await world.pass(28 * SECOND);
  assert.equal(first.isGivenUp, false);
  await world.pass(10 * SECOND);
  assert.equal(first.isGivenUp, true);
  await world.socket.drop();
  await world.pass(SECOND);
  assert.deepEqual(whys, ["first", "expiring", "again"]);
});

test("token: a text cannot be renewed: no switch, and the end is the end", async () => {
  const world = new World();
  const { first } = await opened({ token: tokenUntil(world.now + 100 * SECOND) }, world);
  await world.pass(100 * SECOND - 1);
  assert.equal(world.sockets.length, 1);
  await world.pass(1);
  assert.equal(first.isGivenUp, true);
});

test("token: the same token again does not lead to switch after switch", async () => {
  const world = new World();
  const end = world.now + 1_000 * SECOND;
  world.onConnect = (socket) => world.plan(20, () => socket.accept());
  const { hub } = start({ token: () => tokenUntil(end) }, world);
  keepAlive(world);
  await world.pass(1_000 * SECOND - 1);
  assert.equal(world.sockets.length, 2);
  hub.close();
});

test("token: tokens that live for a second do not lead to a storm", async () => {
  const world = new World();
  world.onConnect = (socket) => world.plan(20, () => socket.accept());
  const { hub } = start({ token: () => tokenUntil(world.now + SECOND) }, world);
  await world.pass(10 * MINUTE);
  assert.ok(world.sockets.length < 60, `${world.sockets.length} attempts`);
  hub.close();
});

test("token: an end that is past already says that a clock is wrong", async () => {
  const world = new World();
  const { hub } = await opened({ token: () => tokenUntil(world.now - 1) }, world);
  await world.pass(5 * MINUTE);
  assert.equal(hub.state, "open");
  assert.equal(world.sockets.length, 1);
});

test("token: one that is not a JWT has no end", async () => {
  const { world, hub } = await opened({ token: () => "opaque" });
  await world.pass(5 * MINUTE);
  assert.equal(hub.state, "open");
});

// ---- Duplicates

test("duplicates: by seq", async () => {
  const { first, log } = await opened({ history: true });
  await first.receive(message(101, "a"));
  await first.receive(message(101, "other"));
  await first.receive(message(100, "old"));
  assert.deepEqual(ids(log), ["a"]);
});

for (const history of [true, false]) {
  test(`duplicates: by from and id, history ${history}`, async () => {
    const { first, log, hub } = await opened({ history });
    await first.receive(message(101, "a"));
    await first.receive(message(102, "a"));
    await first.receive(message(103, "a", "s8"));
    assert.deepEqual(log.messages.map((frame) => frame.from), ["s9", "s8"]);
    assert.equal(hub.position, history ? 103 : undefined);
  });
}

test("duplicates: the last 1,000 are remembered", async () => {
  const { first, log } = await opened();
  for (let i = 0; i <= 1_000; i++) await first.receive(message(0, `m${i}`));
  await first.receive(message(0, "m1"));
  assert.equal(log.messages.length, 1_001);
  await first.receive(message(0, "m0"));
  assert.equal(log.messages.length, 1_002);
});

test("duplicates: one's own message with echo false is dropped wherever it comes, and its number counts", async () => {
  const { world, hub, first, log } = await opened({ history: true });
  hub.send(["s1", "s2"], "mine", { echo: false });
  await world.pass(0);
  const { id } = first.of("sendMessage")[0];
  await first.receive(message(102, "theirs"));
  await first.ack({ id }, { seq: { s1: 101, s2: 7 } });
  assert.deepEqual([ids(log), hub.position], [["theirs"], 102]);
  await first.receive(message(103, id, "s1")); // on the other connection of an overlap, or stored twice
  await first.receive(message(104, id, "s9")); // another client's message, which has the same id by chance
  assert.deepEqual([ids(log), hub.position], [["theirs", id], 104]);
});

test("duplicates: one's own message may be ahead: the numbers before it are asked for", async () => {
  const { world, hub, first } = await opened({ history: true });
  hub.send("s1", "mine", { echo: false });
  await world.pass(0);
  await first.ack(first.of("sendMessage")[0], { seq: { s1: 102 } });
  await world.pass(250);
  assert.equal(first.of("resume").at(-1).after, 100);
  await first.resumed({ seq: 102, messages: [message(101)] });
  assert.equal(hub.position, 102);
});

test("duplicates: one's own message with echo false in a resume", async () => {
  const { world, hub, first, log } = await opened({ history: true });
  hub.send("s1", "mine", { echo: false }).catch(() => {});
  await world.pass(0);
  await first.drop();
  await world.pass(SECOND);
  await world.socket.accept();
  await world.socket.resumed({ seq: 102, messages: [message(101, first.of("sendMessage")[0].id, "s1"), message(102)] });
  assert.deepEqual([ids(log), hub.position], [["m102"], 102]);
});

test("duplicates: one's own message with echo comes like any other", async () => {
  const { world, hub, first, log } = await opened();
  hub.send("s1", "mine").catch(() => {});
  await world.pass(0);
  await first.receive(message(0, first.sent[0].id, "s1"));
  assert.equal(log.messages.length, 1);
});

// ---- Order

test("order: the next at once, later ones held until gap has passed, then resume", async () => {
  const { world, hub, first, log } = await opened({ history: true });
  for (const seq of [101, 104, 103]) await first.receive(message(seq));
  assert.deepEqual(ids(log), ["m101"]);
  await world.pass(249);
  assert.equal(first.of("resume").length, 1);
  await world.pass(1);
  assert.equal(first.of("resume").at(-1).after, 101);
  await first.receive(message(105));
  await first.resumed({ seq: 104, messages: [message(102), message(103), message(104)] });
  assert.deepEqual([ids(log), hub.position], [["m101", "m102", "m103", "m104", "m105"], 105]);
  assert.deepEqual(log.caughtUp, [false, true, false, false, false]);
  await world.pass(SECOND);
  assert.equal(first.of("resume").length, 2);
});

test("order: a number that is only late needs no resume", async () => {
  const { world, first, log } = await opened({ history: true });
  await first.receive(message(102));
  await world.pass(200);
  await first.receive(message(101));
  await world.pass(SECOND);
  assert.deepEqual([ids(log), first.of("resume").length], [["m101", "m102"], 1]);
});

test("order: the numbers that nobody will use are passed by a resume", async () => {
  const { world, hub, first, log } = await opened({ history: true });
  await first.receive(message(105));
  await world.pass(SECOND);
  await first.resumed({ seq: 105, messages: [message(103), message(105)] });
  assert.deepEqual([ids(log), hub.position], [["m103", "m105"], 105]);
});

test("order: a number that the hub has not either is a gap, and no loop", async () => {
  const { world, hub, first, log } = await opened({ history: true });
  await first.receive(message(103));
  await world.pass(SECOND);
  await first.resumed({ seq: 100 });
  await world.pass(SECOND);
  assert.deepEqual([log.gaps, ids(log), hub.position], [[{ from: 101, to: 102 }], ["m103"], 103]);
  await world.pass(MINUTE);
  assert.equal(first.of("resume").length, 2);
});

test("order: a resume that is not answered gives the socket up", async () => {
  const { world, first } = await opened({ history: true });
  await first.receive(message(103));
  await world.pass(250 + 10 * SECOND);
  assert.equal(first.isGivenUp, true);
});

test("order: the first position is the head", async () => {
  const { first, hub, log } = await opened({ history: true });
  assert.equal(hub.position, 100);
  assert.deepEqual(first.of("resume").map(({ after, last }) => [after, last]), [[undefined, undefined]]);
  assert.deepEqual(log.messages, []);
});

test("order: the first position is just before the lowest frame that came already", async () => {
  const { world, hub, log } = start({ history: true });
  await world.pass(0);
  await world.socket.accept();
  for (const seq of [101, 98, 99]) await world.socket.receive(message(seq));
  assert.deepEqual([log.messages, hub.position], [[], undefined]);
  await world.socket.resumed({ seq: 100 });
  assert.deepEqual([ids(log), hub.position], [["m98", "m99"], 99]);
  await world.socket.resumed({ seq: 101, messages: [message(100), message(101)] });
  assert.deepEqual([ids(log), hub.state], [["m98", "m99", "m100", "m101"], "open"]);
});

test("order: history.after begins after a position, history.last with the newest", async () => {
  const { world, hub, log } = start({ history: { last: 2 } });
  await world.pass(0);
  await world.socket.accept();
  assert.equal(world.socket.of("resume")[0].last, 2);
  await world.socket.resumed({ seq: 8, messages: [message(7), message(8)] });
  assert.deepEqual([ids(log), log.caughtUp, hub.position], [["m7", "m8"], [true, true], 8]);
  await world.socket.drop();
  await world.pass(SECOND);
  await world.socket.accept();
  assert.deepEqual([world.socket.of("resume")[0].last, world.socket.of("resume")[0].after], [undefined, 8]);

  const other = start({ history: { after: 5 } });
  await other.world.pass(0);
  await other.world.socket.accept();
  assert.deepEqual([other.hub.position, other.world.socket.of("resume")[0].after], [5, 5]);
});

test("order: the newest with a number between them that nobody uses", async () => {
  const { world, hub, log } = start({ history: { last: 3 } });
  await world.pass(0);
  await world.socket.accept();
  await world.socket.resumed({ seq: 9, messages: [message(7), message(9)] });
  assert.equal(world.socket.of("resume").at(-1).after, 7);
  await world.socket.resumed({ seq: 9, messages: [message(9)] });
  assert.deepEqual([ids(log), hub.position, hub.state, log.gaps], [["m7", "m9"], 9, "open", []]);
});

test("order: a resume in several pages", async () => {
  const { world, hub, log } = start({ history: { after: 5 } });
  await world.pass(0);
  await world.socket.accept();
  await world.socket.resumed({ seq: 7, more: true, messages: [message(6), message(7)] });
  assert.equal(hub.state, "connecting");
  await world.socket.resumed({ seq: 9, messages: [message(8)] });
  assert.deepEqual([ids(log), hub.position, hub.state], [["m6", "m7", "m8"], 9, "open"]);
});

test("order: not recovered: a gap, then on from the head", async () => {
  const { world, hub, log } = start({ history: { after: 5 } });
  await world.pass(0);
  await world.socket.accept();
  await world.socket.resumed({ recovered: false, seq: 50 });
  assert.deepEqual([log.gaps, hub.position, hub.state], [[{ from: 6, to: 50 }], 50, "open"]);
  await world.socket.receive(message(51));
  assert.deepEqual(ids(log), ["m51"]);
});

test("order: not recovered: on from the frames that came already, if they are lower", async () => {
  const { world, hub, log } = start({ history: { after: 5 } });
  await world.pass(0);
  await world.socket.accept();
  await world.socket.receive(message(50));
  await world.socket.resumed({ recovered: false, seq: 50 });
  assert.deepEqual([log.gaps, ids(log), hub.position], [[{ from: 6, to: 49 }], ["m50"], 50]);
});

test("order: a message that is not stored is handed on at once", async () => {
  const { first, log } = await opened({ history: true });
  await first.receive(message(103));
  await first.receive(message(0, "typing"));
  assert.deepEqual(ids(log), ["typing"]);
});

// ---- Sends

test("sends: the frame, and the ack", async () => {
  const { world, hub, first } = await opened();
  const sent = outcome(hub.send(["s2", "s3"], { text: "olá" }, { id: "x", echo: false, store: false }));
  await world.pass(0);
  const expected = { action: "sendMessage", sessions: ["s2", "s3"], id: "x", echo: false, store: false, message: { text: "olá" } };
  assert.deepEqual(first.sent[0], expected);
  await first.ack({ id: "x" }, { delivered: { s2: 1 }, offline: ["s3"] });
  assert.deepEqual(sent.value, { type: "ack", id: "x", delivered: { s2: 1 }, offline: ["s3"], failed: {} });
});

for (const [code, maybeDelivered] of [["bad_request", false], ["forbidden", false], ["message_too_large", false], ["internal", true], ["new_code", false]]) {
  test(`sends: the error ${code}`, async () => {
    const { world, hub, first, log } = await opened();
    const sent = outcome(hub.send("s2", 1, { id: "x" }));
    await world.pass(0);
    await first.receive({ type: "error", code, message: "no", id: "x", field: "f", request_id: "r" });
    const { name, message, field, requestId } = sent.error;
    assert.deepEqual([name, sent.error.code, message, field, requestId], ["HubError", code, "no", "f", "r"]);
    assert.equal(sent.error.maybeDelivered, maybeDelivered);
    assert.equal(log.errors.length, 0);
  });
}

test("sends: lost at the timeout, perhaps delivered if it went out", async () => {
  const { world, hub } = await opened();
  const sent = outcome(hub.send("s2", 1));
  const brief = outcome(hub.send("s2", 2, { timeout: 10 }));
  await world.pass(10);
  assert.deepEqual([brief.error.code, brief.error.maybeDelivered], ["lost", true]);
  await world.socket.receive({ type: "pong" });
  await world.pass(20 * SECOND);
  await world.socket.receive({ type: "pong" });
  await world.pass(10 * SECOND - 11);
  assert.deepEqual(sent, {});
  await world.pass(1);
  assert.deepEqual([sent.error.code, sent.error.maybeDelivered], ["lost", true]);
});

test("sends: lost at the timeout, and not delivered if it waited all the time", async () => {
  const { world, hub } = start();
  const sent = outcome(hub.send("s2", 1));
  await world.pass(30 * SECOND);
  assert.deepEqual([sent.error.code, sent.error.maybeDelivered], ["lost", false]);
});

test("sends: what has no ack at a reconnect is sent again with the same id, in order", async () => {
  const { world, hub, first } = await opened();
  const sent = ["a", "b", "c"].map((id) => outcome(hub.send("s2", id, { id })));
  await world.pass(0);
  await first.ack({ id: "b" });
  await first.drop();
  sent.push(outcome(hub.send("s2", "d", { id: "d" })));
  await world.pass(SECOND);
  const second = world.socket;
  await second.accept();
  assert.deepEqual(second.of("sendMessage").map((frame) => frame.id), ["a", "c", "d"]);
  assert.equal(second.texts[0], first.texts[0]);
  for (const id of ["a", "c", "d"]) await second.ack({ id });
  assert.deepEqual(sent.map(({ value }) => value?.id), ["a", "b", "c", "d"]);
});

test("sends: an error after a repeat may have been delivered", async () => {
  const { world, hub, first } = await opened();
  const sent = outcome(hub.send("s2", 1, { id: "x" }));
  await world.pass(0);
  await first.drop();
  await world.pass(SECOND);
  await world.socket.accept();
  await world.socket.receive({ type: "error", code: "forbidden", message: "", id: "x" });
  assert.deepEqual([sent.error.code, sent.error.maybeDelivered], ["forbidden", true]);
});

test("sends: a socket that is closing drops what is sent on it: it is given up, and the send goes on the next", async () => {
  const { world, hub, first } = await opened();
  first.readyState = 2;
  const sent = outcome(hub.send("s2", 1));
  await world.pass(0);
  assert.equal(hub.state, "waiting");
  await world.pass(SECOND);
  await world.socket.accept();
  await world.socket.receive({ type: "error", code: "forbidden", message: "", id: world.socket.sent[0].id });
  assert.equal(sent.error.maybeDelivered, false);
});

for (const [code, why] of [["not_connected", "again"], ["expired", "expiring"]]) {
  test(`sends: ${code} is not final: the socket is given up, and the send goes again`, async () => {
    const whys = [];
    const { world, hub, first } = await opened({ token: (reason) => (whys.push(reason), "opaque") });
    const sent = outcome(hub.send("s2", 1, { id: "x" }));
    await world.pass(0);
    await first.receive({ type: "error", code, message: "", id: "x" });
    assert.equal(first.isGivenUp, true);
    await world.pass(SECOND);
    await world.socket.accept();
    assert.equal(world.socket.sent[0].id, "x");
    await world.socket.receive({ type: "error", code: "forbidden", message: "", id: "x" });
    assert.equal(sent.error.maybeDelivered, false);
    assert.deepEqual(whys, ["first", why]);
  });
}

test("sends: rate_limited goes again after retry_after_ms, until the timeout", async () => {
  const { world, hub, first } = await opened();
  const sent = outcome(hub.send("s2", 1, { id: "x", timeout: 10 * SECOND }));
  await world.pass(0);
  const refuse = () => first.receive({ type: "error", code: "rate_limited", message: "", id: "x", retry_after_ms: 3_000 });
  await refuse();
  await world.pass(2_999);
  assert.equal(first.of("sendMessage").length, 1);
  await world.pass(1);
  assert.equal(first.of("sendMessage").length, 2);
  await refuse();
  await world.pass(3_000);
  await refuse();
  await world.pass(3_000);
  await refuse();
  await world.pass(1_000);
  assert.deepEqual([sent.error.code, sent.error.maybeDelivered], ["lost", false]);
  await world.pass(MINUTE);
  assert.equal(first.of("sendMessage").length, 4);
});

test("sends: a pause ends after a reconnect, not before", async () => {
  const { world, hub, first } = await opened();
  outcome(hub.send("s2", 1, { id: "x" }));
  await world.pass(0);
  await first.receive({ type: "error", code: "rate_limited", message: "", id: "x", retry_after_ms: 3_000 });
  await first.drop();
  await world.pass(SECOND);
  await world.socket.accept();
  assert.equal(world.socket.of("sendMessage").length, 0);
  await world.pass(2 * SECOND);
  assert.equal(world.socket.of("sendMessage").length, 1);
});

test("sends: aborted while it waits, and while it is out", async () => {
  const waiting = new AbortController();
  const { world, hub } = start();
  const early = outcome(hub.send("s2", 1, { signal: waiting.signal }));
  waiting.abort();
  await world.pass(0);
  assert.deepEqual([early.error.code, early.error.maybeDelivered], ["aborted", false]);
  await world.socket.accept();
  assert.equal(world.socket.sent.length, 0);
  const out = new AbortController();
  const late = outcome(hub.send("s2", 1, { signal: out.signal }));
  await world.pass(0);
  out.abort();
  await world.pass(0);
  assert.deepEqual([late.error.code, late.error.maybeDelivered], ["aborted", true]);
  await world.socket.ack(world.socket.sent[0]);
});

test("sends: the queue is full at so many messages or bytes, while not open", async () => {
  const { world, hub } = start({ queue: { messages: 2, bytes: 1_000 } });
  const sent = ["x", "y".repeat(880), "z"].map((text) => outcome(hub.send("s2", text)));
  await world.pass(0);
  assert.deepEqual(sent.map(({ error }) => error?.code), [undefined, "queue_full", undefined]);
  const third = outcome(hub.send("s2", "w"));
  await world.pass(0);
  assert.deepEqual([third.error.code, third.error.maybeDelivered], ["queue_full", false]);
  await world.socket.accept();
  for (let i = 0; i < 5; i++) hub.send("s2", i).catch(() => {});
  await world.pass(0);
  assert.equal(world.socket.sent.length, 7);
});

test("sends: the default queue holds 100 messages", async () => {
  const { world, hub } = start();
  const sent = Array.from({ length: 101 }, (_, i) => outcome(hub.send("s2", i)));
  await world.pass(0);
  assert.deepEqual([sent[99].error, sent[100].error.code], [undefined, "queue_full"]);
});

test("sends: close() settles everything, and nothing is left", async () => {
  const { world, hub, log, first } = await opened({ history: true });
  const sent = outcome(hub.send("s2", 1));
  const asked = outcome(hub.who("s2"));
  const synced = outcome(hub.sync());
  await world.pass(0);
  hub.close();
  hub.close();
  await world.pass(0);
  assert.deepEqual([sent.error.code, sent.error.maybeDelivered], ["closed", true]);
  assert.deepEqual([asked.error.code, asked.error.maybeDelivered, synced.error.code], ["closed", false, "closed"]);
  assert.deepEqual([first.isGivenUp, first.code, world.timers, world.listeners], [true, 1000, [], []]);
  assert.deepEqual([hub.state, log.states.filter((event) => event.state === "closed").length], ["closed", 1]);
});

test("sends: close() in every state leaves no timer and opens no socket", async () => {
  const steps = [
    (world) => world.pass(0),
    (world) => world.socket.accept(),
    (world) => world.socket.resumed(),
    (world) => world.pass(MINUTE),
    (world) => world.socket.drop(),
    (world) => world.pass(SECOND),
  ];
  for (let count = 0; count <= steps.length; count++) {
    const { world, hub } = start({ history: true, token: async () => "opaque", timing: { lifetime: [MINUTE, MINUTE] } });
    for (const step of steps.slice(0, count)) await step(world);
    const { length } = world.sockets;
    hub.close();
    await world.pass(HOUR);
    assert.deepEqual([world.timers, world.live, world.sockets.length, hub.state], [[], [], length, "closed"]);
  }
});

test("sends: who", async () => {
  const { world, hub, first } = await opened();
  const asked = outcome(hub.who(["s1", "s2"]));
  await world.pass(0);
  assert.deepEqual(first.sent[0], { action: "who", id: first.sent[0].id, sessions: ["s1", "s2"] });
  await first.ack(first.sent[0]); // not the answer to a question
  assert.deepEqual(asked, {});
  await first.receive({ type: "who", id: first.sent[0].id, online: { s1: 2 }, offline: ["s2"] });
  assert.deepEqual([asked.value.online, asked.value.offline], [{ s1: 2 }, ["s2"]]);
});

// ---- Refusals

test("refusals: two closes without an open in a row, once for each such pair", async () => {
  const whys = [];
  const world = new World();
  world.onConnect = (socket) => world.plan(20, () => socket.drop());
  start({ token: (why) => (whys.push(why), "opaque") }, world);
  await world.pass(2 * MINUTE);
  assert.deepEqual(whys.slice(0, 7), ["first", "again", "refused", "again", "refused", "again", "refused"]);
});

test("refusals: an open between them, and they are not in a row", async () => {
  const whys = [];
  const { world, log } = start({ token: (why) => (whys.push(why), "opaque") });
  await world.pass(0);
  for (const opens of [false, true, false, true, false]) {
    if (opens) await world.socket.accept();
    await world.socket.drop();
    await world.pass(log.states.at(-1).retryIn);
  }
  assert.deepEqual(new Set(whys.slice(1)), new Set(["again"]));
});

test("refusals: closing without reconnect closes for good", async () => {
  const { world, hub, first, log } = await opened();
  const frame = { type: "closing", reconnect: false, reason: "signed out" };
  await first.receive(frame);
  await world.pass(HOUR);
  assert.deepEqual([hub.state, log.closings, world.sockets.length, world.timers], ["closed", [frame], 1, []]);
});

test("refusals: closing with reconnect connects at once, and the state stays open", async () => {
  const { world, hub, first, log } = await opened();
  await first.receive({ type: "closing", reconnect: true });
  assert.equal(world.live.length, 2);
  await first.drop(1000);
  hub.send("s2", "between").catch(() => {});
  await world.pass(SECOND);
  await world.socket.accept();
  assert.deepEqual(log.states.slice(1), [{ state: "open", switched: true }]);
  assert.equal(world.socket.sent[0].message, "between");
});

test("refusals: closing with reconnect, and the state stays open until that attempt fails", async () => {
  const { world, hub, first, log } = await opened();
  await first.receive({ type: "closing", reconnect: true });
  await first.drop(1000);
  assert.equal(hub.state, "open");
  await world.socket.drop();
  assert.deepEqual(states(log), ["open", "waiting"]);
});

test("refusals: closing is one failure, however often it is said", async () => {
  const { world, log } = start();
  await world.pass(0);
  await world.socket.drop();
  await world.pass(SECOND);
  await world.socket.accept();
  for (let i = 0; i < 3; i++) await world.socket.receive({ type: "closing", reconnect: true });
  await world.socket.drop(1000);
  assert.equal(log.states.at(-1).failures, 3);
});

test("refusals: a server that says closing again and again gets no storm", async () => {
  const world = new World();
  world.onConnect = (socket) =>
    world.plan(20, async () => {
      await socket.accept();
      for (let i = 0; i < 3; i++) await socket.receive({ type: "closing", reconnect: true });
      await socket.drop(1000);
    });
  const { hub } = start({}, world);
  await world.pass(10 * MINUTE);
  assert.ok(world.sockets.length < 60, `${world.sockets.length} attempts`);
  hub.close();
});

// ---- Frames that are not the hub's

for (const frame of [{ message: "Too Many Requests", connectionId: "c", requestId: "r", id: "x" }, "nonsense", "null", "[1]", '"ack"', "{}"]) {
  test(`gateway: ${JSON.stringify(frame)} is an event, and no answer`, async () => {
    const { world, hub, first, log } = await opened();
    const sent = outcome(hub.send("s2", 1, { id: "x" }));
    await world.pass(0);
    await first.receive(frame);
    assert.deepEqual([log.errors[0].code, log.errors[0].requestId, sent], ["gateway", frame.requestId, {}]);
    if (frame.message) assert.equal(log.errors[0].message, frame.message);
    await first.ack({ id: "x" });
    assert.equal(sent.value.id, "x");
  });
}

test("gateway: a type of a later version is ignored", async () => {
  const { first, log } = await opened();
  await first.receive({ type: "weather", temperature: 21 });
  assert.deepEqual(log.errors, []);
});

// ---- No history there

for (const code of ["no_history", "unknown_action"]) {
  test(`no history: ${code} is one event, and on without`, async () => {
    const { world, hub, log } = start({ history: true });
    const synced = outcome(hub.sync());
    await world.pass(0);
    await world.socket.accept();
    await world.socket.receive(message(0, "typing"));
    await world.socket.receive(message(10, "later"));
    await world.socket.receive(message(9, "sooner"));
    await world.socket.receive({ type: "error", code, message: "", id: world.socket.sent[0].id });
    assert.deepEqual([hub.state, log.errors.map((error) => error.code), hub.position], ["open", [code], undefined]);
    assert.deepEqual(ids(log), ["typing", "sooner", "later"]);
    assert.equal(synced.error.code, "no_history");
    await world.socket.receive(message(8));
    await world.socket.receive(message(7));
    assert.equal(log.messages.length, 5);
    await world.socket.drop();
    await world.pass(SECOND);
    await world.socket.accept();
    assert.deepEqual([hub.state, world.socket.of("resume").length, log.errors.length], ["open", 0, 1]);
  });
}

test("no history: a resume that is limited goes again, another error gives the socket up", async () => {
  const { world, hub, log } = start({ history: true });
  await world.pass(0);
  const { socket } = world;
  await socket.accept();
  await socket.receive({ type: "error", code: "rate_limited", message: "", id: socket.sent[0].id, retry_after_ms: 3_000 });
  await world.pass(3_000);
  assert.equal(socket.of("resume").length, 2);
  await socket.receive({ type: "error", code: "internal", message: "", id: socket.sent[1].id });
  assert.deepEqual([socket.isGivenUp, hub.state, log.errors.map((error) => error.code)], [true, "waiting", ["internal"]]);
});

// ---- sync

test("sync: resumes now, and says whether there was a gap", async () => {
  const { world, hub, first, log } = await opened({ history: true });
  const whole = outcome(hub.sync());
  await world.pass(0);
  await first.resumed({ seq: 101, messages: [message(101)] });
  assert.deepEqual([whole, ids(log)], [{ value: true }, ["m101"]]);
  const broken = outcome(hub.sync());
  await world.pass(0);
  await first.resumed({ recovered: false, seq: 200 });
  assert.deepEqual(broken, { value: false });
});

test("sync: a resume under way may be too old, so another follows", async () => {
  const { world, hub, first } = await opened({ history: true });
  const one = outcome(hub.sync());
  await world.pass(0);
  const two = outcome(hub.sync());
  await world.pass(0);
  assert.equal(first.of("resume").length, 2);
  await first.resumed();
  assert.deepEqual([one, two], [{}, {}]);
  await first.resumed();
  assert.deepEqual([one, two], [{ value: true }, { value: true }]);
});

test("sync: without news the socket stays", async () => {
  const { world, hub, first } = await opened({ history: true });
  keepAlive(world);
  const synced = outcome(hub.sync());
  await world.pass(0);
  await first.receive({ type: "resumed", id: "another", session: "s1", recovered: true, seq: 700, more: false, messages: [] });
  assert.deepEqual([synced, hub.position], [{}, 100]);
  await first.resumed();
  await world.pass(MINUTE);
  assert.deepEqual([synced, hub.state, first.isGivenUp], [{ value: true }, "open", false]);
});

test("sync: without a connection it waits for the next", async () => {
  const { world, hub, first } = await opened({ history: true });
  await first.drop();
  const synced = outcome(hub.sync());
  await world.pass(SECOND);
  await world.socket.accept();
  await world.socket.resumed();
  assert.deepEqual(synced, { value: true });
});

test("history: a position goes before the newest messages", async () => {
  const { world } = start({ history: { after: 7, last: 20 } });
  await world.pass(0);
  await world.socket.accept();
  const { after, last } = world.socket.of("resume").at(-1);
  assert.deepEqual({ after, last }, { after: 7, last: undefined });
});

export { runTests as run };

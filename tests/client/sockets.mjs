// The client with Node's own WebSocket and real time, against servers that tests/client/test_sockets.py runs.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";

import { HubError, openHub } from "../../client/hub.js";

const server = process.argv[2];
const timing = { backoff: [20, 100] };

function open(path, options = {}) {
  const hub = openHub({ url: `${server}${path}`, session: "s1", timing, ...options });
  const log = { states: [], messages: [], errors: [] };
  hub.on("state", ({ state }) => log.states.push(state));
  hub.on("message", (frame) => log.messages.push(frame));
  hub.on("error", (error) => log.errors.push(error));
  return { hub, log };
}

const until = async (isTrue) => {
  for (let i = 0; i < 500 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(isTrue(), String(isTrue));
};

const tests = {
  async "a server that works"() {
    const { hub, log } = open("/works");
    const ack = await hub.send("s1", { text: "olá" });
    assert.deepEqual(ack.delivered, { s1: 1 });
    await until(() => log.messages.length === 1);
    assert.deepEqual(log.messages[0].message, { text: "olá" });
    assert.deepEqual((await hub.who("s1")).online, { s1: 1 });
    await hub.close();
    assert.deepEqual(log.states, ["open", "closed"]);
  },

  async "a server that cuts the connection after each message"() {
    const { hub } = open("/cuts");
    const acks = await Promise.all(Array.from({ length: 10 }, (_, i) => hub.send("s2", i, { id: `m${i}` })));
    assert.deepEqual(acks.map((ack) => ack.id), Array.from({ length: 10 }, (_, i) => `m${i}`));
    hub.close();
  },

  async "a server that accepts and closes"() {
    const { hub, log } = open("/closes");
    await until(() => log.states.filter((state) => state === "open").length > 2);
    const sent = hub.send("s2", 1, { timeout: 100 });
    await assert.rejects(sent, (error) => error instanceof HubError && error.code === "lost");
    hub.close();
  },

  async "a server that refuses"() {
    const whys = [];
    const { hub, log } = open("/refuses", { token: (why) => (whys.push(why), "opaque") });
    await until(() => whys.length > 4);
    assert.deepEqual(whys.slice(0, 5), ["first", "again", "refused", "again", "refused"]);
    assert.ok(!log.states.includes("open"));
    hub.close();
  },

  async "a server that answers nonsense"() {
    const { hub, log } = open("/nonsense");
    await until(() => hub.state === "open");
    await assert.rejects(hub.send("s2", 1, { timeout: 2_000 }), { code: "lost", maybeDelivered: true });
    assert.deepEqual([log.errors[0].code, hub.state], ["gateway", "open"]);
    hub.close();
  },

  async "a server that never answers"() {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { hub, log } = open("", { url: `ws://127.0.0.1:${silent.address().port}/`, timing: { ...timing, handshake: 300 } });
    await until(() => log.states.includes("waiting"));
    hub.close();
    silent.close();
  },

  async "no server at all"() {
    const gone = createServer().listen(0, "127.0.0.1");
    await once(gone, "listening");
    const url = `ws://127.0.0.1:${gone.address().port}/`;
    gone.close();
    await once(gone, "close");
    const { hub, log } = open("", { url });
    await until(() => log.states.filter((state) => state === "waiting").length > 2);
    await assert.rejects(hub.send("s2", 1, { timeout: 50 }), { code: "lost", maybeDelivered: false });
    hub.close();
  },
};

for (const [name, run] of Object.entries(tests)) {
  let problem = null;
  await run().catch((error) => (problem = error.stack));
  console.log(JSON.stringify({ name, problem }));
}

// A hub that a failed test has left open would keep the process alive.
process.exit();

// The client in a bad network: one seed, one life of a client, and everything that can go wrong goes wrong.
//
//   node in_node.mjs network.mjs 2000          the seeds 1 to 2000
//   node in_node.mjs network.mjs 17 17         the seed 17 alone, with a log of what happened
//
// The hub of this file numbers and stores messages, posts them to the connections that it knows, and answers. The
// network delays, drops and forgets. Afterwards the network is good for some minutes, and what the client has told is
// compared with what the hub knows.

import * as assert from "./assert.mjs";
import { base64url, record, unhandled, World } from "./world.mjs";

const { openHub } = await import("../../client/hub.js");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const CALM = 20 * MINUTE; // until everything is settled in a good network
const MAX_ATTEMPTS = 40; // within a minute, apart from those that the world asks for

function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Chance {
  constructor(seed) {
    this.next = generator(seed);
  }
  is(probability) {
    return this.next() < probability;
  }
  below(high) {
    return this.next() * high;
  }
  integer(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  of(...values) {
    return values[this.integer(0, values.length - 1)];
  }
}

// ---- The hub

class Hub {
  head = 1_000;
  log = []; // of the session s1: {seq, frame, at}
  connections = new Set();
  processed = new Map(); // id of a client's message → how often it was accepted
  posted = new Set(); // frames that arrived at a socket that the client used

  constructor(life) {
    Object.assign(this, { life, world: life.world, chance: life.chance });
  }

  // A message for the session s1, from anybody.
  publish({ id, from, store = true, except }) {
    const frame = { type: "message", id, session: "s1", from, sent_at: "2026-11-22T21:30:00.123Z", message: id };
    let seq;
    if (this.life.history && store) {
      seq = frame.seq = ++this.head;
      this.log.push({ seq, frame, at: this.world.now });
      // A sender that died: nobody will use the number. A question seals it.
      if (!this.life.isCalm && this.chance.is(0.05)) this.head++;
    }
    for (const connection of this.connections) if (connection !== except) this.post(connection, frame);
    return seq;
  }

  post(connection, frame) {
    const { chance, life } = this;
    if (connection.expiresAt < this.world.now) return;
    const isLost = life.history && !life.isCalm && chance.is(life.loss);
    if (isLost) return;
    const times = !life.isCalm && chance.is(0.1) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      const delay = life.isCalm ? 20 : chance.of(0, 5, 20, chance.below(2_000)); // posts overtake one another
      this.world.plan(delay, () => connection.deliver(frame));
    }
  }

  page(connection, { id, after, last }) {
    const alive = this.log.filter(({ at }) => at > this.world.now - this.life.retention);
    const page = { type: "resumed", id, session: "s1", seq: this.head, more: false, messages: [] };
    let entries = [];
    if (last !== undefined) entries = alive.filter(({ seq }) => seq > this.head - last);
    if (after !== undefined) {
      const lost = this.log.length - alive.length;
      const newestLost = lost ? this.log[lost - 1].seq : 1_000;
      page.recovered = after <= this.head && after >= newestLost;
      if (page.recovered) entries = alive.filter(({ seq }) => seq > after);
    }
    const room = this.chance.of(1, 3, 100);
    if (entries.length > room) {
      entries = entries.slice(0, room);
      page.more = true;
      page.seq = entries.at(-1).seq;
    }
    page.messages = entries.map(({ frame }) => frame);
    return page;
  }

  answer(connection, frame) {
    const { chance, life } = this;
    const { action, id } = frame;
    const error = (code, more) => connection.answer({ type: "error", code, message: code, id, ...more });
    if (action === "ping") return connection.answer({ type: "pong" });
    if (!life.isCalm && chance.is(0.05)) return connection.answer({ message: "Internal server error", requestId: "r" });
    if (connection.expiresAt < this.world.now) return error("expired");
    if (!life.isCalm && chance.is(0.08)) {
      const code = chance.of("rate_limited", "not_connected", "internal", "forbidden", "no type at all");
      if (code === "rate_limited") return error(code, { retry_after_ms: chance.integer(1, 5_000) });
      if (code === "not_connected" || code === "internal") return error(code);
      if (code === "forbidden" && action !== "resume") return error(code);
      return connection.answer(chance.of({}, "nonsense", { type: "resumed", id }, { type: "ack" }, null));
    }
    if (action === "resume") {
      if (!life.history) return error("no_history");
      return connection.answer(this.page(connection, frame));
    }
    if (action === "who") return connection.answer({ type: "who", id, online: { s1: 1 }, offline: [] });
    this.processed.set(id, (this.processed.get(id) ?? 0) + 1);
    const ack = { type: "ack", id, delivered: {}, offline: [], failed: {} };
    if (frame.sessions.includes("s1")) {
      const seq = this.publish({ id, from: "s1", store: frame.store, except: frame.echo === false ? connection : null });
      if (seq) ack.seq = { s1: seq };
    }
    if (!life.isCalm && chance.is(0.05)) return connection.answer({ message: "Endpoint request timed out", requestId: "r" });
    if (!life.isCalm && chance.is(0.03)) return error("internal");
    connection.answer(ack);
  }
}

// ---- A connection, from the network's side

class Wire {
  isDead = false; // half open: nothing gets through, and nobody is told
  expiresAt = Infinity;

  constructor(life, socket) {
    Object.assign(this, { life, socket, hub: life.hub, world: life.world, chance: life.chance });
    const { chance } = this;
    this.downAt = this.upAt = this.world.now;
    socket.onSent = (frame) => this.up(() => this.hub.answer(this, frame));
    socket.onGivenUp = () => this.up(() => this.end());
    const bearer = socket.protocols[1];
    if (bearer) this.expiresAt = JSON.parse(atob(bearer.split(".")[2])).exp * 1_000;

    const fate = life.isCalm ? "accept" : chance.of("accept", "accept", "accept", "accept", "refuse", "silence");
    const delay = life.isCalm ? 20 : chance.of(5, 50, chance.below(8_000));
    if (fate === "silence") return;
    this.world.plan(delay, () => {
      if (socket.isGivenUp) return;
      if (fate === "refuse" || this.expiresAt < this.world.now) return socket.drop();
      this.hub.connections.add(this);
      this.world.plan(2 * HOUR, () => this.cut());
      return socket.accept();
    });
  }

  delay() {
    return this.life.isCalm ? 20 : this.chance.of(5, 5, 50, this.chance.below(3_000));
  }

  // A socket keeps the order, in each direction.
  up(run) {
    this.upAt = Math.max(this.upAt, this.world.now + this.delay());
    this.world.plan(this.upAt - this.world.now, () => this.isDead || run());
  }

  answer(frame) {
    this.world.plan(this.life.isCalm ? 20 : this.chance.of(0, 10, this.chance.below(5_000)), () => this.deliver(frame));
  }

  deliver(frame) {
    this.downAt = Math.max(this.downAt, this.world.now + this.delay());
    this.world.plan(this.downAt - this.world.now, () => {
      if (this.isDead || this.socket.readyState !== 1) return null;
      if (frame?.type === "message") this.hub.posted.add(`${frame.from} ${frame.id}`);
      return this.socket.receive(frame);
    });
  }

  end() {
    this.hub.connections.delete(this);
  }

  // The connection ends, and both sides hear of it.
  cut() {
    this.end();
    if (this.isDead || this.socket.isGivenUp) return null;
    return this.socket.drop(1001);
  }

  // The connection ends, and the client does not hear of it.
  die(hubKnows) {
    this.isDead = true;
    if (hubKnows) this.end();
  }
}

// ---- One life of a client

class Life {
  isCalm = false;
  most = 0; // sockets at once
  pushes = []; // moments at which the world asked for an attempt
  attempts = [];
  sends = [];
  counts = { messages: 0, acked: 0, failed: 0, gaps: 0, switches: 0 };

  constructor(seed, tell) {
    const chance = (this.chance = new Chance(seed));
    this.tell = tell;
    this.world = new World();
    this.world.random = chance.next;
    this.history = chance.is(0.7);
    this.loss = chance.of(0, 0.1, 0.5);
    this.retention = chance.of(30 * SECOND, 10 * MINUTE, 24 * HOUR);
    this.tokenLife = chance.of(0, 0, 20 * SECOND, 5 * MINUTE, HOUR);
    this.handlersThrow = chance.is(0.3);
    this.duration = chance.of(10 * SECOND, 2 * MINUTE, 10 * MINUTE, 3 * HOUR);
    this.world.coarse = chance.is(0.2) ? MINUTE : 0;
    if (chance.is(0.1)) this.world.skew = chance.of(-1, 1) * chance.below(HOUR);
    this.hub = new Hub(this);
    this.world.onConnect = (socket) => {
      this.attempts.push(this.world.now);
      new Wire(this, socket);
      this.most = Math.max(this.most, this.world.live.length); // the client would catch an error here
    };
  }

  options() {
    const { chance, world } = this;
    const history = this.history && chance.of(true, true, { last: chance.integer(1, 5) }, { after: 1_000 });
    this.began = history;
    const token = () => {
      this.attempts.push(world.now);
      const luck = this.isCalm ? 1 : chance.next();
      if (luck < 0.05) throw new Error("a token function that throws");
      if (luck < 0.1) return Promise.reject(new Error("a token function that rejects"));
      if (luck < 0.13) return new Promise(() => {});
      if (luck < 0.15) return undefined;
      if (luck < 0.16) world.plan(0, () => this.close());
      const claims = { session_id: "s1", exp: Math.floor((world.now + (this.isCalm ? HOUR : this.tokenLife)) / 1_000) };
      const made = `e30.${base64url(JSON.stringify(claims))}.c2ln`;
      return luck < 0.5 ? made : new Promise((resolve) => world.plan(chance.below(4_000), () => resolve(made)));
    };
    const timing = chance.is(0.5) ? { lifetime: [MINUTE, 5 * MINUTE] } : {};
    return { url: "wss://hub.example/prod", session: "s1", history, timing, ...(this.tokenLife && { token }) };
  }

  start() {
    this.client = openHub(this.options());
    this.log = record(this.client);
    this.client.on("message", (frame) => {
      this.counts.messages++;
      this.tell("message", frame.id, frame.seq);
      assert.notEqual(this.client.state, "closed");
      if (this.chance.is(0.02)) this.send();
      if (this.handlersThrow && this.chance.is(0.3)) throw new Error("a handler that throws");
      if (!this.isCalm && this.chance.is(0.001)) this.close();
    });
    this.client.on("state", (event) => {
      this.tell("state", JSON.stringify(event));
      if (event.switched) this.counts.switches++;
      if (this.handlersThrow && this.chance.is(0.3)) throw new Error("a handler that throws");
    });
    this.client.on("gap", (gap) => this.tell("gap", JSON.stringify(gap)));
    this.client.on("error", (error) => this.tell("error", error.code, error.message));
  }

  send() {
    const { chance, world } = this;
    const id = `c${this.sends.length}`;
    const controller = chance.is(0.1) ? new AbortController() : undefined;
    const options = { id, signal: controller?.signal, timeout: chance.of(undefined, undefined, 100, 5_000, HOUR) };
    if (chance.is(0.3)) options.echo = false;
    if (chance.is(0.1)) options.store = false;
    const send = { id, options, settled: 0, at: world.now };
    this.sends.push(send);
    this.tell("send", id, JSON.stringify(options));
    const settle = (result) => {
      send.settled++;
      Object.assign(send, result, { settledAt: world.now });
      this.tell("settled", id, result.ack ? "ack" : `${result.error.code} ${result.error.maybeDelivered}`);
      this.judge(send);
    };
    this.client.send(chance.of("s1", "s2", ["s1", "s2"]), id, options).then((ack) => settle({ ack }), (error) => settle({ error }));
    if (controller) world.plan(chance.below(3_000), () => controller.abort());
    if (chance.is(0.1)) this.client.who("s2").then(() => {}, () => {});
    if (chance.is(0.1)) this.client.sync().then(() => {}, () => {});
  }

  judge({ id, ack, error }) {
    const times = this.hub.processed.get(id) ?? 0;
    if (ack) assert.ok(times > 0 && ack.id === id, `${id}: an ack for nothing`);
    else if (!error.maybeDelivered) assert.equal(times, 0, `${id}: "not delivered", but it was`);
    // What was not sent then is not sent later.
    if (error && !error.maybeDelivered) this.never = [...(this.never ?? []), id];
  }

  close() {
    if (this.client.state === "closed") return;
    this.tell("close()");
    this.client.close();
  }

  // One thing that happens.
  happen() {
    const { chance, world, hub } = this;
    const wire = chance.of(...hub.connections);
    switch (chance.integer(0, 15)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.send();
      case 4:
      case 5:
      case 6:
      case 7:
      case 8: {
        const count = chance.of(1, 1, 3, 10);
        for (let i = 0; i < count; i++) hub.publish({ id: `p${chance.integer(0, 1_000_000)}`, from: chance.of("s9", "#orders"), store: !chance.is(0.1) });
        return;
      }
      case 9: // sent again by its sender: another number, the same id
        if (hub.log.length) {
          const { frame } = hub.log.at(-1);
          if (frame.from !== "s1") hub.publish(frame);
        }
        return;
      case 10:
        return wire?.cut();
      case 11:
        this.tell("half open");
        return wire?.die(chance.is(0.5));
      case 12:
        if (!chance.is(0.3)) return;
        this.tell("closing");
        this.pushes.push(world.now);
        return wire?.deliver({ type: "closing", reconnect: true });
      case 13: {
        const ms = chance.of(5 * SECOND, 2 * MINUTE, 3 * HOUR);
        this.tell("sleep", ms);
        for (const each of [...hub.connections]) each.die(chance.is(0.8));
        world.sleep(ms);
        this.pushes.push(world.now, world.now, world.now);
        if (chance.is(0.3)) hub.publish({ id: `p${chance.integer(0, 1_000_000)}`, from: "s9" });
        return chance.is(0.7) ? world.fire(chance.of("visibilitychange", "resume", "online")) : null;
      }
      case 14: {
        const type = chance.of("visibilitychange", "online", "resume", "pageshow", "pagehide");
        this.tell(type);
        this.pushes.push(world.now);
        if (type === "pagehide") world.plan(chance.below(MINUTE), () => world.fire("pageshow"));
        return world.fire(type);
      }
      case 15:
        if (chance.is(0.01)) this.close();
    }
  }

  async run() {
    this.start();
    const end = this.world.now + this.duration;
    const events = this.chance.integer(5, 60);
    for (let i = 0; i < events && this.world.now < end && this.client.state !== "closed"; i++) {
      await this.world.pass(this.chance.of(0, 10, this.chance.below(SECOND), this.chance.below((2 * this.duration) / events)));
      await this.happen();
    }
    await this.calm();
    this.check();
    await this.checkClosed();
  }

  // A good network, and a question for what is missing.
  async calm() {
    if (this.client.state === "closed") return;
    this.tell("calm");
    this.isCalm = true;
    // With a wrong clock the client cannot know that its token has ended, and hears it only when it sends.
    if (this.world.skew) for (const wire of [...this.hub.connections]) await wire.cut();
    this.world.skew = 0;
    await this.world.fire("pageshow");
    await this.world.pass(CALM);
    this.hub.publish({ id: "last", from: "s9" });
    await this.world.pass(5 * MINUTE);
    if (this.client.state === "closed") return;
    assert.equal(this.client.state, "open", "the client is not open in a good network");
    this.isWhole = true;
  }

  check() {
    for (const send of this.sends) {
      const { timeout = 30 * SECOND } = send.options;
      const isDue = this.client.state === "closed" || timeout <= CALM;
      if (isDue) assert.equal(send.settled, 1, `${send.id} was settled ${send.settled} times`);
      else assert.ok(send.settled <= 1);
    }
    for (const id of this.never ?? []) assert.equal(this.hub.processed.get(id) ?? 0, 0, `${id}: sent after it was settled`);
    this.checkMessages();
    this.checkAttempts();
    assert.ok(this.most <= 2, `${this.most} sockets at once`);
    assert.deepEqual(unhandled, []);
    if (!this.handlersThrow) assert.deepEqual(this.world.reported, []);
    assert.deepEqual(this.world.reported.filter((error) => error.message !== "a handler that throws"), []);
  }

  checkMessages() {
    const { messages, gaps } = this.log;
    const keys = messages.map(({ from, id }) => `${from} ${id}`);
    assert.equal(new Set(keys).size, keys.length, "a message was handed on twice");
    const muted = new Set(this.sends.filter(({ options }) => options.echo === false).map(({ id }) => `s1 ${id}`));
    for (const key of keys) assert.ok(!muted.has(key), `${key}: echo false`);
    if (!this.history) {
      // What arrived at a socket that was in use has been handed on.
      const got = new Set(keys);
      for (const key of this.hub.posted) assert.ok(got.has(key) || muted.has(key), `${key} arrived, and was not handed on`);
      if (this.isWhole) assert.ok(got.has("s9 last"), "a message in a good network is missing");
      return;
    }
    const numbers = messages.filter(({ seq }) => seq).map(({ seq }) => seq);
    assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b), "not in the order of seq");
    if (!this.isWhole) return;
    assert.equal(this.client.position, this.hub.head, "the client is not at the head");
    const handedOn = new Set(keys);
    const first = this.began.after !== undefined ? this.began.after + 1 : (numbers[0] ?? Infinity);
    for (const { seq, frame } of this.hub.log) {
      const key = `${frame.from} ${frame.id}`;
      const isTold = gaps.some(({ from, to }) => from <= seq && seq <= to);
      assert.ok(seq < first || handedOn.has(key) || muted.has(key) || isTold, `${seq} is missing, and nobody was told`);
    }
    assert.ok(handedOn.has("s9 last"), "the last message is missing");
  }

  // The world's pushes and each connection that worked allow attempts without a wait.
  checkAttempts() {
    const { attempts, pushes } = this;
    for (let i = 0; i < attempts.length; i++) {
      const end = attempts[i] + MINUTE;
      const count = attempts.filter((at) => at >= attempts[i] && at < end).length;
      const allowed = pushes.filter((at) => at >= attempts[i] - MINUTE && at < end).length;
      assert.ok(count <= MAX_ATTEMPTS + 4 * allowed, `${count} attempts in a minute, ${allowed} asked for`);
    }
  }

  async checkClosed() {
    const before = this.log.messages.length;
    const late = this.hub.connections.size;
    this.close();
    for (const wire of this.hub.connections) wire.socket.receive({ type: "message", id: `after ${late}`, session: "s1", from: "s9", seq: 9e9 });
    assert.deepEqual(this.world.timers, [], "a timer is left after close()");
    assert.deepEqual(this.world.listeners, [], "a listener is left after close()");
    assert.equal(this.world.live.length, 0, "a socket is left after close()");
    const { length } = this.world.sockets;
    await this.world.pass(0);
    for (const send of this.sends) assert.equal(send.settled, 1, `${send.id} was settled ${send.settled} times`);
    await this.world.pass(10 * MINUTE);
    assert.equal(this.world.sockets.length, length, "a socket was opened after close()");
    assert.deepEqual(this.world.timers, [], "a timer was started after close()");
    assert.equal(this.log.messages.length, before, "a message was handed on after close()");
    assert.deepEqual(unhandled, []);
    this.counts.acked = this.sends.filter(({ ack }) => ack).length;
    this.counts.failed = this.sends.length - this.counts.acked;
    this.counts.gaps = this.log.gaps.length;
  }
}

export async function* run(...range) {
  const [low, high] = range.length > 1 ? range.map(Number) : [1, Number(range[0] ?? 1_000)];
  const total = {};
  for (let seed = low; seed <= high; seed++) {
    let begin;
    const tell = (...what) => low === high && console.error((life.world.now - begin) / 1_000, ...what);
    const life = new Life(seed, tell);
    begin = life.world.now;
    try {
      await life.run();
    } catch (error) {
      return yield { seed, problem: error.stack };
    }
    for (const [name, count] of Object.entries(life.counts)) total[name] = (total[name] ?? 0) + count;
  }
  yield { seeds: high - low + 1, ...total };
}

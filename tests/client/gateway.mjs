// What a window of tests/support/windows.py does. The gateway serves the client as /hub.js.

import { openHub } from "/hub.js";

const TIMING = { backoff: [50, 300], settle: 300, gap: 100 };
const AT_ONCE = 10;

// Returns a window's record of what happens. What it has received stays after a reload, as on a page that stores it.
export function open({ url, session, isKept, timing }) {
  const received = kept();
  const position = sessionStorage.getItem("position");
  const record = { received, states: [], gaps: [], errors: [], acks: [], failures: [], caughtUp: 0, repeats: 0 };
  const after = position === null ? undefined : Number(position);
  const history = isKept && (after === undefined ? true : { after });
  const hub = openHub({ url, session, history, timing: { ...TIMING, ...timing } });
  // A reload forgets which ids the client has seen. What is sent again has a new number, so the page looks itself.
  const before = new Set(received.map(({ id }) => id));
  hub.on("message", ({ id, seq, message }, caughtUp) => {
    if (before.has(id) && seq > after) return void record.repeats++;
    keep(received, { id, seq, message });
    record.caughtUp += caughtUp;
    if (isKept) sessionStorage.setItem("position", hub.position);
  });
  hub.on("state", ({ state, switched }) => {
    record.states.push(switched ? "switched" : state);
    if (state === "open" && isKept) sessionStorage.setItem("position", hub.position);
  });
  hub.on("gap", (gap) => record.gaps.push(gap));
  hub.on("error", ({ code }) => code === "no_history" || record.errors.push(code));
  return { hub, record };
}

// Each message has an item of its own, so that a thousand messages are not written again with each one.
function keep(received, message) {
  sessionStorage.setItem(`message ${received.length}`, JSON.stringify(message));
  received.push(message);
}

function kept() {
  const received = [];
  for (let item; (item = sessionStorage.getItem(`message ${received.length}`)); ) received.push(JSON.parse(item));
  return received;
}

// Sends messages, some milliseconds apart. At most AT_ONCE of them wait for an ack.
export async function talk({ hub, record }, to, count, pause) {
  const waiting = new Set();
  for (let i = 0; i < count; i++) {
    const message = `${hub.session} ${i}`;
    const send = hub
      .send(to, message, { timeout: 60_000 })
      .then((ack) => record.acks.push({ message, delivered: ack.delivered[to] ?? 0 }))
      .catch(({ code }) => record.failures.push(code))
      .finally(() => waiting.delete(send));
    waiting.add(send);
    await new Promise((resolve) => setTimeout(resolve, pause));
    while (waiting.size >= AT_ONCE) await Promise.race(waiting);
  }
  await Promise.all(waiting);
}

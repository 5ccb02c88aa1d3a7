// What a page of tests/client/test_gateway.py does. The gateway serves the client as /hub.js.

import { openHub } from "/hub.js";

const TIMING = { backoff: [50, 300], settle: 300, gap: 100 };
const KEPT = "received";
const AT_ONCE = 20;

// Returns a window's record of what happens. What it has received stays after a reload, as on a page that stores it.
export function open({ url, session, isKept, timing }) {
  const received = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  const position = sessionStorage.getItem("position");
  const record = { received, states: [], gaps: [], errors: [], acks: [], failures: [], caughtUp: 0, repeats: 0 };
  const after = position === null ? undefined : Number(position);
  const history = isKept && (after === undefined ? true : { after });
  const hub = openHub({ url, session, history, timing: { ...TIMING, ...timing } });
  // A reload forgets which ids the client has seen. What is sent again has a new number, so the page looks itself.
  const before = new Set(received.map(({ id }) => id));
  hub.on("message", ({ id, seq, message }, caughtUp) => {
    if (before.has(id) && seq > after) return void record.repeats++;
    received.push({ id, seq, message });
    record.caughtUp += caughtUp;
    sessionStorage.setItem(KEPT, JSON.stringify(received));
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

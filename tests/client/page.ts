// How a page uses the types. tests/client/test_package.py has TypeScript check it: each line after an expected error has one.

import { type Ack, type ErrorCode, type Frame, type Hub, HubError, openHub, type State, type Timing, type Why } from "./hub.js";

type Chat = { text: string };

const timing: Partial<Timing> = { backoff: [100, 1_000] };
const token = async (why: Why): Promise<string> => (why === "refused" ? "new" : "old");
const hub: Hub<Chat> = openHub<Chat>({ url: "wss://hub.example/prod", session: "s1", token, history: { after: 7 }, timing });
const state: State = hub.state;
const position: number | undefined = hub.position;
const stop: () => void = hub.on("message", (frame: Frame<Chat>, caughtUp: boolean) => console.log(frame.message.text, caughtUp));
hub.on("state", ({ state, retryIn, failures, switched }) => console.log(state, retryIn, failures, switched));
hub.on("gap", ({ from, to }) => console.log(to - from));
hub.on("closing", ({ reconnect, reason }) => console.log(reconnect, reason));
hub.on("error", (error) => console.log(error.code, error.field, error.retryAfterMs, error.requestId, error.cause));

export async function talk(signal: AbortSignal): Promise<ErrorCode | string> {
  try {
    const ack: Ack = await hub.send(["s2"], { text: "hello" }, { id: "x", echo: false, store: false, timeout: 1_000, signal });
    const { online, offline } = await hub.who("s2", { timeout: 1_000 });
    const whole: boolean = await hub.sync();
    return `${ack.delivered["s2"]} ${ack.seq?.["s1"]} ${online["s2"]} ${offline.length} ${whole} ${state} ${position}`;
  } catch (error) {
    if (error instanceof HubError && error.maybeDelivered) return error.code;
    throw error;
  } finally {
    stop();
    hub.close();
  }
}

// @ts-expect-error a url is needed
openHub({ session: "s1" });
// @ts-expect-error a token is a text
openHub({ url: "wss://hub.example", token: 7 });
// @ts-expect-error there is no such timing
openHub({ url: "wss://hub.example", timing: { acks: 1 } });
// @ts-expect-error there is no such event
hub.on("mesage", () => {});
// @ts-expect-error a message has what the page says it has
hub.on("message", (frame) => frame.message.txt);
// @ts-expect-error the state is the hub's
hub.state = "open";

// A client of hub.v1, as small as it can be. Nothing here knows the page.

export const SESSION_ID = /^[A-Za-z0-9._:@-]{1,128}$/;

// A browser sends a message as one frame, and API Gateway closes on a frame over 32 KB.
export const MAX_FRAME_BYTES = 32 * 1024;

// API Gateway closes a connection after ten minutes without a message; it answers ping by itself.
const PING_EVERY = 5 * 60 * 1000;

export function targetOf(url, session) {
  const target = new URL(url);
  if (session) target.searchParams.set("session_id", session);
  return target;
}

export class Hub extends EventTarget {
  // Events: "open"; "frame" with detail {frame, text}; "close" with detail {code, reason, opened}.
  // A browser cannot set headers on a WebSocket, so a token travels as a subprotocol; the hub selects hub.v1.
  constructor(url, session, token) {
    super();
    this.target = targetOf(url, session);
    this.socket = new WebSocket(this.target, token ? ["hub.v1", `bearer.${token}`] : ["hub.v1"]);
    let opened = false;
    let timer;
    this.socket.onopen = () => {
      opened = true;
      timer = setInterval(() => this.send({ action: "ping" }), PING_EVERY);
      this.dispatchEvent(new Event("open"));
    };
    this.socket.onmessage = ({ data }) => {
      this.dispatchEvent(new CustomEvent("frame", { detail: { frame: parse(data), text: data } }));
    };
    this.socket.onclose = ({ code, reason }) => {
      clearInterval(timer);
      this.dispatchEvent(new CustomEvent("close", { detail: { code, reason, opened } }));
    };
  }

  // Returns a sentence that says why the frame was not sent, or null if it was.
  send(frame) {
    const text = JSON.stringify(frame);
    const size = new TextEncoder().encode(text).length;
    if (size > MAX_FRAME_BYTES) {
      return `This frame has ${size} bytes. A browser cannot send more than ${MAX_FRAME_BYTES}: API Gateway would close the connection.`;
    }
    if (this.socket.readyState !== WebSocket.OPEN) return "The connection is not open.";
    this.socket.send(text);
    return null;
  }

  close() {
    this.socket.close(1000);
  }
}

// What a token says, unverified: only the hub can verify it. Returns null if it is not a token.
export function claimsOf(token) {
  const payload = token.split(".")[1] ?? "";
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return claims && typeof claims === "object" ? claims : null;
  } catch {
    return null;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Why did a connection fail? A browser's WebSocket says 1006 and nothing else, so ask the server.
// Returns {kind: "refused" | "unreachable", text}.
export async function explainFailure(target) {
  const http = new URL(target);
  http.protocol = target.protocol === "wss:" ? "https:" : "http:";
  try {
    // Without reading the answer, which another origin would not let us: that there is one says enough.
    await fetch(http, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(5000) });
  } catch {
    return { kind: "unreachable", text: `Nothing answers at ${http.origin}. Is the hub running, and the address right?` };
  }
  const refusal = await localRefusal(http);
  if (refusal) {
    return { kind: "refused", text: `The hub refused the connection with status ${refusal.status}. ${refusal.explanation}` };
  }
  return {
    kind: "refused",
    text:
      `The server at ${http.origin} answers, but did not open the connection. A browser is not told why: ` +
      "it may be the stage at the end of the address, the session id, the token or signature, the page's origin, or a fault of the hub. Its logs say which.",
  };
}

// Only the local gateway knows this address; AWS answers something else.
async function localRefusal(http) {
  if (http.origin !== location.origin) return null;
  try {
    const answer = await fetch(`/_local/refusal?${new URLSearchParams({ target: http.pathname + http.search })}`);
    const refusal = answer.ok ? await answer.json() : null;
    if (!refusal) return null;
    return { status: refusal.status, explanation: parse(refusal.explanation)?.message ?? refusal.explanation };
  } catch {
    return null;
  }
}

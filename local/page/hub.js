// A small client of the protocol hub.v1. It does not depend on the page.

export const SESSION_ID = /^[A-Za-z0-9._:@-]{1,128}$/;

// A browser sends a message as one frame, and API Gateway closes the connection for a frame over 32 KB.
const MAX_FRAME_BYTES = 32 * 1024;

// API Gateway closes a connection after ten minutes without a message. It answers a ping by itself.
const PING_INTERVAL_MS = 5 * 60 * 1000;

export class Hub extends EventTarget {
  // Events: "open"; "frame" with detail {frame, text}; "close" with detail {code, reason, opened}.
  // A browser cannot set headers on a WebSocket, so it offers the token as a subprotocol. The hub selects hub.v1.
  constructor(url, session, token) {
    super();
    this.target = new URL(url);
    if (session) this.target.searchParams.set("session_id", session);
    this.socket = new WebSocket(this.target, token ? ["hub.v1", `bearer.${token}`] : ["hub.v1"]);
    let opened = false;
    let timer;
    this.socket.onopen = () => {
      opened = true;
      timer = setInterval(() => this.send({ action: "ping" }), PING_INTERVAL_MS);
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

  // Sends a frame. Returns null, or a sentence that says why the frame was not sent.
  send(frame) {
    const text = JSON.stringify(frame);
    const size = new TextEncoder().encode(text).length;
    if (size > MAX_FRAME_BYTES) {
      return `This frame has ${size} bytes. A browser cannot send more than ${MAX_FRAME_BYTES}, because API Gateway would close the connection.`;
    }
    if (this.socket.readyState !== WebSocket.OPEN) return "The connection is not open.";
    this.socket.send(text);
    return null;
  }

  close() {
    this.socket.close(1000);
  }
}

// Returns the claims of a token, or null if the text is not a token. Only the hub can verify them.
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

// Finds out why a connection failed: a browser's WebSocket reports code 1006 only, so this asks the server by HTTP.
// Returns {kind: "refused" | "unreachable", text}.
export async function explainFailure(target) {
  const http = new URL(target);
  http.protocol = target.protocol === "wss:" ? "https:" : "http:";
  try {
    // A page of another origin may not read the answer. It is enough to know that there is one.
    await fetch(http, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(5000) });
  } catch {
    return { kind: "unreachable", text: `Nothing answers at ${http.origin}. Is the hub running, and is the address right?` };
  }
  const refusal = await localRefusal(http);
  if (refusal) {
    return { kind: "refused", text: `The hub refused the connection with status ${refusal.status}. ${refusal.explanation}` };
  }
  return {
    kind: "refused",
    text:
      `The server at ${http.origin} answers, but did not open the connection. A browser does not learn why. Check the stage ` +
      "at the end of the address, the session id, the token or signature, and the page's origin. The hub's logs have the reason.",
  };
}

// Asks the local gateway why it refused. Only the local gateway has this address.
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

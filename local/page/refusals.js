// Why a connection failed. A browser's WebSocket reports code 1006 only, so this asks the server by HTTP.

// Returns {kind: "refused" | "unreachable", text}. The target is the URL of the handshake.
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
    return { status: refusal.status, explanation: messageOf(refusal.explanation) };
  } catch {
    return null;
  }
}

function messageOf(explanation) {
  try {
    return JSON.parse(explanation).message ?? explanation;
  } catch {
    return explanation;
  }
}

// The page: two forms and a log, and the code that connects them to a Hub.

import { history } from "/history.js";
import { Hub, SESSION_ID, claimsOf, explainFailure } from "/hub.js";

const $ = (id) => document.getElementById(id);
const MAX_ENTRIES = 500;
let hub = null;
let mode = "";
let sent = 0;
let past = null; // what this window has received of its session's history

const CLOSE_CODES = {
  1000: "The connection was closed.",
  1001: "The hub closed the connection: it was idle for ten minutes, open for two hours, or the hub is stopping.",
  1003: "The hub closed the connection: it accepts text frames only.",
  1009: "The hub closed the connection: the frame was longer than 32 KB, or the message longer than 128 KB.",
};

async function start() {
  const wanted = new URLSearchParams(location.search);
  $("session").value = wanted.get("session") ?? `guest-${Math.random().toString(36).slice(2, 6)}`;
  $("to").value = wanted.get("to") ?? "";
  try {
    const endpoints = await (await fetch("/_local/endpoints")).json();
    $("url").value = endpoints.websocket;
    mode = endpoints.auth_mode;
  } catch {
    $("url").value = `${location.protocol.replace("http", "ws")}//${location.host}/prod`;
  }
  $("token-part").hidden = mode === "none" || mode === "signature";
  $("url-help").textContent = mode === "signature"
    ? "This hub needs a signature, which opens one connection. Paste the URL that “python -m local sign --session …” prints."
    : "";
  describeToken();
  setInterval(describeToken, 1000);
  $("session").select();
}

function describeToken() {
  const token = $("token").value.trim();
  const claims = claimsOf(token);
  const left = Math.ceil((claims?.exp ?? 0) - Date.now() / 1000);
  if (!token) {
    $("token-help").textContent = mode === "jwt"
      ? "This hub needs a token: “python -m local token --session …” prints one. The token decides your session."
      : "Only for a hub that needs a token.";
  } else if (!claims) {
    $("token-help").textContent = "This is not a token: it has no readable claims.";
  } else if (typeof claims.exp !== "number") {
    $("token-help").textContent = "This token has no expiry time, so the hub will refuse it.";
  } else {
    const when = new Date(claims.exp * 1000).toLocaleString([], { hour12: false });
    $("token-help").textContent = left > 0 ? `Expires in ${inWords(left)}, ${when}.` : `Expired ${inWords(-left)} ago, ${when}.`;
  }
}

function inWords(seconds) {
  const [value, unit] = seconds < 120 ? [seconds, "second"] : seconds < 7200 ? [Math.round(seconds / 60), "minute"] : [Math.round(seconds / 3600), "hour"];
  return `${value} ${unit}${value === 1 ? "" : "s"}`;
}

// Fills in the session that the token or the signed address is for.
function followCredential() {
  const claimed = claimsOf($("token").value.trim())?.session_id ?? signedSession();
  if (typeof claimed === "string" && !hub) $("session").value = claimed;
  describeToken();
}

function signedSession() {
  try {
    return new URL($("url").value).searchParams.get("session_id");
  } catch {
    return null;
  }
}

function connect() {
  const session = $("session").value.trim();
  const problem = SESSION_ID.test(session) ? "" : "A session id is 1 to 128 of the characters A-Z a-z 0-9 . _ : @ -";
  complain("session", problem);
  if (problem) return $("session").focus();

  hub?.close();
  let opening;
  try {
    opening = new Hub($("url").value.trim(), session, $("token").value.trim());
  } catch (error) {
    return complain("session", `This is not the address of a hub: ${error.message}`);
  }
  hub = opening;
  show("connecting", "Connecting…");
  opening.addEventListener("open", () => {
    show("open", `Connected as ${session}`);
    note("connected", `You are in session ${session}.`, opening.target.origin + opening.target.pathname);
    if (!$("to").value) $("to").value = session;
    $("message").focus();
    const who = `${opening.target.origin}${opening.target.pathname} ${session}`;
    if (past?.who !== who) past = remember(who);
    past.isKept = true;
    past.resume();
  });
  opening.addEventListener("frame", ({ detail }) => receive(detail.frame, detail.text));
  opening.addEventListener("close", ({ detail }) => closed(opening, detail));
}

// Returns the memory of one session: after each connect, the page asks the hub for what it missed since the last one.
function remember(who) {
  const ask = (question) => {
    if (past === memory) hub?.send(question); // without a connection, the next one asks
  };
  const memory = { who, texts: new WeakMap(), ...history(ask, showMessage, showGap) };
  return memory;
}

async function closed(closing, { code, reason, opened }) {
  if (closing !== hub) return; // a newer connection has replaced this one
  hub = null;
  show("closed", "Not connected");
  if (code in CLOSE_CODES) return note("closed", CLOSE_CODES[code], `close code ${code} ${reason}`);
  const why = await explainFailure(closing.target);
  if (opened) {
    const advice = why.kind === "unreachable" ? why.text : "The hub still answers, so try to connect again.";
    note("lost", `The connection broke. ${advice}`, `close code ${code}`);
  } else {
    note(why.kind, why.text, `close code ${code}; a browser learns no more`);
  }
  if (!hub) show("failed", { refused: "Refused", unreachable: "Unreachable" }[why.kind]);
}

function send() {
  const text = $("message").value;
  let message = text;
  if ($("json").checked) {
    try {
      message = JSON.parse(text);
    } catch (error) {
      return complain("message", `This is not JSON: ${error.message}`);
    }
  }
  const sessions = $("to").value.split(/[\s,]+/).filter(Boolean);
  const frame = { action: "sendMessage", sessions, message, id: `page-${Date.now().toString(36)}-${++sent}` };
  if (!$("echo").checked) frame.echo = false;
  const problem = hub.send(frame);
  complain("message", problem ?? "");
  if (problem) return;
  note("sent", typeof message === "string" ? message : JSON.stringify(message), `to ${sessions.join(", ") || "nobody"}`, JSON.stringify(frame));
  $("message").value = "";
  $("message").focus();
}

function showMessage(frame) {
  const body = typeof frame.message === "string" ? frame.message : JSON.stringify(frame.message);
  const number = frame.seq ? `, number ${frame.seq}` : "";
  note("message", body, `from ${frame.from} to ${frame.session}${number}`, past.texts.get(frame) ?? JSON.stringify(frame));
}

function showGap(from, to) {
  note("gap", `Messages are gone: the hub no longer has all that came after number ${from}.`, `what follows has a number above ${to}`);
}

function showPage({ recovered, seq, messages }, text) {
  const count = messages.length === 1 ? "1 message was missed." : `${messages.length || "No"} messages were missed.`;
  if (recovered !== false) note("resumed", recovered ? count : "The hub keeps the history of this session.", `position ${seq}`, text);
}

// Handles the answer to a question of the page itself.
function answered(frame, text) {
  if (frame.type === "resumed") {
    showPage(frame, text);
    past.resumed(frame);
  } else if (["no_history", "unknown_action"].includes(frame.code)) {
    past.isKept = false; // and messages have no number
    past.off();
  } else {
    showError(frame, text);
    past.askAgainIn(frame.retry_after_ms ?? 5000);
  }
}

function receive(frame, text) {
  if (frame?.type === "message") {
    past.texts.set(frame, text);
    if (frame.seq && past.isKept) past.message(frame);
    else showMessage(frame);
  } else if (frame?.type === "resumed" || (frame?.type === "error" && frame.id?.startsWith("resume-"))) {
    answered(frame, text);
  } else if (frame?.type === "ack") {
    note("ack", describe(frame), `id ${frame.id}`, text);
  } else if (frame?.type === "error") {
    showError(frame, text);
  } else if (frame?.type === "pong") {
    note("pong", "The hub answers.", "", text);
  } else if (frame?.connectionId && frame.message) {
    // API Gateway's own frame: the function failed or took too long. It is not part of hub.v1, but clients receive it.
    note("error", `API Gateway: ${frame.message}`, `request ${frame.requestId}`, text);
  } else {
    note("frame", "This page does not know this kind of frame.", "", text);
  }
}

function showError({ code, message, field, retry_after_ms, request_id }, text) {
  const parts = [field && `field ${field}`, retry_after_ms && `try again in ${retry_after_ms} ms`, request_id && `request ${request_id}`];
  note("error", `${code}: ${message}`, parts.filter(Boolean).join(", "), text);
}

function describe({ delivered, offline, failed, seq = {} }) {
  const count = (sessions, word) => Object.entries(sessions).map(([session, n]) => `${session}: ${n} ${word}`);
  const parts = [...count(delivered, "delivered"), ...count(failed, "failed"), ...offline.map((session) => `${session}: offline`)];
  parts.push(...Object.entries(seq).map(([session, number]) => `${session}: stored as ${number}`));
  return parts.join(" · ");
}

function show(state, text) {
  $("state").dataset.state = state;
  $("state").textContent = text;
  const open = state === "open";
  $("connect").hidden = open || state === "connecting";
  $("disconnect").hidden = !$("connect").hidden;
  $("session").readOnly = $("url").readOnly = $("token").readOnly = $("connect").hidden;
  $("submit").disabled = $("ping").disabled = !open;
}

function complain(field, text) {
  $(`${field}-problem`).textContent = text;
  $(field).setAttribute("aria-invalid", String(Boolean(text)));
}

function note(kind, text, detail, frame) {
  const entry = $("entry").content.firstElementChild.cloneNode(true);
  const now = new Date();
  entry.dataset.kind = kind;
  entry.querySelector("time").textContent = now.toLocaleTimeString([], { hour12: false });
  entry.querySelector("time").dateTime = now.toISOString();
  entry.querySelector(".kind").textContent = kind;
  entry.querySelector(".text").textContent = text;
  entry.querySelector(".detail").textContent = detail;
  entry.querySelector("pre").textContent = frame ?? "";
  entry.querySelector("details").hidden = !frame;
  $("log").append(entry);
  if ($("log").childElementCount > MAX_ENTRIES) $("log").firstElementChild.remove();
  $("log").scrollTop = $("log").scrollHeight;
  $("empty").hidden = true;
}

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!hub) connect();
});
$("send").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!$("submit").disabled) send();
});
$("message").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("send").requestSubmit();
  }
});
$("token").addEventListener("input", followCredential);
$("url").addEventListener("input", followCredential);
$("session").addEventListener("input", () => complain("session", ""));
$("message").addEventListener("input", () => complain("message", ""));
$("disconnect").addEventListener("click", () => hub?.close());
$("ping").addEventListener("click", () => hub?.send({ action: "ping" }));
$("clear").addEventListener("click", () => {
  $("log").replaceChildren();
  $("empty").hidden = false;
});

start();

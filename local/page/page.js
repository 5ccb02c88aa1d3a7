// The page: two forms and a log, and the code that connects them to the client, /hub.js.

import { claimsOf, describe, queryOf } from "/credentials.js";
import { openHub } from "/hub.js";
import { explainFailure } from "/refusals.js";
import { Sockets } from "/sockets.js";

const $ = (id) => document.getElementById(id);
const MAX_ENTRIES = 500;
const sockets = new Sockets();
let visit = null; // from Connect to Disconnect
let mode = "";
let provider = ""; // the issuer of an identity provider's tokens, if the hub takes these
let sessionClaim = "session_id";

const CLOSE_CODES = {
  1000: "The hub closed the connection.",
  1001: "The hub closed the connection: it was idle for ten minutes, open for two hours, or the hub is stopping.",
  1003: "The hub closed the connection: it accepts text frames only.",
  1009: "The hub closed the connection: the frame was longer than 32 KB, or the message longer than 128 KB.",
};
const FAILURES = { refused: "Refused", unreachable: "Unreachable" };
const CLIENT_ERRORS = {
  lost: "no answer came in time",
  queue_full: "too much waits for a connection",
  too_large: "A browser cannot send more than 32768 bytes in a frame, because API Gateway would close the connection.",
  closed: "the page has disconnected before an answer came",
};

async function start() {
  const wanted = new URLSearchParams(location.search);
  $("session").value = wanted.get("session") ?? `guest-${Math.random().toString(36).slice(2, 6)}`;
  $("to").value = wanted.get("to") ?? "";
  sockets.watch({ onOpen: socketOpened, onSend: showSent, onEnd: socketEnded });
  try {
    const endpoints = await (await fetch("/_local/endpoints")).json();
    $("url").value = endpoints.websocket;
    mode = endpoints.auth_mode;
    provider = endpoints.provider;
    sessionClaim = endpoints.session_claim;
  } catch {
    $("url").value = `${location.protocol.replace("http", "ws")}//${location.host}/prod`;
  }
  $("token-part").hidden = mode === "none" || mode === "signature";
  describeCredential();
  setInterval(describeCredential, 1000);
  $("session").select();
}

// ---- The credential

function describeCredential() {
  const token = $("token").value.trim();
  const source = provider ? `Paste a token of ${provider}.` : "“python -m local token --session …” prints one.";
  const needsToken = `This hub needs a token. ${source} Its claim ${sessionClaim} is your session.`;
  $("token-help").textContent = token ? describe(token) : mode === "jwt" ? needsToken : "Only for a hub that needs a token.";

  const needsSignature = "This hub needs a signature. Paste the URL that “python -m local sign --session … --url” prints. ";
  const limit = "A signed URL opens one connection. When this connection ends, the page cannot open another one until you paste a new URL.";
  $("url-help").textContent = (mode === "signature" ? needsSignature : "") + (mode === "signature" || isSigned() ? limit : "");
}

function isSigned() {
  return queryOf($("url").value).has("signature");
}

// Fills in the session that the token or the signed address is for.
function followCredential() {
  const claimed = claimsOf($("token").value.trim())?.[sessionClaim] ?? queryOf($("url").value).get("session_id");
  if (typeof claimed === "string" && !visit) $("session").value = claimed;
  describeCredential();
}

// The client asks for the URL of each connection, if the URL is signed.
function nextUrl(visit) {
  const url = $("url").value.trim();
  if (url === visit.usedUrl) throw new Error("This signed URL has opened its connection. Paste a new one to connect again.");
  visit.usedUrl = url;
  return url;
}

// The client asks for the token of each connection, and before a token ends: then it needs a newer one.
function nextToken(visit, why) {
  const token = $("token").value.trim();
  const isUsedUp = why === "expiring" && token === visit.usedToken;
  if (!token || isUsedUp) throw new Error("The token ends soon or has ended. Paste a new one: the page connects with it.");
  visit.usedToken = token;
  return token;
}

// ---- From Connect to Disconnect

function connect() {
  const session = $("session").value.trim();
  const url = $("url").value.trim();
  const place = `position ${url.split("?")[0]} ${session}`;
  const position = sessionStorage.getItem(place);
  const opening = {
    session,
    address: url.split("?")[0],
    place, // where the position is kept: a reload of this window goes on from there
    hasPosition: position !== null,
    hasOpened: false, // there was a connection
    isReady: false, // the hub was usable
    caughtUp: 0, // messages from the history since the connection opened
    failure: null, // the kind of the last failure, until the hub is usable
    lastProblem: "",
    sent: new Set(), // ids without an answer
  };
  complain("session", "");
  try {
    opening.hub = openHub({
      url: isSigned() ? () => nextUrl(opening) : url,
      session,
      token: $("token").value.trim() ? (why) => nextToken(opening, why) : undefined,
      history: position === null ? true : { after: Number(position) },
    });
  } catch (error) {
    complain("session", explainOption(error));
    return $("session").focus();
  }
  visit = opening;
  visit.hub.on("state", (event) => showState(opening, event));
  visit.hub.on("message", (frame, caughtUp) => showMessage(opening, frame, caughtUp));
  visit.hub.on("gap", (gap) => showGap(opening, gap));
  visit.hub.on("closing", showClosing);
  visit.hub.on("error", (error) => showEvent(opening, error));
  show("connecting", "Connecting…");
}

function explainOption({ field, message }) {
  if (field === "url") return `This is not the address of a hub: ${message}`;
  return "A session id is 1 to 128 of the characters A-Z a-z 0-9 . _ : @ -";
}

function disconnect() {
  sockets.forget();
  visit?.hub.close();
}

function cut() {
  const count = sockets.cut();
  if (count) note("cut", "This page has closed the socket under the client. Now the client has to notice, and to connect again.", "");
  else note("cut", "There is no open connection to cut.", "");
}

function showState(visit, { state, retryIn, failures, switched }) {
  showCountdown(null);
  if (state === "connecting") show("connecting", "Connecting…");
  else if (state === "open") opened(visit, switched);
  else if (state === "closed") closed();
  else if (!visit.hasOpened) visit.hub.close(); // a first attempt that fails is for the person to mend
  else waiting(visit, retryIn, failures);
}

function opened(visit, switched) {
  const { hub } = visit;
  if (switched) note("switched", "Another connection has taken over. Nothing was interrupted.", "");
  if (hub.position !== undefined) {
    const count = visit.caughtUp === 1 ? "1 message was missed." : `${visit.caughtUp || "No"} messages were missed.`;
    const isFirst = !visit.hasPosition;
    if (!switched || visit.caughtUp) note("resumed", isFirst ? "The hub keeps the history of this session." : count, `position ${hub.position}`);
    keepPosition(visit);
  }
  if (!visit.isReady && !$("to").value) $("to").value = hub.session;
  if (!visit.isReady) $("message").focus();
  Object.assign(visit, { isReady: true, caughtUp: 0, failure: null, lastProblem: "" });
  show("open", `Connected as ${hub.session}`);
}

function waiting(visit, retryIn, failures) {
  show(visit.failure ? "failed" : "waiting", FAILURES[visit.failure] ?? "Waiting");
  if (retryIn === undefined) return; // the browser has put the page away
  const count = failures === 1 ? "" : `, after ${failures} failures in a row`;
  note("waiting", `The page connects again in ${(retryIn / 1000).toFixed(1)} seconds${count}.`, "");
  showCountdown(Date.now() + retryIn);
}

function closed() {
  visit = null;
  show("closed", "Not connected");
}

function keepPosition(visit) {
  visit.hasPosition = true;
  sessionStorage.setItem(visit.place, String(visit.hub.position));
}

let countdown;

function showCountdown(end) {
  clearInterval(countdown);
  $("countdown").hidden = end === null;
  if (end === null) return;
  const tell = () => ($("countdown").textContent = `next attempt in ${Math.max(0, Math.ceil((end - Date.now()) / 1000))} s`);
  tell();
  countdown = setInterval(tell, 200);
}

// ---- The sockets under the client

function socketOpened() {
  if (!visit) return;
  visit.hasOpened = true;
  if (visit.hub.state !== "open") note("connected", `You are in session ${visit.session}.`, visit.address);
}

async function socketEnded({ url, hasOpened, code, reason }) {
  if (hasOpened && code in CLOSE_CODES) return note("closed", CLOSE_CODES[code], `close code ${code} ${reason}`);
  if (hasOpened) return note("lost", "The connection broke.", `close code ${code}`);
  const { kind, text } = await explainFailure(url);
  noteOnce(visit, kind, text, `close code ${code}; a browser learns no more`);
  if (visit) visit.failure = kind;
  if (!visit || visit.hub.state === "waiting") show("failed", FAILURES[kind]);
}

function showSent(text) {
  const frame = JSON.parse(text);
  if (frame.action !== "sendMessage") return; // the client's own
  const again = visit.sent.has(frame.id) ? ", again: the connection ended before an answer came" : "";
  note("sent", textOf(frame.message), `to ${frame.sessions.join(", ")}${again}`, text);
  visit.sent.add(frame.id);
}

// ---- Calls

async function send() {
  const text = $("message").value;
  let message = text;
  if ($("json").checked) {
    try {
      message = JSON.parse(text);
    } catch (error) {
      return complain("message", `This is not JSON: ${error.message}`);
    }
  }
  complain("message", "");
  $("message").value = "";
  $("message").focus();
  const { hub, sent } = visit;
  const receivers = $("to").value.split(/[\s,]+/).filter(Boolean);
  if (hub.state !== "open") note("queued", textOf(message), "waits for a connection");
  try {
    const ack = await hub.send(receivers, message, { echo: $("echo").checked });
    sent.delete(ack.id);
    note("ack", describeAck(ack), `id ${ack.id}`, JSON.stringify(ack));
    if (visit?.hub === hub && hub.position !== undefined) keepPosition(visit);
  } catch (error) {
    if (error.code !== "too_large") return showError(error);
    complain("message", CLIENT_ERRORS.too_large);
    $("message").value ||= text;
  }
}

function describeAck({ delivered, offline, failed, seq = {} }) {
  const count = (sessions, word) => Object.entries(sessions).map(([session, n]) => `${session}: ${n} ${word}`);
  const parts = [...count(delivered, "delivered"), ...count(failed, "failed"), ...offline.map((session) => `${session}: offline`)];
  parts.push(...Object.entries(seq).map(([session, number]) => `${session}: stored as ${number}`));
  return parts.join(" · ");
}

// ---- What comes from the hub

function showMessage(visit, frame, caughtUp) {
  const number = frame.seq ? `, number ${frame.seq}` : "";
  note("message", textOf(frame.message), `from ${frame.from} to ${frame.session}${number}${caughtUp ? ", from the history" : ""}`, JSON.stringify(frame));
  if (caughtUp) visit.caughtUp += 1;
  if (visit.hub.position !== undefined) keepPosition(visit);
}

function textOf(message) {
  return typeof message === "string" ? message : JSON.stringify(message);
}

function showGap(visit, { from, to }) {
  if (to < from) note("gap", "Messages may be gone: the hub has begun a new history since this window was connected.", `what follows has a number above ${to}`);
  else note("gap", `Messages are gone: the hub no longer has all that came after number ${from - 1}.`, `what follows has a number above ${to}`);
  keepPosition(visit);
}

function showClosing(frame) {
  const reason = frame.reason ? `reason: ${frame.reason}` : "";
  const text = frame.reconnect
    ? "The hub will close this connection. The page opens another one first."
    : "The hub has ended this visit. The page does not connect again by itself.";
  note("closing", text, reason, JSON.stringify(frame));
}

// Shows an error that belongs to no call.
function showEvent(visit, error) {
  if (["no_history", "unknown_action"].includes(error.code)) return; // a hub without history: nothing is wrong
  if (["url", "token"].includes(error.field)) noteOnce(visit, "credential", error.message, "");
  else if (error.code === "gateway") note("error", `API Gateway: ${error.message}`, `request ${error.requestId}`);
  else showError(error);
}

function showError({ code, message, field, retryAfterMs, requestId, maybeDelivered }) {
  const parts = [field && `field ${field}`, retryAfterMs && `try again in ${retryAfterMs} ms`, requestId && `request ${requestId}`];
  if (maybeDelivered) parts.push("somebody may have received the message");
  note("error", `${code}: ${(message === code && CLIENT_ERRORS[code]) || message}`, parts.filter(Boolean).join(", "));
}

// ---- The screen

function show(state, text) {
  $("state").dataset.state = state;
  $("state").textContent = text;
  $("connect").hidden = visit !== null;
  $("disconnect").hidden = $("cut").hidden = $("cut-help").hidden = visit === null;
  $("session").readOnly = visit !== null;
  $("url").readOnly = visit !== null && !isSigned();
  $("submit").disabled = visit === null;
}

function complain(field, text) {
  $(`${field}-problem`).textContent = text;
  $(field).setAttribute("aria-invalid", String(Boolean(text)));
}

// Leaves out what an attempt to connect repeats.
function noteOnce(visit, kind, text, detail) {
  if (visit?.lastProblem === text) return;
  if (visit) visit.lastProblem = text;
  note(kind, text, detail);
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
  if (!visit) connect();
});
$("send").addEventListener("submit", (event) => {
  event.preventDefault();
  if (visit) send();
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
$("disconnect").addEventListener("click", disconnect);
$("cut").addEventListener("click", cut);
$("clear").addEventListener("click", () => {
  $("log").replaceChildren();
  $("empty").hidden = false;
});

start();

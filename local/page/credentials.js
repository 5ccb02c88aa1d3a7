// What the page can read of a token and of a signed address. Only the hub can verify them.

// Returns the claims of a token, or null if the text is not a token.
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

// Returns a sentence about a token.
export function describe(token) {
  const claims = claimsOf(token);
  if (!claims) return "This is not a token: it has no readable claims.";
  if (typeof claims.exp !== "number") return "This token has no expiry time, so the hub will refuse it.";
  const left = Math.ceil(claims.exp - Date.now() / 1000);
  const when = new Date(claims.exp * 1000).toLocaleString([], { hour12: false });
  return left > 0 ? `Expires in ${inWords(left)}, ${when}.` : `Expired ${inWords(-left)} ago, ${when}.`;
}

function inWords(seconds) {
  const [value, unit] = seconds < 120 ? [seconds, "second"] : seconds < 7200 ? [Math.round(seconds / 60), "minute"] : [Math.round(seconds / 3600), "hour"];
  return `${value} ${unit}${value === 1 ? "" : "s"}`;
}

// Returns the parameters of an address. Without an address, there are none.
export function queryOf(url) {
  try {
    return new URL(url).searchParams;
  } catch {
    return new URLSearchParams();
  }
}

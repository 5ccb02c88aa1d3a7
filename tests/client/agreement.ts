// hub.d.ts against hub.js, which the test copies to implementation.js. The signatures in its comments are those of
// hub.d.ts, and TypeScript reads the code to see whether it keeps them.

import * as declared from "./hub.js";
import * as actual from "./implementation.js";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

export const exports: Same<keyof typeof declared, keyof typeof actual> = true;
export const open: typeof declared.openHub = actual.openHub;
export const error: Pick<declared.HubError, "maybeDelivered" | "message" | "name"> = new actual.HubError("lost", "", {});

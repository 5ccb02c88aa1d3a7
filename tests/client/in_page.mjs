// Runs a script in a page, and returns its results. The functions that the world replaces are those of the page.

import { unhandled } from "./world.mjs";

globalThis.onunhandledrejection = ({ reason }) => void unhandled.push(reason);
globalThis.onerror = (_message, _source, _line, _column, error) => void unhandled.push(error);

export async function results(script, ...options) {
  const { run } = await import(`./${script}`);
  const all = [];
  for await (const result of run(...options)) all.push(result);
  return all;
}

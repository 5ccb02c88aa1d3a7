// Compares assert.mjs with node:assert/strict, in Node: for each pair of values, both accept it, or both refuse it.

import strict from "node:assert/strict";

import * as assert from "./assert.mjs";

const error = new Error("boom");
const VALUES = [
  ...[undefined, null, true, false, 0, -0, 1, NaN, "", "1", "a", 7n, error],
  ...[[], [1], ["1"], [1, 2], [2, 1], [undefined], [[]], [{}], [null], new Array(1)],
  ...[{}, { a: 1 }, { a: "1" }, { a: 1, b: 2 }, { b: 2, a: 1 }, { a: undefined }, { b: undefined }, { 0: 1 }, { length: 0 }],
  ...[{ a: { b: [1] } }, { a: { b: [2] } }, new Set(), new Set([1]), new Set([2]), new Set(["1"]), new Set([1, 2]), new Set([2, 1])],
];

const hasThrown = (run) => {
  try {
    run();
  } catch {
    return true;
  }
  return false;
};

function* calls() {
  for (const one of VALUES) {
    yield ["ok", one];
    yield ["match", one, /^a$/];
    yield ["throws", () => one, () => true];
    yield ["throws", () => { throw one; }, (thrown) => Object.is(thrown, error)];
    for (const other of VALUES) for (const name of ["equal", "notEqual", "deepEqual"]) yield [name, one, other];
  }
}

export async function* run() {
  for (const [name, ...values] of calls()) {
    const [ours, theirs] = [assert, strict].map((library) => hasThrown(() => library[name](...values)));
    yield { name, values: values.map(String), isRefused: theirs, agrees: ours === theirs };
  }
}

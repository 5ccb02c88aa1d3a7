// What the scripts use of node:assert/strict, for browsers too. assertions.mjs compares the two.

class AssertionError extends Error {
  name = "AssertionError";
}

function check(isRight, message) {
  if (!isRight) throw new AssertionError(message);
}

export function ok(value, message = `${show(value)} is not true`) {
  check(value, message);
}

export function equal(actual, expected, message = `${show(actual)} is not ${show(expected)}`) {
  check(Object.is(actual, expected), message);
}

export function notEqual(actual, unexpected, message = `it is ${show(actual)}`) {
  check(!Object.is(actual, unexpected), message);
}

export function deepEqual(actual, expected, message = `${show(actual)} is not ${show(expected)}`) {
  check(isSame(actual, expected), message);
}

export function match(text, pattern, message = `${show(text)} does not match ${pattern}`) {
  check(typeof text === "string" && pattern.test(text), message);
}

export function throws(run, isExpected) {
  let error;
  let hasThrown = false;
  try {
    run();
  } catch (thrown) {
    error = thrown;
    hasThrown = true;
  }
  check(hasThrown, "nothing was thrown");
  check(isExpected(error) === true, `${error} was not expected`);
}

// Compares arrays, plain objects and sets of values by what they contain. Any other object is only the same as itself.
function isSame(one, other) {
  if (Object.is(one, other)) return true;
  const prototype = prototypeOf(one);
  if (prototype !== prototypeOf(other)) return false;
  if (prototype === Set.prototype) return one.size === other.size && [...one].every((value) => other.has(value));
  if (prototype !== Array.prototype && prototype !== Object.prototype) return false;
  const keys = Object.keys(one);
  if (one.length !== other.length || keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]));
}

function prototypeOf(value) {
  return typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
}

function show(value) {
  const readable = (_key, part) => {
    if (part instanceof Set) return [...part];
    return part === undefined || typeof part === "bigint" || part instanceof Error ? String(part) : part;
  };
  try {
    return JSON.stringify(value, readable);
  } catch {
    return String(value); // a cycle
  }
}

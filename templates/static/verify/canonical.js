/* Strict JSON in, canonical JSON out (RFC 8785). A number prints as ECMAScript prints it: that is the standard. */
"use strict";

import { decoded, utf8 } from "./hashing.js";

export class CanonicalError extends Error {}

export const canonicalJson = (value) => utf8(written(value));

const written = (value) => {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new CanonicalError("NaN and infinities have no JSON form");
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new CanonicalError("a text holds a lone surrogate");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  // RFC 8785, 3.2.3: by UTF-16 code units, which is how ECMAScript sorts.
  return `{${Object.keys(value).sort().map((name) => `${written(name)}:${written(value[name])}`).join(",")}}`;
};

/* The value of a line that is canonical JSON, else nothing: what writes back to the same text has no key twice. */
export const canonicalValue = (bytes) => {
  try {
    const text = decoded(bytes);
    const value = JSON.parse(text);
    return written(value) === text ? { value } : null;
  } catch { return null; }
};

/* The value of strict JSON. Duplicate keys, NaN, lone surrogates and numbers beyond a double are refused. */
export const parseJson = (bytes) => {
  let text;
  try { text = decoded(bytes); } catch { throw new CanonicalError("the text is not UTF-8 or holds a lone surrogate"); }
  const value = plain(text);
  refuseDuplicates(text);
  return value;
};

const plain = (text) => {
  let value;
  try { value = JSON.parse(text); } catch (error) { throw new CanonicalError(String(error.message)); }
  check(value, 0);
  return value;
};

const DEEPEST = 900;
const check = (value, depth) => {
  if (depth > DEEPEST) throw new CanonicalError("the value is nested too deeply");
  if (typeof value === "number" && !Number.isFinite(value)) throw new CanonicalError("a number is beyond the range of a double");
  if (typeof value === "string" && !value.isWellFormed()) throw new CanonicalError("the text is not UTF-8 or holds a lone surrogate");
  if (value && typeof value === "object")
    for (const [name, inner] of Object.entries(value)) { if (!name.isWellFormed()) check(name, depth); check(inner, depth + 1); }
};

/* The text is well-formed JSON already: walk its tokens and remember the keys of each open object. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
const refuseDuplicates = (text) => {
  const open = [];
  let last = null;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const keys = open[open.length - 1];
      const key = JSON.parse(last);
      if (keys.has(key)) throw new CanonicalError("a key stands twice in one object");
      keys.add(key);
    }
    last = token;
  }
};

/* Signed notes, checkpoints (C2SP) and rotations of keys. Ed25519 is the browser's own; encodings must be canonical. */
"use strict";

import { decoded, equal, fromBase64, hex, sha256, utf8 } from "./hashing.js";
import { HASH_BYTES } from "./merkle.js";

const ED25519 = 1;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const KEY_ID_BYTES = 4;
const MOST_SIGNATURES = 100;
const LARGEST_NOTE = 1_000_000;
const DASH = "— ";
export const NAME = /^[^\s+]+$/;
const SIZE = /^(0|[1-9][0-9]{0,18})$/;
const ROTATION = "radvigil key rotation v1";
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

export class NoteError extends Error {}

const littleEndian = (bytes) => bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
/* A point's y lies below p, and x = 0 (y = 1 or p - 1) has no sign: RFC 8032, 5.1.3. */
const isCanonicalPoint = (bytes) => {
  const whole = littleEndian(bytes);
  const y = whole & (2n ** 255n - 1n);
  return y < P && !(whole >> 255n && (y === 1n || y === P - 1n));
};

export const verifySignature = async (publicKey, message, signature) => {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  if (littleEndian(signature.subarray(32)) >= L) return false;
  if (!isCanonicalPoint(publicKey) || !isCanonicalPoint(signature.subarray(0, 32))) return false;
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  } catch (error) {
    if (error.name === "NotSupportedError" || !globalThis.crypto?.subtle) throw error;
    return false;
  }
};

export const unbase64 = (text) => {
  const data = fromBase64(text);
  if (data === null) throw new NoteError("base64 is malformed or not canonical");
  return data;
};

export class PublicKey {
  constructor(name, key) { this.name = name; this.key = key; }

  get id() { return sha256(utf8(`${this.name}\n`), Uint8Array.of(ED25519), this.key).subarray(0, KEY_ID_BYTES); }

  get fingerprint() { return hex(sha256(this.key)); }
}

export const cut = (text, mark) => {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
};

export const parsePublicKey = (text) => {
  const [name, rest] = cut(text.trim(), "+");
  const [id, encoded] = cut(rest, "+");
  const data = unbase64(encoded);
  if (!NAME.test(name) || data[0] !== ED25519 || data.length !== KEY_BYTES + 1)
    throw new NoteError("the key is not written as name+id+base64 of an Ed25519 key");
  const key = new PublicKey(name, data.slice(1));
  if (hex(key.id) !== id) throw new NoteError("the key's id is not that of the key");
  return key;
};

export const parseNote = (data) => {
  if (data.length > LARGEST_NOTE) throw new NoteError("the note is too large");
  let whole;
  try { whole = decoded(data); } catch { throw new NoteError("the note is not UTF-8"); }
  if (/[\0-\x09\x0b-\x1f]/.test(whole)) throw new NoteError("the note holds a control character");
  const at = whole.lastIndexOf("\n\n");
  const text = whole.slice(0, Math.max(at, 0));
  const lines = whole.slice(at + 2).split("\n");
  if (at < 0 || !text || lines.pop() !== "" || !lines.length || lines.length > MOST_SIGNATURES)
    throw new NoteError("the note has no signature lines after its text");
  return { text: `${text}\n`, signatures: lines.map(parseSignature) };
};

const parseSignature = (line) => {
  const [name, encoded] = cut(line.startsWith(DASH) ? line.slice(DASH.length) : line, " ");
  const data = unbase64(encoded);
  if (!line.startsWith(DASH) || !NAME.test(name) || data.length <= KEY_ID_BYTES)
    throw new NoteError("a signature line is not written as one");
  return { name, id: data.subarray(0, KEY_ID_BYTES), signature: data.subarray(KEY_ID_BYTES) };
};

/* The note and the known keys that signed it. Unknown signers are ignored; a known one that fails rejects the note. */
export const verifyNote = async (data, keys) => {
  const note = parseNote(data);
  const signers = [];
  for (const line of note.signatures) {
    const key = keys.find((each) => each.name === line.name && equal(each.id, line.id));
    if (!key) continue;
    if (!(await verifySignature(key.key, utf8(note.text), line.signature)))
      throw new NoteError(`the signature of ${line.name} does not hold`);
    if (!signers.includes(key)) signers.push(key);
  }
  if (!signers.length) throw new NoteError("none of the known keys signed the note");
  return { note, signers };
};

export const parseCheckpoint = (text) => {
  const lines = text.split("\n");
  if (lines.length < 4 || lines[lines.length - 1] !== "" || !lines.slice(0, -1).every(Boolean))
    throw new NoteError("the text is no checkpoint");
  const [origin, size, encoded] = lines;
  if (!SIZE.test(size)) throw new NoteError("the checkpoint's size is no decimal number");
  if (!Number.isSafeInteger(Number(size))) throw new NoteError("the checkpoint's size is larger than any log of ours");
  const root = unbase64(encoded);
  if (root.length !== HASH_BYTES) throw new NoteError("the checkpoint's root is no SHA-256");
  return { origin, size: Number(size), root };
};

export const openCheckpoint = async (data, keys) => {
  const { note, signers } = await verifyNote(data, keys);
  const checkpoint = parseCheckpoint(note.text);
  if (signers.every((key) => key.name !== checkpoint.origin)) throw new NoteError("the log's own signature is missing");
  return checkpoint;
};

/* The keys that lead on from a pinned one, in order: each introduced by a note that an earlier one signed. */
export const follow = async (pinned, notes) => {
  const keys = [pinned];
  for (const data of notes) {
    try { keys.push(await introduced(data, keys)); } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      parseNote(data);
    }
  }
  return keys;
};

export const introduced = async (data, keys) => {
  const { note, signers } = await verifyNote(data, keys);
  const lines = note.text.split("\n");
  if (lines.length !== 5 || lines[0] !== ROTATION) throw new NoteError("the note is no rotation of a key");
  const key = parsePublicKey(lines[3]);
  if (key.name !== lines[1] || key.name !== signers[0].name) throw new NoteError("the rotation is that of another log");
  return key;
};

/* Which key of a log to believe: the chain of rotations from the one that the user pinned to the one that signed. */
"use strict";

import { decoded, equal, hex, utf8 } from "./hashing.js";
import { introduced, NoteError, parsePublicKey } from "./notes.js";

const same = (one, other) => one.name === other.name && equal(one.key, other.key);

/* The keys of a log, the oldest first, each introduced by the one before it; and which is pinned, if any. */
export const keysOf = async (pkg, folder, pins) => {
  const newest = parsePublicKey(decoded(await pkg.read(`${folder}key`)));
  const pinnedOf = (chain) => [...chain].reverse().find((key) => pins.includes(key.fingerprint)) ?? null;
  if (!pkg.has(`${folder}keys`)) return { chain: [newest], notes: [], newest, pinned: pinnedOf([newest]) };
  const lines = decoded(await pkg.read(`${folder}keys`)).split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  const chain = lines.map(parsePublicKey);
  const notes = [];
  for (let number = 1; number < chain.length; number += 1) notes.push(await pkg.read(`${folder}rotations/${number}`));
  if (!chain.length || !same(chain[chain.length - 1], newest)) throw new NoteError("its newest key is not the last of its keys");
  for (const [at, note] of notes.entries())
    if (!same(await introduced(note, [chain[at]]), chain[at + 1]))
      throw new NoteError(`its key ${chain[at + 1].fingerprint} is introduced by no earlier key`);
  return { chain, notes, newest, pinned: pinnedOf(chain) };
};

/* What a log's own entries say of its keys. */
export class KeyActs {
  constructor() { this.notes = []; this.stolen = new Map(); }

  keep(entry) {
    const details = entry.payload.details ?? {};
    if (entry.kind === "key.rotated") this.notes.push(utf8(String(details.note ?? "")));
    else if (entry.kind === "key.compromised") this.stolen.set(String(details.public_key ?? ""), String(details.since ?? ""));
  }
}

/* Hold the rotations to the entries that record them, and refuse to believe a key that was given up. */
export const checkKeyActs = (keys, acts, organisation, report) => {
  for (const [at, note] of keys.notes.entries())
    if (!acts.notes.some((each) => equal(each, note)))
      report.wrong(`The key ${keys.chain[at + 1].fingerprint} of the log of ${organisation} is introduced outside the log.`);
  const since = keys.pinned ? acts.stolen.get(hex(keys.pinned.key)) : undefined;
  if (since !== undefined)
    report.wrong(
      `The key ${keys.pinned.fingerprint} that you gave was given up as stolen, since ${since}: ` +
        `ask ${organisation} for the fingerprint of the key that followed.`,
    );
};

/* Reads the entries of a log in order: each line a leaf of the signed tree, canonical, and of this log. */
"use strict";

import { canonicalJson, parseJson } from "./canonical.js";
import { equal, fromBase64, hex, sha256 } from "./hashing.js";
import { KeyActs } from "./keys.js";
import { Leaves } from "./logs.js";
import { leafHash } from "./merkle.js";
import { FileError } from "./opening.js";
import { Signatures } from "./signatures.js";
import { FactFiles, readLines } from "./tables.js";

const EXPORTED = "package.exported";
const LARGE = "payload_sha256";
const LARGEST_PAYLOAD = 64 * 1024 * 1024;
const ACTS = new Set(["signature", "signing_key", EXPORTED, "key.rotated", "key.compromised"]);
const KINDS = new Set(["inference", "truth", "read"]);
export const placeOf = (log, position) => `${log}\n${position}`;

/* What all entries say: of cases, of signing, of keys, and what each log signed of the content. */
class Read {
  constructor() { this.large = new Map(); this.said = new Map(); this.signed = new Signatures(); this.keys = new Map(); this.exports = new Map(); }

  keepAct(log, entry) {
    this.signed.keep(entry);
    if (!this.keys.has(log)) this.keys.set(log, new KeyActs());
    this.keys.get(log).keep(entry);
    if (entry.kind !== EXPORTED) return;
    const details = entry.payload.details ?? {};
    this.exports.set(log, [...(this.exports.get(log) ?? []), String(details.content_sha256)]);
  }
}

/* Check every entry against its tree, and the tables of facts against the entries. */
export const readEntries = async (pkg, logs, { report, step }) => {
  const read = new Read();
  const tables = await new FactFiles(pkg, report).begin();
  for (const log of logs) {
    step(`proving the entries of ${log.organisation}`);
    try {
      for await (const batch of batchesOf(pkg, log, report)) {
        const { values } = checkBatch(batch, log, { read, report, tables });
        await tables.hold(log.organisation, batch.map((each) => each.position), values);
      }
    } catch (error) { report.wrong(`The entries of the log of ${log.organisation} cannot be read: ${error.message}.`); }
    try { await readPayloads(pkg, log, read, report); } catch (error) {
      report.wrong(`The payloads beside the log of ${log.organisation} cannot be read: ${error.message}.`);
    }
  }
  try { await tables.close(); } catch (error) { report.wrong(`A table of facts cannot be read: ${error.message}.`); }
  return read;
};

/* Hold the payloads that were too large for their entries to the hashes that stand there instead. */
const readPayloads = async (pkg, log, read, report) => {
  const name = log.file("payloads.ndjson");
  const large = read.large.get(log.organisation) ?? new Map();
  const missing = new Set(large.keys());
  for await (const lines of pkg.has(name) ? pkg.lines(name, LARGEST_PAYLOAD) : [])
    for (const line of lines) {
      const { position, payload } = parseJson(line);
      const [kind, stated] = large.get(position) ?? ["", ""];
      if (hex(sha256(canonicalJson(payload))) !== stated) {
        report.wrong(`The payload for position ${position} of the log of ${log.organisation} is not the one that its entry names.`);
        continue;
      }
      missing.delete(position);
      if (KINDS.has(kind)) read.said.set(placeOf(log.organisation, position), { kind, ...saying(kind, payload) });
    }
  for (const position of missing) {
    const place = placeOf(log.organisation, position);
    read.said.set(place, { ...read.said.get(place), kind: large.get(position)[0], isUnshown: true });
  }
  if (missing.size)
    report.notice(
      `${missing.size} entries of the log of ${log.organisation} were too large to stand in it, and what they say is not shown: it was not compared.`,
    );
};

/* Some neighbours at a time: {position, line, leaf, hidden}; `hidden` is the leaf of an entry that is shown in part. */
const batchesOf = async function* (pkg, log, report) {
  const leaves = new Leaves(pkg, log);
  const hidden = new Hidden(pkg, log);
  let done = 0;
  for await (const lines of pkg.lines(log.file("entries.ndjson"))) {
    const positions = log.positions.slice(done, done + lines.length);
    if (positions.length < lines.length) report.wrong(`The log of ${log.organisation} has more entries than positions.`);
    if (positions.length) {
      const shown = positions.map((position, at) => ({ position, line: lines[at], hidden: null }));
      yield withLeaves([...shown, ...(await hidden.upTo(positions[positions.length - 1]))], leaves);
    }
    done += positions.length;
    if (positions.length < lines.length) break;
  }
  const rest = await hidden.upTo(Infinity);
  if (rest.length) yield withLeaves(rest, leaves);
  if (done !== log.positions.length) report.wrong(`The log of ${log.organisation} has ${done} entries for ${log.positions.length} positions.`);
};

const withLeaves = async (batch, leaves) => {
  batch.sort((one, other) => one.position - other.position);
  if (batch.some(({ position }, at) => at && position === batch[at - 1].position)) throw new FileError("one is shown both whole and in part");
  for (const each of batch) each.leaf = await leaves.at(each.position);
  return batch;
};

/* The entries that are shown in part and proved by their leaf alone, in the order of their positions. */
class Hidden {
  constructor(pkg, log) {
    const name = log.file("withheld.ndjson");
    this.stream = pkg.has(name) ? each(pkg.lines(name)) : null;
    this.waiting = null;
    this.last = -1;
  }

  async upTo(position) {
    const found = [];
    for (let next = this.waiting ?? (await this.next()); ; next = await this.next()) {
      this.waiting = next;
      if (!next || next.position > position) return found;
      found.push(next);
    }
  }

  async next() {
    const step = this.stream ? await this.stream.next() : { done: true };
    if (step.done) return null;
    const said = parseJson(step.value);
    const leaf = fromBase64(String(said.leaf));
    if (!Number.isInteger(said.position) || said.position <= this.last || !leaf?.length)
      throw new FileError("what is shown in part is malformed or not in order");
    this.last = said.position;
    return { position: said.position, line: canonicalJson(said.entry), hidden: leaf };
  }
}
const each = async function* (batches) { for await (const lines of batches) yield* lines; };

const checkBatch = (batch, log, { read, report, tables }) => {
  const place = (at) => `The entry at position ${batch[at].position} of the log of ${log.organisation}`;
  const changed = new Set();
  for (const [at, { position, line, leaf, hidden }] of batch.entries()) {
    if (leaf && equal(hidden ?? leafHash(line), leaf)) continue;
    changed.add(at);
    report.wrong(hidden ? `The withheld entry at position ${position} of ${log.organisation} has another leaf.` : `${place(at)} was changed.`);
  }
  const { values, wrong } = readLines(batch.map(({ line }) => line));
  for (const [at, why] of wrong) report.wrong(`${place(at)} cannot stand in a log: ${why}.`);
  for (const [at, entry] of values.entries()) {
    if (changed.has(at)) continue;
    // The leaf of what is shown in part proves nothing that is shown. Only a table holds it, whose hash the log signed.
    if (batch[at].hidden && (ACTS.has(entry?.kind) || !tables.names.has(entry?.kind))) {
      report.wrong(`${place(at)} is shown in part, though no table of facts holds it.`);
      continue;
    }
    try { keep(entry, batch[at].position, log, read, report); } catch {
      if (!wrong.has(at)) report.wrong(`${place(at)} is malformed.`);
    }
  }
  return { values };
};

/* Keep what cases are held to, and the acts. */
const keep = (entry, position, log, read, report) => {
  for (const name of ["kind", "organisation"]) if (!Object.hasOwn(entry, name)) throw new TypeError(name);
  if (entry.organisation !== log.organisation) report.wrong(`The entry at position ${position} belongs to another log than ${log.organisation}.`);
  if (entry.kind !== null && typeof entry.kind === "object") throw new TypeError("kind");
  if (ACTS.has(entry.kind)) read.keepAct(log.organisation, entry);
  const { payload } = entry;
  if (payload === null || typeof payload !== "object") throw new TypeError("payload");
  // What was too large for its entry stands there by its hash; the package may hold it beside.
  if (Object.hasOwn(payload, LARGE)) {
    if (!read.large.has(log.organisation)) read.large.set(log.organisation, new Map());
    read.large.get(log.organisation).set(position, [entry.kind, String(payload[LARGE])]);
  }
  if (KINDS.has(entry.kind)) read.said.set(placeOf(log.organisation, position), { kind: entry.kind, ...saying(entry.kind, payload) });
};

const saying = (kind, payload) => {
  if (kind !== "inference") return { region: payload.region ?? "", word: (kind === "truth" ? payload.value : payload.decision) ?? "" };
  const parts = new Map();
  for (const part of payload.predictions ?? []) {
    if (!Object.hasOwn(part, "finding")) throw new TypeError("finding");
    parts.set(`${part.finding}\n${part.region ?? ""}`, [part.score ?? null, part.decision ?? ""]);
  }
  return { parts };
};

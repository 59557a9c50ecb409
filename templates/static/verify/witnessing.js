/* What others say of a log: cosignatures of witnesses (C2SP tlog-cosignature) and time stamps (RFC 3161). */
"use strict";

import { byCodePoint, UnreadableError } from "./findings.js";
import { decoded, equal, hex, sha256, utf8 } from "./hashing.js";
import { cut, NAME, NoteError, openCheckpoint, parseNote, unbase64, verifySignature } from "./notes.js";

const MOST = 1_000;
const COSIGNATURE = 4;
const LAST_SECOND = 253402300799;
const LARGEST_TOKEN = 64 * 1024;
const SEQUENCE = 0x30, OCTETS = 0x04, MOMENT = 0x18, IN_BRACKETS = 0xa0;

/* The checkpoints that witnesses cosigned, once log and witness are known to have signed them. */
export const cosignedNotes = async (pkg, folder, keys, report) => {
  if (!pkg.has(`${folder}witnesses`)) return [];
  const lines = decoded(await pkg.read(`${folder}witnesses`)).split("\n").filter((line, at, all) => line || at < all.length - 1);
  const known = lines.map(witnessKey);
  const notes = [];
  for (const name of namesIn(pkg, `${folder}cosigned/`)) {
    let note, checkpoint, found;
    try {
      note = await pkg.read(name);
      checkpoint = await openCheckpoint(note, keys);
      found = await cosignaturesOn(parseNote(note), known);
    } catch (error) {
      report.wrong(`The cosigned checkpoint ${name} does not hold: ${error.message}.`);
      continue;
    }
    if (!found.length) report.wrong(`The cosigned checkpoint ${name} has no cosignature of its witnesses.`);
    for (const each of found) {
      const moment = new Date(Math.min(each.seconds, LAST_SECOND) * 1000).toISOString();
      report.notice(
        `${each.witness.name} cosigned ${checkpoint.origin} at ${checkpoint.size} entries on ${moment.slice(0, 10)} ` +
          `${moment.slice(11, 16)} UTC; its key was not compared (--witness).`,
      );
    }
    notes.push(note);
  }
  return notes;
};

const witnessKey = (text) => {
  const [name, rest] = cut(text.trim(), "+");
  const [id, encoded] = cut(rest, "+");
  const data = unbase64(encoded);
  if (!NAME.test(name) || data[0] !== COSIGNATURE || data.length !== 33)
    throw new NoteError("the key is not written as name+id+base64 of a witness's key");
  const key = { name, key: data.slice(1), id: sha256(utf8(`${name}\n`), data).subarray(0, 4) };
  if (hex(key.id) !== id) throw new NoteError("the key's id is not that of the key");
  return key;
};

const cosignaturesOn = async (note, known) => {
  const found = [];
  for (const line of note.signatures) {
    const witness = known.find((each) => each.name === line.name && equal(each.id, line.id));
    if (!witness) continue;
    const seconds = line.signature.subarray(0, 8).reduce((value, byte) => value * 256 + byte, 0);
    const signature = line.signature.subarray(8);
    const message = utf8(`cosignature/v1\ntime ${seconds}\n${note.text}`);
    if (signature.length !== 64 || !(await verifySignature(witness.key, message, signature)))
      throw new NoteError(`the cosignature of ${witness.name} does not hold`);
    found.push({ witness, seconds });
  }
  return found;
};

/* The checkpoints over whose root a time stamp stands. Its own signature is for openssl. */
export const stampedNotes = async (pkg, folder, keys, report) => {
  const notes = [];
  for (const name of namesIn(pkg, `${folder}stamped/`).filter((each) => !each.endsWith(".tsr"))) {
    let note, checkpoint, stamp;
    try {
      note = await pkg.read(name);
      checkpoint = await openCheckpoint(note, keys);
      stamp = readStamp(await pkg.read(`${name}.tsr`));
    } catch (error) {
      report.wrong(`The time stamp of ${name} does not hold: ${error.message}.`);
      continue;
    }
    if (!equal(stamp.imprint, sha256(checkpoint.root))) {
      report.wrong(`The time stamp of ${name} is over another root than that of its checkpoint.`);
      continue;
    }
    report.notice(
      `A time stamp of ${stamp.moment} stands over ${checkpoint.origin} at ${checkpoint.size} entries; openssl ts -verify checks its signature.`,
    );
    notes.push(note);
  }
  return notes;
};

const readStamp = (data) => {
  if (data.length > LARGEST_TOKEN) throw new NoteError("it is too large for a time stamp");
  let outer = partsOf(only(data, SEQUENCE));
  if (outer.length && outer[0][0] === SEQUENCE) outer = partsOf(part(outer, 1, SEQUENCE));
  const signed = partsOf(only(part(outer, 1, IN_BRACKETS), SEQUENCE));
  const content = partsOf(part(signed, 2, SEQUENCE));
  const info = partsOf(only(only(part(content, 1, IN_BRACKETS), OCTETS), SEQUENCE));
  const imprint = partsOf(part(info, 2, SEQUENCE));
  return { imprint: part(imprint, 1, OCTETS), moment: new TextDecoder("latin1").decode(part(info, 4, MOMENT)) };
};

const part = (parts, index, tag) => {
  if (index >= parts.length || parts[index][0] !== tag) throw new NoteError("it is not built as a time stamp");
  return parts[index][1];
};
const only = (data, tag) => part(partsOf(data).slice(0, 1), 0, tag);

/* [tag, content] of the values that stand one after another, in DER. */
const partsOf = (data) => {
  const parts = [];
  for (let place = 0; place < data.length;) {
    if (place + 2 > data.length) throw new NoteError("it is cut off");
    const tag = data[place];
    let length = data[place + 1];
    place += 2;
    if (length & 0x80) {
      const count = length & 0x7f;
      length = data.subarray(place, place + count).reduce((value, byte) => value * 256 + byte, 0);
      place += count;
    }
    if (place + length > data.length) throw new NoteError("it is cut off");
    parts.push([tag, data.subarray(place, place + length)]);
    place += length;
  }
  return parts;
};

const namesIn = (pkg, folder) => {
  const names = pkg.names.filter((name) => name.startsWith(folder)).sort(byCodePoint);
  if (names.length > MOST) throw new UnreadableError(`${folder} holds more than ${MOST} files`);
  return names;
};

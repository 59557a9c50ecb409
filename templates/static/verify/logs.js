/* Checks one log of a package: its signed checkpoint, its tiles, and that every entry is a leaf of the signed tree. */
"use strict";

import { parseJson } from "./canonical.js";
import { byCodePoint } from "./findings.js";
import { decoded, equal, fromBase64 } from "./hashing.js";
import { HASH_BYTES, hashesIn, leafHash, root, TiledTree, TileError, tileWidth, verifyConsistency, WIDTH } from "./merkle.js";
import { NoteError, openCheckpoint, parseCheckpoint, parseNote, parsePublicKey } from "./notes.js";

export const LOGS = "data/logs/";
export const LARGEST_LINE = 70_000;
const TILE_BYTES = WIDTH * HASH_BYTES;

class Log {
  constructor(organisation, key, checkpoint) {
    this.organisation = organisation;
    this.key = key;
    this.checkpoint = checkpoint;
    this.positions = [];
  }

  file(name) { return `${LOGS}${this.organisation}/${name}`; }
}

export const logsOf = (pkg) =>
  [...new Set(pkg.names.filter((name) => name.startsWith(LOGS)).map((name) => name.slice(LOGS.length).split("/", 1)[0]))].sort(byCodePoint);

/* The log when its checkpoint and tiles hold; entries are checked as they are read. */
export const checkLog = async (pkg, organisation, { pins, kept, report }) => {
  try {
    const log = await openLog(pkg, organisation, { pins, report });
    const tree = await checkedTree(pkg, log);
    for (const note of kept) await checkKept(note, { log, tree, report });
    log.positions = await readPositions(pkg, log);
    return log;
  } catch (error) {
    report.wrong(`The log of ${organisation} does not hold: ${error.message}.`);
    return null;
  }
};

const openLog = async (pkg, organisation, { pins, report }) => {
  const folder = `${LOGS}${organisation}/`;
  const key = parsePublicKey(decoded(await pkg.read(`${folder}key`)));
  if (!pins.includes(key.fingerprint)) report.unpinned.push(organisation);
  const checkpoint = await openCheckpoint(await pkg.read(`${folder}checkpoint`), [key]);
  if (checkpoint.origin.slice(checkpoint.origin.lastIndexOf("/") + 1) !== organisation)
    throw new NoteError(`its checkpoint is that of another log, ${checkpoint.origin}`);
  return new Log(organisation, key, checkpoint);
};

/* 1. Tiles: per level, the index of each tile in the level's file, in order. */
class Tiles {
  constructor(pkg, log, indexes) {
    this.pkg = pkg;
    this.log = log;
    this.indexes = indexes;
    this.places = new Map([...indexes].map(([level, held]) => [level, new Map(held.map((index, place) => [index, place]))]));
  }

  read(level, index) {
    const place = this.places.get(level)?.get(index);
    if (place === undefined) throw new TileError(`tile ${level}/${index} is not in the package`);
    return this.pkg.range(this.log.file(`tiles/${level}.bin`), place * TILE_BYTES, TILE_BYTES);
  }

  async *stream(level) {
    const pieces = inPieces(this.pkg.open(this.log.file(`tiles/${level}.bin`)), TILE_BYTES);
    for (const index of this.indexes.get(level)) {
      const { value } = await pieces.next();
      yield [index, hashesIn(value ?? new Uint8Array(0))];
    }
    if (!(await pieces.next()).done) throw new TileError(`the file of level ${level} holds more tiles than it lists`);
  }
}

/* The bytes of a stream in pieces of one size; the last may be shorter. */
const inPieces = async function* (stream, size) {
  let piece = new Uint8Array(size);
  let filled = 0;
  for await (const part of stream)
    for (let at = 0; at < part.length;) {
      const taken = part.subarray(at, at + size - filled);
      piece.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled === size) { yield piece; piece = new Uint8Array(size); filled = 0; }
    }
  if (filled) yield piece.slice(0, filled);
};

const tilesIn = async (pkg, log) => new Tiles(pkg, log, await tileIndexes(pkg, log));

/* The tree of the package's tiles, whose root is the signed one and whose tiles all lie in it. */
const checkedTree = async (pkg, log) => {
  const tiles = await tilesIn(pkg, log);
  const tree = new TiledTree(log.checkpoint.size, (level, index) => tiles.read(level, index));
  if (!equal(await tree.root(), log.checkpoint.root)) throw new TileError("its tiles do not have the root of its checkpoint");
  await checkLevels(tiles);
  return tree;
};

const tileIndexes = async (pkg, log) => {
  const stated = parseJson(await pkg.read(log.file("tiles.json"), 64 * 1024 * 1024));
  const indexes = new Map();
  for (const [level, ranges] of Object.entries(stated)) {
    const listed = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    if (listed > 1 + Math.floor(log.checkpoint.size / WIDTH)) throw new TileError(`level ${level} lists more tiles than the tree has`);
    const numbers = [];
    for (const [first, last] of ranges) for (let index = first; index <= last; index += 1) numbers.push(index);
    if (numbers.some((index, at) => at && index <= numbers[at - 1])) throw new TileError(`the tiles of level ${level} are not in order`);
    if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(level)) throw new TileError(`invalid literal for int() with base 10: '${level}'`);
    indexes.set(Number(level), numbers);
  }
  return indexes;
};

/* Hold each full tile to the hash that stands for it one level up. */
const checkLevels = async (tiles) => {
  for (const level of [...tiles.indexes.keys()].sort((one, other) => other - one)) {
    let above = -1;
    let parents = [];
    for await (const [index, hashes] of tiles.stream(level)) {
      const width = tileWidth(level, index, tiles.log.checkpoint.size);
      if (hashes.length !== width) throw new TileError(`tile ${level}/${index} has ${hashes.length} hashes; the tree has ${width}`);
      if (width !== WIDTH || !tiles.indexes.has(level + 1)) continue;
      if (above !== Math.floor(index / WIDTH)) {
        above = Math.floor(index / WIDTH);
        parents = hashesIn(await tiles.read(level + 1, above));
      }
      if (!equal(parents[index % WIDTH], root(hashes))) throw new TileError(`tile ${level}/${index} is not part of the signed tree`);
    }
  }
};

/* Prove that the log extends a checkpoint that was kept elsewhere. */
const checkKept = async (note, { log, tree, report }) => {
  let older;
  try {
    older = parseCheckpoint(parseNote(note).text);
    if (older.origin !== log.checkpoint.origin) return;
    await openCheckpoint(note, [log.key]);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    report.wrong(`The checkpoint that was kept of ${log.organisation} does not hold: ${error.message}.`);
    return;
  }
  if (older.size > log.checkpoint.size) {
    report.wrong(
      `The log of ${log.organisation} has ${log.checkpoint.size} entries, fewer than the ${older.size} of the ` +
        "checkpoint that was kept: its end was cut off, or the package is older than the checkpoint.",
    );
    return;
  }
  let proof;
  try { proof = await tree.consistency(older.size); } catch (error) {
    if (!(error instanceof TileError || error instanceof RangeError)) throw error;
    report.wrong(`The package has no proof that ${log.organisation} extends the kept checkpoint of ${older.size}.`);
    return;
  }
  if (!verifyConsistency(older.size, tree.size, older.root, log.checkpoint.root, proof))
    report.wrong(`The log of ${log.organisation} does not extend the checkpoint that was kept: it was rewritten.`);
};

/* 2. Entries: each line is a leaf of the signed tree. */
const readPositions = async (pkg, log) => {
  const positions = [];
  for await (const line of pkg.lines(log.file("positions.txt"), Infinity)) {
    const text = new TextDecoder("latin1").decode(line).trim();
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new TileError(`invalid literal for int() with base 10: b'${text}\\n'`);
    positions.push(value);
  }
  if (positions.some((position, at) => at && position <= positions[at - 1])) throw new TileError("its positions do not rise");
  if (positions.length && positions[positions.length - 1] >= log.checkpoint.size) throw new TileError("a position lies beyond its checkpoint");
  return positions;
};

/* Every exported entry that is a leaf of the signed tree, as [position, body]; the others are named. */
export const entriesOf = async function* (pkg, log, report) {
  const leaves = leavesAt(await tilesIn(pkg, log), log);
  let count = 0;
  for await (const body of pkg.lines(log.file("entries.ndjson"), LARGEST_LINE)) {
    const { value } = await leaves.next();
    if (!value) { report.wrong(`The log of ${log.organisation} has more entries than positions.`); return; }
    const [position, leaf] = value;
    count += 1;
    if (leaf && equal(leafHash(body), leaf)) yield [position, body];
    else report.wrong(`The entry at position ${position} of the log of ${log.organisation} was changed.`);
  }
  if (count !== log.positions.length)
    report.wrong(`The log of ${log.organisation} has ${count} entries for ${log.positions.length} positions.`);
};

const leavesAt = async function* (tiles, log) {
  const stream = log.positions.length ? tiles.stream(0) : null;
  let current = -1;
  let hashes = [];
  for (const position of log.positions) {
    const wanted = Math.floor(position / WIDTH);
    while (current < wanted) {
      const { value } = await stream.next();
      [current, hashes] = value ?? [Infinity, []];
    }
    yield [position, current === wanted ? hashes[position % WIDTH] : null];
  }
};

/* The entries that are shown in part, and proved by their leaf alone. */
export const withheldOf = async function* (pkg, log, report) {
  const name = log.file("withheld.ndjson");
  if (!pkg.has(name)) return;
  const tiles = await tilesIn(pkg, log);
  const tree = new TiledTree(log.checkpoint.size, (level, index) => tiles.read(level, index));
  for await (const line of pkg.lines(name, LARGEST_LINE + 200)) {
    const shown = parseJson(line);
    const position = Number(shown.position);
    if (!equal(await tree.leaf(position), fromBase64(shown.leaf) ?? new Uint8Array(0)))
      report.wrong(`The withheld entry at position ${position} of ${log.organisation} has another leaf.`);
    else yield [position, shown.entry];
  }
};

/* Checks one log of a package: its signed checkpoint, its tiles, and that every entry is a leaf of the signed tree. */
"use strict";

import { parseJson } from "./canonical.js";
import { byCodePoint } from "./findings.js";
import { equal } from "./hashing.js";
import { keysOf } from "./keys.js";
import { HASH_BYTES, hashesIn, root, TiledTree, TileError, tileWidth, verifyConsistency, WIDTH } from "./merkle.js";
import { NoteError, openCheckpoint, parseCheckpoint, parseNote } from "./notes.js";
import { cosignedNotes, stampedNotes } from "./witnessing.js";

export const LOGS = "data/logs/";
const MOST_LEVELS = 8;
const TILE_BYTES = WIDTH * HASH_BYTES;

class Log {
  constructor(organisation, keys, checkpoint) {
    this.organisation = organisation;
    this.keys = keys;
    this.checkpoint = checkpoint;
    this.tiles = new Map();
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
    log.tiles = await tileIndexes(pkg, log);
    const tree = await checkedTree(pkg, log);
    const { chain } = log.keys;
    const folder = log.file("");
    for (const note of kept) await checkKept(note, { log, tree, report });
    for (const note of await cosignedNotes(pkg, folder, chain, report)) await checkKept(note, { log, tree, report });
    for (const note of await stampedNotes(pkg, folder, chain, report)) await checkKept(note, { log, tree, report });
    log.positions = await readPositions(pkg, log);
    return log;
  } catch (error) {
    report.wrong(`The log of ${organisation} does not hold: ${error.message}.`);
    return null;
  }
};

const openLog = async (pkg, organisation, { pins, report }) => {
  const folder = `${LOGS}${organisation}/`;
  const keys = await keysOf(pkg, folder, pins);
  if (!keys.pinned) report.unpinned.push(organisation);
  const checkpoint = await openCheckpoint(await pkg.read(`${folder}checkpoint`), [keys.newest]);
  if (checkpoint.origin.slice(checkpoint.origin.lastIndexOf("/") + 1) !== organisation)
    throw new NoteError(`its checkpoint is that of another log, ${checkpoint.origin}`);
  return new Log(organisation, keys, checkpoint);
};

/* 1. Tiles: per level, the index of each tile in the level's file, in order. */
class Tiles {
  constructor(pkg, log) {
    this.pkg = pkg;
    this.log = log;
    this.places = new Map([...log.tiles].map(([level, held]) => [level, new Map(held.map((index, place) => [index, place]))]));
  }

  read(level, index) {
    const place = this.places.get(level)?.get(index);
    if (place === undefined) throw new TileError(`tile ${level}/${index} is not in the package`);
    return this.pkg.range(this.log.file(`tiles/${level}.bin`), place * TILE_BYTES, TILE_BYTES);
  }

  async *stream(level) {
    const pieces = inPieces(this.pkg.open(this.log.file(`tiles/${level}.bin`)), TILE_BYTES);
    for (const index of this.log.tiles.get(level)) {
      const { value } = await pieces.next();
      yield [index, value ?? new Uint8Array(0)];
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

/* The tree of the package's tiles, whose root is the signed one and whose tiles all lie in it. */
const checkedTree = async (pkg, log) => {
  const tiles = new Tiles(pkg, log);
  const tree = new TiledTree(log.checkpoint.size, (level, index) => tiles.read(level, index));
  if (!equal(await tree.root(), log.checkpoint.root)) throw new TileError("its tiles do not have the root of its checkpoint");
  await checkLevels(tiles);
  return tree;
};

const tileIndexes = async (pkg, log) => {
  const stated = parseJson(await pkg.read(log.file("tiles.json"), 64 * 1024 * 1024));
  if (Object.keys(stated).length > MOST_LEVELS) throw new TileError("it lists more levels than a tree has");
  const indexes = new Map();
  for (const [level, ranges] of Object.entries(stated)) {
    const listed = ranges.reduce((sum, [first, last]) => sum + Math.max(0, last - first + 1), 0);
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
  for (const level of [...tiles.log.tiles.keys()].sort((one, other) => other - one)) {
    let above = -1;
    let parents = [];
    for await (const [index, tile] of tiles.stream(level)) {
      const width = tileWidth(level, index, tiles.log.checkpoint.size);
      const count = Number((tile.length / HASH_BYTES).toPrecision(6));
      if (tile.length !== width * HASH_BYTES) throw new TileError(`tile ${level}/${index} has ${count} hashes; the tree has ${width}`);
      if (width !== WIDTH || !tileWidth(level + 1, 0, tiles.log.checkpoint.size)) continue;
      if (above !== Math.floor(index / WIDTH)) {
        above = Math.floor(index / WIDTH);
        parents = hashesIn(await tiles.read(level + 1, above));
      }
      if (!equal(parents[index % WIDTH], root(hashesIn(tile)))) throw new TileError(`tile ${level}/${index} is not part of the signed tree`);
    }
  }
};

/* Prove that the log extends a checkpoint that was kept elsewhere. */
const checkKept = async (note, { log, tree, report }) => {
  let older;
  try {
    older = parseCheckpoint(parseNote(note).text);
    if (older.origin !== log.checkpoint.origin) return;
    await openCheckpoint(note, log.keys.chain);
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

/* 2. Where the exported entries stand, and their leaves. */
const readPositions = async (pkg, log) => {
  const positions = [];
  if (!pkg.has(log.file("positions.txt"))) throw new TileError("positions.txt is missing");
  for await (const lines of pkg.lines(log.file("positions.txt")))
    for (const line of lines) {
      if (!line.length || line.some((byte) => byte < 48 || byte > 57)) throw new TileError("positions.txt holds something else than numbers");
      positions.push(Number(new TextDecoder("latin1").decode(line)));
    }
  if (positions.some((position, at) => at && position <= positions[at - 1])) throw new TileError("its positions do not rise");
  if (positions.length && positions[positions.length - 1] >= log.checkpoint.size) throw new TileError("a position lies beyond its checkpoint");
  return positions;
};

/* The leaf hashes of rising positions, as the tree has them; null where the package has none. */
export class Leaves {
  constructor(pkg, log) {
    this.stream = log.tiles.has(0) ? new Tiles(pkg, log).stream(0) : null;
    this.index = -1;
    this.tile = [];
  }

  async at(position) {
    const wanted = Math.floor(position / WIDTH);
    while (this.index < wanted) {
      const step = this.stream ? await this.stream.next() : { done: true };
      [this.index, this.tile] = step.done ? [Infinity, []] : [step.value[0], hashesIn(step.value[1])];
    }
    return this.index === wanted ? (this.tile[position % WIDTH] ?? null) : null;
  }
}

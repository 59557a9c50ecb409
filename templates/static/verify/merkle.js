/* Merkle trees of RFC 6962 and RFC 9162, and their tiles as C2SP tlog-tiles cuts them. Any malformed proof is false. */
"use strict";

import { equal, Sha256, sha256 } from "./hashing.js";

export const HASH_BYTES = 32;
export const WIDTH = 256;
const HEIGHT = 8;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const EMPTY_ROOT = new Sha256().digest();

export class TileError extends Error {}

export const leafHash = (data) => sha256(LEAF, data);
export const nodeHash = (left, right) => sha256(NODE, left, right);

export const root = (leaves) => {
  let level = leaves;
  if (!level.length) return EMPTY_ROOT;
  while (level.length > 1) {
    const next = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push(nodeHash(level[i], level[i + 1]));
    if (level.length % 2) next.push(level[level.length - 1]);
    level = next;
  }
  return level[0];
};

const isCount = (...values) => values.every((value) => Number.isSafeInteger(value) && value >= 0);
const areHashes = (...values) => values.every((value) => value instanceof Uint8Array && value.length === HASH_BYTES);
const half = (value) => Math.floor(value / 2);

export const verifyInclusion = (leaf, index, size, proof, expected) => {
  if (!isCount(index, size) || index >= size || !Array.isArray(proof) || !areHashes(leaf, expected, ...proof)) return false;
  let node = index;
  let last = size - 1;
  let result = leaf;
  for (const step of proof) {
    if (last === 0) return false;
    if (node % 2 || node === last) {
      result = nodeHash(step, result);
      while (node % 2 === 0 && node) { node = half(node); last = half(last); }
    } else result = nodeHash(result, step);
    node = half(node);
    last = half(last);
  }
  return last === 0 && equal(result, expected);
};

export const verifyConsistency = (oldSize, newSize, oldRoot, newRoot, proof) => {
  if (!isCount(oldSize, newSize) || oldSize < 1 || oldSize > newSize) return false;
  if (!Array.isArray(proof) || !areHashes(oldRoot, newRoot, ...proof)) return false;
  if (oldSize === newSize) return !proof.length && equal(oldRoot, newRoot);
  if (!proof.length) return false;
  const isPower = Number.isInteger(Math.log2(oldSize)) && 2 ** Math.round(Math.log2(oldSize)) === oldSize;
  const found = climbed(isPower ? [oldRoot, ...proof] : proof, oldSize - 1, newSize - 1);
  return found !== null && equal(found[0], oldRoot) && equal(found[1], newRoot);
};

const climbed = (path, first, end) => {
  let node = first;
  let last = end;
  while (node % 2) { node = half(node); last = half(last); }
  let [older] = path;
  let [newer] = path;
  for (const step of path.slice(1)) {
    if (last === 0) return null;
    if (node % 2 || node === last) {
      older = nodeHash(step, older);
      newer = nodeHash(step, newer);
      while (node % 2 === 0 && node) { node = half(node); last = half(last); }
    } else newer = nodeHash(newer, step);
    node = half(node);
    last = half(last);
  }
  return last === 0 ? [older, newer] : null;
};

/* Tiles */
export const hashesIn = (tile) => {
  if (tile.length % HASH_BYTES) throw new TileError("a tile is no whole number of hashes");
  return Array.from({ length: tile.length / HASH_BYTES }, (_, i) => tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
};

export const tileWidth = (level, index, size) =>
  Math.max(0, Math.min(WIDTH, Math.floor(size / 2 ** (HEIGHT * level)) - index * WIDTH));

const grouped = (index) => {
  const text = String(index).padStart(3, "0");
  const whole = text.padStart(Math.ceil(text.length / 3) * 3, "0");
  const groups = whole.match(/.../g);
  return [...groups.slice(0, -1).map((group) => `x${group}`), groups[groups.length - 1]].join("/");
};

/* The path of a tile below the log's `tile/`. */
export const tilePath = (level, index, width) => `${level}/${grouped(index)}${width === WIDTH ? "" : `.p/${width}`}`;

const splitPoint = (size) => {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
};

/* A tree of which only tiles are at hand. `readTile(level, index)` gives the bytes of one, now or later. */
export class TiledTree {
  constructor(size, readTile) {
    this.size = size;
    this.readTile = readTile;
    this.tiles = new Map();
  }

  leaf(index) { return this.perfect(0, index); }

  root() { return this.rangeRoot(0, this.size); }

  async perfect(height, index) {
    const level = Math.floor(height / HEIGHT);
    const rest = height % HEIGHT;
    const first = index * 2 ** rest;
    const tile = Math.floor(first / WIDTH);
    const hashes = await this.tile(level, tile);
    const part = hashes.slice(first % WIDTH, (first % WIDTH) + 2 ** rest);
    if (part.length !== 2 ** rest) throw new TileError(`tile ${level}/${tile} holds ${hashes.length} hashes; more are needed`);
    return root(part);
  }

  async rangeRoot(begin, end) {
    const nodes = [];
    for (let at = begin; at < end;) {
      let height = 0;
      while (2 ** (height + 1) <= end - at) height += 1;
      nodes.push(await this.perfect(height, at / 2 ** height));
      at += 2 ** height;
    }
    if (!nodes.length) return EMPTY_ROOT;
    return nodes.reduceRight((right, left) => nodeHash(left, right));
  }

  async tile(level, index) {
    const key = `${level}/${index}`;
    if (!this.tiles.has(key)) this.tiles.set(key, hashesIn(await this.readTile(level, index)));
    return this.tiles.get(key);
  }

  async inclusion(index) {
    const proof = [];
    let begin = 0;
    let end = this.size;
    while (end - begin > 1) {
      const middle = begin + splitPoint(end - begin);
      if (index < middle) { proof.push(await this.rangeRoot(middle, end)); end = middle; }
      else { proof.push(await this.rangeRoot(begin, middle)); begin = middle; }
    }
    return proof.reverse();
  }

  async consistency(oldSize) {
    if (oldSize < 1 || oldSize > this.size) throw new RangeError(`no consistency proof from size ${oldSize} to ${this.size}`);
    const proof = [];
    let begin = 0;
    let end = this.size;
    while (oldSize < end) {
      const middle = begin + splitPoint(end - begin);
      if (oldSize <= middle) { proof.push(await this.rangeRoot(middle, end)); end = middle; }
      else { proof.push(await this.rangeRoot(begin, middle)); begin = middle; }
    }
    if (begin) proof.push(await this.rangeRoot(begin, end));
    return proof.reverse();
  }
}

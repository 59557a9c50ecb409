/* SHA-256 and SHA-512 (FIPS 180-4) piece by piece, for files larger than memory; hex, base64, bytes.
 *
 * The browser's own digest takes a whole buffer at once, so it serves neither a stream nor a million small leaves.
 * The constants are computed as the standard defines them: fractions of roots of the first primes.
 */
"use strict";

const primes = (count) => {
  const found = [];
  for (let n = 2; found.length < count; n += 1) if (found.every((p) => n % p)) found.push(n);
  return found;
};
const floorRoot = (value, degree) => {
  let low = 0n;
  let high = 1n << 80n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** degree <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
};
const fraction = (prime, degree) => floorRoot(BigInt(prime) << (64n * degree), degree) & 0xffffffffffffffffn;
const CUBES = primes(80).map((p) => fraction(p, 3n));
const SQUARES = primes(8).map((p) => fraction(p, 2n));
const high = (values) => Int32Array.from(values, (v) => Number(v >> 32n) | 0);
const low = (values) => Int32Array.from(values, (v) => Number(v & 0xffffffffn) | 0);
const K256 = high(CUBES.slice(0, 64));
const KH = high(CUBES);
const KL = low(CUBES);
const H256 = high(SQUARES);
const H512L = low(SQUARES);

class Sha {
  constructor(block) {
    this.block = new Uint8Array(block);
    this.view = new DataView(this.block.buffer);
    this.filled = 0;
    this.length = 0;
  }

  update(data) {
    const size = this.block.length;
    this.length += data.length;
    let at = 0;
    while (at < data.length) {
      if (this.filled === 0 && data.length - at >= size) {
        this.compress(new DataView(data.buffer, data.byteOffset + at, size));
        at += size;
        continue;
      }
      const part = Math.min(size - this.filled, data.length - at);
      this.block.set(data.subarray(at, at + part), this.filled);
      this.filled += part;
      at += part;
      if (this.filled === size) { this.compress(this.view); this.filled = 0; }
    }
    return this;
  }

  pad() {
    const size = this.block.length;
    const bits = this.length * 8;
    this.block[this.filled] = 0x80;
    this.block.fill(0, this.filled + 1);
    if (this.filled + 1 > size - size / 8) { this.compress(this.view); this.block.fill(0); }
    this.view.setUint32(size - 8, Math.floor(bits / 4294967296));
    this.view.setUint32(size - 4, bits >>> 0);
    this.compress(this.view);
  }
}

const W = new Int32Array(64);

export class Sha256 extends Sha {
  constructor() {
    super(64);
    this.state = Int32Array.from(H256);
  }

  compress(view) {
    for (let i = 0; i < 16; i += 1) W[i] = view.getInt32(i * 4);
    for (let i = 16; i < 64; i += 1) {
      const a = W[i - 15];
      const b = W[i - 2];
      const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
      const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
      W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = this.state;
    for (let i = 0; i < 64; i += 1) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K256[i] + W[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    const s = this.state;
    s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;
  }

  digest() {
    this.pad();
    const out = new Uint8Array(32);
    const view = new DataView(out.buffer);
    this.state.forEach((word, i) => view.setInt32(i * 4, word));
    return out;
  }
}

const WH = new Int32Array(80);
const WL = new Int32Array(80);

export class Sha512 extends Sha {
  constructor() {
    super(128);
    this.h = Int32Array.from(H256);
    this.l = Int32Array.from(H512L);
  }

  compress(view) {
    for (let i = 0; i < 16; i += 1) { WH[i] = view.getInt32(i * 8); WL[i] = view.getInt32(i * 8 + 4); }
    for (let i = 16; i < 80; i += 1) {
      const ah = WH[i - 15], al = WL[i - 15], bh = WH[i - 2], bl = WL[i - 2];
      const s0h = ((ah >>> 1) | (al << 31)) ^ ((ah >>> 8) | (al << 24)) ^ (ah >>> 7);
      const s0l = ((al >>> 1) | (ah << 31)) ^ ((al >>> 8) | (ah << 24)) ^ ((al >>> 7) | (ah << 25));
      const s1h = ((bh >>> 19) | (bl << 13)) ^ ((bl >>> 29) | (bh << 3)) ^ (bh >>> 6);
      const s1l = ((bl >>> 19) | (bh << 13)) ^ ((bh >>> 29) | (bl << 3)) ^ ((bl >>> 6) | (bh << 26));
      const lo = (s0l >>> 0) + (s1l >>> 0) + (WL[i - 7] >>> 0) + (WL[i - 16] >>> 0);
      WL[i] = lo | 0;
      WH[i] = (s0h + s1h + WH[i - 7] + WH[i - 16] + Math.floor(lo / 4294967296)) | 0;
    }
    const H = this.h, L = this.l;
    let ah = H[0], al = L[0], bh = H[1], bl = L[1], ch = H[2], cl = L[2], dh = H[3], dl = L[3];
    let eh = H[4], el = L[4], fh = H[5], fl = L[5], gh = H[6], gl = L[6], hh = H[7], hl = L[7];
    for (let i = 0; i < 80; i += 1) {
      const s1h = ((eh >>> 14) | (el << 18)) ^ ((eh >>> 18) | (el << 14)) ^ ((el >>> 9) | (eh << 23));
      const s1l = ((el >>> 14) | (eh << 18)) ^ ((el >>> 18) | (eh << 14)) ^ ((eh >>> 9) | (el << 23));
      const t1 = (hl >>> 0) + (s1l >>> 0) + (((el & fl) ^ (~el & gl)) >>> 0) + (KL[i] >>> 0) + (WL[i] >>> 0);
      const t1h = (hh + s1h + ((eh & fh) ^ (~eh & gh)) + KH[i] + WH[i] + Math.floor(t1 / 4294967296)) | 0;
      const t1l = t1 | 0;
      const s0h = ((ah >>> 28) | (al << 4)) ^ ((al >>> 2) | (ah << 30)) ^ ((al >>> 7) | (ah << 25));
      const s0l = ((al >>> 28) | (ah << 4)) ^ ((ah >>> 2) | (al << 30)) ^ ((ah >>> 7) | (al << 25));
      const t2 = (s0l >>> 0) + (((al & bl) ^ (al & cl) ^ (bl & cl)) >>> 0);
      const t2h = (s0h + ((ah & bh) ^ (ah & ch) ^ (bh & ch)) + Math.floor(t2 / 4294967296)) | 0;
      hh = gh; hl = gl; gh = fh; gl = fl; fh = eh; fl = el;
      const e = (dl >>> 0) + (t1l >>> 0);
      eh = (dh + t1h + Math.floor(e / 4294967296)) | 0; el = e | 0;
      dh = ch; dl = cl; ch = bh; cl = bl; bh = ah; bl = al;
      const a = (t1l >>> 0) + ((t2 | 0) >>> 0);
      ah = (t1h + t2h + Math.floor(a / 4294967296)) | 0; al = a | 0;
    }
    this.add(0, ah, al); this.add(1, bh, bl); this.add(2, ch, cl); this.add(3, dh, dl);
    this.add(4, eh, el); this.add(5, fh, fl); this.add(6, gh, gl); this.add(7, hh, hl);
  }

  add(i, h, l) {
    const sum = (this.l[i] >>> 0) + (l >>> 0);
    this.h[i] = (this.h[i] + h + Math.floor(sum / 4294967296)) | 0;
    this.l[i] = sum | 0;
  }

  digest() {
    this.pad();
    const out = new Uint8Array(64);
    const view = new DataView(out.buffer);
    for (let i = 0; i < 8; i += 1) { view.setInt32(i * 8, this.h[i]); view.setInt32(i * 8 + 4, this.l[i]); }
    return out;
  }
}

export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), new Sha256()).digest();
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const equal = (one, other) => {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return false;
  return true;
};
export const utf8 = (text) => new TextEncoder().encode(text);
export const fromHex = (text) => {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw new Error("non-hexadecimal number found in fromhex() arg");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
};
/* Text of bytes that must be UTF-8; anything else throws. A byte-order mark is a character like any other. */
export const decoded = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
/* Standard, padded, canonical base64; null for anything else. */
export const fromBase64 = (text) => {
  if (text.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return toBase64(bytes) === text ? bytes : null;
};
export const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

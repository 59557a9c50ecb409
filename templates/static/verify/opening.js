/* Opens a package without trusting its names, sizes or links. Nothing is unpacked: every read is a stream with a limit. */
"use strict";

import { quoted, UnreadableError } from "./findings.js";

const MOST_FILES = 100_000;
const LARGEST_DIRECTORY = 64 * 1024 * 1024;
const SUSPECT_RATIO = 200;
const SUSPECT_BYTES = 64 * 1024 * 1024;
const LONGEST_LINE = 70_000;
const BLOCK = 1024 * 1024;
const LARGEST_KEPT = 64 * 1024 * 1024;
const LONGEST_NAME = 1_000;
const BAG = "bagit.txt";
/* What Windows takes for a device, whatever stands after a dot. */
const DEVICES = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;
const END = 0x06054b50, END_64 = 0x06064b50, DIRECTORY = 0x02014b50, LOCAL = 0x04034b50;
const STORED = 0, DEFLATED = 8;
const UTF8_NAMES = 0x800, ENCRYPTED = 0x1, PATCHED = 0x20, STRONG = 0x40;

/* A file in the zip cannot be read; the message says why. */
export class FileError extends Error {}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});
const crcOf = (crc, data) => {
  let c = crc;
  for (let i = 0; i < data.length; i += 1) c = CRC_TABLE[(c ^ data[i]) & 255] ^ (c >>> 8);
  return c;
};

const HALF_437 = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
const from437 = (bytes) => Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : HALF_437[byte - 128])).join("");
const nameIn = (bytes, flags) => {
  if (!(flags & UTF8_NAMES)) return from437(bytes);
  try { return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes); } catch {
    throw new UnreadableError("a name in the zip is not UTF-8");
  }
};

const bytesOf = async (blob, from, length) => {
  const part = new Uint8Array(await blob.slice(from, from + length).arrayBuffer());
  return part;
};
const number64 = (view, at) => {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw new UnreadableError("the zip names a size that no file has");
  return value;
};

/* Where the directory lies, and how many files it lists, from the end of the zip. */
const endOf = async (blob, name) => {
  const begin = Math.max(0, blob.size - 66_000);
  const tail = await bytesOf(blob, begin, 66_000);
  const view = new DataView(tail.buffer);
  const last = (mark, before) => {
    let at = before - 4;
    while (at >= 0 && view.getUint32(at, true) !== mark) at -= 1;
    return at;
  };
  const at = last(END, tail.length);
  if (at < 0 || at + 22 > tail.length) throw new UnreadableError(`${name} is no zip file, or its end is missing`);
  const found = { count: view.getUint16(at + 10, true), size: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true), at: begin + at };
  const wide = last(END_64, at);
  if (wide >= 0) {
    if (wide + 56 > tail.length) throw new UnreadableError(`${name} is no whole zip file: its end is cut off`);
    Object.assign(found, { count: number64(view, wide + 32), size: number64(view, wide + 40), offset: number64(view, wide + 48), at: begin + wide });
  }
  if (found.count > MOST_FILES || found.size > LARGEST_DIRECTORY)
    throw new UnreadableError(`${name} lists ${found.count} files in ${found.size} bytes; a package has at most ${MOST_FILES}`);
  // Two readers could find two directories, and so two packages, in one file.
  if (found.offset + found.size !== found.at || at + 22 !== tail.length)
    throw new UnreadableError(`${name} has bytes before or after its zip: different programs would see other files`);
  return found;
};

const NAME_FIELD = 0x7075; // "up": Info-ZIP's name in UTF-8, which some programs take instead
const wideFields = (info, extra) => {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.length);
  for (let at = 0; at + 4 <= extra.length;) {
    const kind = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    if (at + 4 + length > extra.length) throw new UnreadableError(`Corrupt extra field ${kind.toString(16).padStart(4, "0")} (size=${length})`);
    if (kind === NAME_FIELD) info.isNamedAgain = true;
    if (kind === 1) {
      let from = at + 4;
      for (const field of ["size", "packed", "offset"])
        if (info[field] === 0xffffffff) {
          if (from + 8 > at + 4 + length) throw new UnreadableError("Corrupt zip64 extra field.");
          info[field] = number64(view, from);
          from += 8;
        }
    }
    at += 4 + length;
  }
};

/* The entries of the directory, in order. */
const directoryOf = async (blob, name) => {
  const end = await endOf(blob, name);
  const start = end.at - end.size;
  const shift = start - end.offset;
  if (start < 0 || shift < 0) throw new UnreadableError(`${name} is no whole zip file: Bad offset for central directory`);
  const data = await bytesOf(blob, start, end.size);
  const view = new DataView(data.buffer);
  const found = [];
  for (let at = 0; at < end.size;) {
    if (at + 46 > data.length) throw new UnreadableError(`${name} is no whole zip file: Truncated central directory`);
    if (view.getUint32(at, true) !== DIRECTORY) throw new UnreadableError(`${name} is no whole zip file: Bad magic number for central directory`);
    const flags = view.getUint16(at + 8, true);
    const [nameLength, extraLength, noteLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const info = {
      flags, method: view.getUint16(at + 10, true), crc: view.getInt32(at + 16, true),
      packed: view.getUint32(at + 20, true), size: view.getUint32(at + 24, true),
      mode: view.getUint32(at + 38, true) >>> 16, offset: view.getUint32(at + 42, true),
      name: nameIn(data.subarray(at + 46, at + 46 + nameLength), flags),
    };
    wideFields(info, data.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
    info.offset += shift;
    found.push(info);
    at += 46 + nameLength + extraLength + noteLength;
  }
  return found;
};

/* Why a name may not stand in a package, or nothing. */
export const whatIsWrong = (name) => {
  const parts = name.split("/");
  if (/^[/~]/.test(name) || name.includes("\\") || parts[0].includes(":")) return "which names a place outside the package";
  if (parts.some((part) => part === "" || part === "." || part === "..")) return "which names a place outside the package or none";
  if (/[\0-\x1f\x7f]/.test(name)) return "which has control characters in its name";
  if (parts.some((part) => DEVICES.test(part) || /[. ]$/.test(part))) return "which Windows takes for a device or another name";
  if (/[\\:*?"<>|]/.test(name) || Array.from(name).length > LONGEST_NAME) return "which is no name on every system";
  return "";
};

const REGULAR = 0o100000;
const KIND = 0o170000;

const namesOf = (infos, size, report) => {
  const names = new Map();
  let packed = 0;
  for (const info of infos) {
    packed += info.packed;
    if (info.name.endsWith("/") && !info.size) continue;
    const wrong = whatIsWrong(info.name);
    if (wrong) report.wrong(`The zip holds ${quoted(info.name)}, ${wrong}.`);
    else if ((info.mode & KIND) !== REGULAR && info.mode & KIND) report.wrong(`The zip holds ${quoted(info.name)} as a link or device, not as a file.`);
    else if (info.isNamedAgain)
      report.wrong(`The zip holds ${quoted(info.name)} under a second name: different programs would see other files.`);
    else if (info.size > SUSPECT_BYTES && info.size > SUSPECT_RATIO * info.packed)
      report.wrong(`The zip holds ${quoted(info.name)}, which would unpack to ${info.size} bytes: a zip bomb.`);
    else {
      if (names.has(info.name)) report.wrong(`The file ${quoted(info.name)} stands twice in the package.`);
      names.set(info.name, info);
    }
  }
  if (packed > size) throw new UnreadableError("the files in the zip overlap: a zip bomb");
  return names;
};

export class Package {
  constructor(blob, infos, prefix) {
    this.blob = blob;
    this.infos = infos;
    this.prefix = prefix;
    this.kept = new Map();
  }

  get names() { return [...this.infos.keys()]; }

  has(name) { return this.infos.has(name); }

  sizeOf(name) { return this.infos.get(name).size; }

  /* The bytes of one file, piece by piece: no more than it declared, with their checksum compared at the end. */
  async *open(name) {
    const info = this.infos.get(name);
    if (!info) throw new UnreadableError(`${name} is missing`);
    const start = await this.startOf(info);
    let left = info.size;
    let crc = -1;
    for await (const piece of unpacked(this.blob.slice(start, start + info.packed), info)) {
      const part = piece.length > left ? piece.subarray(0, left) : piece;
      left -= part.length;
      crc = crcOf(crc, part);
      if (part.length) yield part;
      if (!left) break;
    }
    if (~crc !== info.crc) throw new FileError(`Bad CRC-32 for file ${quoted(this.prefix + name)}`);
  }

  async startOf(info) {
    const head = await bytesOf(this.blob, info.offset, 30);
    const view = new DataView(head.buffer);
    if (head.length < 30) throw new FileError("Truncated file header");
    if (view.getUint32(0, true) !== LOCAL) throw new FileError("Bad magic number for file header");
    const nameLength = view.getUint16(26, true);
    const local = nameIn(await bytesOf(this.blob, info.offset + 30, nameLength), info.flags);
    if (info.flags & PATCHED) throw new FileError("compressed patched data (flag bit 5)");
    if (info.flags & STRONG) throw new FileError("strong encryption (flag bit 6)");
    if (local !== info.name) throw new FileError(`File name in directory ${quoted(info.name)} and header b${quoted(local)} differ.`);
    if (info.flags & ENCRYPTED) throw new FileError(`File ${quoted(info.name)} is encrypted, password required for extraction`);
    if (info.method !== STORED && info.method !== DEFLATED) throw new FileError("That compression method is not supported");
    return info.offset + 30 + nameLength + view.getUint16(28, true);
  }

  async read(name, most = 16 * 1024 * 1024) {
    if (!this.has(name)) throw new UnreadableError(`${name} is missing`);
    if (this.sizeOf(name) > most)
      throw new UnreadableError(`${name} has ${this.sizeOf(name)} bytes; a file of its kind has at most ${most}`);
    const parts = [];
    for await (const part of this.open(name)) parts.push(part);
    return joined(parts);
  }

  /* A piece of a file, as `seek` and `read` would give it. */
  async range(name, from, length) {
    const info = this.infos.get(name);
    if (!info) throw new UnreadableError(`${name} is missing`);
    if (info.method === STORED) {
      const start = await this.startOf(info);
      const end = Math.min(info.size, info.packed);
      return bytesOf(this.blob.slice(start, start + end), from, length);
    }
    if (info.size <= LARGEST_KEPT) {
      if (!this.kept.has(name)) this.kept.set(name, await this.read(name, LARGEST_KEPT));
      return this.kept.get(name).slice(from, from + length);
    }
    const parts = [];
    let at = 0;
    for await (const part of this.open(name)) {
      parts.push(part.slice(Math.max(0, from - at), Math.max(0, from + length - at)));
      at += part.length;
      if (at >= from + length) break;
    }
    return joined(parts);
  }

  /* The lines of a file without their ends, some at a time. */
  async *lines(name, longest = LONGEST_LINE) {
    let rest = new Uint8Array(0);
    let lines = [];
    let size = 0;
    for await (const part of this.open(name)) {
      rest = rest.length ? joined([rest, part]) : part;
      let from = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) { lines.push(rest.subarray(from, end)); from = end + 1; }
      size += from;
      rest = rest.slice(from);
      if (rest.length > longest) throw new FileError("a line is longer than any may be");
      if (size >= BLOCK) { yield lines; lines = []; size = 0; }
    }
    if (rest.length) lines.push(rest);
    if (lines.length) yield lines;
  }
}

const unpacked = async function* (blob, info) {
  const stream = info.method === DEFLATED ? blob.stream().pipeThrough(new DecompressionStream("deflate-raw")) : blob.stream();
  const reader = stream.getReader();
  try {
    for (;;) {
      let step;
      try { step = await reader.read(); } catch (error) { throw new FileError(`it does not unpack (${error.message})`); }
      if (step.done) return;
      yield step.value;
    }
  } finally { reader.cancel().catch(() => {}); }
};

export const joined = (parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};

/* Open a package; what is wrong with its names goes into the report, and those files are left out. */
export const opened = async (blob, report) => {
  const names = namesOf(await directoryOf(blob, blob.name), blob.size, report);
  const tops = new Set([...names.keys()].map((name) => name.split("/", 1)[0]));
  const [top] = tops;
  const prefix = !names.has(BAG) && tops.size === 1 && names.has(`${top}/${BAG}`) ? `${top}/` : "";
  const infos = new Map([...names].map(([name, info]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, info]));
  if (!infos.has(BAG)) throw new UnreadableError(`${blob.name} holds no bag: ${BAG} is missing`);
  return new Package(blob, infos, prefix);
};

/* Pairs of names that are one file on a system that folds case or composes letters. */
export const lookAlikes = function* (names) {
  const seen = new Map();
  for (const name of names) {
    const folded = name.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFKC");
    if (seen.has(folded)) yield [seen.get(folded), name];
    seen.set(folded, name);
  }
};

/* Checks that a package is a valid bag, RFC 8493: every file listed, every listed file there and unchanged. */
"use strict";

import { byCodePoint, quoted, UnreadableError } from "./findings.js";
import { decoded, hex, Sha256, Sha512 } from "./hashing.js";
import { FileError, lookAlikes, whatIsWrong } from "./opening.js";

const ALGORITHMS = ["sha256", "sha512"];
const DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const LINE = /^([0-9a-f]+)[ \t]+\*?(\S[^\n]*)$/;
const ENCODED = /%(0[Aa]|0[Dd]|25)/g;
const AT_ONCE = 32 * 1024 * 1024;
const LARGEST_MANIFEST = 64 * 1024 * 1024;
const KNOWN = new Set(ALGORITHMS.flatMap((name) => [`manifest-${name}.txt`, `tagmanifest-${name}.txt`]));

/* The digests of every file, by algorithm and name, having compared them with the manifests. */
export const checkBag = async (pkg, { report, step }) => {
  for (const [first, second] of lookAlikes(pkg.names))
    report.wrong(`The files ${quoted(first)} and ${quoted(second)} differ only in their letters' case or form.`);
  const declared = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await pkg.read("bagit.txt"));
  if (declared.replaceAll("\r\n", "\n") !== DECLARATION) report.wrong("bagit.txt does not declare a bag of version 1.0 in UTF-8.");
  const digests = await digestAll(pkg, { report, step });
  const payload = pkg.names.filter((name) => name.startsWith("data/"));
  const tags = pkg.names.filter((name) => !name.startsWith("data/") && !name.startsWith("tagmanifest-"));
  for (const algorithm of ALGORITHMS) {
    await checkManifest(`manifest-${algorithm}.txt`, pkg, { expected: payload, found: digests[algorithm], report });
    await checkManifest(`tagmanifest-${algorithm}.txt`, pkg, { expected: tags, found: digests[algorithm], report });
  }
  await checkOxum(pkg, payload, report);
  checkStrays(pkg, report);
  return digests;
};

const digestAll = async (pkg, { report, step }) => {
  const digests = { sha256: new Map(), sha512: new Map() };
  for (const name of pkg.names) {
    step(`hashing ${name}`);
    let both;
    try { both = await digestOf(pkg, name); } catch (error) {
      if (!(error instanceof FileError)) throw error;
      report.wrong(`The file ${name} cannot be read: ${error.message}.`);
      continue;
    }
    digests.sha256.set(name, hex(both[0]));
    digests.sha512.set(name, hex(both[1]));
  }
  return digests;
};

/* SHA-256 and SHA-512: the browser's own of what fits into memory, ours of what streams by. */
const digestOf = async (pkg, name) => {
  if (pkg.sizeOf(name) <= AT_ONCE) {
    const whole = await pkg.read(name, AT_ONCE);
    return Promise.all(["SHA-256", "SHA-512"].map(async (algorithm) => new Uint8Array(await crypto.subtle.digest(algorithm, whole))));
  }
  const short = new Sha256();
  const long = new Sha512();
  for await (const part of pkg.open(name)) { short.update(part); long.update(part); }
  return [short.digest(), long.digest()];
};

const checkManifest = async (manifest, pkg, { expected, found, report }) => {
  if (!pkg.has(manifest)) { report.wrong(`${manifest} is missing.`); return; }
  const listed = await readManifest(manifest, pkg, report);
  for (const name of expected.filter((each) => !listed.has(each)).sort(byCodePoint))
    report.wrong(`The file ${name} was added: it is not in ${manifest}.`);
  for (const [name, stated] of listed) {
    if (!pkg.has(name)) report.wrong(`The file ${name} of ${manifest} is missing: it was removed or renamed.`);
    else if (found.has(name) && found.get(name) !== stated)
      report.wrong(`The file ${name} was changed: its hash is not that of ${manifest}.`);
  }
};

const readManifest = async (manifest, pkg, report) => {
  let text;
  try { text = decoded(await pkg.read(manifest, LARGEST_MANIFEST)); } catch (error) {
    if (error instanceof UnreadableError) throw error;
    throw new UnreadableError(`${manifest} cannot be read: ${error.message}`);
  }
  const listed = new Map();
  const lines = text ? text.replace(/\n$/, "").split("\n") : [];
  lines.forEach((line, at) => {
    const match = LINE.exec(line.replace(/\r$/, ""));
    const name = match ? match[2].replace(ENCODED, (_, code) => String.fromCharCode(parseInt(code, 16))) : "";
    if (!match || listed.has(name)) { report.wrong(`Line ${at + 1} of ${manifest} is malformed or repeats a file.`); return; }
    const why = whatIsWrong(name);
    if (why) report.wrong(`Line ${at + 1} of ${manifest} names ${quoted(name)}, ${why}.`);
    else listed.set(name, match[1]);
  });
  return listed;
};

const checkOxum = async (pkg, payload, report) => {
  if (!pkg.has("bag-info.txt")) { report.wrong("bag-info.txt is missing."); return; }
  const text = new TextDecoder("latin1").decode(await pkg.read("bag-info.txt"));
  const match = /^Payload-Oxum: (\d+)\.(\d+)\r?$/m.exec(text);
  const bytes = payload.reduce((sum, name) => sum + pkg.sizeOf(name), 0);
  if (!match || Number(match[1]) !== bytes || Number(match[2]) !== payload.length)
    report.wrong("The number or size of the files is not what bag-info.txt counts (Payload-Oxum).");
};

const checkStrays = (pkg, report) => {
  for (const name of pkg.names) {
    if (name === "fetch.txt") report.wrong("The package has a fetch.txt: it would load files from elsewhere.");
    else if (/^(tag)?manifest-/.test(name) && !KNOWN.has(name))
      report.wrong(`The package has ${name}, a manifest of another algorithm.`);
  }
};

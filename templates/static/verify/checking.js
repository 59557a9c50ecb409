/* The whole check of a package, in the order of audit/verification/checking.py: files, logs, entries, content, figures. */
"use strict";

import { checkBag } from "./bag.js";
import { canonicalJson } from "./canonical.js";
import { Report } from "./findings.js";
import { checkFigures } from "./figures.js";
import { decoded, hex, sha256 } from "./hashing.js";
import { checkLog, entriesOf, LOGS, logsOf, withheldOf } from "./logs.js";
import { parseCheckpoint, parseNote } from "./notes.js";
import { opened } from "./opening.js";
import { checkSignatures, Signatures } from "./signatures.js";

const EXPORTED = "package.exported";
const PREVIOUS = "data/previous/";

/* Everything that is wrong with a package. Throws UnreadableError when it cannot be read at all. */
export const checkPackage = async (blob, { pins, checkpoints, step }) => {
  const report = new Report();
  const pkg = await opened(blob, report);
  const digests = await checkBag(pkg, { report, step });
  const kept = [...checkpoints];
  for (const name of pkg.names.filter((each) => each.startsWith(PREVIOUS)).sort()) kept.push(await pkg.read(name));
  const names = logsOf(pkg);
  const logs = [];
  for (const name of names) {
    step(`checking the log of ${name}`);
    const log = await checkLog(pkg, name, { pins, kept, report });
    if (log) logs.push(log);
  }
  if (!names.length) report.wrong("The package holds no log.");
  nameStrangers(checkpoints, logs, report);
  const said = new Map();
  const signed = new Signatures();
  const content = contentDigest(digests.sha256);
  for (const log of logs) {
    step(`proving the entries of ${log.organisation}`);
    await readLog(pkg, log, { said, signed, content, report });
  }
  await checkSignatures(pkg, signed, report);
  step("computing the figures again");
  try { await checkFigures(pkg, said, report); } catch (error) {
    report.wrong(`The figures or cases are malformed: ${error.name} ${error.message}.`);
  }
  return report;
};

/* A kept checkpoint that belongs to none of the logs proves nothing: say so. */
const nameStrangers = (checkpoints, logs, report) => {
  for (const data of checkpoints) {
    let origin;
    try { ({ origin } = parseCheckpoint(parseNote(data).text)); } catch (error) {
      report.wrong(`A checkpoint that was given cannot be read: ${error.message}.`);
      continue;
    }
    if (!logs.some((log) => log.checkpoint.origin === origin))
      report.wrong(`The checkpoint that was given is of ${origin}, a log that this package does not hold.`);
  }
};

/* The hash over names and hashes of all content, which each log's export entry states. */
const contentDigest = (digests) => {
  const content = [...digests].filter(([name]) => name.startsWith("data/") && !name.startsWith(LOGS));
  return hex(sha256(canonicalJson(Object.fromEntries(content))));
};

const readLog = async (pkg, log, { said, signed, content, report }) => {
  const exports = [];
  try {
    for await (const [position, body] of entriesOf(pkg, log, report)) {
      const entry = JSON.parse(decoded(body));
      if (entry.organisation !== log.organisation)
        report.wrong(`The entry at position ${position} belongs to another log than ${log.organisation}.`);
      keep(entry, `${log.organisation}\n${position}`, said);
      signed.keep(entry);
      if (entry.kind === EXPORTED) exports.push(String(entry.payload?.details?.content_sha256));
    }
    for await (const [position, entry] of withheldOf(pkg, log, report)) keep(entry, `${log.organisation}\n${position}`, said);
  } catch (error) {
    report.wrong(`The entries of the log of ${log.organisation} cannot be read: ${error.message}.`);
  }
  if (!exports.includes(content))
    report.wrong(
      `The content is not what the log of ${log.organisation} signed when this package was made: a figure, document or row was changed.`,
    );
};

/* Keep what case rows are held to: scores and decisions of runs, values of truths and reads. */
const keep = (entry, place, said) => {
  const payload = entry.payload ?? {};
  if (entry.kind === "inference")
    said.set(place, new Map((payload.predictions ?? []).map((part) => [`${part.finding}\n${part.region ?? ""}`, [part.score ?? null, part.decision ?? ""]])));
  else if (entry.kind === "truth") said.set(place, [payload.region ?? "", payload.value ?? ""]);
  else if (entry.kind === "read") said.set(place, [payload.region ?? "", payload.decision ?? ""]);
};

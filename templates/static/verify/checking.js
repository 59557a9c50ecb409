/* The whole check of a package, in the order of audit/verification/checking.py: files, logs, entries, content, figures. */
"use strict";

import { checkBag } from "./bag.js";
import { canonicalJson } from "./canonical.js";
import { checkDocuments } from "./documents.js";
import { readEntries } from "./entries.js";
import { byCodePoint, Report } from "./findings.js";
import { CASES, checkFigures } from "./figures.js";
import { hex, sha256 } from "./hashing.js";
import { checkKeyActs, KeyActs } from "./keys.js";
import { checkLog, LOGS, logsOf } from "./logs.js";
import { parseCheckpoint, parseNote } from "./notes.js";
import { opened } from "./opening.js";
import { checkSignatures } from "./signatures.js";
import { checkTwins } from "./tables.js";

const PREVIOUS = "data/previous/";

/* Everything that is wrong with a package. Throws UnreadableError when it cannot be read at all. */
export const checkPackage = async (blob, { pins, checkpoints, step }) => {
  const files = new Report();
  const report = new Report();
  const pkg = await opened(blob, files);
  const digests = await checkBag(pkg, { report: files, step });
  const kept = [...checkpoints];
  for (const name of pkg.names.filter((each) => each.startsWith(PREVIOUS)).sort(byCodePoint)) kept.push(await pkg.read(name));
  const names = logsOf(pkg);
  const logs = [];
  for (const name of names) {
    step(`checking the log of ${name}`);
    const log = await checkLog(pkg, name, { pins, kept, report });
    if (log) logs.push(log);
  }
  if (!names.length) report.wrong("The package holds no log.");
  nameStrangers(checkpoints, logs, report);
  const read = await readEntries(pkg, logs, { report, step });
  await checkSignatures(pkg, read.signed, report);
  step("computing the figures again");
  try {
    await checkFigures(pkg, read.said, report);
    await checkDocuments(pkg, report);
  } catch (error) { report.wrong(`The figures or cases are malformed: ${error.name} ${error.message}.`); }
  await checkTwins(pkg, CASES, report);
  checkSigned(logs, read, contentDigest(digests.sha256), report);
  return files.followedBy(report);
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

/* Hold the content to what each log signed of it, and the keys to what the log says of them. */
const checkSigned = (logs, read, content, report) => {
  for (const log of logs) {
    if (!(read.exports.get(log.organisation) ?? []).includes(content))
      report.wrong(
        `The content is not what the log of ${log.organisation} signed when this package was made: a figure, document or row was changed.`,
      );
    checkKeyActs(log.keys, read.keys.get(log.organisation) ?? new KeyActs(), log.organisation, report);
  }
};

/* Holds the figures in each document's JSON twin to those of the package, which are recomputed from its rows. */
"use strict";

import { canonicalJson, parseJson } from "./canonical.js";
import { byCodePoint } from "./findings.js";
import { FIGURES } from "./figures.js";
import { decoded } from "./hashing.js";

const DOCUMENTS = "data/documents/";
const WHERE = ["product", "deployment", "site", "finding", "truth_rule", "basis", "as_of", "from", "to"];
const LARGEST = 256 * 1024 * 1024;
const text = (value) => decoded(canonicalJson(value ?? null));
const placeOf = (block) => text(WHERE.map((name) => block[name] ?? null));
const keyOf = (estimate) => text([estimate.metric, estimate.slice]);

export const checkDocuments = async (pkg, report) => {
  if (!pkg.has(FIGURES)) return;
  const known = new Map(parseJson(await pkg.read(FIGURES, LARGEST)).sets.map((each) => [placeOf(each), each]));
  for (const name of [...pkg.names].sort(byCodePoint)) {
    if (!name.startsWith(DOCUMENTS) || !name.endsWith(".json")) continue;
    const twin = parseJson(await pkg.read(name, LARGEST));
    for (const block of twin?.sets ?? []) compare(block, known.get(placeOf(block)), name, report);
  }
};

const compare = (block, known, name, report) => {
  const where = block.finding + WHERE.slice(0, 3).filter((each) => block[each]).map((each) => `, ${block[each]}`).join("");
  if (!known) { report.wrong(`${name} has figures of ${where} that ${FIGURES} does not have.`); return; }
  const stated = new Map(known.estimates.map((each) => [keyOf(each), text(each)]));
  for (const estimate of block.estimates)
    if (stated.get(keyOf(estimate)) !== text(estimate))
      report.wrong(`The ${estimate.metric.replaceAll("_", " ")} of ${where} in ${name} is not that of ${FIGURES}, which follows from the rows.`);
  if (text(block.excluded) !== text(known.excluded))
    report.wrong(`What ${name} leaves out of ${where} is not what ${FIGURES} leaves out.`);
};

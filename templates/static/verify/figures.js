/* Recomputes the headline figures from the case rows, and holds the rows to the proved entries. */
"use strict";

import { parseJson } from "./canonical.js";
import { placeOf } from "./entries.js";
import { rowsWithTwin } from "./tables.js";

export const CASES = "data/cases.ndjson";
export const FIGURES = "data/figures.json";
const SCOPE = "data/scope.json";
const NOT_PROVABLE = "Not provable: for research the dates and names in its rows were changed, so none is held to an entry.";
const NEEDED = ["log", "position", "finding", "region", "rule", "score", "decision", "truth", "truth_position", "excluded"];
const STATES = ["positive", "negative"];
const CATEGORIES = ["ordinal", "multi_class", "multi_label"];
const TOLERANCE = 1e-9;

/* Counts of one slice: everything that the recomputed metrics need. */
class Tally {
  constructor() {
    Object.assign(this, { cases: 0, decided: 0, flagged: 0, labelled: 0, judged: 0, positives: 0, named: 0, right: 0 });
    this.pairs = new Map();
    this.differences = [];
    this.scores = { positive: [], negative: [] };
  }

  add(row, kind) {
    const { decision, truth, score } = row;
    this.cases += 1;
    if (row.measurement !== null && row.truth_measurement !== null) this.differences.push(row.measurement - row.truth_measurement);
    if (row.category !== null && row.truth_category !== null) {
      this.named += 1;
      this.right += JSON.stringify(row.category) === JSON.stringify(row.truth_category) ? 1 : 0;
    }
    this.decided += STATES.includes(decision) ? 1 : 0;
    this.flagged += decision === "positive" ? 1 : 0;
    this.labelled += isLabelled(row, kind) ? 1 : 0;
    this.judged += STATES.includes(truth) ? 1 : 0;
    this.positives += truth === "positive" ? 1 : 0;
    this.pairs.set(`${truth}/${decision}`, this.pair(truth, decision) + 1);
    if (STATES.includes(truth) && score !== null) this.scores[truth].push(score);
  }

  pair(truth, decision) { return this.pairs.get(`${truth}/${decision}`) ?? 0; }

  /* [successes, trials] of a metric that is a proportion. */
  share(metric) {
    const hit = this.pair("positive", "positive");
    const miss = this.pair("positive", "negative");
    const alarm = this.pair("negative", "positive");
    const clear = this.pair("negative", "negative");
    const shares = {
      sensitivity: [hit, hit + miss], specificity: [clear, clear + alarm], ppv: [hit, hit + alarm], npv: [clear, clear + miss],
      prevalence: [this.positives, this.judged], flag_rate: [this.flagged, this.decided],
      label_coverage: [this.labelled, this.cases], accuracy: [this.right, this.named],
    };
    return Object.hasOwn(shares, metric) ? shares[metric] : null;
  }
}

const isLabelled = (row, kind) => {
  if (kind === "measurement") return row.truth_measurement !== null;
  return CATEGORIES.includes(kind) ? row.truth_category !== null : STATES.includes(row.truth);
};

/* The area under the curve as the share of pairs in the right order, ties counting half. */
const area = (positive, negative) => {
  const ranked = [...positive.map((score) => [score, 1]), ...negative.map((score) => [score, 0])].sort((one, other) => one[0] - other[0]);
  let below = 0;
  let wins = 0;
  for (let at = 0; at < ranked.length;) {
    let end = at;
    let ups = 0;
    while (end < ranked.length && ranked[end][0] === ranked[at][0]) { ups += ranked[end][1]; end += 1; }
    wins += ups * (2 * below + end - at - ups);
    below += end - at - ups;
    at = end;
  }
  return wins / (2 * positive.length * negative.length);
};

const pyText = (value) => (value === null ? "None" : value === true ? "True" : value === false ? "False" : String(value));
const sliceKey = (slice) => Object.entries(slice).map(([name, value]) => [name, pyText(value)]).sort();

/* One set of figures with the tallies of its slices, and what it says was left out. */
class Block {
  constructor(stated) {
    this.stated = stated;
    this.excluded = {};
    this.tallies = new Map();
    for (const estimate of stated.estimates) {
      const key = sliceKey(estimate.slice);
      this.tallies.set(JSON.stringify(key), { key, tally: new Tally() });
    }
  }

  concerns(row) {
    return ["product", "deployment", "site"].every((name) => (this.stated[name] ?? null) === null || this.stated[name] === row[name]);
  }

  add(row) {
    if (row.excluded) { this.excluded[row.excluded] = (this.excluded[row.excluded] ?? 0) + 1; return; }
    for (const { key, tally } of this.tallies.values())
      if (key.every(([name, value]) => pyText(row.slices[name] ?? row[name] ?? "") === value)) tally.add(row, this.stated.kind);
  }

  get name() {
    const scope = ["product", "deployment", "site"].filter((each) => this.stated[each]).map((each) => `${each} ${this.stated[each]}`);
    return `${this.stated.finding} of ${scope.join(", ")}`;
  }
}

/* Whether the package says that its rows stand as they were logged; only a signed word says otherwise. */
const isProvable = async (pkg) => {
  const said = pkg.has(SCOPE) ? parseJson(await pkg.read(SCOPE)) : {};
  return said?.provable !== false;
};

export const checkFigures = async (pkg, said, report) => {
  if (!pkg.has(FIGURES)) { report.wrong(`${FIGURES} is missing.`); return; }
  const stated = parseJson(await pkg.read(FIGURES, 256 * 1024 * 1024));
  if (!pkg.has(CASES)) {
    report.notice("The package holds no case rows (level aggregate): its figures cannot be recomputed.");
    return;
  }
  const blocks = stated.sets.map((each) => new Block(each));
  const provable = await isProvable(pkg);
  if (!provable) report.notice(NOT_PROVABLE);
  for await (const row of rowsWithTwin(CASES, pkg, report)) {
    for (const name of NEEDED) if (!Object.hasOwn(row, name)) throw new TypeError(`a case has no ${name}`);
    if (provable) compareWithEntries(row, said, report);
    for (const block of blocks)
      if (block.stated.finding === row.finding && block.stated.truth_rule === row.rule && block.concerns(row)) block.add(row);
  }
  for (const block of blocks) compareBlock(block, report);
};

const shownPair = ([score, decision]) => `(${number(score)}, ${JSON.stringify(decision).replace(/^"(.*)"$/, "'$1'")})`;
const number = (value) => {
  if (value === null || value === undefined) return "None";
  if (Number.isInteger(value)) return value.toFixed(1);
  return pythonFloat(value);
};
const plainNumber = (value) => (Number.isInteger(value) ? String(value) : number(value));
/* A number as Python shows it: 1e-07 where ECMAScript writes 1e-7. */
const pythonFloat = (value) => {
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) return String(value);
  const [digits, exponent] = value.toExponential().split("e");
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
};

const compareWithEntries = (row, said, report) => {
  const where = `The case of ${row.finding} at position ${row.position} of the log of ${row.log}`;
  const run = said.get(placeOf(row.log, row.position));
  if (run?.isUnshown) return;
  if (run?.kind !== "inference") { report.wrong(`${where} has no proved entry.`); return; }
  const found = run.parts.get(`${row.finding}\n${row.region}`);
  if (found && (found[0] !== row.score || found[1] !== row.decision))
    report.wrong(`${where} says score ${plainNumber(row.score)}, decision ${row.decision || "none"}; its entry says ${shownPair(found)}.`);
  if (!found && row.score !== null) report.wrong(`${where} has a score that its entry does not have.`);
  const stands = row.truth_position === null ? undefined : said.get(placeOf(row.log, row.truth_position));
  const truth = stands?.kind === "truth" ? stands : undefined;
  if (STATES.includes(row.truth) && truth === undefined) report.wrong(`${where} has a truth without a proved entry.`);
  else if (truth !== undefined && truth.region === row.region && STATES.includes(truth.word) && truth.word !== row.truth)
    report.wrong(`${where} says truth ${row.truth || "none"}; its entry says ${truth.word}.`);
};

const pythonCounts = (counts) => `{${Object.entries(counts).map(([name, value]) => `'${name}': ${value}`).join(", ")}}`;
const sameCounts = (one, other) =>
  Object.keys(one).length === Object.keys(other).length && Object.entries(one).every(([name, value]) => other[name] === value);

const compareBlock = (block, report) => {
  if (!sameCounts(block.excluded, block.stated.excluded))
    report.wrong(
      `What is left out of ${block.name} is ${pythonCounts(block.excluded)} by its rows, but ${pythonCounts(block.stated.excluded)} by its figures.`,
    );
  for (const estimate of block.stated.estimates)
    compareEstimate(estimate, block.tallies.get(JSON.stringify(sliceKey(estimate.slice))).tally, block.name, report);
};

const isClose = (one, other) => Math.abs(one - other) <= Math.max(1e-9 * Math.max(Math.abs(one), Math.abs(other)), TOLERANCE);

const compareEstimate = (estimate, tally, name, report) => {
  const [value, cases] = recomputed(estimate.metric, tally);
  if (cases === null) return;
  const slices = Object.entries(estimate.slice).map(([dimension, each]) => `, ${dimension} ${pyText(each)}`);
  const where = `The ${estimate.metric.replaceAll("_", " ")} of ${name}${slices.join("")}`;
  if (Object.hasOwn(estimate, "not_estimable")) {
    if (value !== null && tally.share(estimate.metric) !== null)
      report.wrong(`${where} is called not estimable, but its rows give ${value.toFixed(6)}.`);
  } else if (value === null || !isClose(value, estimate.value))
    report.wrong(`${where} is stated as ${estimate.value.toFixed(6)}, but its rows give ${value === null ? "nothing" : value.toFixed(6)}.`);
  else if (cases !== estimate.cases) report.wrong(`${where} is stated over ${estimate.cases} cases, but its rows give ${cases}.`);
  else if (estimate.positives > tally.positives || value < estimate.low - TOLERANCE || value > estimate.high + TOLERANCE)
    report.wrong(`${where} is stated with counts or an interval that do not fit its rows.`);
};

/* The value and its number of cases; no number where the metric is not recomputed here. */
const recomputed = (metric, tally) => {
  const share = tally.share(metric);
  if (share !== null) return [share[1] ? share[0] / share[1] : null, share[1]];
  if (metric === "auc") {
    const { positive, negative } = tally.scores;
    return [positive.length && negative.length ? area(positive, negative) : null, positive.length + negative.length];
  }
  if (metric === "bias" || metric === "mean_absolute_error") {
    const values = metric === "bias" ? tally.differences : tally.differences.map(Math.abs);
    return [values.length ? exactSum(values) / values.length : null, values.length];
  }
  return [null, null];
};

/* A sum with its rounding carried along (Neumaier), as near to the exact one as the tolerance asks. */
const exactSum = (values) => {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
};

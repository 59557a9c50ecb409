/* CSV as audit/proofs/tables.py writes it, and the tables of a package held to what they follow from. */
"use strict";

import { canonicalJson, CanonicalError, canonicalValue, parseJson } from "./canonical.js";
import { byCodePoint } from "./findings.js";
import { decoded, equal, utf8 } from "./hashing.js";
import { FileError, joined } from "./opening.js";

const FACTS = "data/facts/";
const LONGEST_HEADER = 64 * 1024;
const FORMULA = /^[=+\-@\t\r']/;
const SPECIAL = /[,"\r\n]/;

const quotes = (text) => `"${text.replaceAll('"', '""')}"`;
const cell = (value) => {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") {
    const text = FORMULA.test(value) ? `'${value}` : value;
    return text === "" || SPECIAL.test(text) ? quotes(text) : text;
  }
  const text = decoded(canonicalJson(value));
  return typeof value === "object" ? quotes(text) : text;
};
const csvLine = (values) => `${values.map(cell).join(",")}\r\n`;
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/* A row's value by its name, or what lies within it by names with dots. */
const valueAt = (row, column) => {
  if (!column.includes(".")) return row[column];
  return column.split(".").reduce((value, name) => (isObject(value) ? value[name] : undefined), row);
};

/* The value of each line, and why a line is not canonical. */
export const readLines = (lines) => {
  const values = [];
  const wrong = new Map();
  for (const [at, line] of lines.entries()) {
    const plain = canonicalValue(line);
    let value = plain?.value ?? null;
    if (!plain) try {
      value = parseJson(line);
      if (!equal(canonicalJson(value), line)) wrong.set(at, "it is not in canonical form");
    } catch (error) {
      if (!(error instanceof CanonicalError)) throw error;
      wrong.set(at, error.message);
    }
    values.push(value);
  }
  return { values, wrong };
};

/* A file of which so many bytes are taken at a time. */
class Taking {
  constructor(pkg, name) { this.stream = pkg.open(name); this.rest = new Uint8Array(0); }

  async take(count) {
    const parts = [this.rest];
    let held = this.rest.length;
    while (held < count) {
      const { value, done } = await this.stream.next();
      if (done) break;
      parts.push(value);
      held += value.length;
    }
    const together = joined(parts);
    this.rest = together.slice(count);
    return together.slice(0, count);
  }

  async header() {
    const head = await this.take(LONGEST_HEADER);
    const text = decoded(head.subarray(0, lineEnd(head)));
    const names = cellsOf(text);
    if (lineEnd(head) === head.length || !text || new Set(names).size !== names.length) throw new FileError("it has no header, or a column twice");
    this.rest = joined([head.subarray(lineEnd(head) + 2), this.rest]);
    return names;
  }

  async isOver() { return !(await this.take(1)).length; }
}

const lineEnd = (data) => {
  for (let at = data.indexOf(13); at >= 0; at = data.indexOf(13, at + 1)) if (data[at + 1] === 10) return at;
  return data.length;
};
const cellsOf = (line) => {
  const cells = line.match(/("([^"]|"")*"|[^",]*)(,|$)/g) ?? [];
  if (cells.length > 1 && cells[cells.length - 1] === "" && !line.endsWith(",")) cells.pop();
  return cells.map((each) => each.replace(/,$/, "")).map((each) => (each.startsWith('"') ? each.slice(1, -1).replaceAll('""', '"') : each));
};

/* One table of facts: a row for each entry of a kind, or for each of its parts. */
class FactTable {
  constructor(name, header, all) {
    this.name = name;
    this.header = header;
    [this.kind, this.field] = name.includes(".") ? [name.slice(0, name.indexOf(".")), name.slice(name.indexOf(".") + 1)] : [name, ""];
    this.apart = all.filter((each) => each.startsWith(`${name}.`)).map((each) => each.slice(each.indexOf(".") + 1));
  }

  rows(log, position, entry) {
    const payload = entry.payload ?? {};
    if (!isObject(payload)) throw new TypeError("malformed");
    if (this.field) {
      const parts = payload[this.field] ?? [];
      if (!Array.isArray(parts) || !parts.every(isObject)) throw new TypeError("malformed");
      return parts.map((part, at) => ({ ...part, log, position, number: at + 1 }));
    }
    const row = { ...payload, log, position, logged_at: entry.at };
    for (const name of this.apart) delete row[name];
    for (const name of ["scope", "uid", "actor", "record_sha256"]) row[name] = entry[name];
    return [row];
  }

  line(row) {
    const extra = Object.keys(row).filter((name) => !this.header.includes(name)).sort(byCodePoint);
    if (extra.length) throw new UnknownColumnsError(`the table ${this.name} has no column for ${extra.join(", ")}`);
    return utf8(csvLine(this.header.map((name) => valueAt(row, name))));
  }
}
class UnknownColumnsError extends Error {}

/* The tables of facts in a package, each compared with the entries as they pass. */
export class FactFiles {
  constructor(pkg, report) { this.pkg = pkg; this.report = report; this.open = new Map(); this.names = new Set(); }

  async begin() {
    const names = this.pkg.names.filter((name) => name.startsWith(FACTS) && name.endsWith(".csv")).sort(byCodePoint);
    const headers = new Map();
    for (const name of names) {
      const table = name.slice(FACTS.length, -".csv".length);
      const file = new Taking(this.pkg, name);
      try { headers.set(table, [await file.header(), file]); } catch (error) {
        this.report.wrong(`${FACTS}${table}.csv cannot be read: ${error.message}.`);
      }
    }
    this.names = new Set(headers.keys());
    for (const [table, [header, file]] of headers) this.open.set(table, { facts: new FactTable(table, header, [...headers.keys()]), file, rows: 1 });
    return this;
  }

  /* Compare the next lines of each table with those that follow from some entries of a log. */
  async hold(log, positions, values) {
    for (const [table, held] of [...this.open]) {
      const { wrong, lines } = this.expected(held.facts, log, positions, values);
      if (wrong) { this.end(table, `${FACTS}${table}.csv does not follow from the entries: ${wrong}.`); continue; }
      const whole = joined(lines.map(([, line]) => line));
      const data = await held.file.take(whole.length);
      if (!equal(data, whole)) this.end(table, difference(table, held.rows, log, lines, data));
      held.rows += lines.length;
    }
  }

  expected(facts, log, positions, values) {
    const lines = [];
    for (const [at, entry] of values.entries()) {
      if (!isObject(entry) || entry.kind !== facts.kind) continue;
      try { for (const row of facts.rows(log, positions[at], entry)) lines.push([positions[at], facts.line(row)]); } catch (error) {
        return { lines, wrong: error instanceof UnknownColumnsError ? error.message : `the entry at position ${positions[at]} is malformed` };
      }
    }
    return { lines, wrong: "" };
  }

  end(table, sentence) { this.report.wrong(sentence); this.open.delete(table); }

  async close() {
    for (const [table, held] of [...this.open])
      if (!(await held.file.isOver())) this.end(table, `${FACTS}${table}.csv has more rows than there are entries.`);
  }
}

const difference = (table, before, log, lines, data) => {
  let place = 0;
  for (const [at, [position, line]] of lines.entries()) {
    if (!equal(data.subarray(place, place + line.length), line))
      return `Line ${before + at + 1} of ${FACTS}${table}.csv is not what its entry at position ${position} of the log of ${log} says.`;
    place += line.length;
  }
  return `${FACTS}${table}.csv is not what its entries say.`;
};

/* A CSV that must say what an NDJSON file beside it says, row by row. */
class Twin {
  constructor(name, file, columns, report) {
    Object.assign(this, { name, file, columns, report, row: 1, isOpen: true });
    this.roots = new Set(columns.map((each) => each.split(".")[0]));
  }

  async hold(rows) {
    if (!this.isOpen) return;
    const lines = rows.map((row) => this.line(row));
    const whole = joined(lines);
    const data = await this.file.take(whole.length);
    if (!equal(data, whole)) this.nameDifference(lines, data);
    this.row += lines.length;
  }

  line(row) {
    const extra = Object.keys(row).filter((name) => !this.roots.has(name)).sort(byCodePoint);
    if (extra.length) this.wrong(`${this.name} has no column for ${extra.join(", ")}.`);
    return utf8(csvLine(this.columns.map((column) => valueAt(row, column))));
  }

  nameDifference(lines, data) {
    let place = 0;
    for (const [at, line] of lines.entries()) {
      if (!equal(data.subarray(place, place + line.length), line)) {
        this.wrong(`Line ${this.row + at + 1} of ${this.name} is not what line ${this.row + at} of its NDJSON says.`);
        return;
      }
      place += line.length;
    }
  }

  wrong(sentence) { if (this.isOpen) this.report.wrong(sentence); this.isOpen = false; }

  async close() { if (this.isOpen && !(await this.file.isOver())) this.wrong(`${this.name} has more rows than its NDJSON.`); }
}

/* The rows of an NDJSON file that are sound, having held its CSV, where there is one, to them. */
export const rowsWithTwin = async function* (name, pkg, report) {
  const csvName = `${name.slice(0, -".ndjson".length)}.csv`;
  let twin = null;
  if (pkg.has(csvName)) {
    const file = new Taking(pkg, csvName);
    twin = new Twin(csvName, file, await file.header(), report);
  }
  let number = 0;
  for await (const lines of pkg.lines(name)) {
    const { values, wrong } = readLines(lines);
    for (const [at, why] of wrong) report.wrong(`Line ${number + at + 1} of ${name} is no canonical JSON: ${why}.`);
    for (const [at, value] of values.entries())
      if (!isObject(value) && !wrong.has(at)) report.wrong(`Line ${number + at + 1} of ${name} is no row.`);
    const rows = values.filter(isObject);
    if (twin) await twin.hold(rows);
    yield* rows;
    number += lines.length;
  }
  if (twin) await twin.close();
};

/* Hold every other CSV that has NDJSON beside it to that. */
export const checkTwins = async (pkg, but, report) => {
  for (const name of pkg.names.filter((each) => each.startsWith("data/") && each.endsWith(".ndjson") && !each.startsWith("data/logs/")).sort(byCodePoint)) {
    if (name === but || !pkg.has(`${name.slice(0, -".ndjson".length)}.csv`)) continue;
    try { for await (const row of rowsWithTwin(name, pkg, report)) void row; } catch (error) {
      report.wrong(`${name} or its CSV cannot be read: ${error.message}.`);
    }
  }
};

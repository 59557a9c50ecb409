/* What the check found, in the sentences of the offline verifier (audit/verification), and how Python writes a name. */
"use strict";

const MOST_SENTENCES = 1000;

/* The package cannot be read at all: no zip, cut off. */
export class UnreadableError extends Error {}

export class Report {
  constructor() {
    this.problems = [];
    this.notices = [];
    this.unpinned = [];
    this.count = 0;
  }

  wrong(sentence) {
    this.count += 1;
    if (this.problems.length < MOST_SENTENCES) this.problems.push(sentence);
  }

  notice(sentence) { this.notices.push(sentence); }

  /* What both found, this one's first. */
  followedBy(other) {
    const both = new Report();
    both.problems = [...this.problems, ...other.problems].slice(0, MOST_SENTENCES);
    both.notices = [...this.notices, ...other.notices];
    both.unpinned = [...this.unpinned, ...other.unpinned];
    both.count = this.count + other.count;
    return both;
  }
}

const ESCAPES = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const escaped = (letter, quote) => {
  const code = letter.codePointAt(0);
  if (letter === quote) return `\\${quote}`;
  if (ESCAPES[letter]) return ESCAPES[letter];
  if (code < 32 || (code >= 127 && code < 161) || code === 173) return `\\x${code.toString(16).padStart(2, "0")}`;
  return letter;
};

/* A text as Python's repr shows it. */
export const quoted = (text) => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + Array.from(text, (letter) => escaped(letter, quote)).join("") + quote;
};

/* Texts in the order of their code points, as Python sorts them. */
export const byCodePoint = (one, other) => {
  const left = Array.from(one);
  const right = Array.from(other);
  for (let i = 0; i < Math.min(left.length, right.length); i += 1)
    if (left[i] !== right[i]) return left[i].codePointAt(0) - right[i].codePointAt(0);
  return left.length - right.length;
};

/* The lines that the offline verifier prints, and its exit code: 0 intact, 1 not. */
export const told = (report) => {
  const lines = [...report.problems];
  if (report.count > report.problems.length) lines.push(`… and ${report.count - report.problems.length} more.`);
  lines.push(...report.notices.map((notice) => `Note: ${notice}`));
  lines.push(report.count ? `Not intact: ${report.count} things are wrong.` : "Every file, entry and figure holds.");
  if (report.unpinned.length)
    lines.push(`Compare by yourself whose key it is: ${report.unpinned.join(", ")}.`, "key not pinned");
  return { lines, code: report.count || report.unpinned.length ? 1 : 0 };
};

/* Holds the signatures of people among the entries to the keys that the logs record, and to the list of signatures. */
"use strict";

import { canonicalJson, parseJson } from "./canonical.js";
import { byCodePoint } from "./findings.js";
import { fromHex, hex, sha256 } from "./hashing.js";
import { verifySignature } from "./notes.js";

const LIST = "data/signatures.json";
const FIELDS = ["subject", "content_sha256", "meaning", "part", "username", "printed_name", "signed_at", "local_time", "key"];

export class Signatures {
  constructor() { this.keys = new Map(); this.given = []; }

  keep(entry) {
    const payload = entry.payload ?? {};
    if (entry.kind === "signing_key") this.keys.set(String(entry.uid ?? ""), fromHex(String(payload.public_key ?? "")));
    else if (entry.kind === "signature") this.given.push(payload);
  }
}

export const checkSignatures = async (pkg, found, report) => {
  for (const payload of found.given) {
    const wrong = await problemWith(payload, found.keys.get(String(payload.key ?? "")));
    if (wrong) report.wrong(`The signature ${wrong}.`);
  }
  let listed;
  try { listed = pkg.has(LIST) ? parseJson(await pkg.read(LIST)) : []; } catch (error) {
    report.wrong(`The list of signatures cannot be read: ${error.message}.`);
    return;
  }
  const inList = Array.isArray(listed) ? listed.map(shown).sort(byCodePoint) : [];
  const given = found.given.map(shown).sort(byCodePoint);
  if (inList.length !== given.length || inList.some((each, at) => each !== given[at]))
    report.wrong("The list of signatures is not that of the logs: one was added, left out or changed.");
};

const shown = (payload) =>
  payload && typeof payload === "object" && !Array.isArray(payload)
    ? [...FIELDS, "signature"].map((name) => String(payload[name] ?? "")).join("\n")
    : JSON.stringify(payload);

/* What is wrong with a signature's entry, or nothing. */
const problemWith = async (payload, publicKey) => {
  const statement = Object.fromEntries(FIELDS.map((name) => [name, payload[name] ?? ""]));
  let signature;
  try { signature = fromHex(String(payload.signature ?? "")); } catch { return "is malformed"; }
  if (!FIELDS.every((name) => typeof statement[name] === "string")) return "is malformed";
  const who = `of ${statement.printed_name || "nobody"} on ${statement.subject || "nothing"}`;
  if (!publicKey) return `${who} is made with a key that no entry holds`;
  if (hex(sha256(publicKey)) !== statement.key) return `${who} names another key than the one that is recorded`;
  if (!(await verifySignature(publicKey, canonicalJson({ v: 1, ...statement }), signature)))
    return `${who} does not hold: signer, meaning, time or record were changed, or it was moved from another record`;
  return "";
};


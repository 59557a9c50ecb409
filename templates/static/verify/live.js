/* Proves single entries of a page: its bytes, its leaf, the way to the root, the signature, and the key that was pinned.
 *
 *   data-proof="URL"    a button; data-shown='{"payload.details.reason": "…"}' is what the page says of that entry
 *   data-pin="LOG"      a field for a fingerprint, kept in this browser alone
 */
"use strict";

import { parseJson } from "./canonical.js";
import { equal, fromHex, utf8 } from "./hashing.js";
import { leafHash, TiledTree, tilePath, tileWidth, verifyInclusion } from "./merkle.js";
import { follow, NoteError, openCheckpoint, parsePublicKey } from "./notes.js";

const pinName = (log) => `radvigil pin ${log}`;
const cleaned = (text) => (text ?? "").toLowerCase().replace(/[:\s]/g, "");
const pinOf = (log) => cleaned(localStorage.getItem(pinName(log)));

const fetched = async (address) => {
  const answer = await fetch(address, { credentials: "same-origin", redirect: "error" });
  if (!answer.ok) throw new NoteError(`${address} is not served (${answer.status})`);
  return new Uint8Array(await answer.arrayBuffer());
};

/* Every outcome is one of: holds, fails, open (nothing wrong, but the key is not pinned or it is not signed yet). */
const outcome = (state, words, body = "") => ({ state, words, body });

const prove = async (address, shown) => {
  const given = parseJson(await fetched(address));
  if (given.position === null) return outcome("open", "It has no place in the log yet; ask again in a minute.");
  const leaf = fromHex(given.leaf);
  if (given.body !== null && !equal(leafHash(utf8(given.body)), leaf)) return outcome("fails", "The entry's bytes are not those of its leaf: it was changed.");
  const keys = await keysOf(given);
  const checkpoint = await openCheckpoint(await fetched(given.checkpoint), keys.all);
  if (checkpoint.origin.slice(checkpoint.origin.lastIndexOf("/") + 1) !== given.organisation) return outcome("fails", "The checkpoint is that of another log.");
  if (given.position >= checkpoint.size) return outcome("open", `It stands at position ${given.position}; the last signed checkpoint has ${checkpoint.size} entries. Ask again in a minute.`);
  const tree = new TiledTree(checkpoint.size, (level, index) =>
    fetched(given.tiles.replace("TILE", tilePath(level, index, tileWidth(level, index, checkpoint.size)))));
  const proof = await tree.inclusion(given.position);
  if (!verifyInclusion(leaf, given.position, checkpoint.size, proof, checkpoint.root))
    return outcome("fails", "The proof does not lead to the signed root: the log or this entry was changed.");
  const differing = given.body === null ? [] : differences(parseJson(utf8(given.body)), shown);
  if (differing.length) return outcome("fails", `The page says something else than the entry: ${differing.join("; ")}.`, given.body);
  const way = `${proof.length} hashes lead from entry ${given.position} to the root of ${checkpoint.size} entries, and the signature holds`;
  const note = given.body === null ? ` ${given.withheld}` : "";
  if (!keys.isPinned) return outcome("open", `Key not pinned: ${way}, but with a key whose fingerprint you have not typed in.${note}`, given.body ?? "");
  return outcome("holds", `Proved: ${way}.${note}`, given.body ?? "");
};

/* All keys that the log names, and whether the pinned one leads to those that count. */
const keysOf = async (given) => {
  const named = given.keys.map(parsePublicKey);
  const pinned = named.find((key) => key.fingerprint === pinOf(given.organisation));
  if (!pinned) return { all: named, isPinned: false };
  return { all: await follow(pinned, given.rotations.map(utf8)), isPinned: true };
};

const differences = (entry, shown) =>
  Object.entries(shown)
    .map(([path, words]) => [path, words, path.split(".").reduce((value, name) => value?.[name], entry)])
    .filter(([, words, value]) => String(value ?? "") !== words)
    .map(([path, words, value]) => `${path} is shown as “${words}” and stands as “${value ?? ""}”`);

const show = (button, { state, words, body }) => {
  button.parentElement.querySelector(".proof-result")?.remove();
  const holder = Object.assign(document.createElement("span"), { className: `proof-result ${state}`, textContent: words });
  holder.setAttribute("role", "status");
  if (body) {
    const details = document.createElement("details");
    const text = Object.assign(document.createElement("pre"), { className: "mono small", textContent: JSON.stringify(JSON.parse(body), null, 1) });
    details.append(Object.assign(document.createElement("summary"), { textContent: "What the entry says" }), text);
    holder.append(details);
  }
  button.after(holder);
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-proof]");
  if (!button) return;
  button.disabled = true;
  try {
    show(button, await prove(button.dataset.proof, JSON.parse(button.dataset.shown || "{}")));
  } catch (error) {
    show(button, outcome(error instanceof NoteError ? "fails" : "open", `It cannot be proved: ${error.message}.`));
  }
  button.disabled = false;
});

for (const field of document.querySelectorAll("[data-pin]")) {
  field.value = pinOf(field.dataset.pin);
  field.addEventListener("change", () => {
    const pin = cleaned(field.value);
    field.value = pin;
    field.setCustomValidity(pin && !/^[0-9a-f]{64}$/.test(pin) ? "A fingerprint has 64 hexadecimal digits." : "");
    field.reportValidity();
    if (/^[0-9a-f]{64}$/.test(pin)) localStorage.setItem(pinName(field.dataset.pin), pin);
    else localStorage.removeItem(pinName(field.dataset.pin));
  });
}

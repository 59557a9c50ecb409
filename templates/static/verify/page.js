/* The page on which a package is dropped: hands it to the worker, and shows what that said. */
"use strict";

const VERDICTS = ["Intact", "Not intact", "Unreadable", "Not checked"];
const STATES = ["ok", "act", "act", "unknown"];
const at = (id) => document.getElementById(id);

const pinsTyped = () => at("pins").value.split(/[\n,;]+/).map((line) => line.toLowerCase().replace(/[:\s]/g, "")).filter(Boolean);
const checkpointsChosen = () => Promise.all([...at("kept").files].map(async (file) => new Uint8Array(await file.arrayBuffer())));

const listed = (list, lines) => {
  list.replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
};

const show = ({ code, lines }) => {
  const last = lines.filter((line) => line === "key not pinned");
  const notes = lines.filter((line) => line.startsWith("Note: "));
  const unpinned = code === 1 && last.length > 0 && lines.includes("Every file, entry and figure holds.");
  const verdict = at("verdict");
  verdict.textContent = unpinned ? "Holds, but the key is not pinned" : VERDICTS[code];
  verdict.className = `status ${unpinned ? "watch" : STATES[code]}`;
  listed(at("problems"), lines.filter((line) => !notes.includes(line) && !last.includes(line)));
  listed(at("notices"), notes);
  at("last").textContent = last.join("");
  at("progress").hidden = true;
  at("result").dataset.code = String(code);
  at("result").dataset.lines = JSON.stringify(lines);
};

/* One worker, begun with the page: what it needs is loaded by then, and the network may be taken away. */
const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
let latest = 0;
worker.addEventListener("message", ({ data }) => {
  if (data.number !== latest) return; // of a file that was chosen before this one
  if (data.step) at("step").textContent = data.step;
  else show(data);
});
worker.addEventListener("error", (event) => show({ code: 3, lines: [`The check itself failed: ${event.message}. Use verify.py.`] }));

const check = async (file) => {
  latest += 1;
  const number = latest;
  at("result").hidden = false;
  delete at("result").dataset.code;
  at("verdict").textContent = `Checking ${file.name} …`;
  at("verdict").className = "";
  at("progress").hidden = false;
  for (const id of ["problems", "notices", "last"]) at(id).replaceChildren();
  const checkpoints = await checkpointsChosen();
  worker.postMessage({ number, file, pins: pinsTyped(), checkpoints });
};

let chosen = null;
const choose = (file) => { if (file) { chosen = file; check(file); } };
at("package").addEventListener("change", (event) => choose(event.target.files[0]));
for (const id of ["pins", "kept"]) at(id).addEventListener("change", () => choose(chosen));
at("verify-form").addEventListener("submit", (event) => event.preventDefault());
const drop = at("drop");
addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("is-over"); });
addEventListener("dragleave", () => drop.classList.remove("is-over"));
addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("is-over"); choose(event.dataTransfer.files[0]); });

/* Reading pages: j and k move between the rows of a table[data-rows], Enter opens one; data-toggle shows and hides. */
"use strict";

(() => {
  const rows = () => [...document.querySelectorAll("table[data-rows] tbody tr")];
  const busy = (event) =>
    event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, button, [contenteditable]") ||
    document.querySelector("dialog[open]");

  const select = (row) => {
    rows().forEach((each) => each.classList.toggle("is-selected", each === row));
    row.querySelector("a")?.focus();
    row.scrollIntoView({ block: "nearest" });
  };

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("is-selected"));
    select(all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))]);
  };

  document.addEventListener("keydown", (event) => {
    if (busy(event) || !["j", "k"].includes(event.key)) return;
    event.preventDefault();
    move(event.key === "j" ? 1 : -1);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle]");
    if (!button) return;
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    document.querySelectorAll(button.dataset.toggle).forEach((each) => { each.toggleAttribute("hidden", !shown); });
  });
})();

/* Password fields: a button that shows what was typed, and for a new one how far it is from long enough.
 *
 * Nothing is sent, kept or judged here: the server decides (ASVS 2.1.8, 2.1.12).
 */
"use strict";

(() => {
  const ENOUGH = 12, GOOD = 20;
  const words = (length) => (length < ENOUGH ? `${ENOUGH - length} more` : length < GOOD ? "long enough; longer is better" : "good");

  const showing = (field) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button small quiet", textContent: "Show" });
    button.setAttribute("aria-label", "Show the password");
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.textContent = shown ? "Hide" : "Show";
      button.setAttribute("aria-pressed", String(shown));
    });
    field.form.addEventListener("submit", () => { field.type = "password"; });
    field.after(button);
    return button;
  };

  const measuring = (field, after) => {
    const meter = Object.assign(document.createElement("meter"), { min: 0, max: GOOD, low: ENOUGH, high: GOOD - 1, optimum: GOOD, value: 0 });
    const said = Object.assign(document.createElement("span"), { className: "small muted" });
    meter.setAttribute("aria-label", "Length of the password");
    said.setAttribute("aria-live", "polite");
    field.addEventListener("input", () => {
      meter.value = Math.min(field.value.length, GOOD);
      said.textContent = field.value ? ` ${words(field.value.length)}` : "";
    });
    after.after(meter, said);
  };

  document.querySelectorAll("input[type=password]").forEach((field) => {
    const button = showing(field);
    if (field.autocomplete === "new-password" && field.name === "new") measuring(field, button);
  });
})();

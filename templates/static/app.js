/* Radvigil: what pages do in the browser. No inline code anywhere; every behaviour hangs on a data attribute.
 *
 *   data-figure="ID"     draws the Plotly spec in <script id="ID" type="application/json">; colours in it may be
 *                        written "var(--act)" and follow light and dark
 *   data-sortable        a table whose th[data-sort=text|number] sort its rows (td[data-value] wins over the text)
 *   data-key="a"         clicked by that key; "?" lists all keys of the page
 *   data-copy="TEXT"     copies the text (or, empty, what is in the code element beside it)
 *   data-autosubmit      a field that sends its form when it changes
 *   data-fill="#FIELD" data-fill-value="…"   puts a value into a field (and data-fill-also for a second one)
 *   data-confirm="…"     asks before the form is sent
 */
"use strict";

(() => {
  const script = document.currentScript;
  const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

  /* Figures */
  const NEUTRAL_IN_PRINT = { "--text": "#000", "--muted": "#333", "--line": "#bbb", "--line-strong": "#666", "--surface": "#fff" };
  let printing = false;

  const colour = (name) =>
    (printing && NEUTRAL_IN_PRINT[name]) || getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const resolve = (value) => {
    if (typeof value === "string") return value.replace(/var\((--[\w-]+)\)/g, (_, name) => colour(name));
    if (Array.isArray(value)) return value.map(resolve);
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolve(inner)]));
    return value;
  };

  const axis = () => ({
    gridcolor: colour("--line"), zerolinecolor: colour("--line-strong"), linecolor: colour("--line-strong"),
    tickcolor: colour("--line-strong"), automargin: true,
  });

  const axisTitle = (title) => ({ ...(typeof title === "string" ? { text: title } : title), font: { size: 13, ...title?.font } });

  const themed = (layout) => {
    const { template, ...own } = resolve(layout || {});
    const merged = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { t: own.showlegend === false ? 16 : 40, r: 12, b: 36, l: 52 },
      colorway: [1, 2, 3, 4, 5, 6].map((n) => colour(`--series-${n}`)),
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, hovermode: "closest", ...own,
    };
    merged.font = { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("--text"), ...own.font };
    merged.hoverlabel = { bgcolor: colour("--surface"), bordercolor: colour("--line-strong"), font: { color: colour("--text") }, ...own.hoverlabel };
    for (const name of new Set(["xaxis", "yaxis", ...Object.keys(own).filter((key) => /^[xy]axis\d*$/.test(key))]))
      merged[name] = { ...axis(), ...own[name], title: axisTitle(own[name]?.title) };
    return merged;
  };

  const draw = (holder) => {
    const spec = JSON.parse(document.getElementById(holder.dataset.figure).textContent);
    const config = { displayModeBar: false, responsive: true, doubleClick: "reset" };
    return window.Plotly.react(holder, resolve(spec.data || []), themed(spec.layout), config);
  };

  const failed = (holder) => {
    if (!holder.childElementCount) holder.textContent = "The figure could not be drawn; its numbers are in the table below.";
  };

  const drawAll = (root = document) =>
    each("[data-figure]", (holder) => { try { draw(holder); } catch (error) { failed(holder); console.error(error); } }, root);

  let plotly = null;
  const load = () => {
    plotly ??= new Promise((done, fail) => {
      const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: script.dataset.plotlyCss, id: "plotly.js-style-global" });
      const code = Object.assign(document.createElement("script"), { src: script.dataset.plotly, onload: done, onerror: fail });
      link.onload = () => document.head.append(code);
      link.onerror = fail;
      document.head.append(link);
    });
    return plotly;
  };

  const figures = (root = document) => {
    if (!root.querySelector("[data-figure]")) return;
    load().then(() => drawAll(root), () => each("[data-figure]", failed, root));
  };
  const redraw = () => { if (window.Plotly) drawAll(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => { printing = true; redraw(); });
  addEventListener("afterprint", () => { printing = false; redraw(); });

  /* Tables */
  const cellValue = (row, column, kind) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    if (kind !== "number") return text.toLowerCase();
    const value = parseFloat(text.replace(/[\s\u202f,]/g, "").replace("−", "-"));
    return Number.isNaN(value) ? null : value;
  };

  const compare = (one, other) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return typeof one === "number" ? one - other : one.localeCompare(other, undefined, { numeric: true });
  };

  const sortBy = (table, heading) => {
    const falling = heading.getAttribute("aria-sort") === "ascending";
    const column = heading.cellIndex;
    each("th[aria-sort]", (each_) => each_.removeAttribute("aria-sort"), table);
    heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const body = table.tBodies[0];
    const value = (row) => cellValue(row, column, heading.dataset.sort);
    const rows = [...body.rows].map((row) => [value(row), row]);
    rows.sort(([one], [other]) => (one === null || other === null || !falling ? compare(one, other) : compare(other, one)));
    body.append(...rows.map(([, row]) => row));
  };

  const sortable = (root = document) =>
    each("table[data-sortable] th[data-sort]", (heading) => {
      if (heading.querySelector(".sort")) return;
      const button = Object.assign(document.createElement("button"), { type: "button", className: "sort" });
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sortBy(heading.closest("table"), heading));
    }, root);

  /* Keys */
  const typing = (target) => target.closest("input, select, textarea, [contenteditable]") && !["radio", "checkbox"].includes(target.type);

  const keysDialog = () => {
    const dialog = Object.assign(document.createElement("dialog"), { className: "keys" });
    const heading = Object.assign(document.createElement("h2"), { textContent: "Keyboard shortcuts" });
    const list = document.createElement("dl");
    const seen = new Set();
    each("[data-key]", (element) => {
      if (seen.has(element.dataset.key)) return;
      seen.add(element.dataset.key);
      const key = Object.assign(document.createElement("kbd"), { textContent: element.dataset.key });
      const term = document.createElement("dt");
      term.append(key);
      const words = element.dataset.keyLabel || element.getAttribute("aria-label") || element.textContent.replace(/\s+/g, " ").trim();
      list.append(term, Object.assign(document.createElement("dd"), { textContent: words }));
    });
    const close = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: "Close" });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(heading, list, close);
    document.body.append(dialog);
    dialog.showModal();
  };

  const visible = (element) => element.getClientRects().length > 0;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") { event.preventDefault(); keysDialog(); return; }
    const target = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key && visible(element) && !element.disabled);
    if (!target) return;
    event.preventDefault();
    target.click();
  });

  /* Clicks and changes */
  const fill = (selector, value) => { const field = document.querySelector(selector); if (field) field.value = value; };

  const copy = async (button) => {
    const text = button.dataset.copy || button.parentElement.querySelector("code").textContent.trim();
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy by hand";
    }
    setTimeout(() => { button.textContent = before; }, 1600);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-fill], [data-keys-open], [data-print]");
    if (!button) { closeMenus(event.target); return; }
    if (button.dataset.copy !== undefined) copy(button);
    if (button.dataset.keysOpen !== undefined) keysDialog();
    if (button.dataset.print !== undefined) window.print();
    if (button.dataset.fill) {
      fill(button.dataset.fill, button.dataset.fillValue);
      if (button.dataset.fillAlso) fill(button.dataset.fillAlso, button.dataset.fillAlsoValue);
    }
  });

  const closeMenus = (target) => each("details.user-menu[open]", (menu) => { if (!menu.contains(target)) menu.open = false; });

  document.addEventListener("change", (event) => {
    const field = event.target.closest("[data-autosubmit]");
    if (field) field.form.requestSubmit();
  });

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
    if (event.target.matches(".filters, [data-drop-empty]"))
      each("input, select", (field) => { if (!field.value) field.disabled = true; }, event.target);
  });
  addEventListener("pageshow", () => each(".filters [disabled], [data-drop-empty] [disabled]", (field) => { field.disabled = false; }));

  const showCurrent = () => document.querySelector(".nav [aria-current=page]")?.scrollIntoView({ inline: "center", block: "nearest" });

  const begin = (root) => { sortable(root); figures(root); };
  document.addEventListener("DOMContentLoaded", () => { begin(document); showCurrent(); });
  document.addEventListener("htmx:afterSwap", (event) => begin(event.detail.target.parentElement || document));
})();

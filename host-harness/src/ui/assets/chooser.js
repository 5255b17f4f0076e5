// The columns of a table that are shown: chosen from a list with a search, and remembered by this browser.

import { make, say } from "./send.js";

/** Shows the columns that were chosen before, if any of them is there. */
export function recall(columns, name) {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(name));
  } catch { /* Somebody else's text is as good as none. */ }
  if (!Array.isArray(kept) || !columns.some((column) => kept.includes(column.name))) return;
  for (const column of columns) column.shown = kept.includes(column.name);
}

/** The list to choose from; `changed` is told of each choice. */
export function chooser(columns, name, changed) {
  const list = make("ul");
  const summary = make("summary");
  const search = make("input", { type: "search", class: "filter", placeholder: "Search", "aria-label": "Search the columns" });
  const count = () => { summary.textContent = `Columns (${columns.filter((column) => column.shown).length} of ${columns.length})`; };
  const found = () => columns.filter((column) => `${column.name}\n${column.label}`.toLowerCase().includes(search.value.trim().toLowerCase()));
  const draw = () => {
    count();
    list.replaceChildren(...found().map((column) => {
      const box = make("input", { type: "checkbox", checked: column.shown });
      box.addEventListener("change", () => {
        column.shown = box.checked;
        keep();
        count();
      });
      return make("li", {}, make("label", { title: column.about || undefined }, box, " ", column.name));
    }));
    if (!list.children.length) list.append(make("li", { class: "quiet" }, "No column is called so."));
  };
  const keep = () => {
    localStorage.setItem(name, JSON.stringify(columns.filter((column) => column.shown).map((column) => column.name)));
    changed();
  };
  const button = (label, title, act) => {
    const made = make("button", { type: "button", class: "small", title }, label);
    made.addEventListener("click", () => {
      act();
      draw();
      say(summary.textContent);
    });
    return made;
  };
  const set = (isShown) => () => {
    for (const column of found()) column.shown = isShown;
    keep();
  };
  const reset = () => {
    for (const column of columns) column.shown = column.isShownAtFirst;
    localStorage.removeItem(name);
    changed();
  };
  const bar = make("div", { class: "tree-bar" }, search,
    button("All", "Show all that are listed", set(true)), button("None", "Show none that are listed", set(false)), button("Reset", "Show those of the beginning", reset));
  const panel = make("details", { class: "chooser" }, summary, make("div", { class: "chooser-panel" }, bar, list));
  search.addEventListener("input", draw);
  panel.addEventListener("toggle", () => panel.open && draw());
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || (event.target === search && search.value)) return;
    panel.open = false;
    summary.focus();
  });
  count();
  return panel;
}

// Code inputs: a plain text area, and the editor in its place as soon as it has come. The text area goes on to hold the
// value, and stays what it is where there is no editor for its language or the editor does not come.

import { get, make } from "./send.js";

/** The editors by their text areas. */
const editors = new WeakMap();

export function startCode(form) {
  const areas = [...form.querySelectorAll("textarea[data-language]")];
  for (const area of areas) area.addEventListener("blur", () => showProblem(area));
  if (areas.length) startEditors(form, areas);
}

/** Where the focus goes for a control. */
export function focus(control) {
  (editors.get(control) ?? control).focus();
}

/** Shows that a control's value cannot be used, or no longer. */
export function markInvalid(control, isInvalid) {
  if (isInvalid) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
  editors.get(control)?.invalid(isInvalid);
}

/** What is wrong with the text, as soon as it is left. */
function showProblem(area) {
  const problem = editors.has(area) ? editors.get(area).problem() : plainProblem(area);
  const place = area.closest(".field")?.querySelector(":scope > .problem");
  if (!place) return;
  place.textContent = problem ?? "";
  place.hidden = !problem;
  markInvalid(area, Boolean(problem));
}

function plainProblem(area) {
  if (area.dataset.language !== "json" || !area.value.trim()) return null;
  try {
    JSON.parse(area.value);
    return null;
  } catch (error) {
    return `This is not JSON: ${error.message}`;
  }
}

async function startEditors(form, areas) {
  let library;
  try {
    // Half of all that the page has: fetched only where it is used.
    library = await import("./editor.js");
  } catch {
    return;
  }
  for (const area of areas.filter((area) => library.knows(area.dataset.language))) await startEditor(library, form, area);
}

async function startEditor(library, form, area) {
  // An editor without its schema still knows its language.
  const schema = area.dataset.schema ? await get(area.dataset.schema).catch(() => undefined) : undefined;
  const label = document.querySelector(`label[for="${CSS.escape(area.id)}"]`);
  const had = document.activeElement === area;
  const editor = library.edit(area, {
    language: area.dataset.language,
    schema,
    label: label?.textContent ?? area.dataset.language,
    describedBy: (area.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)).filter(Boolean),
    run: () => {
      form.requestSubmit();
      return true;
    },
  });
  editors.set(area, editor);
  markInvalid(area, area.hasAttribute("aria-invalid"));
  label?.addEventListener("click", () => editor.focus());
  const button = make("button", { type: "button", class: "small", title: "Shift-Alt-F" }, "Format");
  button.addEventListener("click", () => {
    editor.format();
    editor.focus();
  });
  const hint = make("span", { class: "quiet" }, "Ctrl-Enter runs, Ctrl-Space proposes.");
  editor.host.after(make("div", { class: "editor-bar" }, button, hint));
  editor.host.inert = area.matches(":disabled");
  if (had) editor.focus();
}

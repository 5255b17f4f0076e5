// Code inputs: a plain text area, and the editor in its place as soon as it has come. The text area goes on to hold the
// value, and stays what it is where there is no editor for its language or the editor does not come.

import { whenSeen } from "./seen.js";
import { get, make } from "./send.js";
import { oneLine } from "./shown.js";

/** The editors by their text areas, and what a service said of the text in one. */
const editors = new WeakMap();
const told = new WeakMap();

// By convention alone: what takes the variables of a document is called so.
const isOfVariables = (field) => /^variables/i.test(field.dataset.input);

whenSeen("[data-told]", async (host) => {
  const area = document.getElementById(host.dataset.toldOf);
  const { document: text, errors } = JSON.parse(host.dataset.told);
  // Of another text, the places are others.
  if (area?.value.trimEnd() !== text.trimEnd()) return;
  told.set(area, errors.map((error) => ({ ...error, message: oneLine(error.message) })));
  editors.get(area)?.tell(told.get(area));
});

export function startCode(form) {
  const areas = [...form.querySelectorAll("textarea[data-language]")];
  for (const area of areas) area.addEventListener("blur", () => showProblem(area));
  form.addEventListener("submit", () => {
    for (const area of areas.filter((area) => told.delete(area))) editors.get(area)?.tell([]);
  });
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

/** The text area of the document whose variables a JSON input takes, if it takes any and names none itself. */
function documentOf(form, area, schema) {
  const documents = form.querySelectorAll('textarea[data-language="graphql"]');
  const takes = area.dataset.language === "json" && isOfVariables(area.closest("[data-input]")) && !schema?.properties;
  return takes && documents.length === 1 ? documents[0] : undefined;
}

/** The variables that have their values in rows of names and values. */
function givenInRows(form) {
  const rows = [...form.querySelectorAll('[data-kind="pairs"]')].filter(isOfVariables);
  return rows.flatMap((field) => [...field.querySelectorAll("[data-pair-key]")].map((name) => name.value)).filter(Boolean);
}

async function startEditor(library, form, area) {
  // An editor without its schema still knows its language.
  const own = area.dataset.schema ? await get(area.dataset.schema).catch(() => undefined) : undefined;
  const of = documentOf(form, area, own);
  const label = document.querySelector(`label[for="${CSS.escape(area.id)}"]`);
  const had = document.activeElement === area;
  const hint = make("span", { class: "quiet", role: "status" });
  const say = (problem) => { hint.textContent = problem ? `Not formatted. ${problem}` : "Ctrl-Enter runs, Ctrl-Space proposes."; };
  const editor = library.edit(area, {
    language: area.dataset.language,
    schema: of ? () => editors.get(of)?.variables(givenInRows(form)) ?? own : own,
    label: label?.textContent ?? area.dataset.language,
    describedBy: (area.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)).filter(Boolean),
    run: () => {
      form.requestSubmit();
      return true;
    },
    unformatted: say,
  });
  editors.set(area, editor);
  if (told.has(area)) editor.tell(told.get(area));
  if (of) {
    // What is typed into an editor is heard here as well, before the editor has it: to draw it anew then would lose it.
    form.addEventListener("input", ({ target }) => (target === of || target.matches("[data-pair-key]")) && editor.look());
    // A row that is gone.
    form.addEventListener("change", ({ target }) => target === form && editor.look());
  }
  markInvalid(area, area.hasAttribute("aria-invalid"));
  label?.addEventListener("click", () => editor.focus());
  const button = make("button", { type: "button", class: "small", title: "Shift-Alt-F" }, "Format");
  button.addEventListener("click", () => {
    editor.format();
    editor.focus();
  });
  say(null);
  area.addEventListener("input", () => say(null));
  editor.host.after(make("div", { class: "editor-bar" }, button, hint));
  editor.host.inert = area.matches(":disabled");
  if (had) editor.focus();
}

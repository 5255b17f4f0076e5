// Forms: what was typed, what is wrong with it, and the question before something is changed.

import { agreed, askedFirst } from "./ask.js";
import { focus, markInvalid, startCode } from "./code.js";
import { forgetDrafts, startDraft } from "./drafts.js";
import { hide, keepFocus, reload } from "./focus.js";
import { watchProgress } from "./progress.js";
import { followRun, forgetAddress } from "./runs.js";
import { fill, post, say } from "./send.js";
import { lines } from "./shown.js";

const DESTINATION_DELAY = 100;
const WAYS_DELAY = 250;

/** The values of a form by the keys of its inputs, as the server takes them. */
export function valuesOf(form) {
  // Without what every object has, so that an input may be called as it likes.
  const values = Object.create(null);
  for (const field of form.querySelectorAll("[data-input]")) {
    // The inputs of a dropdown's source are the dropdown's own.
    if (field.closest("[data-source-inputs]") && !form.matches("[data-source-inputs]")) continue;
    values[field.dataset.input] = valueOf(field);
  }
  return values;
}

function valueOf(field) {
  if (field.dataset.kind === "pairs") {
    return [...field.querySelectorAll("li")].map((row) => [
      row.querySelector("[data-pair-key]").value,
      row.querySelector("[data-pair-value]").value,
    ]);
  }
  const control = field.querySelector("[data-value]:not([data-source-inputs] *)") ?? field.querySelector("[data-value]");
  if (field.dataset.kind === "boolean") return control.checked;
  if (control.dataset.picked !== undefined) return { value: control.dataset.picked, label: control.value };
  return control.value;
}

function extras(form) {
  return Object.fromEntries([...form.querySelectorAll("[data-extra]")].map((input) => [input.dataset.extra, input.value]));
}

/** Shows each problem beside its input and goes to the first. Gives those that have no place. */
export function showProblems(form, problems) {
  clearProblems(form);
  const homeless = [];
  let first = null;
  for (const { input, message } of problems) {
    const field = [...form.querySelectorAll(".field[data-input]")].find((field) => field.dataset.input === input);
    if (!field) {
      homeless.push({ input, message });
      continue;
    }
    const place = field.querySelector(":scope > .problem");
    const said = lines(sentence(message));
    place.textContent = place.hidden ? said : `${place.textContent} ${said}`;
    place.hidden = false;
    const control = field.querySelector(":scope [data-value]:not([data-source-inputs] *), .pairs");
    markInvalid(control, true);
    first ??= control;
  }
  if (first) focus(first);
  return homeless;
}

export function clearProblems(form) {
  for (const place of form.querySelectorAll(".field > .problem")) {
    place.hidden = true;
    place.textContent = "";
  }
  for (const control of form.querySelectorAll("[aria-invalid]")) markInvalid(control, false);
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Shows that a form's work is under way, until the given promise ends. */
export async function busyWhile(button, work) {
  const label = button.textContent;
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.busy) button.textContent = button.dataset.busy;
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-disabled");
    button.textContent = label;
  }
}

export function startForms(start) {
  for (const form of document.querySelectorAll("form[data-form]")) startForm(form, start);
  for (const form of document.querySelectorAll("form")) {
    startPairs(form);
    startCode(form);
    if (form.dataset.draft) startDraft(form, valuesOf);
    startDestination(form);
    startWays(form);
    startRunKey(form);
  }
  for (const button of document.querySelectorAll("[data-post]")) {
    button.addEventListener("click", async () => {
      try {
        // What would be forgotten is said first.
        const answer = await askedFirst((more) => post(button.dataset.post, more));
        if (answer === false) return;
        if (button.dataset.reload !== undefined) reload(button, answer?.say);
      } catch (error) {
        say(error.message);
      }
    });
  }
}

function startForm(form, start) {
  const target = document.getElementById(form.dataset.target);
  const submit = form.querySelector('[type="submit"]');
  const cancel = form.querySelector("[data-cancel]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit.getAttribute("aria-disabled") === "true") return;
    clearProblems(form);
    let unwanted = false;
    if (cancel) {
      cancel.hidden = false;
      // What was begun is stopped as soon as it has an id to stop it by.
      cancel.onclick = () => { unwanted = true; };
    }
    target.setAttribute("aria-busy", "true");
    const body = { values: valuesOf(form), ...extras(form) };
    // Gives the question, if it comes to one. An answer counts for what was shown: where that is no longer what would be
    // sent, it comes to another.
    const send = async (agreed) => {
      const seen = watchProgress(form.querySelector("[data-progress]"));
      try {
        const piece = await post(form.dataset.form, { ...body, agreed });
        if (piece.ask) return piece;
        show(piece);
        if (target.id === "result") forgetAddress();
        return await followRun(target, { start, showProblems, unwanted });
      } finally {
        seen.end();
      }
    };
    await busyWhile(submit, async () => {
      try {
        let asked = await send(null);
        // What would change something has not left yet; the question shows it.
        while (asked) {
          if (!(await agreed(document.getElementById("ask"), asked.ask))) return void say("Nothing was sent");
          asked = await send(asked.question);
        }
      } catch (error) {
        showError(target, error.message);
      }
    });
    target.removeAttribute("aria-busy");
    if (cancel) hide(cancel, submit);
  });

  function show(piece) {
    keepFocus(target, () => fill(target, piece.html));
    start(target);
    showProblems(form, piece.problems);
    if (piece.connection) {
      fill(document.getElementById("connection-state"), piece.connection);
      for (const secret of form.querySelectorAll("[data-secret]")) {
        forgetDrafts(secret.value);
        if (secret.value) secret.placeholder = "Held; leave blank to keep it";
        secret.value = "";
      }
      for (const button of form.querySelectorAll("[data-post]")) button.hidden = false;
    }
    say(piece.say);
  }
}

export function showError(target, message) {
  const box = document.createElement("div");
  box.className = "failure";
  box.setAttribute("role", "alert");
  box.textContent = lines(message);
  keepFocus(target, () => target.replaceChildren(box));
}

/** Says where the key would go, as the form is filled in. Secrets are left out of what is asked. */
function startDestination(form) {
  const place = form.querySelector("[data-destination]");
  if (!place) return;
  let timer = 0;
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const values = valuesOf(form);
    for (const secret of form.querySelectorAll("[data-secret]")) delete values[secret.closest("[data-input]").dataset.input];
    let show;
    try {
      const piece = await post(place.dataset.destination, { values, ...extras(form) });
      show = () => {
        fill(place, piece.html);
        showOverridden(form, piece.overridden);
      };
    } catch (error) {
      show = () => { place.textContent = error.message; };
    }
    if (mine !== asked) return;
    show();
    place.removeAttribute("aria-busy");
  };
  const soon = (delay) => {
    clearTimeout(timer);
    // What stands there may be wrong already.
    place.setAttribute("aria-busy", "true");
    timer = setTimeout(ask, delay);
  };
  form.addEventListener("input", () => soon(DESTINATION_DELAY));
  form.addEventListener("change", () => soon(0));
}

/** Marks the fields that another one wins over. */
function showOverridden(form, overridden) {
  for (const note of form.querySelectorAll("[data-overridden]")) note.hidden = !overridden.includes(note.dataset.overridden);
}

/** What the form would do, as something to paste elsewhere: while that is open, from what is typed. */
function startWays(form) {
  const place = form.querySelector("[data-ways]");
  if (!place) return;
  let timer = 0;
  let asked = 0;
  const draw = async () => {
    const mine = ++asked;
    const content = place.querySelector("[data-ways-content]");
    const every = Number(form.querySelector("#every")?.value) || undefined;
    let show;
    try {
      const piece = await post(place.dataset.ways, { values: valuesOf(form), every });
      show = () => fill(content, piece.html);
    } catch (error) {
      show = () => { content.textContent = error.message; };
    }
    if (mine === asked) show();
  };
  const soon = () => {
    clearTimeout(timer);
    if (place.open) timer = setTimeout(draw, WAYS_DELAY);
  };
  place.addEventListener("toggle", () => place.open && draw());
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
}

/** Ctrl-Enter, or Cmd-Enter, runs from where a line break is typed. */
function startRunKey(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches("textarea")) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

function startPairs(form) {
  for (const group of form.querySelectorAll(".pairs")) {
    const list = group.querySelector("ul");
    const changed = () => form.dispatchEvent(new Event("change", { bubbles: true }));
    group.addEventListener("click", (event) => {
      const remove = event.target.closest("[data-remove-pair]");
      if (remove) {
        const row = remove.closest("li");
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        (next?.querySelector("input") ?? group.querySelector("[data-add-pair]")).focus();
        changed();
      } else if (event.target.closest("[data-add-pair]")) {
        list.append(group.querySelector("template").content.cloneNode(true));
        list.lastElementChild.querySelector("input").focus();
        changed();
      }
    });
  }
}

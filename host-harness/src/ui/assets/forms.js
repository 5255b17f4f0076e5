// Forms: what was typed, what is wrong with it, and the question before something is changed.

import { followRun, forgetAddress } from "./runs.js";
import { fill, post, say } from "./send.js";

const DRAFT_DELAY = 400;
const DESTINATION_DELAY = 100;

/** The values of a form by the keys of its inputs, as the server takes them. */
export function valuesOf(form) {
  const values = {};
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
    place.textContent = place.hidden ? sentence(message) : `${place.textContent} ${sentence(message)}`;
    place.hidden = false;
    const control = field.querySelector(":scope [data-value]:not([data-source-inputs] *), .pairs");
    control.setAttribute("aria-invalid", "true");
    first ??= control;
  }
  first?.focus();
  return homeless;
}

export function clearProblems(form) {
  for (const place of form.querySelectorAll(".field > .problem")) {
    place.hidden = true;
    place.textContent = "";
  }
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
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
    if (form.dataset.draft) startDraft(form);
    startDestination(form);
  }
  for (const button of document.querySelectorAll("[data-post]")) {
    button.addEventListener("click", async () => {
      try {
        await post(button.dataset.post);
        if (button.dataset.reload !== undefined) location.reload();
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
    const asks = form.dataset.ask ? document.getElementById(form.dataset.ask) : null;
    if (asks && !(await agreed(asks))) return;
    let unwanted = false;
    if (cancel) {
      cancel.hidden = false;
      // What was begun is stopped as soon as it has an id to stop it by.
      cancel.onclick = () => { unwanted = true; };
    }
    target.setAttribute("aria-busy", "true");
    await busyWhile(submit, async () => {
      try {
        const body = { values: valuesOf(form), confirmed: Boolean(asks), ...extras(form) };
        show(await post(form.dataset.form, body));
        if (target.id === "result") forgetAddress();
        await followRun(target, { start, showProblems, unwanted });
      } catch (error) {
        showError(target, error.message);
      }
    });
    target.removeAttribute("aria-busy");
    if (cancel) cancel.hidden = true;
  });

  function show(piece) {
    fill(target, piece.html);
    start(target);
    showProblems(form, piece.problems);
    if (piece.connection) {
      fill(document.getElementById("connection-state"), piece.connection);
      for (const secret of form.querySelectorAll("[data-secret]")) {
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
  box.textContent = message;
  target.replaceChildren(box);
}

/** Asks, and waits for the answer. */
function agreed(dialog) {
  return new Promise((resolve) => {
    let answer = false;
    for (const button of dialog.querySelectorAll("[data-answer]")) {
      button.onclick = () => {
        answer = button.dataset.answer === "yes";
        dialog.close();
      };
    }
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
    // Enter alone must not change anything.
    dialog.querySelector('[data-answer="no"]').focus();
  });
}

function startDraft(form) {
  let timer = 0;
  const save = () => {
    clearTimeout(timer);
    timer = setTimeout(() => post(form.dataset.draft, { values: valuesOf(form) }).catch(() => {}), DRAFT_DELAY);
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
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
      show = () => fill(place, piece.html);
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

/** Code: Tab leaves the field as everywhere else; JSON is checked as soon as the field is left. */
function startCode(form) {
  for (const code of form.querySelectorAll('textarea[data-language="json"]')) {
    const field = code.closest(".field");
    const place = field.querySelector(":scope > .problem");
    code.addEventListener("blur", () => {
      const problem = jsonProblem(code.value);
      place.textContent = problem ?? "";
      place.hidden = !problem;
      if (problem) code.setAttribute("aria-invalid", "true");
      else code.removeAttribute("aria-invalid");
    });
  }
}

function jsonProblem(text) {
  if (!text.trim()) return null;
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `This is not JSON: ${error.message}`;
  }
}

// What was typed, kept in this browser until the page's program is started again. What is stored is what the server gave
// back, which leaves secrets out of it.

import { post } from "./send.js";

const DELAY = 400;
// Shorter ones stand in nearly every text by chance.
const SHORTEST_SECRET = 4;

/** Sends what is typed to the server, a little later, and keeps what it gives back. `valuesOf` reads the form. */
export function startDraft(form, valuesOf) {
  let timer = 0;
  const save = async () => {
    const values = valuesOf(form);
    for (const secret of form.querySelectorAll('[type="password"]')) delete values[secret.closest("[data-input]").dataset.input];
    try {
      const kept = await post(form.dataset.draft, { values, kind: form.querySelector('[data-extra="kind"]')?.value });
      store(form, kept);
    } catch {
      // The next letter tries again.
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(save, DELAY);
  };
  if (form.dataset.kept === undefined && restore(form)) save();
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
}

/** Lets go of every form that was kept with this text in it, because it is a secret from now on. */
export function forgetDrafts(secret) {
  if (secret.length < SHORTEST_SECRET) return;
  // As it stands in JSON.
  const written = JSON.stringify(secret).slice(1, -1);
  for (const key of Object.keys(localStorage)) {
    if (localStorage.getItem(key).includes(written)) localStorage.removeItem(key);
  }
}

function store(form, values) {
  try {
    localStorage.setItem(form.dataset.storage, JSON.stringify(values));
  } catch {
    // A browser that keeps nothing, or has no more room: the form is kept by the server alone.
  }
}

function restore(form) {
  let values;
  try {
    values = JSON.parse(localStorage.getItem(form.dataset.storage));
  } catch {
    return false;
  }
  if (!values || typeof values !== "object") return false;
  for (const field of form.querySelectorAll(".field[data-input]")) {
    if (Object.hasOwn(values, field.dataset.input)) put(field, values[field.dataset.input]);
  }
  return true;
}

/** Shows a value in its control, if it is of the control's kind. */
function put(field, value) {
  if (field.dataset.kind === "pairs") {
    if (Array.isArray(value)) putPairs(field, value);
    return;
  }
  const control = field.querySelector("[data-value]:not([data-source-inputs] *)");
  if (!control || control.type === "password") return;
  if (field.dataset.kind === "boolean") control.checked = value === true;
  else if (typeof value === "string") control.value = value;
  else if (typeof value?.value === "string" && control.matches('[role="combobox"]')) {
    control.value = String(value.label);
    control.dataset.picked = value.value;
    const chosen = field.querySelector(".chosen");
    chosen.hidden = false;
    chosen.querySelector("code").textContent = value.value;
  }
}

function putPairs(field, rows) {
  const list = field.querySelector("ul");
  list.replaceChildren();
  for (const [key, value] of rows.filter(Array.isArray)) {
    list.append(field.querySelector("template").content.cloneNode(true));
    list.lastElementChild.querySelector("[data-pair-key]").value = key;
    list.lastElementChild.querySelector("[data-pair-value]").value = value;
  }
}

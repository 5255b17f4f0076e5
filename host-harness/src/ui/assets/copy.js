// What leaves the page by a person's hand: copied texts, and files that are given back.

import { reload } from "./focus.js";
import { make, say, upload } from "./send.js";

const SHOWN_FOR = 1500;

/** Copies a text, or what a promise of one gives, and says so on the button. */
export async function copy(button, text) {
  const label = (button.dataset.label ??= button.textContent);
  let done = "Copied";
  try {
    await navigator.clipboard.writeText(await text);
  } catch (error) {
    done = error.message.startsWith("There is no") ? error.message.trim() : "Cannot copy";
  }
  button.textContent = done;
  say(done);
  setTimeout(() => { button.textContent = label; }, SHOWN_FOR);
}

async function fetched(path) {
  const response = await fetch(path);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

/** Hears every button that copies and every field that takes a file. */
export function startCopying() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy-of], [data-copy-from], [data-copy-link], [data-copy-before]");
    if (!button) return;
    const { copyOf, copyFrom, copyLink } = button.dataset;
    if (copyOf) copy(button, document.getElementById(copyOf).textContent);
    else if (copyFrom) copy(button, fetched(copyFrom));
    else if (button.dataset.copyBefore !== undefined) copy(button, button.previousElementSibling.textContent);
    else copy(button, new URL(copyLink, location.href).href);
  });
  document.addEventListener("change", async (event) => {
    const field = event.target.closest("[data-upload]");
    if (!field?.files.length) return;
    try {
      const { say: said } = await upload(field.dataset.upload, field.files[0]);
      if (field.dataset.reload === undefined) say(said);
      else reload(field, said);
    } catch (error) {
      say(error.message);
      alertBeside(field, error.message);
    }
    field.value = "";
  });
}

function alertBeside(field, message) {
  const place = field.closest(".actions");
  place.parentElement.querySelector(".upload-problem")?.remove();
  place.after(make("p", { class: "problem upload-problem", role: "alert" }, message));
}

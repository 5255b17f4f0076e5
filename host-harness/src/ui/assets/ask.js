// Questions before something is done that cannot be taken back.

import { fill, post, say } from "./send.js";

/** Asks what the server has drawn, and waits for the answer. */
export function agreed(dialog, question) {
  fill(dialog.querySelector("[data-question]"), question);
  return answer(dialog);
}

/** Sends something, and once more with the answer where the server asks first. Gives what came of it; false if nobody
 * agreed. */
export async function askedFirst(send) {
  const came = await send({});
  if (!came?.ask) return came;
  return (await agreed(document.getElementById("ask"), came.ask)) && send({ agreed: came.question });
}

function answer(dialog) {
  return new Promise((resolve) => {
    let isYes = false;
    for (const button of dialog.querySelectorAll("[data-answer]")) {
      button.onclick = () => {
        isYes = button.dataset.answer === "yes";
        dialog.close();
      };
    }
    dialog.addEventListener("close", () => resolve(isYes), { once: true });
    dialog.showModal();
    // Enter alone must not do it.
    dialog.querySelector('[data-answer="no"]').focus();
  });
}

/** Hears every button that deletes: asks first, and shows the page without what is gone. */
export function startDeleting() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-delete]");
    if (!button) return;
    const dialog = document.getElementById("sure");
    document.getElementById("sure-text").textContent = button.dataset.sure;
    if (!(await answer(dialog))) return;
    try {
      await post(button.dataset.delete);
      // The address may name what is gone.
      location.assign(location.pathname);
    } catch (error) {
      say(error.message);
    }
  });
}

// Runs that are under way, and the list of those that were: a run belongs to the server, and a page looks on.

import { hide, keepFocus } from "./focus.js";
import { watchProgress } from "./progress.js";
import { fill, get, make, post, say } from "./send.js";

const TICK = 1000;
const PAUSE_AFTER_ERROR = 2000;
const AGAIN = "harness run again";

// What the runs are searched for, on this page.
let wanted = "";

/**
 * Waits for the end of the run that is shown in `target`, if it is under way, and shows what it came to: `start` brings
 * what is put in to life, and `showProblems` puts problems beside their inputs. One that is `unwanted` is stopped. Gives
 * the question, if it comes to one before it changes something.
 */
export async function followRun(target, { start, showProblems, unwanted = false }) {
  const shown = target.querySelector("[data-run]");
  if (!shown || shown.dataset.followed !== undefined) return;
  shown.dataset.followed = "";
  const form = document.querySelector(`form[data-target="${target.id}"]`);
  const submit = form?.querySelector('[type="submit"]');
  const stop = form?.querySelector("[data-cancel]");
  const path = shown.dataset.run;
  const began = Date.now() - Number(shown.dataset.milliseconds);
  let question;
  const cancel = () => post(`${path}/cancel`).catch(() => {});
  // A second press would do it twice.
  submit?.setAttribute("aria-disabled", "true");
  if (stop) [stop.hidden, stop.onclick] = [false, cancel];
  shown.querySelector("[data-stop]")?.addEventListener("click", cancel);
  if (unwanted) cancel();
  const seen = watchProgress(shown.querySelector("[data-progress]"));
  const clock = setInterval(() => {
    const elapsed = shown.querySelector("[data-elapsed]");
    if (elapsed) elapsed.textContent = `${Math.round((Date.now() - began) / 1000)} s`;
  }, TICK);
  for (;;) {
    try {
      const piece = await get(`${path}/end`);
      const made = document.createElement("template");
      fill(made, piece.html);
      if (made.content.querySelector("[data-run]")) continue;
      if (piece.ask) {
        question = piece;
        keepFocus(target, () => target.replaceChildren(make("p", { class: "quiet" }, "Nothing was sent. Run it again to be asked what it would send.")));
        break;
      }
      keepFocus(target, () => fill(target, piece.html));
      start(target);
      if (form) showProblems(form, piece.problems);
      const state = document.getElementById("connection-state");
      if (piece.connection && state) fill(state, piece.connection);
      say(piece.say);
      break;
    } catch (error) {
      // The program may have ended, and with it the run.
      if (!shown.isConnected) break;
      if (error.message.startsWith("There is no")) {
        keepFocus(target, () => target.replaceChildren(make("div", { class: "failure", role: "alert" }, error.message)));
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_ERROR));
    }
  }
  seen.end();
  clearInterval(clock);
  submit?.removeAttribute("aria-disabled");
  if (stop) hide(stop, submit);
  return question;
}

/** What belongs to an action's page as a whole. */
export function startRuns(start, showProblems) {
  for (const id of ["result", "connection-result"]) {
    const target = document.getElementById(id);
    if (target) followRun(target, { start, showProblems });
  }
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-filter]")) return;
    wanted = event.target.value;
    filterRuns(document);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-again]");
    if (!button) return;
    // The page that the address leads to has the form filled in as it was then; the form itself asks what it asks.
    sessionStorage.setItem(AGAIN, button.dataset.again);
    location.assign(button.dataset.again);
  });
  document.addEventListener("change", (event) => event.target.closest("[data-compare]") && chooseTwo(event.target));
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-compare]");
    if (!form || form.querySelectorAll(":checked").length === 2) return;
    event.preventDefault();
    say("Choose two runs");
    form.querySelector(".actions .quiet").classList.add("problem");
  });
  const again = sessionStorage.getItem(AGAIN);
  sessionStorage.removeItem(AGAIN);
  if (!again || again !== location.pathname + location.search) return;
  const submit = document.querySelector('form[data-form] [type="submit"]');
  submit?.focus();
  submit?.form.requestSubmit();
}

/** Shows of the runs below `root` those with the words that were searched for, also where the list was drawn anew. */
export function filterRuns(root) {
  const list = root.querySelector(".runs");
  const field = list?.querySelector("[data-filter]");
  if (!field) return;
  if (field.value !== wanted) field.value = wanted;
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const runs = [...list.querySelectorAll("ol > li")];
  for (const run of runs) {
    const text = run.textContent.toLowerCase();
    run.hidden = !words.every((word) => text.includes(word));
    // What is not seen is not compared.
    if (run.hidden) run.querySelector("input").checked = false;
  }
  // It deletes all of them, and would seem to mean those that are seen.
  list.querySelector("[data-delete-listed]").hidden = words.length > 0;
  list.querySelector("[data-filtered]").textContent = words.length ? `${runs.filter((run) => !run.hidden).length} of ${runs.length}` : "";
}

/** Of three that are chosen, the first one goes. */
function chooseTwo(box) {
  const chosen = [...box.form.querySelectorAll(":checked")];
  if (chosen.length > 2) (chosen.find((other) => other !== box)).checked = false;
}

/** After a new run the address no longer names an old one. */
export function forgetAddress() {
  if (location.search) history.replaceState(null, "", location.pathname);
}


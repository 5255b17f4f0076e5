// A trigger's page while it is looked at: its buttons, and the news that the server sends as polls happen.

import { busyWhile, clearProblems, showError, showProblems, valuesOf } from "./forms.js";
import { watchProgress } from "./progress.js";
import { element, fill, get, make, post, say } from "./send.js";
import { redraw } from "./tree.js";

const PAUSE_AFTER_ERROR = 2000;
// As many as the server keeps.
const MOST_EVENTS = 200;

export function startTrigger(start) {
  const host = document.getElementById("trigger");
  if (!host) return;
  const path = host.dataset.triggerPath;
  const form = document.getElementById("trigger-form");
  const error = document.getElementById("trigger-error");
  const every = document.getElementById("every");
  const timeline = document.getElementById("timeline");
  const stop = form.querySelector("[data-stop]");
  let seen = null;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(form.querySelector('[data-trigger="poll"]'));
  });
  host.addEventListener("click", (event) => {
    const button = event.target.closest("[data-trigger], [data-change]");
    if (!button || (button.type === "submit" && button.form)) return;
    if (button.dataset.change !== undefined) change(button);
    else act(button);
  });

  async function act(button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    clearProblems(form);
    error.replaceChildren();
    const body = { values: valuesOf(form), every: Number(every.value), event: Number(button.dataset.event) };
    const abort = new AbortController();
    if (["poll", "drain"].includes(button.dataset.trigger)) {
      stop.onclick = () => abort.abort();
      stop.hidden = false;
    }
    await busyWhile(button, async () => {
      try {
        const piece = await post(`${path}/${button.dataset.trigger}`, body, abort.signal);
        fill(error, piece.html);
        showProblems(form, piece.problems);
        say(piece.say);
      } catch (problem) {
        showError(error, problem.name === "AbortError" ? "Stopped. Nothing of the poll that was under way is taken over: the next one finds it." : problem.message);
      }
    });
    stop.hidden = true;
  }

  async function change(button) {
    error.replaceChildren();
    await busyWhile(button, async () => {
      try {
        say((await post(`/changes/${button.dataset.change}`)).say);
      } catch (problem) {
        showError(error, problem.message);
      }
    });
  }

  async function listen() {
    let { version, last } = host.dataset;
    for (;;) {
      try {
        const news = await get(`${path}/news?version=${version}&last=${last}`);
        ({ version, last } = news);
        show(news);
      } catch {
        fill(document.getElementById("trigger-status"), "The page's program does not answer; trying again…");
        await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_ERROR));
        // Whatever comes next is shown anew.
        version = 0;
      }
    }
  }

  function show(news) {
    fill(document.getElementById("trigger-status"), news.status);
    fill(document.getElementById("connection-state"), news.connection);
    fill(document.getElementById("chart"), news.chart);
    if (news.polling) seen ??= watchProgress(form);
    else {
      seen?.end();
      seen = null;
    }
    swap(form.querySelector('[data-trigger="drain"]'), !news.more || news.running);
    const state = document.getElementById("trigger-state");
    const content = document.getElementById("state-content");
    const before = state.textContent;
    fill(state, news.state);
    content.hidden = !news.has_state;
    if (news.has_state && before !== state.textContent) redraw(content.querySelector("[data-tree]"));
    for (const button of host.querySelectorAll('[data-trigger="schedule"]')) swap(button, news.running);
    for (const button of host.querySelectorAll('[data-trigger="pause"]')) swap(button, !news.running);
    form.querySelector("fieldset").disabled = news.running;
    for (const editor of form.querySelectorAll(".editor")) editor.inert = news.running;
    every.disabled = news.running;
    for (const html of [...news.events].reverse()) {
      const item = element(html);
      item.classList.add("new");
      timeline.prepend(item);
      start(item);
    }
    while (timeline.children.length > MOST_EVENTS) timeline.lastElementChild.remove();
    foldQuiet(timeline);
    document.getElementById("timeline-empty").hidden = timeline.children.length > 0;
    const told = news.events.length && timeline.querySelector(".event-title");
    if (told) say(told.textContent.trim().replace(/\s+/g, " "));
  }

  timeline.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fold]");
    if (!button) return;
    button.closest(".event").toggleAttribute("data-unfolded");
    foldQuiet(timeline);
  });

  /** Hides a button; its focus goes to the one that takes its place. */
  function swap(button, hidden) {
    if (button.hidden === hidden) return;
    const had = document.activeElement === button;
    button.hidden = hidden;
    // The other one is shown a moment later.
    if (had) requestAnimationFrame(() => [...button.parentElement.querySelectorAll("button")].find((other) => other !== button).focus());
  }

  foldQuiet(timeline);
  listen();
}

/** Of quiet polls that follow each other the newest is shown, and how many there are before it. */
function foldQuiet(timeline) {
  let newest = null;
  const runs = [];
  for (const event of timeline.children) {
    const isQuiet = event.dataset.quiet !== undefined;
    if (isQuiet && newest) runs.at(-1).push(event);
    else {
      newest = isQuiet ? event : null;
      runs.push([event]);
    }
  }
  for (const [first, ...others] of runs) {
    const isUnfolded = first.hasAttribute("data-unfolded");
    first.hidden = false;
    // Whoever looks into one of them keeps it.
    for (const event of others) event.hidden = !isUnfolded && !event.querySelector("details[open]");
    for (const event of [first, ...others]) event.querySelector("[data-fold]:not(:focus)")?.remove();
    if (!others.length) continue;
    const button = first.querySelector("[data-fold]") ?? make("button", { type: "button", class: "small plain", "data-fold": true });
    button.textContent = isUnfolded ? "Show fewer" : `and ${others.length} quiet before it`;
    button.setAttribute("aria-expanded", String(isUnfolded));
    first.querySelector(".event-title").append(button);
  }
}

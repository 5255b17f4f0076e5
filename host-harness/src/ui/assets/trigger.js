// A trigger's page while it is looked at: its buttons, and the news that the server sends as polls happen.

import { busyWhile, clearProblems, showError, showProblems, valuesOf } from "./forms.js";
import { element, fill, get, post, say } from "./send.js";
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

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(form.querySelector('[data-trigger="poll"]'));
  });
  host.addEventListener("click", (event) => {
    const button = event.target.closest("[data-trigger], [data-change]");
    if (!button || button.type === "submit") return;
    if (button.dataset.change !== undefined) change(button);
    else act(button);
  });

  async function act(button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    clearProblems(form);
    error.replaceChildren();
    const body = { values: valuesOf(form), every: Number(every.value), event: Number(button.dataset.event) };
    await busyWhile(button, async () => {
      try {
        const piece = await post(`${path}/${button.dataset.trigger}`, body);
        fill(error, piece.html);
        showProblems(form, piece.problems);
        say(piece.say);
      } catch (problem) {
        showError(error, problem.message);
      }
    });
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
    const state = document.getElementById("trigger-state");
    const content = document.getElementById("state-content");
    const before = state.textContent;
    fill(state, news.state);
    content.hidden = !news.has_state;
    if (news.has_state && before !== state.textContent) redraw(content.querySelector("[data-tree]"));
    for (const button of host.querySelectorAll('[data-trigger="schedule"]')) swap(button, news.running);
    for (const button of host.querySelectorAll('[data-trigger="pause"]')) swap(button, !news.running);
    form.querySelector("fieldset").disabled = news.running;
    every.disabled = news.running;
    for (const html of [...news.events].reverse()) {
      const item = element(html);
      item.classList.add("new");
      timeline.prepend(item);
      start(item);
    }
    while (timeline.children.length > MOST_EVENTS) timeline.lastElementChild.remove();
    document.getElementById("timeline-empty").hidden = timeline.children.length > 0;
    const told = news.events.length && timeline.querySelector(".event-title");
    if (told) say(told.textContent.trim().replace(/\s+/g, " "));
  }

  /** Hides a button; its focus goes to the one that takes its place. */
  function swap(button, hidden) {
    if (button.hidden === hidden) return;
    const had = document.activeElement === button;
    button.hidden = hidden;
    // The other one is shown a moment later.
    if (had) requestAnimationFrame(() => [...button.parentElement.querySelectorAll("button")].find((other) => other !== button).focus());
  }

  listen();
}

// A trigger's page while it is looked at: its buttons, and the news that the server sends as polls happen.

import { drawChart, startChart } from "./chart.js";
import { askedFirst } from "./ask.js";
import { hide } from "./focus.js";
import { busyWhile, clearProblems, showError, showProblems, valuesOf } from "./forms.js";
import { watchProgress } from "./progress.js";
import { element, fill, get, make, post, say, upload } from "./send.js";
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
  const chart = document.getElementById("chart");
  const submit = form.querySelector('[type="submit"]');
  const stop = form.querySelector("[data-stop]");
  const load = host.querySelector("[data-load]");
  let seen = null;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(submit);
  });
  host.addEventListener("click", (event) => {
    const button = event.target.closest("[data-trigger], [data-change]");
    if (!button || (button.type === "submit" && button.form)) return;
    if (button.dataset.change !== undefined) change(button);
    else act(button);
  });

  async function act(button) {
    // Where somebody else polls by hand the server says so: what is shown here may be over by now.
    if (button.dataset.pressed) return;
    clearProblems(form);
    // The way out that stands in it asks first.
    if (!error.contains(button)) clearError();
    const body = { values: valuesOf(form), every: Number(every.value), event: Number(button.dataset.event) };
    button.dataset.pressed = "true";
    await busyWhile(button, async () => {
      try {
        await showAnswer((more) => post(`${path}/${button.dataset.trigger}`, { ...body, ...more }));
      } catch (problem) {
        showError(error, problem.message);
      } finally {
        delete button.dataset.pressed;
      }
    });
  }

  /** Sends something and shows what came of it. What would be given up for it is asked about in between. */
  async function showAnswer(send) {
    const piece = await askedFirst(send);
    if (!piece) return;
    clearError();
    fill(error, piece.html);
    showProblems(form, piece.problems);
    say(piece.say);
  }

  load.addEventListener("change", async () => {
    const [file] = load.files;
    if (!file) return;
    clearProblems(form);
    clearError();
    try {
      // The connector looks at a state with the inputs as they are typed: they go before it, in a line.
      await showAnswer((more) => upload(load.dataset.load, new Blob([JSON.stringify({ values: valuesOf(form), ...more }), "\n", file])));
    } catch (problem) {
      showError(error, problem.message);
    }
    load.value = "";
  });

  // Polling by hand is the server's: it goes on when the page is left, and is stopped there.
  stop.addEventListener("click", () => post(`${path}/stop`).catch(() => {}));

  /** While somebody polls by hand, here or on another page, nobody else does. */
  function showAsked(isAsked) {
    if (isAsked) stop.hidden = false;
    else hide(stop, submit);
    for (const name of ["poll", "drain"]) {
      const button = form.querySelector(`[data-trigger="${name}"]`);
      if (isAsked) button.setAttribute("aria-disabled", "true");
      // Of one that was pressed here, what it does is over when its answer has come.
      else if (!button.dataset.pressed) button.removeAttribute("aria-disabled");
    }
  }

  /** The way out may have been in it. */
  function clearError() {
    if (error.contains(document.activeElement)) submit.focus();
    error.replaceChildren();
  }

  async function change(button) {
    clearError();
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
    drawChart(chart, news.chart);
    showAsked(news.asked);
    if (news.polling) seen ??= watchProgress(form.querySelector("[data-progress]"));
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
    const fields = form.querySelector("fieldset");
    // What is closed cannot keep the focus.
    if (news.running && (fields.contains(document.activeElement) || document.activeElement === every)) submit.focus();
    fields.disabled = news.running;
    for (const editor of form.querySelectorAll(".editor")) editor.inert = news.running;
    every.disabled = news.running;
    for (const html of [...news.events].reverse()) {
      const item = element(html);
      item.classList.add("new");
      timeline.prepend(item);
      start(item);
    }
    while (timeline.children.length > MOST_EVENTS && !timeline.lastElementChild.contains(document.activeElement)) timeline.lastElementChild.remove();
    foldQuiet(timeline);
    document.getElementById("timeline-empty").hidden = timeline.children.length > 0;
    document.getElementById("timeline-actions").hidden = timeline.children.length === 0;
    const told = news.events.length && timeline.querySelector(".event-title");
    if (told) say(told.textContent.trim().replace(/\s+/g, " "));
  }

  timeline.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fold]");
    if (!button) return;
    button.closest(".event").toggleAttribute("data-unfolded");
    foldQuiet(timeline);
  });

  startChart(chart, (id) => {
    const item = document.getElementById(`event-${id}`);
    if (!item) return;
    if (item.hidden) item.dataset.unfolded = "";
    foldQuiet(timeline);
    item.tabIndex = -1;
    item.focus();
  });

  /** Hides a button; its focus goes to the one that takes its place. */
  function swap(button, hidden) {
    if (button.hidden === hidden) return;
    const had = document.activeElement === button;
    button.hidden = hidden;
    // The other one is shown a moment later.
    if (had) requestAnimationFrame(() => [...button.parentElement.querySelectorAll("button:not([hidden])")].find((other) => other !== button)?.focus());
  }

  foldQuiet(timeline);
  showAsked(host.dataset.asked !== undefined && host.dataset.asked !== "false");
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
  for (const run of runs) {
    const [first, ...others] = run;
    // What was unfolded stays so when another quiet poll comes.
    const isUnfolded = run.some((event) => event.hasAttribute("data-unfolded"));
    const hadFocus = run.some((event) => document.activeElement === event.querySelector("[data-fold]"));
    for (const event of others) event.removeAttribute("data-unfolded");
    first.toggleAttribute("data-unfolded", isUnfolded);
    let button = first.querySelector("[data-fold]");
    if (others.length && !button) {
      button = make("button", { type: "button", class: "small plain", "data-fold": true });
      first.querySelector(".event-title").append(button);
    } else if (!others.length) button?.remove();
    if (others.length) {
      button.textContent = isUnfolded ? "Show fewer" : `and ${others.length} quiet before it`;
      button.setAttribute("aria-expanded", String(isUnfolded));
    }
    first.hidden = false;
    if (hadFocus && others.length) button.focus();
    for (const event of others) event.querySelector("[data-fold]")?.remove();
    // Whoever looks into one of them keeps it.
    for (const event of others) event.hidden = !isUnfolded && !event.querySelector("details[open]") && !event.contains(document.activeElement);
  }
}

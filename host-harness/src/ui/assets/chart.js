// The chart of a trigger's polls: each bar says which poll it is, and leads to it.

import { fill } from "./send.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

/** Brings the chart to life; `show` goes to the event of an id. */
export function startChart(chart, show) {
  chart.addEventListener("click", (event) => {
    const bar = event.target.closest("[data-bar]");
    if (!bar) return;
    event.preventDefault();
    show(bar.dataset.bar);
  });
  // One stop for Tab, however many bars there are; the arrows go from bar to bar.
  chart.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const bars = barsOf(chart);
    const at = bars.indexOf(event.target.closest("[data-bar]"));
    if (!step || at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    focus(bars, bars[Math.max(0, Math.min(bars.length - 1, at + step))]);
  });
  writeTimes(chart);
}

/** Draws it as it is now. Whoever is at a bar stays there. */
export function drawChart(chart, html) {
  const had = chart.contains(document.activeElement) && document.activeElement.dataset.bar;
  fill(chart, html);
  writeTimes(chart);
  const bars = barsOf(chart);
  if (had && bars.length) focus(bars, bars.find((bar) => bar.dataset.bar === had) ?? bars[0]);
}

const barsOf = (chart) => [...chart.querySelectorAll("[data-bar]")];

function focus(bars, chosen) {
  for (const bar of bars) bar.setAttribute("tabindex", bar === chosen ? "0" : "-1");
  chosen.focus();
}

/** The times in the viewer's own zone, as they stand in the timeline. */
function writeTimes(chart) {
  for (const bar of barsOf(chart)) {
    const { clock, milliseconds } = bar.dataset;
    const label = bar.getAttribute("aria-label").replace(clock, new Date(Number(milliseconds)).toLocaleTimeString());
    bar.setAttribute("aria-label", label);
    bar.querySelector("title").textContent = label;
  }
}

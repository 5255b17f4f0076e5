// Brings the page to life: menu, tabs, trees, forms. Each part is a module of its own.

import { showProblems, startForms } from "./forms.js";
import { startPickers } from "./picker.js";
import "./results.js";
import { startComparison } from "./compare.js";
import { startDeleting } from "./ask.js";
import { startCopying } from "./copy.js";
import { startFocus } from "./focus.js";
import { startMarks } from "./marks.js";
import { filterRuns, startRuns } from "./runs.js";
import { drawSeen } from "./seen.js";
import { startTrigger } from "./trigger.js";

/** Starts everything below `root` that needs script; also called for pieces that are put in later. */
export function start(root) {
  for (const tabs of root.querySelectorAll("[data-tabs]")) startTabs(tabs);
  drawSeen(root);
  writeTimes(root);
  filterRuns(root);
}

function startTabs(host) {
  const tabs = [...host.querySelectorAll(':scope > [role="tablist"] > [role="tab"]')];
  const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const select = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panel(tab).hidden = !isChosen;
    }
    drawSeen(panel(chosen));
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const to = { Home: 0, End: tabs.length - 1 }[event.key] ?? (step && (index + step + tabs.length) % tabs.length);
      if (to === undefined) return;
      event.preventDefault();
      select(tabs[to]);
      tabs[to].focus();
    });
  });
}

function writeTimes(root) {
  for (const time of root.querySelectorAll("time[data-milliseconds]")) {
    const date = new Date(Number(time.dataset.milliseconds));
    const isToday = date.toDateString() === new Date().toDateString();
    time.textContent = isToday ? date.toLocaleTimeString() : date.toLocaleString();
    time.title = date.toLocaleString();
    delete time.dataset.milliseconds;
  }
}

const menu = document.getElementById("menu");
menu.addEventListener("click", () => {
  const open = menu.getAttribute("aria-expanded") !== "true";
  menu.setAttribute("aria-expanded", String(open));
});

start(document);
startForms(start);
startPickers();
startTrigger(start);
startCopying();
startComparison();
startRuns(start, showProblems);
startDeleting();
startMarks();
startFocus();
document.documentElement.dataset.ready = "";

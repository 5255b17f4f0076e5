// The navigation's marks: that a run is under way, or has ended, where another page is looked at.

import { fill, get } from "./send.js";

const PAUSE = 2000;

/** Keeps the marks true while something is under way, and whenever the page is looked at again. */
export function startMarks() {
  const places = [...document.querySelectorAll("[data-mark]")].filter((place) => !place.closest("[aria-current]"));
  let timer = 0;
  async function look() {
    clearTimeout(timer);
    try {
      const { marks, running } = await get("/marks");
      for (const place of places) {
        const mark = marks[place.dataset.mark] ?? "";
        // What stands there is not drawn anew: it turns.
        if (mark !== place.markup) fill(place, mark);
        place.markup = mark;
      }
      if (running && !document.hidden) timer = setTimeout(look, PAUSE);
    } catch {
      // They are a help, and no more.
    }
  }
  document.addEventListener("visibilitychange", () => document.hidden || look());
  if (document.querySelector("[data-mark] .busy")) look();
}

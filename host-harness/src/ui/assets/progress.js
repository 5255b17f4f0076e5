// Waiting that can be seen: how many requests there were, and how long until one is sent again.

import { get, say } from "./send.js";

const FIRST_LOOK = 700;
const PAUSE = 500;

/** Shows in the form's own line what its call is doing, until `end` is called. */
export function watchProgress(form) {
  const line = form.querySelector("[data-progress]");
  if (!line) return { end() {} };
  let timer = setTimeout(look, FIRST_LOOK);
  let ended = false;
  let told = "";
  async function look() {
    try {
      const { text } = await get(line.dataset.progress);
      if (ended) return;
      line.textContent = text;
      line.hidden = !text;
      // A countdown is seen; what it is about is said once.
      const about = text.replace(/\d+ s\b/g, "");
      if (about !== told) say(text);
      told = about;
    } catch {
      // It is a help to whoever waits, and no more.
    }
    if (!ended) timer = setTimeout(look, PAUSE);
  }
  return {
    end() {
      ended = true;
      clearTimeout(timer);
      line.hidden = true;
      line.textContent = "";
    },
  };
}

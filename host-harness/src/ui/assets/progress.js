// Waiting that can be seen: how far a call is, and how long until a request is sent again.

import { get, say } from "./send.js";

const FIRST_LOOK = 700;
const PAUSE = 500;
// Numbers that alone have changed are read out no more often.
const SAID_AGAIN = 10_000;

/** Shows in a line what the call is doing that `path` tells of, until `end` is called. */
export function watchProgress(line, path = line?.dataset.progress) {
  if (!line) return { end() {} };
  let timer = setTimeout(look, FIRST_LOOK);
  let ended = false;
  let told = "";
  let toldAt = 0;
  async function look() {
    try {
      const { text } = await get(path);
      if (ended) return;
      line.textContent = text;
      line.hidden = !text;
      const about = text.replace(/[\d.]+/g, "");
      if (text && (about !== told || Date.now() - toldAt > SAID_AGAIN)) {
        say(text);
        [told, toldAt] = [about, Date.now()];
      }
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

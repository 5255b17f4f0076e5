// What is drawn when it can be seen for the first time, and not before.

const kinds = [];

/** From now on, whatever matches `selector` is given to `draw` once it can be seen. */
export function whenSeen(selector, draw) {
  kinds.push([selector, draw]);
}

/** Draws all below `root` that can be seen and was not drawn yet. */
export function drawSeen(root) {
  for (const [selector, draw] of kinds) {
    for (const host of root.querySelectorAll(selector)) {
      // What is in something closed is drawn when that is opened.
      if (host.dataset.drawn !== undefined || host.closest("[hidden], details:not([open])")) continue;
      host.dataset.drawn = "";
      host.setAttribute("aria-busy", "true");
      draw(host).finally(() => host.removeAttribute("aria-busy"));
    }
  }
}

/** Draws something anew, if it was drawn before. */
export function redraw(host) {
  if (host.dataset.drawn === undefined) return;
  delete host.dataset.drawn;
  drawSeen(host.parentElement);
}

document.addEventListener("toggle", (event) => event.target.open && drawSeen(event.target), true);

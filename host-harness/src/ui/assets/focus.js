// Where the focus goes when what has it goes: never to nowhere, where whoever has no mouse would have to begin anew.

import { say } from "./send.js";

const RELOADED = "harness reloaded";

/** Changes what `element` holds. A focus in it goes to what has the same id by then, else to the element itself. */
export function keepFocus(element, change) {
  const had = document.activeElement;
  const isWithin = had !== element && element.contains(had);
  change();
  if (!isWithin || (had.isConnected && document.activeElement === had)) return;
  const same = had.id && document.getElementById(had.id);
  if (!same && !element.hasAttribute("tabindex")) element.tabIndex = -1;
  (same || element).focus();
}

/** Hides a control; a focus that it has goes to another one. */
export function hide(control, next) {
  if (document.activeElement === control) next.focus();
  control.hidden = true;
}

/** Loads the page anew. The focus goes to what `control` names, and `said` is said. */
export function reload(control, said) {
  sessionStorage.setItem(RELOADED, JSON.stringify({ path: location.pathname, next: control.dataset.reload, said }));
  location.reload();
}

export function startFocus() {
  const { path, next, said } = JSON.parse(sessionStorage.getItem(RELOADED)) ?? {};
  sessionStorage.removeItem(RELOADED);
  if (path !== location.pathname) return;
  if (next) document.querySelector(next)?.focus();
  say(said);
}

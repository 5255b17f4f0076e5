// The searchable dropdown: a combobox whose list a data source fills, page by page, as it is scrolled.

import { watchProgress } from "./progress.js";
import { fill, make, post } from "./send.js";
import { valuesOf } from "./forms.js";
import { oneLine } from "./shown.js";

const SEARCH_DELAY = 250;
const SEARCHING = "Searching…";
// Pages without a match, one after the other, before the person is asked to go on.
const MOST_EMPTY_PAGES = 5;

export function startPickers() {
  for (const host of document.querySelectorAll("[data-picker]")) new Picker(host);
}

class Picker {
  constructor(host) {
    this.host = host;
    this.input = host.querySelector('[role="combobox"]');
    this.list = host.querySelector('[role="listbox"]');
    this.popup = host.querySelector(".popup");
    this.note = host.querySelector(".popup-note[role]");
    this.progress = host.querySelector("[data-progress]");
    this.chosen = host.querySelector(".chosen");
    this.sources = host.querySelector("[data-source-inputs]");
    this.active = -1;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("click", () => this.isOpen || this.openAll());
    host.querySelector(".open").addEventListener("click", () => {
      this.input.focus();
      if (this.isOpen) this.close();
      else this.openAll();
    });
    this.list.addEventListener("scroll", () => this.scrolled(), { passive: true });
    // Pressing on an item must not take the focus out of the field.
    this.popup.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest('[role="option"]');
      if (item) this.pick(this.shown.indexOf(item));
    });
    this.input.addEventListener("blur", () => this.close());
    this.sources?.addEventListener("change", () => this.isOpen && this.open(this.search));
  }

  get isOpen() { return !this.popup.hidden; }

  /** Opens the whole list, whatever stands in the field. */
  openAll() {
    this.hasTyped = false;
    return this.open("");
  }

  get isSearchable() { return this.host.dataset.searchable === "true"; }

  /** The rows that can be picked. */
  get shown() { return [...this.list.children].filter((row) => !row.hidden); }

  typed() {
    // What is typed goes as it is, until an item is picked.
    delete this.input.dataset.picked;
    this.hasTyped = true;
    this.showChosen();
    clearTimeout(this.timer);
    this.setActive(-1);
    // At once among the rows that are there; then the source searches, if it can.
    if (this.isOpen) {
      this.narrow();
      this.note.textContent = this.isSearchable ? SEARCHING : `${this.shown.length} shown`;
    }
    if (!this.isOpen) this.open(this.asked());
    else if (this.isSearchable) this.timer = setTimeout(() => this.open(this.asked(), true), SEARCH_DELAY);
    else this.fillUp();
  }

  /** What the source is asked for: what was typed, and not the name of what was picked. */
  asked() {
    return this.isSearchable && this.hasTyped ? this.input.value : "";
  }

  /** Hides the rows without the words that were typed. What the source searches for it may find by other marks. */
  narrow() {
    const words = this.hasTyped ? this.input.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
    const isFound = this.isSearchable && !this.isBefore && this.search === this.input.value;
    for (const row of this.list.children) {
      const text = row.textContent.toLowerCase();
      row.hidden = !isFound && !words.every((word) => text.includes(word));
    }
  }

  /** Loads on while fewer rows are left than the list has room for. */
  async fillUp() {
    for (let pages = 0; this.isOpen && !this.complete && !this.loading && pages < MOST_EMPTY_PAGES; pages += 1) {
      if (this.list.scrollHeight > this.list.clientHeight) return;
      await this.load();
    }
  }

  /** Opens the list with what is found. The rows that are there go at once, or when others have come: `keeps`. */
  open(search, keeps = false) {
    this.abort?.abort();
    this.abort = new AbortController();
    Object.assign(this, { search, cursor: undefined, loading: false, complete: false, isBefore: keeps && this.list.children.length > 0 });
    if (!keeps) this.list.replaceChildren();
    this.setActive(-1);
    this.popup.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    return this.load();
  }

  close() {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.popup.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.setActive(-1);
  }

  async load(emptyPages = 0) {
    if (this.loading || this.complete) return;
    this.loading = true;
    const { signal } = this.abort;
    this.note.textContent = this.isBefore ? SEARCHING : "Loading…";
    const number = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
    const seen = watchProgress(this.progress, `${this.host.dataset.picker}/progress/${number}`);
    try {
      const body = { values: this.sources ? valuesOf(this.sources) : {}, search: this.search, cursor: this.cursor, number };
      const { page, error, connection } = await post(this.host.dataset.picker, body, signal).finally(seen.end);
      const state = document.getElementById("connection-state");
      // What it has told of the connection counts, whoever still waits for it.
      if (connection && state) fill(state, connection);
      if (signal.aborted) return;
      this.loading = false;
      if (error) return this.fail(error);
      this.show(page);
      if (!page.items.length && !this.complete && emptyPages < MOST_EMPTY_PAGES) return await this.load(emptyPages + 1);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.loading = false;
      this.fail(error.message);
    }
    // A page that does not fill the list leaves nothing to scroll.
    if (this.isOpen && !this.complete && this.list.children.length && this.shown.length === this.list.children.length && this.list.scrollHeight <= this.list.clientHeight) await this.load();
  }

  show(page) {
    if (this.isBefore) this.list.replaceChildren();
    this.isBefore = false;
    this.cursor = page.next;
    this.complete = page.next === null || page.next === undefined;
    const details = page.extensions?.details;
    page.items.forEach((item, index) => {
      // What people call it, where the source says so, else what is sent.
      const detail = (Array.isArray(details) && typeof details[index] === "string" && details[index]) || item.key;
      const row = make("li", { role: "option", id: `${this.list.id}-${this.list.children.length}`, "aria-selected": "false" },
        make("span", { class: "option-label" }, item.label), make("span", { class: "option-key" }, detail));
      row.item = item;
      row.title = oneLine(item.key);
      this.list.append(row);
    });
    this.narrow();
    const count = this.shown.length;
    const found = count === 0 ? "Nothing found" : `${count} shown`;
    const more = this.complete ? "" : count === 0 ? ", and not all was searched: type more" : "; scroll for more";
    this.note.textContent = oneLine(`${found}${more}${page.notice ? `. ${page.notice}` : ""}`);
  }

  fail(message) {
    this.complete = true;
    this.note.textContent = oneLine(message);
  }

  scrolled() {
    const left = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight;
    if (left < 200) this.load();
  }

  setActive(index) {
    this.list.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
    this.active = index;
    const row = this.shown[index];
    if (!row) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", row.id);
    if (index >= this.shown.length - 3) this.load();
  }

  pick(index) {
    const { item } = this.shown[index];
    this.input.value = item.label;
    this.input.dataset.picked = item.key;
    this.hasTyped = false;
    this.showChosen();
    this.close();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  showChosen() {
    const { picked } = this.input.dataset;
    this.chosen.hidden = picked === undefined || picked === this.input.value;
    this.chosen.querySelector("code").textContent = oneLine(picked ?? "");
  }

  key(event) {
    const count = this.shown.length;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) {
      event.preventDefault();
      if (!this.isOpen) return void this.open(this.asked());
      if (!count) return;
      // Who has found it among the rows that are there does not want them replaced.
      clearTimeout(this.timer);
      if (this.isBefore) {
        this.abort.abort();
        Object.assign(this, { loading: false, complete: true, isBefore: false });
      }
      if (this.note.textContent === SEARCHING) this.note.textContent = `${count} shown`;
      this.setActive(Math.max(0, Math.min(count - 1, this.active + step)));
    } else if (event.key === "Enter" && this.isOpen && this.active >= 0) {
      event.preventDefault();
      this.pick(this.active);
    } else if (event.key === "Escape" && this.isOpen) {
      event.preventDefault();
      this.close();
    }
  }
}

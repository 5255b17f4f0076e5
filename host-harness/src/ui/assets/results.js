// A result in three views: a table of its records, a tree, and JSON. All three are drawn from the one text.

import { columnsOf, listsOf, opensAsTable } from "./columns.js";
import { copy } from "./copy.js";
import { counted, isRecord, parse, write } from "./json.js";
import { FORMATS, save } from "./save.js";
import { whenSeen } from "./seen.js";
import { make } from "./send.js";
import { json, oneLine } from "./shown.js";
import { Table } from "./table.js";
import { Tree } from "./tree.js";

// Of a longer text the beginning is shown: a browser lays out all of it, seen or not.
const LONGEST_JSON = 256 * 1024;
const MOST_REASONS = 5;
const LONGEST_REASON = 300;
const VIEWS = ["Table", "Tree", "JSON"];

whenSeen("[data-views]", draw);

async function draw(host) {
  const { views, label, operation, download } = host.dataset;
  try {
    const [result, schema] = await Promise.all([got(views), got(`${operation}/schema`).catch(() => ({ text: "{}" }))]);
    new Result(host, { ...result, schema: JSON.parse(schema.text), label, operation, download });
  } catch (error) {
    host.replaceChildren(make("p", { class: "quiet" }, error.message));
  }
}

/** What a result says of itself: that it is not all there is, and why. */
function leftOut(value) {
  if (!isRecord(value) || value.more !== true) return [];
  const reasons = Array.isArray(value.reasons) ? value.reasons.filter((reason) => typeof reason === "string") : [];
  const said = [...new Set(reasons)].slice(0, MOST_REASONS).map((reason) => make("blockquote", { class: "said" }, oneLine(reason.slice(0, LONGEST_REASON))));
  // Whose words they are must be seen: the page's own are what people go by.
  const heading = make("p", { class: "notice" }, said.length ? "This is not all of it. The result gives as the reason, in words that are not this page's:" : "This is not all of it.");
  return [heading, ...said];
}

async function got(path) {
  const response = await fetch(path);
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim());
  // Which list its records are, the server says: its files and the command line go by the same.
  return { text, first: JSON.parse(response.headers.get("records-at") ?? "null") };
}

/** Measures what was begun at a time, for whoever asks the browser. */
const measured = (name, start) => performance.measure(name, { start });

class Result {
  constructor(host, { text, first, schema, label, operation, download }) {
    Object.assign(this, { text, label, operation, download });
    let start = performance.now();
    this.value = parse(text);
    measured("result parsed", start);
    start = performance.now();
    this.lists = listsOf(this.value, schema, first);
    measured("lists found", start);
    const views = VIEWS.filter((view) => view !== "Table" || this.lists.length);
    this.buttons = views.map((view) => {
      const button = make("button", { type: "button", class: "small", "aria-pressed": "false" }, view);
      button.addEventListener("click", () => this.choose(view));
      return button;
    });
    const bar = make("div", { class: "views-bar" },
      make("div", { class: "switch-view", role: "group", "aria-label": "View" }, ...this.buttons),
      this.widener(host), this.downloads());
    this.place = make("div", { class: "view" });
    host.replaceChildren(bar, ...leftOut(this.value), this.place);
    const kept = localStorage.getItem(`view ${operation}`);
    this.show(views.includes(kept) ? kept : opensAsTable(this.value, this.lists) ? "Table" : "Tree");
  }

  /** Gives the result the whole width of the page, and remembers it for this operation. */
  widener(host) {
    const columns = host.closest(".columns");
    if (!columns) return "";
    const name = `wide ${this.operation}`;
    const button = make("button", { type: "button", class: "small widen", "data-widen": true, title: "Give the result the whole width of the page" }, "Wide");
    const set = (isWide) => {
      columns.classList.toggle("wide", isWide);
      for (const other of [button, ...columns.querySelectorAll("[data-widen]")]) other.setAttribute("aria-pressed", String(isWide));
    };
    button.addEventListener("click", () => {
      const isWide = !columns.classList.contains("wide");
      if (isWide) localStorage.setItem(name, "yes");
      else localStorage.removeItem(name);
      set(isWide);
    });
    set(localStorage.getItem(name) === "yes");
    return button;
  }

  /** What can be saved: what the table shows, and all there is. */
  downloads() {
    const formats = this.lists.length ? FORMATS : ["json"];
    const all = formats.flatMap((format) => [make("a", { href: `${this.download}/${format}`, download: true }, format.toUpperCase()), " "]);
    const shown = FORMATS.flatMap((format) => {
      const button = make("button", { type: "button", class: "link", "data-save": format }, format.toUpperCase());
      button.addEventListener("click", () => this.drawnTable && this.complain(save(format, this.drawnTable.records(), this.fileName())));
      return [button, " "];
    });
    this.savesShown = make("span", { title: "The list, the columns and the rows of the table, in its order" }, "Save what is shown: ", ...shown);
    return make("span", { class: "downloads" }, this.savesShown, make("span", {}, this.lists.length ? "all of it: " : "Save as ", ...all));
  }

  complain(problem) {
    this.place.querySelector(":scope > .problem")?.remove();
    if (problem) this.place.prepend(make("p", { class: "problem", role: "alert" }, problem));
  }

  /** Called as the files that the server writes, and told apart from them. */
  fileName() {
    const [, , key, , id] = this.download.split("/").map(decodeURIComponent);
    return `${key}-${id}-shown`;
  }

  choose(view) {
    localStorage.setItem(`view ${this.operation}`, view);
    this.show(view);
  }

  show(view) {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.textContent === view));
    this.place.replaceChildren();
    this.drawnTable = undefined;
    this.savesShown.hidden = view !== "Table";
    const start = performance.now();
    if (view === "Table") this.table(0);
    else if (view === "Tree") new Tree(this.place, { value: this.value, text: this.text, label: this.label });
    else this.json();
    // Laid out, and so there to be used.
    void this.place.offsetHeight;
    measured(`view ${view}`, start);
  }

  /** One of the lists of records; which one is chosen above it, where there are several. */
  table(index) {
    const host = make("div");
    this.place.replaceChildren(host);
    if (this.lists.length > 1) {
      const choice = make("select", { "aria-label": "List" },
        ...this.lists.map((list, at) => make("option", { value: at, selected: at === index }, `${list.name || "records"} (${list.rows.length.toLocaleString()})`)));
      choice.addEventListener("change", () => {
        this.table(Number(choice.value));
        this.place.querySelector("select").focus();
      });
      this.place.prepend(choice);
    }
    const list = this.lists[index];
    const start = performance.now();
    const columns = columnsOf(list);
    measured("columns found", start);
    this.drawnTable = new Table(host, { rows: list.rows, columns, label: this.label, name: `columns ${this.operation} ${list.name}` });
  }

  json() {
    const whole = write(this.value);
    const button = make("button", { type: "button", class: "small" }, "Copy");
    button.addEventListener("click", () => copy(button, whole));
    const isLong = whole.length > LONGEST_JSON;
    const shown = json(isLong ? `${whole.slice(0, LONGEST_JSON)}\n…` : whole);
    const bar = make("div", { class: "tree-bar" }, button);
    if (Array.isArray(this.value)) bar.append(make("span", { class: "quiet" }, counted(this.value, this.value.length)));
    if (isLong) bar.append(make("span", { class: "quiet" }, "The beginning of a long text: save it to have all of it."));
    this.place.replaceChildren(bar, make("pre", { class: "json", tabindex: "0", role: "group", "aria-label": this.label }, shown));
  }
}

// Records as a table of any length: only the rows that can be seen are in the page. Sorted, filtered, with the columns
// that one chooses; the keyboard does all that the mouse does.

import { valueAt } from "./columns.js";
import { isBranch, plain, titleOf } from "./json.js";
import { make, say } from "./send.js";
import { oneLine } from "./shown.js";
import { Tree } from "./tree.js";

const ROW = 30;
const MOST_ROWS_SHOWN = 15;
const SPARE_ROWS = 6;
const LONGEST_CELL = 300;
const WIDEST = 38;
const MEASURED = 100;
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export class Table {
  constructor(host, { rows, columns, label, name }) {
    Object.assign(this, { rows, columns, label, name });
    this.recallColumns();
    this.all = rows.map((_, index) => index);
    this.sorting = null;
    this.focused = 0;
    Table.made = (Table.made ?? 0) + 1;
    this.id = `table-${Table.made}`;
    this.filter = make("input", { type: "search", class: "filter", placeholder: "Filter", "aria-label": "Filter the rows" });
    this.filter.addEventListener("input", () => this.arrange());
    this.count = make("span", { class: "quiet", role: "status" });
    this.head = make("tr", { "aria-rowindex": "1" });
    this.body = make("tbody");
    this.widths = make("colgroup");
    this.table = make("table", { role: "grid", tabindex: "0", "aria-label": label }, this.widths, make("thead", {}, this.head), this.body);
    this.box = make("div", { class: "table-box" }, this.table);
    this.detail = make("div", { class: "record", hidden: true });
    host.replaceChildren(make("div", { class: "tree-bar" }, this.filter, this.chooser(), this.count), this.box, this.detail);
    this.box.addEventListener("scroll", () => this.paint(), { passive: true });
    this.table.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => this.click(event));
    this.drawHead();
    this.arrange();
  }

  recallColumns() {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(this.name));
    } catch { /* Somebody else's text is as good as none. */ }
    if (!Array.isArray(kept) || !this.columns.some((column) => kept.includes(column.name))) return;
    for (const column of this.columns) column.shown = kept.includes(column.name);
  }

  /** The list of columns to choose from. */
  chooser() {
    const list = make("ul");
    const summary = make("summary", {}, "Columns");
    const chooser = make("details", { class: "chooser" }, summary, list);
    const draw = () => {
      list.replaceChildren(...this.columns.map((column) => {
        const box = make("input", { type: "checkbox", checked: column.shown });
        box.addEventListener("change", () => {
          column.shown = box.checked;
          localStorage.setItem(this.name, JSON.stringify(this.columns.filter((one) => one.shown).map((one) => one.name)));
          this.drawHead();
          this.arrange();
        });
        return make("li", {}, make("label", {}, box, " ", column.name));
      }));
    };
    chooser.addEventListener("toggle", () => chooser.open && draw());
    chooser.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      chooser.open = false;
      summary.focus();
    });
    return chooser;
  }

  drawHead() {
    this.shown = this.columns.filter((column) => column.shown);
    // What is searched is what is seen.
    this.texts = [];
    this.table.setAttribute("aria-colcount", this.shown.length);
    const looked = this.rows.slice(0, MEASURED);
    const widths = this.shown.map((column) => {
      const longest = looked.reduce((most, row) => Math.max(most, this.text(valueAt(row, column.keys)).length), column.name.length + 4);
      return Math.min(longest + 2, WIDEST);
    });
    this.widths.replaceChildren(...widths.map((width) => {
      const col = make("col");
      col.style.width = `${width}ch`;
      return col;
    }));
    this.table.style.width = `max(100%, ${widths.reduce((sum, width) => sum + width, 0)}ch)`;
    this.head.replaceChildren(...this.shown.map((column) => {
      const button = make("button", { type: "button" }, column.name);
      button.addEventListener("click", () => this.sort(column));
      return make("th", { scope: "col", class: column.kind, "aria-sort": "none", "data-column": column.name }, button);
    }));
    this.markSorting();
  }

  markSorting() {
    for (const cell of this.head.children) {
      const isIt = this.sorting?.column.name === cell.dataset.column;
      cell.setAttribute("aria-sort", isIt ? (this.sorting.down ? "descending" : "ascending") : "none");
    }
  }

  /** Upwards, downwards, as it came. */
  sort(column) {
    const isIt = this.sorting?.column === column;
    this.sorting = !isIt ? { column, down: false } : this.sorting.down ? null : { column, down: true };
    this.markSorting();
    this.arrange();
    say(this.sorting ? `Sorted by ${column.name}, ${this.sorting.down ? "descending" : "ascending"}` : "As it came");
  }

  /** Which rows there are, and in which order. */
  arrange() {
    const wanted = this.filter.value.trim().toLowerCase();
    this.order = wanted ? this.all.filter((index) => this.searched(index).includes(wanted)) : this.all;
    if (this.sorting) this.order = sorted(this.order, this.rows, this.sorting);
    this.focused = Math.max(0, Math.min(this.focused, this.order.length - 1));
    const total = this.rows.length.toLocaleString();
    const rows = this.rows.length === 1 ? "row" : "rows";
    this.count.textContent = wanted ? `${this.order.length.toLocaleString()} of ${total} ${rows}` : `${total} ${rows}`;
    this.table.setAttribute("aria-rowcount", this.order.length + 1);
    // Not asked of the box: to be asked, it would be laid out.
    this.height = Math.min(Math.max(this.order.length, 1), MOST_ROWS_SHOWN) * ROW + ROW + 18;
    this.box.style.height = `${this.height}px`;
    this.paint(true);
  }

  searched(index) {
    return (this.texts[index] ??= this.shown.map((column) => this.text(valueAt(this.rows[index], column.keys))).join("\n").toLowerCase());
  }

  text(value) {
    if (Array.isArray(value)) return value.length === 1 ? "1 item" : `${value.length} items`;
    const text = isBranch(value) ? titleOf(value) || "{…}" : plain(value);
    // Shortened first: a million rows are looked at for a filter.
    return oneLine(text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text);
  }

  paint(anew = false) {
    const top = this.last === undefined ? 0 : this.box.scrollTop;
    const first = Math.max(0, Math.floor(top / ROW) - SPARE_ROWS);
    const shown = Math.ceil(this.height / ROW) + 2 * SPARE_ROWS;
    const last = Math.min(this.order.length, first + shown);
    if (!anew && first === this.first && last === this.last) return;
    // What is marked in the page stays, while it can be seen.
    if (!anew && selects(this.body) && first <= this.focused && this.focused < last && Math.abs(first - this.first) < SPARE_ROWS) return;
    [this.first, this.last] = [first, last];
    const rows = [space(first)];
    for (let place = first; place < last; place++) rows.push(this.row(place));
    rows.push(space(this.order.length - last));
    if (!this.order.length) rows.push(make("tr", {}, make("td", { colspan: Math.max(1, this.shown.length), class: "quiet" }, this.rows.length ? "No row has it." : "No rows.")));
    this.body.replaceChildren(...rows);
    this.markFocused();
  }

  row(place) {
    const record = this.rows[this.order[place]];
    return make("tr", { id: `${this.id}-${place}`, "aria-rowindex": place + 2, "data-place": place },
      ...this.shown.map((column) => make("td", { class: column.kind }, this.text(valueAt(record, column.keys)))));
  }

  markFocused() {
    for (const row of this.body.querySelectorAll("[data-place]")) {
      const isIt = Number(row.dataset.place) === this.focused;
      row.classList.toggle("focused", isIt);
      row.setAttribute("aria-selected", String(isIt));
    }
    const id = `${this.id}-${this.focused}`;
    if (this.first <= this.focused && this.focused < this.last) this.table.setAttribute("aria-activedescendant", id);
    else this.table.removeAttribute("aria-activedescendant");
  }

  focus(place) {
    this.focused = Math.max(0, Math.min(place, this.order.length - 1));
    const top = this.focused * ROW;
    const room = this.height - 3 * ROW;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top > this.box.scrollTop + room) this.box.scrollTop = top - room;
    this.paint();
    this.markFocused();
  }

  key(event) {
    if (event.target !== this.table || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.height / ROW) - 2);
    const moves = {
      ArrowDown: () => this.focus(this.focused + 1),
      ArrowUp: () => this.focus(this.focused - 1),
      ArrowRight: () => this.box.scrollBy(80, 0),
      ArrowLeft: () => this.box.scrollBy(-80, 0),
      PageDown: () => this.focus(this.focused + page),
      PageUp: () => this.focus(this.focused - page),
      Home: () => this.focus(0),
      End: () => this.focus(this.order.length - 1),
      Enter: () => this.open(this.focused),
      " ": () => this.open(this.focused),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  click(event) {
    const row = event.target.closest("[data-place]");
    if (!row || selects(this.body)) return;
    this.focus(Number(row.dataset.place));
    this.open(this.focused);
  }

  /** Shows all of a record, below. */
  open(place) {
    const record = this.rows[this.order[place]];
    if (record === undefined) return;
    const close = make("button", { type: "button", class: "small" }, "Close");
    close.addEventListener("click", () => {
      this.detail.hidden = true;
      this.table.focus();
    });
    const title = titleOf(record) || `Row ${place + 1}`;
    const tree = make("div", { class: "tree-host" });
    this.detail.replaceChildren(make("div", { class: "tree-bar" }, make("h3", {}, title), close), tree);
    this.detail.hidden = false;
    new Tree(tree, { value: record, label: title });
    say(`${title} is shown below`);
  }
}

const selects = (element) => {
  const selection = getSelection();
  return !selection.isCollapsed && element.contains(selection.anchorNode);
};

function space(rows) {
  const cell = make("td");
  cell.style.height = `${rows * ROW}px`;
  return make("tr", { class: "space", "aria-hidden": "true", hidden: rows === 0 }, cell);
}

/** Numbers by size, texts as people order them; what has no value comes last either way. */
function sorted(order, rows, { column, down }) {
  const keyed = order.map((index) => [index, valueAt(rows[index], column.keys)]);
  const isEmpty = (value) => value === null || value === undefined || value === "";
  const compare = (one, other) => {
    if (typeof one === "number" && typeof other === "number") return one - other;
    if (Array.isArray(one) && Array.isArray(other)) return one.length - other.length;
    return collator.compare(isBranch(one) ? titleOf(one) : plain(one), isBranch(other) ? titleOf(other) : plain(other));
  };
  keyed.sort(([first, one], [second, other]) => {
    if (isEmpty(one) || isEmpty(other)) return isEmpty(one) - isEmpty(other) || first - second;
    return (down ? compare(other, one) : compare(one, other)) || first - second;
  });
  return keyed.map(([index]) => index);
}

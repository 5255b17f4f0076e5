// Records as a table of any length: only the rows that can be seen are in the page. Sorted, filtered, with the columns
// that one chooses; the keyboard does all that the mouse does.

import { chooser, recall } from "./chooser.js";
import { valueAt } from "./columns.js";
import { copy } from "./copy.js";
import { isBranch, plain, titleOf, write } from "./json.js";
import { make, say } from "./send.js";
import { oneLine } from "./shown.js";
import { Tree } from "./tree.js";

const ROW = 30;
const MOST_ROWS_SHOWN = 15;
const SPARE_ROWS = 6;
const LONGEST_CELL = 300;
// So that several fit a page; all of a cell is in its record, and can be copied.
const WIDEST = 28;
const MEASURED = 100;
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export class Table {
  constructor(host, { rows, columns, label, name }) {
    Object.assign(this, { rows, columns, label, name });
    recall(columns, name);
    this.all = rows.map((_, index) => index);
    this.sorting = null;
    // The row and the column of the cell that the keyboard is at.
    this.focused = 0;
    this.at = 0;
    Table.made = (Table.made ?? 0) + 1;
    this.id = `table-${Table.made}`;
    this.filter = make("input", { type: "search", class: "filter", placeholder: "Filter", "aria-label": "Filter the rows" });
    this.filter.addEventListener("input", () => this.arrange());
    this.count = make("span", { class: "quiet", role: "status" });
    this.head = make("tr", { "aria-rowindex": "1" });
    this.body = make("tbody");
    this.widths = make("colgroup");
    this.table = make("table", { role: "grid", tabindex: "0", "aria-label": label, "aria-keyshortcuts": "C Enter" }, this.widths, make("thead", {}, this.head), this.body);
    this.box = make("div", { class: "table-box" }, this.table);
    this.detail = make("div", { class: "record", hidden: true });
    this.detail.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !(event.target.matches("input") && event.target.value)) this.close();
    });
    this.path = make("code", { class: "tree-path breakable" });
    this.copyCell = make("button", { type: "button", class: "small", title: "C, or Ctrl-C in the table" }, "Copy cell");
    this.copyCell.addEventListener("click", () => copy(this.copyCell, this.cellText()));
    const choice = chooser(columns, name, () => {
      this.drawHead();
      this.arrange();
    });
    host.replaceChildren(make("div", { class: "tree-bar" }, this.filter, choice, this.count), this.box,
      make("div", { class: "tree-bar below" }, this.path, this.copyCell), this.detail);
    this.box.addEventListener("scroll", () => this.paint(), { passive: true });
    this.table.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => this.click(event));
    this.drawHead();
    this.arrange();
  }

  /** What is shown, to be saved. */
  records() {
    return { columns: this.shown, rows: this.order.map((index) => this.rows[index]) };
  }

  drawHead() {
    this.shown = this.columns.filter((column) => column.shown);
    this.at = Math.max(0, Math.min(this.at, this.shown.length - 1));
    // What is searched is what is seen.
    this.texts = [];
    this.table.setAttribute("aria-colcount", this.shown.length);
    const looked = this.rows.slice(0, MEASURED);
    const widths = this.shown.map((column) => {
      const longest = looked.reduce((most, row) => Math.max(most, this.text(valueAt(row, column.keys)).length), column.label.length + 4);
      return Math.min(longest + 3, WIDEST);
    });
    this.widths.replaceChildren(...widths.map((width) => {
      const col = make("col");
      col.style.width = `${width}ch`;
      return col;
    }));
    this.table.style.width = `max(100%, ${widths.reduce((sum, width) => sum + width, 0)}ch)`;
    this.head.replaceChildren(...this.shown.map((column) => {
      const title = column.about ? `${column.name}: ${column.about}` : column.name;
      const button = make("button", { type: "button", title }, column.label);
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
    say(this.sorting ? `Sorted by ${column.label}, ${this.sorting.down ? "descending" : "ascending"}` : "As it came");
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
    const note = !this.shown.length ? "No column is chosen." : this.order.length ? null : this.rows.length ? "No row has it." : "No rows.";
    if (note) rows.splice(0, rows.length, make("tr", {}, make("td", { colspan: Math.max(1, this.shown.length), class: "quiet" }, note)));
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
    this.body.querySelector(".cell")?.classList.remove("cell");
    const cell = this.cell();
    // One after the other, so that the change is heard.
    if (cell) cell.id = `${this.id}-${this.focused}-${this.at}`;
    cell?.classList.add("cell");
    if (cell) this.table.setAttribute("aria-activedescendant", cell.id);
    else this.table.removeAttribute("aria-activedescendant");
    this.path.textContent = oneLine(this.shown[this.at]?.name ?? "");
    this.copyCell.hidden = !this.order.length || !this.shown.length;
  }

  /** The cell that the keyboard is at, if it is in the page. */
  cell() {
    return this.body.querySelector(`[data-place="${this.focused}"]`)?.children[this.at];
  }

  /** All that the cell holds: a text as it is, everything else as JSON. */
  cellText() {
    const value = valueAt(this.rows[this.order[this.focused]], this.shown[this.at]?.keys ?? []);
    return isBranch(value) ? write(value) : plain(value);
  }

  /** Goes to another column. */
  step(by) {
    this.at = Math.max(0, Math.min(this.at + by, this.shown.length - 1));
    this.markFocused();
    const cell = this.cell();
    if (!cell) return;
    const { offsetLeft: left, offsetWidth: width } = cell;
    const room = this.box.clientWidth;
    if (left < this.box.scrollLeft) this.box.scrollLeft = left;
    else if (left + width > this.box.scrollLeft + room) this.box.scrollLeft = Math.min(left, left + width - room);
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
    if (event.target !== this.table || event.altKey) return;
    // What is marked is copied by the browser.
    const isCopied = event.key.toLowerCase() === "c" && getSelection().isCollapsed;
    if ((event.ctrlKey || event.metaKey) && !isCopied) return;
    const page = Math.max(1, Math.floor(this.height / ROW) - 2);
    const moves = {
      ArrowDown: () => this.focus(this.focused + 1),
      ArrowUp: () => this.focus(this.focused - 1),
      ArrowRight: () => this.step(1),
      ArrowLeft: () => this.step(-1),
      c: () => this.copyCell.click(),
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
    this.at = Math.max(0, [...row.children].indexOf(event.target.closest("td")));
    this.focus(Number(row.dataset.place));
    this.open(this.focused);
  }

  /** Shows all of a record, below, and goes there. */
  open(place) {
    const record = this.rows[this.order[place]];
    if (record === undefined) return;
    const close = make("button", { type: "button", class: "small" }, "Close");
    close.addEventListener("click", () => this.close());
    const title = titleOf(record) || `Row ${place + 1}`;
    const tree = make("div", { class: "tree-host" });
    this.detail.replaceChildren(make("div", { class: "tree-bar" }, make("h3", {}, title), close), tree);
    this.detail.hidden = false;
    new Tree(tree, { value: record, label: title });
    tree.querySelector(".tree").focus();
    say(`${title} is shown here; Escape leads back`);
  }

  close() {
    this.detail.hidden = true;
    this.table.focus();
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

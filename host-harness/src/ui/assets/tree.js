// JSON as a tree of any size: only the rows that can be seen are in the page. The keyboard does all that the mouse does,
// and what is marked with the mouse stays marked.

import { copy } from "./copy.js";
import { Exact, counted, isBranch, parse, pathOf, plain, titleOf, write } from "./json.js";
import { redraw, whenSeen } from "./seen.js";
import { make } from "./send.js";
import { json, lines, oneLine } from "./shown.js";

export { redraw };

const ROW = 24;
const MOST_ROWS_SHOWN = 18;
const SPARE_ROWS = 8;
const LONGEST_PREVIEW = 300;
// Small results are shown opened up; large ones by their first levels.
const OPEN_UP_TO = 60;
const MOST_SEARCHED = 500_000;
const MOST_OPENED = 200_000;

whenSeen("[data-tree]", async (host) => {
  try {
    const response = await fetch(host.dataset.tree);
    const text = await response.text();
    if (!response.ok) throw new Error(text.trim());
    const hadFocus = host.contains(document.activeElement);
    const tree = new Tree(host, { value: parse(text), text, label: host.dataset.label });
    // Drawn anew while somebody is in it.
    if (hadFocus) tree.box.focus();
  } catch (error) {
    host.replaceChildren(make("p", { class: "quiet" }, error.message));
  }
});

class Node {
  constructor(key, value, parent, position, siblings) {
    Object.assign(this, { key, value, parent, position, siblings });
    this.level = parent ? parent.level + 1 : 1;
    this.isBranch = isBranch(value);
    this.open = false;
  }

  get size() { return !this.isBranch ? 0 : Array.isArray(this.value) ? this.value.length : Object.keys(this.value).length; }

  get path() { return pathOf(this.keys()); }

  keys() { return this.parent ? [...this.parent.keys(), this.key] : []; }

  children() {
    if (!this.made) {
      const entries = Array.isArray(this.value) ? this.value.map((value, index) => [index, value]) : Object.entries(this.value);
      this.made = entries.map(([key, value], index) => new Node(key, value, this, index + 1, entries.length));
    }
    return this.made;
  }
}

export class Tree {
  constructor(host, { value, text, label }) {
    this.label = label;
    this.text = text;
    this.root = new Node(null, value, null, 1, 1);
    this.root.open = true;
    this.openUpTo(OPEN_UP_TO);
    this.focused = 0;
    this.drawn = new Map();
    Tree.made = (Tree.made ?? 0) + 1;
    this.name = `tree-${Tree.made}`;
    this.rows = make("div", { class: "tree-rows", role: "presentation" });
    this.box = make("div", { class: "tree", role: "tree", "aria-label": label, tabindex: "0", "aria-keyshortcuts": "C P" }, this.rows);
    this.full = make("pre", { class: "full-value", tabindex: "0", "aria-label": "The whole value", hidden: true });
    this.path = make("code", { class: "tree-path breakable" });
    const button = (name, act) => {
      const made = make("button", { type: "button", class: "small" }, name);
      made.addEventListener("click", () => act(made));
      return made;
    };
    this.copyValue = button("Copy value", (made) => copy(made, this.valueOf(this.nodes[this.focused])));
    this.copyPath = button("Copy path", (made) => copy(made, this.nodes[this.focused].path));
    this.filter = make("input", { type: "search", class: "filter", placeholder: "Filter", "aria-label": "Filter names and values" });
    this.filter.addEventListener("input", () => this.search());
    this.count = make("span", { class: "quiet", role: "status" });
    const bar = make("div", { class: "tree-bar" },
      button("Copy", (made) => copy(made, this.valueOf(this.root))), button("Open all", () => this.openAll()), this.filter, this.count);
    host.replaceChildren(bar, this.box, make("div", { class: "tree-bar below" }, this.path, this.copyValue, this.copyPath), this.full);
    this.box.addEventListener("scroll", () => this.paint(), { passive: true });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("click", (event) => this.click(event));
    this.flatten();
  }

  /** A text as it is, everything else as JSON, with every digit that came. */
  valueOf(node) {
    return typeof node.value === "string" ? node.value : write(node.value);
  }

  /** Opens level after level while the rows stay few. */
  openUpTo(most) {
    let rows = 1;
    let level = [this.root];
    while (level.length) {
      // The list itself is shown, however long.
      if (rows + level.reduce((sum, node) => sum + node.size, 0) > most) return;
      const next = level.flatMap((node) => (node.isBranch ? node.children() : []));
      rows += next.length;
      for (const node of level) node.open = node.isBranch;
      level = next;
    }
  }

  flatten() {
    this.nodes = [];
    const stack = [this.root];
    while (stack.length) {
      const node = stack.pop();
      this.nodes.push(node);
      if (node.isBranch && (this.found ? this.found.has(node) : node.open)) {
        const children = this.found ? node.children().filter((child) => this.kept(child)) : node.children();
        for (let index = children.length - 1; index >= 0; index--) stack.push(children[index]);
      }
    }
    this.focused = Math.min(this.focused, this.nodes.length - 1);
    this.rows.style.height = `${this.nodes.length * ROW}px`;
    this.box.style.height = `${Math.min(this.nodes.length, MOST_ROWS_SHOWN) * ROW + 18}px`;
    if (!this.found) this.count.textContent = Array.isArray(this.root.value) ? counted(this.root.value, this.root.size) : "";
    this.drawn.clear();
    this.paint(true);
    this.showFocused();
  }

  /** Shows the rows whose name or value holds what is looked for, with what they are in. */
  search() {
    const wanted = this.filter.value.trim().toLowerCase();
    this.found = null;
    if (wanted) {
      this.found = new Set();
      this.matches = new Set();
      let left = MOST_SEARCHED;
      const stack = [this.root];
      while (stack.length && left-- > 0) {
        const node = stack.pop();
        const own = node.isBranch ? "" : plain(node.value);
        if (`${node.key ?? ""}\n${own}`.toLowerCase().includes(wanted)) {
          this.matches.add(node);
          for (let parent = node.parent; parent && !this.found.has(parent); parent = parent.parent) this.found.add(parent);
        }
        if (node.isBranch) stack.push(...node.children());
      }
      this.found.add(this.root);
      const found = `${this.matches.size.toLocaleString()} found`;
      this.count.textContent = left > 0 ? found : `${found} in the first ${MOST_SEARCHED.toLocaleString()} values`;
    }
    this.focused = 0;
    this.flatten();
  }

  kept(node) {
    return this.found.has(node) || this.matches.has(node);
  }

  paint(anew = false) {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - SPARE_ROWS);
    const shown = Math.ceil((this.box.clientHeight || MOST_ROWS_SHOWN * ROW) / ROW) + 2 * SPARE_ROWS;
    const last = Math.min(this.nodes.length, first + shown);
    if (!anew && first === this.first && last === this.last) return;
    [this.first, this.last] = [first, last];
    const wanted = new Set();
    for (let index = first; index < last; index++) wanted.add(index);
    // The row with the focus stays in the page, or a screen reader would lose its place.
    wanted.add(this.focused);
    // Rows that stay are left alone, and with them what is marked in them.
    if (anew) this.rows.replaceChildren();
    for (const [index, row] of this.drawn) {
      if (wanted.has(index)) continue;
      row.remove();
      this.drawn.delete(index);
    }
    for (const index of [...wanted].sort((one, other) => one - other)) {
      if (this.drawn.has(index)) continue;
      const row = this.row(this.nodes[index], index);
      this.drawn.set(index, row);
      // In their order, because they are read in it.
      const next = [...this.rows.children].find((other) => Number(other.dataset.index) > index);
      this.rows.insertBefore(row, next ?? null);
    }
    this.mark();
  }

  mark() {
    for (const [index, row] of this.drawn) {
      row.classList.toggle("focused", index === this.focused);
      row.setAttribute("aria-selected", String(index === this.focused));
    }
    this.box.setAttribute("aria-activedescendant", this.id(this.focused));
  }

  id(index) {
    return `${this.name}-${index}`;
  }

  row(node, index) {
    const isOpen = node.isBranch && (this.found ? this.found.has(node) : node.open);
    const row = make("div", {
      class: "row",
      id: this.id(index),
      role: "treeitem",
      "aria-level": node.level,
      "aria-posinset": node.position,
      "aria-setsize": node.siblings,
      "aria-expanded": node.isBranch ? String(isOpen) : undefined,
      "data-index": index,
    });
    row.style.top = `${index * ROW}px`;
    row.style.paddingInlineStart = `${8 + Math.min(node.level - 1, 20) * 16}px`;
    row.append(make("span", { class: node.isBranch ? "twig" : "twig none", "aria-hidden": "true" }, node.isBranch ? (isOpen ? "▾" : "▸") : ""));
    const title = node.isBranch ? titleOf(node.value) : "";
    if (node.key !== null) {
      const isIndex = typeof node.key === "number";
      row.append(make("span", { class: isIndex ? "key index" : "key" }, oneLine(String(node.key))), title && isIndex ? " " : ": ");
    }
    row.append(this.shown(node, title));
    return row;
  }

  shown({ value, isBranch, size }, title) {
    if (isBranch) {
      if (size === 0) return make("span", { class: "brief" }, Array.isArray(value) ? "[ ]" : "{ }");
      const brief = make("span", { class: "brief" }, counted(value, size));
      if (title) brief.prepend(make("span", { class: "title" }, oneLine(title)), " · ");
      return brief;
    }
    if (typeof value === "string") {
      const cut = value.length > LONGEST_PREVIEW ? `${value.slice(0, LONGEST_PREVIEW)}…` : value;
      return make("span", { class: "string" }, json(JSON.stringify(cut)));
    }
    return make("span", { class: value === null ? "null" : typeof value }, value instanceof Exact ? value.source : String(value));
  }

  toggle(index, open) {
    const node = this.nodes[index];
    // While something is looked for, what was found stands open.
    if (!node.isBranch || node.open === open || this.found) return;
    node.open = open;
    this.flatten();
  }

  openAll() {
    const stack = [this.root];
    let budget = MOST_OPENED;
    while (stack.length && budget > 0) {
      const node = stack.pop();
      if (!node.isBranch) continue;
      node.open = true;
      budget -= node.size;
      for (const child of node.children()) stack.push(child);
    }
    this.flatten();
  }

  focus(index) {
    this.focused = Math.max(0, Math.min(index, this.nodes.length - 1));
    const top = this.focused * ROW;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + ROW > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + ROW - this.box.clientHeight;
    this.first = undefined;
    this.paint();
    this.showFocused();
  }

  showFocused() {
    const node = this.nodes[this.focused];
    this.path.textContent = json(node.path);
    const isLong = typeof node.value === "string" && (node.value.length > 60 || node.value.includes("\n"));
    this.full.hidden = !isLong;
    this.full.textContent = isLong ? lines(node.value) : "";
  }

  click(event) {
    const row = event.target.closest("[data-index]");
    // Whoever marks text does not mean to open anything.
    if (!row || !getSelection().isCollapsed) return;
    const index = Number(row.dataset.index);
    const node = this.nodes[index];
    this.focus(index);
    // The name and the value are there to be marked; a branch has neither.
    if (node.isBranch) this.toggle(index, !node.open);
  }

  key(event) {
    const node = this.nodes[this.focused];
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 1);
    const moves = {
      ArrowDown: () => this.focus(this.focused + 1),
      ArrowUp: () => this.focus(this.focused - 1),
      PageDown: () => this.focus(this.focused + page),
      PageUp: () => this.focus(this.focused - page),
      Home: () => this.focus(0),
      End: () => this.focus(this.nodes.length - 1),
      ArrowRight: () => (node.isBranch && (node.open || this.found) ? this.focus(this.focused + 1) : this.toggle(this.focused, true)),
      ArrowLeft: () => (node.isBranch && node.open && !this.found ? this.toggle(this.focused, false) : node.parent && this.focus(this.nodes.indexOf(node.parent))),
      Enter: () => this.toggle(this.focused, !node.open),
      " ": () => this.toggle(this.focused, !node.open),
      c: () => this.copyValue.click(),
      p: () => this.copyPath.click(),
    };
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }
}

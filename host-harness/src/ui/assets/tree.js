// JSON as a tree of any size: only the rows that can be seen are in the page. The keyboard does all that the mouse does.

import { make, say } from "./send.js";

const ROW = 24;
const MOST_ROWS_SHOWN = 18;
const SPARE_ROWS = 8;
const LONGEST_PREVIEW = 300;
// Small results are shown opened up; large ones by their first levels.
const OPEN_UP_TO = 60;

/** Draws every tree below `root` that can be seen and was not drawn yet. */
export function startTrees(root) {
  for (const host of root.querySelectorAll("[data-tree]")) {
    if (host.closest("[hidden]") || host.dataset.drawn !== undefined) continue;
    // One in something closed is drawn when that is opened.
    if (isClosed(host)) continue;
    host.dataset.drawn = "";
    draw(host);
  }
}

/** Draws a tree anew, if it was drawn before. */
export function redraw(host) {
  if (host.dataset.drawn === undefined) return;
  delete host.dataset.drawn;
  startTrees(host.parentElement);
}

document.addEventListener("toggle", (event) => event.target.open && startTrees(event.target), true);

const isClosed = (host) => host.closest("details:not([open])") !== null;

async function draw(host) {
  host.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(host.dataset.tree);
    const text = await response.text();
    if (!response.ok) throw new Error(text.trim());
    new Tree(host, text);
  } catch (error) {
    host.replaceChildren(make("p", { class: "quiet" }, error.message));
  }
  host.removeAttribute("aria-busy");
}

/** Numbers that would lose digits stay as they were written. */
function parse(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context?.source && String(value) !== context.source ? new Exact(context.source) : value);
}

class Exact {
  constructor(source) { this.source = source; }
}

class Node {
  constructor(key, value, parent, position, siblings) {
    Object.assign(this, { key, value, parent, position, siblings });
    this.level = parent ? parent.level + 1 : 1;
    this.isBranch = value !== null && typeof value === "object" && !(value instanceof Exact);
    this.open = false;
  }

  get size() { return !this.isBranch ? 0 : Array.isArray(this.value) ? this.value.length : Object.keys(this.value).length; }

  children() {
    if (!this.made) {
      const entries = Array.isArray(this.value) ? this.value.map((value, index) => [index, value]) : Object.entries(this.value);
      this.made = entries.map(([key, value], index) => new Node(key, value, this, index + 1, entries.length));
    }
    return this.made;
  }
}

class Tree {
  constructor(host, text) {
    this.label = host.dataset.label;
    this.text = text;
    this.root = new Node(null, parse(text), null, 1, 1);
    this.root.open = true;
    if (text.length < 20_000) this.openUpTo(OPEN_UP_TO);
    this.focused = 0;
    this.rows = make("div", { class: "tree-rows", role: "presentation" });
    this.box = make("div", { class: "tree", role: "tree", "aria-label": this.label, tabindex: "0" }, this.rows);
    this.full = make("pre", { class: "full-value", tabindex: "0", "aria-label": "The whole value", hidden: true });
    const copy = make("button", { type: "button", class: "small" }, "Copy");
    copy.addEventListener("click", () => this.copy(copy));
    const all = make("button", { type: "button", class: "small" }, "Open all");
    all.addEventListener("click", () => this.openAll());
    this.count = make("span", { class: "quiet" });
    host.replaceChildren(make("div", { class: "tree-bar" }, copy, all, this.count), this.box, this.full);
    this.box.addEventListener("scroll", () => this.paint(), { passive: true });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("click", (event) => this.click(event));
    this.flatten();
  }

  /** Opens level after level while the rows stay few. */
  openUpTo(most) {
    let rows = 1;
    let level = [this.root];
    while (level.length) {
      const next = level.flatMap((node) => (node.isBranch ? node.children() : []));
      rows += next.length;
      if (rows > most) return;
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
      if (node.isBranch && node.open) {
        const children = node.children();
        for (let index = children.length - 1; index >= 0; index--) stack.push(children[index]);
      }
    }
    this.focused = Math.min(this.focused, this.nodes.length - 1);
    this.rows.style.height = `${this.nodes.length * ROW}px`;
    this.box.style.height = `${Math.min(this.nodes.length, MOST_ROWS_SHOWN) * ROW + 18}px`;
    this.count.textContent = Array.isArray(this.root.value) ? counted(this.root.value, this.root.size) : "";
    this.paint(true);
  }

  paint(anew = false) {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - SPARE_ROWS);
    const shown = Math.ceil((this.box.clientHeight || MOST_ROWS_SHOWN * ROW) / ROW) + 2 * SPARE_ROWS;
    const last = Math.min(this.nodes.length, first + shown);
    if (!anew && first === this.first && last === this.last) return;
    [this.first, this.last] = [first, last];
    const rows = [];
    for (let index = first; index < last; index++) rows.push(this.row(this.nodes[index], index));
    // The row with the focus stays in the page, or a screen reader would lose its place.
    if (this.focused < first || this.focused >= last) rows.push(this.row(this.nodes[this.focused], this.focused));
    this.rows.replaceChildren(...rows);
    this.box.setAttribute("aria-activedescendant", this.id(this.focused));
  }

  id(index) {
    this.name ??= `tree-${(Tree.made = (Tree.made ?? 0) + 1)}`;
    return `${this.name}-${index}`;
  }

  row(node, index) {
    const row = make("div", {
      class: index === this.focused ? "row focused" : "row",
      id: this.id(index),
      role: "treeitem",
      "aria-level": node.level,
      "aria-posinset": node.position,
      "aria-setsize": node.siblings,
      "aria-selected": String(index === this.focused),
      "aria-expanded": node.isBranch ? String(node.open) : undefined,
      "data-index": index,
    });
    row.style.top = `${index * ROW}px`;
    row.style.paddingInlineStart = `${8 + Math.min(node.level - 1, 20) * 16}px`;
    row.append(make("span", { class: node.isBranch ? "twig" : "twig none", "aria-hidden": "true" }, node.isBranch ? (node.open ? "▾" : "▸") : ""));
    if (node.key !== null) {
      const isIndex = typeof node.key === "number";
      row.append(make("span", { class: isIndex ? "key index" : "key" }, String(node.key)), ": ");
    }
    row.append(this.shown(node));
    return row;
  }

  shown({ value, isBranch, open, size }) {
    if (isBranch) {
      const isList = Array.isArray(value);
      if (size === 0) return make("span", { class: "brief" }, isList ? "[ ]" : "{ }");
      const title = open || isList ? "" : titleOf(value);
      return make("span", { class: "brief" }, counted(value, size), title ? make("span", { class: "title" }, ` ${title}`) : "");
    }
    if (typeof value === "string") {
      const cut = value.length > LONGEST_PREVIEW ? `${value.slice(0, LONGEST_PREVIEW)}…` : value;
      return make("span", { class: "string" }, JSON.stringify(cut));
    }
    return make("span", { class: value === null ? "null" : typeof value }, value instanceof Exact ? value.source : String(value));
  }

  toggle(index, open) {
    const node = this.nodes[index];
    if (!node.isBranch || node.open === open) return;
    node.open = open;
    this.flatten();
  }

  openAll() {
    const stack = [this.root];
    let budget = 200_000;
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
    const { value } = this.nodes[this.focused];
    const isLong = typeof value === "string" && (value.length > 60 || value.includes("\n"));
    this.full.hidden = !isLong;
    this.full.textContent = isLong ? value : "";
    this.paint(true);
  }

  click(event) {
    const row = event.target.closest("[data-index]");
    if (!row) return;
    const index = Number(row.dataset.index);
    const node = this.nodes[index];
    if (node.isBranch) this.toggle(index, !node.open);
    this.focus(index);
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
      ArrowRight: () => (node.isBranch && node.open ? this.focus(this.focused + 1) : this.toggle(this.focused, true)),
      ArrowLeft: () => (node.isBranch && node.open ? this.toggle(this.focused, false) : node.parent && this.focus(this.nodes.indexOf(node.parent))),
      Enter: () => this.toggle(this.focused, !node.open),
      " ": () => this.toggle(this.focused, !node.open),
    };
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  async copy(button) {
    const text = JSON.stringify(JSON.parse(this.text), null, 2);
    try {
      // What holds long numbers is copied as it came, with every digit.
      await navigator.clipboard.writeText(/\d{16}/.test(this.text) ? this.text : text);
      button.textContent = "Copied";
      say("Copied");
    } catch {
      button.textContent = "Cannot copy";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }
}

const counted = (value, size) =>
  `${size.toLocaleString()} ${Array.isArray(value) ? "item" : "value"}${size === 1 ? "" : "s"}`;

/** What a closed record is called, so that it can be found among many. */
function titleOf(value) {
  const title = ["name", "title", "label", "displayName", "id"].map((key) => value[key]).find((text) => typeof text === "string" && text);
  return title ? (title.length > 80 ? `${title.slice(0, 80)}…` : title) : "";
}

// What differs between two results: records are told apart by their id, and everything else by its place.

import { isBranch, isRecord, member, parse, pathOf, plain, titleOf } from "./json.js";
import { make } from "./send.js";

const MOST_SHOWN = 1000;
const LONGEST = 200;
const IDS = ["id", "key", "_id", "uuid"];

/** Draws the differences on a page that compares two runs. */
export async function startComparison() {
  const host = document.getElementById("differences");
  if (!host) return;
  try {
    const [older, newer] = await Promise.all([host.dataset.older, host.dataset.newer].map(got));
    draw(host, differences(older, newer));
  } catch (error) {
    host.replaceChildren(make("p", { class: "problem" }, error.message));
  }
  host.removeAttribute("aria-busy");
}

async function got(path) {
  const response = await fetch(path);
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim());
  return parse(text);
}

/** Every difference: where it is, and what stands there on either side. */
export function differences(older, newer) {
  const found = [];
  const compare = (one, other, keys, title) => {
    if (found.length > MOST_SHOWN) return;
    if (isRecord(one) && isRecord(other)) {
      const called = titleOf(other) || title;
      for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) compare(member(one, key), member(other, key), [...keys, key], called);
    } else if (Array.isArray(one) && Array.isArray(other)) {
      lists(one, other, keys, title);
    } else if (!same(one, other)) {
      found.push({ path: pathOf(keys), title, one, other });
    }
  };
  const lists = (one, other, keys, title) => {
    const id = idOf(one, other);
    if (!id) {
      for (let index = 0; index < Math.max(one.length, other.length); index++) compare(one[index], other[index], [...keys, index], title);
      return;
    }
    const before = new Map(one.map((record) => [id(record), record]));
    other.forEach((record, index) => {
      compare(before.get(id(record)), record, [...keys, index], titleOf(record));
      before.delete(id(record));
    });
    for (const record of before.values()) compare(record, undefined, [...keys, one.indexOf(record)], titleOf(record));
  };
  compare(older, newer, [], "");
  return found;
}

/** What tells the records of two lists apart; nothing where that is only their place. */
function idOf(one, other) {
  const both = [...one, ...other];
  const inner = (record) => (isRecord(record?.node) ? record.node : record);
  const key = IDS.find((key) => both.every((record) => isRecord(record) && ["string", "number"].includes(typeof member(inner(record), key))));
  const isUnique = (list) => new Set(list.map((record) => member(inner(record), key))).size === list.length;
  return key && isUnique(one) && isUnique(other) ? (record) => member(inner(record), key) : null;
}

const same = (one, other) => one === other || (isBranch(one) || isBranch(other) ? false : one !== undefined && other !== undefined && plain(one) === plain(other) && typeof one === typeof other);

function draw(host, found) {
  if (!found.length) {
    host.replaceChildren(make("p", {}, "Both results are the same."));
    return;
  }
  const shown = found.slice(0, MOST_SHOWN);
  const rows = shown.map(({ path, title, one, other }) => {
    const kind = one === undefined ? "added" : other === undefined ? "gone" : "changed";
    return make("tr", {},
      make("td", {}, make("span", { class: `badge ${{ added: "good", gone: "bad", changed: "warn" }[kind]}` }, kind)),
      make("th", { scope: "row" }, title, title ? " " : "", make("code", { class: "breakable quiet" }, path)),
      make("td", { class: "breakable" }, said(one, title)), make("td", { class: "breakable" }, said(other, title)));
  });
  const head = make("tr", {}, ...["Difference", "Where", "Older", "Newer"].map((name) => make("th", { scope: "col" }, name)));
  const count = found.length > MOST_SHOWN ? `The first ${MOST_SHOWN.toLocaleString()} differences.` : `${found.length.toLocaleString()} difference${found.length === 1 ? "" : "s"}.`;
  host.replaceChildren(make("p", { class: "quiet" }, count),
    make("div", { class: "fields", tabindex: "0", role: "group", "aria-label": "Differences" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))));
}

function said(value, title) {
  if (value === undefined) return "–";
  if (value === null) return "null";
  // Which record it is stands beside it already.
  if (isBranch(value) && title && titleOf(value) === title) return "the whole record";
  const text = isBranch(value) ? titleOf(value) || JSON.stringify(value) : plain(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

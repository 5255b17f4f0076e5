// What a table shows as a file: its list, its columns under their whole names, its rows in their order. Cells are data, as
// in the files that the server writes of all records.

import { valueAt } from "./columns.js";
import { isBranch, plain, write } from "./json.js";
import { make } from "./send.js";

const KINDS = { csv: "text/csv", ndjson: "application/x-ndjson", json: "application/json" };
export const FORMATS = Object.keys(KINDS);
const LONGEST_NAME = 110;
// As many as the server writes: rows of no members are short as JSON and long as a table.
const MOST_CELLS = 10_000_000;

/** Saves the columns of the rows; `name` is what the file is called, without its ending. Gives why not, or nothing. */
export function save(format, { columns, rows }, name) {
  if (rows.length * columns.length > MOST_CELLS) {
    return `${rows.length.toLocaleString()} rows of ${columns.length} columns are more than the ${MOST_CELLS.toLocaleString()} cells that are saved of a table: show fewer, or save all of it.`;
  }
  const file = new Blob(WRITERS[format](columns, rows), { type: KINDS[format] });
  const address = URL.createObjectURL(file);
  make("a", { href: address, download: `${name.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, LONGEST_NAME)}.${format}` }).click();
  // When the browser has surely begun.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return null;
}

const WRITERS = {
  csv: (columns, rows) => [cells(columns.map(({ name }) => name)), ...rows.map((row) => cells(columns.map(({ keys }) => text(valueAt(row, keys)))))],
  ndjson: (columns, rows) => rows.map((row) => `${object(columns, row)}\n`),
  json: (columns, rows) => ["[", ...rows.map((row, at) => `${at ? ",\n" : "\n"}${object(columns, row)}`), "\n]\n"],
};

const text = (value) => (isBranch(value) ? write(value, 0) : plain(value));

// By RFC 4180. A record of one blank cell would be a blank line, which readers pass over.
const cells = (texts) =>
  `${texts.map((text) => (/[",\r\n]/.test(text) || (texts.length === 1 && !text) ? `"${text.replaceAll('"', '""')}"` : text)).join(",")}\r\n`;

// Written by hand: a column may be called as what every object has.
const object = (columns, row) =>
  `{${columns.map(({ name, keys }) => `${JSON.stringify(name)}:${write(valueAt(row, keys) ?? null, 0)}`).join(",")}}`;

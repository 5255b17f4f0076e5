// JSON as people read it: parsed without losing a digit, written again, titled, and named by its path.

/** A number that would lose digits, as it was written. */
export class Exact {
  constructor(source) { this.source = source; }
}

/** Parses JSON; numbers that would lose digits stay as they were written. */
export function parse(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context?.source && String(value) !== context.source ? new Exact(context.source) : value);
}

/** Writes what `parse` gave as JSON: in lines, or without blanks. */
export const write = (value, indent = 2) =>
  JSON.stringify(value, (_, value) => (value instanceof Exact ? JSON.rawJSON(value.source) : value), indent) ?? "";

export const isBranch = (value) => value !== null && typeof value === "object" && !(value instanceof Exact);
export const isRecord = (value) => isBranch(value) && !Array.isArray(value);

/** What a record has under a name. What every object of a script has besides is none of its. */
export const member = (value, key) => (isBranch(value) && Object.hasOwn(value, key) ? value[key] : undefined);

/** A value that is no list and no object, as text: nothing for null. */
export const plain = (value) => (value === null || value === undefined ? "" : value instanceof Exact ? value.source : String(value));

export const counted = (value, size) =>
  `${size.toLocaleString()} ${Array.isArray(value) ? "item" : "value"}${size === 1 ? "" : "s"}`;

const NUMBERS = ["number", "partNumber", "displayValue", "code", "sku"];
const NAMES = ["name", "title", "label", "displayName", "email"];
const LONGEST_TITLE = 80;

/** What a record is called, so that it can be found among many: its number and its name, or else its id. */
export function titleOf(value) {
  if (!isRecord(value)) return "";
  // What lies in an edge is its node.
  if (isRecord(value.node)) return titleOf({ ...value.node, node: undefined });
  const said = (record, keys) => keys.map((key) => member(record, key)).find((text) => typeof text === "string" && text.trim());
  // A number is often an object of its own: {"cpn": {"displayValue": …}}.
  const inner = () => Object.values(value).find((part) => isRecord(part) && typeof part.displayValue === "string");
  const number = said(value, NUMBERS) ?? inner()?.displayValue;
  const name = said(value, NAMES);
  const title = [number, name].filter(Boolean).join(" ") || said(value, ["key", "id"]) || "";
  return title.length > LONGEST_TITLE ? `${title.slice(0, LONGEST_TITLE)}…` : title;
}

/** The way to a value, as `jq` takes it: `.rows[0].name`. */
export function pathOf(keys) {
  const steps = keys.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  const path = steps.join("");
  return path.startsWith(".") ? path : `.${path}`;
}

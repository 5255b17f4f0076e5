// The lists of records in a result, and the columns of each, as the result's JSON Schema has them.

import { isRecord, member } from "./json.js";

// Lists lie within an object or two; columns within an object or two of their record.
const DEEPEST_LIST = 8;
const DEEPEST_COLUMN = 3;
const MOST_COLUMNS = 200;
const LOOKED_AT = 200;
const SHOWN_AT_FIRST = 8;
// What a record of its own is called by.
const NAMES = ["displayValue", "name", "label", "title", "value"];
// A record of many fields that has a shorter list in it is no list.
const MOST_BESIDE_A_LIST = 12;

/**
 * Every list of records that is reached through objects alone: where it is, its records, and their schema. The one at
 * `first` comes first.
 */
export function listsOf(value, root, first) {
  const lists = [];
  const look = (value, schema, keys) => {
    if (Array.isArray(value)) {
      const items = memberOf(schema, "items", root);
      const described = properties(items, root).length > 0;
      if (!(value.length ? value.every((item) => item === null || isRecord(item)) : described)) return;
      const edges = value.length > 0 && value.every((item) => isRecord(item) && isRecord(member(item, "node")) && Object.keys(item).every((key) => key === "node" || key === "cursor"));
      const emptyEdges = value.length === 0 && property(items, "node", root);
      lists.push({
        name: keys.filter((key) => key !== "edges").join("."),
        isFirst: keys.length === first?.length && keys.every((key, at) => key === first[at]),
        keys,
        isConnection: edges || !!emptyEdges,
        rows: edges ? value.map((item) => item.node) : value.filter((item) => item !== null),
        schema: edges || emptyEdges ? property(items, "node", root) : items,
        root,
      });
    } else if (isRecord(value) && keys.length < DEEPEST_LIST) {
      for (const [key, part] of Object.entries(value)) look(part, property(schema, key, root), [...keys, key]);
    }
  };
  look(value, resolved(root, root), []);
  // Where the server names none, the longest: it is what was asked for.
  return lists.sort((one, other) => other.isFirst - one.isFirst || other.rows.length - one.rows.length);
}

/** Whether a result is a list of records, of however many, rather than a record that has lists. */
export function opensAsTable(value, lists) {
  if (!lists.length) return false;
  if (Array.isArray(value)) return true;
  const [{ keys, rows, schema, root, isConnection }] = lists;
  // What stands beside the list, in the objects that lead to it. An object there is one thing, whatever it holds.
  let beside = 0;
  let around = value;
  for (const key of keys) {
    beside += Object.entries(around).filter(([other, part]) => other !== key && !Array.isArray(part)).length;
    around = member(around, key);
  }
  // A record that is asked for by its id comes as a list of one too. A row would hide the lists that it has.
  if (rows.length === 1 && lists.length === 1 && beside === 0 && !isConnection && hasLists(rows[0], schema, root)) return false;
  return beside <= MOST_BESIDE_A_LIST || rows.length > beside;
}

/** Whether a record has lists of records, by its schema or in what it holds. */
function hasLists(record, schema, root, depth = 1) {
  const isList = (part, field) => Array.isArray(part) && (part.some(isRecord) || properties(memberOf(field, "items", root), root).length > 0);
  return Object.entries(record).some(([key, part]) => {
    const field = property(schema, key, root);
    return isList(part, field) || (isRecord(part) && depth < DEEPEST_COLUMN && hasLists(part, field, root, depth + 1));
  });
}

/** The columns of a list: those of its schema, then those that only its records have. Some are shown at first. */
export function columnsOf({ rows, schema, root }) {
  const columns = new Map();
  const add = (keys, kind, field) => {
    const name = keys.join(".");
    if (columns.size < MOST_COLUMNS && !columns.has(name)) columns.set(name, { name, keys, kind, title: textOf(field?.title), about: textOf(field?.description) });
  };
  const bySchema = (schema, keys, depth) => {
    for (const [key, field] of properties(schema, root)) {
      const inner = properties(field, root);
      const kinds = [field?.type].flat();
      if (inner.length && !kinds.includes("array") && depth < DEEPEST_COLUMN) bySchema(field, [...keys, key], depth + 1);
      else add([...keys, key], kinds.includes("array") ? "list" : kinds.some((kind) => kind === "number" || kind === "integer") ? "number" : "text", field);
    }
  };
  bySchema(schema, [], 1);
  const looked = rows.slice(0, LOOKED_AT);
  const byRecord = (record, keys, depth) => {
    for (const [key, value] of Object.entries(record)) {
      const name = [...keys, key].join(".");
      if (columns.has(name)) continue;
      if (isRecord(value) && depth < DEEPEST_COLUMN) byRecord(value, [...keys, key], depth + 1);
      // An object of the schema that is null here has columns already.
      else if (value !== null || ![...columns.keys()].some((known) => known.startsWith(`${name}.`))) {
        add([...keys, key], Array.isArray(value) ? "list" : typeof value === "number" ? "number" : "text");
      }
    }
  };
  for (const record of looked) byRecord(record, [], 1);
  let left = SHOWN_AT_FIRST;
  // Ids are for programs: they stand last.
  const isId = ({ keys }) => /(^id|Id|_id)$/.test(keys.at(-1));
  const all = [...columns.values()].sort((one, other) => isId(one) - isId(other));
  for (const column of all) {
    const isFilled = rows.length === 0 || looked.some((record) => valueAt(record, column.keys) != null);
    column.shown = isFilled && column.kind !== "list" && left-- > 0;
  }
  if (all.length && !all.some((column) => column.shown)) all[0].shown = true;
  for (const column of all) column.isShownAtFirst = column.shown;
  nameShortly(all);
  return all;
}

const textOf = (value) => (typeof value === "string" ? value.trim() : "");

/** Gives each column a heading: its title, or the end of its path; the whole path where two would be called the same. */
function nameShortly(columns) {
  const used = new Map();
  for (const column of columns) {
    const { keys, title } = column;
    // `status.name` is the status.
    const isNamedByParent = keys.length > 1 && NAMES.includes(keys.at(-1));
    column.label = title || (isNamedByParent ? keys.at(-2) : keys.slice(-2).join(".")) || "(no name)";
    used.set(column.label, (used.get(column.label) ?? 0) + 1);
  }
  for (const column of columns) if (used.get(column.label) > 1) column.label = column.name;
}

/** The value of a record in a column. */
export function valueAt(record, keys) {
  let value = record;
  for (const key of keys) {
    if (!isRecord(value)) return undefined;
    value = member(value, key);
  }
  return value;
}

/** A schema without the reference that it may be. */
function resolved(schema, root, left = 8) {
  const path = schema?.$ref;
  if (typeof path !== "string" || !path.startsWith("#") || left === 0) return schema;
  const steps = path.slice(1).split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return resolved(steps.reduce(member, root), root, left - 1);
}

const alternatives = (schema) => [schema, ...["allOf", "anyOf", "oneOf"].flatMap((name) => (Array.isArray(schema?.[name]) ? schema[name] : []))];

const memberOf = (schema, name, root) =>
  resolved(alternatives(resolved(schema, root)).map((one) => member(resolved(one, root), name)).find((found) => found !== undefined), root);

function properties(schema, root) {
  const found = alternatives(resolved(schema, root)).flatMap((one) => Object.entries(member(resolved(one, root), "properties") ?? {}));
  return found.map(([key, field]) => [key, resolved(field, root)]);
}

const property = (schema, key, root) => properties(schema, root).find(([known]) => known === key)?.[1];

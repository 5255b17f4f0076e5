// JSON: checked as it is typed, and held against a JSON Schema, from which members and values are proposed: the input's
// own, or that of the variables of a document beside it, which changes with the document.

import { Validator } from "@cfworker/json-schema";
import { json, jsonLanguage } from "@codemirror/lang-json";
import { applyEdits, findNodeAtLocation, format, getLocation, getNodeValue, parseTree, printParseErrorCode } from "jsonc-parser/lib/esm/main.js";

import { DOUBT } from "./doubt.js";

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: true };
const LAYOUT = { tabSize: 2, insertSpaces: true, keepLines: false };
// Keywords that only say that something below them is wrong.
const WRAPPERS = new Set(["$ref", "properties", "patternProperties", "additionalProperties", "items", "prefixItems", "allOf"]);
const MOST_WRITTEN = 20;

/** `schema` is the input's own, or a function that gives the one of now. */
export function jsonMode(schema) {
  const current = typeof schema === "function" ? schema : () => schema;
  const isOfDocument = typeof schema === "function";
  let made = {};
  const validator = () => {
    const schema = current();
    if (schema !== made.schema) made = { schema, validator: schema && new Validator(schema, "2020-12", false) };
    return made.validator;
  };
  return {
    extensions: [json(), schema ? jsonLanguage.data.of({ autocomplete: (context) => proposals(current(), context) }) : []],
    problems(text) {
      const checked = validator();
      const found = !text.trim() && current()?.required?.length ? missing(checked) : problems(text, checked);
      return found.map(({ isByService, ...one }) => (isOfDocument && isByService ? { ...one, message: `${one.message} ${DOUBT}` } : one));
    },
    // Blanks alone are changed: a number of many digits stays what it is.
    async format(text) {
      return problems(text).length ? null : applyEdits(text, format(text, undefined, LAYOUT));
    },
  };
}

function problems(text, validator) {
  const errors = [];
  const tree = parseTree(text, errors, STRICT);
  if (errors.length) {
    const [{ error, offset, length }] = errors;
    const words = printParseErrorCode(error).replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
    return [{ from: offset, to: offset + length, severity: "error", message: `This is not JSON: ${words}` }];
  }
  if (!tree || !validator) return [];
  return found(validator, getNodeValue(tree)).map(({ instanceLocation, ...said }) => {
    const node = findNodeAtLocation(tree, path(instanceLocation, tree)) ?? tree;
    return { from: node.offset, to: node.offset + node.length, severity: "warning", ...said };
  });
}

/** Where nothing is written, nothing can be marked but its place. */
const missing = (validator) => found(validator, {}).map(({ message }) => ({ from: 0, to: 0, severity: "warning", message }));

/** What is wrong, and whether that is by what a service takes: which members there are on the first level is not. */
function found(validator, value) {
  return validator.validate(value).errors.filter(({ keyword }) => !WRAPPERS.has(keyword)).map(({ keyword, instanceLocation, error }) => {
    const level = instanceLocation.split("/").length - 1;
    if (keyword === "false") return { instanceLocation, message: "Nothing of this name is expected here.", isByService: level > 1 };
    const name = keyword === "required" ? /property (".*")/.exec(error)?.[1] : undefined;
    return { instanceLocation, message: name ? `${name} is missing.` : error, isByService: !name || level > 0 };
  });
}

/** A JSON Pointer as the steps from the root: numbers into lists, names into objects. */
function path(pointer, tree) {
  const steps = [];
  for (const step of pointer.replace(/^#?\/?/, "").split("/").filter((step) => step !== "")) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    steps.push(findNodeAtLocation(tree, steps)?.type === "array" ? Number(name) : name);
  }
  return steps;
}

const own = (object, name) => (object && Object.hasOwn(object, name) ? object[name] : undefined);

/** A schema with what it refers to. */
function resolved(schema, root) {
  const name = /^#\/\$defs\/(\w+)$/.exec(schema?.$ref ?? "")?.[1];
  return name ? { ...own(root.$defs, name), ...schema } : schema;
}

/** The schema of the value at a path, as far as it can be followed without choosing. */
function schemaAt(root, steps) {
  return steps.reduce((at, step) => resolved(typeof step === "number" ? at?.items : own(at?.properties, step), root), resolved(root, root));
}

function proposals(root, context) {
  const text = context.state.doc.toString();
  const { path: steps, isAtPropertyKey } = getLocation(text, context.pos);
  const word = context.matchBefore(/"?[\w-]*/);
  if (!context.explicit && word.from === word.to) return null;
  const options = isAtPropertyKey ? members(text, steps, root) : values(schemaAt(root, steps), text);
  // A quotation mark that is there already, closed by the editor, is taken over.
  const to = text[context.pos] === '"' ? context.pos + 1 : context.pos;
  return options.length ? { from: word.from, to, options, filter: true } : null;
}

/** The members that an object may have and has not. */
function members(text, steps, root) {
  const schema = schemaAt(root, steps.slice(0, -1));
  const object = getNodeValue(findNodeAtLocation(parseTree(text) ?? {}, steps.slice(0, -1)) ?? { type: "object", children: [] });
  const isWritten = (name) => name !== steps.at(-1) && own(object, name) !== undefined;
  return Object.entries(schema?.properties ?? {}).filter(([name]) => !isWritten(name)).map(([name, { title, type, description }]) => ({
    label: JSON.stringify(name), apply: `${JSON.stringify(name)}: `, detail: title ?? String(type ?? ""), info: description,
  }));
}

function values(schema, text) {
  const known = schema?.enum ?? (schema?.type === "boolean" ? [true, false] : []);
  if (known.length || text.trim() || !schema?.properties) return known.map((value) => ({ label: JSON.stringify(value) }));
  const names = (schema.required?.length ? schema.required : Object.keys(schema.properties)).slice(0, MOST_WRITTEN);
  if (!names.length) return [];
  const whole = JSON.stringify(Object.fromEntries(names.map((name) => [name, blank(schema.properties[name])])), null, 2);
  return [{ label: `{ ${names.join(", ")} }`, apply: whole, detail: "all that is needed" }];
}

/** Something of the kind that is wanted, to be written over. */
function blank({ type, enum: known }) {
  const kinds = [type].flat();
  return known?.[0] ?? { array: [], object: {}, string: "", integer: 0, number: 0, boolean: false }[kinds[0]] ?? null;
}

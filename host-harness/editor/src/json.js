// JSON: checked as it is typed, and held against the input's JSON Schema, from which members and values are proposed.

import { Validator } from "@cfworker/json-schema";
import { json, jsonLanguage } from "@codemirror/lang-json";
import { applyEdits, findNodeAtLocation, format, getLocation, getNodeValue, parseTree, printParseErrorCode } from "jsonc-parser/lib/esm/main.js";

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: true };
const LAYOUT = { tabSize: 2, insertSpaces: true, keepLines: false };
// Keywords that only say that something below them is wrong.
const WRAPPERS = new Set(["$ref", "properties", "patternProperties", "items", "prefixItems", "allOf"]);

export function jsonMode(schema) {
  const validator = schema && new Validator(schema, "2020-12", false);
  return {
    extensions: [json(), schema ? jsonLanguage.data.of({ autocomplete: (context) => proposals(schema, context) }) : []],
    problems: (text) => problems(text, validator),
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
  const { errors: found } = validator.validate(getNodeValue(tree));
  return found.filter(({ keyword }) => !WRAPPERS.has(keyword)).map(({ instanceLocation, error }) => {
    const node = findNodeAtLocation(tree, path(instanceLocation, tree)) ?? tree;
    return { from: node.offset, to: node.offset + node.length, severity: "warning", message: error };
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

/** The schema of the value at a path, as far as it can be followed without choosing. */
function schemaAt(schema, steps) {
  return steps.reduce((at, step) => (typeof step === "number" ? at?.items : at?.properties?.[step]), schema);
}

function proposals(schema, context) {
  const text = context.state.doc.toString();
  const { path: steps, isAtPropertyKey } = getLocation(text, context.pos);
  const word = context.matchBefore(/"?[\w-]*/);
  if (!context.explicit && word.from === word.to) return null;
  const options = isAtPropertyKey ? members(schemaAt(schema, steps.slice(0, -1))) : values(schemaAt(schema, steps));
  // A quotation mark that is there already, closed by the editor, is taken over.
  const to = text[context.pos] === '"' ? context.pos + 1 : context.pos;
  return options.length ? { from: word.from, to, options, filter: true } : null;
}

function members(schema) {
  return Object.entries(schema?.properties ?? {}).map(([name, { title, type, description }]) => ({
    label: JSON.stringify(name), apply: `${JSON.stringify(name)}: `, detail: title ?? String(type ?? ""), info: description,
  }));
}

function values(schema) {
  const known = schema?.enum ?? (schema?.type === "boolean" ? [true, false] : []);
  return known.map((value) => ({ label: JSON.stringify(value) }));
}

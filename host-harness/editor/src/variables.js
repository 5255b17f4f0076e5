// The variables of a GraphQL document as a JSON Schema: what the document declares, with the types of the service's schema
// as the connector knows it.

import { isEnumType, isInputObjectType, isListType, isNonNullType, isRequiredInputField, Kind, parse, print, typeFromAST, TypeInfo, visit, visitWithTypeInfo } from "graphql";

const SCALARS = { Int: ["integer"], Float: ["number"], String: ["string"], Boolean: ["boolean"], ID: ["string", "integer"] };

/**
 * What the first operation of the document takes; undefined where the document cannot be read. `given` names variables
 * that have their values from elsewhere.
 */
export function variablesSchema(text, schema, { given, maxTokens }) {
  let document;
  try {
    document = parse(text, { maxTokens });
  } catch {
    return undefined;
  }
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (!operation) return undefined;
  const declared = operation.variableDefinitions ?? [];
  const said = schema ? argumentsOf(operation, schema) : new Map();
  const types = new Map();
  const properties = declared.map(({ variable, type }) => {
    const known = schema && typeFromAST(schema, type);
    return [variable.name.value, { title: print(type), description: said.get(variable.name.value), ...(known ? valueOf(known, types) : {}) }];
  });
  const isNeeded = ({ variable, type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && !defaultValue && !given.includes(variable.name.value);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    required: declared.filter(isNeeded).map(({ variable }) => variable.name.value),
    additionalProperties: false,
    $defs: Object.fromEntries(types),
  };
}

/** What is said of the arguments that the variables are given to. */
function argumentsOf(operation, schema) {
  const said = new Map();
  const info = new TypeInfo(schema);
  visit(operation, visitWithTypeInfo(info, {
    Variable({ name }, _key, parent) {
      const about = parent?.kind === Kind.ARGUMENT && info.getArgument()?.description;
      if (about && !said.has(name.value)) said.set(name.value, about);
    },
  }));
  return said;
}

function valueOf(type, types) {
  if (isNonNullType(type)) return bare(type.ofType, types);
  const made = bare(type, types);
  if (!made.type) return made;
  return { ...made, type: [...made.type, "null"], ...(made.enum && { enum: [...made.enum, null] }) };
}

function bare(type, types) {
  if (isListType(type)) {
    const { $ref, type: kinds, enum: known } = bare(isNonNullType(type.ofType) ? type.ofType.ofType : type.ofType, types);
    // What takes a list takes one thing as well, and what may be anything may be that.
    if (!kinds) return {};
    const alone = known ? ["array", "string"] : [...new Set(["array", ...kinds])];
    return { type: alone, ...($ref && { $ref }), items: valueOf(type.ofType, types) };
  }
  if (isEnumType(type)) return { type: ["string"], enum: type.getValues().map(({ name }) => name) };
  if (isInputObjectType(type)) {
    define(type, types);
    return { type: ["object"], $ref: `#/$defs/${type.name}` };
  }
  return SCALARS[type.name] ? { type: SCALARS[type.name] } : {};
}

/** Once for each, because they may hold themselves. */
function define(type, types) {
  if (types.has(type.name)) return;
  types.set(type.name, {});
  const fields = Object.values(type.getFields());
  types.set(type.name, {
    properties: Object.fromEntries(fields.map((field) => [field.name, { title: String(field.type), description: field.description ?? undefined, ...valueOf(field.type, types) }])),
    required: fields.filter(isRequiredInputField).map(({ name }) => name),
    additionalProperties: false,
  });
}

// GraphQL: what the document may hold is known from the service's schema as the connector knows it, which may be less
// than the service has. So what the schema lacks is a doubt, and what is no GraphQL is an error.

import { hoverTooltip } from "@codemirror/view";
import { completion, graphqlLanguageSupport, offsetToPos, stateExtensions } from "cm6-graphql";
import { buildSchema, parse, validate } from "graphql";
import { getHoverInformation } from "graphql-language-service";
import * as printer from "prettier/plugins/graphql";
import { format } from "prettier/standalone";

import { DOUBT } from "./doubt.js";
import { variablesSchema } from "./variables.js";

// What the schema's text would bring in again and again; a document of more tokens is no longer checked as it is typed.
const MOST_TOKENS = 10_000;
const SHOWN_PROBLEMS = 50;
// In a longer document nothing is told of what is under the mouse: it is read from its beginning for that.
const LONGEST_TOLD = 100_000;

export function graphqlMode(schemaText) {
  const schema = read(schemaText);
  return {
    extensions: [graphqlLanguageSupport(), completion, stateExtensions(schema), schema ? docs(schema) : []],
    problems: (text) => problems(text, schema),
    variables: (text, given) => variablesSchema(text, schema, { given, maxTokens: MOST_TOKENS }),
    async format(text) {
      try {
        return await format(text, { parser: "graphql", plugins: [printer] });
      } catch {
        // What is no GraphQL stays as it is; the problem is shown in its place.
        return null;
      }
    },
  };
}

function read(text) {
  if (!text) return undefined;
  try {
    return buildSchema(text, { assumeValid: true });
  } catch (error) {
    console.warn(`The connector's schema cannot be read: ${error.message}`);
    return undefined;
  }
}

/** The type of what is under the mouse, and what the schema says of it. */
function docs(schema) {
  return hoverTooltip((view, at) => {
    const { doc } = view.state;
    const word = view.state.wordAt(at);
    if (!word || doc.length > LONGEST_TOLD) return null;
    const said = getHoverInformation(schema, doc.toString(), offsetToPos(doc, word.to - 1));
    if (!said) return null;
    const [name, ...about] = said.split("\n\n");
    return { pos: word.from, end: word.to, above: true, create: () => ({ dom: told(name, about.join("\n\n")) }) };
  });
}

function told(name, about) {
  const dom = document.createElement("div");
  dom.className = "cm-docs";
  const code = document.createElement("code");
  code.textContent = name;
  const text = document.createElement("p");
  text.textContent = about || "The connector's schema says no more of it.";
  dom.append(code, text);
  return dom;
}

function problems(text, schema) {
  if (!text.trim()) return [];
  let document;
  try {
    document = parse(text, { maxTokens: MOST_TOKENS });
  } catch (error) {
    const from = error.positions?.[0] ?? 0;
    return [{ from, to: from + 1, severity: "error", message: `This is not GraphQL: ${error.message.replace(/^Syntax Error: /, "")}` }];
  }
  if (!schema) return [];
  return validate(schema, document, undefined, { maxErrors: SHOWN_PROBLEMS }).map((error) => {
    const place = error.nodes?.[0]?.loc;
    const from = place?.start ?? error.positions?.[0] ?? 0;
    // A field is marked by its name, not with all that it selects.
    const name = error.nodes?.[0]?.name?.loc;
    return {
      from: name?.start ?? from,
      to: name?.end ?? place?.end ?? from + 1,
      severity: "warning",
      message: `${error.message} ${DOUBT}`,
    };
  });
}

// The editor of a code input, around the text area that it stands for. It lives in a shadow root: there CodeMirror puts
// its style into an adopted sheet, which a policy of `style-src 'self'` lets through, and not into a <style> element.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { linter, lintKeymap } from "@codemirror/lint";
import { EditorState, Prec, StateEffect } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";

import { graphqlMode } from "./graphql.js";
import { jsonMode } from "./json.js";
import { colours, theme } from "./look.js";

const MODES = { graphql: graphqlMode, json: jsonMode };

/** That the text is to be looked at anew, although it is the same. */
const looked = StateEffect.define();

/** Whether there is an editor for a language. */
export function knows(language) {
  return Object.hasOwn(MODES, language);
}

/**
 * Puts an editor in the place of a text area, which goes on to hold the value. `schema` is what the language's schema
 * says, if there is one, or a function that gives it; `run` is what Ctrl-Enter does, and `unformatted` hears why a text
 * stays as it is, or that it does not.
 */
export function edit(area, { language, schema, label, describedBy, run, unformatted }) {
  const mode = MODES[language](schema);
  const host = document.createElement("div");
  host.className = "editor";
  const root = host.attachShadow({ mode: "open" });
  area.after(host);
  // What the service said of places in the text as it is.
  let told = [];
  let variables = {};

  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        lineNumbers(),
        history(),
        EditorView.lineWrapping,
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false }),
        mode.extensions,
        linter(({ state: { doc } }) => [...inBounds(mode.problems(doc.toString()), doc.length), ...told.map((one) => placed(one, doc))], {
          delay: 300,
          needsRefresh: (update) => update.transactions.some(({ effects }) => effects.some((effect) => effect.is(looked))),
        }),
        syntaxHighlighting(colours),
        theme,
        area.placeholder ? placeholder(area.placeholder) : [],
        Prec.highest(keymap.of([{ key: "Mod-Enter", run }, { key: "Ctrl-Enter", run }, { key: "Shift-Alt-f", run: format }])),
        // Tab is nobody's: it leaves the editor, as it leaves every other field.
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
        EditorView.contentAttributes.of({
          "aria-label": label,
          "aria-required": area.getAttribute("aria-required") ?? "false",
          autocapitalize: "off",
        }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          told = [];
          area.value = update.state.doc.toString();
          area.dispatchEvent(new Event("input", { bubbles: true }));
        }),
        EditorView.domEventHandlers({
          blur: () => { area.dispatchEvent(new Event("blur")); },
        }),
      ],
    }),
  });
  // Across the shadow's border no id is found, but an element is.
  view.contentDOM.ariaDescribedByElements = describedBy;
  area.hidden = true;

  function format() {
    mode.format(view.state.doc.toString()).then((text) => {
      unformatted(text === null ? problem() ?? "It cannot be read." : null);
      if (text === null || text === view.state.doc.toString()) return;
      const head = Math.min(view.state.selection.main.head, text.length);
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: head }, userEvent: "format" });
    });
    return true;
  }

  function problem() {
    const { doc } = view.state;
    const wrong = inBounds(mode.problems(doc.toString()), doc.length).find(({ severity }) => severity === "error");
    return wrong ? `Line ${doc.lineAt(wrong.from).number}: ${wrong.message}` : null;
  }

  const look = () => view.dispatch({ effects: looked.of(null) });

  return {
    host,
    format,
    focus: () => view.focus(),
    /** Shows another value. */
    set(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    /** The first thing that is certainly wrong, in words with its line; null if there is none. */
    problem,
    /** Looks at the text anew: what it is held against has changed. */
    look,
    /** Marks what the service said of places in the text, each a line, a column and a message, until the text is changed. */
    tell(errors) {
      told = errors;
      look();
    },
    /** The JSON Schema of the document's variables but for those `given` elsewhere; undefined of what is no document. */
    variables(given) {
      const text = view.state.doc.toString();
      const of = JSON.stringify([text, given]);
      // The same one while nothing changes: what checks by it is made once.
      if (variables.of !== of) variables = { of, schema: mode.variables?.(text, given) };
      return variables.schema;
    },
    /** Shows to those who do not see it whether the value was refused. */
    invalid(isInvalid) {
      view.contentDOM.setAttribute("aria-invalid", String(isInvalid));
    },
  };
}

/** What the service said of a line and a column, as far as the text has them. */
function placed({ line, column, message }, doc) {
  const { from: start, text } = doc.line(Math.max(1, Math.min(line, doc.lines)));
  const at = Math.max(0, Math.min(column - 1, text.length - 1));
  const from = Math.min(start + at, doc.length);
  const length = /^\w+/.exec(text.slice(at))?.[0].length ?? 1;
  return { from, to: Math.min(from + length, doc.length), severity: "error", message };
}

/** Problems that lie within the text; one at its end lies on its last character. */
function inBounds(problems, length) {
  return problems.map((problem) => {
    const from = Math.max(0, Math.min(problem.from, length - 1));
    return { ...problem, from, to: Math.min(Math.max(problem.to, from + 1), length) };
  });
}

// The editor of a code input, around the text area that it stands for. It lives in a shadow root: there CodeMirror puts
// its style into an adopted sheet, which a policy of `style-src 'self'` lets through, and not into a <style> element.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { linter, lintKeymap } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";

import { graphqlMode } from "./graphql.js";
import { jsonMode } from "./json.js";
import { colours, theme } from "./look.js";

const MODES = { graphql: graphqlMode, json: jsonMode };

/** Whether there is an editor for a language. */
export function knows(language) {
  return Object.hasOwn(MODES, language);
}

/**
 * Puts an editor in the place of a text area, which goes on to hold the value. `schema` is what the language's schema
 * says, if there is one; `run` is what Ctrl-Enter does.
 */
export function edit(area, { language, schema, label, describedBy, run }) {
  const mode = MODES[language](schema);
  const host = document.createElement("div");
  host.className = "editor";
  const root = host.attachShadow({ mode: "open" });
  area.after(host);

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
        linter((view) => inBounds(mode.problems(view.state.doc.toString()), view.state.doc.length), { delay: 300 }),
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
      if (text === null || text === view.state.doc.toString()) return;
      const head = Math.min(view.state.selection.main.head, text.length);
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: head }, userEvent: "format" });
    });
    return true;
  }

  return {
    host,
    format,
    focus: () => view.focus(),
    /** Shows another value. */
    set(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    /** The first thing that is certainly wrong, in words with its line; null if there is none. */
    problem() {
      const { doc } = view.state;
      const wrong = inBounds(mode.problems(doc.toString()), doc.length).find((problem) => problem.severity === "error");
      return wrong ? `Line ${doc.lineAt(wrong.from).number}: ${wrong.message}` : null;
    },
    /** Shows to those who do not see it whether the value was refused. */
    invalid(isInvalid) {
      view.contentDOM.setAttribute("aria-invalid", String(isInvalid));
    },
  };
}

/** Problems that lie within the text; one at its end lies on its last character. */
function inBounds(problems, length) {
  return problems.map((problem) => {
    const from = Math.max(0, Math.min(problem.from, length - 1));
    return { ...problem, from, to: Math.min(Math.max(problem.to, from + 1), length) };
  });
}

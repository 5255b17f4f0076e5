// The editor in the page's own colours, light and dark: a shadow root inherits the page's variables and no rule of it.

import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.definitionKeyword, tags.modifier], color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.name)], color: "var(--string)" },
  { tag: [tags.number, tags.integer, tags.float, tags.bool, tags.null], color: "var(--number)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.variableName, tags.attributeName], color: "var(--number)" },
  { tag: [tags.propertyName], color: "var(--ink)" },
]);

const FOCUS = { outline: "2px solid var(--accent)", outlineOffset: "2px" };

export const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--sunken)", border: "1px solid var(--line-strong)", borderRadius: "7px" },
  "&.cm-focused": FOCUS,
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "0.82rem", lineHeight: "1.5", minHeight: "4.8em", maxHeight: "60vh", overflow: "auto" },
  ".cm-content": { padding: "7px 0", caretColor: "var(--ink)" },
  ".cm-gutters": { color: "var(--quiet)", backgroundColor: "var(--sunken)", border: "0" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-ground)", outline: "1px solid var(--accent)" },
  ".cm-placeholder": { color: "var(--quiet)" },
  ".cm-tooltip": { color: "var(--ink)", backgroundColor: "var(--surface)", border: "1px solid var(--line-strong)", borderRadius: "7px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "0.8rem", maxHeight: "16em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 10px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { color: "var(--accent)", backgroundColor: "var(--accent-ground)" },
  ".cm-completionDetail": { color: "var(--quiet)", fontStyle: "normal", marginLeft: "1em" },
  ".cm-completionInfo": { padding: "6px 10px", maxWidth: "26em", fontSize: "0.85rem" },
  ".cm-docs": { padding: "6px 10px", maxWidth: "34em", fontSize: "0.85rem" },
  ".cm-docs code": { fontFamily: "var(--mono)", fontSize: "0.8rem", color: "var(--number)" },
  ".cm-docs p": { margin: "4px 0 0", whiteSpace: "pre-line", overflowWrap: "anywhere" },
  ".cm-diagnostic": { padding: "5px 10px", fontSize: "0.85rem", maxWidth: "40em" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeft: "3px solid var(--warn)" },
  // A wavy line of the text's own, in the page's colours: the library draws it as a picture in fixed ones.
  ".cm-lintRange": { backgroundImage: "none", textDecoration: "underline wavy", textDecorationSkipInk: "none" },
  ".cm-lintRange-error": { textDecorationColor: "var(--bad)" },
  ".cm-lintRange-warning": { textDecorationColor: "var(--warn)" },
  ".cm-panels": { color: "var(--ink)", backgroundColor: "var(--surface)" },
});

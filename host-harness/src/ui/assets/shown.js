// Text of others as it is shown: what would turn the direction of reading, or hide, stands there as an escape, as it does
// on a terminal.

import { OBEYED } from "./obeyed.js";

const escape = (character) => `\\u{${character.codePointAt(0).toString(16)}}`;
const units = (character) => [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");

/** Text of any number of lines. */
export const lines = (text) => text.replace(OBEYED, (character) => ("\n\t".includes(character) ? character : escape(character)));

/** Text as part of one line. */
export const oneLine = (text) => text.replace(OBEYED, (character) => ("\n\r\t\u2028\u2029".includes(character) ? " " : escape(character)));

/** JSON that says the same. */
export const json = (text) => text.replace(OBEYED, (character) => (character === "\n" ? character : units(character)));

// Bundles the editor into one file that names the licence of all that is in it. The same sources and lock file give the
// same bytes on every machine: `cargo xtask editor` runs this, and `--check` compares.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const { outputFiles, metafile } = await build({
  entryPoints: ["src/editor.js"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
  write: false,
});

/** The folders of the packages that are in the bundle. */
const folders = new Set(Object.keys(metafile.inputs).map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean));

// Each text once, with the packages that it covers.
const texts = new Map();
for (const folder of [...folders].sort()) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? (await readFile(`${folder}/${file}`, "utf8")).replaceAll("\r\n", "\n").trim() : `Licence: ${license}`;
  texts.set(text, [...(texts.get(text) ?? []), `${name} ${version}`]);
}
const licences = [...texts].map(([text, names]) => `${names.join(", ")}\n\n${text}`).join("\n\n----\n\n");

const head = `/*! Made by \`cargo xtask editor\` from host-harness/editor: do not edit. It holds:\n\n${licences.replaceAll("*/", "* /")}\n*/\n`;
await writeFile("editor.js", head + outputFiles[0].text);

// node transpile.mjs COMPONENT FOLDER: makes ES modules of a component, for the Node host and for the page. Two of them: `jspi` for engines in which
// WebAssembly can wait for a promise, `blocking` for all others.
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { transpile } from '@bytecodealliance/jco-transpile';
import { RULES } from './duties.mjs';

const PAGE = 65536;
const [component, folder] = parseArgs({ allowPositionals: true }).positionals;
if (!folder) throw new Error('node transpile.mjs COMPONENT FOLDER');

const name = (face, item) => `integration:connector/${face}@${RULES.contract}#${item}`;
const WAITS = {
  asyncMode: 'jspi',
  asyncImports: [name('http', 'send')],
  asyncExports: [name('connections', 'test'), name('actions', 'perform'), name('data-sources', 'query'), name('triggers', 'poll')],
};

for (const [mode, options] of [['jspi', WAITS], ['blocking', { asyncMode: 'sync' }]]) {
  const { files, imports } = await transpile(component, { name: 'component', instantiation: 'async', emitTypescriptDeclarations: false, ...options });
  const stranger = imports.find((name) => !['integration:connector/http', 'integration:connector/log'].includes(name));
  if (stranger) throw new Error(`${component} imports ${stranger}: no connector is given anything but http and log`);
  await mkdir(`${folder}/${mode}`, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(`${folder}/${mode}/${name}`, name.endsWith('.wasm') ? bounded(bytes, RULES.limits.memoryBytes / PAGE) : bytes);
  }
}

/** The module with a maximum for its memory, which no engine in JavaScript sets from outside. */
function bounded(module, most) {
  const parts = [module.subarray(0, 8)];
  for (let at = 8; at < module.length; ) {
    const [size, begin] = number(module, at + 1);
    const isMemory = module[at] === 5;
    parts.push(isMemory ? section(5, memories(module, begin, most)) : module.subarray(at, begin + size));
    at = begin + size;
  }
  return Buffer.concat(parts);
}

function memories(module, begin, most) {
  let [count, at] = number(module, begin);
  const bytes = [...encoded(count)];
  while (count-- > 0) {
    const flags = module[at];
    if (flags > 1) throw new Error('a memory that is shared or of 64 bits has no bound here');
    let least;
    let declared = most;
    [least, at] = number(module, at + 1);
    if (flags === 1) [declared, at] = number(module, at);
    bytes.push(1, ...encoded(least), ...encoded(Math.min(declared, most)));
  }
  return bytes;
}

function section(id, bytes) {
  return Buffer.from([id, ...encoded(bytes.length), ...bytes]);
}

/** A number in LEB128, and the place after it. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[at++];
    value += (byte & 127) * shift;
    if (byte < 128) return [value, at];
  }
}

function encoded(value) {
  return value < 128 ? [value] : [(value % 128) + 128, ...encoded(Math.floor(value / 128))];
}

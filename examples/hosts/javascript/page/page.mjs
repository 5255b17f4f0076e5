// The page: makes the call that it was opened for, or has a person make one.

const post = async (path, body) => (await fetch(`./${path}`, { method: 'POST', body })).text();
const element = (id) => document.getElementById(id);

/** Bytes and large numbers in JSON, and bytes from it. */
const encoded = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const written = (name, value) => (typeof value === 'bigint' ? Number(value) : value instanceof Uint8Array ? { bytes: encoded(value) } : value);
const read = (name, value) => (typeof value?.bytes === 'string' ? Uint8Array.from(atob(value.bytes), (letter) => letter.charCodeAt(0)) : value);

const { engine = 'Suspending' in WebAssembly ? 'jspi' : 'blocking', limits, path } = JSON.parse(await post('call'));

/** Runs one export in a worker of its own, and ends it at the deadline, whatever it is doing. */
function run(call) {
  const worker = new Worker('./worker.mjs', { type: 'module' });
  return new Promise((done) => {
    const end = (outcome) => {
      clearTimeout(timer);
      worker.terminate();
      done(outcome);
    };
    const timer = setTimeout(() => end({ err: { tag: 'transport', val: { tag: 'timeout' } }, endedBy: 'limit' }), limits.deadlineSeconds * 1000);
    worker.onmessage = ({ data: { line, outcome } }) => (line ? post('log', JSON.stringify(line)) : end(outcome));
    worker.onerror = (error) => end({ trap: error.message });
    worker.postMessage({ engine, call });
  });
}

/** Gives a call the connection, as the component may see it, from where the key is. */
async function make(definition, path, ownArguments) {
  const { visible, problems, args } = JSON.parse(await post('connection', JSON.stringify(definition)), read);
  if (problems.length) return { err: { tag: 'invalid-input', val: problems } };
  return run({ path, args: ownArguments?.(visible) ?? args.map((argument) => argument ?? undefined) });
}

function offer(definition) {
  element('label').textContent = definition.label;
  for (const { key, label } of definition.actions) element('key').append(new Option(label, key));
  element('form').hidden = false;
  element('form').onsubmit = async (event) => {
    event.preventDefault();
    element('result').textContent = '…';
    const outcome = await make(definition, ['actions', 'perform'], (seen) => [element('key').value, seen, element('inputs').value]);
    element('result').textContent = outcome.ok ?? JSON.stringify(outcome, written, 2);
  };
}

const described = await run({ path: ['manifest', 'describe'], args: [] });
if (!path && described.ok) offer(described.ok);
else {
  const isAll = described.ok === undefined || path[1] === 'describe';
  await post('outcome', JSON.stringify(isAll ? described : await make(described.ok, path), written));
}

// The command line of the hosts in JavaScript: what is read before a call, and what is printed and kept after it. As `harness` does it.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { RULES } from './duties.mjs';
import { RESULTS, plain, told } from './told.mjs';

const OPTIONS = Object.fromEntries([
  ...['component', 'engine', 'deadline', 'connection', 'inputs', 'search', 'cursor', 'state', 'browser'].map((name) => [name, { type: 'string' }]),
  ...['allow-http', 'allow-private-network'].map((name) => [name, { type: 'boolean', default: false }]),
]);

/** Reads the command line. `call` is the export's interface and name, and its arguments, given the connection as the component sees it. */
export function commandLine(usage, { callIsOptional = false } = {}) {
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
    const [command, key] = positionals;
    if (!values.component || !(command || callIsOptional) || (command !== 'describe' && !values.connection)) throw new Error(usage);
    const inputs = values.inputs ? readFileSync(values.inputs, 'utf8') : '{}';
    const filledIn = (text) => text.replace(/\$\{(\w+)\}/g, (_, name) => JSON.stringify(process.env[name] ?? '').slice(1, -1));
    const connection = values.connection && JSON.parse(filledIn(readFileSync(values.connection, 'utf8')));
    const state = values.state && existsSync(values.state) ? new Uint8Array(readFileSync(values.state)) : undefined;
    if (state?.length === 0) throw new Error(`${values.state} is empty, so no poll wrote it`);
    const calls = {
      describe: ['manifest', 'describe', () => []],
      'test-connection': ['connections', 'test', (seen) => [seen]],
      action: ['actions', 'perform', (seen) => [key, seen, inputs]],
      'data-source': ['dataSources', 'query', (seen) => [key, seen, inputs, values.search, values.cursor]],
      poll: ['triggers', 'poll', (seen) => [key, seen, inputs, state]],
    };
    if (command && !calls[command]) throw new Error(usage);
    const grants = { allowHttp: values['allow-http'], allowPrivateNetwork: values['allow-private-network'] };
    const limits = { ...RULES.limits, deadlineSeconds: Number(values.deadline ?? RULES.limits.deadlineSeconds) };
    return { options: values, call: calls[command], connection, grants, limits };
  } catch (error) {
    console.error(error.message);
    return process.exit(2);
  }
}

/** Prints what came of a call, lets the state move on, and ends with the status that `harness` would end with. */
export async function finish(name, { options, limits }, { ok, err, trap, lastWords, endedBy }) {
  if (trap) return fail({ tag: 'other', val: `the component crashed: ${lastWords ?? trap}` }, 'trap');
  if (err) return fail(err, endedBy);
  const json = RESULTS[name](ok);
  if (Buffer.byteLength(json) > limits.resultBytes || ok.state?.length > limits.stateBytes) {
    return fail({ tag: 'other', val: 'the component returned more than a result or a state may have' }, 'limit');
  }
  try {
    JSON.parse(json);
  } catch (error) {
    return fail({ tag: 'other', val: `the component broke the contract: the result is not JSON: ${error.message}` }, 'bad-result');
  }
  await print(json);
  // Only now: a crash before this repeats changes, and loses none.
  if (name === 'poll') replace(options.state, ok.state);
  return process.exit(0);
}

async function fail(error, endedBy) {
  await print(told(error, endedBy));
  return process.exit(endedBy ? 3 : 1);
}

/** Ends when all of it has been taken: a pipe takes a long line in pieces. */
function print(json) {
  return new Promise((taken, failed) => process.stdout.write(`${plain(json)}\n`, (error) => (error ? failed(error) : taken())));
}

/** Either the old state or the new one is there, whatever happens. */
function replace(path, state) {
  const file = openSync(`${path}.new`, 'w', 0o600);
  writeFileSync(file, state);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
}

/** Writes what the component logs, bounded and without what a terminal would obey. */
export function logger(limits, scrub) {
  let lines = 0;
  return (level, message) => {
    if (lines++ < limits.logLines) console.error(`${level} ${scrub(message.slice(0, limits.logLineBytes)).replace(/\p{Cc}/gu, ' ')}`);
  };
}

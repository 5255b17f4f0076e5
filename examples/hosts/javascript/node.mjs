// A host for connectors in Node: one command a call, as `harness` has them. `node node.mjs` says how. It runs what transpile.mjs made of a component.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, Worker, isMainThread, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { commandLine, finish, logger } from './command.mjs';
import { perform } from './component.mjs';
import { connect, wayOut } from './duties.mjs';

const USAGE = `node node.mjs --component FOLDER [--engine jspi|blocking] [--deadline SECONDS] [--allow-http] [--allow-private-network] CALL
CALL: describe
      test-connection --connection FILE
      action KEY --connection FILE [--inputs FILE]
      data-source KEY --connection FILE [--inputs FILE] [--search TEXT] [--cursor TEXT]
      poll KEY --connection FILE --state FILE [--inputs FILE]`;
const NO_WAY_OUT = { send: () => Promise.reject({ tag: 'denied', val: 'a description sends nothing' }), blame: () => {}, scrub: (text) => text, close: () => {} };

/** Runs one export in a worker of its own, and ends it at the deadline, whatever it is doing. */
function inWorker(folder, engine, path, args, way, limits) {
  const { port1: ours, port2: theirs } = new MessageChannel();
  const bell = new Int32Array(new SharedArrayBuffer(4));
  const data = { folder, engine, call: { path, args }, port: theirs, bell };
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: data, transferList: [theirs] });
  const log = logger(limits, way.scrub);
  return new Promise((done) => {
    const end = (outcome) => {
      clearTimeout(timer);
      way.close();
      worker.terminate();
      done(outcome.err && !outcome.endedBy ? { ...outcome, endedBy: way.blame(outcome.err) } : outcome);
    };
    const timer = setTimeout(() => end({ err: { tag: 'transport', val: { tag: 'timeout' } }, endedBy: 'limit' }), limits.deadlineSeconds * 1000);
    const answer = (message) => {
      ours.postMessage(message);
      Atomics.store(bell, 0, 1);
      Atomics.notify(bell, 0);
    };
    ours.on('message', async ({ request, line, outcome }) => {
      if (line) return log(...line);
      if (outcome) return end(outcome);
      try {
        return answer({ ok: await way.send(request) });
      } catch (err) {
        return answer({ err: err instanceof Error ? { tag: 'other', val: err.message } : err });
      }
    });
    worker.on('error', (error) => end({ trap: error.message }));
  });
}

/** In the worker: the component's imports are messages to the main thread, where the secrets are. */
async function work({ folder, engine, call, port, bell }) {
  const { instantiate } = await import(pathToFileURL(resolve(folder, engine, 'component.js')));
  const module = async (name) => WebAssembly.compile(readFileSync(resolve(folder, engine, name)));
  const taken = ({ ok, err }) => {
    if (err) throw err;
    return ok;
  };
  const send = {
    // The stack of the component waits, and this thread does not.
    jspi: async (request) => {
      port.postMessage({ request });
      return taken(await new Promise((answered) => port.once('message', answered)));
    },
    // This thread waits: the answer is made in the other.
    blocking: (request) => {
      Atomics.store(bell, 0, 0);
      port.postMessage({ request });
      Atomics.wait(bell, 0, 0);
      return taken(receiveMessageOnPort(port).message);
    },
  };
  const outcome = await perform({ instantiate, module, send: send[engine], log: (...line) => port.postMessage({ line }) }, call);
  port.postMessage({ outcome });
}

async function main() {
  const asked = commandLine(USAGE);
  const { options, connection, grants, limits, call: [face, name, args] } = asked;
  const engine = options.engine ?? ('Suspending' in WebAssembly ? 'jspi' : 'blocking');
  const run = (path, args, way) => inWorker(options.component, engine, path, args, way, limits);
  // An embedder would keep this: it is always the same for a component.
  const described = await run(['manifest', 'describe'], [], NO_WAY_OUT);
  if (described.ok === undefined || name === 'describe') return finish('describe', asked, described);
  let ready;
  try {
    ready = connect(described.ok, connection);
  } catch (error) {
    console.error(error.message);
    return process.exit(2);
  }
  if (ready.problems.length) return finish(name, asked, { err: { tag: 'invalid-input', val: ready.problems } });
  return finish(name, asked, await run([face, name], args(ready.visible), wayOut(ready, grants, limits)));
}

if (!isMainThread && workerData?.bell) await work(workerData);
else if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

// A host for connectors in the browser, and the one thing that it needs from a server: a proxy of the page's own origin that adds the key. With a CALL it
// starts a browser without a window, has the page make the call, and prints what came of it; without one it prints a link.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { commandLine, finish, logger } from './command.mjs';
import { connect, wayOut } from './duties.mjs';
import { framed, unframed } from './page/frames.mjs';

const USAGE = `node browser.mjs --component FOLDER --connection FILE [--browser PROGRAM] [--engine jspi|blocking] [--deadline SECONDS] [--allow-http]
     [--allow-private-network] [CALL]`;
const FILES = { '': 'page/page.html', 'page.mjs': 'page/page.mjs', 'worker.mjs': 'page/worker.mjs', 'frames.mjs': 'page/frames.mjs', 'component.mjs': 'component.mjs' };
const TYPES = { html: 'text/html; charset=utf-8', mjs: 'text/javascript', js: 'text/javascript', wasm: 'application/wasm' };
// The page compiles WebAssembly, and talks to this server alone.
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const asked = commandLine(USAGE, { callIsOptional: true });
const { options, call, connection, grants, limits } = asked;
// Whoever does not know it can neither see the page nor send with the key.
const secret = randomBytes(32).toString('base64url');
const log = logger(limits, (text) => (way ? way.scrub(text) : text));
let way;
let stop = () => {};

const POSTS = {
  // What the component declares decides which fields are kept here. Gives the page what the component may see.
  connection: (body) => {
    const ready = connect(JSON.parse(body), connection);
    way = wayOut(ready, grants, limits);
    return Buffer.from(JSON.stringify({ visible: ready.visible, problems: ready.problems, args: call?.[2](ready.visible) }, written));
  },
  // What the page was opened for; without a call, a person makes them by hand.
  call: () => Buffer.from(JSON.stringify({ engine: options.engine, limits, path: call?.slice(0, 2) })),
  send: async (body) => {
    const { head, bytes } = unframed(body);
    try {
      const { body: received, ...answer } = await way.send({ ...head, body: bytes });
      return framed({ ok: answer }, received);
    } catch (err) {
      if (err instanceof Error) throw err;
      return framed({ err: { ...err, val: typeof err.val === 'bigint' ? Number(err.val) : err.val } });
    }
  },
  log: (body) => (log(...JSON.parse(body)), Buffer.alloc(0)),
  outcome: (body) => {
    const outcome = JSON.parse(body, read);
    stop(outcome.err && !outcome.endedBy ? { ...outcome, endedBy: way?.blame(outcome.err) } : outcome);
    return Buffer.alloc(0);
  },
};

/** Bytes in JSON, both ways. */
function written(name, value) {
  return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value;
}
function read(name, value) {
  return typeof value?.bytes === 'string' ? new Uint8Array(Buffer.from(value.bytes, 'base64')) : value;
}

async function answer(request, response) {
  const [, given, ...rest] = request.url.split('/');
  const path = rest.join('/');
  const own = request.headers['sec-fetch-site'] === 'same-origin' || (request.method === 'GET' && path === '');
  if (given !== secret || !own) return response.writeHead(403).end();
  if (request.method === 'POST' && POSTS[path]) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return response.writeHead(200, { 'cache-control': 'no-store' }).end(await POSTS[path](Buffer.concat(chunks)));
  }
  const file = FILES[path] ? new URL(FILES[path], import.meta.url) : /^(jspi|blocking)\/component[\w.]*$/.test(path) && resolve(options.component, path);
  if (request.method !== 'GET' || !file) return response.writeHead(404).end();
  const type = TYPES[String(file).split('.').pop()];
  return response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' }).end(readFileSync(file));
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error.message);
    response.writeHead(500).end();
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const link = `http://127.0.0.1:${server.address().port}/${secret}/`;

/** The browser has several processes, which are a group of their own. */
function end(browser, profile) {
  if (browser.pid) process.kill(-browser.pid, 'SIGKILL');
  rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

if (call) {
  const profile = mkdtempSync(join(tmpdir(), 'connector-page-'));
  // Root has no sandbox of the browser's, and needs none here: the page is this folder's own.
  const flags = ['--headless=new', '--disable-gpu', '--no-first-run', '--disable-background-networking', `--user-data-dir=${profile}`];
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  const browser = spawn(options.browser ?? 'chromium', [...flags, link], { stdio: 'ignore', detached: true });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (end(browser, profile), process.exit(1)));
  const outcome = await new Promise((done) => {
    stop = done;
    browser.on('error', (error) => done({ trap: `the browser cannot be started: ${error.message}; name one with --browser` }));
    // A browser that does not start at all must not be waited for.
    setTimeout(() => done({ err: { tag: 'transport', val: { tag: 'timeout' } }, endedBy: 'limit' }), (limits.deadlineSeconds + 30) * 1000).unref();
  });
  end(browser, profile);
  await finish(call[1], asked, outcome);
} else {
  console.log(link);
}

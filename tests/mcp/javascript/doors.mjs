// Who gets in over HTTP: whoever has the token, from this machine, and nobody else.
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a-client', version: '1' } },
};

/** A system that waits before it acknowledges does so for some 40 ms; an answer on this machine takes a few. */
const HELD_BACK = 25;

export async function doors(report, { url, token }, connection) {
  const authorization = `Bearer ${token}`;

  await report.check('an answer is not held back until what was sent before is acknowledged', async () => {
    const session = { 'mcp-session-id': connection.transport.sessionId, 'mcp-protocol-version': connection.transport.protocolVersion };
    // On one connection: a system acknowledges at once at the beginning of each.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const took = [];
    for (let id = 1; id <= 21; id += 1) {
      const call = { jsonrpc: '2.0', id: `timed-${id}`, method: 'tools/call', params: { name: 'noSuchTool' } };
      const started = performance.now();
      const { text } = await ask(url, { authorization, ...session }, JSON.stringify(call), { agent, whole: true });
      took.push(Math.round(performance.now() - started));
      assert.match(text, /"isError":true/);
    }
    agent.destroy();
    const median = took.sort((one, other) => one - other)[10];
    assert.ok(median < HELD_BACK, `half of the answers took ${median} ms and more: ${took}`);
  });

  await report.check('no token, or another one, is 401', async () => {
    for (const given of [{}, { authorization: 'Bearer another-token-of-some-length' }, { authorization: token }, { authorization: 'Bearer ' }]) {
      const { status, headers } = await ask(url, given);
      assert.equal(status, 401, JSON.stringify(given));
      assert.match(headers['www-authenticate'] ?? '', /Bearer/);
    }
    assert.equal((await ask(`${url}?token=${token}`, {})).status, 401, 'a token does not belong into an address');
  });

  await report.check('a page of elsewhere, or an address that leads here from elsewhere, is 403', async () => {
    for (const given of [{ origin: 'https://evil.example' }, { origin: 'null' }, { host: 'evil.example' }, { host: 'evil.example:80' }]) {
      assert.equal((await ask(url, { authorization, ...given })).status, 403, JSON.stringify(given));
    }
  });

  await report.check('the token opens, by each name that this machine has for itself', async () => {
    const { port } = new URL(url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      assert.equal((await ask(url, { authorization, host, origin: `http://${host}` })).status, 200, host);
    }
  });

  await report.check('what is no message is refused, and the server goes on', async () => {
    for (const body of ['', '{', '[]', '"text"', `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(100_000)}"}`]) {
      const { status } = await ask(url, { authorization }, body);
      assert.ok(status >= 400 && status < 500, `${status} for ${body.slice(0, 20)}`);
    }
    assert.equal((await ask(url, { authorization })).status, 200);
  });

  await report.check('another path, and another method, are nothing', async () => {
    const { origin } = new URL(url);
    assert.equal((await ask(`${origin}/elsewhere`, { authorization })).status, 404);
    assert.equal((await ask(url, { authorization }, JSON.stringify(INITIALIZE), { method: 'PUT' })).status, 405);
  });
}

/** One request with these headers as they are; `fetch` would not send a foreign Host. */
function ask(url, headers, body = JSON.stringify(INITIALIZE), { method = 'POST', agent, whole = false } = {}) {
  return new Promise((done, failed) => {
    const given = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
    const asked = request(url, { method, headers: given, agent }, (answer) => {
      const { statusCode: status, headers: found } = answer;
      let text = '';
      // An answer that is a stream may stay open: mostly its status says all.
      if (!whole) {
        answer.destroy();
        done({ status, headers: found, text });
        return;
      }
      answer.setEncoding('utf8');
      answer.on('data', (part) => {
        text += part;
      });
      answer.on('end', () => done({ status, headers: found, text }));
      answer.on('error', failed);
    });
    asked.on('error', failed);
    asked.end(body);
  });
}

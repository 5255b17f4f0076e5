// Connections of the client to a server of the plan, over the transport of the plan.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

/** One connection: the client, what it was told of by itself, and what its transport could not read. */
export class Connection {
  updates = [];
  problems = [];

  /** Connects. With `answer`, a function from the question to what a person would answer, the client says that it can ask one. */
  static async open(server, answer) {
    const connection = new Connection();
    const capabilities = answer ? { elicitation: { form: {} } } : {};
    const client = new Client({ name: 'client-of-the-sdk', version: '1.0.0' }, { capabilities });
    client.onerror = (error) => connection.problems.push(String(error?.message ?? error));
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      connection.updates.push(params.uri);
    });
    if (answer) client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params));
    connection.client = client;
    connection.transport = transport(server);
    await client.connect(connection.transport);
    return connection;
  }

  /** Calls a tool. What it gives has been held against the tool's schema by the SDK, once the tools were listed. */
  call(name, args, options) {
    return this.client.callTool({ name, arguments: args }, undefined, options);
  }

  /** Calls a tool that must not fail, and gives its result. */
  async result(name, args) {
    const answer = await this.call(name, args);
    assert.ok(!answer.isError, `${name} failed: ${answer.content?.[0]?.text}`);
    return answer.structuredContent;
  }

  /** The JSON of a resource. */
  async read(uri) {
    const { contents } = await this.client.readResource({ uri });
    assert.equal(contents.length, 1, `${uri} has ${contents.length} contents`);
    assert.equal(contents[0].uri, uri);
    return JSON.parse(contents[0].text);
  }

  /** Ends it as the protocol wants it ended. */
  async close() {
    if (this.transport.terminateSession) await this.transport.terminateSession();
    await this.client.close();
  }
}

function transport({ command, url, token }) {
  if (url) return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${token}` } } });
  const [program, ...args] = command;
  return new StdioClientTransport({ command: program, args, stderr: 'inherit' });
}

/** A call that failed as a call: never as a message of the protocol, and of this kind. */
export function assertFailed(answer, kind) {
  const text = answer.content?.[0]?.text ?? '';
  assert.equal(answer.isError, true, `it was to fail with ${kind} and gave ${JSON.stringify(answer).slice(0, 300)}`);
  assert.match(text, new RegExp(`^${kind}: .{5,}`, 'm'));
  return text;
}

/** What a JSON pointer leads to. */
export function at(value, pointer) {
  const steps = pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.reduce((found, step) => found?.[step], value);
}

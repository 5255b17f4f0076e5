// The tools: how they describe themselves, what a call gives, and how one fails.
import assert from 'node:assert/strict';
import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020.js';
import { assertFailed, at } from './connect.mjs';

const KIND = /^[a-z]+(-[a-z]+)*: /m;

/** A validator that refuses what is no schema of the revision of JSON Schema that manifests are written in. */
export function ajv() {
  return addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
}

export async function tools(report, connection, plan) {
  const { facts, manifest } = plan;
  const { client } = connection;
  let listed = [];
  const tool = (name) => listed.find((each) => each.name === name);

  await report.check('speaks the revision 2025-11-25 and says who it is', async () => {
    assert.equal(connection.transport.protocolVersion ?? client.getNegotiatedProtocolVersion?.() ?? '2025-11-25', '2025-11-25');
    const { name, version } = client.getServerVersion();
    assert.ok(name && version, 'a server has a name and a version');
    const { tools, resources, completions } = client.getServerCapabilities();
    assert.ok(tools && resources?.subscribe && completions, 'it has tools, resources to subscribe to, and completions');
    await client.ping();
  });

  await report.check('lists the actions that read, those that were allowed, and no other', async () => {
    listed = await everything(client);
    const reading = manifest.actions.filter(({ changesData }) => !changesData).map(({ key }) => key);
    const allowed = facts.change ? [facts.change.tool] : [];
    assert.deepEqual(names(listed), [...reading, ...allowed, 'readMore'].sort());
    for (const name of facts.neverListed) assert.equal(tool(name), undefined);
  });

  await report.check('says of each tool whether it changes something', async () => {
    for (const { name, annotations, description, title } of listed) {
      const reads = name !== facts.change?.tool;
      assert.equal(annotations.readOnlyHint, reads, `readOnlyHint of ${name}`);
      assert.equal(typeof annotations.openWorldHint, 'boolean', `openWorldHint of ${name}`);
      if (!reads) assert.equal(typeof annotations.destructiveHint, 'boolean', `destructiveHint of ${name}`);
      if (!reads) assert.equal(annotations.idempotentHint, false, 'a second change order is another one');
      assert.ok(description?.length > 10 && (title ?? annotations.title), `${name} says what it does`);
    }
  });

  await report.check('gives the manifest\'s schemas, each a valid one', async () => {
    for (const { key, inputs, inputSchema } of manifest.actions.filter(({ key: name }) => tool(name))) {
      // A tool may be asked with less than the connector takes: of the types of an input with the one that is meant.
      const given = tool(key).inputSchema;
      assert.deepEqual(given.required, inputSchema.required, `inputSchema of ${key}`);
      assert.equal(given.additionalProperties, inputSchema.additionalProperties, `inputSchema of ${key}`);
      assert.deepEqual(Object.keys(given.properties), Object.keys(inputSchema.properties), `inputSchema of ${key}`);
      for (const [name, { type, enum: choices, ...rest }] of Object.entries(given.properties)) {
        const field = inputs.find((input) => input.key === name);
        if (choices) assert.deepEqual(choices, field.choices.map(({ value }) => value), `choices of ${name} of ${key}`);
        // What takes JSON as well may be something else than a choice.
        else assert.ok(field.kind !== 'choice' || type !== 'string', `choices of ${name} of ${key}`);
        const { type: types, ...declared } = inputSchema.properties[name];
        assert.ok([type].flat().every((one) => [types].flat().includes(one)), `${type} of ${name} of ${key}`);
        assert.deepEqual(rest, declared, `${name} of ${key}`);
      }
    }
    for (const { name, inputSchema, outputSchema } of listed) {
      ajv().compile(inputSchema);
      ajv().compile(outputSchema);
      assert.equal(inputSchema.type, 'object', name);
      assert.deepEqual([outputSchema.type, outputSchema.required], ['object', ['data']], name);
    }
  });

  let record;
  await report.check('a list is what the schema says, with a text that marks it as data', async () => {
    const answer = await connection.call(facts.list.tool, { first: 5 });
    assert.ok(!answer.isError, answer.content?.[0]?.text);
    const { data, page } = answer.structuredContent;
    assert.equal(data.length, 5);
    assert.equal(page, undefined, 'what fits has no pages');
    const action = manifest.actions.find(({ key }) => key === facts.list.tool);
    assertValid(action.resultSchema, data);
    const [first] = answer.content;
    assert.equal(first.type, 'text');
    assert.match(first.text.split('\n')[0], /\bdata\b/i, 'the first line says that it is data');
    [record] = data;
  });

  await report.check('one by its id', async () => {
    const { tool: name, input, recordAt } = facts.one;
    const { data } = await connection.result(name, { [input]: record.id });
    const found = at(data, recordAt);
    assert.deepEqual([found.id, found.name], [record.id, record.name]);
  });

  await report.check('a bad input fails as invalid-input, and names the input', async () => {
    const text = assertFailed(await connection.call(facts.list.tool, facts.badInput), 'invalid-input');
    for (const input of Object.keys(facts.badInput)) assert.match(text, new RegExp(input));
    assertFailed(await connection.call(facts.one.tool, {}), 'invalid-input');
    assertFailed(await connection.call(facts.one.tool, { [facts.one.input]: record.id, noSuchInput: 1 }), 'invalid-input');
  });

  await report.check('an id that nothing has fails as not-found', async () => {
    assertFailed(await connection.call(facts.one.tool, { [facts.one.input]: facts.one.unknown }), 'not-found');
  });

  await report.check('a tool that is not there fails as a call, and so does one that was not allowed', async () => {
    for (const name of ['noSuchTool', ...facts.neverListed]) {
      const answer = await connection.call(name, {});
      assert.equal(answer.isError, true, name);
      assert.match(answer.content[0].text, KIND);
    }
  });

  await report.check('many calls at once are each answered with their own', async () => {
    const counts = [1, 2, 3, 4, 5, 6, 7, 8];
    const results = await Promise.all(counts.map((first) => connection.result(facts.list.tool, { first })));
    assert.deepEqual(results.map(({ data }) => data.length), counts);
  });
}

/** All tools, over however many pages. */
async function everything(client) {
  const listed = [];
  let cursor;
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor });
    listed.push(...page.tools);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return listed;
}

const names = (listed) => listed.map(({ name }) => name).sort();

export function assertValid(schema, value) {
  const validate = ajv().compile(schema);
  assert.ok(validate(value), JSON.stringify(validate.errors)?.slice(0, 1_000));
}

// Resources, templates, and the values that are proposed for a template.
import assert from 'node:assert/strict';

export async function resources(report, connection, plan) {
  const { facts, manifest } = plan;
  const { client } = connection;
  const key = manifest.key;

  await report.check('lists the manifest, the documentation and each trigger', async () => {
    const { resources: listed } = await client.listResources();
    const expected = [`${key}://docs`, `${key}://manifest`, ...manifest.triggers.map((trigger) => `${key}://trigger/${trigger.key}`)];
    assert.deepEqual(listed.map(({ uri }) => uri).sort(), expected.sort());
    const type = (uri) => listed.find((each) => each.uri === uri).mimeType;
    assert.deepEqual([type(`${key}://manifest`), type(`${key}://docs`)], ['application/json', 'text/markdown']);
    for (const { name } of listed) assert.ok(name);
  });

  await report.check('reads the manifest and the documentation', async () => {
    const read = await connection.read(`${key}://manifest`);
    const keys = ({ actions, triggers, dataSources }) => [actions, triggers, dataSources].map((list) => list.map((each) => each.key));
    assert.deepEqual([read.key, keys(read)], [key, keys(manifest)]);
    const { contents } = await client.readResource({ uri: `${key}://docs` });
    assert.equal(contents[0].mimeType, 'text/markdown');
    assert.match(contents[0].text, /^#/m);
    for (const action of manifest.actions) assert.ok(contents[0].text.includes(action.key), `the page has nothing on ${action.key}`);
  });

  await report.check('lists a template for each action that gets one thing, and for each trigger', async () => {
    const { resourceTemplates } = await client.listResourceTemplates();
    const found = resourceTemplates.map(({ uriTemplate }) => uriTemplate);
    const watched = found.filter((template) => template.startsWith(`${facts.trigger}{?`));
    assert.deepEqual(found.filter((template) => !watched.includes(template)).sort(), [...facts.templates].sort());
    assert.equal(watched.length, manifest.triggers.length);
    for (const { key: input } of manifest.triggers[0].inputs) assert.ok(watched[0].includes(input), `${watched[0]} lacks ${input}`);
  });

  let data;
  await report.check('reads by a template what the tool gives', async () => {
    const { tool, input } = facts.one;
    const { data: list } = await connection.result(facts.list.tool, { first: 3 });
    for (const { id } of list) {
      const { data: called } = await connection.result(tool, { [input]: id });
      const read = await connection.read(facts.component.replace(/\{.*\}/, encodeURIComponent(id)));
      assert.deepEqual(read.data ?? read, called);
    }
    data = list;
  });

  await report.check('says of what is not there that it is not there', async () => {
    const unknown = facts.component.replace(/\{.*\}/, facts.one.unknown);
    for (const uri of [unknown, `${key}://no-such-thing`, `${key}://trigger/noSuchTrigger`, 'elsewhere://manifest', 'file:///etc/passwd']) {
      await assert.rejects(client.readResource({ uri }), ({ code, message }) => {
        assert.ok([-32002, -32602].includes(code), `${uri}: ${code} ${message}`);
        return true;
      });
    }
  });

  await report.check('proposes ids for a template, searched by what was typed', async () => {
    const ref = { type: 'ref/resource', uri: facts.component };
    const propose = async (value) => (await client.complete({ ref, argument: { name: facts.one.input, value } })).completion;
    const { values } = await propose('');
    assert.ok(values.length > 0 && values.length <= 100, `${values.length} values`);
    assert.equal(new Set(values).size, values.length);
    const [{ id, name }] = data;
    const found = await propose(name);
    assert.ok(found.values.includes(id), `${JSON.stringify(name)} was not found: ${JSON.stringify(found)}`);
    assert.deepEqual((await propose('nothing is called like this')).values, []);
  });
}

// Two connections behind one server, and the budgets that calls have.
import assert from 'node:assert/strict';
import { Connection, assertFailed } from './connect.mjs';

export async function limits(report, servers, plan) {
  const { facts, manifest } = plan;
  const list = facts.list.tool;
  const named = await Connection.open(servers.named);

  await report.check('each of two connections has tools and resources under its name', async () => {
    const { tools } = await named.client.listTools();
    const reading = manifest.actions.filter(({ changesData }) => !changesData).map(({ key }) => key);
    for (const name of ['left', 'right']) {
      for (const key of reading) assert.ok(tools.some((tool) => tool.name === `${name}_${key}`), `${name}_${key}`);
    }
    assert.ok(!tools.some(({ name }) => name === list), 'a tool without a name of a connection');
    const { resources } = await named.client.listResources();
    const uris = resources.map(({ uri }) => uri);
    const trigger = (name) => facts.trigger.replace('://', `://${name}/`);
    for (const name of ['left', 'right']) assert.ok(uris.includes(trigger(name)), `${name} of ${uris}`);
    const { resourceTemplates } = await named.client.listResourceTemplates();
    const template = facts.component.replace('://', '://left/');
    assert.ok(resourceTemplates.some(({ uriTemplate }) => uriTemplate === template), template);
  });

  await report.check('reads, completes and pages within one of two connections', async () => {
    const { data, page } = await named.result(`left_${list}`, { first: 400 });
    const more = (await named.client.listTools()).tools.filter(({ name }) => /readMore$/.test(name)).map(({ name }) => name);
    const reader = more.find((name) => name.startsWith('left_')) ?? more[0];
    const { data: rest } = await named.result(reader, { cursor: page.next });
    assert.ok(rest.length > 0 && rest[0].id !== data[0].id);
    const uri = facts.component.replace('://', '://left/');
    const read = await named.read(uri.replace(/\{.*\}/, data[0].id));
    assert.ok(JSON.stringify(read).includes(data[0].id));
    const argument = { name: facts.one.input, value: '' };
    const { completion } = await named.client.complete({ ref: { type: 'ref/resource', uri }, argument });
    assert.ok(completion.values.length > 0);
  });

  await report.check('a budget of calls ends the calls of its connection, and of no other', async () => {
    // As many as the plan's server allows in a minute.
    await named.result(`right_${list}`, { first: 1 });
    await named.result(`right_${list}`, { first: 1 });
    assertFailed(await named.call(`right_${list}`, { first: 1 }), 'budget');
    await named.result(`left_${list}`, { first: 1 });
  });
  await named.close();

  const thrifty = await Connection.open(servers.bytes);
  await report.check('a budget of bytes is used up, and says so', async () => {
    let answer;
    let calls = 0;
    do {
      answer = await thrifty.call(list, { first: 100 });
      calls += 1;
    } while (!answer.isError && calls < 50);
    assertFailed(answer, 'budget');
    assert.ok(calls > 1, 'the first call has nothing before it that could use it up');
  });
  await thrifty.close();
}

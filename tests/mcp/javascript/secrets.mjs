// The key of the connection: whatever the service repeats of it, nothing that is handed out has it.
import assert from 'node:assert/strict';
import { at } from './connect.mjs';

export async function secrets(report, connection, service, plan) {
  const { facts, key } = plan;
  if (!facts.rename) return;
  const { tool, input, recordAt } = facts.one;
  const { data } = await connection.result(facts.list.tool, { first: 1 });
  const [{ id, name }] = data;
  const rename = (to) => service.post(facts.rename.replace('{id}', id), { name: to });

  await report.check('a key that the service repeats is in no result, text, resource or proposal', async () => {
    await rename(`Bracket with ${key} on it`);
    const uri = facts.component.replace(/\{.*\}/, id);
    const one = await connection.call(tool, { [input]: id });
    const given = [
      one,
      await connection.call(facts.list.tool, { first: 1 }),
      await connection.client.readResource({ uri }),
      await connection.client.complete({ ref: { type: 'ref/resource', uri: facts.component }, argument: { name: input, value: key } }),
    ];
    for (const each of given) assert.ok(!JSON.stringify(each).includes(key), JSON.stringify(each).slice(0, 300));
    assert.match(at(one.structuredContent.data, recordAt).name, /^Bracket with .+ on it$/, 'what is around it stays');
  });
  await rename(name);
}

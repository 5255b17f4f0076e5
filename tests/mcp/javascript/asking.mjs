// What changes something: asked first where the client can ask a person, and sent only where that person said yes.
import assert from 'node:assert/strict';
import { Connection, assertFailed } from './connect.mjs';
import { pause } from './report.mjs';

export async function asking(report, server, service, plan) {
  const { tool, arguments: args, countAt } = plan.facts.change;
  const questions = [];
  let answer;
  const connection = await Connection.open(server, (question) => {
    questions.push(question);
    return answer;
  });
  await connection.client.listTools();
  const count = async () => (await service.state())[countAt];

  await report.check('asks with what will be sent, and sends it when the answer is yes', async () => {
    const before = await count();
    answer = { action: 'accept', content: { confirm: true } };
    const { data } = await connection.result(tool, args);
    assert.ok(data[tool].id);
    assert.equal(await count(), before + 1);
    assert.equal(questions.length, 1);
    const [{ message, requestedSchema }] = questions;
    for (const value of Object.values(args)) assert.ok(spelled(message, value), `the question does not name ${value}: ${message}`);
    assert.equal(requestedSchema.properties.confirm.type, 'boolean');
    assert.deepEqual(Object.keys(requestedSchema.properties), ['confirm']);
  });

  for (const [words, given] of [
    ['declined', { action: 'decline' }],
    ['dismissed', { action: 'cancel' }],
    ['answered with no', { action: 'accept', content: { confirm: false } }],
    ['answered with nothing', { action: 'accept', content: {} }],
  ]) {
    await report.check(`sends nothing when the question is ${words}`, async () => {
      const before = await service.state();
      answer = given;
      assertFailed(await connection.call(tool, args), 'declined');
      const after = await service.state();
      assert.deepEqual([after[countAt], after.requests], [before[countAt], before.requests]);
    });
  }

  await report.check('bad inputs fail before anybody is asked', async () => {
    questions.length = 0;
    assertFailed(await connection.call(tool, {}), 'invalid-input');
    assert.deepEqual(questions, []);
  });

  await report.check('a yes that comes after the call was cancelled sends nothing', async () => {
    const [before, controller] = [await count(), new AbortController()];
    answer = pause(500).then(() => ({ action: 'accept', content: { confirm: true } }));
    questions.length = 0;
    const call = assert.rejects(connection.call(tool, args, { signal: controller.signal }));
    for (let tries = 0; questions.length === 0 && tries < 100; tries += 1) await pause(20);
    controller.abort('the person went away');
    await call;
    await pause(1_500);
    assert.deepEqual([questions.length, await count()], [1, before]);
  });

  await report.check('what only reads asks nobody', async () => {
    questions.length = 0;
    await connection.result(plan.facts.list.tool, { first: 1 });
    assert.deepEqual(questions, []);
  });
  await connection.close();

  const mute = await Connection.open(server);
  await report.check('a client that can ask nobody has it done', async () => {
    const before = await count();
    await mute.result(tool, args);
    assert.equal(await count(), before + 1);
  });
  await mute.close();
}

/** Whether a text has the value: as it is, or as JSON writes it. */
const spelled = (text, value) => text.includes(value) || text.includes(JSON.stringify(value).slice(1, -1));

// A trigger as a resource that is subscribed to, and calls that are cancelled.
import assert from 'node:assert/strict';
import { Connection } from './connect.mjs';
import { pause, within } from './report.mjs';
import { assertValid } from './tools.mjs';

/** The server polls once a second. */
const SEVERAL_POLLS = 3_500;
/** More triggers, each with its inputs, than a server has reason to remember when nobody watches them. */
const MANY_TRIGGERS = 40;
/** Long enough for one poll and what it takes, on a machine that has other things to do. */
const SOON = 20_000;

export async function watching(report, connection, service, plan) {
  const { facts, manifest } = plan;
  const { client, updates } = connection;
  const uri = facts.watched;
  let next;

  await report.check('a subscription tells of a change, and the change is read', async () => {
    await client.subscribeResource({ uri });
    await pause(SEVERAL_POLLS);
    assert.deepEqual(updates, [], 'nothing was changed so far');
    const ids = await service.touch();
    await told(updates);
    assert.equal(updates[0], uri, 'the address that was subscribed to');
    const read = await connection.read(uri);
    assert.deepEqual(read.changes.map(({ number }) => number), [1]);
    assert.deepEqual(changed(read, manifest), ids);
    next = read.next;
  });

  await report.check('reading on gives what came since, and nothing else', async () => {
    assert.deepEqual((await connection.read(next)).changes, []);
    updates.length = 0;
    const ids = await service.touch();
    await told(updates);
    const read = await connection.read(next);
    assert.deepEqual([read.changes.map(({ number }) => number), changed(read, manifest)], [[2], ids]);
  });

  await report.check('a change right after a subscription is not lost', async () => {
    // Other inputs than before, so that this is the first poll with them.
    const other = `${uri}&showUpdatedRecords=true`;
    await client.subscribeResource({ uri: other });
    updates.length = 0;
    const ids = await service.touch();
    await told(updates, other);
    assert.deepEqual(changed(await connection.read(other), manifest), ids);
    await client.unsubscribeResource({ uri: other });
  });

  await report.check('nothing is asked and told any more once it was unsubscribed', async () => {
    await client.unsubscribeResource({ uri });
    updates.length = 0;
    if (facts.slow) await asksNothing(service);
    await service.touch();
    await pause(SEVERAL_POLLS);
    assert.deepEqual(updates, []);
  });

  await report.check('what is no trigger, or has inputs that cannot be, cannot be subscribed to', async () => {
    for (const wrong of [`${manifest.key}://no-such-thing`, `${facts.trigger}?noSuchInput=1`, 'file:///etc/passwd']) {
      await assert.rejects(client.subscribeResource({ uri: wrong }), /./, wrong);
    }
    await client.ping();
  });
}

/** What clients of one server do not do to each other. */
export async function sharing(report, server, service, plan) {
  const { facts, manifest } = plan;
  const [one, other] = [await Connection.open(server), await Connection.open(server)];
  const uri = `${facts.watched}&showUpdatedRecords=yes`;

  await report.check('what one client has read on from is still there for another', async () => {
    for (const { client } of [one, other]) await client.subscribeResource({ uri });
    await pause(SEVERAL_POLLS);
    const ids = await service.touch();
    for (const { updates } of [one, other]) await told(updates);
    const { next } = await one.read(uri);
    assert.deepEqual((await one.read(next)).changes, []);
    assert.deepEqual(changed(await other.read(uri), manifest), ids);
  });

  await report.check('one that is gone takes nothing from another', async () => {
    await one.close();
    other.updates.length = 0;
    await service.touch();
    await told(other.updates);
  });

  if (facts.manyTriggers) {
    await report.check('triggers that nobody watches make room for others', async () => {
      for (let number = 0; number < MANY_TRIGGERS; number += 1) await other.read(facts.manyTriggers.replace('KIND', `T${number}`));
      await other.client.subscribeResource({ uri: facts.trigger });
    });
  }
  await other.close();
}

async function told(updates, uri) {
  const until = performance.now() + SOON;
  while (uri ? !updates.includes(uri) : updates.length === 0) {
    assert.ok(performance.now() < until, `a change was not told of in ${SOON} ms`);
    await pause(50);
  }
}

/** The ids that the changes of a reading name, each a record of one of the lists that the trigger's schema has. */
function changed({ changes }, manifest) {
  const lists = manifest.triggers[0].resultSchema.properties.body.properties.data.properties;
  return changes.map(({ change, record }) => {
    const list = change.split(/[./]/).at(-1);
    assertValid(lists[list].items, record);
    assert.equal(list, 'updated');
    return record.id;
  });
}

export async function cancelling(report, connection, service, plan) {
  const { list } = plan.facts;

  await report.check('tells how far a long call is, where it is asked to', async () => {
    const told = [];
    const answer = await connection.call(list.tool, { first: 1_000 }, { onprogress: ({ progress }) => told.push(progress) });
    assert.ok(!answer.isError && told.length > 1, `${told.length} words of how far it is`);
    assert.deepEqual(told, [...new Set(told)].sort((one, other) => one - other), 'it only ever goes on');
  });

  await report.check('a slow call is cancelled, others are answered meanwhile, and the server goes on', async () => {
    if (plan.facts.slow) await service.slow();
    try {
      const controller = new AbortController();
      const started = performance.now();
      const slow = connection.call(list.tool, { first: list.mostAtOnce }, { signal: controller.signal });
      const failed = assert.rejects(slow);
      // Where nothing makes the service slow, a list of this length takes some seconds by itself.
      await pause(plan.facts.slow ? 1_000 : 50);
      await within(1_000, connection.client.ping());
      controller.abort('it takes too long');
      await failed;
      assert.ok(performance.now() - started < 5_000, 'it was not cancelled');
      if (plan.facts.slow) await asksNothing(service);
    } finally {
      if (plan.facts.slow) await service.fast();
    }
    const { data } = await within(15_000, connection.result(list.tool, { first: 2 }));
    assert.equal(data.length, 2);
  });
}

/** Calls that wait behind others and are cancelled there. Needs a service that can be slow, and counts what it is asked. */
export async function queueing(report, connection, service, plan) {
  if (!plan.facts.slow) return;
  await report.check('calls that are cancelled while they wait for their turn are never sent', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await service.slow();
      try {
        const [running, waiting] = [new AbortController(), new AbortController()];
        const begin = ({ signal }, count) =>
          Array.from({ length: count }, () => assert.rejects(connection.call(plan.facts.list.tool, { first: 1 }, { signal })));
        const first = begin(running, 4);
        await pause(100);
        const rest = begin(waiting, 8);
        await pause(100);
        const { requests } = await service.state();
        // Those first that wait: the end of another gives them its turn.
        waiting.abort('not any more');
        await Promise.all(rest);
        await pause(50);
        running.abort('nor these');
        await Promise.all(first);
        await pause(700);
        assert.equal((await service.state()).requests, requests);
      } finally {
        await service.fast();
      }
    }
  });
}

/** How a server on standard input and output ends with its client, whatever it is doing. */
export async function ending(report, server, service, plan) {
  const { list, slow } = plan.facts;
  await report.check('ends with its client, although a call is under way', async () => {
    const connection = await Connection.open(server);
    if (slow) await service.slow();
    try {
      connection.call(list.tool, { first: list.mostAtOnce }).catch(() => {});
      await pause(slow ? 600 : 50);
      const started = performance.now();
      await connection.close();
      // A client of the SDK ends by force what has not ended in two seconds.
      assert.ok(performance.now() - started < 1_900, 'it did not end by itself');
    } finally {
      if (slow) await service.fast();
    }
  });
}

/** The service is asked for nothing more, once the request that was under way has come to its end. */
async function asksNothing(service) {
  await pause(700);
  const { requests } = await service.state();
  await pause(1_500);
  assert.equal((await service.state()).requests, requests, 'the service is asked although nobody waits for it');
}

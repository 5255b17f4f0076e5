// Results that are too long for one answer: read to their end, with nothing lost and nothing twice.
import assert from 'node:assert/strict';
import { at } from './connect.mjs';
import { assertValid } from './tools.mjs';

/** What the server hands out at once, unless it is told otherwise. */
const PAGE_BYTES = 24 * 1024;
/** More pages than this are a circle. */
const MOST_PAGES = 500;

export async function pages(report, connection, plan) {
  const { facts, records } = plan;
  const { list, nested } = facts;

  await report.check(`a list of ${records} records, to its end, with each id once`, async () => {
    const { all, count } = await readAll(connection, list.tool, { first: list.mostAtOnce }, '');
    assert.equal(all.length, records);
    assert.equal(new Set(all.map(({ id }) => id)).size, records, 'an id came twice');
    assert.ok(count > 3, `it came on ${count} pages, and was to be long`);
  });

  if (nested) {
    await report.check('a list within a result, with what is around it', async () => {
      const { all, parts } = await readAll(connection, nested.tool, nested.arguments, nested.list);
      const [{ data }] = parts;
      assert.equal(all.length, data.found, 'as many as the result says it has');
      assert.ok(parts.length > 1, 'it was to be long');
    });
  }

  await report.check('two results are read in turns, each its own', async () => {
    const [one, other] = await Promise.all([400, 500].map((first) => readAll(connection, list.tool, { first }, '')));
    assert.deepEqual([one.all.length, other.all.length], [400, 500]);
  });

  await report.check('a cursor that nobody gave out fails as a call', async () => {
    const answer = await connection.call('readMore', { cursor: 'nobody-gave-this-out' });
    assert.equal(answer.isError, true);
    assert.match(answer.content[0].text, /^[a-z-]+: .{5,}/m);
  });
}

/** Reads a result to its end, and checks what each part says of itself. */
async function readAll(connection, tool, args, pointer) {
  const { tools } = await connection.client.listTools();
  const { outputSchema } = tools.find(({ name }) => name === tool);
  const [all, parts] = [[], []];
  let of;
  for (let part = await connection.result(tool, args); ; part = await connection.result('readMore', { cursor: part.page.next })) {
    parts.push(part);
    // Of the same shape as the tool's own: who reads on needs no second schema.
    assertValid(outputSchema, part);
    const { page } = part;
    assert.ok(page, 'a part says which part it is');
    assert.equal(page.list, pointer);
    const records = at(part.data, page.list);
    of ??= page.of;
    assert.deepEqual([page.from, page.records, page.of], [all.length, records.length, of], 'where it begins, how many it has, and of how many');
    assert.ok(records.length > 0, 'a part without a record');
    const bytes = Buffer.byteLength(JSON.stringify(part.data));
    assert.ok(bytes <= PAGE_BYTES || records.length === 1, `a part has ${bytes} bytes`);
    all.push(...records);
    if (page.next === undefined) break;
    assert.ok(parts.length < MOST_PAGES, 'it does not end');
  }
  assert.equal(all.length, of);
  return { all, parts, count: parts.length };
}

// `harness mcp`, used by the TypeScript SDK's client, which speaks the revision 2025-11-25. `node main.mjs PLAN` makes every check of the
// plan that `cargo xtask mcp` wrote, and says of each on standard output what came of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { asking } from './asking.mjs';
import { Connection } from './connect.mjs';
import { doors } from './doors.mjs';
import { limits } from './limits.mjs';
import { pages } from './pages.mjs';
import { Report } from './report.mjs';
import { resources } from './resources.mjs';
import { secrets } from './secrets.mjs';
import { Service } from './service.mjs';
import { tools } from './tools.mjs';
import { cancelling, ending, queueing, sharing, watching } from './watching.mjs';

/** A server that is told to end by the end of its input has this long before the SDK would end it. */
const BEFORE_IT_IS_ENDED = 1_900;

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
plan.manifest = JSON.parse(readFileSync(plan.manifest, 'utf8'));
const service = new Service(plan.service, plan.facts);
const report = new Report();

let connection;
await report.check('connects', async () => {
  connection = await Connection.open(plan.servers.main);
});
if (connection) {
  await report.part('tools', () => tools(report, connection, plan));
  await report.part('pages', () => pages(report, connection, plan));
  await report.part('resources', () => resources(report, connection, plan));
  await report.part('secrets', () => secrets(report, connection, service, plan));
  await report.part('watching', () => watching(report, connection, service, plan));
  await report.part('cancelling', () => cancelling(report, connection, service, plan));
  await report.part('queueing', () => queueing(report, connection, service, plan));
  if (plan.facts.change) await report.part('asking', () => asking(report, plan.servers.main, service, plan));
  await report.part('limits', () => limits(report, plan.servers, plan));
  if (plan.servers.main.url) {
    await report.part('sharing', () => sharing(report, plan.servers.main, service, plan));
    await report.part('doors', () => doors(report, plan.servers.main, connection));
  } else {
    await report.part('ending', () => ending(report, plan.servers.main, service, plan));
  }
  await report.check('ends when it is told to, after nothing but messages', async () => {
    const started = performance.now();
    const problems = [...connection.problems];
    await connection.close();
    assert.ok(performance.now() - started < BEFORE_IT_IS_ENDED, 'it did not end by itself');
    assert.deepEqual(problems, []);
  });
}
// What a failed check left open must not keep this program: servers on standard input end with it.
process.exit(report.end() ? 0 : 1);

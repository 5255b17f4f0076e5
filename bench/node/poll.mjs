// The same poll in Node with graphql-request 6, the way connectors for this service are written today. It joins pages as the
// component does, so that it asks for the same pages and delivers the same records.
//
// node poll.mjs RECORDING.json URL COUNT WARM_UP

import { readFileSync } from "node:fs";
import { GraphQLClient, gql } from "graphql-request";

const [, , file, url, count, warmUp] = process.argv;
const recording = JSON.parse(readFileSync(file, "utf8"));
const PAGE_SIZE = 100;
const OVERLAP = 3;
const QUERY = gql`
  query PollComponents($libraryType: LibraryType, $orderBy: [ComponentsOrderByInput], $first: Int, $after: String) {
    components(libraryType: $libraryType, orderBy: $orderBy) {
      connection(first: $first, after: $after) {
        edges { cursor node { id name created lastModified } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`;

const client = new GraphQLClient(url, { headers: { apiToken: "a-key-to-measure-with" } });

async function poll(floor, known) {
  const found = new Map();
  let after;
  for (;;) {
    const variables = { libraryType: "GENERAL", orderBy: [{ lastModified: "desc" }], first: PAGE_SIZE, after };
    const data = await client.request(QUERY, variables);
    const { edges, pageInfo } = data.components.connection;
    let atFloor = false;
    for (const { node } of edges) {
      const modified = Date.parse(node.lastModified ?? node.created);
      if (modified <= floor) {
        atFloor = true;
      } else if (known.get(node.id) !== modified && !found.has(node.id)) {
        const isNew = Date.parse(node.created) > floor && !known.has(node.id);
        found.set(node.id, { node, isNew });
      }
    }
    if (atFloor || !pageInfo.hasNextPage) break;
    after = edges[edges.length - 1 - OVERLAP].cursor;
  }
  const list = (isNew) => [...found.values()].filter((entry) => entry.isNew === isNew).map((entry) => entry.node);
  return JSON.stringify({ body: { data: { created: list(true), updated: list(false) } } });
}

function check(payload) {
  const { created, updated } = JSON.parse(payload).body.data;
  for (const [records, ids] of [[created, recording.created], [updated, recording.updated]]) {
    const got = records.map((record) => record.id).sort();
    if (JSON.stringify(got) !== JSON.stringify([...ids].sort())) {
      throw new Error(`the cases do not agree: ${got.length} records, not ${ids.length}`);
    }
  }
}

const known = new Map(recording.known);
const idleMemoryKib = Math.round(process.memoryUsage().rss / 1024);
const samples = { wall: [], cpu: [], peakMemoryKib: 0, idleMemoryKib };
const measured = Number(warmUp) + Number(count);
// One more turn, whose payload is checked: to read it takes memory.
for (let turn = 0; turn <= measured; turn++) {
  if (turn === measured) samples.peakMemoryKib = process.resourceUsage().maxRSS;
  const clock = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const payload = await poll(recording.floor, known);
  const spent = process.cpuUsage(cpu);
  const wall = Number(process.hrtime.bigint() - clock) / 1e6;
  if (turn >= Number(warmUp) && turn < measured) {
    samples.cpu.push((spent.user + spent.system) / 1e3);
    samples.wall.push(wall);
  }
  if (turn === measured) check(payload);
}
console.log(JSON.stringify(samples));

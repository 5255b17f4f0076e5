// The same poll in Node, the way connectors for this service are written today: a component and a polling trigger of the platform's SDK
// (@prismatic-io/spectral), called as its runner calls them, with graphql-request 6. It joins pages as the component does, so that it asks for
// the same pages and delivers the same records. What the platform does around a call (its own process, its log, its queues) is not here.
//
// node poll.mjs RECORDING.json URL COUNT WARM_UP

import { readFileSync } from "node:fs";
import spectral from "@prismatic-io/spectral";
import { GraphQLClient, gql } from "graphql-request";

const { component, connection, input, pollingTrigger, util } = spectral;

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

const known = new Map(recording.known);

async function find(client, floor) {
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
  return { created: list(true), updated: list(false) };
}

const duroApiKey = connection({
  key: "duroApiKey",
  display: { label: "API key", description: "Connects with an API key" },
  inputs: {
    apiKey: { label: "API key", type: "password", required: true },
    environment: { label: "Environment", type: "string", required: true },
  },
});

const pollChangesTrigger = pollingTrigger({
  display: { label: "New and updated records", description: "Starts a flow when records changed" },
  inputs: {
    connection: input({ label: "Connection", type: "connection", required: true }),
    showNewRecords: input({ label: "New", type: "boolean", clean: util.types.toBool, default: "true" }),
    showUpdatedRecords: input({ label: "Updated", type: "boolean", clean: util.types.toBool, default: "true" }),
  },
  perform: async (context, payload, { connection, showNewRecords, showUpdatedRecords }) => {
    const { apiKey, environment } = connection.fields;
    const client = new GraphQLClient(util.types.toString(environment), { headers: { apiToken: util.types.toString(apiKey) } });
    const { floor } = context.polling.getState();
    const { created, updated } = await find(client, floor);
    context.polling.setState({ floor });
    const data = { created: showNewRecords ? created : [], updated: showUpdatedRecords ? updated : [] };
    return {
      payload: { ...payload, body: { data } },
      polledNoChanges: data.created.length + data.updated.length === 0,
    };
  },
});

const connector = component({
  key: "bench",
  public: false,
  display: { label: "Bench", description: "To be measured", iconPath: "icon.png" },
  connections: [duroApiKey],
  triggers: { pollChangesTrigger },
});

const quiet = () => {};
const logger = { metric: quiet, trace: quiet, debug: quiet, info: quiet, log: quiet, warn: quiet, error: quiet };

// As the platform's runner: state and inputs go in, the result goes out as JSON.
async function poll(floor) {
  const states = { instanceState: {}, crossFlowState: {}, executionState: {}, integrationState: {} };
  const context = { logger, stepId: "poll", debug: { enabled: false }, ...states, instanceState: { __prismaticInternal: { polling: { floor } } } };
  const inputs = {
    connection: { key: "duroApiKey", configVarKey: "c", fields: { apiKey: "a-key-to-measure-with", environment: url } },
    showNewRecords: "true",
    showUpdatedRecords: "true",
  };
  const payload = { headers: {}, queryParameters: {}, rawBody: { data: null }, body: { data: {} } };
  const result = await connector.triggers.pollChangesTrigger.perform(context, payload, inputs);
  return JSON.stringify(result.payload);
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

const idleMemoryKib = Math.round(process.memoryUsage().rss / 1024);
const samples = { wall: [], cpu: [], peakMemoryKib: 0, idleMemoryKib };
const measured = Number(warmUp) + Number(count);
// One more turn, whose payload is checked: to read it takes memory.
for (let turn = 0; turn <= measured; turn++) {
  if (turn === measured) samples.peakMemoryKib = process.resourceUsage().maxRSS;
  const clock = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const payload = await poll(recording.floor);
  const spent = process.cpuUsage(cpu);
  const wall = Number(process.hrtime.bigint() - clock) / 1e6;
  if (turn >= Number(warmUp) && turn < measured) {
    samples.cpu.push((spent.user + spent.system) / 1e3);
    samples.wall.push(wall);
  }
  if (turn === measured) check(payload);
}
console.log(JSON.stringify(samples));

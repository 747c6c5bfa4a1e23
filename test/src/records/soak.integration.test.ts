import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { residentMemory } from '../bench/memory.ts';
import {
  refusal,
  startElasticsearchFront,
  type ElasticsearchFront,
  type Fault,
} from '../elasticsearch/elasticsearch-front.ts';
import { newGatewayClient, type GatewayClient } from '../proxy/gateway-client.ts';
import { gatewayContext } from '../proxy/gateway-context.ts';
import { startOwnGateway, type OwnGateway } from '../proxy/own-gateway.ts';
import { makeCountedCalls, type CountedCalls } from './counted-calls.ts';
import { newSoakedServer, type SoakedServer } from './soaked-server.ts';
import { shippedEvidence, type ShippedEvidence } from './shipped-evidence.ts';

/** The long form is `make soak`, which says how many minutes Elasticsearch is stopped; this is what `make test` runs. */
const MINUTES = process.env['SOAK_MINUTES'];
const LONG = MINUTES !== undefined;
const CALLS = LONG ? Number(process.env['SOAK_CALLS'] ?? 100_000) : 2_000;
const CONNECTIONS = 16;
const OUTAGE_MS = LONG ? Number(MINUTES) * 60_000 : 5_000;
const REFUSING_MS = LONG ? 60_000 : 3_000;
const KILLS = LONG ? 3 : 1;
/** A record is written so long after its answer: `audit.commitInterval`. */
const COMMIT_MS = 10;
/** More than that, for a processor that is shared: between the bytes of an answer, its record, and the write. */
const SHARED_MS = 60;
/** The one that is written stays; all others go when they are shipped. */
const SEGMENT_BYTES = (LONG ? 8 : 1) * 1024 * 1024;
const MEMORY_MIB = 640;
const NAMESPACE = 'soak';
const PATH = '/api/v1/namespaces/default/configmaps';
const LIMIT_MS = OUTAGE_MS + REFUSING_MS + (LONG ? 900_000 : 60_000);

/** At the moment of a kill, by what the client knew. */
interface Kill {
  readonly writer: string;
  readonly at: number;
  readonly inFlight: number;
  readonly peak: number;
}

let running: TestGateway;
let client: GatewayClient;
let server: SoakedServer;
let front: ElasticsearchFront;
let gateway: OwnGateway;
let ca: string;
let token: string;

const tell = (line: string): void => {
  if (LONG) process.stderr.write(`${line}\n`);
};

beforeAll(async () => {
  [running, server] = await Promise.all([startTestGateway('soak'), newSoakedServer(LONG, inject('elasticsearchUrl'))]);
  front = await startElasticsearchFront(server.url);
  const context = gatewayContext(running);
  client = newGatewayClient(context);
  ca = readFileSync(context.caFile, 'utf8');
  token = await client.token({ user: 'soak@example.com', groups: ['agents'], expiresIn: 7_200 });
  await client.applyPolicy('soak', {
    mode: 'Enforce',
    subjects: [{ kind: 'User', name: 'soak@example.com' }],
    rules: [{ name: 'config', action: 'Allow', verbs: ['get', 'create'], apiGroups: [''], resources: ['configmaps'] }],
  });
  await client.kubectl(['create', 'configmap', 'standing', '--from-literal=text=standing']);
  gateway = await startOwnGateway(running, {
    name: 'soaked',
    until: '/readyz',
    configuration: {
      log: { level: 'info', access: false },
      // What is left in the last segment is shipped after SIGTERM.
      drain: { delay: '100ms', timeout: '2m' },
      audit: { segmentBytes: SEGMENT_BYTES },
      elasticsearch: { nodes: [front.url], namespace: NAMESPACE, installTemplates: {} },
    },
  });
}, 240_000);

afterAll(async () => {
  gateway?.kill();
  await gateway?.exited;
  await client?.close();
  await front?.close();
  await Promise.all([running?.stop(), server?.close()]);
}, 120_000);

const request = (number: number) =>
  number % 4 === 0
    ? ({
        method: 'POST',
        path: PATH,
        body: JSON.stringify({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { generateName: 'soak-' },
          data: { number: String(number) },
        }),
      } as const)
    : ({ method: 'GET', path: `${PATH}/standing` } as const);

const TOO_LARGE_BYTES = 128 * 1024;

/** Too much for it now, or at once; and some of what it took is not answered. */
const refusing: Fault = async ({ body }, forward, response) => {
  if (body.length > TOO_LARGE_BYTES) return refusal(413, 'content_too_long_exception');
  switch (randomInt(5)) {
    case 0:
      return forward();
    case 1:
      await forward();
      response.destroy();
      return 'Done';
    default:
      return refusal(429, 'es_rejected_execution_exception');
  }
};

const unreachable: Fault = async (_request, _forward, response) => {
  response.destroy();
  return 'Done';
};

const walDirectory = (): string => join(gateway.context.stateDirectory, 'wal');

const writerSince = (writer: string): string =>
  readFileSync(join(walDirectory(), writer, 'writer.json'), 'utf8').match(/"start":"([^"]+)"/)?.[1] ?? '';

const currentWriter = (): string =>
  readdirSync(walDirectory()).toSorted((left, right) => (writerSince(left) < writerSince(right) ? 1 : -1))[0] ?? '';

async function killAndRestart(calls: CountedCalls): Promise<Kill> {
  const writer = currentWriter();
  const { peak } = residentMemory(gateway.pid);
  const kill = { writer, at: performance.now(), inFlight: calls.inFlight(), peak };
  gateway.kill();
  await gateway.exited;
  gateway = await gateway.restart();
  return kill;
}

async function logBytes(): Promise<number> {
  const metrics = await fetch(`${gateway.context.adminUrl}/metrics`).then((answer) => answer.text());
  return Number(/^chaperone_log_bytes (\S+)$/m.exec(metrics)?.[1]);
}

/** Kills it at random moments of this time, and lets the time pass. */
async function killWhile(ms: number, kills: number, calls: CountedCalls): Promise<readonly Kill[]> {
  const until = performance.now() + ms;
  const told: Kill[] = [];
  for (let left = kills; left > 0; left--) {
    await sleep(((until - performance.now()) / (left + 1)) * (0.5 + Math.random()));
    told.push(await killAndRestart(calls));
    tell(`  killed after ${calls.answered.size} calls, the log has ${await logBytes()} bytes`);
  }
  await sleep(Math.max(0, until - performance.now()));
  return told;
}

/** Answered so shortly before the kill that their records may not have been written. */
const answeredLately = ({ answered }: CountedCalls, { at }: Kill): number =>
  answered.values().reduce((sum, time) => sum + Number(time <= at && time > at - COMMIT_MS - SHARED_MS), 0);

interface Line {
  readonly unknown: number;
  readonly inFlight: number;
  readonly lately: number;
  readonly peak: number;
}

const lineOf = (kill: Kill, calls: CountedCalls, evidence: ShippedEvidence): Line => ({
  unknown: evidence.unknown.values().reduce((sum, writer) => sum + Number(writer === kill.writer), 0),
  inFlight: kill.inFlight,
  lately: answeredLately(calls, kill),
  peak: kill.peak,
});

test(
  `${CALLS} calls while Elasticsearch is away, then refuses, and the gateway is killed ${KILLS} times: each answer is on record once`,
  { timeout: LIMIT_MS },
  async () => {
    const perSecond = CALLS / ((OUTAGE_MS + REFUSING_MS) / 1_000);
    const calls = makeCountedCalls({
      url: gateway.context.url,
      ca,
      token,
      calls: CALLS,
      connections: CONNECTIONS,
      perSecond,
      request,
    });
    tell(`Elasticsearch is stopped for ${OUTAGE_MS / 60_000} minutes`);
    front.befall(unreachable);
    await server.stop();
    const kills = [...(await killWhile(OUTAGE_MS, Math.ceil(KILLS / 2), calls))];
    const fullest = await logBytes();
    tell(`Elasticsearch is back and answers 429 and 413; ${calls.answered.size} calls, the log has ${fullest} bytes`);
    await server.start();
    front.befall(refusing);
    kills.push(...(await killWhile(REFUSING_MS, Math.floor(KILLS / 2), calls)));
    await calls.done;
    front.befall(undefined);
    tell(`All ${calls.answered.size} calls are answered`);
    const drainedFrom = performance.now();
    await expect.poll(logBytes, { timeout: LIMIT_MS, interval: 500 }).toBeLessThanOrEqual(2 * SEGMENT_BYTES);
    const { peak } = residentMemory(gateway.pid);
    gateway.terminate();
    expect(await gateway.exited).toBe(0);
    tell(`Drained and ended after ${Math.round((performance.now() - drainedFrom) / 1_000)} s`);

    const evidence = await shippedEvidence({
      url: server.url,
      namespace: NAMESPACE,
      stateDirectories: [gateway.context.stateDirectory],
    });
    const lines = kills.map((kill) => lineOf(kill, calls, evidence));
    const cutOff = evidence.completed.size - calls.answered.size;
    tell(`
answered to clients     ${calls.answered.size} (${[...calls.statuses].map(([status, count]) => `${status}: ${count}`).join(', ')})
broken connections      ${calls.broken} calls, ${calls.cut.size} of them after headers
documents               ${evidence.documents} of ${evidence.writers} writers
calls on record         ${evidence.completed.size} (${cutOff} of them the client saw no answer to)
missing                 ${[...calls.answered.keys()].filter((auditID) => !evidence.completed.has(auditID)).length}
more than once          ${evidence.completed.values().reduce((sum, count) => sum + Number(count !== 1), 0)}
numbers twice, left out ${evidence.duplicates.length}, ${evidence.gaps.length}
findings of verify      ${evidence.findings.length}
log at its fullest      ${(fullest / 1024 ** 2).toFixed(1)} MiB; left behind: ${readdirSync(walDirectory()).length} directories
memory of the last run  ${peak.toFixed(0)} MiB at its highest
kill  unknown outcomes  in flight  answered in the last ${COMMIT_MS + SHARED_MS} ms  memory MiB
${lines.map((line, at) => `${at + 1}     ${String(line.unknown).padEnd(16)}  ${String(line.inFlight).padEnd(9)}  ${String(line.lately).padEnd(27)}  ${line.peak.toFixed(0)}`).join('\n')}
`);
    const { 200: read, 201: created, 503: refused = 0, ...others } = Object.fromEntries(calls.statuses);
    expect([read, created, others]).toEqual([(3 * CALLS) / 4, CALLS / 4, {}]);
    expect(calls.answered.size).toBe(CALLS + refused);
    expect(
      [...calls.answered.keys(), ...calls.cut].filter((auditID) => evidence.completed.get(auditID) !== 1),
      'answers that are not on record once',
    ).toEqual([]);
    expect(evidence.completed.values().every((count) => count === 1)).toBe(true);
    expect(evidence.duplicates).toEqual([]);
    expect(evidence.gaps).toEqual([]);
    expect(evidence.findings).toEqual([]);
    expect(evidence.unknown.size, 'unknown outcomes of the kills').toBe(
      lines.reduce((sum, { unknown }) => sum + unknown, 0),
    );
    for (const { unknown, inFlight, lately } of lines) expect(unknown).toBeLessThanOrEqual(inFlight + lately);
    for (const run of [peak, ...kills.map((kill) => kill.peak)]) expect(run).toBeLessThan(MEMORY_MIB);
    expect(evidence.finished.size, 'writers with a last checkpoint').toBe(evidence.writers);
    expect(readdirSync(walDirectory()), 'logs that were left behind').toEqual([]);
  },
);

import { readdirSync } from 'node:fs';
import { connect } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import {
  refusal,
  startElasticsearchFront,
  type ElasticsearchFront,
  type Fault,
} from '../elasticsearch/elasticsearch-front.ts';
import { elasticsearchReady } from '../stack/elasticsearch-ready.ts';
import {
  eventually,
  expectRefusal,
  expectResumed,
  newRecordScene,
  PATIENCE_MS,
  type RecordScene,
  type ScenicGateway,
} from './record-scene.ts';
import { shippedEvidence, type ShippedEvidence } from './shipped-evidence.ts';

const elasticsearch = inject('elasticsearchUrl');
vi.setConfig({ testTimeout: 3 * PATIENCE_MS });

let scene: RecordScene;
let front: ElasticsearchFront;

beforeAll(async () => {
  [scene] = await Promise.all([newRecordScene('record-shipping'), elasticsearchReady(elasticsearch)]);
  front = await startElasticsearchFront(elasticsearch);
}, 120_000);

afterEach(() => front.befall(undefined));

afterAll(async () => {
  await scene?.stop();
  await front?.close();
}, 60_000);

const unreachable: Fault = async (_request, _forward, response) => {
  response.destroy();
  return 'Done';
};
const busy: Fault = async () => refusal(429, 'es_rejected_execution_exception');

/** Of a gateway that ships to streams of its own. */
const configuration = (namespace: string, audit: Readonly<Record<string, unknown>> = {}) => ({
  elasticsearch: { nodes: [front.url], namespace, installTemplates: {} },
  audit,
});

const walOf = (gateway: ScenicGateway): readonly string[] =>
  readdirSync(join(gateway.process().context.stateDirectory, 'wal'));

const shipped = (namespace: string, ...gateways: readonly ScenicGateway[]): Promise<ShippedEvidence> =>
  shippedEvidence({
    url: elasticsearch,
    namespace,
    stateDirectories: gateways.map((gateway) => gateway.process().context.stateDirectory),
  });

/** Every answer is stored once, and what is stored proves itself. */
function expectHonest(evidence: ShippedEvidence, answered: readonly string[]): void {
  expect(answered.length).toBeGreaterThan(0);
  expect(answered.filter((auditID) => evidence.completed.get(auditID) !== 1)).toEqual([]);
  expect([evidence.findings, evidence.duplicates, evidence.gaps]).toEqual([[], [], []]);
}

async function callTimes(gateway: ScenicGateway, times: number): Promise<void> {
  for (let call = 0; call < times; call++) await gateway.get();
}

test('a log that has grown to its limit while Elasticsearch is away: calls are refused, and go on when it is back', async () => {
  const gateway = await scene.start('full-log', {
    configuration: configuration('full_log', { maxBytes: 96 * 1024, segmentBytes: 16 * 1024 }),
  });
  front.befall(unreachable);
  await expectRefusal(
    gateway,
    /cannot be recorded.*the log of records has no room: what was recorded has to be shipped/,
  );
  front.befall(undefined);
  await expectResumed(gateway);
  gateway.process().terminate();
  expect(await gateway.process().exited).toBe(0);
  expectHonest(await shipped('full_log', gateway), gateway.answered(200));
});

describe('after SIGTERM', () => {
  test('records that wait are shipped before the process ends, and its log is closed and gone', async () => {
    const gateway = await scene.start('ended', { configuration: configuration('ended') });
    front.befall(busy);
    await callTimes(gateway, 50);
    gateway.process().terminate();
    await sleep(1_000);
    front.befall(undefined);
    expect(await gateway.process().exited).toBe(0);
    const evidence = await shipped('ended', gateway);
    expectHonest(evidence, gateway.answered(200));
    expect([evidence.writers, evidence.finished.size, walOf(gateway)]).toEqual([1, 1, []]);
    expect(evidence.told.map(({ type }) => type)).toEqual(expect.arrayContaining(['Started', 'Stopped']));
  });

  test('with Elasticsearch away the process ends all the same, and the next one ships what it left', async () => {
    const gateway = await scene.start('left', {
      configuration: { ...configuration('left'), drain: { delay: '100ms', timeout: '1s' } },
    });
    await expectResumed(gateway);
    front.befall(unreachable);
    await callTimes(gateway, 50);
    gateway.process().terminate();
    expect(await gateway.process().exited).toBe(0);
    expect(walOf(gateway)).toHaveLength(1);
    front.befall(undefined);
    await gateway.restart();
    await eventually(async () => expect(walOf(gateway).length).toBe(1));
    gateway.process().terminate();
    expect(await gateway.process().exited).toBe(0);
    const evidence = await shipped('left', gateway);
    expectHonest(evidence, gateway.answered(200));
    expect([evidence.writers, evidence.finished.size, walOf(gateway)]).toEqual([2, 2, []]);
    expect(evidence.unknown.size).toBe(0);
  });
});

test('of two gateways with one state directory the one that lives ships what the killed one left', async () => {
  const stateDirectory = join(scene.running.directories.root, 'shared-state');
  const shared = { ...configuration('shared', { adoptAfter: '2s' }), stateDirectory };
  const killed = await scene.start('killed', { configuration: shared });
  const living = await scene.start('living', { configuration: shared });
  front.befall(unreachable);
  await callTimes(killed, 50);
  await callTimes(living, 5);
  killed.process().kill();
  await killed.process().exited;
  await eventually(async () => expect(await living.metric('chaperone_log_events_total{type="Adopted"}')).toBe(1));
  front.befall(undefined);
  await eventually(async () => expect(readdirSync(join(stateDirectory, 'wal')).length).toBe(1));
  living.process().terminate();
  expect(await living.process().exited).toBe(0);
  const evidence = await shippedEvidence({
    url: elasticsearch,
    namespace: 'shared',
    stateDirectories: [stateDirectory],
  });
  expectHonest(evidence, [...killed.answered(200), ...living.answered(200)]);
  expect([evidence.writers, evidence.finished.size]).toEqual([2, 2]);
  expect(evidence.unknown.size).toBeLessThanOrEqual(1);
});

describe('a flood of calls without an identity', () => {
  const FLOOD = [
    { path: '/api/v1/pods' },
    { path: '/api/v1/pods', token: 'no-token' },
    { path: '/api/v1/namespaces/a%2Fb/pods' },
  ];

  async function flood(gateway: ScenicGateway, calls: number): Promise<readonly number[]> {
    const statuses: number[] = [];
    let next = 0;
    const loop = async (): Promise<void> => {
      for (let call = next++; call < calls; call = next++) {
        const request = FLOOD[call % FLOOD.length];
        if (request !== undefined) statuses.push((await gateway.client.call(request)).status);
      }
    };
    await Promise.all(Array.from({ length: 8 }, loop));
    return statuses;
  }

  /** Bytes that are no HTTP; resolves when they have been answered. */
  const garble = (gateway: ScenicGateway): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(gateway.process().context.url);
      const socket = connect({ host: hostname, port: Number(port), ca: scene.ca }, () =>
        socket.write('no HTTP\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.once('error', reject);
      socket.once('close', () => resolve(text));
    });

  const sumOf = ({ told }: ShippedEvidence, type: string): number =>
    told.reduce((sum, each) => sum + (each.type === type ? Number(each.facts['calls']) : 0), 0);

  test('is on record whole: some calls one by one, all others in sums', async () => {
    const gateway = await scene.start('flooded', {
      configuration: configuration('flooded', { strangersPerSecond: 20 }),
    });
    const statuses = await flood(gateway, 600);
    expect(new Set(statuses)).toEqual(new Set([400, 401]));
    const garbled = await Promise.all(Array.from({ length: 5 }, () => garble(gateway)));
    expect(garbled.every((text) => text.startsWith('HTTP/1.1 400 '))).toBe(true);
    await expectResumed(gateway);
    gateway.process().terminate();
    expect(await gateway.process().exited).toBe(0);
    const evidence = await shipped('flooded', gateway);
    expectHonest(evidence, gateway.answered(200));
    const summed = sumOf(evidence, 'StrangersRefused');
    expect(summed).toBeGreaterThan(0);
    expect(evidence.completed.size + summed).toBe(600 + gateway.answered(200).length + gateway.answered(503).length);
    expect(sumOf(evidence, 'RequestUnreadable')).toBe(5);
    expect(evidence.told.filter(({ type }) => type === 'StrangersRefused')[0]?.facts).toMatchObject({
      clientAddress: '127.0.0.1',
    });
  });

  test('does not fill the log that the calls of others have to be in', async () => {
    const gateway = await scene.start('crowded', {
      configuration: configuration('crowded', {
        strangersPerSecond: 10_000,
        maxBytes: 512 * 1024,
        segmentBytes: 32 * 1024,
      }),
    });
    front.befall(unreachable);
    await flood(gateway, 1_500);
    const filled = await gateway.metric('chaperone_log_bytes');
    expect(filled).toBeGreaterThan(0.7 * 512 * 1024);
    await flood(gateway, 1_500);
    expect(await gateway.metric('chaperone_log_bytes')).toBeLessThan(0.85 * 512 * 1024);
    expect((await gateway.get()).status).toBe(200);
    front.befall(undefined);
    gateway.process().terminate();
    expect(await gateway.process().exited).toBe(0);
    const evidence = await shipped('crowded', gateway);
    expectHonest(evidence, gateway.answered(200));
    expect(evidence.completed.size + sumOf(evidence, 'StrangersRefused')).toBe(3_000 + gateway.answered(200).length);
  });
});

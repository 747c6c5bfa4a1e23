import { join } from 'node:path';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { elasticsearchReady } from '../stack/elasticsearch-ready.ts';
import { newGatewayClient, type GatewayClient } from '../proxy/gateway-client.ts';
import { gatewayContext, type GatewayContext } from '../proxy/gateway-context.ts';
import { startOwnGateway, type OwnGateway } from '../proxy/own-gateway.ts';
import { CELLS } from './corpus/cells.ts';
import { CALLERS, JUDGED_CALLERS, prepareCluster } from './corpus/corpus-cluster.ts';
import { driveCells, failuresOf, leaksOf, missesOf } from './corpus/drive.ts';
import { searchAll } from './corpus/haystack.ts';
import { allShipped } from './corpus/indices.ts';
import { reportOf } from './corpus/report.ts';
import { newSeedSearch } from './corpus/search.ts';
import { newStage, type StageTokens } from './corpus/stage.ts';

/** Until the record of the last call is on the disk. */
const COMMITTED_MS = 500;
const STARTUP_TIMEOUT = 120_000;
const CORPUS_TIMEOUT = 180_000;

const elasticsearch = inject('elasticsearchUrl');

/** Records go to data streams of their own, so that nothing else is searched. */
const elasticsearchOf = (namespace: string): object => ({ nodes: [elasticsearch], namespace, installTemplates: {} });

let running: TestGateway;
let client: GatewayClient;
let unmasked: OwnGateway;
let tokens: StageTokens;

beforeAll(async () => {
  await elasticsearchReady(elasticsearch);
  running = await startTestGateway('leaks', {
    apiserverArguments: ['--feature-gates=CBORServingAndStorage=true'],
    overrides: { configuration: { elasticsearch: elasticsearchOf('leaks') } },
  });
  const context = gatewayContext(running);
  client = newGatewayClient(context);
  const tokenOf = (group: string): Promise<string> =>
    client.token({ user: 'corpus@example.com', groups: ['agents', group] });
  tokens = { caller: await tokenOf(CALLERS), judged: await tokenOf(JUDGED_CALLERS) };
  const register = join(import.meta.dirname, 'unmasked', 'register.ts');
  unmasked = await startOwnGateway(running, {
    name: 'unmasked',
    nodeArguments: ['--import', register],
    configuration: { elasticsearch: elasticsearchOf('unmasked') },
    until: '/readyz',
  });
  await prepareCluster({ client, token: tokens.caller, targets: ['Audit'] });
}, STARTUP_TIMEOUT);

afterAll(async () => {
  unmasked?.terminate();
  await client?.close();
  await running?.stop();
}, 60_000);

interface Driven {
  readonly context: GatewayContext;
  readonly logs: readonly string[];
  /** The last part of the names of its data streams. */
  readonly streams: string;
}

async function drive({ context, logs, streams }: Driven) {
  const stage = newStage(context, tokens);
  try {
    const driven = await driveCells(CELLS, stage);
    await sleep(COMMITTED_MS);
    const indices = { url: elasticsearch, pattern: `*-${streams}` };
    await allShipped(indices);
    const search = newSeedSearch(driven.flatMap(({ seeds }) => seeds));
    const searched = await searchAll({ context, client, logs, indices, token: tokens.caller }, search);
    return { driven, ...searched };
  } finally {
    await stage.close();
  }
}

test(
  'no secret of the corpus is found in anything that Chaperone keeps or shows, and without masking each one is',
  { timeout: CORPUS_TIMEOUT },
  async () => {
    const context = gatewayContext(running);
    const logs = ['gateway', 'operator'].map((name) => join(context.logDirectory, `${name}.log`));
    const product = await drive({ context, logs, streams: 'leaks' });
    const control = await drive({ context: unmasked.context, logs: [unmasked.logFile], streams: 'unmasked' });
    if (process.env['LEAKS'] !== undefined) process.stdout.write(reportOf({ product, control }));
    expect.soft([...failuresOf(product.driven), ...failuresOf(control.driven)]).toEqual([]);
    expect.soft(leaksOf(product.driven, product.findings)).toEqual([]);
    expect.soft(missesOf(control.driven, control.findings)).toEqual([]);
    const indexed = control.findings.filter(({ place }) => place === 'Elasticsearch');
    expect.soft(missesOf(control.driven, indexed)).toEqual([]);
  },
);

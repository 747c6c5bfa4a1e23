import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '@chaperone/cli/command-error';
import { parseRegistry } from '@chaperone/crds/audit/registry';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import type { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { chaperone, type Outcome } from '../cli/command.ts';
import { newClient } from '../elasticsearch/client.ts';
import { gatewayContext } from '../proxy/gateway-context.ts';
import { newGatewayClient, type GatewayClient } from '../proxy/gateway-client.ts';
import { startOwnGateway, type OwnGateway } from '../proxy/own-gateway.ts';
import { elasticsearchReady } from '../stack/elasticsearch-ready.ts';

const url = inject('elasticsearchUrl');
const STREAMS = `registry_${process.pid}`;
const SOON = { timeout: 60_000, interval: 500 };
const OTHER = 'registry-shipping';

let running: TestGateway;
let other: OwnGateway;
let client: GatewayClient;
let elasticsearch: Client;
let directory: string;
let keyFile: string;

beforeAll(async () => {
  await elasticsearchReady(url);
  elasticsearch = newClient({ node: url });
  directory = mkdtempSync(join(tmpdir(), 'registry-shipped-'));
  keyFile = join(directory, 'registry-key.pem');
  running = await startTestGateway('registry-shipped', {
    overrides: { configuration: { elasticsearch: { nodes: [url], namespace: STREAMS, installTemplates: {} } } },
  });
  other = await startOwnGateway(running, { name: OTHER, until: '/readyz' });
  client = newGatewayClient(gatewayContext(running));
}, 180_000);

afterAll(async () => {
  other?.kill();
  await other?.exited;
  await client?.close();
  await running?.stop();
  await elasticsearch?.close();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

async function publish(key: 'registry.json' | 'public-key.pem', file: string): Promise<void> {
  const template = `--output=jsonpath={.data.${key.replace('.', String.raw`\.`)}}`;
  const get = ['get', 'configmap', 'chaperone-writers', '--namespace=chaperone-system', template];
  writeFileSync(file, (await client.kubectl(get)).stdout);
}

const verify = (): Promise<Outcome> =>
  chaperone([
    'verify',
    '--elasticsearch',
    url,
    '--data-stream-namespace',
    STREAMS,
    '--registry-key',
    keyFile,
    '--output=json',
  ]);

/** The writers of the newest registry that have records, as far as it knows. */
async function writers(): Promise<readonly string[]> {
  const { hits } = await elasticsearch.search<{ event: { original: string } }>({
    index: `logs-chaperone.checkpoint-${STREAMS}`,
    query: { exists: { field: 'chaperone.registry.number' } },
    sort: [{ 'chaperone.registry.number': 'desc' }],
    size: 1,
  });
  const registry = parseRegistry(hits.hits[0]?._source?.event.original);
  return registry?.writers.filter(({ head }) => head.sequence > 0).map(({ writer }) => writer) ?? [];
}

async function deleteAllOf(index: string, term: Record<string, string>): Promise<number> {
  const { hits } = await elasticsearch.search({ index, query: { term }, size: 1_000, _source: false });
  if (hits.hits.length === 0) return 0;
  const operations = hits.hits.map(({ _index, _id = '' }) => ({ delete: { _index, _id } }));
  expect(await elasticsearch.bulk({ operations, refresh: true })).toMatchObject({ errors: false });
  return operations.length;
}

test('the registry is shipped with the records, and verify finds it and a writer that was dropped', async () => {
  const token = await client.token({ user: 'shipped@example.com', groups: ['agents'] });
  const { status } = await client.call({ token, path: '/version' });
  expect(status).toBe(200);
  await expect.poll(writers, SOON).toEqual(expect.arrayContaining([expect.stringMatching(`^${OTHER}-`)]));
  await publish('public-key.pem', keyFile);
  // A head may be in the registry a moment before its record is searchable.
  await expect.poll(async () => (await verify()).code, SOON).toBe(EXIT.ok);
  expect((await verify()).error).not.toContain('without a registry of writers');

  const [dropped] = (await writers()).filter((writer) => writer.startsWith(`${OTHER}-`));
  // Nothing of it comes after.
  other.kill();
  await other.exited;
  expect(
    await deleteAllOf(`logs-kubernetes.audit_logs-${STREAMS}`, { 'chaperone.integrity.writer': dropped ?? '' }),
  ).toBeGreaterThan(0);
  await deleteAllOf(`logs-chaperone.checkpoint-${STREAMS}`, { 'chaperone.checkpoint.writer': dropped ?? '' });
  const outcome = await verify();
  expect(outcome.code).toBe(EXIT.found);
  expect(outcome.out).toContain('"DroppedWriter"');
  expect(outcome.out).toContain(dropped);
});

test('that every replica ships each registry makes one document of it, and no fault', async () => {
  const { aggregations, hits } = await elasticsearch.search({
    index: `logs-chaperone.checkpoint-${STREAMS}`,
    size: 1,
    query: { exists: { field: 'chaperone.registry.number' } },
    aggs: { numbers: { terms: { field: 'chaperone.registry.number', min_doc_count: 2 } } },
  });
  expect(hits.hits).toHaveLength(1);
  expect(aggregations).toMatchObject({ numbers: { buckets: [] } });
  const logs = [other.log(), readFileSync(`${gatewayContext(running).logDirectory}/gateway.log`, 'utf8')];
  for (const log of logs) {
    expect(log).not.toContain("Somebody else's document");
    expect(log).not.toContain('cannot be stored');
  }
});

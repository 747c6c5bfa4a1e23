import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { startElasticsearch, type Elasticsearch } from '@chaperone/e2e/elasticsearch/elasticsearch';
import { provideKqlDistribution } from '@chaperone/e2e/elasticsearch/kql-distribution';
import { defaultDistributionCache } from '@chaperone/e2e/elasticsearch/state-directory';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { RECORD_FIELDS } from '@chaperone/proxy/audit/elasticsearch/fields';
import { installTemplates } from '@chaperone/proxy/audit/elasticsearch/install-templates';
import type { SourceRecord } from '@chaperone/proxy/audit/elasticsearch/source-entry';
import type { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { newWrittenLog } from './call-records.ts';
import { newClient } from './client.ts';
import { newLocalStack, type LocalStack } from './local-stack.ts';
import { NEEDED_FIELDS } from './needed-fields.ts';
import { gatewayContext } from '../proxy/gateway-context.ts';
import { BEHIND_PROXY, playScenes } from '../records/real-scenes.ts';
import { SCENES, type Scene, type SceneName } from './scenes.ts';
import { ship } from './shipping.ts';
import { TRAPS } from './traps.ts';

const BOOT_TIMEOUT = 240_000;
const STREAM = 'logs-kubernetes.audit_logs-default';

let stack: LocalStack;
let server: Elasticsearch;
let client: Client;
/** The documents of each scene, by the ids that they are stored under. */
const ids = new Map<string, string>();
let gateway: TestGateway;
/** Scenes that were played through a gateway, by audit id. */
let played: ReadonlyMap<string, SceneName>;

beforeAll(async () => {
  stack = await newLocalStack();
  const isRoot = process.getuid?.() === 0;
  const cacheDirectory = `${defaultDistributionCache(process.env, isRoot)}-kql`;
  const report = (): void => {};
  await provideKqlDistribution({ cacheDirectory, report });
  server = await startElasticsearch(stack.supervisor, { httpPort: stack.httpPort, cacheDirectory, report });
  client = newClient({ node: server.url });
  await installTemplates(client, { namespace: 'default', retentionDays: 30, version: '0.1.0' });
  gateway = await startTestGateway('searches', {
    overrides: {
      configuration: {
        ...BEHIND_PROXY,
        elasticsearch: { nodes: [server.url], namespace: 'real', installTemplates: {} },
      },
    },
  });
  played = await playScenes(gatewayContext(gateway));
  const log = newWrittenLog(randomUUID());
  const entries: SourceRecord<number>[] = [];
  for (const [name, { event, ...bodies }] of Object.entries<Scene>(SCENES)) {
    const entry = log.add({ ...event, auditID: randomUUID() }, bodies);
    ids.set(`${entry.writer}:${entry.sequence}`, name);
    entries.push(entry);
  }
  const shipping = await ship({ settings: { nodes: [server.url], cluster: { name: 'prod', id: 'c-1' } }, entries });
  await shipping.shipper.ended;
  await client.indices.refresh({ index: STREAM });
}, BOOT_TIMEOUT);

afterAll(async () => {
  await gateway.stop();
  await client.close();
  await stack.stop();
}, BOOT_TIMEOUT);

const hitsSchema = z.object({ hits: z.object({ hits: z.array(z.object({ _id: z.string() })) }) });

/** The names of the scenes that a search in KQL finds. */
async function found(query: string): Promise<readonly string[]> {
  const answer: unknown = await client.transport.request({
    method: 'POST',
    path: `/${STREAM}/_search`,
    body: { size: 100, _source: false, query: { kql: { query } } },
  });
  return hitsSchema.parse(answer).hits.hits.map(({ _id }) => ids.get(_id) ?? '');
}

const REAL_STREAM = 'logs-kubernetes.audit_logs-real';
const eventsSchema = z.object({
  hits: z.object({ hits: z.array(z.object({ _source: z.object({ event: z.object({ id: z.string() }) }) })) }),
});

/** The names of the scenes among the real calls that a search in KQL finds. */
async function foundReal(query: string): Promise<readonly string[]> {
  const answer: unknown = await client.transport.request({
    method: 'POST',
    path: `/${REAL_STREAM}/_search`,
    body: {
      size: 1_000,
      _source: ['event.id'],
      query: { bool: { must: [{ kql: { query } }], filter: [{ terms: { 'event.id': [...played.keys()] } }] } },
    },
  });
  return eventsSchema.parse(answer).hits.hits.flatMap(({ _source }) => played.get(_source.event.id) ?? []);
}

describe('a search finds the one call, and not its twin', () => {
  test.each(Object.entries(TRAPS))('%s', async (_, { query, finds, twin }) => {
    const names = await found(query);
    expect(names).toContain(finds);
    expect(names).not.toContain(twin);
  });
});

describe('a search of what a gateway recorded finds the one call, and not its twin', () => {
  const isPlayed = (name: SceneName): boolean => [...played.values()].includes(name);
  /** A document that comes late cannot be had on demand, and its twin is none then. */
  const byHand: readonly SceneName[] = ['readLongAgo'];

  test('all of them were played', async () => {
    const wanted = new Set(Object.values(TRAPS).flatMap(({ finds, twin }) => [finds, twin]));
    expect([...wanted].filter((name) => !isPlayed(name))).toEqual(byHand);
    await expect
      .poll(async () => {
        await client.indices.refresh({ index: REAL_STREAM });
        return [...new Set(await foundReal('event.id:*'))].toSorted();
      })
      .toEqual([...played.values()].toSorted());
  });

  test.each(Object.entries(TRAPS).filter(([, { finds }]) => !byHand.includes(finds)))(
    '%s',
    async (_, { query, finds, twin }) => {
      const names = await foundReal(query);
      expect(names).toContain(finds);
      expect(names).not.toContain(twin);
    },
  );
});

describe('T1: every column that a search may name', () => {
  test.each(Object.keys(NEEDED_FIELDS))('%s is in the mapping', async (field) => {
    // Keys under a flattened field are in no mapping: it stands for them.
    const parent = field.split('.').slice(0, -1).join('.');
    const column = RECORD_FIELDS[parent] === 'flattened' ? parent : field;
    const { fields } = await client.fieldCaps({ index: STREAM, fields: [column] });
    expect(Object.keys(fields)).toContain(column);
  });

  test('and none that nobody declared', async () => {
    const { fields } = await client.fieldCaps({
      index: STREAM,
      fields: ['kubernetes.audit.requestObject.spec.other', 'other'],
    });
    expect(fields).toEqual({});
  });
});

test('T2: all documents have one address at most', async () => {
  const { hits } = await client.search<{ source?: { ip?: unknown }; kubernetes: { audit: { sourceIPs: unknown } } }>({
    index: STREAM,
    size: 100,
  });
  for (const { _source: source } of hits.hits) {
    expect(source?.kubernetes.audit.sourceIPs).toHaveLength(1);
    expect(typeof source?.source?.ip).toBe('string');
  }
  expect(hits.hits).toHaveLength(Object.keys(SCENES).length);
});

test('T5 and T17: nobody without a name was allowed anything, and a failed login was not decided upon', async () => {
  const decision = 'kubernetes.audit.annotations.authorization_k8s_io/decision';
  expect(await found(`${decision}:"allow" and not kubernetes.audit.user.username:*`)).toEqual([]);
  expect(await found(`chaperone.refusal:"TokenInvalid" and not ${decision}:*`)).toEqual(['loginFailed']);
});

test('T11: a field has one type under the whole pattern, where a stream of another kind was first', async () => {
  const other = 'logs-kubernetes.audit_logs-elastic';
  await client.indices.putIndexTemplate({
    name: other,
    index_patterns: [other],
    priority: 600,
    data_stream: {},
    template: {
      mappings: {
        properties: {
          kubernetes: { properties: { audit: { properties: { user: { properties: { groups: { type: 'text' } } } } } } },
        },
      },
    },
  });
  await client.bulk({
    index: other,
    operations: [
      { create: {} },
      { '@timestamp': '2026-01-01T00:00:00Z', kubernetes: { audit: { user: { groups: ['agents'] } } } },
    ],
  });
  const typesOf = async (index: string): Promise<string[]> => {
    const { fields } = await client.fieldCaps({
      index: ['logs-kubernetes.audit_logs-elastic', index],
      fields: ['kubernetes.audit.user.groups'],
    });
    return Object.keys(fields['kubernetes.audit.user.groups'] ?? {});
  };
  await installTemplates(client, { namespace: 'after', retentionDays: 30, version: '0.1.0' });
  const log = newWrittenLog(randomUUID());
  const shipping = await ship({
    settings: { nodes: [server.url], namespace: 'after' },
    entries: [log.add(SCENES.read.event)],
  });
  await shipping.shipper.ended;
  expect(await typesOf('logs-kubernetes.audit_logs-after')).toEqual(['text']);
  // The twin: installed before there was another, it has a type of its own.
  expect((await typesOf(STREAM)).toSorted()).toEqual(['keyword', 'text']);
});

describe('the searches of the documentation', async () => {
  const page = await readFile(resolve(import.meta.dirname, '../../../docs/records.md'), 'utf8');
  const searches = [
    ...page.slice(page.indexOf('## Searching')).matchAll(/^\| `([^`]+)` \|[^|]*\| (\w+(?:, \w+)*) \|$/gm),
  ].map(([, query = '', names = '']) => [query.replaceAll('\\|', '|'), names] as const);

  test('are there', () => {
    expect(searches.length).toBeGreaterThan(7);
  });

  test.each(searches)('%s', async (query, names) => {
    const expected = names.split(', ');
    expect(await found(query)).toEqual(expect.arrayContaining(expected));
    expect((await found(query)).length).toBeLessThan(Object.keys(SCENES).length);
  });
});

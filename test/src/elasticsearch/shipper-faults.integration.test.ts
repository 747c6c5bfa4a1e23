import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';
import { installTemplates } from '@chaperone/proxy/audit/elasticsearch/install-templates';
import type { SourceEntry } from '@chaperone/proxy/audit/elasticsearch/source-entry';
import type { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { elasticsearchReady } from '../stack/elasticsearch-ready.ts';
import { callEvent, newWrittenLog } from './call-records.ts';
import { newClient } from './client.ts';
import {
  refusal,
  startElasticsearchFront,
  type ElasticsearchFront,
  type Fault,
  type FrontAnswer,
} from './elasticsearch-front.ts';
import { ship, type Shipping } from './shipping.ts';
import { storedDocuments } from './stored-documents.ts';

const url = inject('elasticsearchUrl');
let client: Client;
let front: ElasticsearchFront;
let namespace: string;

beforeAll(async () => {
  await elasticsearchReady(url);
  client = newClient({ node: url });
}, 120_000);

afterAll(async () => {
  await client.close();
});

beforeEach(async () => {
  namespace = `faults_${randomUUID().slice(0, 8)}`;
  await installTemplates(client, { namespace, retentionDays: 30, version: '0.1.0' });
  front = await startElasticsearchFront(url);
  onTestFinished(() => front.close());
});

function entriesOf(count: number): SourceEntry<number>[] {
  const log = newWrittenLog(randomUUID());
  return Array.from({ length: count }, (_, index) => log.add(callEvent({ requestURI: `/api/v1/${index}` })));
}

interface ShipThrough {
  readonly settings?: Record<string, unknown>;
  readonly count?: number;
}

/** Ships through the front until all is stored or told of. */
async function shipThrough({ settings, count = 30 }: ShipThrough = {}): Promise<Shipping> {
  const batch = { documents: 10 };
  const shipping = await ship({
    settings: { nodes: [front.url], namespace, batch, ...settings },
    entries: entriesOf(count),
  });
  await shipping.shipper.ended;
  return shipping;
}

const sequences = async (): Promise<unknown[]> =>
  (await storedDocuments(client, `logs-kubernetes.audit_logs-${namespace}`)).map(({ source }) => {
    const { event } = source;
    return typeof event === 'object' && event !== null && 'sequence' in event ? event.sequence : undefined;
  });
const all = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Rewrites the items of a bulk answer. */
function withItems(answer: FrontAnswer, change: (items: Record<string, unknown>[]) => unknown[]): FrontAnswer {
  const parsed: unknown = JSON.parse(answer.body.toString('utf8'));
  const items =
    typeof parsed === 'object' && parsed !== null && 'items' in parsed && Array.isArray(parsed.items)
      ? parsed.items
      : [];
  const records = items.flatMap((item: unknown) =>
    typeof item === 'object' && item !== null && 'create' in item && typeof item.create === 'object'
      ? [{ ...item.create }]
      : [],
  );
  const body = JSON.stringify({
    ...(typeof parsed === 'object' ? parsed : {}),
    items: change(records).map((create) => ({ create })),
  });
  return { ...answer, body: Buffer.from(body) };
}

/** Faults that time heals, and whether what was sent may be stored nevertheless. */
const PASSING: Readonly<Record<string, Fault>> = {
  'a storm of 429': () => Promise.resolve(refusal(429, 'es_rejected_execution_exception')),
  'a server that is starting, 503': () => Promise.resolve(refusal(503, 'cluster_block_exception')),
  'a 502 of a load balancer that speaks HTML': () =>
    Promise.resolve({ status: 502, headers: { 'content-type': 'text/html' }, body: Buffer.from('<html>') }),
  'a connection that is reset before the request is passed on': (_, __, response) => {
    response.destroy();
    return Promise.resolve('Done');
  },
  'a connection that is reset once all is stored': async (_, forward, response) => {
    await forward();
    response.destroy();
    return 'Done';
  },
  'a connection that is reset in the middle of the answer': async (_, forward, response) => {
    const { status, headers, body } = await forward();
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.write(body.subarray(0, body.length / 2));
    setTimeout(() => response.destroy(), 20);
    return 'Done';
  },
  'an answer that is no JSON': async (_, forward) => ({ ...(await forward()), body: Buffer.from('{"items":[') }),
  'an answer to another request': async (_, forward) =>
    withItems(await forward(), (items) => items.map((item) => ({ ...item, _id: 'other:1' }))),
  'an answer with items that are missing': async (_, forward) => withItems(await forward(), (items) => items.slice(1)),
  'an answer of something that is not Elasticsearch': async (_, forward) => {
    const { status, body } = await forward();
    return { status, headers: { 'content-type': 'application/json' }, body };
  },
};

describe('each record is stored exactly once, and none is reduced, through', () => {
  test.each(Object.entries(PASSING))(
    '%s',
    async (_, fault) => {
      front.faults.push(fault, fault, fault);
      const shipping = await shipThrough();
      expect(await sequences()).toEqual(all(30));
      expect(shipping.told('Delayed').length).toBeGreaterThanOrEqual(3);
      expect([shipping.told('Reduced'), shipping.told('Conflict'), await shipping.deadLetters()]).toEqual([[], [], []]);
      expect(shipping.acknowledged.at(-1)).toBe(30);
    },
    60_000,
  );

  test('a server that does not answer in time, yet stores', async () => {
    front.faults.push(async (_, forward) => {
      await forward();
      return new Promise<'Done'>(() => {});
    });
    const shipping = await shipThrough({ settings: { requestTimeout: '500ms' } });
    expect(await sequences()).toEqual(all(30));
    expect(shipping.told('Conflict')).toEqual([]);
  });

  test('answers that trickle', async () => {
    const trickle: Fault = async (_, forward, response) => {
      const { status, headers, body } = await forward();
      response.writeHead(status, { ...headers, 'content-length': body.length });
      for (let at = 0; at < body.length; at += 64) {
        response.write(body.subarray(at, at + 64));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      response.end();
      return 'Done';
    };
    front.faults.push(trickle, trickle);
    const shipping = await shipThrough();
    expect(await sequences()).toEqual(all(30));
    expect(shipping.told('Delayed')).toEqual([]);
  });

  test('items that are refused for now among others that are stored', async () => {
    const some: Fault = async (_, forward) =>
      withItems(await forward(), (items) =>
        items.map((item, index) =>
          index % 3 === 0 ? { _id: item['_id'], status: 503, error: { type: 'unavailable_shards_exception' } } : item,
        ),
      );
    front.faults.push(some, some);
    const shipping = await shipThrough();
    expect(await sequences()).toEqual(all(30));
    expect(shipping.told('Conflict')).toEqual([]);
  });
});

describe('reported', () => {
  test('a document that went to the failure store, and is then sent with less in it', async () => {
    front.faults.push(async ({ body }) => {
      // As a server with a failure store answers: 201, and where the document is not (reference of the Bulk API).
      const ids = [...body.toString('utf8').matchAll(/^\{"create":\{"_index":"[^"]+","_id":"([^"]+)"\}\}$/gm)].map(
        ([, id]) => id,
      );
      const items = ids.map((_id) => ({ create: { _id, status: 201, failure_store: 'used' } }));
      const { headers } = refusal(200, '');
      return Promise.resolve({
        status: 200,
        headers,
        body: Buffer.from(JSON.stringify({ errors: false, took: 1, items })),
      });
    });
    const shipping = await shipThrough({ count: 3 });
    expect(shipping.told('Reduced')).toMatchObject([{ why: 'Misplaced' }, { why: 'Misplaced' }, { why: 'Misplaced' }]);
    expect(await sequences()).toEqual(all(3));
  });

  test("somebody else's document under the id of a record: the record is in a dead letter", async () => {
    const [entry, ...others] = entriesOf(3);
    await client.bulk({
      index: `logs-kubernetes.audit_logs-${namespace}`,
      operations: [
        { create: { _id: `${entry?.writer}:1` } },
        { '@timestamp': '2026-01-01T00:00:00Z', message: 'forged' },
      ],
    });
    const shipping = await ship({
      settings: { nodes: [url], namespace },
      entries: [...(entry === undefined ? [] : [entry]), ...others],
    });
    await shipping.shipper.ended;
    expect(shipping.told('Conflict')).toEqual([{ type: 'Conflict', document: { writer: entry?.writer, sequence: 1 } }]);
    const [letter = ''] = await shipping.deadLetters();
    expect(JSON.parse(letter)).toMatchObject({
      why: 'Conflict',
      sequence: 1,
      original: entry?.kind === 'Record' ? entry.original : '',
    });
    expect(shipping.acknowledged.at(-1)).toBe(3);
  });

  test('a record that was sent by a process before this one is no conflict', async () => {
    const entries = entriesOf(5);
    const first = await ship({ settings: { nodes: [url], namespace }, entries });
    await first.shipper.ended;
    const second = await ship({ settings: { nodes: [url], namespace }, entries, isOwn: false });
    await second.shipper.ended;
    expect(second.told('Stored')).toEqual([{ type: 'Stored', documents: 5, duplicates: 5 }]);
    expect(second.told('Conflict')).toEqual([]);
    expect(await sequences()).toEqual(all(5));
  });

  test('a data stream without a template, until there is one', async () => {
    namespace = `late_${randomUUID().slice(0, 8)}`;
    const shipping = await ship({ settings: { nodes: [url], namespace }, entries: entriesOf(3) });
    await expect.poll(() => shipping.shipper.state().obstacle).toBe('NoStream');
    expect(await client.indices.exists({ index: `logs-kubernetes.audit_logs-${namespace}` })).toBe(false);
    await installTemplates(client, { namespace, retentionDays: 30, version: '0.1.0' });
    await shipping.shipper.ended;
    expect(await sequences()).toEqual(all(3));
  });
});

describe('on the wire', () => {
  test('one setting of headers for 8.19 and 9.x, and no versions of ours', async () => {
    await shipThrough({ count: 1 });
    const [first] = front.requests;
    expect(first?.headers).toMatchObject({
      accept: 'application/vnd.elasticsearch+json; compatible-with=8',
      'content-type': 'application/vnd.elasticsearch+x-ndjson; compatible-with=8',
    });
    expect(first?.headers).not.toHaveProperty('x-elastic-client-meta');
    expect(new URL(first?.url ?? '', front.url).searchParams.get('require_data_stream')).toBe('true');
  });

  test('a 9.x server: its media types are taken', async () => {
    front.faults.push(async (_, forward) => {
      const answer = await forward();
      return {
        ...answer,
        headers: { ...answer.headers, 'content-type': 'application/vnd.elasticsearch+json;compatible-with=9' },
      };
    });
    const shipping = await shipThrough({ count: 3 });
    expect(shipping.told('Delayed')).toEqual([]);
    expect(await sequences()).toEqual(all(3));
  });
});

describe('the connection is made', () => {
  async function files(contents: Record<string, string>): Promise<Record<string, string>> {
    const directory = await mkdtemp(join(tmpdir(), 'chaperone-credentials-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    for (const [name, content] of Object.entries(contents)) await writeFile(join(directory, name), content);
    return Object.fromEntries(Object.keys(contents).map((name) => [name, join(directory, name)]));
  }

  test('by an API key, as its file has it', async () => {
    const { key } = await files({ key: 'aWQ6c2VjcmV0\n' });
    await shipThrough({ settings: { authentication: { apiKeyFile: key } }, count: 1 });
    expect(front.requests[0]?.headers.authorization).toBe('ApiKey aWQ6c2VjcmV0');
  });

  test('by a certificate, where the server asks for one', async () => {
    const authority = await newCertificateAuthority('Front of Elasticsearch');
    const serving = await authority.issue({
      commonName: 'front',
      dnsNames: [],
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
    });
    const shipping = await authority.issue({
      commonName: 'shipper',
      dnsNames: [],
      ipAddresses: [],
      usages: ['client'],
    });
    const ca = authority.keyPair.certificate;
    const secured = await startElasticsearchFront(url, {
      cert: serving.certificate,
      key: serving.key,
      ca,
      requestCert: true,
    });
    onTestFinished(() => secured.close());
    const { caFile, certificateFile, keyFile } = await files({
      caFile: ca,
      certificateFile: shipping.certificate,
      keyFile: shipping.key,
    });

    const unknown = await ship({
      settings: { nodes: [secured.url], namespace, tls: { caFile } },
      entries: entriesOf(1),
    });
    await expect.poll(() => unknown.told('Delayed').length).toBeGreaterThan(0);
    await unknown.shipper.close(0);
    expect([secured.requests.length, unknown.acknowledged]).toEqual([0, []]);

    const known = await ship({
      settings: { nodes: [secured.url], namespace, tls: { caFile, certificateFile, keyFile } },
      entries: entriesOf(3),
    });
    await known.shipper.ended;
    expect(await sequences()).toEqual(all(3));
  });

  test('to the node that answers, where another of the cluster does not', async () => {
    // Nobody may listen there.
    const gone = 'http://127.0.0.1:1';
    const shipping = await ship({ settings: { nodes: [gone, front.url], namespace }, entries: entriesOf(5) });
    await shipping.shipper.ended;
    expect(await sequences()).toEqual(all(5));
    expect(shipping.told('Conflict')).toEqual([]);
  });
});

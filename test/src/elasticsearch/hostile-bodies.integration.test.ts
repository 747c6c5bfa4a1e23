import { randomUUID } from 'node:crypto';
import { OBJECT_FIELDS } from '@chaperone/proxy/audit/elasticsearch/fields';
import { installTemplates } from '@chaperone/proxy/audit/elasticsearch/install-templates';
import type { SourceEntry } from '@chaperone/proxy/audit/elasticsearch/source-entry';
import type { Client } from '@elastic/elasticsearch';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { elasticsearchReady } from '../stack/elasticsearch-ready.ts';
import { callEvent, newWrittenLog } from './call-records.ts';
import { newClient } from './client.ts';
import { ship } from './shipping.ts';
import { countFields, storedDocuments } from './stored-documents.ts';

const namespace = `hostile_${randomUUID().slice(0, 8)}`;
const stream = `logs-kubernetes.audit_logs-${namespace}`;
const url = inject('elasticsearchUrl');
let client: Client;

beforeAll(async () => {
  await elasticsearchReady(url);
  client = newClient({ node: url });
  await installTemplates(client, { namespace, retentionDays: 30, version: '0.1.0' });
}, 120_000);

afterAll(async () => {
  await client.close();
});

/** What a field may hold that was meant for something else. */
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('2026-13-45T99:99:99Z', 'true', '', '\0', '\ud800', '-1', 'NaN', '1e999', '../..', '{"a":1}'),
  fc.double(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
);
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 4 }),
  fc.dictionary(fc.string({ maxLength: 12 }), scalar, { maxKeys: 4 }),
  fc.array(fc.dictionary(fc.string({ maxLength: 12 }), scalar, { maxKeys: 3 }), { maxLength: 3 }),
);

const isRecord = (given: unknown): given is Record<string, unknown> =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

/** Puts a value where a declared field is, or at the place of an object above it. */
function put(body: Record<string, unknown>, path: readonly string[], given: unknown): void {
  const [key = '', ...rest] = path;
  const below = body[key];
  if (rest.length === 0) body[key] = given;
  else if (isRecord(below)) put(below, rest, given);
  else {
    const made: Record<string, unknown> = {};
    put(made, rest, given);
    body[key] = made;
  }
}

const declaredPath = fc.constantFrom(...Object.keys(OBJECT_FIELDS)).chain((path) => {
  const keys = path.split('.');
  return fc.integer({ min: 1, max: keys.length + 1 }).map((length) => [...keys, 'below'].slice(0, length));
});

/** A custom resource: some declared fields with whatever in them, and some fields that nobody knows. */
const customResource = fc
  .tuple(
    fc.array(fc.tuple(declaredPath, value), { minLength: 1, maxLength: 8 }),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), value, { maxKeys: 6 }),
  )
  .map(([declared, others]) => {
    const body: Record<string, unknown> = {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w' },
      status: others,
    };
    for (const [path, given] of declared) put(body, path, given);
    return JSON.stringify({ ...others, ...body });
  });

const levels = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** Each has had documents refused by some mapping. */
const HOSTILE: Readonly<Record<string, string>> = {
  'a text where an object is mapped': '{"spec":"all","rules":"none","roleRef":7,"subjects":[[[]]],"webhooks":true}',
  'objects where texts are mapped':
    '{"spec":{"type":{"a":1},"containers":[{"image":{"b":[]},"name":[{"c":1}]}],"hostPID":{"a":true}}}',
  'numbers out of range':
    '{"spec":{"replicas":9223372036854775808,"containers":[{"securityContext":{"runAsUser":1e400,"runAsGroup":-9223372036854775809}}]}}',
  'fractions and texts where whole numbers are mapped':
    '{"spec":{"replicas":1.5,"containers":[{"securityContext":{"runAsUser":"root"}}]}}',
  'a key of 40 KB': `{"spec":{"volumes":[{"hostPath":{"${'k'.repeat(40_000)}":"v"}}],"${'k'.repeat(40_000)}":1}}`,
  'a value of 40 KB in a keyword': `{"spec":{"type":"${'v'.repeat(40_000)}","containers":[{"image":"${'€'.repeat(40_000)}","command":["${'x'.repeat(40_000)}"]}]}}`,
  'a value of 40 KB under a flattened field': `{"spec":{"volumes":[{"hostPath":{"path":"${'€'.repeat(40_000)}"}}]}}`,
  'a flattened field with keys as long as can be, one in the other': `{"spec":{"volumes":[{"hostPath":${`{"${'€'.repeat(256)}":`.repeat(8)}"${'€'.repeat(9_000)}"${'}'.repeat(8)}}]}}`,
  '900 levels under a flattened field': `{"spec":{"volumes":[{"hostPath":${levels(900)}}]}}`,
  '900 levels under no field': `{"other":${levels(900)}}`,
  'keys with dots, and of dots alone':
    '{"spec.type":"a","spec":{".":1,"..":2,"a..b":3,"volumes":[{"hostPath":{".":"a","..":"b","a..b":"c"}}]}}',
  'an empty key': '{"":{"":1},"spec":{"":1,"volumes":[{"hostPath":{"":"a"}}]}}',
  'NUL in keys and values': String.raw`{"spec":{"type":"a\u0000b","volumes":[{"hostPath":{"a\u0000b":"c","d":"\u0000"}}]}}`,
  'half a surrogate pair': String.raw`{"spec":{"type":"\ud800","volumes":[{"hostPath":{"\udc00":"\ud800"}}]}}`,
  'a list where one value is mapped': '{"spec":{"type":["a","b"],"hostPID":[true,false],"replicas":[1,2]}}',
  'ten thousand containers': `{"spec":{"containers":[${Array.from({ length: 10_000 }, () => '{"image":"a"}').join(',')}]}}`,
  'keys that every JavaScript object has':
    '{"__proto__":{"spec":{"type":"x"}},"constructor":{"a":1},"spec":{"__proto__":{"type":"y"},"volumes":[{"hostPath":{"__proto__":"z"}}]}}',
  'a body that is a list': '[{"spec":{"type":"a"}}]',
  'a body that is a text': '"text"',
  'a body that is null': 'null',
  'a body of 300 KB': JSON.stringify({ data: 'ö'.repeat(150_000) }),
};

test('of a thousand custom resources and all hostile ones, each is stored as it is, and none adds a field', async () => {
  const writer = randomUUID();
  const log = newWrittenLog(writer);
  const first = log.add(callEvent());
  await (
    await ship({ settings: { nodes: [url], namespace }, entries: [first] })
  ).shipper.ended;
  const before = await countFields(client, stream);

  const bodies = [...fc.sample(customResource, 1_000), ...Object.values(HOSTILE)];
  const entries: SourceEntry<number>[] = bodies.map((body) =>
    log.add(callEvent({ verb: 'create' }), { requestObject: body, responseObject: body }),
  );
  const shipping = await ship({ settings: { nodes: [url], namespace }, entries });
  await shipping.shipper.ended;

  expect(shipping.told('Reduced')).toEqual([]);
  expect(await shipping.deadLetters()).toEqual([]);
  expect(shipping.acknowledged.at(-1)).toBe(bodies.length + 1);
  const stored = await storedDocuments(client, stream);
  expect(stored.map(({ id }) => id)).toEqual(
    Array.from({ length: bodies.length + 1 }, (_, index) => `${writer}:${index + 1}`),
  );
  expect(await countFields(client, stream)).toBe(before);
  expect(before).toBeGreaterThan(200);
  for (const [index, body] of bodies.entries()) {
    expect(stored[index + 1]?.source).toMatchObject({ http: { request: { body: { content: body } } } });
    expect(stored[index + 1]?.source).toMatchObject({
      event: { original: entries[index]?.kind === 'Record' ? entries[index].original : '' },
    });
  }
}, 180_000);

test.each(Object.entries(HOSTILE))('%s hides nothing of the rest', async (_, body) => {
  const writer = randomUUID();
  const log = newWrittenLog(writer);
  const event = callEvent({ verb: 'create', user: { username: `${writer}@example.com` } });
  const shipping = await ship({
    settings: { nodes: [url], namespace },
    entries: [log.add(event, { requestObject: body })],
  });
  await shipping.shipper.ended;
  await client.indices.refresh({ index: stream });
  const query = {
    bool: {
      filter: [{ term: { 'user.name': `${writer}@example.com` } }, { term: { 'kubernetes.audit.verb': 'create' } }],
    },
  };
  const found = await client.search({ index: stream, query });
  // The body itself may be too long to be found whole on a server without the type for it; its words are.
  const ignored = found.hits.hits.flatMap(({ _ignored = [] }) => _ignored);
  expect(found.hits.hits).toHaveLength(1);
  expect(ignored.filter((field) => field !== 'http.request.body.content')).toEqual([]);
});

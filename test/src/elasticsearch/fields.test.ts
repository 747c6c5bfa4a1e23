import {
  CHECKPOINT_FIELDS,
  RECORD_FIELDS,
  SESSION_FIELDS,
  type FieldType,
} from '@chaperone/proxy/audit/elasticsearch/fields';
import { callEvent, newWrittenLog } from './call-records.ts';
import { documentOf, ECS_VERSION } from '@chaperone/proxy/audit/elasticsearch/document';
import type { AuditRecord } from '@chaperone/proxy/audit/record/audit-event';
import { EcsFlat, EcsVersion } from '@elastic/ecs';
import { describe, expect, test } from 'vitest';
import { NEEDED_FIELDS } from './needed-fields.ts';

/** By what Elasticsearch can search, sort and join: one may stand for another of its family. */
const FAMILIES: Readonly<Record<FieldType, string>> = {
  keyword: 'keyword',
  longKeyword: 'keyword',
  name: 'keyword',
  constant: 'constant_keyword',
  text: 'match_only_text',
  body: 'wildcard',
  date: 'date',
  ip: 'ip',
  long: 'long',
  boolean: 'boolean',
  flattened: 'flattened',
  unindexed: 'keyword',
};

const ecs = new Map<string, { readonly type: string; readonly multi_fields?: readonly { readonly name: string }[] }>(
  Object.entries(EcsFlat),
);
const isOwn = (path: string): boolean => path.startsWith('kubernetes.') || path.startsWith('chaperone.');

describe.each(Object.entries({ RECORD_FIELDS, CHECKPOINT_FIELDS, SESSION_FIELDS }))('of %s', (_, fields) => {
  const known = Object.entries(fields).filter(([path]) => !isOwn(path));

  test.each(known)('%s is in ECS with the type %s', (path, type) => {
    expect(ecs.get(path)?.type).toBe(FAMILIES[type]);
  });

  test('names are searched by their words where ECS has them so', () => {
    const inEcs = known.filter(([path]) => ecs.get(path)?.multi_fields?.some(({ name }) => name === 'text') === true);
    expect(inEcs.filter(([, type]) => type === 'keyword' || type === 'longKeyword')).toEqual([]);
  });
});

test('the version of ECS that documents name is not newer than the one checked', () => {
  const [major = 0, minor = 0] = ECS_VERSION.split('.').map(Number);
  const [checkedMajor = 0, checkedMinor = 0] = EcsVersion.split('.').map(Number);
  expect([major, minor <= checkedMinor]).toEqual([checkedMajor, true]);
});

describe("what Elastic's integration and rules name", () => {
  test.each(Object.entries(NEEDED_FIELDS))('%s is there as %s', (path, types) => {
    const [declared, type] =
      Object.entries(RECORD_FIELDS).find(
        ([field, of]) => field === path || (of === 'flattened' && path.startsWith(`${field}.`)),
      ) ?? [];
    expect(declared).toBeDefined();
    expect(types.split(' or ')).toContain(type === undefined ? '' : FAMILIES[type].replace('match_only_', ''));
  });
});

describe('what a document has', () => {
  const leaves = (value: unknown, path: string): string[] => {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.flatMap((item) => leaves(item, path));
    if (typeof value !== 'object' || value === null || RECORD_FIELDS[path] === 'flattened') return [path];
    return Object.entries(value).flatMap(([key, below]) => leaves(below, path === '' ? key : `${path}.${key}`));
  };
  const documentFor = (record: AuditRecord, original: string): unknown => {
    const integrity = { writer: 'w', sequence: 1, hash: 'a', previousChain: 'b', chain: 'c' };
    return documentOf(record, {
      original,
      integrity,
      cluster: { name: 'c', id: 'i' },
      namespace: 'default',
      ingested: '2026-01-01T00:00:00.000Z',
    });
  };

  test('of a call that has everything is declared', () => {
    const event = callEvent({
      user: {
        username: 'u',
        uid: 'i',
        groups: ['g'],
        extra: { 'authentication.kubernetes.io/pod-name': ['p'], 'example.com/x': ['y'] },
      },
      objectRef: {
        resource: 'pods',
        namespace: 'n',
        name: 'o',
        uid: 'i',
        apiGroup: 'g',
        apiVersion: 'v1',
        resourceVersion: '1',
        subresource: 'exec',
      },
      responseStatus: { code: 403, status: 'Failure', reason: 'Forbidden', message: 'no' },
      chaperone: {
        judgedVerb: 'create',
        policy: {
          verdict: 'Deny',
          revision: 'r',
          name: 'p',
          rule: 'r',
          generation: 1,
          cause: 'Rule',
          reason: 'because',
          unknown: ['name'],
          failedExpressions: ['a/b'],
        },
        dryRun: { verdict: 'Deny', policy: 'p', rule: 'r' },
        declared: { 'x-run': 'r' },
        refusal: 'PolicyDenied',
        endedBy: 'TokenExpired',
        request: { bytes: 3, mediaType: 'text/plain', sha256: 'a', text: 'abc', omitted: 'Truncated' },
        response: { bytes: 3, mediaType: 'text/plain', sha256: 'a', text: 'abc', omitted: 'Truncated' },
        masking: { 'rule/a': 2 },
        approval: 'a',
        stream: { events: 1, bytes: 2 },
      },
    });
    const { original } = newWrittenLog('w').add(event);
    const found = leaves(documentFor(event, original), '');
    expect(found.filter((path) => RECORD_FIELDS[path] === undefined)).toEqual([]);
    expect(found.length).toBeGreaterThan(80);
  });

  test('of an event of the gateway is declared', () => {
    const event = {
      kind: 'GatewayEvent',
      apiVersion: 'chaperone.dev/v1alpha1',
      type: 'PoliciesLoaded',
      time: '2026-01-01T00:00:00.000000Z',
      message: 'Policies were loaded',
      facts: { revision: 'r', rules: 3 },
      chaperone: { gateway: { replica: 'r', version: '1' } },
    } as const;
    const found = leaves(documentFor(event, JSON.stringify(event)), '');
    expect(found.filter((path) => RECORD_FIELDS[path] === undefined)).toEqual([]);
    expect(found).toContain('chaperone.policy.revision');
  });

  test('categories and types are pairs that ECS allows', () => {
    const allowed = new Map(
      EcsFlat['event.category'].allowed_values.map(({ name, expected_event_types: types }) => [name, types]),
    );
    for (const type of ['access', 'change', 'creation', 'deletion', 'info'])
      expect(allowed.get('configuration')).toContain(type);
    for (const type of ['start', 'end']) expect(allowed.get('process')).toContain(type);
  });
});

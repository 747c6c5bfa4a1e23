import { describe, expect, test } from 'vitest';
import { RECORD_FIELDS } from './fields.ts';
import { FULL_SERVER, indexTemplate, type ServerAbilities, type StreamTemplate } from './index-template.ts';

const stream: StreamTemplate = {
  dataset: 'kubernetes.audit_logs',
  namespace: 'prod',
  fields: RECORD_FIELDS,
  retentionDays: 30,
  version: '1.2.3',
};
const NO_ABILITIES: ServerAbilities = {
  constantKeyword: false,
  wildcard: false,
  matchOnlyText: false,
  lifecycle: false,
  failureStore: false,
  storedSource: false,
};

const mappings = (path: string): string[] => [
  'template',
  'mappings',
  'properties',
  ...path
    .split('.')
    .flatMap((key) => [key, 'properties'])
    .slice(0, -1),
];

describe('the template of a server that can do everything', () => {
  const template = indexTemplate(stream, FULL_SERVER);

  test('makes one data stream, before all other templates', () => {
    expect(template).toMatchObject({
      index_patterns: ['logs-kubernetes.audit_logs-prod'],
      priority: 501,
      data_stream: {},
      allow_auto_create: true,
    });
  });

  test('maps nothing but what is declared', () => {
    expect(template).toMatchObject({ template: { mappings: { dynamic: false, date_detection: false } } });
  });

  test('keeps documents for days, refused ones apart, and their source as it was sent', () => {
    expect(template).toMatchObject({
      template: {
        lifecycle: { data_retention: '30d' },
        data_stream_options: { failure_store: { enabled: true } },
        settings: { 'index.mapping.source.mode': 'stored', 'index.lifecycle.prefer_ilm': false },
      },
    });
  });

  const table: Record<string, readonly [string, unknown]> = {
    'a value that all documents have is told beforehand': [
      'data_stream.namespace',
      { type: 'constant_keyword', value: 'prod' },
    ],
    'bodies are searched by any part': [
      'http.request.body.content',
      { type: 'wildcard', fields: { text: { type: 'match_only_text' } } },
    ],
    'the text that was hashed is kept whole, unsearched': [
      'event.original',
      { type: 'keyword', index: false, doc_values: false, ignore_above: 2_147_483_647 },
    ],
    'long addresses are searched whole': ['kubernetes.audit.requestURI', { type: 'keyword', ignore_above: 8_191 }],
    'rules are a plain object': [
      'kubernetes.audit.requestObject.rules.verbs',
      { type: 'keyword', ignore_above: 1_024 },
    ],
    'paths of hosts are flattened': [
      'kubernetes.audit.requestObject.spec.volumes.hostPath',
      { type: 'flattened', ignore_above: 8_191 },
    ],
    'extras are keywords under an object': [
      'kubernetes.audit.user.extra.authentication.kubernetes.io/pod-name',
      { type: 'keyword', ignore_above: 1_024 },
    ],
  };
  test.each(Object.entries(table))('%s', (_, [path, mapping]) => {
    expect(template).toHaveProperty(mappings(path), mapping);
  });
});

describe('the template of a server that can do little', () => {
  const template = indexTemplate(stream, NO_ABILITIES);

  test('names nothing that the server would not take', () => {
    expect(JSON.stringify(template)).not.toMatch(
      /constant_keyword|wildcard|match_only_text|data_retention|failure_store|source\.mode|prefer_ilm/,
    );
  });

  test('has the same fields', () => {
    const paths = (value: unknown): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, below]) =>
            key === 'fields' ? [] : [key, ...paths(below).map((path) => `${key}.${path}`)],
          )
        : [];
    const declared = (of: Record<string, unknown>): string[] =>
      paths(of).filter((path) => /properties\.[^.]+$/.test(path));
    expect(declared(template)).toEqual(declared(indexTemplate(stream, FULL_SERVER)));
    expect(declared(template).length).toBeGreaterThan(300);
  });
});

test('a field that others have as text is text here, and a keyword below', () => {
  const textFields = new Set(['kubernetes.audit.user.groups']);
  expect(indexTemplate({ ...stream, textFields }, FULL_SERVER)).toHaveProperty(
    mappings('kubernetes.audit.user.groups'),
    {
      type: 'text',
      fields: { keyword: { type: 'keyword', ignore_above: 8_191 } },
    },
  );
});

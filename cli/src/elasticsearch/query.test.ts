import { RECORD_FIELDS } from '@chaperone/proxy/audit/elasticsearch/fields';
import { describe, expect, test } from 'vitest';
import { CODE_FIELD, FILTERS, RESOURCE_FIELDS } from '../records/filters.ts';
import { parseQuery, type QueryOptions } from '../records/record-query.ts';
import { ALL_RECORDS, elasticsearchQuery, WRITER_FIELD } from './query.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const subresource = { exists: { field: 'kubernetes.audit.objectRef.subresource' } };

const QUERIES: Readonly<Record<string, { readonly options: QueryOptions; readonly filter: readonly unknown[] }>> = {
  'everything is every record of Chaperone': { options: {}, filter: [] },
  'values are terms': {
    options: { user: ['a', 'b'], run: ['r'] },
    filter: [{ terms: { 'user.name': ['a', 'b'] } }, { terms: { 'chaperone.run.id': ['r'] } }],
  },
  'a resource has no subresource': {
    options: { resource: ['pods'] },
    filter: [
      any({ bool: { filter: [{ term: { 'kubernetes.audit.objectRef.resource': 'pods' } }], must_not: [subresource] } }),
    ],
  },
  'any subresource is one that is there': {
    options: { resource: ['deployments.apps/*'] },
    filter: [
      any({
        bool: {
          filter: [
            { term: { 'kubernetes.audit.objectRef.resource': 'deployments' } },
            { term: { 'kubernetes.audit.objectRef.apiGroup': 'apps' } },
            subresource,
          ],
        },
      }),
    ],
  },
  'statuses are ranges': {
    options: { code: ['403', '5xx'] },
    filter: [
      any(
        { range: { 'kubernetes.audit.responseStatus.code': { gte: 403, lte: 403 } } },
        { range: { 'kubernetes.audit.responseStatus.code': { gte: 500, lte: 599 } } },
      ),
    ],
  },
  'times are a range that its end is not in': {
    options: { since: '1h', until: '2026-03-01T12:00:00Z' },
    filter: [{ range: { '@timestamp': { format: 'epoch_millis', gte: String(NOW - 3_600_000), lt: String(NOW) } } }],
  },
};

function any(...should: readonly unknown[]): unknown {
  return { bool: { should, minimum_should_match: 1 } };
}

describe('a query of Elasticsearch', () => {
  test.each(Object.entries(QUERIES))('%s', (_, { options, filter }) => {
    expect(elasticsearchQuery(parseQuery(options, NOW))).toEqual({ bool: { filter: [ALL_RECORDS, ...filter] } });
  });

  test('names only fields that are mapped, so that none is searched in vain', () => {
    const named = [
      ...Object.values(FILTERS).map(({ field }) => field),
      ...Object.values(RESOURCE_FIELDS),
      CODE_FIELD,
      WRITER_FIELD,
    ];
    expect(named.filter((field) => RECORD_FIELDS[field] === undefined)).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import { parseQuery, type QueryOptions, type RecordQuery } from './record-query.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const HOUR = 3_600_000;
const EMPTY: RecordQuery = { values: {}, resources: [], codes: [] };

const QUERIES: Readonly<Record<string, { readonly options: QueryOptions; readonly query: Partial<RecordQuery> }>> = {
  'nothing asks for everything': { options: {}, query: {} },
  'an option that is repeated has all its values': {
    options: { user: ['a', 'b'] },
    query: { values: { user: ['a', 'b'] } },
  },
  'a resource is one without a subresource, of any group': {
    options: { resource: ['pods'] },
    query: { resources: [{ resource: 'pods', subresource: '' }] },
  },
  'a subresource stands behind a slash': {
    options: { resource: ['pods/exec'] },
    query: { resources: [{ resource: 'pods', subresource: 'exec' }] },
  },
  'a group stands behind the first dot': {
    options: { resource: ['ingresses.networking.k8s.io/status'] },
    query: { resources: [{ resource: 'ingresses', apiGroup: 'networking.k8s.io', subresource: 'status' }] },
  },
  'any subresource is a star': {
    options: { resource: ['pods/*'] },
    query: { resources: [{ resource: 'pods', subresource: '*' }] },
  },
  'a status is a range of one': { options: { code: ['403'] }, query: { codes: [{ from: 403, to: 403 }] } },
  'a class of statuses is a range': { options: { code: ['5xx'] }, query: { codes: [{ from: 500, to: 599 }] } },
  'a duration is before now': { options: { since: '1h30m' }, query: { since: NOW - 1.5 * HOUR } },
  'days are durations': {
    options: { since: '7d', until: '1d' },
    query: { since: NOW - 168 * HOUR, until: NOW - 24 * HOUR },
  },
  'a time may have an offset': {
    options: { until: '2026-03-01T12:00:00.5+01:00' },
    query: { until: NOW - HOUR + 500 },
  },
};

describe('a query', () => {
  test.each(Object.entries(QUERIES))('%s', (_, { options, query }) => {
    expect(parseQuery(options, NOW)).toEqual({ ...EMPTY, ...query });
  });
});

const REFUSED: Readonly<Record<string, { readonly options: QueryOptions; readonly message: RegExp }>> = {
  'a decision that there is not': {
    options: { decision: ['deny'] },
    message: /--decision=deny: must be one of allow, forbid/,
  },
  'a verdict that there is not': {
    options: { verdict: ['allow'] },
    message: /--verdict=allow: must be one of Allow, /,
  },
  'an outcome that there is not': {
    options: { outcome: ['Lost'] },
    message: /--outcome=Lost: must be one of Answered, /,
  },
  'a resource that is none': { options: { resource: ['Pods Of Mine'] }, message: /give the plural name/ },
  'a resource of two subresources': { options: { resource: ['pods/a/b'] }, message: /give the plural name/ },
  'a status that is none': { options: { code: ['99'] }, message: /give an HTTP status/ },
  'a class of statuses that is none': { options: { code: ['9xx'] }, message: /give an HTTP status/ },
  'a time without an offset': {
    options: { since: '2026-03-01T12:00:00' },
    message: /--since=.*: give a duration, such as 2h/,
  },
  'a word for a time': { options: { until: 'yesterday' }, message: /--until=yesterday: give a duration/ },
  'an end before the beginning': { options: { since: '1h', until: '2h' }, message: /--since must be before --until/ },
};

describe('refused as a query is', () => {
  test.each(Object.entries(REFUSED))('%s', (_, { options, message }) => {
    expect(() => parseQuery(options, NOW)).toThrow(message);
  });
});

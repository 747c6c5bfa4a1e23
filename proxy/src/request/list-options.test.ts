import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from './limits.ts';
import { decodeListOptions, fallbackWatch, type ListOptions } from './list-options.ts';
import { parseQuery, type Query } from './query.ts';
import { Rejection } from './rejection.ts';

function query(raw: string): Query {
  const parsed = parseQuery(raw, DEFAULT_LIMITS);
  if (parsed instanceof Rejection) throw parsed;
  return parsed;
}

describe('decodeListOptions', () => {
  const cases: Record<string, { raw: string; want: Partial<ListOptions> }> = {
    'nothing is the zero of each': {
      raw: '',
      want: { watch: false, limit: 0n, timeoutSeconds: undefined, sendInitialEvents: undefined, continue: '' },
    },
    'a list in pages': { raw: 'limit=500&continue=abc', want: { limit: 500n, continue: 'abc' } },
    'a watch': {
      raw: 'watch=1&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=30',
      want: { watch: true, allowWatchBookmarks: true, resourceVersion: '7', timeoutSeconds: 30n },
    },
    'a watch that begins with a list': {
      raw: 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
      want: { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' },
    },
    'false is not absent': { raw: 'sendInitialEvents=0', want: { sendInitialEvents: false } },
    'selectors are parsed': {
      raw: 'labelSelector=a%3Db&fieldSelector=c%3Dd',
      want: {
        labelSelector: [{ key: 'a', operator: '=', values: ['b'] }],
        fieldSelector: [{ field: 'c', operator: '=', value: 'd' }],
      },
    },
  };
  test.each(Object.entries(cases))('%s', (_, { raw, want }) => {
    expect(decodeListOptions(query(raw))).toMatchObject(want);
  });

  test.each(['limit=', 'limit=x', 'timeoutSeconds=1s', 'labelSelector=a%20b', 'fieldSelector=a', 'timeoutSeconds='])(
    '%s does not decode',
    (raw) => expect(decodeListOptions(query(raw))).toBeUndefined(),
  );
});

describe('fallbackWatch', () => {
  test.each(['', 'watch=0', 'watch=False', 'watch=false&watch=1', 'Watch=1'])("'%s' is no watch", (raw) => {
    expect(fallbackWatch(query(raw))).toBe(false);
  });

  test.each(['watch', 'watch=1', 'watch=no', 'watch=fal%C5%BFe'])('%s is a watch', (raw) => {
    expect(fallbackWatch(query(raw))).toBe(true);
  });
});

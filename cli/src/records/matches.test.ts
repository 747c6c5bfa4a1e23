import { callEvent, type CallOverrides } from '@chaperone/test/elasticsearch/call-records';
import { describe, expect, test } from 'vitest';
import { matches } from './matches.ts';
import { parseQuery, type QueryOptions } from './record-query.ts';
import { readFacts } from './stored-record.ts';

const NOW = Date.parse('2026-03-01T10:00:01Z');
const exec: CallOverrides = { objectRef: { resource: 'pods', subresource: 'exec' } };
const scale: CallOverrides = { objectRef: { resource: 'deployments', apiGroup: 'apps', subresource: 'scale' } };

interface Case {
  readonly event?: CallOverrides;
  readonly yes: readonly QueryOptions[];
  readonly no: readonly QueryOptions[];
}

const CASES: Readonly<Record<string, Case>> = {
  'each value by one of those asked for': {
    yes: [{}, { user: ['x', 'agent@example.com'] }, { user: ['agent@example.com'], verb: ['get'], run: ['run-17'] }],
    no: [{ user: ['x'] }, { user: ['agent@example.com'], verb: ['list'] }, { user: ['Agent@example.com'] }],
  },
  'an object by namespace and name': {
    yes: [{ namespace: ['payments'], name: ['web'] }],
    no: [{ namespace: ['payments'], name: ['we'] }, { name: [''] }],
  },
  'a subresource as a resource of its own': {
    event: exec,
    yes: [{ resource: ['pods/exec'] }, { resource: ['pods/*'] }, { resource: ['pods', 'pods/exec'] }],
    no: [{ resource: ['pods'] }, { resource: ['pods/log'] }, { resource: ['services/exec'] }],
  },
  'a resource without what is below it': { yes: [{ resource: ['pods'] }], no: [{ resource: ['pods/*'] }] },
  'a group only where one is named': {
    event: scale,
    yes: [{ resource: ['deployments/scale'] }, { resource: ['deployments.apps/scale'] }],
    no: [{ resource: ['deployments.extensions/scale'] }],
  },
  'a status by its class': {
    event: { responseStatus: { code: 404 } },
    yes: [{ code: ['404'] }, { code: ['4xx'] }, { code: ['200', '4xx'] }],
    no: [{ code: ['403'] }, { code: ['5xx'] }],
  },
  'a decision only of callers who have a name': {
    event: { user: {} },
    yes: [{}],
    no: [{ decision: ['allow'] }, { decision: ['forbid'] }],
  },
  'a time from the first millisecond to the one before the last': {
    event: { requestReceivedTimestamp: '2026-03-01T10:00:00.000999Z' },
    yes: [{ since: '1s' }, { since: '2026-03-01T10:00:00Z', until: '2026-03-01T10:00:00.001Z' }],
    no: [{ until: '2026-03-01T10:00:00Z' }, { since: '2026-03-01T10:00:00.001Z' }],
  },
};

describe('a search meets', () => {
  test.each(Object.entries(CASES))('%s', (_, { event, yes, no }) => {
    const facts = readFacts(callEvent(event));
    const isFound = (options: QueryOptions): boolean => facts !== undefined && matches(facts, parseQuery(options, NOW));
    expect(yes.map(isFound)).toEqual(yes.map(() => true));
    expect(no.map(isFound)).toEqual(no.map(() => false));
  });

  test('records of the gateway itself only where nothing but a time is asked for', () => {
    const facts = readFacts({
      kind: 'GatewayEvent',
      type: 'Started',
      time: '2026-03-01T10:00:00.000000Z',
      message: '',
    });
    const isFound = (options: QueryOptions): boolean => facts !== undefined && matches(facts, parseQuery(options, NOW));
    expect([{}, { since: '1h' }].map(isFound)).toEqual([true, true]);
    expect([{ user: ['a'] }, { code: ['200'] }, { resource: ['pods'] }, { since: '1ms' }].map(isFound)).toEqual(
      Array.from({ length: 4 }, () => false),
    );
  });
});

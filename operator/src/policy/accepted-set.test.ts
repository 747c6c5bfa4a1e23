import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import { canonicalJson } from '@chaperone/crds/bundle/canonical-json';
import { compiled, rule } from '@chaperone/test/policy/builders';
import { chooseAcceptedSet, entriesByUid, laterEntries, type AcceptedSet } from './accepted-set.ts';
import type { Candidate } from './compile-cache.ts';

const finding = { type: 'Invalid', path: 'spec', detail: 'is wrong' } as const;

interface Version {
  readonly name?: string;
  readonly generation?: number;
  readonly isBroken?: boolean;
  readonly arrival?: number;
  readonly reason?: string;
}

const entry = (uid: string, { name = uid, generation = 1, reason = 'x' }: Version = {}): BundlePolicy => ({
  ...compiled(name, [rule('a', { reason })]),
  uid,
  generation,
});

const candidate = (uid: string, version: Version = {}): Candidate<BundlePolicy> => ({
  name: version.name ?? uid,
  uid,
  generation: version.generation ?? 1,
  arrival: version.arrival ?? 1,
  result:
    version.isBroken === true
      ? { kind: 'refused', findings: [finding] }
      : { kind: 'accepted', entry: entry(uid, version) },
});

const choose = (
  policies: readonly Candidate<BundlePolicy>[],
  inForce: readonly BundlePolicy[] = [],
  maxBytes = 1_000_000,
): AcceptedSet =>
  chooseAcceptedSet({
    policies,
    maskingRules: [],
    inForce: entriesByUid({ policies: inForce, maskingRules: [] }),
    maxBytes,
  });

const held = ({ policies }: AcceptedSet): string[] => policies.map(({ uid, generation }) => `${uid}@${generation}`);
const size = (one: BundlePolicy): number => Buffer.byteLength(canonicalJson(one));

describe('the next bundle holds', () => {
  test.each<[string, AcceptedSet, string[]]>([
    ['what compiles', choose([candidate('a'), candidate('b')]), ['a@1', 'b@1']],
    ['the new generation in place of the old', choose([candidate('a', { generation: 2 })], [entry('a')]), ['a@2']],
    [
      'the last accepted generation of what is broken',
      choose([candidate('a', { generation: 3, isBroken: true })], [entry('a', { generation: 2 })]),
      ['a@2'],
    ],
    ['nothing of what never compiled', choose([candidate('a', { isBroken: true })]), []],
    ['nothing of what is gone', choose([candidate('a')], [entry('a'), entry('b')]), ['a@1']],
    [
      'nothing of an earlier object of the name',
      choose([candidate('new', { name: 'n', isBroken: true })], [entry('old', { name: 'n' })]),
      [],
    ],
    [
      'what came first, where there is no room for both',
      choose([candidate('late', { arrival: 2 }), candidate('early', { arrival: 1 })], [], size(entry('early')) + 10),
      ['early@1'],
    ],
    [
      'what was in force, whatever arrives first',
      choose(
        [candidate('new', { arrival: 1 }), candidate('old', { arrival: 2 })],
        [entry('old')],
        size(entry('old')) + 10,
      ),
      ['old@1'],
    ],
    [
      'what is small enough, after something that is not',
      choose([candidate('big', { reason: 'x'.repeat(500), arrival: 1 }), candidate('small', { arrival: 2 })], [], 500),
      ['small@1'],
    ],
    [
      'the old generation of what grew too large',
      choose([candidate('a', { generation: 2, reason: 'x'.repeat(500) })], [entry('a')], 500),
      ['a@1'],
    ],
    [
      'what shrinks, however large the whole is',
      choose([candidate('a', { generation: 2 })], [entry('a', { reason: 'x'.repeat(500) })], 10),
      ['a@2'],
    ],
    [
      'what takes the room that another leaves in the same step',
      choose(
        [candidate('a', { generation: 2, arrival: 2 }), candidate('b', { arrival: 1 })],
        [entry('a', { reason: 'x'.repeat(400) })],
        size(entry('a')) + size(entry('b')),
      ),
      ['a@2', 'b@1'],
    ],
  ])('%s', (_, set, expected) => {
    expect(held(set)).toEqual(expected);
  });
});

test.each<[string, AcceptedSet, object]>([
  ['accepted', choose([candidate('a', { generation: 4 })]), { kind: 'accepted', generation: 4 }],
  [
    'refused, with what stays',
    choose([candidate('a', { generation: 4, isBroken: true })], [entry('a', { generation: 2 })]),
    { kind: 'refused', generation: 4, findings: [finding], inForce: 2 },
  ],
  [
    'refused, with nothing',
    choose([candidate('a', { isBroken: true })]),
    { kind: 'refused', generation: 1, findings: [finding], inForce: undefined },
  ],
  [
    'too large',
    choose([candidate('a')], [], 10),
    { kind: 'tooLarge', generation: 1, bytes: size(entry('a')), limit: 10, inForce: undefined },
  ],
])('it says: %s', (_, { verdicts }, verdict) => {
  expect(verdicts.get('a')).toEqual(verdict);
});

const version = fc.record({
  generation: fc.integer({ min: 1, max: 4 }),
  isBroken: fc.boolean(),
  arrival: fc.nat(20),
  reason: fc.string({ minLength: 1, maxLength: 300 }),
});
const uid: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');

test('whatever comes, a bundle never grows beyond its bound, and only a deletion takes anything out of force', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(uid, version), { selector: ([one]) => one }),
      fc.uniqueArray(fc.tuple(uid, fc.string({ minLength: 1, maxLength: 300 })), { selector: ([one]) => one }),
      fc.nat(3_000),
      (now, before, maxBytes) => {
        const inForce = before.map(([one, reason]) => entry(one, { generation: 1, reason }));
        const candidates = now.map(([one, is]) => candidate(one, is));
        const set = choose(candidates, inForce, maxBytes);
        const there = new Set(now.map(([one]) => one));
        const kept = inForce.filter((one) => there.has(one.uid));
        const uids = new Set(set.policies.map((one) => one.uid));
        expect(kept.every((one) => uids.has(one.uid))).toBe(true);
        expect([...uids].every((one) => there.has(one))).toBe(true);
        const bytes = set.policies.reduce((sum, one) => sum + size(one), 0);
        expect(set.bytes).toBe(bytes);
        expect(bytes).toBeLessThanOrEqual(
          Math.max(
            maxBytes,
            kept.reduce((sum, one) => sum + size(one), 0),
          ),
        );
        expect([...set.verdicts.keys()].toSorted()).toEqual([...there].toSorted());
      },
    ),
  );
});

test('of two records of what is in force the later generation counts', () => {
  const left = entriesByUid({ policies: [entry('a', { generation: 2 }), entry('b')], maskingRules: [] });
  const right = entriesByUid({ policies: [entry('a'), entry('b', { generation: 3 }), entry('c')], maskingRules: [] });
  const later = [...laterEntries(left, right).policies.values()].map((one) => `${one.uid}@${one.generation}`);
  expect(later).toEqual(['a@2', 'b@3', 'c@1']);
});

import { expect, test } from 'vitest';
import type { Bundle } from '@chaperone/crds/bundle/bundle';
import { compiled, rule } from '@chaperone/test/policy/builders';
import { newPublishedBundles } from './published-bundles.ts';

const bundle = (revision: string, generations: Readonly<Record<string, number>>): Bundle => ({
  format: 1,
  revision,
  policies: Object.entries(generations).map(([name, generation]) => ({ ...compiled(name, [rule('a')]), generation })),
  maskingRules: [],
});

test('the first revision of a generation stays while others change, and goes with the object', () => {
  const published = newPublishedBundles();
  published.record(bundle('r1', { a: 1, b: 1 }), false);
  published.record(bundle('r2', { a: 1, b: 2 }), true);
  published.record(bundle('r3', { a: 1, b: 2, c: 1 }), true);
  expect(published.firstRevision('uid-of-a')).toEqual({ generation: 1, revision: 'r1', exact: false });
  expect(published.firstRevision('uid-of-b')).toEqual({ generation: 2, revision: 'r2', exact: true });
  published.record(bundle('r4', { b: 2 }), true);
  expect(published.firstRevision('uid-of-a')).toBeUndefined();
  expect(published.current()?.revision).toBe('r4');
});

test('what a revision holds is known for the latest revisions alone', () => {
  const published = newPublishedBundles();
  for (let turn = 0; turn < 100; turn += 1) {
    published.record(bundle(`r${turn}`, { a: turn }), true);
  }
  expect(published.generationIn('r99', 'uid-of-a')).toBe(99);
  expect(published.generationIn('r80', 'uid-of-a')).toBe(80);
  expect(published.generationIn('r99', 'another')).toBeUndefined();
  expect(published.generationIn('r1', 'uid-of-a')).toBeUndefined();
});

test('listeners are told of each other revision, until they are taken out', () => {
  const published = newPublishedBundles();
  let calls = 0;
  const remove = published.onPublished(() => {
    calls += 1;
  });
  published.record(bundle('r1', {}), true);
  published.record(bundle('r1', {}), true);
  published.record(bundle('r2', {}), true);
  remove();
  published.record(bundle('r3', {}), true);
  expect(calls).toBe(2);
});

import { expect, test } from 'vitest';
import type { RequestMemory } from './memory.ts';
import { newObservations } from './observations.ts';

const time = '2026-01-01T00:00:00Z';
const request = { name: 'a', namespace: 'x' };
const none: RequestMemory = { decisions: new Map(), phase: 'Open' };
const seen = (standing: 'Counted' | 'Unverified', phase: RequestMemory['phase'] = 'Open'): RequestMemory => ({
  decisions: new Map([['dana', { time, standing, digest: 'd' }]]),
  phase,
});

test('what was seen is remembered by object, not by name, and forgotten with the object', () => {
  const observations = newObservations();
  expect(observations.of(request, 'uid-1')).toBeUndefined();
  const memory = seen('Unverified');
  observations.remember(request, 'uid-1', memory);
  expect(observations.of(request, 'uid-1')).toBe(memory);
  expect(observations.of({ name: 'a', namespace: 'y' }, 'uid-1')).toBeUndefined();
  expect(observations.of(request, 'uid-2')).toBeUndefined();
  observations.remember(request, 'uid-2', none);
  expect([...observations.all()]).toEqual([['uid-2', none]]);
  expect(observations.size).toBe(1);
  observations.forget(request);
  expect(observations.size).toBe(0);
});

test('it is news when other decisions count, and when a request that has some is settled or gone', () => {
  const observations = newObservations();
  expect(observations.remember(request, 'uid', none)).toBe(false);
  expect(observations.remember(request, 'uid', seen('Unverified'))).toBe(false);
  expect(observations.remember(request, 'uid', seen('Counted'))).toBe(true);
  expect(observations.remember(request, 'uid', seen('Counted'))).toBe(false);
  expect(observations.remember(request, 'uid', seen('Counted', 'Used'))).toBe(true);
  expect(observations.forget(request)).toBe(false);
  expect(observations.remember(request, 'uid', seen('Counted'))).toBe(true);
  expect(observations.forget(request)).toBe(true);
});

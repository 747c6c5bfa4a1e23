import { expect, test } from 'vitest';
import { newObservations } from './observations.ts';

test('what was seen is remembered by object, not by name, and forgotten with the object', () => {
  const observations = newObservations();
  const request = { name: 'a', namespace: 'x' };
  expect(observations.of(request, 'uid-1')).toBeUndefined();
  const seen = new Map([['dana', { time: '2026-01-01T00:00:00Z', standing: 'Unverified' as const }]]);
  observations.remember(request, 'uid-1', seen);
  expect(observations.of(request, 'uid-1')).toBe(seen);
  expect(observations.of({ name: 'a', namespace: 'y' }, 'uid-1')).toBeUndefined();
  expect(observations.of(request, 'uid-2')).toBeUndefined();
  observations.remember(request, 'uid-2', new Map());
  expect(observations.size).toBe(1);
  observations.forget(request);
  expect(observations.size).toBe(0);
});

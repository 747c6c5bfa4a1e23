import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { expect, test } from 'vitest';
import { newExpiringCache } from './expiring-cache.ts';

test('an entry is there until its time has passed, whatever the wall clock does', async () => {
  const clock = newFakeClock();
  const cache = newExpiringCache<number>({ capacity: 2, clock });
  cache.set('a', 1, 1_000);
  clock.jumpWallClock(-86_400_000);
  await clock.advance(999);
  expect(cache.get('a')).toBe(1);
  await clock.advance(1);
  expect(cache.get('a')).toBeUndefined();
  expect(cache.size).toBe(0);
});

test('what is used stays, what is not makes room, and the bound holds', () => {
  const cache = newExpiringCache<number>({ capacity: 100, clock: newFakeClock() });
  cache.set('used', 1, 1_000);
  cache.set('unused', 1, 1_000);
  for (let index = 0; index < 1_000; index += 1) {
    cache.set(`flood ${index}`, index, 1_000);
    expect(cache.get('used')).toBe(1);
    expect(cache.size).toBeLessThanOrEqual(100);
  }
  expect(cache.get('unused')).toBeUndefined();
  expect([cache.get('flood 999'), cache.get('flood 960')]).toEqual([999, 960]);
});

test('an entry is replaced, removed, and not taken without time', () => {
  const cache = newExpiringCache<number>({ capacity: 2, clock: newFakeClock() });
  cache.set('a', 1, 1_000);
  cache.set('a', 2, 1_000);
  expect([cache.get('a'), cache.size]).toEqual([2, 1]);
  cache.set('a', 3, 0);
  expect(cache.get('a')).toBeUndefined();
  cache.set('b', 1, 1_000);
  cache.delete('b');
  expect(cache.size).toBe(0);
});

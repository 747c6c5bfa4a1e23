import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { expect, test } from 'vitest';
import { newTokenBucket } from './token-bucket.ts';

test('allows a burst and then one in each interval, and saves no more than a burst', async () => {
  const clock = newFakeClock();
  const bucket = newTokenBucket({ capacity: 2, refillMs: 1_000, clock });
  const takeAll = (): number => Array.from({ length: 5 }, () => bucket.take()).filter(Boolean).length;
  expect(takeAll()).toBe(2);
  await clock.advance(999);
  expect(takeAll()).toBe(0);
  await clock.advance(1);
  expect(takeAll()).toBe(1);
  clock.jumpWallClock(86_400_000);
  expect(takeAll()).toBe(0);
  await clock.advance(3_600_000);
  expect(takeAll()).toBe(2);
});

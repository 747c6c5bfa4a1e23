import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { expect, test } from 'vitest';
import { waitAtMost } from './clock.ts';

test('work is waited for, and no longer than it may take', async () => {
  const clock = newFakeClock();
  await waitAtMost(clock, 1_000, Promise.resolve());
  let waited = false;
  const waiting = waitAtMost(clock, 1_000, new Promise(() => undefined)).then(() => (waited = true));
  await clock.advance(999);
  expect(waited).toBe(false);
  await clock.advance(1);
  await waiting;
  expect(waited).toBe(true);
});

test('work that fails in time fails whoever waits', async () => {
  await expect(waitAtMost(newFakeClock(), 1_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
});

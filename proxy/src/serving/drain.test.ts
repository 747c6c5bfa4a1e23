import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { expect, test } from 'vitest';
import { drain } from './drain.ts';

function start(ends: Promise<void>) {
  const clock = newFakeClock();
  const began = clock.now();
  const seen: string[] = [];
  const note = (what: string): void => void seen.push(`${clock.now() - began} ${what}`);
  const done = drain({
    server: {
      drain: () => {
        note('server');
        return ends;
      },
    },
    streams: {
      drain: async (overMs) => note(`streams over ${overMs}`),
    },
    clock,
    delayMs: 5_000,
    timeoutMs: 30_000,
  }).then(() => note('done'));
  return { clock, seen, done };
}

test('nothing is ended before load balancers have had their time, and all is over as soon as all has ended', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { clock, seen, done } = start(promise);
  await clock.advance(4_999);
  expect(seen).toEqual([]);
  await clock.advance(1_001);
  expect(seen).toEqual(['5000 server', '5000 streams over 22500']);
  resolve();
  await done;
  expect(seen.at(-1)).toBe('6000 done');
  expect(clock.pendingTimers()).toBe(0);
});

test('what does not end is waited for no longer than was set', async () => {
  const { clock, seen, done } = start(new Promise(() => undefined));
  await clock.advance(35_000);
  await done;
  expect(seen.at(-1)).toBe('35000 done');
});

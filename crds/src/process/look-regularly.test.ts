import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { expect, test } from 'vitest';
import { lookRegularly } from './look-regularly.ts';

test('what is read is taken at each look; a fault is told once, and again only after something could be read', async () => {
  const clock = newFakeClock();
  const ended = new AbortController();
  const looks: (() => string)[] = [
    () => 'first',
    () => {
      throw new Error('gone');
    },
    () => {
      throw new Error('still gone');
    },
    () => 'unfit',
    () => 'last',
  ];
  const taken: string[] = [];
  const faults: unknown[] = [];
  const looking = lookRegularly(
    {
      clock,
      intervalMs: 1_000,
      read: async () => (looks.shift() ?? (() => 'nothing new'))(),
      take(found) {
        if (found === 'unfit') throw new Error('cannot be taken');
        taken.push(found);
      },
      failed: (error) => faults.push(error),
    },
    ended.signal,
  );
  for (let turn = 0; turn < 5; turn++) await clock.advance(1_000);
  ended.abort();
  await looking;
  expect(taken).toEqual(['first', 'last']);
  expect(faults).toEqual([new Error('gone'), new Error('cannot be taken')]);
});

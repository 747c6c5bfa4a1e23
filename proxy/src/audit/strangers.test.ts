import { describe, expect, test } from 'vitest';
import { newStrangers, type Stranger } from './strangers.ts';

/** At which moment, and how many characters the record would quote. */
type Call = readonly [now: number, size: number];

const BOUNDS: Readonly<Record<string, { readonly calls: readonly Call[]; readonly admitted: readonly boolean[] }>> = {
  'as many as there may be in a second have records of their own, and no more': {
    calls: [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    admitted: [true, true, true, false],
  },
  'what is not used is saved up for a second and no longer': {
    calls: [
      [0, 0],
      [60_000, 0],
      [60_000, 0],
      [60_000, 0],
      [60_000, 0],
    ],
    admitted: [true, true, true, true, false],
  },
  'each third of a second there is room for one more': {
    calls: [
      [0, 0],
      [0, 0],
      [0, 0],
      [300, 0],
      [334, 0],
      [335, 0],
    ],
    admitted: [true, true, true, false, true, false],
  },
  'one that quotes much counts for many': {
    calls: [
      [0, 2_048],
      [0, 0],
    ],
    admitted: [true, false],
  },
  'one that quotes more than is ever saved up takes all of it': {
    calls: [
      [0, 1_000_000],
      [0, 0],
      [1_000, 1_000_000],
      [1_500, 1_000_000],
    ],
    admitted: [true, false, true, false],
  },
};

test.each(Object.entries(BOUNDS))('%s', (_name, { calls, admitted }) => {
  const strangers = newStrangers({ perSecond: 3, mostCounts: 4 });
  expect(calls.map(([now, size]) => strangers.admits(size, now))).toEqual(admitted);
});

const COUNTS: Readonly<
  Record<string, { readonly strangers: readonly Stranger[]; readonly taken: readonly unknown[] }>
> = {
  'nothing is told of nobody': { strangers: [], taken: [] },
  'calls are told by code and address': {
    strangers: [of('NoToken', '10.0.0.1'), of('NoToken', '10.0.0.2'), of('NoToken', '10.0.0.1'), of('400', '10.0.0.1')],
    taken: [
      { code: 'NoToken', clientAddress: '10.0.0.1', count: 2 },
      { code: 'NoToken', clientAddress: '10.0.0.2', count: 1 },
      { code: '400', clientAddress: '10.0.0.1', count: 1 },
    ],
  },
  'addresses that are too many are told together, by code, and none is left out': {
    strangers: [
      ...Array.from({ length: 9 }, (_, index) => of('NoToken', `10.0.0.${index}`)),
      of('400', '10.0.0.9'),
      of('NoToken', '10.0.0.0'),
    ],
    taken: [
      { code: 'NoToken', clientAddress: '10.0.0.0', count: 2 },
      { code: 'NoToken', clientAddress: '10.0.0.1', count: 1 },
      { code: 'NoToken', clientAddress: '10.0.0.2', count: 1 },
      { code: 'NoToken', clientAddress: '10.0.0.3', count: 1 },
      { code: 'NoToken', clientAddress: '', count: 5 },
      { code: '400', clientAddress: '', count: 1 },
    ],
  },
};

function of(code: string, clientAddress: string): Stranger {
  return { code, clientAddress };
}

describe('counts', () => {
  test.each(Object.entries(COUNTS))('%s', (_name, { strangers, taken }) => {
    const all = newStrangers({ perSecond: 3, mostCounts: 4 });
    for (const stranger of strangers) all.count(stranger);
    expect(all.take()).toEqual(taken);
    expect([all.isEmpty, all.take()]).toEqual([true, []]);
  });

  test('that could not be told are taken back, and told with what came meanwhile', () => {
    const all = newStrangers({ perSecond: 3, mostCounts: 4 });
    all.count(of('NoToken', '10.0.0.1'));
    const [untold] = all.take();
    if (untold === undefined) throw new Error('nothing was counted');
    all.count(of('NoToken', '10.0.0.1'));
    all.count(untold, untold.count);
    expect(all.take()).toEqual([{ code: 'NoToken', clientAddress: '10.0.0.1', count: 2 }]);
  });
});

import { expect, test } from 'vitest';
import { isCrowded, type LogRoom } from './log-room.ts';

const ROOM: LogRoom = { bytes: 0, maxBytes: 1_000, freeBytes: 10_000, minFreeBytes: 100 };

const TABLE: Readonly<Record<string, readonly [Partial<LogRoom>, boolean]>> = {
  'an empty log is not': [{}, false],
  'a log of three quarters of what it may be is not yet': [{ bytes: 750 }, false],
  'a log of more is': [{ bytes: 751 }, true],
  'a log on a volume that could take as much again is not': [{ bytes: 100, freeBytes: 200 }, false],
  'a log on a volume that can take little more is': [{ bytes: 400, freeBytes: 200 }, true],
  'an empty log on a volume that is full of other things is not: nobody can write there': [{ freeBytes: 0 }, false],
  'a log on a volume whose space is not known yet goes by its own bound': [
    { bytes: 700, freeBytes: Number.POSITIVE_INFINITY },
    false,
  ],
};

test.each(Object.entries(TABLE))('crowded: %s', (_name, [room, expected]) => {
  expect(isCrowded({ ...ROOM, ...room })).toBe(expected);
});

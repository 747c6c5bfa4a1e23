import { expect, test } from 'vitest';
import { BoundedCache } from './bounded-cache.ts';

const newCache = () => new BoundedCache<number>({ maxEntries: 2, maxKeyLength: 3 });
const made: string[] = [];
const make = (key: string, value: number) => (): number => {
  made.push(key);
  return value;
};

test('a value is made once', () => {
  const cache = newCache();
  made.length = 0;
  expect([cache.get('a', make('a', 1)), cache.get('a', make('a', 2))]).toEqual([1, 1]);
  expect(made).toEqual(['a']);
});

test('what was not used for longest goes first', () => {
  const cache = newCache();
  cache.get('a', make('a', 1));
  cache.get('b', make('b', 2));
  cache.get('a', make('a', 3));
  cache.get('c', make('c', 4));
  made.length = 0;
  expect(cache.get('a', make('a', 5))).toBe(1);
  expect(cache.get('b', make('b', 6))).toBe(6);
  expect(made).toEqual(['b']);
  expect(cache.size).toBe(2);
});

test('a long key is served and not kept', () => {
  const cache = newCache();
  expect(cache.get('abcd', make('abcd', 1))).toBe(1);
  expect(cache.size).toBe(0);
});

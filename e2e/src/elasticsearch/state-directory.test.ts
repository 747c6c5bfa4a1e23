import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  claimStateDirectory,
  defaultDistributionCache,
  removeAbandonedState,
  removeStateDirectory,
} from './state-directory.ts';

let root: string;
let shared: string;
let stack: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chaperone-state-'));
  shared = join(root, 'shared');
  stack = join(root, 'stack');
  mkdirSync(stack);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('where the distribution is cached', () => {
  const cases: Record<string, { environment: Record<string, string>; isRoot: boolean; want: string }> = {
    'in the home of a user': { environment: { HOME: '/home/u' }, isRoot: false, want: '/home/u/.cache/chaperone' },
    'where XDG_CACHE_HOME says': {
      environment: { HOME: '/home/u', XDG_CACHE_HOME: '/c' },
      isRoot: false,
      want: '/c/chaperone',
    },
    'an empty XDG_CACHE_HOME is none': {
      environment: { HOME: '/home/u', XDG_CACHE_HOME: '' },
      isRoot: false,
      want: '/home/u/.cache/chaperone',
    },
    'for root where every user can read': {
      environment: { HOME: '/root' },
      isRoot: true,
      want: '/var/cache/chaperone',
    },
  };
  test.each(Object.entries(cases))('%s', (_, { environment, isRoot, want }) => {
    expect(defaultDistributionCache(environment, isRoot)).toBe(`${want}/elasticsearch-8.19.21`);
  });
});

test("a user's state lies in the stack's own directory, and nothing outside", () => {
  expect(claimStateDirectory(stack, false, shared)).toBe(stack);
  expect(existsSync(shared)).toBe(false);
});

test("root's state lies outside, names its stack, and is the same at every start", () => {
  const directory = claimStateDirectory(stack, true, shared);
  writeFileSync(join(directory, 'data'), 'kept');
  expect(claimStateDirectory(stack, true, shared)).toBe(directory);
  expect(readFileSync(join(directory, 'owner'), 'utf8')).toBe(stack);
  expect(readFileSync(join(directory, 'data'), 'utf8')).toBe('kept');
  expect(readdirSync(shared)).toHaveLength(1);
});

test("root's state can be passed through by the server's own user", () => {
  const directory = claimStateDirectory(stack, true, shared);
  const modes = [shared, directory].map((path) => (statSync(path).mode % 0o1000).toString(8));
  expect(modes).toEqual(['755', '755']);
});

test('two stacks have two directories, and removing one leaves the other', () => {
  const other = claimStateDirectory(join(root, 'other'), true, shared);
  const mine = claimStateDirectory(stack, true, shared);
  removeStateDirectory(stack, shared);
  expect([existsSync(mine), existsSync(other)]).toEqual([false, true]);
  removeStateDirectory(stack, shared);
});

describe('clearing what stacks left behind', () => {
  test('keeps the state of a stack whose directory is there', () => {
    const directory = claimStateDirectory(stack, true, shared);
    removeAbandonedState(shared);
    expect(existsSync(directory)).toBe(true);
  });

  test('removes the state of a stack whose directory is gone', () => {
    const directory = claimStateDirectory(stack, true, shared);
    rmSync(stack, { recursive: true });
    removeAbandonedState(shared);
    expect(existsSync(directory)).toBe(false);
  });

  test('leaves alone what names no owner', () => {
    mkdirSync(join(shared, 'lost+found'), { recursive: true });
    removeAbandonedState(shared);
    expect(readdirSync(shared)).toEqual(['lost+found']);
  });

  test('removes a directory that was never finished once it is an hour old', () => {
    for (const name of ['.new-old', '.new-young']) mkdirSync(join(shared, name), { recursive: true });
    const twoHoursAgo = Date.now() / 1000 - 7200;
    utimesSync(join(shared, '.new-old'), twoHoursAgo, twoHoursAgo);
    removeAbandonedState(shared);
    expect(readdirSync(shared)).toEqual(['.new-young']);
  });

  test('is content where there has never been any', () => {
    expect(() => removeAbandonedState(join(root, 'nowhere'))).not.toThrow();
  });
});

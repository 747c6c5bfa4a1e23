import { newFakeClock, settle } from '@chaperone/test/faults/fake-clock';
import { describe, expect, test } from 'vitest';
import { openFingerprintKeys } from './fingerprint-keys.ts';

const key = (byte: number, length = 32): Buffer => Buffer.alloc(length, byte);

async function open(keys: Map<string, Buffer>) {
  const clock = newFakeClock(0);
  const failures: unknown[] = [];
  const opened = await openFingerprintKeys({
    files: {
      readdir: () => Promise.resolve([...keys.keys()]),
      readFile: (path) => Promise.resolve(keys.get(path.split('/').at(-1) ?? '') ?? Buffer.alloc(0)),
    },
    directory: '/keys',
    clock,
    failed: (error) => failures.push(error),
  });
  return { ...opened, clock, failures };
}

describe('fingerprints', () => {
  test('are made by the last key by name, which they name', async () => {
    const { fingerprint } = await open(
      new Map([
        ['k2', key(2)],
        ['k1', key(1)],
        ['..data', key(9)],
      ]),
    );
    expect(fingerprint('rule', 'value')).toMatch(/^\[MASKED:rule:k2:[0-9a-f]{16}\]$/);
    expect(fingerprint('rule', 'value')).toBe(fingerprint('rule', 'value'));
    expect(fingerprint('rule', 'value')).not.toBe(fingerprint('rule', 'other'));
  });

  test('are made by a key that comes later, and by the old one while it cannot be read', async () => {
    const keys = new Map([['k1', key(1)]]);
    const opened = await open(keys);
    const { fingerprint, clock, failures } = opened;
    const end = new AbortController();
    const running = opened.run(end.signal);
    keys.set('k2', key(2, 8));
    for (let looks = 0; looks < 2; looks++) {
      await clock.advance(30_000);
      await settle();
    }
    expect(failures.map(String)).toEqual(['FingerprintKeysError: fingerprint key k2 is shorter than 32 bytes']);
    expect(fingerprint('rule', 'value')).toContain(':k1:');
    keys.set('k2', key(2));
    await clock.advance(30_000);
    await settle();
    expect(fingerprint('rule', 'value')).toContain(':k2:');
    end.abort();
    await running;
  });
});

test.each<[string, ReadonlyMap<string, Buffer>, string]>([
  ['no key', new Map(), 'holds none'],
  ['a key that is too short', new Map([['k1', key(1, 31)]]), 'k1 is shorter than 32 bytes'],
  ['a name that is no id', new Map([['Key_1', key(1)]]), 'named with 1 to 16'],
])('a directory with %s is refused', async (_, keys, words) => {
  await expect(open(new Map(keys))).rejects.toThrow(words);
});

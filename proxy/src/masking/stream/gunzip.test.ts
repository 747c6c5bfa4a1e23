import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UndecodableBody } from '../document.ts';
import { gunzip } from './gunzip.ts';

async function* chunks(bytes: Buffer, size: number, onRead: () => void = () => undefined): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    onRead();
    yield bytes.subarray(at, at + size);
  }
}

async function inflated(bytes: Buffer, size = 7, maximumBytes = 1e6): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of gunzip(chunks(bytes, size), maximumBytes)) parts.push(part);
  return Buffer.concat(parts).toString();
}

const HELLO = gzipSync('hello ');
const WORLD = gzipSync('world');

test('one member, several, and empty ones among them are read, however they arrive', async () => {
  for (const size of [1, 2, 19, 1000]) {
    expect(await inflated(HELLO, size)).toBe('hello ');
    expect(await inflated(Buffer.concat([HELLO, gzipSync(''), WORLD]), size)).toBe('hello world');
  }
});

test('each member comes out when it is there, without the next', async () => {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  async function* source(): AsyncGenerator<Buffer> {
    yield HELLO;
    await released;
    yield WORLD;
  }
  const reader = gunzip(source(), 100);
  expect((await reader.next()).value?.toString()).toBe('hello ');
  release();
  expect((await reader.next()).value?.toString()).toBe('world');
  expect((await reader.next()).done).toBe(true);
});

describe('what is no gzip from end to end is refused', () => {
  const damaged = Buffer.from(HELLO);
  damaged[damaged.length - 6] = (damaged.at(-6) ?? 0) ^ 1;
  const cases: Record<string, Buffer> = {
    'something else': Buffer.from('{"kind":"List"}'),
    'a member that is cut short': HELLO.subarray(0, -3),
    'a second member that is cut short': Buffer.concat([HELLO, WORLD.subarray(0, 12)]),
    'a checksum that does not fit': damaged,
    'something that follows': Buffer.concat([HELLO, Buffer.from('{"kind":"Secret"}')]),
    'zeros that follow': Buffer.concat([HELLO, Buffer.alloc(40)]),
  };
  test.each(Object.entries(cases))('%s', async (_, bytes) => {
    for (const size of [1, 5, 1000]) await expect(inflated(bytes, size)).rejects.toThrow(UndecodableBody);
  });
});

describe('a bomb', () => {
  const member = gzipSync(Buffer.alloc(50_000_000));
  const bomb = Buffer.concat(Array.from({ length: 20 }, () => member));

  test('ends at the bound', async () => {
    await expect(inflated(bomb, 1000)).rejects.toThrow('more than its bound');
    await expect(inflated(gzipSync('x'.repeat(100)), 1000, 100)).resolves.toHaveLength(100);
    await expect(inflated(gzipSync('x'.repeat(101)), 1000, 100)).rejects.toThrow(UndecodableBody);
  });

  test('is inflated no further than it is read', async () => {
    let reads = 0;
    const source = chunks(bomb, 100, () => (reads += 1));
    const reader = gunzip(source, 2e9);
    await reader.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    // Streams read ahead by their high-water marks, not to the end.
    expect(reads).toBeLessThan(bomb.length / 100 / 2);
    await reader.return();
  });
});

test('an error of the source is passed on as it is', async () => {
  const failure = new Error('connection reset');
  async function* source(): AsyncGenerator<Buffer> {
    yield HELLO.subarray(0, 10);
    throw failure;
  }
  await expect(gunzip(source(), 100).next()).rejects.toBe(failure);
});

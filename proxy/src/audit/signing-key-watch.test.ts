import { generateKeyPairSync } from 'node:crypto';
import { SigningKeyError } from '@chaperone/crds/audit/signing-keys';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { expect, test } from 'vitest';
import { newestSigningKey, watchSigningKeys } from './signing-key-watch.ts';

const newPem = (): string => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });

async function start() {
  const content = new Map([['0001.pem', newPem()]]);
  const files = {
    readdir: async () => [...content.keys()],
    readFile: async (path: string) => content.get(path.slice('keys/'.length)) ?? '',
  };
  const clock = newFakeClock();
  const stop = new AbortController();
  const changed: string[] = [];
  const failures: unknown[] = [];
  const current = await newestSigningKey(files, 'keys');
  const ended = watchSigningKeys(
    {
      files,
      directory: 'keys',
      current,
      clock,
      changed: ({ id }) => void changed.push(id),
      failed: (error) => void failures.push(error),
      intervalMs: 1_000,
    },
    stop.signal,
  );
  return {
    content,
    files,
    clock,
    changed,
    failures,
    stop: async (): Promise<void> => {
      stop.abort();
      await ended;
    },
  };
}

test('a key of a later name is taken up, once', async () => {
  const { content, files, clock, changed, failures, stop } = await start();
  await clock.advance(3_000);
  expect(changed).toEqual([]);
  content.set('0002.pem', newPem());
  content.set('0002.pub', 'its public half');
  await clock.advance(3_000);
  expect(changed).toEqual([(await newestSigningKey(files, 'keys')).id]);
  expect(failures).toEqual([]);
  await stop();
});

test('a key of an earlier name changes nothing', async () => {
  const { content, clock, changed, stop } = await start();
  content.set('0000.pem', newPem());
  await clock.advance(3_000);
  expect(changed).toEqual([]);
  await stop();
});

test('one that cannot be read is told once, and the next is taken up all the same', async () => {
  const { content, clock, changed, failures, stop } = await start();
  content.set('0002.pem', 'half a k');
  await clock.advance(5_000);
  expect(failures).toEqual([new SigningKeyError('NotAKey', '0002.pem')]);
  expect(changed).toEqual([]);
  content.set('0002.pem', newPem());
  await clock.advance(1_000);
  expect(changed).toHaveLength(1);
  await stop();
});

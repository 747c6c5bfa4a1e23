import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openIntentLog, type Intent } from './intent-log.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'intents-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const intent = (auditID: string): Intent => ({
  auditID,
  time: '2026-06-01T12:00:00.000Z',
  username: 'agent@example.com',
  groups: ['agents'],
  clientAddress: '127.0.0.1',
  verb: 'get',
  apiGroup: '',
  resource: 'pods',
  subresource: '',
  namespace: 'default',
  name: 'web',
  path: '',
  revision: 'r',
  verdict: 'Allow',
});

const files = async (): Promise<string[]> => (await readdir(directory)).toSorted();

async function auditIDs(): Promise<unknown[]> {
  const texts = await Promise.all((await files()).map((file) => readFile(join(directory, file), 'utf8')));
  return texts
    .join('')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const parsed: unknown = JSON.parse(line);
      return typeof parsed === 'object' && parsed !== null && 'auditID' in parsed ? parsed.auditID : undefined;
    });
}

describe('the log of intents', () => {
  test('holds every line, in order, once append has resolved', async () => {
    const log = await openIntentLog({ directory });
    const names = Array.from({ length: 500 }, (_, index) => `call-${index}`);
    await Promise.all(names.map((name) => log.append(intent(name))));
    expect(await auditIDs()).toEqual(names);
    await log.close();
  });

  test('begins a file of its own beside those of processes before it', async () => {
    const first = await openIntentLog({ directory });
    await first.append(intent('first'));
    await first.close();
    await writeFile(join(directory, 'else'), 'is left alone');
    const second = await openIntentLog({ directory });
    await second.append(intent('second'));
    await second.close();
    expect(await files()).toEqual(['else', 'intents-0000000001.jsonl', 'intents-0000000002.jsonl']);
  });

  test('keeps as many files as it is told to, the newest', async () => {
    const log = await openIntentLog({ directory, fileBytes: 1, files: 3 });
    for (let index = 0; index < 6; index++) await log.append(intent(`call-${index}`));
    await log.close();
    expect(await auditIDs()).toEqual(['call-3', 'call-4', 'call-5']);
  });

  test('refuses every append while it cannot be written, and takes them again once it can', async () => {
    const log = await openIntentLog({ directory, fileBytes: 1 });
    await log.append(intent('before'));
    await rm(directory, { recursive: true });
    const refused = await Promise.allSettled([log.append(intent('a')), log.append(intent('b'))]);
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(log.lastError()).toBeInstanceOf(Error);
    await mkdir(directory);
    await log.append(intent('after'));
    expect(log.lastError()).toBeUndefined();
    expect(await auditIDs()).toEqual(['after']);
    await log.close();
  });
});

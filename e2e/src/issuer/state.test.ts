import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KeySet } from './key-set.ts';
import { dropRetiredKeys, ensureKeys, readKeys, readSettings, rotateKeys, stateFiles, writeSettings } from './state.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'issuer-state-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const kids = (keys: KeySet): string[] => keys.map((key) => key.kid);

describe('the keys of an issuer', () => {
  test('are made once, for their owner alone', async () => {
    await ensureKeys(directory);
    const first = readKeys(directory);
    await ensureKeys(directory);
    expect(readKeys(directory)).toEqual(first);
    expect(first.map((key) => key.alg)).toEqual(['RS256', 'ES256']);
    expect(statSync(stateFiles(directory).keys).mode.toString(8)).toBe('100600');
    expect(statSync(join(directory, 'keys')).mode.toString(8)).toBe('40700');
  });

  test('have new ones in front after a rotation, and only those after dropping the old', async () => {
    await ensureKeys(directory);
    const first = readKeys(directory);
    const second = await rotateKeys(directory);
    expect(second).toHaveLength(4);
    expect(kids(second).slice(2)).toEqual(kids(first));
    expect(new Set(kids(second)).size).toBe(4);
    expect(kids(readKeys(directory))).toEqual(kids(second));
    expect(kids(dropRetiredKeys(directory))).toEqual(kids(second).slice(0, 2));
    expect(kids(readKeys(directory))).toEqual(kids(second).slice(0, 2));
  });

  test('stay when there is nothing to drop', async () => {
    await ensureKeys(directory);
    const before = kids(readKeys(directory));
    expect(kids(dropRetiredKeys(directory))).toEqual(before);
  });

  test('are all kept by two rotations at once', async () => {
    await ensureKeys(directory);
    await Promise.all([rotateKeys(directory), rotateKeys(directory)]);
    expect(new Set(kids(readKeys(directory))).size).toBe(6);
  });
});

const damaged: Record<string, string> = {
  'no JSON': 'x',
  'no set': '{}',
  'an empty set': '{"keys":[]}',
  'a public key': '{"keys":[{"kty":"RSA","kid":"k","alg":"RS256","use":"sig"}]}',
  'a symmetric key': '{"keys":[{"kty":"oct","kid":"k","alg":"HS256","use":"sig","k":"x"}]}',
};

test.each(Object.entries(damaged))('a key file with %s is refused, and never replaced', async (_sentence, text) => {
  await ensureKeys(directory);
  const file = stateFiles(directory).keys;
  writeFileSync(file, text);
  await expect(ensureKeys(directory)).rejects.toMatchObject({ code: 'BadState' });
  await expect(rotateKeys(directory)).rejects.toMatchObject({ code: 'BadState' });
  expect(readFileSync(file, 'utf8')).toBe(text);
});

describe('the settings of an issuer', () => {
  test('come back as written', () => {
    writeSettings(directory, { url: 'https://127.0.0.1:1', audience: 'chaperone' });
    expect(readSettings(directory)).toEqual({ url: 'https://127.0.0.1:1', audience: 'chaperone' });
  });

  test('say what to do when there are none', () => {
    expect(() => readSettings(directory)).toThrow(`no issuer has been set up in ${directory}: run "make up" first`);
  });

  test('are refused when they lack one', () => {
    writeFileSync(stateFiles(directory).settings, '{"url":"https://127.0.0.1:1"}');
    expect(() => readSettings(directory)).toThrow('does not hold the settings of an issuer');
  });
});

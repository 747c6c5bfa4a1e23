import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isRegistrySigned, NO_REGISTRY, parseRegistry, registryHash, signRegistry, type Registry } from './registry.ts';
import { signingKey } from './signing-keys.ts';

const key = signingKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), 'test');
const chain = (letter: string): string => letter.repeat(64);

const REGISTRY = signRegistry(
  {
    number: 7,
    time: '2026-03-01T12:00:00.000Z',
    previousRegistry: NO_REGISTRY,
    writers: [
      { writer: 'a', replica: 'pod-a', start: '2026-03-01T00:00:00.000Z', head: { sequence: 3, chain: chain('a') } },
      {
        writer: 'b',
        replica: 'pod-b',
        start: '2026-03-01T00:00:00.000Z',
        end: '2026-03-01T01:00:00.000Z',
        head: { sequence: 9, chain: chain('b') },
      },
      {
        writer: 'c',
        replica: 'pod-c',
        start: '2026-03-01T00:00:00.000Z',
        lost: '2026-03-01T02:00:00.000Z',
        head: { sequence: 2, chain: chain('c') },
      },
    ],
    forgotten: { count: 4, until: '2026-02-01T00:00:00.000Z' },
    keys: ['key'],
  },
  key,
);

const [first, second, third] = REGISTRY.writers;
if (first === undefined || second === undefined || third === undefined) throw new TypeError('writers are missing');
const { forgotten: _forgotten, ...WITHOUT_FORGOTTEN } = REGISTRY;
const { lost: _lost, ...FOUND } = third;
const { end: _end, ...NOT_ENDED } = second;

test('a registry that was signed is signed, read back or not', () => {
  expect(isRegistrySigned(REGISTRY, key)).toBe(true);
  expect(parseRegistry(JSON.stringify(REGISTRY))).toEqual(REGISTRY);
});

describe('the signature is over all of it', () => {
  const CHANGES: Readonly<Record<string, Registry>> = {
    'its number': { ...REGISTRY, number: 8 },
    'its time': { ...REGISTRY, time: '2026-03-01T12:00:00.001Z' },
    'the one before': { ...REGISTRY, previousRegistry: chain('d') },
    'a writer less': { ...REGISTRY, writers: [first, second] },
    'the order of writers': { ...REGISTRY, writers: [second, first, third] },
    'a head': { ...REGISTRY, writers: [{ ...first, head: { sequence: 4, chain: chain('a') } }, second, third] },
    'an end that is left out': { ...REGISTRY, writers: [first, NOT_ENDED, third] },
    'an end that passes for a loss': {
      ...REGISTRY,
      writers: [first, { ...NOT_ENDED, lost: '2026-03-01T01:00:00.000Z' }, third],
    },
    'a loss that is left out': { ...REGISTRY, writers: [first, second, FOUND] },
    'a loss that passes for an end': {
      ...REGISTRY,
      writers: [first, second, { ...FOUND, end: '2026-03-01T02:00:00.000Z' }],
    },
    'how many were forgotten': { ...REGISTRY, forgotten: { count: 5, until: '2026-02-01T00:00:00.000Z' } },
    'up to when': { ...REGISTRY, forgotten: { count: 4, until: '2026-02-02T00:00:00.000Z' } },
    'that any were forgotten': WITHOUT_FORGOTTEN,
    'a key more': { ...REGISTRY, keys: ['key', 'other'] },
    'no key': { ...REGISTRY, keys: [] },
  };
  test.each(Object.entries(CHANGES))('%s', (_name, changed) => {
    expect(isRegistrySigned(changed, key)).toBe(false);
    expect(registryHash(changed)).not.toBe(registryHash(REGISTRY));
  });
});

test.each([undefined, '', '{', '{}', '[]', JSON.stringify({ ...REGISTRY, more: 1 })])('%j is no registry', (text) => {
  expect(parseRegistry(text)).toBeUndefined();
});

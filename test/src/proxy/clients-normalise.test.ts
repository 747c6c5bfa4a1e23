import { describe, expect, test } from 'vitest';
import { normalise } from './clients-normalise.ts';

const known = new Map([
  ['clients-a', '<namespace>'],
  ['127.0.0.1:6443', '<server>'],
]);

describe('what two runs of a command may differ by', () => {
  const cases: Record<string, readonly [string, string]> = {
    'names that are known': [
      'running at https://127.0.0.1:6443 in clients-a',
      'running at https://<server> in <namespace>',
    ],
    'identifiers of objects': ['uid: 6f2c7a1e-3b1d-4b0c-9f0e-0123456789ab', 'uid: <uid>'],
    'versions of objects, in JSON and in YAML': [
      '"resourceVersion": "123" resourceVersion: "4567"',
      '"resourceVersion": "<version>" resourceVersion: "<version>"',
    ],
    'moments, as objects and descriptions have them': [
      '2026-11-22T18:56:31Z 2026-11-22T18:56:31.123456Z Sun, 22 Nov 2026 18:56:31 +0000',
      '<time> <time> <time>',
    ],
    'ages, with the width of their column': [
      'NAME   AGE     DATA\na      2m5s    1\nb      3s      2',
      'NAME   AGE DATA\na      <age> 1\nb      <age> 2',
    ],
    'names of generated pods': ['web-6d4cf56db6-x7k2p', 'web-6d4cf56db6-<generated>'],
  };
  test.each(Object.entries(cases))('%s', (_name, [text, expected]) => {
    expect(normalise(text, known)).toBe(expected);
  });
});

describe('what they may not differ by', () => {
  test.each([
    'E<log> reflector.go:204] "Failed to watch" err="unexpected EOF"',
    'error: 404 page not found',
    'replicas: 3',
    'grace period of 30 seconds',
    'hash 6d4cf56db6',
    'configmap/a',
  ])('%s', (text) => {
    expect(normalise(text, known)).toBe(text);
  });
});

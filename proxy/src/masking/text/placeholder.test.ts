import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newFingerprints } from './fingerprint.ts';
import { fingerprinted, holdsPlaceholder, isPlaceholder, placeholderRanges, redacted } from './placeholder.ts';

const PLACEHOLDERS = [redacted('jwt'), redacted('rule-1/customer'), fingerprinted('a.b/c', 'k1', '0123456789abcdef')];
const twice = (text: string): string => Buffer.from(Buffer.from(text).toString('base64')).toString('base64');

const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in lower case': (text) => encodeURIComponent(text).replace(/%../g, (escape) => escape.toLowerCase()),
  'percent-encoded twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'in a JSON string': JSON.stringify,
  'with every character escaped': (text) =>
    text.replace(/[\s\S]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`),
  'with its bracket escaped, in JSON in JSON': (text) => JSON.stringify(text.replace('[', '\\u005b')),
  'in hex': (text) => Buffer.from(text).toString('hex'),
  'in upper-case hex': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in base64 of URLs': (text) => Buffer.from(text).toString('base64url'),
  'in base64 on lines': (text) => Buffer.from(text).toString('base64').replace(/.{7}/g, '$&\n'),
  'in base64 of base64': twice,
};

test.each(Object.entries(ENCODINGS))('a placeholder is seen %s, whatever is around it', (_, encode) => {
  for (const placeholder of PLACEHOLDERS) {
    for (const before of ['', 'x', 'xy', 'xyz', 'é ', 'a=b&']) {
      expect(holdsPlaceholder(encode(`${before}${placeholder} and more`))).toBe(true);
    }
  }
});

test('no ordinary text holds one', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String(),
        fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('hex')),
      ),
      (text) => {
        expect(holdsPlaceholder(text)).toBe(false);
      },
    ),
    { numRuns: 2_000 },
  );
  for (const text of [
    'MASKED',
    '[MASKED]',
    '[MASKED: no]',
    '[masked:jwt]',
    '%5BMASKED%5D',
    'the placeholder [MASKED:',
  ]) {
    expect(holdsPlaceholder(text)).toBe(false);
  }
});

test('is one only as a whole, and is found among others', () => {
  for (const placeholder of PLACEHOLDERS) {
    expect(isPlaceholder(placeholder)).toBe(true);
    expect(isPlaceholder(`${placeholder} `)).toBe(false);
    expect(placeholderRanges(`ab${placeholder}`)).toEqual([{ start: 2, end: 2 + placeholder.length }]);
  }
});

test('a part that could end it early is refused, and not repeated in the error', () => {
  for (const name of ['', 'a]', 'A', 'a:b', 'hunter2 ']) expect(() => redacted(name)).toThrow(RangeError);
  expect(() => redacted('Hunter2!')).toThrow(/^(?!.*Hunter2)/);
  expect(() => fingerprinted('a', 'k_1', '0123456789abcdef')).toThrow(RangeError);
  expect(() => fingerprinted('a', 'k1', 'short')).toThrow(RangeError);
});

describe('fingerprints', () => {
  const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
  const make = newFingerprints([{ id: 'k1', key: key(1), current: true }]);

  test('are equal for equal values whatever the rule, and different for others', () => {
    expect(make('a', 'x').slice(-17)).toBe(make('b', 'x').slice(-17));
    expect(make('a', 'x')).not.toBe(make('a', 'y'));
    expect(isPlaceholder(make('a', 'x'))).toBe(true);
  });

  test('are made by the current key alone, and say by which', () => {
    const rotated = newFingerprints([
      { id: 'k1', key: key(1), current: false },
      { id: 'k2', key: key(2), current: true },
    ]);
    expect(rotated('a', 'x')).toMatch(/^\[MASKED:a:k2:[0-9a-f]{16}\]$/);
    expect(rotated('a', 'x').slice(-17)).not.toBe(make('a', 'x').slice(-17));
  });

  test('are not made by no key, two current ones, one id twice, or a short key', () => {
    const refused = [
      [],
      [{ id: 'k1', key: key(1), current: false }],
      [
        { id: 'k1', key: key(1), current: true },
        { id: 'k2', key: key(2), current: true },
      ],
      [
        { id: 'k1', key: key(1), current: true },
        { id: 'k1', key: key(2), current: false },
      ],
      [{ id: 'k1', key: new Uint8Array(31), current: true }],
    ];
    for (const keys of refused) expect(() => newFingerprints(keys)).toThrow('fingerprint key');
  });
});

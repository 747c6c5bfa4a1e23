import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newFinder } from './find.ts';
import { KnownValues } from './known-values.ts';
import { maskText } from './mask-text.ts';
import { redacted } from './placeholder.ts';

const VALUE = 'p<4>&ss w"rd/é+1?';

function knowing(...values: readonly (string | Uint8Array)[]): KnownValues {
  const known = new KnownValues();
  for (const value of values) known.add(value);
  return known;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'in base64': base64,
  'in base64 of URLs': (text) => Buffer.from(text).toString('base64url'),
  'in hex': (text) => Buffer.from(text).toString('hex'),
  'in upper-case hex': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'percent-encoded': encodeURIComponent,
  'in the encoding of forms': (text) => new URLSearchParams({ a: text }).toString().slice(2),
  'in a JSON string': JSON.stringify,
  'in a JSON string of Go': (text) =>
    JSON.stringify(text).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026'),
  'in JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)),
};

test.each(Object.entries(ENCODINGS))('a value is found %s', (_, encode) => {
  const find = newFinder({ detectors: [], patterns: [], known: knowing(VALUE) });
  const encoded = encode(VALUE);
  const masked = maskText(`seen: ${encoded}, twice: ${encoded}`, find, redacted);
  expect(masked.counts).toEqual(new Map([['known-value', 2]]));
  expect(masked.text.replaceAll('"', '').replaceAll('\\', '')).toBe(
    'seen: [MASKED:known-value], twice: [MASKED:known-value]',
  );
});

test('a value is found inside the base64 of something longer, at every alignment', () => {
  const known = knowing('hunter2hunter2');
  for (const before of ['', 'a', 'ab', 'abc']) {
    const text = base64(`${before}hunter2hunter2 and more`);
    const [span] = known.find(text);
    const left = text.slice(0, span?.start) + text.slice(span?.end);
    expect(Buffer.from(text.slice(span?.start, span?.end)).length).toBeGreaterThan(15);
    expect(left).not.toContain(base64('hunter2').slice(2, 8));
  }
});

test('bytes that are no text are found in their encodings', () => {
  const bytes = Buffer.from([0xff, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(knowing(bytes).find(`x ${bytes.toString('base64')}`)).toHaveLength(1);
  expect(knowing(bytes).find(`x ${bytes.toString('hex')}`)).toHaveLength(1);
});

test('the beginning of a long value counts as the value', () => {
  const value = 'abcdefghij0123456789'.repeat(5);
  expect(knowing(value).find(`message: ${value.slice(0, 60)}...`)).toEqual([{ start: 9, end: 69 }]);
  expect(knowing(value).find(`message: ${value.slice(0, 31)}`)).toEqual([]);
});

test.each(['', 'true', 'admin', '8080', '1234567', 'postgres', 'production', 'aaaaaaaa'])(
  '%j tells nothing, so it is not searched for',
  (value) => {
    expect(knowing(value).find(`a ${value} b`)).toEqual([]);
  },
);

test('a short value is found where it stands alone, not inside of words', () => {
  const known = knowing('backend');
  expect(known.find('the backend is')).toEqual([{ start: 4, end: 11 }]);
  expect(known.find('backends mybackend')).toEqual([]);
  expect(known.find('\\nbackend\\n')).toHaveLength(1);
});

test('values of the same beginning are told apart, and each is found as far as it goes', () => {
  const same = 'common-beginning-of-all-of-them-'.repeat(2);
  const known = knowing(`${same}one`, `${same}two-and-more`, same);
  for (const end of ['one', 'two-and-more', '']) {
    expect(known.find(`<${same}${end}>`)).toEqual([{ start: 1, end: 1 + same.length + end.length }]);
  }
});

test('as many values as the limits allow are kept, and one that is full says so', () => {
  const known = new KnownValues({ values: 2, size: 1_000_000 });
  for (const value of ['first-value-1', 'second-value-2', 'second-value-2']) known.add(value);
  expect(known.isFull).toBe(false);
  known.add('third-value-3');
  expect(known.isFull).toBe(true);
  expect(known.find('first-value-1 third-value-3')).toHaveLength(1);
});

test('no value that was added is left anywhere in a text', () => {
  const values = fc.array(
    fc
      .string({ minLength: 12, maxLength: 60 })
      .filter((value) => new Set(value.trim()).size > 5 && value.trim().length > 11),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(values, fc.array(fc.tuple(fc.string({ maxLength: 8 }), fc.nat()), { maxLength: 8 }), (added, parts) => {
      const known = knowing(...added);
      const text = parts.map(([before, at]) => before + (added[at % added.length] ?? '')).join('|');
      const spans = known.find(text);
      let left = '';
      let from = 0;
      for (const { start, end } of spans) {
        left += `${text.slice(from, start)}\u0000`;
        from = end;
      }
      left += text.slice(from);
      for (const value of added) expect(left).not.toContain(value);
    }),
  );
});

import { describe, expect, test } from 'vitest';
import { formatDouble, formatDuration, formatMicroTime, formatTime } from './go-format.ts';

describe('times are as Go writes them in JSON', () => {
  test.each([
    ['0', '1970-01-01T00:00:00Z'],
    ['-1', '1969-12-31T23:59:59Z'],
    ['1790000000', '2026-09-21T14:13:20Z'],
    ['253402300799', '9999-12-31T23:59:59Z'],
    ['-62167219200', '0000-01-01T00:00:00Z'],
    ['-62135596800', null],
    ['253402300800', undefined],
    ['-62167219201', undefined],
    ['9223372036854775807', undefined],
  ])('second %s', (seconds, want) => expect(formatTime(seconds)).toBe(want));

  test.each([
    ['0', 0, '1970-01-01T00:00:00.000000Z'],
    ['0', 1_999, '1970-01-01T00:00:00.000001Z'],
    ['-1', 999_999_999, '1969-12-31T23:59:59.999999Z'],
    ['-62135596800', 999, null],
    ['0', -1, undefined],
    ['0', 1_000_000_000, undefined],
  ])('second %s and %d ns', (seconds, nanos, want) => expect(formatMicroTime(seconds, nanos)).toBe(want));
});

test.each([
  ['0', '0s'],
  ['1', '1ns'],
  ['-999', '-999ns'],
  ['1000', '1µs'],
  ['1500', '1.5µs'],
  ['1000000', '1ms'],
  ['1000001', '1.000001ms'],
  ['1000000000', '1s'],
  ['61500000000', '1m1.5s'],
  ['3600000000000', '1h0m0s'],
  ['-3600000000001', '-1h0m0.000000001s'],
  ['9223372036854775807', '2562047h47m16.854775807s'],
  ['-9223372036854775808', '-2562047h47m16.854775808s'],
])("a duration of %s ns is Go's %s", (nanoseconds, want) => expect(formatDuration(nanoseconds)).toBe(want));

test.each([
  [0, '0'],
  [-0, '-0'],
  [0.1, '0.1'],
  [1e20, '100000000000000000000'],
  [1e21, '1e+21'],
  [1e-6, '0.000001'],
  [1e-7, '1e-7'],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
])('the double %d', (value, want) => expect(formatDouble(value)).toBe(want));

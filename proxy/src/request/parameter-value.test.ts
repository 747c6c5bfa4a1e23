import { describe, expect, test } from 'vitest';
import { parseBool, parseInt64 } from './parameter-value.ts';

describe('parseBool', () => {
  test.each([undefined, '0', 'false', 'FALSE', 'fAlSe', 'fal\u017Fe'])('%s is false', (value) => {
    expect(parseBool(value)).toBe(false);
  });

  test.each(['', '1', 'true', 'no', 'off', 'f', '00', ' false', 'false ', 'falsee', 'null', '-0'])(
    "'%s' is true",
    (value) => {
      expect(parseBool(value)).toBe(true);
    },
  );
});

describe('parseInt64', () => {
  const cases: Record<string, bigint> = {
    '0': 0n,
    '500': 500n,
    '+7': 7n,
    '-5': -5n,
    '007': 7n,
    '9223372036854775807': 9_223_372_036_854_775_807n,
    '-9223372036854775808': -9_223_372_036_854_775_808n,
    [`${'0'.repeat(1_000)}5`]: 5n,
  };
  test.each(Object.entries(cases))('%s', (text, want) => expect(parseInt64(text)).toBe(want));

  test.each([
    '',
    '+',
    '-',
    '--1',
    '1_000',
    '0x10',
    '1e3',
    ' 1',
    '1 ',
    '1.0',
    '٣',
    '9223372036854775808',
    '-9223372036854775809',
    '9'.repeat(100_000),
  ])("'%.30s' is none", (text) => expect(parseInt64(text)).toBeUndefined());
});

import { BinaryWriter } from '@bufbuild/protobuf/wire';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UndecodableBody } from '../../document.ts';
import { WireReader } from './wire-reader.ts';

const reader = (...bytes: readonly number[]): WireReader => new WireReader(Buffer.from(bytes));

describe('what two readers could take for different things is refused', () => {
  type Read = (from: WireReader, end: number) => unknown;
  const tag: Read = (from, end) => from.tag(end);
  const varint: Read = (from, end) => from.varint(end);
  const int32: Read = (from, end) => from.int32(end);
  const boolean: Read = (from, end) => from.boolean(end);
  const length: Read = (from, end) => from.delimitedEnd(end);
  const cases: Readonly<Record<string, readonly [read: Read, bytes: readonly number[]]>> = {
    'field 0': [tag, [0x02]],
    'the start of a group': [tag, [0x0b]],
    'the end of a group': [tag, [0x0c]],
    'wire type 6': [tag, [0x0e]],
    'wire type 7': [tag, [0x0f]],
    'a tag above 32 bits, whose low bits are field 1': [tag, [0x8a, 0x80, 0x80, 0x80, 0x10]],
    'a tag in six bytes': [tag, [0x8a, 0x80, 0x80, 0x80, 0x80, 0x00]],
    'a tag that does not end': [tag, [0x8a]],
    'no tag': [tag, []],
    'a varint of eleven bytes': [varint, [...Array.from({ length: 10 }, () => 0x80), 0]],
    'a varint of 65 bits': [varint, [...Array.from({ length: 9 }, () => 0xff), 0x02]],
    'a varint that does not end': [varint, [0xff, 0xff]],
    'an int32 above 31 bits, which one reader makes negative': [int32, [0x80, 0x80, 0x80, 0x80, 0x08]],
    'an int32 whose sign is that of 32 bits': [int32, [0xff, 0xff, 0xff, 0xff, 0x0f]],
    'an int32 below 32 bits': [int32, [0xff, 0xff, 0xff, 0xff, 0xf7, 0xff, 0xff, 0xff, 0xff, 0x01]],
    'a boolean of 2': [boolean, [2]],
    'a boolean of 2^32, which one reader cuts to 0': [boolean, [0x80, 0x80, 0x80, 0x80, 0x10]],
    'a length past the end': [length, [2, 0]],
    'a length above 32 bits': [length, [0xff, 0xff, 0xff, 0xff, 0x1f]],
    'a length that is negative in 64 bits': [length, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    'a double that does not end': [(from, end) => from.double(end), [1, 2, 3, 4, 5, 6, 7]],
    'a fixed32 that does not end': [(from, end) => from.skip(5, end), [1, 2, 3]],
    'a text that is not UTF-8': [(from, end) => from.text(0, end), [0x61, 0xff]],
    'half a surrogate pair in UTF-8': [(from, end) => from.text(0, end), [0xed, 0xa0, 0x80]],
  };
  test.each(Object.entries(cases))('%s', (_, [read, bytes]) => {
    expect(() => read(reader(...bytes), bytes.length)).toThrow(UndecodableBody);
  });

  test('what lies behind the end of the message is not read', () => {
    expect(() => reader(0x80, 0x01).varint(1)).toThrow(UndecodableBody);
    expect(() => reader(0x0a, 0x01).tag(0)).toThrow(UndecodableBody);
    expect(() => reader(0x01, 0x61).delimitedEnd(1)).toThrow(UndecodableBody);
  });
});

describe('what a writer wrote is read', () => {
  test('numbers of 64 and 32 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer(), (long, short) => {
        const bytes = Buffer.from(new BinaryWriter().int64(long).int32(short).bool(true).finish());
        const from = new WireReader(bytes);
        expect(from.int64(bytes.length)).toBe(long.toString());
        expect(from.int32(bytes.length)).toBe(short);
        expect(from.boolean(bytes.length)).toBe(true);
        expect(from.position).toBe(bytes.length);
      }),
    );
  });

  test('numbers about what fits into 7, 49 and 53 bits', () => {
    for (const bits of [7n, 28n, 49n, 53n, 56n, 63n]) {
      for (const value of [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n].filter((one) => one < 2n ** 63n)) {
        const bytes = Buffer.from(new BinaryWriter().int64(value).finish());
        expect(new WireReader(bytes).int64(bytes.length)).toBe(value.toString());
      }
    }
  });

  test('texts, also with the character that stands for a broken one', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '\0', 'é', '€', '🦊', '\u{feff}', '\u{fffd}')), (characters) => {
        const text = characters.join('');
        const bytes = Buffer.from(text);
        expect(new WireReader(bytes).text(0, bytes.length)).toBe(text);
      }),
    );
  });
});

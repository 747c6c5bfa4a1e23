import * as cborg from 'cborg';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UndecodableBody, type BodyDocument, type Edits, type Value } from '../document.ts';
import { decodeCbor } from './cbor-document.ts';
import { jsonText } from './json-text.ts';

const NO_EDITS: Edits = new Map();

/** Of each kind that encodings treat apart, one or two. fast-check's own units take seconds to set up. */
const CHARACTER = fc.constantFrom(...Array.from('aZ0 "\\\n\0\u{85}é\u{2028}€🦊\u{10ffff}'));

function hex(bytes: string): Buffer {
  return Buffer.from(bytes.replaceAll(' ', ''), 'hex');
}

function json(bytes: Buffer): string {
  return jsonText(decodeCbor(bytes).root, NO_EDITS);
}

function decodedOrRefused(bytes: Buffer): BodyDocument | undefined {
  try {
    return decodeCbor(bytes);
  } catch (error) {
    if (error instanceof UndecodableBody) return undefined;
    throw error;
  }
}

function leaves(value: Value): Exclude<Value, { kind: 'object' | 'list' }>[] {
  if (value.kind === 'object') return value.members.flatMap(({ key, value: of }) => [key, ...leaves(of)]);
  if (value.kind === 'list') return value.items.flatMap(leaves);
  return [value];
}

describe('what an API server reads is read as the JSON that it makes of it', () => {
  const cases: Record<string, { bytes: string; want: string }> = {
    'the tag that says that it is CBOR': { bytes: 'd9d9f7 a1 41 61 01', want: '{"a":1}' },
    'texts and byte strings as keys and values': { bytes: 'a2 6161 4162 4163 6164', want: '{"a":"b","c":"d"}' },
    'bytes that are to be base64': { bytes: 'd6 43 000102', want: '"AAEC"' },
    'bytes that are to be base64url, or hexadecimal': { bytes: '82 d5 42 fbff d7 42 fbff', want: '["-_8","fbff"]' },
    'strings in parts': {
      bytes: '83 5f 4161 40 4162 ff 7f 62c3a9 60 ff d6 5f 4100 4101 ff',
      want: '["ab","é","AAE="]',
    },
    'maps and lists until a break': { bytes: 'bf 6161 9f 01 9f ff ff 6162 bf ff ff', want: '{"a":[1,[]],"b":{}}' },
    'integers of any width': {
      bytes: '88 00 17 1818 190100 1a00010000 1b001fffffffffffff 1b7fffffffffffffff 3b7fffffffffffffff',
      want: '[0,23,24,256,65536,9007199254740991,9223372036854775807,-9223372036854775808]',
    },
    'integers beyond those of 64 bits with a sign': { bytes: '1bffffffffffffffff', want: '18446744073709551615' },
    'floats of any width': {
      bytes: '87 f93c00 f93800 f98000 fa3fc00000 fb3ff199999999999a fb7e37e43c8800759c f90001',
      want: '[1,0.5,-0,1.5,1.1,1e+300,5.960464477539063e-8]',
    },
    'true, false and null': { bytes: '83 f5 f4 f6', want: '[true,false,null]' },
    times: {
      bytes: '84 c0 74 323031332d30332d32315432303a30343a30305a c1 1a514b67b0 c1 fb41d452d9ec200000 c1 20',
      want: '["2013-03-21T20:04:00Z","2013-03-21T20:04:00Z","2013-03-21T20:04:00.5Z","1969-12-31T23:59:59Z"]',
    },
    'the content of other tags': { bytes: 'd8 20 61 61', want: '"a"' },
  };
  test.each(Object.entries(cases))('%s', (_, { bytes, want }) => {
    expect(json(hex(bytes))).toBe(want);
    expect(decodeCbor(hex(bytes)).encode(NO_EDITS).equals(hex(bytes))).toBe(true);
  });
});

describe('what an API server refuses, or two readers could read differently, is refused', () => {
  const cases: Record<string, readonly string[]> = {
    nothing: [''],
    'more than one item': ['0000', 'f6f6', 'a0a0'],
    'an item that is cut short': [
      '18',
      '19 00',
      '61',
      '62 61',
      'a1',
      'a1 6161',
      '82 01',
      '9f',
      'bf',
      '5f',
      '5f 4161',
      'c1',
      'fb00',
    ],
    'a key twice': ['a2 6161 01 6161 02', 'a2 6161 01 4161 02', 'bf 6161 01 7f6161ff 02 ff'],
    'a key that is no text': ['a1 01 02', 'a1 f6 02', 'a1 80 02', 'a1 d6 4161 01', 'a1 c1 01 01'],
    'a map with a key and no value': ['bf 6161 ff'],
    'texts that are not UTF-8': ['61 ff', '62 c3 28', '7f 61c3 61a9 ff', '63 eda080'],
    'byte strings that are no texts': ['41 ff', 'a1 41ff 01'],
    'parts of strings of another kind': ['5f 6161 ff', '7f 4161 ff', '7f 7f 6161 ff ff', '5f 01 ff'],
    'breaks out of place': ['ff', '82 01 ff', 'c1 ff', 'a1 6161 ff', '9f c0 ff ff'],
    'reserved lengths': ['1c', '1f', '3f', 'df', 'fc', '5c'],
    'numbers that JSON does not have': ['f97e00', 'f97c00', 'fbfff0000000000000', 'faff800000'],
    'numbers of any size': ['c2 49 010000000000000000', 'c3 41 00'],
    'simple values other than true, false and null': ['f7', 'e0', 'f8ff', 'f820', 'f8 16', 'f3'],
    'tags where they mean nothing': [
      'd6 61 61',
      'd6 81 4161',
      'c0 01',
      'c1 61 61',
      'd6 01',
      'c1 f5',
      'c0 a0',
      'c1 fb7e37e43c8800759c',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, bodies) => {
    for (const body of bodies) expect(() => decodeCbor(hex(body)), body).toThrow(UndecodableBody);
  });
});

describe('an edit', () => {
  function edited(bytes: string, text: string): string {
    const document = decodeCbor(hex(bytes));
    return document.encode(new Map(leaves(document.root).map((leaf) => [leaf, text]))).toString('hex');
  }
  const cases: Record<string, { bytes: string; text: string; want: string }> = {
    'of a text is a text': { bytes: '61 61', text: 'é', want: '62 c3a9' },
    'of a byte string is a byte string, so that keys stay what they were': {
      bytes: '41 61',
      text: 'é',
      want: '42 c3a9',
    },
    'of bytes is bytes': { bytes: 'd6 5f 4161 ff', text: 'AAEC', want: 'd6 43 000102' },
    'of bytes that would be hexadecimal is a text': { bytes: 'd7 42 fbff', text: 'xyz', want: '63 78797a' },
    'of a number is a text': { bytes: '81 1a00010000', text: 'x', want: '81 61 78' },
    'of a time is a text': { bytes: '81 c1 1a514b67b0', text: 'x', want: '81 61 78' },
  };
  test.each(Object.entries(cases))('%s', (_, { bytes, text, want }) => {
    expect(edited(bytes, text)).toBe(want.replaceAll(' ', ''));
  });

  test('of bytes that is no base64 cannot be said', () => {
    for (const text of ['[REDACTED]', 'AAA', 'A===', 'AA=A', 'AAEC\n'])
      expect(() => edited('d64161', text)).toThrow(UndecodableBody);
  });

  test('of a value of another document is an error, not silence', () => {
    const [other] = leaves(decodeCbor(hex('6161')).root);
    if (other === undefined) throw new Error('There is one leaf');
    expect(() => decodeCbor(hex('6161')).encode(new Map([[other, 'x']]))).toThrow(TypeError);
  });
});

describe('for any CBOR', () => {
  const anyValue = fc.jsonValue({ stringUnit: CHARACTER, maxDepth: 4 });

  test('another decoder reads the same', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = Buffer.from(cborg.encode(value));
        expect(JSON.parse(json(bytes))).toEqual(JSON.parse(JSON.stringify(cborg.decode(bytes))));
        expect(decodeCbor(bytes).encode(NO_EDITS).equals(bytes)).toBe(true);
      }),
    );
  });

  test('edits of any leaves are read again, by the other decoder too, and no other leaf differs', () => {
    fc.assert(
      fc.property(
        anyValue,
        fc.array(fc.tuple(fc.nat(), fc.string({ unit: CHARACTER, maxLength: 40 }))),
        (value, picks) => {
          const document = decodeCbor(Buffer.from(cborg.encode(value)));
          const before = leaves(document.root);
          const edits = new Map(
            picks.flatMap(([pick, text], index) => {
              const leaf = before[pick % before.length];
              return leaf === undefined ? [] : [[leaf, `edit ${index} ${text}`] as const];
            }),
          );
          const encoded = document.encode(edits);
          expect(json(encoded)).toBe(jsonText(document.root, edits));
          expect(JSON.parse(json(encoded))).toEqual(JSON.parse(JSON.stringify(cborg.decode(encoded))));
        },
      ),
    );
  });

  test('after any change of bytes it is refused, or read, and by the other decoder not otherwise', () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.nat(2), fc.uint8Array({ maxLength: 3 }), (value, at, remove, insert) => {
        const bytes = Buffer.from(cborg.encode(value));
        const start = at % bytes.length;
        const changed = Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
        const document = decodedOrRefused(changed);
        const others = document === undefined ? undefined : otherReading(changed);
        if (document === undefined || others === undefined) return;
        expect(JSON.parse(jsonText(document.root, NO_EDITS))).toEqual(JSON.parse(others));
      }),
      { numRuns: 2_000 },
    );
  });

  /** Undefined where the other decoder does not take it, or it holds bytes, which it shows otherwise. */
  function otherReading(bytes: Buffer): string | undefined {
    try {
      const value: unknown = cborg.decode(bytes, { rejectDuplicateMapKeys: true });
      let hasBytes = false;
      const text = JSON.stringify(value, (_, of: unknown) => {
        if (of instanceof Uint8Array) hasBytes = true;
        return typeof of === 'bigint' ? Number(of) : of;
      });
      return hasBytes ? undefined : text;
    } catch {
      return undefined;
    }
  }
});

describe('hostile bodies end in time that grows with their length alone', () => {
  const cases: Record<string, () => Buffer> = {
    'a million lists in each other': () => Buffer.alloc(1e6, 0x81),
    'a million lists without an end in each other': () => Buffer.alloc(1e6, 0x9f),
    'a list that says that it has 2^64 items': () => hex('9bffffffffffffffff 00'),
    'a string that says that it has 2^64 bytes': () => hex('5bffffffffffffffff 00'),
    'ten million tags': () => Buffer.alloc(1e7, 0xc6),
    'ten million nulls': () => Buffer.concat([hex('9a00989680'), Buffer.alloc(1e7, 0xf6)]),
  };
  test.each(Object.entries(cases))('%s', { timeout: 60_000 }, (_, body) => {
    const bytes = body();
    const started = process.cpuUsage();
    expect(() => decodeCbor(bytes)).toThrow(UndecodableBody);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(8);
  });
});

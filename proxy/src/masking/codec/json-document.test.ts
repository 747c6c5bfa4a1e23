import { isUtf8 } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UndecodableBody, type BodyDocument, type Edits, type Value } from '../document.ts';
import { decodeJson } from './json-document.ts';
import { jsonText } from './json-text.ts';

/** Of each kind that encodings treat apart, one or two. fast-check's own units take seconds to set up. */
const CHARACTER = fc.constantFrom(
  ...Array.from('aZ0 ~/"\\{}[]:,\n\t\0\u{1f}\u{7f}\u{85}é\u{2028}€\u{feff}\u{fffd}🦊\u{10ffff}'),
);

const NO_EDITS: Edits = new Map();
const BOUNDS = { depth: 4, values: 6 };

function decode(json: string): BodyDocument {
  return decodeJson(Buffer.from(json));
}

/** Undefined where it is refused; any other error fails the test. */
function decodedOrRefused(bytes: Buffer): BodyDocument | undefined {
  try {
    return decodeJson(bytes);
  } catch (error) {
    if (error instanceof UndecodableBody) return undefined;
    throw error;
  }
}

/** All texts and literals, keys included, in the order of the bytes. */
function leaves(value: Value): Exclude<Value, { kind: 'object' | 'list' }>[] {
  if (value.kind === 'object') return value.members.flatMap(({ key, value: of }) => [key, ...leaves(of)]);
  if (value.kind === 'list') return value.items.flatMap(leaves);
  return [value];
}

describe('what is not one JSON value, or two readers could read differently, is refused', () => {
  const cases: Record<string, readonly string[]> = {
    'nothing, or only white space': ['', ' \n'],
    'a byte order mark': ['\u{feff}{}'],
    'white space that is not of JSON': ['\u{a0}1', '\f1', '{}\v'],
    'something after the value': ['{}{}', '1 2', '{},', '[]]', 'nullx'],
    'a key that comes twice': ['{"a":1,"a":2}', '{"a":1,"b":{"c":1,"c":2}}'],
    'a key that comes twice, once escaped': ['{"a":1,"\\u0061":2}', '{"/":1,"\\/":2}'],
    'a key that comes twice among many': [`{${Array.from({ length: 40 }, (_, index) => `"${index % 39}":1`).join()}}`],
    'half a surrogate pair in a key': ['{"\\ud800":1}', '{"\\udc00\\ud800":1}'],
    'a comma too much': ['[1,]', '{"a":1,}', '[,1]', '{,}'],
    'a comma too few': ['[1 2]', '{"a":1 "b":2}'],
    'brackets that do not match': ['[1}', '{"a":1]', '[', '{', '[{]}', '{"a":'],
    'a key that is no string': ['{a:1}', '{1:1}', '{null:1}', "{'a':1}"],
    'a key without a value': ['{"a"}', '{"a":}', '{"a",1}'],
    'words that JSON does not have': ['True', 'nul', 'NaN', 'Infinity', 'undefined', 'tru'],
    'numbers that JSON does not have': ['01', '+1', '.5', '1.', '1e', '1e+', '-', '0x10', '1_000', '-01', '--1'],
    'control characters in strings': ['"\n"', '"\t"', '"\0"', '"\u{1f}"'],
    'escapes that JSON does not have': ['"\\x41"', '"\\u12g4"', '"\\u12"', '"\\', '"\\u', '"\\U00000041"', '"\\\n"'],
    'strings without an end': ['"', '"abc', '{"a', '"\\"'],
    comments: ['{}//', '/**/{}', '[1,#\n2]'],
  };

  test.each(Object.entries(cases))('%s', (_, bodies) => {
    for (const body of bodies) expect(() => decode(body), body).toThrow(UndecodableBody);
  });

  test('bytes that are not UTF-8, in every position', () => {
    const body = Buffer.from('{"kéy": ["véry €uro 🦊", 1]}');
    const changed = [...body.keys()].flatMap((at) =>
      [0x80, 0xc0, 0xed, 0xff].map((byte) =>
        Buffer.concat([body.subarray(0, at), Buffer.of(byte), body.subarray(at + 1)]),
      ),
    );
    // Some of these replace the one byte of a character by an equal one, or by another that fits.
    const broken = changed.filter((bytes) => !isUtf8(bytes));
    expect(broken.length).toBeGreaterThan(changed.length / 2);
    for (const bytes of broken) expect(() => decodeJson(bytes), bytes.toString('hex')).toThrow(UndecodableBody);
  });

  test('a surrogate pair written as two characters of UTF-8', () => {
    expect(() => decodeJson(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toThrow(UndecodableBody);
  });

  test('more values, or deeper ones, than the bounds allow', () => {
    expect(decodeJson(Buffer.from('[[[[1]]]]'), BOUNDS).root.kind).toBe('list');
    expect(() => decodeJson(Buffer.from('[[[[[]],1]]]'), { depth: 3, values: 100 })).toThrow('nested too deep');
    expect(() => decodeJson(Buffer.from('[1,2,3,4,5,6]'), BOUNDS)).toThrow('too many values');
  });

  test('says where, and nothing of the body', () => {
    const secret = '{"password": "hunter2" "x"}';
    expect(() => decode(secret)).toThrow(
      new UndecodableBody('The JSON has neither a comma nor an end after a value', { offset: 23 }),
    );
  });
});

describe('what stays as it was', () => {
  test.each([
    '9007199254740993',
    '1e400',
    '-0',
    '-0.0',
    '0.10',
    '3.141592653589793238462643383279',
    '1E+2',
    '18446744073709551615',
  ])('the number %s', (number) => {
    const document = decode(` {"a": ${number}}`);
    expect(jsonText(document.root, NO_EDITS)).toBe(`{"a":${number}}`);
    expect(document.encode(NO_EDITS).toString()).toBe(` {"a": ${number}}`);
  });

  test('all that is not edited, when something is', () => {
    const document = decode('{ "a" :\t[1.0, "x\\u0041\\/", null] ,"b":"é" }\n');
    const [, , x, nothing, b] = leaves(document.root);
    if (x === undefined || nothing === undefined || b === undefined) throw new Error('There are six leaves');
    const edits = new Map([
      [nothing, 'was null'],
      [x, '"\n\u{1f98a}'],
    ]);
    expect(document.encode(edits).toString()).toBe('{ "a" :\t[1.0, "\\"\\n🦊", "was null"] ,"b":"é" }\n');
    expect(document.encode(new Map([[b, '\ud800']])).toString()).toContain(',"\\ud800":"é"');
  });

  test('half a surrogate pair in a text', () => {
    const document = decode('["\\ud83e", "\\udd8a\\ud83e"]');
    expect(leaves(document.root).map(({ text }) => text)).toEqual(['\ud83e', '\udd8a\ud83e']);
    expect(jsonText(document.root, NO_EDITS)).toBe('["\\ud83e","\\udd8a\\ud83e"]');
  });
});

test('an edit of a value of another document is an error, not silence', () => {
  const other = decode('"x"').root;
  if (other.kind !== 'text') throw new Error('It is a text');
  expect(() => decode('"x"').encode(new Map([[other, 'y']]))).toThrow(TypeError);
});

describe('for any JSON', () => {
  const anyJson = fc.tuple(fc.jsonValue({ stringUnit: CHARACTER, maxDepth: 5 }), fc.constantFrom('', ' ', '\t'));

  test('it is read as JSON.parse reads it, and without edits its bytes are the same', () => {
    fc.assert(
      fc.property(anyJson, ([value, indent]) => {
        const bytes = Buffer.from(JSON.stringify(value, undefined, indent));
        const document = decodeJson(bytes);
        expect(document.encode(NO_EDITS).equals(bytes)).toBe(true);
        expect(JSON.parse(jsonText(document.root, NO_EDITS))).toEqual(JSON.parse(bytes.toString()));
      }),
    );
  });

  test('edits of any leaves are read again, and no other leaf differs', () => {
    fc.assert(
      fc.property(anyJson, fc.array(fc.tuple(fc.nat(), fc.string({ unit: CHARACTER }))), ([value, indent], picks) => {
        const document = decode(JSON.stringify(value, undefined, indent));
        const before = leaves(document.root);
        const edits = new Map(
          picks.flatMap(([pick, text], index) => {
            const leaf = before[pick % before.length];
            return leaf === undefined ? [] : [[leaf, `${index}:${text}`] as const];
          }),
        );
        const after = leaves(decodeJson(document.encode(edits)).root);
        expect(after.map(({ text }) => text)).toEqual(before.map((leaf) => edits.get(leaf) ?? leaf.text));
        expect(jsonText(decodeJson(document.encode(edits)).root, NO_EDITS)).toBe(jsonText(document.root, edits));
      }),
    );
  });

  test('after any change of bytes it is refused, or read as JSON.parse reads it', () => {
    const mutation = fc.record({ at: fc.nat(), remove: fc.nat(2), insert: fc.uint8Array({ maxLength: 3 }) });
    const token = fc
      .constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', '.', '\\u00', 'null', ' ')
      .map((text) => Buffer.from(text));
    fc.assert(
      fc.property(anyJson, mutation, fc.option(token), ([value, indent], { at, remove, insert }, splicedIn) => {
        const bytes = Buffer.from(JSON.stringify(value, undefined, indent));
        const start = at % bytes.length;
        const middle = splicedIn ?? Buffer.from(insert);
        const changed = Buffer.concat([bytes.subarray(0, start), middle, bytes.subarray(start + remove)]);
        const document = decodedOrRefused(changed);
        if (document === undefined) return;
        expect(JSON.parse(jsonText(document.root, NO_EDITS))).toEqual(JSON.parse(changed.toString()));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('hostile bodies end in time that grows with their length alone', () => {
  const TEN_MB = 10_000_000;
  const cases: Record<string, () => Buffer> = {
    'a million lists in each other': () => Buffer.from('['.repeat(1e6) + ']'.repeat(1e6)),
    'ten MB of [': () => Buffer.alloc(TEN_MB, '['),
    'ten MB of {"a":': () => Buffer.alloc(TEN_MB, '{"a":'),
    'ten MB of "': () => Buffer.alloc(TEN_MB, '"'),
    'ten MB of a number that never ends well': () => Buffer.from(`${'1'.repeat(TEN_MB)}x`),
    'ten MB of white space': () => Buffer.alloc(TEN_MB, ' '),
    'more values than the bound': () => Buffer.from(`[${'0,'.repeat(TEN_MB / 2)}0]`),
    'the same key a million times': () => Buffer.from(`{${'"a":0,'.repeat(9e5)}"b":0}`),
  };

  test.each(Object.entries(cases))('%s', { timeout: 60_000 }, (_, body) => {
    const bytes = body();
    const started = process.cpuUsage();
    expect(() => decodeJson(bytes)).toThrow(UndecodableBody);
    // Of the processor, so that the work of others does not count; by quadratic work it would be minutes.
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });

  test('a text of ten MB, plain or all escapes, is read', { timeout: 60_000 }, () => {
    for (const character of ['x', '\\n', '\\u0041', '🦊']) {
      const body = `["${character.repeat(TEN_MB / character.length)}"]`;
      expect(decode(body).encode(NO_EDITS).length).toBe(Buffer.byteLength(body));
    }
  });

  test('ten thousand lists in each other are read, written and edited', () => {
    const document = decode(`${'['.repeat(10_000)}"x"${']'.repeat(10_000)}`);
    expect(jsonText(document.root, NO_EDITS).length).toBe(20_003);
  });
});

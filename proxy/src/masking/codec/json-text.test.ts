import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Edits, LiteralValue, TextValue } from '../document.ts';
import { decodeJson } from './json-document.ts';
import { boundedJsonText, CUT, jsonText } from './json-text.ts';

/** Of each kind that encodings treat apart, one or two. fast-check's own units take seconds to set up. */
const CHARACTER = fc.constantFrom(
  ...Array.from('aZ0 ~/"\\{}[]:,\n\t\0\u{1f}\u{7f}\u{85}é\u{2028}€\u{feff}\u{fffd}🦊\u{10ffff}'),
);

const NO_EDITS: Edits = new Map();

function bounded(json: string, bytes: number): { text: string; cutAt: string | undefined } {
  return boundedJsonText(decodeJson(Buffer.from(json)).root, NO_EDITS, bytes);
}

test('white space is left out, numbers stay letter for letter', () => {
  const { root } = decodeJson(Buffer.from(' { "b" : [ 1.50 , true, null ], "a" : "\\u00e9" } '));
  expect(jsonText(root, NO_EDITS)).toBe('{"b":[1.50,true,null],"a":"é"}');
});

test('edits stand in the place of keys, texts and literals', () => {
  const { root } = decodeJson(Buffer.from('{"k":[1,"x"]}'));
  if (root.kind !== 'object') throw new Error('It is an object');
  const [member] = root.members;
  if (member?.value.kind !== 'list') throw new Error('It is a list');
  const [one, x] = member.value.items;
  if (one?.kind !== 'number' || x?.kind !== 'text') throw new Error('They are a number and a text');
  const edits: Edits = new Map<TextValue | LiteralValue, string>([
    [member.key, 'K'],
    [one, '"1"'],
    [x, 'X'],
  ]);
  expect(jsonText(root, edits)).toBe('{"K":["\\"1\\"","X"]}');
});

describe('past the bound', () => {
  const long = 'x'.repeat(100);
  const cases: Record<string, { json: string; bytes: number; want: { text: string; cutAt: string | undefined } }> = {
    'nothing is left out of what just fits': {
      json: '{"a":[1,2]}',
      bytes: 11,
      want: { text: '{"a":[1,2]}', cutAt: undefined },
    },
    'what does not fit and all after it is left out': {
      json: '{"a":[1,2],"b":1}',
      bytes: 10,
      want: { text: '{"a":[1]}', cutAt: '/a/1' },
    },
    'a text is cut': {
      json: `{"a":"${long}","b":1}`,
      bytes: 40,
      want: { text: `{"a":"${'x'.repeat(29)}${CUT}"}`, cutAt: '/a' },
    },
    'a text of which little would be left is left out': {
      json: `{"a":1,"b":"${long}"}`,
      bytes: 20,
      want: { text: '{"a":1}', cutAt: '/b' },
    },
    'a pointer has its escapes': { json: '{"a/b~c":[1]}', bytes: 5, want: { text: '{}', cutAt: '/a~1b~0c' } },
    'a root that does not fit at all is empty': { json: '[1]', bytes: 0, want: { text: '[]', cutAt: '' } },
    'a number that does not fit is null': { json: '1234567890', bytes: 4, want: { text: 'null', cutAt: '' } },
  };

  test.each(Object.entries(cases))('%s', (_, { json, bytes, want }) => {
    expect(bounded(json, bytes)).toEqual(want);
  });

  test('whatever the document and the bound, the text is valid JSON, within it, and the beginning of the whole', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: CHARACTER, maxDepth: 3 }),
        fc.integer({ min: 4, max: 200 }),
        (value, bytes) => {
          const json = JSON.stringify(value);
          const { text, cutAt } = bounded(json, bytes);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytes);
          expect(Buffer.from(text).toString()).toBe(text);
          expect(() => decodeJson(Buffer.from(text))).not.toThrow();
          const whole = jsonText(decodeJson(Buffer.from(json)).root, NO_EDITS);
          expect(cutAt === undefined).toBe(text === whole && Buffer.byteLength(whole) <= bytes);
          const beginning = cutAt === undefined ? whole : text.replace(/(?:…")?[\]}]*$/, '');
          expect(whole.startsWith(beginning) || text === 'null').toBe(true);
        },
      ),
    );
  });

  test('a text is never cut inside a character', () => {
    for (let bytes = 30; bytes < 60; bytes += 1) {
      expect(bounded(`["${'🦊'.repeat(30)}"]`, bytes).text.isWellFormed()).toBe(true);
    }
  });
});

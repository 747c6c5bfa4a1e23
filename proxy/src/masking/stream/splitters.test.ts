import * as cborg from 'cborg';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonText } from '../codec/json-text.ts';
import { UndecodableBody } from '../document.ts';
import { JsonListSplitter } from './json-list-splitter.ts';
import { newListSplitter, newWatchSplitter } from './new-splitter.ts';
import type { Piece, Splitter } from './splitter.ts';

/** Of each kind that encodings treat apart, one or two. fast-check's own units take seconds to set up. */
const CHARACTER = fc.constantFrom(
  ...Array.from('aZ0 ~/"\\{}[]:,\n\t\0\u{1f}\u{7f}\u{85}é\u{2028}€\u{feff}\u{fffd}🦊\u{10ffff}'),
);

type NewSplitter = (bounds?: { objectBytes: number }) => Splitter;

const list: NewSplitter = (bounds) => newListSplitter('application/json', bounds);
const watch: NewSplitter = (bounds) => newWatchSplitter('application/json;stream=watch', bounds);
const cbor: NewSplitter = (bounds) => newWatchSplitter('application/cbor-seq', bounds);
const protobuf: NewSplitter = (bounds) => newWatchSplitter('application/vnd.kubernetes.protobuf;stream=watch', bounds);
const whole: NewSplitter = (bounds) => newListSplitter('application/yaml', bounds);

/** The bytes cut after each of these lengths, again and again. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const end = at + (lengths[turn % lengths.length] ?? bytes.length);
    // A copy, and a different one each: pieces must not depend on neighbours in memory.
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}

function split(splitter: Splitter, chunks: readonly Buffer[]): Piece[] {
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

/** Undefined where it is refused; any other error fails the test. */
function splitOrRefused(splitter: Splitter, chunks: readonly Buffer[]): Piece[] | undefined {
  try {
    return split(splitter, chunks);
  } catch (error) {
    if (error instanceof UndecodableBody) return undefined;
    throw error;
  }
}

function parsedObject(bytes: Buffer): object {
  const value: unknown = JSON.parse(bytes.toString());
  if (typeof value !== 'object' || value === null) throw new Error('It is an object');
  return value;
}

/** Neighbouring betweens as one: where these are cut is the chunks' business. */
function described(pieces: readonly Piece[]): string[] {
  const texts: string[] = [];
  let between = '';
  for (const piece of pieces) {
    const text = piece.bytes.toString('latin1');
    if (piece.kind === 'between') {
      between += text;
      continue;
    }
    if (between !== '') texts.push(between);
    between = '';
    texts.push(`${piece.path ?? 'object'}: ${text}`);
  }
  return between === '' ? texts : [...texts, between];
}

/** As text: comparing bytes one by one is slow. */
function joined(pieces: readonly Piece[]): string {
  return Buffer.concat(pieces.map(({ bytes }) => bytes)).toString('latin1');
}

function frame(bytes: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes.length);
  return Buffer.concat([header, bytes]);
}

const selfDescribed = Buffer.concat([
  Buffer.from([0xd9, 0xd9, 0xf7]),
  cborg.encode({ type: 'ADDED', object: { a: [1, 'x'] } }),
]);

const streams: Record<string, { newSplitter: NewSplitter; bytes: Buffer; want: readonly string[] }> = {
  'a list': {
    newSplitter: list,
    bytes: Buffer.from('{"kind":"PodList", "items":[{"a":"]}\\""}, {"b":[{}]}],"metadata":{"items":[{}]}}\n'),
    want: [
      '{"kind":"PodList", "items":[',
      'items: {"a":"]}\\""}',
      ', ',
      'items: {"b":[{}]}',
      '],"metadata":{"items":[{}]}}\n',
    ],
  },
  'a list whose items come first, with an escaped key': {
    newSplitter: list,
    bytes: Buffer.from(' { "\\u0069tems" : [ {} ] , "kind" : "List" , "n" : 1 }'),
    want: [' { "\\u0069tems" : [ ', 'items: {}', ' ] , "kind" : "List" , "n" : 1 }'],
  },
  'a Table': {
    newSplitter: list,
    bytes: Buffer.from('{"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[{"cells":["x"]}]}'),
    want: ['{"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[', 'rows: {"cells":["x"]}', ']}'],
  },
  'a list without items': { newSplitter: list, bytes: Buffer.from('{"items":[]}'), want: ['{"items":[]}'] },
  'a list whose items are null': {
    newSplitter: list,
    bytes: Buffer.from('{"items":null,"a":-1.5e3}'),
    want: ['{"items":null,"a":-1.5e3}'],
  },
  'an empty object': { newSplitter: list, bytes: Buffer.from('{}'), want: ['{}'] },
  'a watch': {
    newSplitter: watch,
    bytes: Buffer.from('{"type":"ADDED","object":{"x":"\\\\\\"}"}}\n{"a":[[]]}{}\r\n\t {"é":"🦊"}\n'),
    want: [
      'object: {"type":"ADDED","object":{"x":"\\\\\\"}"}}',
      '\n',
      'object: {"a":[[]]}',
      'object: {}',
      '\r\n\t ',
      `object: ${Buffer.from('{"é":"🦊"}').toString('latin1')}`,
      '\n',
    ],
  },
  'a watch without events': { newSplitter: watch, bytes: Buffer.alloc(0), want: [] },
  'a watch in CBOR': {
    newSplitter: cbor,
    bytes: Buffer.concat([
      selfDescribed,
      Buffer.from('bf6161 5f 4101 4200ff ff ff'.replaceAll(' ', ''), 'hex'),
      Buffer.from('a16162fb3ff0000000000000', 'hex'),
      Buffer.from('80', 'hex'),
    ]),
    want: [
      `object: ${selfDescribed.toString('latin1')}`,
      `object: ${Buffer.from('bf61615f41014200ffffff', 'hex').toString('latin1')}`,
      `object: ${Buffer.from('a16162fb3ff0000000000000', 'hex').toString('latin1')}`,
      'object: \u0080',
    ],
  },
  'a watch in protobuf': {
    newSplitter: protobuf,
    bytes: Buffer.concat([frame(Buffer.from('first')), frame(Buffer.alloc(0)), frame(Buffer.from('a third'))]),
    want: ['object: \0\0\0\u0005first', 'object: \0\0\0\0', 'object: \0\0\0\u0007a third'],
  },
  'a body that is one object': {
    newSplitter: whole,
    bytes: Buffer.from('a: 1\nb: 2\n'),
    want: ['object: a: 1\nb: 2\n'],
  },
};

describe('pieces', () => {
  test.each(Object.entries(streams))(
    'of %s are the same however it arrives, and in a row they are the stream',
    (_, stream) => {
      const { newSplitter, bytes, want } = stream;
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (lengths) => {
          const splitter = newSplitter();
          const pieces = split(splitter, cut(bytes, lengths));
          expect(described(pieces)).toEqual(want);
          expect(joined(pieces)).toBe(bytes.toString('latin1'));
        }),
      );
    },
  );

  test('of any list are its items, and those in a row the list', () => {
    const objects = fc.array(
      fc.dictionary(fc.string({ unit: CHARACTER }), fc.jsonValue({ stringUnit: CHARACTER, maxDepth: 3 })),
    );
    const members = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(
        members,
        objects,
        objects,
        fc.constantFrom('', '\t'),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (before, items, rows, indent, lengths) => {
          const bytes = Buffer.from(JSON.stringify({ ...before, items, z: before, rows }, undefined, indent));
          const splitter = new JsonListSplitter({ objectBytes: 1e6 });
          const pieces = split(splitter, cut(bytes, lengths));
          expect(joined(pieces)).toBe(bytes.toString('latin1'));
          const parsed = pieces
            .filter(({ kind }) => kind === 'object')
            .map((piece): unknown => JSON.parse(piece.bytes.toString()));
          const values = parsedObject(bytes);
          expect(values).toMatchObject({ items: parsed.slice(0, items.length), rows: parsed.slice(items.length) });
          expect(JSON.parse(jsonText(splitter.envelope().root, new Map()))).toEqual({
            ...values,
            items: [],
            rows: [],
          });
        },
      ),
    );
  });

  test('of any sequence of CBOR are its items', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 3 })),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (values, lengths) => {
          const items = values.map((value) => Buffer.from(cborg.encode(value)));
          const pieces = split(cbor(), cut(Buffer.concat(items), lengths));
          expect(pieces.map(({ bytes }) => bytes.toString('hex'))).toEqual(items.map((item) => item.toString('hex')));
        },
      ),
    );
  });

  test.each(Object.entries(streams).filter(([, { newSplitter }]) => newSplitter !== whole))(
    'of %s come with their last byte, not later',
    (_, { newSplitter, bytes }) => {
      const splitter = newSplitter();
      let given = 0;
      for (let at = 0; at < bytes.length; at += 1) {
        const pieces = splitter.push(bytes.subarray(at, at + 1));
        given += joined(pieces).length;
        const isObject = pieces.some(({ kind }) => kind === 'object');
        // Whatever is no part of an object is given at once, and an object with its last byte.
        expect(given <= at + 1 && (!isObject || given === at + 1)).toBe(true);
      }
      expect(given).toBe(bytes.length);
    },
  );
});

describe('the envelope of a list', () => {
  function envelope(splitter: JsonListSplitter): string {
    return jsonText(splitter.envelope().root, new Map());
  }

  test('is known before the items where the members come before them, and whole at the end', () => {
    const splitter = new JsonListSplitter({ objectBytes: 1000 });
    expect(envelope(splitter)).toBe('{}');
    splitter.push(Buffer.from('{"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":[{"na'));
    expect(envelope(splitter)).toBe('{"kind":"Table","apiVersion":"meta.k8s.io/v1"}');
    splitter.push(Buffer.from('me":"Name"}],"rows":[{"cells":[1'));
    expect(envelope(splitter)).toBe(
      '{"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":[{"name":"Name"}]}',
    );
    splitter.push(Buffer.from(']}],"metadata":{"continue":"x"}}'));
    splitter.end();
    expect(envelope(splitter)).toBe(
      '{"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":[{"name":"Name"}],"rows":[],"metadata":{"continue":"x"}}',
    );
  });
});

describe('what is refused, at the latest at the end', () => {
  const cases: Record<string, { newSplitter: NewSplitter; streams: readonly (string | Buffer)[] }> = {
    'a list that is incomplete': {
      newSplitter: list,
      streams: ['', ' ', '{', '{"items":[', '{"items":[{}', '{"items":[{', '{"items":[{}]', '{"a":"', '{"a"'],
    },
    'a list that something follows': { newSplitter: list, streams: ['{}{}', '{}x', '{"items":[]}]'] },
    'a list that is no object': { newSplitter: list, streams: ['[]', '"x"', 'null', '\u{feff}{}'] },
    'a list with items that are no objects': {
      newSplitter: list,
      streams: ['{"items":[1]}', '{"items":["x"]}', '{"items":[[]]}', '{"items":[null]}'],
    },
    'a list with commas out of place': {
      newSplitter: list,
      streams: ['{"items":[{},]}', '{"items":[,{}]}', '{"items":[{}{}]}', '{,}', '{"a":1,}', '{"a":1 "b":2}'],
    },
    'a list with items twice': {
      newSplitter: list,
      streams: ['{"items":[{}],"items":[{}]}', '{"items":[],"\\u0069tems":{}}', '{"items":null,"items":[]}'],
    },
    'a list with any other key twice': { newSplitter: list, streams: ['{"kind":"A","items":[{}],"kind":"B"}'] },
    'a list with values that JSON does not have': {
      newSplitter: list,
      streams: ['{"a":}', '{"a":01}', '{"a":nul}', '{"a":{]}', '{"a":"\n"}', '{"a":"\\x"}', '{1:2}', '{"a":1:2}'],
    },
    'a watch that ends inside an event': { newSplitter: watch, streams: ['{', '{}{"a":"}', '{"a":"\\"}'] },
    'a watch of other than objects': { newSplitter: watch, streams: ['[]', '{}1', '{},{}', 'null', '\u{feff}{}'] },
    'a watch in CBOR that ends inside an event': {
      newSplitter: cbor,
      streams: [
        Buffer.from('a1', 'hex'),
        Buffer.from('a16161', 'hex'),
        Buffer.from('5a00', 'hex'),
        Buffer.from('9f01', 'hex'),
        Buffer.from('c1', 'hex'),
      ],
    },
    'a watch in CBOR that is malformed': {
      newSplitter: cbor,
      streams: [
        Buffer.from('ff', 'hex'),
        Buffer.from('1c', 'hex'),
        Buffer.from('1f', 'hex'),
        Buffer.from('df', 'hex'),
        Buffer.from('82ff', 'hex'),
      ],
    },
    'a watch in protobuf that ends inside an event': {
      newSplitter: protobuf,
      streams: [Buffer.from('00', 'hex'), Buffer.from('00000002aa', 'hex')],
    },
  };
  test.each(Object.entries(cases))('%s', (_, { newSplitter, streams: refused }) => {
    for (const stream of refused) {
      for (const size of [1, 1000]) {
        expect(() => split(newSplitter(), cut(Buffer.from(stream), [size])), String(stream)).toThrow(UndecodableBody);
      }
    }
  });

  test('an object past its bound, in one chunk or in many, as soon as it is', () => {
    const bounds = { objectBytes: 50 };
    const long = 'x'.repeat(60);
    const tooLong: [NewSplitter, Buffer][] = [
      [list, Buffer.from(`{"items":[{"a":"${long}"}`)],
      [list, Buffer.from(`{"a":"${long}"`)],
      [list, Buffer.from(`{"${long}"`)],
      [watch, Buffer.from(`{"a":"${long}"}`)],
      [cbor, Buffer.from(cborg.encode({ a: long }))],
      [protobuf, Buffer.from('00000033', 'hex')],
      [whole, Buffer.from(long)],
    ];
    for (const [newSplitter, bytes] of tooLong) {
      for (const size of [1, 10, 1000]) {
        const splitter = newSplitter(bounds);
        expect(() => cut(bytes, [size]).map((chunk) => splitter.push(chunk)), bytes.toString()).toThrow(
          'larger than its bound',
        );
      }
    }
  });

  test('a watch in a type in which there is none', () => {
    for (const type of ['application/yaml', 'text/plain', 'application/cbor']) {
      expect(() => newWatchSplitter(type)).toThrow(UndecodableBody);
    }
  });
});

test('random bytes end in pieces or in an UndecodableBody', () => {
  const alphabet = fc
    .constantFrom(...'{}[]",:\\ \n1nitems"'.split(''), '"items":[', '{"items":[{')
    .map((text) => Buffer.from(text));
  fc.assert(
    fc.property(
      fc.array(alphabet),
      fc.uint8Array(),
      fc.constantFrom(list, watch, cbor, protobuf),
      (texts, random, newSplitter) => {
        const bytes = Buffer.concat([...texts, random]);
        const splitter = newSplitter({ objectBytes: 1e6 });
        const pieces = splitOrRefused(splitter, cut(bytes, [3]));
        expect(pieces === undefined ? bytes.toString('latin1') : joined(pieces)).toBe(bytes.toString('latin1'));
      },
    ),
    { numRuns: 2_000 },
  );
});

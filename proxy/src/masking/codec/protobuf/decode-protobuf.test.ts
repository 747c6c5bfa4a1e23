import { inEnvelope, leafAt, mapEntry, secretBody, valueAt } from '@chaperone/test/masking/protobuf-bodies';
import * as fc from 'fast-check';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { message, type Field } from '../../../streams/protobuf-writer.ts';
import { UndecodableBody } from '../../document.ts';
import { jsonText } from '../json-text.ts';
import { decodeProtobuf, decodeProtobufWatchFrame, type ProtobufOptions } from './decode-protobuf.ts';

const json = (body: Buffer, options?: ProtobufOptions): unknown =>
  JSON.parse(jsonText(decodeProtobuf(body, {}, options).root, new Map()));

const object = (kind: string, ...fields: readonly Field[]): Buffer => inEnvelope('v1', kind, message(fields));
const nested = (...fields: readonly Field[]): Buffer => message(fields);

describe('protobuf is read as the JSON that it would have', () => {
  const cases: Readonly<Record<string, readonly [body: Buffer, want: object]>> = {
    'bytes in a map are base64': [
      secretBody({ password: 'hunter2', empty: '' }),
      { kind: 'Secret', metadata: { name: 'name' }, data: { password: 'aHVudGVyMg==', empty: '' } },
    ],
    'an entry without a value has the empty one': [
      object('Secret', [2, nested([1, 'a'])], [4, nested([1, 'b'])]),
      { kind: 'Secret', data: { a: '' }, stringData: { b: '' } },
    ],
    'a key of a map that is empty, or the name of a property of every object': [
      object('ConfigMap', [2, mapEntry('', 'x')], [2, mapEntry('constructor', 'y')]),
      { kind: 'ConfigMap', data: { '': 'x', constructor: 'y' } },
    ],
    'what protobuf nests and JSON does not': [
      object('Pod', [2, nested([1, nested([1, 'v'], [2, nested([6, nested([1, 's'])])])])]),
      { kind: 'Pod', spec: { volumes: [{ name: 'v', secret: { secretName: 's' } }] } },
    ],
    'a list whose items come apart': [
      object('Pod', [2, nested([1, nested([1, 'a'])], [10, 'node'], [1, nested([1, 'b'])])]),
      { kind: 'Pod', spec: { volumes: [{ name: 'a' }, { name: 'b' }], nodeName: 'node' } },
    ],
    'numbers in one packed field and alone': [
      object('Pod', [2, nested([14, nested([4, Buffer.from([1, 0x80, 1])], [4, 7])])]),
      { kind: 'Pod', spec: { securityContext: { supplementalGroups: [1, 128, 7] } } },
    ],
    'quantities, and texts or numbers': [
      object('Service', [
        2,
        nested(
          [1, nested([3, 80], [4, nested([1, 1], [2, 0], [3, 'web'])])],
          [1, nested([4, nested([1, 0], [2, 81], [3, ''])])],
        ),
      ]),
      { kind: 'Service', spec: { ports: [{ port: 80, targetPort: 'web' }, { targetPort: 81 }] } },
    ],
    'times, of which an empty one is null': [
      object('Secret', [1, nested([8, nested([1, 0], [2, 5])], [9, Buffer.alloc(0)])]),
      { kind: 'Secret', metadata: { creationTimestamp: '1970-01-01T00:00:00Z', deletionTimestamp: null } },
    ],
    'JSON within: managed fields': [
      object('Secret', [1, nested([17, nested([7, nested([1, '{"f:data":{".":{}}}'])])])]),
      { kind: 'Secret', metadata: { managedFields: [{ fieldsV1: { 'f:data': { '.': {} } } }] } },
    ],
    'objects of any kind, in protobuf and in JSON': [
      object('List', [2, nested([1, secretBody({ a: 'b' })])], [2, nested([1, '{"kind":"X"}'])], [2, Buffer.alloc(0)]),
      {
        kind: 'List',
        items: [
          { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'name' }, data: { a: 'Yg==' } },
          { kind: 'X' },
          null,
        ],
      },
    ],
    'a kind of nothing': [inEnvelope('v1', 'Secret', Buffer.alloc(0)), { kind: 'Secret' }],
  };
  test.each(Object.entries(cases))('%s', (_, [body, want]) => {
    expect(json(body)).toEqual({ apiVersion: 'v1', ...want });
    expect(decodeProtobuf(body, {}).encode(new Map())).toBe(body);
  });

  test('a value that is bytes says so', () => {
    const { root } = decodeProtobuf(secretBody({ a: 'b' }), {});
    expect(leafAt(root, 'data', 'a')).toMatchObject({ kind: 'text', bytes: true });
    expect(leafAt(root, 'metadata', 'name')).toMatchObject({ kind: 'text', bytes: false });
  });

  test('a number of 64 bits is exact', () => {
    const raw = Buffer.concat([Buffer.from([0x08]), Buffer.from('ffffffffffffffff7f', 'hex')]);
    expect(leafAt(decodeProtobuf(inEnvelope('v1', 'DeleteOptions', raw), {}).root, 'gracePeriodSeconds').text).toBe(
      '9223372036854775807',
    );
  });
});

describe('what kind it is comes from the envelope, and only what that leaves out from the hint', () => {
  const raw = message([[2, mapEntry('a', 'b')]]);
  test.each([
    ['both said', 'v1', 'Secret', { apiVersion: 'v1', kind: 'ConfigMap' }, 'Secret'],
    ['neither said', '', '', { apiVersion: 'v1', kind: 'ConfigMap' }, 'ConfigMap'],
    ['the kind said', '', 'Secret', { apiVersion: 'v1', kind: 'ConfigMap' }, 'Secret'],
  ])('%s', (_, apiVersion, kind, hint, want) => {
    const { root } = decodeProtobuf(inEnvelope(apiVersion, kind, raw), hint);
    expect(leafAt(root, 'kind').text).toBe(want);
    expect(leafAt(root, 'apiVersion').text).toBe('v1');
  });

  test('neither said nor hinted is refused', () => {
    expect(() => decodeProtobuf(inEnvelope('v1', '', raw), { apiVersion: 'v1' })).toThrow(UndecodableBody);
  });

  test('a kind that was not in the body cannot be edited there', () => {
    const document = decodeProtobuf(inEnvelope('', '', raw), { apiVersion: 'v1', kind: 'ConfigMap' });
    expect(() => document.encode(new Map([[leafAt(document.root, 'kind'), 'X']]))).toThrow(UndecodableBody);
  });
});

describe('what is ambiguous, hidden or not understood is refused', () => {
  const raw = message([[2, mapEntry('a', 'b')]]);
  const twice = (field: Field): readonly Field[] => [field, field];
  const cases: Readonly<Record<string, Buffer>> = {
    'nothing at all': Buffer.alloc(0),
    JSON: Buffer.from('{"kind":"Secret"}'),
    'the magic bytes alone': Buffer.from('k8s\0'),
    'other magic bytes': Buffer.concat([Buffer.from('k8s\x01'), secretBody({}).subarray(4)]),
    'a message without an envelope': raw,
    'a content encoding': inEnvelope('v1', 'Secret', raw, [[3, 'gzip']]),
    'JSON in the envelope': inEnvelope('v1', 'Secret', Buffer.from('{}'), [[4, 'application/json']]),
    'CBOR in the envelope': inEnvelope('v1', 'Secret', Buffer.from([0xa0]), [[4, 'application/cbor']]),
    'two objects in the envelope': inEnvelope('v1', 'Secret', raw, [[2, raw]]),
    'two types in the envelope': inEnvelope('v1', 'Secret', raw, [[1, message([[2, 'ConfigMap']])]]),
    'a field that the envelope does not have': inEnvelope('v1', 'Secret', raw, [[5, 'x']]),
    'a kind that has no descriptor': inEnvelope('example.com/v1', 'Widget', raw),
    'a Table': inEnvelope('meta.k8s.io/v1', 'Table', raw),
    'an apiVersion that Kubernetes reads as v1': inEnvelope('/v1', 'Secret', raw),
    'a field that comes twice': object('Secret', ...twice([3, 'Opaque'])),
    'a message that comes twice, which readers merge': object('Secret', ...twice([1, nested([1, 'a'])])),
    'an inlined message that comes twice': object('Pod', [
      2,
      nested([1, nested(...twice([2, nested([6, Buffer.alloc(0)])]))]),
    ]),
    'a key that comes twice': object('ConfigMap', [2, mapEntry('a', 'b')], [2, mapEntry('a', 'c')]),
    'an entry with two values': object('ConfigMap', [2, nested([1, 'a'], [2, 'b'], [2, 'c'])]),
    'an entry without a key': object('ConfigMap', [2, nested([2, 'b'])]),
    'an unknown field with content': object('Secret', [99, 'hidden']),
    'an unknown field in an entry of a map': object('ConfigMap', [2, nested([1, 'a'], [2, 'b'], [3, 'c'])]),
    'an unknown field in a time': object('Secret', [1, nested([8, nested([1, 0], [3, 'hidden'])])]),
    'a text where a number belongs': object('DeleteOptions', [1, 'x']),
    'a number where a text belongs': object('Secret', [3, 1]),
    'a number where a message belongs': object('Secret', [1, 1]),
    'a number where a list of texts belongs': object('DeleteOptions', [5, 1]),
    'a text that is not UTF-8': object('Secret', [3, Buffer.from([0xff])]),
    'a text beside the number that JSON shows': object('Service', [
      2,
      nested([1, nested([4, nested([1, 0], [2, 1], [3, 'hidden'])])]),
    ]),
    'a number beside the text that JSON shows': object('Service', [
      2,
      nested([1, nested([4, nested([1, 1], [2, 1], [3, 'web'])])]),
    ]),
    'neither text nor number': object('Service', [2, nested([1, nested([4, nested([1, 2])])])]),
    'a quantity of nothing': object('ResourceQuota', [2, nested([1, nested([1, 'cpu'], [2, Buffer.alloc(0)])])]),
    'a year that RFC 3339 does not have': object('Secret', [1, nested([8, nested([1, 253_402_300_800])])]),
    'bytes that are no JSON where JSON belongs': object('Secret', [1, nested([17, nested([7, nested([1, 'x'])])])]),
    'JSON with a key twice where JSON belongs': object('List', [2, nested([1, '{"a":1,"a":2}'])]),
    'a schema and a list in its place': inEnvelope(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      nested([
        2,
        nested([
          7,
          nested([1, 'v1'], [4, nested([1, nested([24, nested([1, nested([1, 'a'])], [2, nested([1, 'b'])])])])]),
        ]),
      ]),
    ),
  };
  test.each(Object.entries(cases))('%s', (_, body) => {
    expect(() => decodeProtobuf(body, {})).toThrow(UndecodableBody);
  });

  test('every part of a body that is cut off', () => {
    const body = secretBody({ a: 'b', c: 'd' }, [[3, 'Opaque']]);
    for (let end = 0; end < body.length; end += 1) {
      // All fields of the envelope but its type may be missing.
      if ([18, body.length - 4, body.length - 2].includes(end)) continue;
      expect(() => decodeProtobuf(body.subarray(0, end), {}), `${end}`).toThrow(UndecodableBody);
    }
  });

  test('the error holds no part of the body', () => {
    const bodies = [
      object('Secret', [99, 'hunter2'], [3, 'hunter2']),
      object('Secret', [1, 1], [3, 'hunter2']),
      object('List', [2, nested([1, '{"hunter2":hunter2}'])]),
      inEnvelope('hunter2', 'hunter2', nested([3, 'hunter2'])),
    ];
    for (const body of bodies) {
      const error = refusal(() => decodeProtobuf(body, {}));
      expect(error?.reason).toMatch(/\w/);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
    }
  });
});

describe('fields that no descriptor has', () => {
  const body = secretBody({ a: 'b' }, [
    [99, 'newer'],
    [98, 7],
  ]);

  test('are refused unless asked for, and then counted, and their bytes kept', () => {
    expect(() => decodeProtobuf(body, {})).toThrow(UndecodableBody);
    const document = decodeProtobuf(body, {}, { unknownFields: 'Keep' });
    expect(document.unknownFields).toBe(2);
    const masked = document.encode(new Map([[leafAt(document.root, 'data', 'a'), 'eHh4']]));
    expect(
      masked.equals(
        secretBody({ a: 'xxx' }, [
          [99, 'newer'],
          [98, 7],
        ]),
      ),
    ).toBe(true);
  });

  test('pass where they have no content, and are counted', () => {
    const document = decodeProtobuf(
      secretBody({}, [
        [98, 7],
        [99, ''],
      ]),
      {},
    );
    expect(document.unknownFields).toBe(2);
  });
});

describe('hostile bodies', () => {
  test('more values than the bound', () => {
    const bounds = { depth: 100, values: 50 };
    const items = (count: number): Buffer =>
      object('SecretList', ...Array.from({ length: count }, (): Field => [2, Buffer.alloc(0)]));
    expect(valueAt(decodeProtobuf(items(40), {}, { bounds }).root, 'items', 39)).toBeDefined();
    expect(() => decodeProtobuf(items(60), {}, { bounds })).toThrow(UndecodableBody);
    const embedded = object('List', [2, nested([1, JSON.stringify(Array.from({ length: 60 }, () => 1))])]);
    expect(() => decodeProtobuf(embedded, {}, { bounds })).toThrow(UndecodableBody);
  });

  test('messages, and objects in objects, nested without end', () => {
    let schema = nested([4, 'x']);
    for (let level = 0; level < 600; level += 1) schema = nested([28, schema]);
    const definition = nested([2, nested([7, nested([4, nested([1, schema])])])]);
    expect(() =>
      decodeProtobuf(inEnvelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', definition), {}),
    ).toThrow('nested too deep');
    let list = secretBody({});
    for (let level = 0; level < 600; level += 1) list = object('List', [2, nested([1, list])]);
    expect(() => decodeProtobuf(list, {})).toThrow('nested too deep');
  });

  test('a million empty items end at the bound on values, in memory that is bounded by it', () => {
    const raw = Buffer.alloc(3_000_000);
    for (let at = 0; at < raw.length; at += 2) raw[at] = 0x12;
    expect(() => decodeProtobuf(inEnvelope('v1', 'SecretList', raw), {})).toThrow(UndecodableBody);
  });

  test('random bytes, alone, in an envelope, and in a frame of a watch, are read or refused', () => {
    const kinds = fc.constantFrom(
      'Secret',
      'Pod',
      'PodList',
      'Status',
      'Event',
      'List',
      'DeleteOptions',
      'ResourceQuota',
    );
    const small = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    const likely = fc
      .array(fc.oneof(fc.constantFrom(0x08, 0x0a, 0x10, 0x12, 0x1a, 0x22, 0, 1, 2, 4, 9), fc.nat(255)), {
        maxLength: 60,
      })
      .map((bytes) => Buffer.from(bytes));
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(kinds, fc.oneof(small, likely), (kind, bytes) => {
        for (const decode of [
          () => decodeProtobuf(bytes, {}),
          () => decodeProtobuf(object(kind, [2, bytes]), {}),
          () => decodeProtobuf(inEnvelope('v1', kind, bytes), {}),
          () => decodeProtobufWatchFrame(Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])),
        ]) {
          outcomes.add(refusal(decode) === undefined ? 'read' : 'refused');
        }
      }),
      { numRuns: 1_000 },
    );
    expect([...outcomes].toSorted()).toEqual(['read', 'refused']);
  });
});

/** Why it is refused; undefined where it is not. Any other error fails the test. */
function refusal(decode: () => unknown): UndecodableBody | undefined {
  try {
    decode();
    return undefined;
  } catch (error) {
    if (error instanceof UndecodableBody) return error;
    throw error;
  }
}

import {
  inEnvelope,
  leafAt,
  leavesOf,
  mapEntry,
  secretBody,
  watchFrame,
} from '@chaperone/test/masking/protobuf-bodies';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureStatus, statusBody } from '../../../status.ts';
import { protobufErrorEvent } from '../../../streams/error-event.ts';
import { message, type Field } from '../../../streams/protobuf-writer.ts';
import { UndecodableBody, type BodyDocument, type LiteralValue, type TextValue } from '../../document.ts';
import { jsonText } from '../json-text.ts';
import { decodeProtobuf, decodeProtobufWatchFrame } from './decode-protobuf.ts';

const nested = (...fields: readonly Field[]): Buffer => message(fields);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function edited(body: Buffer, path: readonly (string | number)[], text: string): Buffer {
  const document = decodeProtobuf(body, {});
  return document.encode(new Map([[leafAt(document.root, ...path), text]]));
}

describe('an edit is written where its value was, and all lengths around it are right', () => {
  const service = (port: Buffer): Buffer =>
    inEnvelope('v1', 'Service', nested([2, nested([1, nested([1, 'web'], [4, port])])]));
  const quota = (quantity: string): Buffer =>
    inEnvelope('v1', 'ResourceQuota', nested([2, nested([1, nested([1, 'cpu'], [2, nested([1, quantity])])])]));
  const managed = (json: string): Buffer =>
    inEnvelope('v1', 'Secret', nested([1, nested([17, nested([7, nested([1, json])])])]));
  const long = 'x'.repeat(70_000);
  const cases: Readonly<
    Record<string, readonly [body: Buffer, path: readonly (string | number)[], text: string, want: Buffer]>
  > = {
    'bytes, by base64': [
      secretBody({ a: 'b', c: 'd' }),
      ['data', 'a'],
      base64('masked'),
      secretBody({ a: 'masked', c: 'd' }),
    ],
    'bytes, by more than two bytes of length hold': [
      secretBody({ a: 'b' }),
      ['data', 'a'],
      base64(long),
      secretBody({ a: long }),
    ],
    'bytes, by none': [secretBody({ a: 'b' }), ['data', 'a'], '', secretBody({ a: '' })],
    'a text': [secretBody({}, [[3, 'Opaque']]), ['type'], 'é', secretBody({}, [[3, 'é']])],
    'the kind in the envelope': [
      secretBody({}),
      ['kind'],
      'X',
      inEnvelope('v1', 'X', nested([1, nested([1, 'name'])])),
    ],
    'a text or number, which was a text': [
      service(nested([1, 1], [2, 0], [3, 'http'])),
      ['spec', 'ports', 0, 'targetPort'],
      'masked',
      service(nested([1, 1], [2, 0], [3, 'masked'])),
    ],
    'a text or number, which was a number': [
      service(nested([1, 0], [2, 80], [3, ''])),
      ['spec', 'ports', 0, 'targetPort'],
      'masked',
      service(nested([1, 1], [2, 0], [3, 'masked'])),
    ],
    'a quantity, by another': [quota('1'), ['spec', 'hard', 'cpu'], '500m', quota('500m')],
    'a text in JSON within': [
      managed('{"a": "b"}'),
      ['metadata', 'managedFields', 0, 'fieldsV1', 'a'],
      'c"',
      managed(String.raw`{"a": "c\""}`),
    ],
    'a number in JSON within': [
      managed('{"a": 1}'),
      ['metadata', 'managedFields', 0, 'fieldsV1', 'a'],
      '*',
      managed('{"a": "*"}'),
    ],
    'a value that an entry left out': [
      inEnvelope('v1', 'Secret', nested([2, nested([1, 'a'])])),
      ['data', 'a'],
      base64('masked'),
      inEnvelope('v1', 'Secret', nested([2, mapEntry('a', Buffer.from('masked'))])),
    ],
    'a Secret in a List': [
      inEnvelope(
        'v1',
        'List',
        nested([2, nested([1, secretBody({ a: 'b' })])], [2, nested([1, secretBody({ c: 'd' })])]),
      ),
      ['items', 0, 'data', 'a'],
      base64('masked'),
      inEnvelope(
        'v1',
        'List',
        nested([2, nested([1, secretBody({ a: 'masked' })])], [2, nested([1, secretBody({ c: 'd' })])]),
      ),
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [body, path, text, want]) => {
    expect(edited(body, path, text).toString('latin1')).toBe(want.toString('latin1'));
  });

  test('a key of a map', () => {
    const document = decodeProtobuf(secretBody({ a: 'b' }), {});
    const keys = leavesOf(document.root).filter((leaf) => leaf.text === 'a');
    const masked = document.encode(new Map(keys.map((key) => [key, 'masked'])));
    expect(masked.equals(secretBody({ masked: 'b' }))).toBe(true);
  });
});

describe('an edit that protobuf has no way to say is refused', () => {
  const metadata = nested([1, 'name'], [7, 3], [8, nested([1, 0])], [9, Buffer.alloc(0)]);
  const secret = inEnvelope('v1', 'Secret', nested([1, metadata], [2, mapEntry('a', 'b')], [5, 1]));
  const quota = inEnvelope('v1', 'ResourceQuota', nested([2, nested([1, nested([1, 'cpu'], [2, nested([1, '1'])])])]));
  test.each<[string, Buffer, readonly (string | number)[], string]>([
    ['a text in the place of an integer', secret, ['metadata', 'generation'], 'masked'],
    ['a text in the place of a boolean', secret, ['immutable'], 'masked'],
    ['a text in the place of a time', secret, ['metadata', 'creationTimestamp'], 'masked'],
    ['a text in the place of a time that is not there', secret, ['metadata', 'deletionTimestamp'], 'masked'],
    ['a text in the place of a quantity', quota, ['spec', 'hard', 'cpu'], 'masked'],
    ['what is not base64 in the place of bytes', secret, ['data', 'a'], 'masked!'],
    ['base64 without its end in the place of bytes', secret, ['data', 'a'], 'YQ'],
  ])('%s', (_, body, path, text) => {
    expect(() => edited(body, path, text)).toThrow(UndecodableBody);
  });

  test('another name for a field', () => {
    const document = decodeProtobuf(secret, {});
    const names = leavesOf(document.root).filter(({ text }) =>
      ['metadata', 'data', 'kind', 'immutable'].includes(text),
    );
    expect(names).toHaveLength(4);
    for (const name of names) expect(() => document.encode(new Map([[name, 'x']]))).toThrow(UndecodableBody);
  });
});

test('an edit of a value of another document is never silently left out', () => {
  const document = decodeProtobuf(secretBody({ a: 'b' }), {});
  const other = decodeProtobuf(secretBody({ a: 'b' }), {});
  expect(() => document.encode(new Map([[leafAt(other.root, 'data', 'a'), '']]))).toThrow(TypeError);
  const invented: TextValue = { kind: 'text', text: 'b', bytes: true };
  expect(() => document.encode(new Map([[invented, '']]))).toThrow(TypeError);
});

test('any edits of any texts are what the new bytes hold, and nothing else changes', () => {
  const key = fc.string({ minLength: 1, maxLength: 6 });
  const data = fc.dictionary(key, fc.string({ maxLength: 300 }), { maxKeys: 5, noNullPrototype: true });
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value));
  const replacements = fc.array(fc.option(fc.string({ maxLength: 400 })), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(fc.array(fc.tuple(data, json), { maxLength: 4 }), replacements, (items, texts) => {
      const objects = items.flatMap(([secret, other]) => [secretBody(secret), Buffer.from(other)]);
      const list = objects.map((object): Field => [2, nested([1, object])]);
      const document = decodeProtobuf(inEnvelope('v1', 'List', nested(...list)), {});
      const edits = new Map<TextValue | LiteralValue, string>();
      for (const [index, value] of leavesOf(document.root).entries()) {
        const text = texts[index % texts.length];
        // Types are left as they are, or it would be another object; keys stay different from each other.
        if (text === undefined || text === null || ['v1', 'List', 'Secret'].includes(value.text)) continue;
        const written = value.kind === 'text' && value.bytes ? base64(text) : `${text} ${index}`;
        if (isEditable(document, value, written)) edits.set(value, written);
      }
      const again = decodeProtobuf(document.encode(edits), {});
      expect(jsonText(again.root, new Map())).toBe(jsonText(document.root, edits));
    }),
    { numRuns: 300 },
  );
});

/** Names of fields are not; all else of a Secret and of JSON is. */
function isEditable(document: BodyDocument, value: TextValue | LiteralValue, text: string): boolean {
  try {
    document.encode(new Map([[value, text]]));
    return true;
  } catch (error) {
    if (error instanceof UndecodableBody) return false;
    throw error;
  }
}

describe('a frame of a watch', () => {
  test('is read as type and object, keeps its bytes, and has a new length after an edit', () => {
    const frame = watchFrame('ADDED', secretBody({ a: 'b' }));
    const document = decodeProtobufWatchFrame(frame);
    const want = {
      type: 'ADDED',
      object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'name' }, data: { a: 'Yg==' } },
    };
    expect(JSON.parse(jsonText(document.root, new Map()))).toEqual(want);
    expect(document.encode(new Map())).toBe(frame);
    const masked = document.encode(new Map([[leafAt(document.root, 'object', 'data', 'a'), base64('x'.repeat(500))]]));
    expect(masked.equals(watchFrame('ADDED', secretBody({ a: 'x'.repeat(500) })))).toBe(true);
  });

  test('may hold an error: a Status', () => {
    const status = failureStatus(410, 'The resourceVersion is too old');
    const { root } = decodeProtobufWatchFrame(protobufErrorEvent(status));
    const want: unknown = JSON.parse(statusBody(status).toString());
    expect(JSON.parse(jsonText(root, new Map()))).toMatchObject({ type: 'ERROR', object: want });
  });

  test.each<[string, Buffer]>([
    ['shorter than its length', watchFrame('ADDED', secretBody({})).subarray(0, -1)],
    ['longer than its length', Buffer.concat([watchFrame('ADDED', secretBody({})), Buffer.from([0])])],
    ['two frames in one', Buffer.concat([watchFrame('ADDED', secretBody({})), watchFrame('ADDED', secretBody({}))])],
    ['without a length', Buffer.from([0, 0, 0])],
    ['with an object in neither protobuf nor JSON', watchFrame('ADDED', Buffer.from([0xa0]))],
    [
      'with an object of a kind that has no descriptor',
      watchFrame('ADDED', inEnvelope('v1', 'Widget', Buffer.alloc(0))),
    ],
    ['with an envelope of its own', frameOf(inEnvelope('v1', 'WatchEvent', nested([1, 'ADDED'])))],
  ])('%s is refused', (_, frame) => {
    expect(() => decodeProtobufWatchFrame(frame)).toThrow(UndecodableBody);
  });
});

function frameOf(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

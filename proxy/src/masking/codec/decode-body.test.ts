import * as cborg from 'cborg';
import { describe, expect, test } from 'vitest';
import { UndecodableBody } from '../document.ts';
import { decodeBody, decodeWatchEvent } from './decode-body.ts';
import { newWatchSplitter } from '../stream/new-splitter.ts';
import { jsonText } from './json-text.ts';

const JSON_BODY = Buffer.from('{"a":"b"}');
const YAML_BODY = Buffer.from('a: b\n');
const CBOR_BODY = Buffer.from(cborg.encode({ a: 'b' }));

describe('a body is read by its media type', () => {
  const cases: Record<string, { bytes: Buffer; contentTypes: readonly (string | undefined)[]; want?: string }> = {
    JSON: {
      bytes: JSON_BODY,
      contentTypes: [
        undefined,
        '',
        ' ; charset=utf-8',
        'application/json',
        'Application/JSON; Charset="UTF-8"',
        'application/json;as=Table;v=v1;g=meta.k8s.io',
        'application/merge-patch+json',
        'application/strategic-merge-patch+json',
        'application/vnd.example+json',
      ],
    },
    'a JSON Patch': {
      bytes: Buffer.from('[{"op":"test","path":"/a~1b","value":1}]'),
      contentTypes: ['application/json-patch+json'],
      want: '[{"op":"test","path":"/a~1b","value":1}]',
    },
    YAML: { bytes: YAML_BODY, contentTypes: ['application/yaml', 'application/apply-patch+yaml'] },
    'JSON in YAML': { bytes: JSON_BODY, contentTypes: ['application/apply-patch+yaml'] },
    CBOR: { bytes: CBOR_BODY, contentTypes: ['application/cbor', 'application/apply-patch+cbor'] },
    'a form': { bytes: Buffer.from('a=b'), contentTypes: ['application/x-www-form-urlencoded'], want: '{"a":["b"]}' },
    protobuf: {
      // runtime.Unknown of a v1 Namespace without content.
      bytes: Buffer.concat([Buffer.from('k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\0', 'latin1')]),
      contentTypes: ['application/vnd.kubernetes.protobuf'],
      want: '{"apiVersion":"v1","kind":"Namespace"}',
    },
  };
  test.each(Object.entries(cases))('%s', (_, { bytes, contentTypes, want = '{"a":"b"}' }) => {
    for (const contentType of contentTypes) {
      const document = decodeBody(bytes, contentType);
      expect(JSON.parse(jsonText(document.root, new Map())), contentType).toMatchObject(Object(JSON.parse(want)));
      expect(document.encode(new Map()).equals(bytes)).toBe(true);
    }
  });
});

describe('a body is refused', () => {
  const cases: Record<string, { bytes: Buffer; contentTypes: readonly string[] }> = {
    'in a type that nothing reads': {
      bytes: JSON_BODY,
      contentTypes: [
        'text/plain',
        'text/html',
        'application/octet-stream',
        'multipart/form-data; boundary=x',
        'json',
        'application/cbor-seq',
        '*/*',
      ],
    },
    'in a text that is not UTF-8': {
      bytes: JSON_BODY,
      contentTypes: ['application/json; charset=utf-16', 'application/json;charset="iso-8859-1"'],
    },
    'that is of another type': {
      bytes: YAML_BODY,
      contentTypes: ['', 'application/json', 'application/cbor', 'application/vnd.kubernetes.protobuf'],
    },
    'that is CBOR by mistake': { bytes: CBOR_BODY, contentTypes: ['application/json', 'application/yaml'] },
  };
  test.each(Object.entries(cases))('%s', (_, { bytes, contentTypes }) => {
    for (const contentType of contentTypes)
      expect(() => decodeBody(bytes, contentType), contentType).toThrow(UndecodableBody);
  });
});

describe('an event of a watch', () => {
  // A frame of protobuf: its length, `type`, and `object` with runtime.Unknown of a v1 Namespace in `raw`.
  const namespace = Buffer.from('k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\0', 'latin1');
  const raw = Buffer.concat([Buffer.of(0x0a, namespace.length), namespace]);
  const event = Buffer.concat([Buffer.from('\x0a\x05ADDED\x12', 'latin1'), Buffer.of(raw.length), raw]);
  const frame = Buffer.concat([Buffer.of(0, 0, 0, event.length), event]);
  const object = { type: 'ADDED', object: { apiVersion: 'v1', kind: 'Namespace' } };
  const cases: Record<string, { bytes: Buffer; contentType: string }> = {
    'in JSON': { bytes: Buffer.from(JSON.stringify(object)), contentType: 'application/json;stream=watch' },
    'in CBOR': { bytes: Buffer.from(cborg.encode(object)), contentType: 'application/cbor-seq' },
    'in protobuf': { bytes: frame, contentType: 'application/vnd.kubernetes.protobuf;stream=watch' },
  };
  test.each(Object.entries(cases))('%s is read as the splitter gives it', (_, { bytes, contentType }) => {
    const pieces = newWatchSplitter(contentType).push(bytes);
    expect(pieces).toHaveLength(1);
    const documents = pieces.map((piece) => decodeWatchEvent(piece.bytes, contentType));
    for (const document of documents) {
      expect(JSON.parse(jsonText(document.root, new Map()))).toMatchObject(object);
      expect(document.encode(new Map()).equals(bytes)).toBe(true);
    }
  });

  test('in a type in which there is none is refused', () => {
    expect(() => decodeWatchEvent(YAML_BODY, 'application/yaml')).toThrow(UndecodableBody);
  });
});

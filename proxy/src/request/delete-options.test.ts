import { encode } from 'cborg';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, test } from 'vitest';
import { readDeleteOptions } from './delete-options.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

describe('DeleteOptions in JSON', () => {
  const cases: Readonly<Record<string, readonly [body: string, options: object]>> = {
    'of kubectl': [
      '{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Background"}\n',
      { gracePeriodSeconds: 0, propagationPolicy: 'Background' },
    ],
    'without anything': ['{}', {}],
    'with everything': [
      '{"gracePeriodSeconds":-1,"preconditions":{"uid":"u","resourceVersion":"7"},"orphanDependents":false,"dryRun":["All"],"ignoreStoreReadErrorWithClusterBreakingPotential":true}',
      {
        gracePeriodSeconds: -1,
        preconditions: { uid: 'u', resourceVersion: '7' },
        orphanDependents: false,
        dryRun: ['All'],
        ignoreStoreReadErrorWithClusterBreakingPotential: true,
      },
    ],
    'with null, which is as good as nothing': ['{"dryRun":null,"preconditions":null,"gracePeriodSeconds":null}', {}],
    'with an empty dryRun, which is none': ['{"dryRun":[]}', { dryRun: [] }],
    'with names in another case, which are other fields': ['{"DryRun":["All"],"dryrun":["All"]}', {}],
    'with unknown fields': ['{"metadata":{"name":"x"},"preconditions":{"name":"x"}}', { preconditions: {} }],
    'with an escaped name': [String.raw`{"dry\u0052un":["All"]}`, { dryRun: ['All'] }],
  };
  test.each(Object.entries(cases))('%s', (_, [body, options]) => {
    expect(readDeleteOptions(Buffer.from(body), JSON_TYPE)).toEqual(options);
  });

  const refused: Readonly<Record<string, string | Buffer>> = {
    'a name twice': '{"dryRun":["All"],"dryRun":[]}',
    'a name twice, once escaped': String.raw`{"dryRun":["All"],"dry\u0052un":[]}`,
    'a second object': '{} {}',
    'text behind it': '{}x',
    'a comment': '{}//',
    'nothing but blanks': '  \n',
    'half an object': '{"dryRun":["All"]',
    YAML: 'dryRun: [All]',
    null: 'null',
    'a list': '[]',
    'a text': '"DeleteOptions"',
    'a byte order mark': '\uFEFF{}',
    'bytes that are no UTF-8': Buffer.from('{"propagationPolicy":"\xFF"}', 'latin1'),
    'UTF-16': Buffer.from('{}', 'utf16le'),
    'a dryRun that is no list': '{"dryRun":"All"}',
    'a dryRun of something else': '{"dryRun":[true]}',
    'a grace period in quotes': '{"gracePeriodSeconds":"0"}',
    'half a second': '{"gracePeriodSeconds":0.5}',
    'preconditions that are a list': '{"preconditions":[]}',
    'a uid that is a number': '{"preconditions":{"uid":1}}',
    'a boolean in quotes': '{"orphanDependents":"false"}',
    'lists without end': `{"x":${'['.repeat(40)}${']'.repeat(40)}}`,
  };
  test.each(Object.entries(refused))('refused: %s', (_, body) => {
    expect(readDeleteOptions(Buffer.from(body), JSON_TYPE)).toMatchObject({ code: 'BodyUnreadable', status: 400 });
  });
});

const message = (write: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};

const unknown = (raw: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0', 'latin1'),
    message((writer) => {
      const type = message((inner) =>
        inner.tag(1, WireType.LengthDelimited).string('v1').tag(2, WireType.LengthDelimited).string('DeleteOptions'),
      );
      writer.tag(1, WireType.LengthDelimited).bytes(type);
      writer.tag(2, WireType.LengthDelimited).bytes(raw);
      writer.tag(3, WireType.LengthDelimited).string('').tag(4, WireType.LengthDelimited).string('');
    }),
  ]);

const dryRunAll = (writer: BinaryWriter): BinaryWriter => writer.tag(5, WireType.LengthDelimited).string('All');

describe('DeleteOptions in protobuf', () => {
  const cases: Readonly<Record<string, readonly [raw: Uint8Array, options: object]>> = {
    'without anything': [new Uint8Array(), {}],
    'with everything': [
      message((writer) => {
        writer.tag(1, WireType.Varint).int64(-1);
        writer
          .tag(2, WireType.LengthDelimited)
          .bytes(
            message((inner) =>
              inner.tag(1, WireType.LengthDelimited).string('u').tag(2, WireType.LengthDelimited).string('7'),
            ),
          );
        writer.tag(3, WireType.Varint).bool(false);
        writer.tag(4, WireType.LengthDelimited).string('Orphan');
        dryRunAll(dryRunAll(writer));
        writer.tag(6, WireType.Varint).bool(true);
      }),
      {
        gracePeriodSeconds: -1,
        preconditions: { uid: 'u', resourceVersion: '7' },
        orphanDependents: false,
        propagationPolicy: 'Orphan',
        dryRun: ['All', 'All'],
        ignoreStoreReadErrorWithClusterBreakingPotential: true,
      },
    ],
    'with a field that is not known': [
      message((writer) => dryRunAll(writer.tag(90, WireType.Varint).uint32(1))),
      { dryRun: ['All'] },
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [raw, options]) => {
    expect(readDeleteOptions(unknown(raw), PROTOBUF)).toEqual(options);
  });

  test('parameters of the type change nothing, nor does its case', () => {
    expect(
      readDeleteOptions(unknown(message(dryRunAll)), 'Application/Vnd.Kubernetes.Protobuf; charset=UTF-8'),
    ).toEqual({
      dryRun: ['All'],
    });
  });

  const refused: Readonly<Record<string, Uint8Array>> = {
    'JSON under its type': Buffer.from('{}'),
    'another magic': Buffer.concat([Buffer.from('k8s\x01', 'latin1'), message(dryRunAll)]),
    'a field that is repeated': unknown(
      message((writer) => writer.tag(3, WireType.Varint).bool(true).tag(3, WireType.Varint).bool(false)),
    ),
    'a field of another wire type': unknown(message((writer) => writer.tag(5, WireType.Varint).uint32(1))),
    'a field that does not end': unknown(Buffer.from([0x2a, 0x7f, 0x41])),
    'a number that does not end': unknown(Buffer.from([0x08, ...Array.from({ length: 11 }, () => 0xff)])),
    'text that is no UTF-8': unknown(Buffer.from([0x2a, 0x01, 0xff])),
    'a group': unknown(Buffer.from([0x53, 0x54])),
    'half a message': unknown(message(dryRunAll)).subarray(0, 20),
  };
  test.each(Object.entries(refused))('refused: %s', (_, body) => {
    expect(readDeleteOptions(body, PROTOBUF)).toMatchObject({ code: 'BodyUnreadable', status: 400 });
  });
});

test.each(['text/plain', 'application/json-patch+json', 'application/apply-patch+yaml', 'application/json,x'])(
  'DeleteOptions as %s are not served',
  (contentType) => {
    expect(readDeleteOptions(Buffer.from('{}'), contentType)).toMatchObject({
      code: 'BodyTypeUnsupported',
      status: 415,
    });
  },
);

test('YAML is read as the API server reads it, or refused', () => {
  const read = (text: string) => readDeleteOptions(Buffer.from(text), 'application/yaml');
  expect(read('dryRun: [All]\npreconditions: {uid: abc}\n')).toEqual({
    dryRun: ['All'],
    preconditions: { uid: 'abc' },
  });
  expect(read('{"gracePeriodSeconds": 0}')).toEqual({ gracePeriodSeconds: 0 });
  for (const text of [
    'dryRun: [All]\ndryRun: []\n',
    'a: &x 1\nb: *x\n',
    'dryRun: []\n---\ndryRun: [All]\n',
    'dryRun: yes',
  ])
    expect(read(text)).toMatchObject({ code: 'BodyUnreadable' });
});

test('CBOR is read as the API server reads it, or refused', () => {
  const read = (body: Uint8Array) => readDeleteOptions(body, 'application/cbor');
  expect(read(encode({ dryRun: ['All'], gracePeriodSeconds: 3 }))).toEqual({ dryRun: ['All'], gracePeriodSeconds: 3 });
  expect(read(Buffer.from('{"dryRun":["All"]}'))).toMatchObject({ code: 'BodyUnreadable' });
});

test.each([undefined, '', 'application/json; charset=utf-8', ' Application/JSON'])('%s means JSON', (contentType) => {
  expect(readDeleteOptions(Buffer.from('{"dryRun":["All"]}'), contentType)).toEqual({ dryRun: ['All'] });
});

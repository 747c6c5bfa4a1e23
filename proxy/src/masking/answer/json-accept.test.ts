import { expect, test } from 'vitest';
import { jsonAccept } from './json-accept.ts';

const rows: Readonly<Record<string, readonly [readonly string[], string]>> = {
  'none is JSON': [[], 'application/json'],
  'an empty one is JSON': [[''], 'application/json'],
  'JSON stays as it is': [['application/json'], 'application/json'],
  'any is JSON': [['*/*'], 'application/json'],
  'of kubectl: both Tables, then objects': [
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'],
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
  ],
  'of typed clients: what comes after protobuf': [
    ['application/vnd.kubernetes.protobuf,application/json'],
    'application/json',
  ],
  'of metadata clients: the same metadata as JSON': [
    [
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
    ],
    'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
  ],
  'over several lines, in any case': [['application/CBOR', ' Application/JSON ; q=0.5'], 'Application/JSON ; q=0.5'],
};

test.each(Object.entries(rows))('%s', (_, [values, expected]) => {
  expect(jsonAccept(values)).toEqual([expected]);
});

test('a client that takes no JSON keeps its own words', () => {
  expect(jsonAccept(['application/vnd.kubernetes.protobuf', 'application/yaml'])).toEqual([
    'application/vnd.kubernetes.protobuf',
    'application/yaml',
  ]);
});

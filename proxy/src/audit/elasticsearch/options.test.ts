import { describe, expect, test } from 'vitest';
import { elasticsearchOptions } from './options.ts';

const nodes = ['https://es.example.com:9200'];
const findings = (value: unknown): string[] =>
  (elasticsearchOptions.safeParse(value).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

test('a node is enough', () => {
  expect(elasticsearchOptions.parse({ nodes })).toMatchObject({
    namespace: 'default',
    requestTimeout: 60_000,
    batch: { bytes: 1_048_576, documents: 1_000, age: 200, inFlight: 2 },
  });
});

describe('what would send a credential in the clear is refused', () => {
  const apiKeyFile = '/key';
  const basic = { username: 'a', passwordFile: '/p' };
  const clear = 'must be https: a credential would cross the network in the clear';
  const table: Record<string, readonly [Record<string, unknown>, readonly string[]]> = {
    'an API key over http': [
      { nodes: ['http://es.example.com:9200'], authentication: { apiKeyFile } },
      [`nodes.0: ${clear}`],
    ],
    'a password over http on one of several nodes': [
      { nodes: [...nodes, 'http://10.0.0.1:9200'], authentication: { basic } },
      [`nodes.1: ${clear}`],
    ],
    "the installer's over http": [
      { nodes: ['http://es.example.com:9200'], installTemplates: { authentication: { apiKeyFile } } },
      [`nodes.0: ${clear}`],
    ],
    'but not over https': [{ nodes, authentication: { basic } }, []],
    'nor on loopback': [
      { nodes: ['http://127.0.0.1:9200', 'http://[::1]:9200', 'http://localhost'], authentication: { basic } },
      [],
    ],
    'nor without any': [{ nodes: ['http://es.example.com:9200'] }, []],
  };
  test.each(Object.entries(table))('%s', (_, [value, expected]) => {
    expect(findings(value)).toEqual(expected);
  });
});

test('a password has no place in a configuration', () => {
  expect(findings({ nodes: ['https://user:password@es.example.com'] })).toEqual([
    'nodes.0: must be a URL without user, query and fragment',
  ]);
  expect(findings({ nodes, authentication: { basic: { username: 'a', password: 'b' } } })).not.toEqual([]);
  expect(findings({ nodes, authentication: { apiKey: 'a' } })).not.toEqual([]);
});

test('a certificate and its key stand together', () => {
  expect(findings({ nodes, tls: { certificateFile: '/a' } })).toEqual([
    'tls.keyFile: must stand beside certificateFile: give both or neither',
  ]);
});

test('a hyphen in the namespace would end the name of the dataset', () => {
  expect(findings({ nodes, namespace: 'a-b' })).toHaveLength(1);
  expect(findings({ nodes, namespace: 'prod.eu_1' })).toEqual([]);
});

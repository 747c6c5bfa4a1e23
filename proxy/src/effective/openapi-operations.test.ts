import { describe, expect, test } from 'vitest';
import { readAggregated, readGroupVersions } from './api-index.ts';
import { readGroupOperations } from './openapi-operations.ts';

const dryRun = { name: 'dryRun', in: 'query' };
const operations = readGroupOperations(
  {
    paths: {
      '/apis/g/v1/': { get: {} },
      '/apis/g/v1/namespaces/{namespace}/things': { get: { parameters: [dryRun] }, post: { parameters: [dryRun] } },
      '/apis/g/v1/namespaces/{namespace}/things/{name}': {
        put: { parameters: [{ name: 'fieldManager', in: 'query' }] },
        patch: { parameters: [{ name: 'dryRun', in: 'header' }, dryRun] },
        delete: { parameters: [dryRun] },
      },
      '/apis/g/v1/namespaces/{namespace}/things/{name}/scale': { parameters: [dryRun], put: {} },
      '/apis/g/v1/things': { get: {} },
      '/apis/g/v1/wholes/{name}': { put: { parameters: 'dryRun' }, post: undefined },
      '/apis/g/v1/watch/things': { get: {} },
      '/apis/other/v1/strangers': { post: { parameters: [dryRun] } },
    },
  },
  'apis/g/v1',
);

describe('an OpenAPI document tells', () => {
  test.each([
    ['things', 'Namespaced'],
    ['wholes', 'Cluster'],
    ['strangers', undefined],
    ['constructor', undefined],
  ])('the scope of %s', (resource, scope) => {
    expect(operations?.scopeOf(resource)).toBe(scope);
  });

  const cases = {
    'a create that declares dryRun': ['POST', 'things', '', false, true],
    'an update that does not': ['PUT', 'things', '', true, false],
    'a patch that does': ['PATCH', 'things', '', true, true],
    'a subresource by the parameters of its path': ['PUT', 'things', 'scale', true, true],
    'a method that is not there': ['PATCH', 'things', 'scale', true, false],
    'a create by name': ['POST', 'things', '', true, false],
    'parameters that are no list': ['PUT', 'wholes', '', true, false],
    'a resource of another group': ['POST', 'strangers', '', false, false],
  } as const;
  test.each(Object.entries(cases))('%s', (_, [method, resource, subresource, named, declared]) => {
    expect(operations?.declaresDryRun({ method, resource, subresource, named })).toBe(declared);
  });

  test.each([undefined, null, [], {}, { paths: [] }, '{}'])('nothing where it is %j', (document) => {
    expect(readGroupOperations(document, 'apis/g/v1')).toBeUndefined();
  });
});

test('the index of OpenAPI v3 tells where documents are, on the API server alone', () => {
  const index = {
    paths: {
      'apis/apps/v1': { serverRelativeURL: '/openapi/v3/apis/apps/v1?hash=1' },
      'apis/a/v1': { serverRelativeURL: 'https://elsewhere/openapi/v3/' },
      'apis/b/v1': { serverRelativeURL: '/api/v1/secrets' },
      'apis/c/v1': {},
    },
  };
  expect([...readGroupVersions(index)]).toEqual([['apis/apps/v1', '/openapi/v3/apis/apps/v1?hash=1']]);
  expect([...readGroupVersions(undefined)]).toEqual([]);
});

test('APIServices with a Service are of other servers', () => {
  const items = [
    { spec: { group: 'apps', version: 'v1' } },
    { spec: { group: 'metrics.k8s.io', version: 'v1beta1', service: { name: 'metrics-server' } } },
    { spec: { group: 'local.example', version: 'v1', service: null } },
  ];
  expect([...readAggregated({ items })]).toEqual(['apis/metrics.k8s.io/v1beta1']);
  expect(() => readAggregated({})).toThrow(TypeError);
  expect(() => readAggregated({ items: [{}] })).toThrow(TypeError);
});

import { describe, expect, test } from 'vitest';
import { Rejection } from '../request/rejection.ts';
import { requestAttributes, type RequestAttributes } from '../request/request-attributes.ts';
import { ALWAYS_ON, maskNames } from './masked-names.ts';

const TOKEN = `ghp_${'a1B2'.repeat(9)}`;

function about(target: string): RequestAttributes {
  const attributes = requestAttributes({ method: 'GET', target });
  if (attributes instanceof Rejection) throw attributes;
  return attributes;
}

describe('a token is masked, wherever in a path it stands:', () => {
  test.each([
    ['name', `/api/v1/namespaces/a/configmaps/${TOKEN}`],
    ['namespace', `/api/v1/namespaces/${TOKEN}/configmaps`],
    ['resource', `/api/v1/namespaces/a/${TOKEN}`],
    ['subresource', `/api/v1/namespaces/a/pods/p/${TOKEN}`],
    ['API group', `/apis/${TOKEN}/v1/namespaces/a/things`],
    ['version', `/apis/apps/${TOKEN}/namespaces/a/things`],
    ['path of no resource', `/none/${TOKEN}/end`],
    ['path behind a proxy', `/api/v1/namespaces/a/services/s/proxy/hooks/${TOKEN}`],
  ])('%s', (_, target) => {
    const attributes = about(target);
    const { query: _query, ...masked } = maskNames(attributes, ALWAYS_ON.audit);
    expect(masked.path).toContain('MASKED');
    const names = [masked.name, masked.namespace, masked.resource, masked.subresource, masked.apiGroup, masked.path];
    expect([...names, masked.apiVersion].join(' ')).not.toContain(TOKEN);
  });
});

test('names without any stay the object that they are', () => {
  const attributes = about('/apis/apps/v1/namespaces/payments/deployments/web-7f3k2/scale');
  expect(maskNames(attributes, ALWAYS_ON.audit)).toBe(attributes);
});

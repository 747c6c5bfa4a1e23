import { describe, expect, test } from 'vitest';
import { InvalidCallError, ResponseError } from './api-error.ts';
import { clusterRoles, configMaps, leases } from './kinds.ts';
import { collectionPath, objectPath } from './resource.ts';

describe('paths', () => {
  test('name the group, the namespace, the object and the subresource', () => {
    expect(collectionPath(configMaps)).toBe('/api/v1/configmaps');
    expect(collectionPath(leases, 'a')).toBe('/apis/coordination.k8s.io/v1/namespaces/a/leases');
    expect(objectPath(leases, { name: 'x', namespace: 'a' }, 'status')).toBe(
      '/apis/coordination.k8s.io/v1/namespaces/a/leases/x/status',
    );
    expect(objectPath(clusterRoles, { name: 'system:x' })).toBe(
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Ax',
    );
  });

  test.each<[string, () => string]>([
    ['a name that climbs', () => objectPath(clusterRoles, { name: '..' })],
    ['a name with a slash', () => objectPath(clusterRoles, { name: 'a/../b' })],
    ['a name with an escape', () => objectPath(clusterRoles, { name: 'a%2fb' })],
    ['an empty name', () => objectPath(clusterRoles, { name: '' })],
    ['a namespace that climbs', () => collectionPath(configMaps, '..')],
    ['a namespaced kind without a namespace', () => objectPath(configMaps, { name: 'x' })],
    ['a cluster-scoped kind with one', () => objectPath(clusterRoles, { name: 'x', namespace: 'a' })],
  ])('%s is refused', (_what, path) => {
    expect(path).toThrow(InvalidCallError);
  });
});

describe('narrowing', () => {
  const metadata = { name: 'x', namespace: 'a', uid: 'u', resourceVersion: '1' };

  test('takes an object of the kind, with or without its name in it', () => {
    expect(configMaps.narrow({ metadata }).kind).toBe('ConfigMap');
    expect(configMaps.narrow({ apiVersion: 'v1', kind: 'ConfigMap', metadata }).metadata.uid).toBe('u');
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a list', []],
    ['another kind', { apiVersion: 'v1', kind: 'Secret', metadata }],
    ['another version', { apiVersion: 'v2', kind: 'ConfigMap', metadata }],
    ['no uid', { metadata: { ...metadata, uid: undefined } }],
    ['no resourceVersion', { metadata: { ...metadata, resourceVersion: '' } }],
  ])('refuses %s', (_what, value) => {
    expect(() => configMaps.narrow(value)).toThrow(ResponseError);
  });
});

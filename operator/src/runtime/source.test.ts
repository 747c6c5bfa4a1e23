import { describe, expect, test } from 'vitest';
import type { InformerEvent, InformerHandler } from '@chaperone/crds/client/informer';
import type { KubernetesObject, ObjectMeta, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Request } from './reconciler.ts';
import { ownersOf, specOrMetadataChanged, watch } from './source.ts';

const object = (change: ObjectMeta = {}): Stored<KubernetesObject> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { generation: 1, ...change, name: change.name ?? 'x', uid: 'u', resourceVersion: '1' },
});

const updated = (before: ObjectMeta, after: ObjectMeta): InformerEvent<KubernetesObject> => ({
  type: 'updated',
  old: object(before),
  object: object(after),
});

describe('specOrMetadataChanged', () => {
  test.each<[string, InformerEvent<KubernetesObject>, boolean]>([
    ['a write of status alone', updated({}, {}), false],
    ['another spec', updated({}, { generation: 2 }), true],
    ['a deletion that began', updated({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }), true],
    ['an annotation', updated({}, { annotations: { a: 'b' } }), true],
    ['a label that went', updated({ labels: { a: 'b' } }, {}), true],
    ['a finalizer', updated({}, { finalizers: ['a/b'] }), true],
    ['a new object', { type: 'added', object: object() }, true],
    ['an object that went', { type: 'deleted', object: object(), finalStateUnknown: true }, true],
    ['a resync', { type: 'resync', object: object() }, true],
  ])('%s', (_what, event, want) => {
    expect(specOrMetadataChanged(event)).toBe(want);
  });

  test('cannot tell for kinds without generations, and lets all of their updates through', () => {
    const bare: Stored<KubernetesObject> = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', uid: 'u', resourceVersion: '1' },
    };
    expect(specOrMetadataChanged({ type: 'updated', old: bare, object: bare })).toBe(true);
  });
});

test('owners of a kind are found, in the namespace of the child where they have one', () => {
  const owner = (kind: string, name: string): NonNullable<ObjectMeta['ownerReferences']>[number] => ({
    apiVersion: 'v1',
    kind,
    name,
    uid: 'o',
  });
  const child = object({
    namespace: 'ns',
    ownerReferences: [owner('A', 'one'), owner('B', 'two'), owner('A', 'three')],
  });
  expect(ownersOf(child, { apiVersion: 'v1', kind: 'A', namespaced: true })).toEqual([
    { name: 'one', namespace: 'ns' },
    { name: 'three', namespace: 'ns' },
  ]);
  expect(ownersOf(child, { apiVersion: 'v1', kind: 'B', namespaced: false })).toEqual([{ name: 'two' }]);
  expect(ownersOf(child, { apiVersion: 'v2', kind: 'A', namespaced: true })).toEqual([]);
});

test('a controller is fed with what passes the predicate, as the map has it', () => {
  const handlers = new Set<InformerHandler<KubernetesObject>>();
  const enqueued: Request[] = [];
  const undo = watch<KubernetesObject>(
    { enqueue: (request) => enqueued.push(request) },
    {
      addHandler: (handler) => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    },
    { predicate: ({ object: { metadata } }) => metadata.name !== 'ignored', map: () => [{ name: 'all' }] },
  );
  handlers.forEach((handler) => handler({ type: 'added', object: object({ name: 'ignored' }) }));
  handlers.forEach((handler) => handler({ type: 'added', object: object() }));
  expect(enqueued).toEqual([{ name: 'all' }]);
  undo();
  expect(handlers.size).toBe(0);
});

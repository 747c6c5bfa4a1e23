import { describe, expect, test } from 'vitest';
import type { Stored } from './kubernetes-object.ts';
import { newStore, withoutManagedFields } from './store.ts';
import { envelope } from './watcher.ts';

interface Thing {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly spec: { readonly managedFields: string };
}

const metadata = { name: 'a', namespace: 'x', uid: 'u', resourceVersion: '7', annotations: { managedFields: 'mine' } };
const plain = { apiVersion: 'example.com/v1', kind: 'Thing', metadata, spec: { managedFields: 'mine too' } };
/** As a list or a watch brings it. */
const written = {
  ...plain,
  metadata: { ...metadata, managedFields: [{ manager: 'kubectl', operation: 'Apply', fieldsV1: { 'f:spec': {} } }] },
};

describe('an object that is kept', () => {
  test('has no managedFields, and everything else', () => {
    expect(withoutManagedFields<Thing>(written)).toEqual(plain);
    expect(withoutManagedFields<Thing>(plain)).toEqual(plain);
    expect(written.metadata.managedFields).toHaveLength(1);
  });

  test('has none in what is handed to ListWatch, which keeps it as long as the store does', () => {
    expect(envelope<Thing>(written).object).toEqual(plain);
  });
});

describe('a store', () => {
  const object = (name: string, uid = 'u'): Stored<Thing> => ({ ...plain, metadata: { ...metadata, name, uid } });
  const failing = {
    uid: ({ metadata: { uid } }: Stored<Thing>): string[] => {
      if (uid === '') throw new TypeError('no uid');
      return [uid];
    },
  };

  test('finds an object by the values that it is indexed under, until it is changed or removed', () => {
    const store = newStore<Thing>(failing);
    expect(store.put(object('a'))).toBeUndefined();
    store.put(object('b'));
    expect(store.byIndex('uid', 'u').map(({ metadata: { name } }) => name)).toEqual(['a', 'b']);
    expect(store.put(object('a', 'v'))).toEqual(object('a'));
    expect(store.byIndex('uid', 'u').map(({ metadata: { name } }) => name)).toEqual(['b']);
    store.remove({ name: 'b', namespace: 'x' });
    expect(store.byIndex('uid', 'u')).toEqual([]);
    expect(store.size).toBe(1);
    expect(() => store.byIndex('unknown', 'u')).toThrow(RangeError);
  });

  test('keeps an object that its index fails on, and freezes whatever it keeps', () => {
    const store = newStore<Thing>(failing);
    store.put(object('a', ''));
    const kept = store.get({ name: 'a', namespace: 'x' });
    expect(kept).toEqual(object('a', ''));
    expect(Object.isFrozen(kept?.spec)).toBe(true);
    expect(store.list('x')).toHaveLength(1);
    expect(store.list('y')).toEqual([]);
  });
});

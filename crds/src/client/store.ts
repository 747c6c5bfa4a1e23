import type { KubernetesObject, Stored } from './kubernetes-object.ts';
import type { ObjectName } from './resource.ts';

/** The values under which an object is found in one index. */
export type IndexFunction<T extends KubernetesObject> = (object: Stored<T>) => readonly string[];

/** Read access to what an informer holds. Objects are shared and frozen: copy before changing. */
export interface Lister<T extends KubernetesObject> {
  get(object: ObjectName): Stored<T> | undefined;
  /** Of one namespace or, without one, all. */
  list(namespace?: string): readonly Stored<T>[];
  /** @throws RangeError for an index that the informer was not given. */
  byIndex(index: string, value: string): readonly Stored<T>[];
  readonly size: number;
}

export interface Store<T extends KubernetesObject> extends Lister<T> {
  /** Returns what was there before. */
  put(object: Stored<T>): Stored<T> | undefined;
  remove(object: ObjectName): Stored<T> | undefined;
}

/**
 * An object without `metadata.managedFields`, which say of every field who wrote it: often more than half of an object, and
 * of use to nobody who only reads. Whatever keeps objects keeps this.
 */
export function withoutManagedFields<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  const { managedFields: _, ...metadata }: Stored<T>['metadata'] & { readonly managedFields?: unknown } =
    object.metadata;
  return { ...object, metadata };
}

const keyOf = (object: ObjectName): string => `${object.namespace ?? ''}/${object.name}`;

/** A map of objects with indices. An index function that throws indexes its object under nothing. */
export function newStore<T extends KubernetesObject>(indices: Readonly<Record<string, IndexFunction<T>>>): Store<T> {
  const objects = new Map<string, Stored<T>>();
  const entries = Object.entries(indices).map(([name, values]) => ({
    name,
    values,
    keys: new Map<string, Set<string>>(),
  }));

  const indexed = (values: IndexFunction<T>, object: Stored<T>): readonly string[] => {
    try {
      return values(object);
    } catch {
      // An object that breaks one index must stay readable by name; the reconciler will say what is wrong with it.
      return [];
    }
  };

  function unindex(key: string, object: Stored<T>): void {
    for (const { values, keys } of entries) {
      for (const value of indexed(values, object)) {
        const found = keys.get(value);
        found?.delete(key);
        if (found?.size === 0) {
          keys.delete(value);
        }
      }
    }
  }

  function index(key: string, object: Stored<T>): void {
    for (const { values, keys } of entries) {
      for (const value of indexed(values, object)) {
        const found = keys.get(value) ?? new Set();
        keys.set(value, found.add(key));
      }
    }
  }

  return {
    get: (object) => objects.get(keyOf(object)),
    list(namespace) {
      const all = [...objects.values()];
      return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
    },
    byIndex(name, value) {
      const entry = entries.find((candidate) => candidate.name === name);
      if (entry === undefined) {
        throw new RangeError(`There is no index ${name}`);
      }
      return [...(entry.keys.get(value) ?? [])].flatMap((key) => objects.get(key) ?? []);
    },
    get size() {
      return objects.size;
    },
    put(object) {
      const key = keyOf(object.metadata);
      const before = objects.get(key);
      if (before !== undefined) {
        unindex(key, before);
      }
      objects.set(key, freeze(object));
      index(key, object);
      return before;
    },
    remove(object) {
      const key = keyOf(object);
      const before = objects.get(key);
      if (before !== undefined) {
        unindex(key, before);
        objects.delete(key);
      }
      return before;
    },
  };
}

/** One reconciler that writes into a shared object would change what all others see; frozen, it throws at once. */
function freeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null && !Object.isFrozen(child)) {
      freeze(child);
    }
  }
  return Object.freeze(value);
}

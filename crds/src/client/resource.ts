import { InvalidCallError, ResponseError } from './api-error.ts';
import { isRecord, isStoredObject, type KubernetesObject, type Stored } from './kubernetes-object.ts';

/** A kind as the API server serves it, and how a JSON value becomes one. */
export interface Resource<T extends KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Values of this kind are secret: the server's own words about them are kept out of errors. */
  readonly secret: boolean;
  /** `group/version`, or `version` for the core group. */
  readonly apiVersion: string;
  /** Narrows what the server sent. @throws ResponseError where it is not a stored object of this kind. */
  narrow(value: unknown): Stored<T>;
}

/** Name and, for namespaced kinds, namespace of one object. */
export interface ObjectName {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/**
 * Describes a kind. The type argument is what its objects look like: the API server has checked them against the
 * kind's schema, so `apiVersion` and `kind` decide the type, as they do for every typed client.
 */
export function resource<T extends KubernetesObject>(description: {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly secret?: boolean;
}): Resource<T> {
  const { group, version, kind } = description;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const isKind = (value: unknown): value is Stored<T> =>
    isStoredObject(value) && value.apiVersion === apiVersion && value.kind === kind;
  return {
    ...description,
    secret: description.secret ?? false,
    apiVersion,
    narrow(value) {
      // Items of built-in lists come without apiVersion and kind, those of watches with them.
      const whole = isRecord(value) ? { apiVersion, kind, ...value } : value;
      if (!isKind(whole)) {
        throw new ResponseError(`Not a stored ${kind} of ${apiVersion}`);
      }
      return whole;
    },
  };
}

/** As the API server's `path.ValidatePathSegmentName`: anything else could name another path. */
function segment(value: string, what: string): string {
  if (value === '' || value === '.' || value === '..' || value.includes('/') || value.includes('%')) {
    throw new InvalidCallError(`Not a ${what} that fits into a path: ${JSON.stringify(value.slice(0, 64))}`);
  }
  return encodeURIComponent(value);
}

type Location = Pick<Resource<KubernetesObject>, 'group' | 'version' | 'plural' | 'namespaced' | 'kind'>;

/** Path of the collection, of one namespace or, without one, of all. */
export function collectionPath(kind: Location, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  if (namespace === undefined) {
    return `${root}/${kind.plural}`;
  }
  if (!kind.namespaced) {
    throw new InvalidCallError(`${kind.kind} is cluster-scoped and was given a namespace`);
  }
  return `${root}/namespaces/${segment(namespace, 'namespace')}/${kind.plural}`;
}

/** Path of one object or of its subresource. @throws InvalidCallError where name or namespace are missing. */
export function objectPath(kind: Location, object: ObjectName, subresource?: string): string {
  if (kind.namespaced && object.namespace === undefined) {
    throw new InvalidCallError(`${kind.kind} is namespaced and was given no namespace`);
  }
  const path = `${collectionPath(kind, object.namespace)}/${segment(object.name, 'name')}`;
  return subresource === undefined ? path : `${path}/${segment(subresource, 'subresource')}`;
}

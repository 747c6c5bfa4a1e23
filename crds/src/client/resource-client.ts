import { InvalidCallError, isGone, ResponseError } from './api-error.ts';
import { ContentType, type Connection } from './connection.ts';
import { isRecord, type KubernetesObject, type Stored } from './kubernetes-object.ts';
import { collectionPath, objectPath, type ObjectName, type Resource } from './resource.ts';

/** For every call: when to give up, in two ways. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call. */
  readonly timeoutMs?: number | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Owner of the fields in managedFields; the client's own unless given. */
  readonly fieldManager?: string;
  /** `status` writes the status and nothing else; without it, the status is not written where it is a subresource. */
  readonly subresource?: 'status' | 'scale';
}

export interface ApplyOptions extends WriteOptions {
  /** Take fields over from other managers. Controllers do so for what they own; default false gives 409. */
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Only this very object, not one of the same name made since. */
  readonly uid?: string;
  /** Only while unchanged. */
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

export interface ListOptions extends CallOptions {
  /** All namespaces unless given. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects per request; default 500. */
  readonly pageSize?: number;
}

export interface ResourceList<T extends KubernetesObject> {
  readonly items: Stored<T>[];
  /** Of the whole list: a watch from here misses nothing. */
  readonly resourceVersion: string;
}

/** One operation of RFC 6902. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly path: string; readonly from: string };

type Partly<T> = T extends readonly unknown[] ? T : T extends object ? { [Key in keyof T]?: Partly<T[Key]> } : T;

/** The fields one manager owns: an apply takes back what it set before and no longer sends. */
export type ApplyConfiguration<T extends KubernetesObject> = Partly<T> & {
  readonly metadata: ObjectName & { readonly managedFields?: never };
};

/** RFC 7386: null removes a field, lists are replaced whole. */
export type MergePatch<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: MergePatch<T[Key]> | null }
    : T;

/** One kind on one API server. Every method throws as {@link Connection.request} does. */
export interface ResourceClient<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  /** Reads from etcd (a quorum read), never from a cache. */
  get(object: ObjectName, options?: CallOptions): Promise<Stored<T>>;
  /** Reads all pages of one consistent state. */
  list(options?: ListOptions): Promise<ResourceList<T>>;
  create(object: T, options?: Omit<WriteOptions, 'subresource'>): Promise<Stored<T>>;
  /** PUT. The object must carry the resourceVersion it was read at: without it the last writer would win silently. */
  replace(object: T, options?: WriteOptions): Promise<Stored<T>>;
  mergePatch(object: ObjectName, patch: MergePatch<T>, options?: WriteOptions): Promise<Stored<T>>;
  jsonPatch(object: ObjectName, patch: readonly JsonPatchOperation[], options?: WriteOptions): Promise<Stored<T>>;
  /** Server-side apply; creates what is not there. A resourceVersion in its metadata is a precondition. */
  apply(configuration: ApplyConfiguration<T>, options?: ApplyOptions): Promise<Stored<T>>;
  /** Returns when the deletion is accepted; finalizers may still hold the object. */
  delete(object: ObjectName, options?: DeleteOptions): Promise<void>;
}

/** Makes clients for kinds, all over one connection. */
export interface Client {
  readonly connection: Connection;
  resource<T extends KubernetesObject>(resource: Resource<T>): ResourceClient<T>;
}

const PAGE_SIZE = 500;

const limits = (options: CallOptions | undefined): CallOptions => ({
  signal: options?.signal,
  timeoutMs: options?.timeoutMs,
});

/** `fieldManager` names this program in managedFields, for instance `chaperone-operator`. */
export function newClient(options: { readonly connection: Connection; readonly fieldManager: string }): Client {
  const { connection } = options;

  function resourceClient<T extends KubernetesObject>(resource: Resource<T>): ResourceClient<T> {
    const { secret } = resource;
    const writeQuery = (write: WriteOptions | undefined): Record<string, string | undefined> => ({
      fieldManager: write?.fieldManager ?? options.fieldManager,
      // A field that the schema does not know would be dropped with a warning that nobody reads.
      fieldValidation: 'Strict',
    });
    const nameOf = (object: KubernetesObject): ObjectName => {
      const name = object.metadata?.name;
      if (name === undefined) {
        throw new InvalidCallError(`A ${resource.kind} without a name`);
      }
      return { name, namespace: object.metadata?.namespace };
    };
    /** Names the kind in the body, as the server decodes by it. */
    const named = (object: object): object => ({ apiVersion: resource.apiVersion, kind: resource.kind, ...object });

    async function send(
      method: 'POST' | 'PUT',
      path: string,
      object: T,
      write: WriteOptions | undefined,
    ): Promise<Stored<T>> {
      const answer = await connection.request({
        method,
        path,
        query: writeQuery(write),
        body: named(object),
        contentType: ContentType.json,
        secret,
        ...limits(write),
      });
      return resource.narrow(answer);
    }

    async function patch(
      object: ObjectName,
      body: unknown,
      contentType: ContentType,
      write: ApplyOptions | undefined,
    ): Promise<Stored<T>> {
      const answer = await connection.request({
        method: 'PATCH',
        path: objectPath(resource, object, write?.subresource),
        query: { ...writeQuery(write), force: write?.force },
        body,
        contentType,
        secret,
        ...limits(write),
      });
      return resource.narrow(answer);
    }

    async function page(list: ListOptions, limit: number | undefined, next: string | undefined): Promise<Page> {
      const answer = await connection.request({
        method: 'GET',
        path: collectionPath(resource, list.namespace),
        query: { labelSelector: list.labelSelector, fieldSelector: list.fieldSelector, limit, continue: next },
        secret,
        ...limits(list),
      });
      return narrowPage(answer, resource.kind);
    }

    async function listPages(list: ListOptions, limit: number | undefined): Promise<ResourceList<T>> {
      const items: Stored<T>[] = [];
      for (let next: string | undefined; ;) {
        const current = await page(list, limit, next);
        items.push(...current.items.map((item) => resource.narrow(item)));
        if (current.continue === undefined) {
          return { items, resourceVersion: current.resourceVersion };
        }
        next = current.continue;
      }
    }

    return {
      resource,
      async get(object, call) {
        const path = objectPath(resource, object);
        return resource.narrow(await connection.request({ method: 'GET', path, secret, ...limits(call) }));
      },
      async list(list = {}) {
        try {
          return await listPages(list, list.pageSize ?? PAGE_SIZE);
        } catch (error) {
          if (!isGone(error)) {
            throw error;
          }
          // The continue token outlived etcd's history (five minutes by default); only one whole answer is consistent.
          return await listPages(list, undefined);
        }
      },
      async create(object, write) {
        const namespace = resource.namespaced ? requireNamespace(object, resource.kind) : undefined;
        return send('POST', collectionPath(resource, namespace), object, write);
      },
      async replace(object, write) {
        if (object.metadata?.resourceVersion === undefined) {
          throw new InvalidCallError(`Replacing a ${resource.kind} without its resourceVersion`);
        }
        return send('PUT', objectPath(resource, nameOf(object), write?.subresource), object, write);
      },
      mergePatch: (object, body, write) => patch(object, body, ContentType.mergePatch, write),
      jsonPatch: (object, body, write) => patch(object, body, ContentType.jsonPatch, write),
      apply: (body, write) => patch(body.metadata, named(body), ContentType.applyPatch, { force: false, ...write }),
      async delete(object, call = {}) {
        const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds } = call;
        const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
        await connection.request({
          method: 'DELETE',
          path: objectPath(resource, object),
          // In the body, which the server reads alone: beside one, it ignores the query.
          body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy, gracePeriodSeconds },
          contentType: ContentType.json,
          secret,
          ...limits(call),
        });
      },
    };
  }

  return { connection, resource: resourceClient };
}

function requireNamespace(object: KubernetesObject, kind: string): string {
  const namespace = object.metadata?.namespace;
  if (namespace === undefined) {
    throw new InvalidCallError(`Creating a ${kind} without a namespace`);
  }
  return namespace;
}

interface Page {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
}

function narrowPage(answer: unknown, kind: string): Page {
  const metadata = isRecord(answer) && isRecord(answer['metadata']) ? answer['metadata'] : {};
  const items = isRecord(answer) ? (answer['items'] ?? []) : undefined;
  const { resourceVersion, continue: next } = metadata;
  if (!Array.isArray(items) || typeof resourceVersion !== 'string' || resourceVersion === '') {
    throw new ResponseError(`Not a list of ${kind}`);
  }
  return { items, resourceVersion, continue: typeof next === 'string' && next !== '' ? next : undefined };
}

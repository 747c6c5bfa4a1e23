import { isConflict, isForbidden, isInvalid, isNotFound } from '@chaperone/crds/client/api-error';
import type { KubernetesObject, OwnerReference, Stored } from '@chaperone/crds/client/kubernetes-object';
import { clusterRoles, type ClusterRole } from '@chaperone/crds/client/kinds';
import type { ObjectName } from '@chaperone/crds/client/resource';
import type { ApplyConfiguration, ResourceClient } from '@chaperone/crds/client/resource-client';
import { changedPaths, takeOverPatch, type WholeFields } from './child-fields.ts';

/** Owner of the fields that the gateway controller writes, of children and of conditions alike. */
export const GATEWAY_FIELD_MANAGER = 'chaperone-operator-gateway';

/** The marker that the chart installs: while it is there the release is, and what it owns goes with it. */
export const RELEASE_CLUSTER_ROLE = 'chaperone-release';

/** The ClusterRole that owns what the operator makes is not there: the release is being uninstalled. */
export class ReleaseMissingError extends Error {
  override readonly name = 'ReleaseMissingError';
  readonly code = 'ERR_RELEASE_MISSING';
}

/**
 * Reads the owner of all children, from etcd: a child made with the uid of an owner that is gone would be collected at
 * once, and made again. @throws ReleaseMissingError
 */
export async function releaseOwner(
  client: Pick<ResourceClient<ClusterRole>, 'get'>,
  signal: AbortSignal,
): Promise<Stored<ClusterRole>> {
  try {
    const release = await client.get({ name: RELEASE_CLUSTER_ROLE }, { signal });
    if (release.metadata.deletionTimestamp === undefined) {
      return release;
    }
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
  }
  throw new ReleaseMissingError(`ClusterRole ${RELEASE_CLUSTER_ROLE} is not there: the release is being uninstalled`);
}

/** Not the controller, as its kind is not a controller's; deleting it does not wait for children. */
export const releaseReference = ({ metadata }: Stored<ClusterRole>): OwnerReference => ({
  apiVersion: clusterRoles.apiVersion,
  kind: clusterRoles.kind,
  name: metadata.name,
  uid: metadata.uid,
});

type Applier<T extends KubernetesObject> = Pick<ResourceClient<T>, 'apply'>;

/** Applies a child: what it says is so afterwards, and fields that others added are left alone. */
export const applyChild = <T extends KubernetesObject>(
  client: Applier<T>,
  desired: ApplyConfiguration<T>,
  signal: AbortSignal,
): Promise<Stored<T>> => client.apply(desired, { fieldManager: GATEWAY_FIELD_MANAGER, force: true, signal });

type ChildClient<T extends KubernetesObject> = Applier<T> &
  Pick<ResourceClient<T>, 'get' | 'jsonPatch' | 'delete' | 'resource'>;

export interface ChildWrite<T extends KubernetesObject> {
  /** Undefined where it was not there. */
  readonly before: Stored<T> | undefined;
  readonly after: Stored<T>;
  /** What was not as it should be, by path; of metadata, labels and owners alone. */
  readonly changed: readonly string[];
  /** It could not be changed into what it should be, and was deleted and made anew. */
  readonly remade: boolean;
}

export interface ChildWriteOptions<T extends KubernetesObject> {
  /** The fields of which others may own nothing, given what is there. */
  readonly fields: (live: Stored<T>) => WholeFields;
  /** What is there can be seen not to be changeable. */
  readonly mustRemake?: (live: Stored<T>) => boolean;
  /** False: where it cannot be changed, the API server's refusal (422) is thrown. Default true. */
  readonly remake?: boolean;
  readonly signal: AbortSignal;
}

/** Somebody else (a controller that writes the status) may be faster so many times. */
const MAX_CONFLICTS = 5;

/**
 * Brings a child in line: the fields that are the operator's alone are replaced whole, so that nothing stays of what
 * others added to them, and the rest is applied. Labels and annotations of others, and the status, are left alone.
 */
export async function writeChild<T extends KubernetesObject>(
  client: ChildClient<T>,
  desired: ApplyConfiguration<T>,
  options: ChildWriteOptions<T>,
): Promise<ChildWrite<T>> {
  const { signal } = options;
  const { name, namespace } = desired.metadata;
  for (let conflicts = 0; ; conflicts += 1) {
    const before = await findChild(client, { name, namespace }, signal);
    if (before === undefined) {
      return { before, after: await applyChild(client, desired, signal), changed: [], remade: false };
    }
    const fields = options.fields(before);
    try {
      if (options.mustRemake?.(before) !== true) {
        const patch = takeOverPatch(before, fields);
        // In this order, as what others added may make what is applied invalid.
        await client.jsonPatch({ name, namespace }, patch, { fieldManager: GATEWAY_FIELD_MANAGER, signal });
        const after = await applyChild(client, desired, signal);
        return { before, after, changed: changesOf(before, after, fields), remade: false };
      }
    } catch (error) {
      if (isConflict(error) && conflicts < MAX_CONFLICTS) {
        continue;
      }
      if (!isInvalid(error) || options.remake === false) {
        throw error;
      }
    }
    await removeChild(client, { name, namespace, uid: before.metadata.uid }, signal);
    const after = await applyChild(client, desired, signal);
    return { before, after, changed: changesOf(before, after, fields), remade: true };
  }
}

/** Reads a child; undefined where it is not there. */
export async function findChild<T extends KubernetesObject>(
  client: Pick<ResourceClient<T>, 'get'>,
  name: ObjectName,
  signal: AbortSignal,
): Promise<Stored<T> | undefined> {
  try {
    return await client.get(name, { signal });
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

function changesOf<T extends KubernetesObject>(before: Stored<T>, after: Stored<T>, fields: WholeFields): string[] {
  const judged = (object: Stored<T>): Record<string, unknown> => ({
    metadata: { labels: object.metadata.labels, ownerReferences: object.metadata.ownerReferences },
    ...Object.fromEntries(Object.entries(object).filter(([key]) => Object.hasOwn(fields, key))),
  });
  return changedPaths(judged(before), judged(after));
}

/** Removes a child and tells whether it was there. */
export async function removeChild<T extends KubernetesObject>(
  client: Pick<ResourceClient<T>, 'delete'>,
  name: { readonly name: string; readonly namespace?: string | undefined; readonly uid?: string | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.delete(
      { name: name.name, namespace: name.namespace },
      { signal, ...(name.uid === undefined ? {} : { uid: name.uid }) },
    );
    return true;
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
    return false;
  }
}

/** The namespace of a child is gone or going: nothing can be made in it, and nothing has to be. */
export const isNamespaceGone = (error: unknown): boolean =>
  isNotFound(error) || (isForbidden(error) && error.causes.some(({ reason }) => reason === 'NamespaceTerminating'));

import type { KubernetesObject, OwnerReference, Stored } from '@chaperone/crds/client/kubernetes-object';
import { isNotFound } from '@chaperone/crds/client/api-error';
import type { CallOptions, JsonPatchOperation, ResourceClient } from '@chaperone/crds/client/resource-client';

type Patcher<T extends KubernetesObject> = Pick<ResourceClient<T>, 'jsonPatch'>;

export const hasFinalizer = (object: KubernetesObject, finalizer: string): boolean =>
  object.metadata?.finalizers?.includes(finalizer) === true;

/**
 * Adds a finalizer (`<group>/<name>`), before the first effect that deletion must undo. Returns the object as it then
 * is. @throws ApiError 409 where the object has changed since it was read: the list would drop others' finalizers.
 */
export async function addFinalizer<T extends KubernetesObject>(
  client: Patcher<T>,
  object: Stored<T>,
  finalizer: string,
  call?: CallOptions,
): Promise<Stored<T>> {
  if (hasFinalizer(object, finalizer)) {
    return object;
  }
  const finalizers = [...(object.metadata.finalizers ?? []), finalizer];
  return client.jsonPatch(object.metadata, replaceFinalizers(object, finalizers), call);
}

/** Removes a finalizer, after the clean-up has succeeded and never in a `finally`. An object that is gone is fine. */
export async function removeFinalizer<T extends KubernetesObject>(
  client: Patcher<T>,
  object: Stored<T>,
  finalizer: string,
  call?: CallOptions,
): Promise<void> {
  if (!hasFinalizer(object, finalizer)) {
    return;
  }
  const finalizers = (object.metadata.finalizers ?? []).filter((other) => other !== finalizer);
  try {
    await client.jsonPatch(object.metadata, replaceFinalizers(object, finalizers), call);
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
  }
}

/** Writing the resourceVersion that was read makes the patch conditional; a `test` would be refused as 422, not 409. */
function replaceFinalizers(object: Stored<KubernetesObject>, finalizers: readonly string[]): JsonPatchOperation[] {
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
    { op: 'add', path: '/metadata/finalizers', value: finalizers },
  ];
}

/**
 * The reference by which the garbage collector takes a child away with its owner, and by which one controller claims
 * it. The owner is in the child's namespace or cluster-scoped.
 */
export function ownerReference(owner: Stored<KubernetesObject>): OwnerReference {
  const { name, uid } = owner.metadata;
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** The owner that controls an object, of which there is at most one. */
export const controllerOf = (object: KubernetesObject): OwnerReference | undefined =>
  object.metadata?.ownerReferences?.find((reference) => reference.controller === true);

/** By uid: an object of the same name that was made since is another owner. */
export const isControlledBy = (object: KubernetesObject, owner: Stored<KubernetesObject>): boolean =>
  controllerOf(object)?.uid === owner.metadata.uid;

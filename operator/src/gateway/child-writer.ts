import { isForbidden, isInvalid, isNotFound } from '@chaperone/crds/client/api-error';
import type { KubernetesObject, OwnerReference, Stored } from '@chaperone/crds/client/kubernetes-object';
import { clusterRoles, type ClusterRole } from '@chaperone/crds/client/kinds';
import type { ApplyConfiguration, ResourceClient } from '@chaperone/crds/client/resource-client';

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

/**
 * As {@link applyChild}, for a child of which a field cannot be changed (the roleRef of a binding): it is made anew. The
 * new one comes right after, as calls need it.
 */
export async function applyOrRemake<T extends KubernetesObject>(
  client: Applier<T> & Pick<ResourceClient<T>, 'delete'>,
  desired: ApplyConfiguration<T>,
  signal: AbortSignal,
): Promise<Stored<T>> {
  try {
    return await applyChild(client, desired, signal);
  } catch (error) {
    if (!isInvalid(error)) {
      throw error;
    }
    await removeChild(client, desired.metadata, signal);
    return applyChild(client, desired, signal);
  }
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

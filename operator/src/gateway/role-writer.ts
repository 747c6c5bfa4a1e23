import { isDeepStrictEqual } from 'node:util';
import { isNotFound } from '@chaperone/crds/client/api-error';
import {
  clusterRoleBindings,
  clusterRoles,
  roleBindings,
  roles,
  type ClusterRole,
  type ClusterRoleBinding,
  type Role,
  type RoleBinding,
} from '@chaperone/crds/client/kinds';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ObjectName } from '@chaperone/crds/client/resource';
import type { Client, ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Lister } from '@chaperone/crds/client/store';
import { applyOrRemake, isNamespaceGone, removeChild } from './child-writer.ts';
import { inParallel } from './parallel.ts';
import { DERIVED_NAME, derivedNames, type DerivedObject, type DerivedRoles } from './roles.ts';

/** What watches hold of the roles of the first name, and of their bindings. */
export interface RoleListers {
  readonly clusterRoles: Lister<ClusterRole>;
  readonly clusterRoleBindings: Lister<ClusterRoleBinding>;
  readonly roles: Lister<Role>;
  readonly roleBindings: Lister<RoleBinding>;
}

/** Brings the stored roles in line with desired ones. */
export interface RoleWriter {
  /** What more there has to be comes first, what goes comes last. Returns how many objects were written or removed. */
  write(desired: DerivedRoles, signal: AbortSignal): Promise<number>;
}

const CONCURRENCY = 8;

/** One of the four kinds, and when an object of it says what it should. */
interface Kind<T extends KubernetesObject> {
  readonly client: ResourceClient<T>;
  readonly lister: Lister<T>;
  readonly same: (stored: Stored<T>, desired: DerivedObject<T>) => boolean;
}

export function newRoleWriter(client: Client, listers: RoleListers): RoleWriter {
  const clusterRole: Kind<ClusterRole> = {
    client: client.resource(clusterRoles),
    lister: listers.clusterRoles,
    same: (stored, desired) => isDeepStrictEqual(plain(stored.rules), plain(desired.rules)),
  };
  const clusterRoleBinding: Kind<ClusterRoleBinding> = {
    client: client.resource(clusterRoleBindings),
    lister: listers.clusterRoleBindings,
    same: isSameBinding,
  };
  const role: Kind<Role> = {
    client: client.resource(roles),
    lister: listers.roles,
    same: (stored, desired) => isDeepStrictEqual(plain(stored.rules), plain(desired.rules)),
  };
  const roleBinding: Kind<RoleBinding> = {
    client: client.resource(roleBindings),
    lister: listers.roleBindings,
    same: isSameBinding,
  };
  /** Names beyond the first that may be there: no watch tells of them. */
  let overflow: readonly string[] = derivedNames.slice(1);

  return {
    async write(desired, signal) {
      const maybe = overflow;
      // Until this pass is done, any of them may be there.
      overflow = derivedNames.slice(1);
      let writes = 0;
      writes += await ensure(clusterRole, desired.clusterRoles, signal);
      writes += await ensure(clusterRoleBinding, desired.clusterRoleBindings, signal);
      writes += await ensure(role, desired.roles, signal);
      writes += await ensure(roleBinding, desired.roleBindings, signal);
      writes += await removeOthers(roleBinding, desired.roleBindings, [], signal);
      writes += await removeOthers(role, desired.roles, [], signal);
      writes += await removeOthers(clusterRoleBinding, desired.clusterRoleBindings, maybe, signal);
      writes += await removeOthers(clusterRole, desired.clusterRoles, maybe, signal);
      overflow = desired.clusterRoles.map(({ metadata }) => metadata.name).filter((name) => name !== DERIVED_NAME);
      return writes;
    },
  };
}

async function ensure<T extends KubernetesObject>(
  kind: Kind<T>,
  desired: readonly DerivedObject<T>[],
  signal: AbortSignal,
): Promise<number> {
  let writes = 0;
  await inParallel(desired, CONCURRENCY, async (object) => {
    const stored = await find(kind, object.metadata, signal);
    if (stored !== undefined && hasMetadata(stored, object) && kind.same(stored, object)) {
      return;
    }
    try {
      await applyOrRemake(kind.client, object, signal);
      writes += 1;
    } catch (error) {
      // Its namespace is not there, or going: the role is made when the namespace comes.
      if (object.metadata.namespace === undefined || !isNamespaceGone(error)) {
        throw error;
      }
    }
  });
  return writes;
}

async function find<T extends KubernetesObject>(
  { client, lister }: Kind<T>,
  name: ObjectName,
  signal: AbortSignal,
): Promise<Stored<T> | undefined> {
  if (name.name === DERIVED_NAME) {
    return lister.get(name);
  }
  try {
    return await client.get(name, { signal });
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

async function removeOthers<T extends KubernetesObject>(
  { client, lister }: Kind<T>,
  desired: readonly DerivedObject<T>[],
  maybe: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const keep = new Set(desired.map(({ metadata }) => keyOf(metadata)));
  const found = lister.list().map(({ metadata: { name, namespace, uid } }) => ({ name, namespace, uid }));
  const others = [...found, ...maybe.map((name) => ({ name, namespace: undefined, uid: undefined }))].filter(
    (name) => !keep.has(keyOf(name)),
  );
  let removed = 0;
  await inParallel(others, CONCURRENCY, async (name) => {
    removed += (await removeChild(client, name, signal)) ? 1 : 0;
  });
  return removed;
}

const keyOf = ({ name, namespace }: ObjectName): string => `${namespace ?? ''}/${name}`;

/** Labels by which people find it, and the owner with which it goes. What others added is left alone. */
function hasMetadata<T extends KubernetesObject>({ metadata }: Stored<T>, desired: DerivedObject<T>): boolean {
  const { labels, ownerReferences }: Pick<DerivedObject<KubernetesObject>['metadata'], 'labels' | 'ownerReferences'> =
    desired.metadata;
  const owners = new Set(metadata.ownerReferences?.map(({ uid }) => uid));
  return (
    Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value) &&
    ownerReferences.every(({ uid }) => owners.has(uid))
  );
}

type Binding = ClusterRoleBinding | RoleBinding;

const isSameBinding = (
  stored: Pick<Binding, 'roleRef' | 'subjects'>,
  desired: { readonly roleRef?: unknown; readonly subjects?: unknown },
): boolean =>
  isDeepStrictEqual([plain(stored.roleRef), plain(stored.subjects)], [plain(desired.roleRef), plain(desired.subjects)]);

/** The form that JSON gives it. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

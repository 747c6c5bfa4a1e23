import { isDeepStrictEqual } from 'node:util';
import { isForbidden, isInvalid, isNotFound } from '@chaperone/crds/client/api-error';
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
import { applyChild, findChild, isNamespaceGone, removeChild } from './child-writer.ts';
import { inParallel } from './parallel.ts';
import { isDerivedName, isDerivedRule, type DerivedObject, type DerivedRoles } from './roles.ts';

/** What watches hold of the derived roles and of their bindings, under every name that may be theirs. */
export interface RoleListers {
  readonly clusterRoles: Lister<ClusterRole>;
  readonly clusterRoleBindings: Lister<ClusterRoleBinding>;
  readonly roles: Lister<Role>;
  readonly roleBindings: Lister<RoleBinding>;
}

/** Only the objects that bear a name of derived rights, out of a watch of more. */
export const derivedOnly = <T extends KubernetesObject>(lister: Lister<T>): Pick<Lister<T>, 'get' | 'list'> => ({
  get: (name) => (isDerivedName(name.name) ? lister.get(name) : undefined),
  list: (namespace) => lister.list(namespace).filter(({ metadata }) => isDerivedName(metadata.name)),
});

export interface RoleWrites {
  /** Objects that were written or removed. */
  readonly count: number;
  /** As they were: objects of our names that held something that this operator never writes. */
  readonly tampered: readonly Stored<KubernetesObject>[];
}

/** Brings the stored roles in line with desired ones. */
export interface RoleWriter {
  /** What more there has to be comes first, what goes comes last. */
  write(desired: DerivedRoles, signal: AbortSignal): Promise<RoleWrites>;
}

const CONCURRENCY = 8;

/** One of the four kinds. */
interface Kind<T extends KubernetesObject> {
  readonly client: ResourceClient<T>;
  readonly lister: Pick<Lister<T>, 'get' | 'list'>;
  /** It says what it should. */
  readonly same: (stored: Stored<T>, desired: DerivedObject<T>) => boolean;
  /** It says what no operator writes, whatever the policies. */
  readonly foreign: (stored: Stored<T>) => boolean;
}

export function newRoleWriter(client: Client, listers: RoleListers): RoleWriter {
  const clusterRole: Kind<ClusterRole> = {
    client: client.resource(clusterRoles),
    lister: derivedOnly(listers.clusterRoles),
    // A controller fills rules in by an aggregationRule, and this operator may write to no role that has one.
    same: (stored, desired) => stored.aggregationRule === undefined && hasRules(stored, desired),
    foreign: (stored) => stored.aggregationRule !== undefined || !hasDerivedRules(stored),
  };
  const clusterRoleBinding: Kind<ClusterRoleBinding> = {
    client: client.resource(clusterRoleBindings),
    lister: derivedOnly(listers.clusterRoleBindings),
    same: isSameBinding,
    foreign: isForeignBinding,
  };
  const role: Kind<Role> = {
    client: client.resource(roles),
    lister: derivedOnly(listers.roles),
    same: hasRules,
    foreign: (stored) => !hasDerivedRules(stored),
  };
  const roleBinding: Kind<RoleBinding> = {
    client: client.resource(roleBindings),
    lister: derivedOnly(listers.roleBindings),
    same: isSameBinding,
    foreign: isForeignBinding,
  };

  return {
    async write(desired, signal) {
      const tampered = [
        ...foreignIn(clusterRole),
        ...foreignIn(role),
        ...foreignIn(clusterRoleBinding),
        ...foreignIn(roleBinding),
      ];
      let count = 0;
      count += await ensure(clusterRole, desired.clusterRoles, signal);
      count += await ensure(clusterRoleBinding, desired.clusterRoleBindings, signal);
      count += await ensure(role, desired.roles, signal);
      count += await ensure(roleBinding, desired.roleBindings, signal);
      count += await removeOthers(roleBinding, desired.roleBindings, signal);
      count += await removeOthers(role, desired.roles, signal);
      count += await removeOthers(clusterRoleBinding, desired.clusterRoleBindings, signal);
      count += await removeOthers(clusterRole, desired.clusterRoles, signal);
      return { count, tampered };
    },
  };
}

const foreignIn = <T extends KubernetesObject>({ lister, foreign }: Kind<T>): Stored<KubernetesObject>[] =>
  lister.list().filter(foreign);

async function ensure<T extends KubernetesObject>(
  kind: Kind<T>,
  desired: readonly DerivedObject<T>[],
  signal: AbortSignal,
): Promise<number> {
  let writes = 0;
  await inParallel(desired, CONCURRENCY, async (object) => {
    const stored = kind.lister.get(object.metadata);
    if (stored !== undefined && hasMetadata(stored, object) && kind.same(stored, object)) {
      return;
    }
    try {
      await applyOrRemake(kind, object, signal);
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

/**
 * Applies it; where something in what is there forbids that (the roleRef of a binding, an aggregationRule), it is made
 * anew, the new one right after, as calls need it. A refusal for want of the operator's own rights takes nothing away.
 */
async function applyOrRemake<T extends KubernetesObject>(
  { client, foreign }: Kind<T>,
  desired: DerivedObject<T>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await applyChild(client, desired, signal);
  } catch (error) {
    // Read anew, as a watch may be behind what refused.
    const stored =
      isInvalid(error) || isForbidden(error) ? await findChild(client, desired.metadata, signal) : undefined;
    if (stored === undefined || !(isInvalid(error) || foreign(stored))) {
      throw error;
    }
    await remove(client, stored, signal);
    await applyChild(client, desired, signal);
  }
}

/** Nothing waits for a derived role to go: a finalizer on one would only keep what it grants. */
async function remove<T extends KubernetesObject>(
  client: ResourceClient<T>,
  { metadata: { name, namespace, uid, finalizers = [] } }: Stored<T>,
  signal: AbortSignal,
): Promise<boolean> {
  if (finalizers.length > 0) {
    try {
      await client.jsonPatch({ name, namespace }, [{ op: 'remove', path: '/metadata/finalizers' }], { signal });
    } catch (error) {
      // Gone with its last finalizer, or without one by now.
      if (!isNotFound(error) && !isInvalid(error)) {
        throw error;
      }
    }
  }
  return removeChild(client, { name, namespace, uid }, signal);
}

async function removeOthers<T extends KubernetesObject>(
  { client, lister }: Kind<T>,
  desired: readonly DerivedObject<T>[],
  signal: AbortSignal,
): Promise<number> {
  const keep = new Set(desired.map(({ metadata }) => keyOf(metadata)));
  const others = lister.list().filter(({ metadata }) => !keep.has(keyOf(metadata)));
  let removed = 0;
  await inParallel(others, CONCURRENCY, async (object) => {
    removed += (await remove(client, object, signal)) ? 1 : 0;
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

type WithRules = Pick<Role, 'rules'>;

const hasRules = (stored: WithRules, desired: { readonly rules?: unknown }): boolean =>
  isDeepStrictEqual(plain(stored.rules), plain(desired.rules));

/** Derived rights are to impersonate, and nothing else. */
const hasDerivedRules = ({ rules }: WithRules): boolean => (rules ?? []).every(isDerivedRule);

type Binding = ClusterRoleBinding | RoleBinding;

/** A binding of derived rights is to the role of its own name, and has one subject. */
const isForeignBinding = ({ metadata, kind, roleRef, subjects }: Stored<Binding>): boolean =>
  roleRef.name !== metadata.name || kind !== `${roleRef.kind}Binding` || subjects?.length !== 1;

const isSameBinding = (
  stored: Pick<Binding, 'roleRef' | 'subjects'>,
  desired: { readonly roleRef?: unknown; readonly subjects?: unknown },
): boolean =>
  isDeepStrictEqual([plain(stored.roleRef), plain(stored.subjects)], [plain(desired.roleRef), plain(desired.subjects)]);

/** The form that JSON gives it. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

import { isDeepStrictEqual } from 'node:util';
import type { ConfigMap, Deployment, Secret, Service, StatefulSet } from '@chaperone/crds/client/kinds';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import type { ApplyConfiguration, JsonPatchOperation } from '@chaperone/crds/client/resource-client';

/**
 * Top-level fields of a child of which nobody else may own any part, as they are to be; undefined: not to be there.
 * Server-side apply cannot take away what somebody else added: a second container, a volume, an external address.
 */
export type WholeFields = Readonly<Record<string, unknown>>;

/** `kubectl rollout restart` sets it on the pod template. It gives nothing but a restart; without it, that was for nothing. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

type PodWorkload = Deployment | StatefulSet;

/** All of the spec is the operator's, but a number of replicas that it leaves to others, and a restart. */
export function workloadFields(
  { spec }: ApplyConfiguration<Deployment> | ApplyConfiguration<StatefulSet>,
  live: Pick<PodWorkload, 'spec'>,
): WholeFields {
  const replicas = spec?.replicas ?? live.spec?.replicas;
  const restartedAt = live.spec?.template.metadata?.annotations?.[RESTARTED_AT];
  const metadata = spec?.template?.metadata;
  const annotations = {
    ...metadata?.annotations,
    ...(restartedAt === undefined ? {} : { [RESTARTED_AT]: restartedAt }),
  };
  return {
    spec: {
      ...spec,
      ...(replicas === undefined ? {} : { replicas }),
      template: { ...spec?.template, metadata: { ...metadata, annotations } },
    },
  };
}

/**
 * Where calls come in and where they go is the operator's. What the cluster chose (addresses, families, class) and what
 * only says how the network brings calls to the same pods stays; ports of nodes the API server keeps by itself.
 */
export function serviceFields({ spec }: ApplyConfiguration<Service>, live: Pick<Service, 'spec'>): WholeFields {
  const { externalIPs: _, externalName: _name, publishNotReadyAddresses: _unready, ...kept } = live.spec ?? {};
  return { spec: { ...kept, ...spec } };
}

/** A Service without an address of its own cannot be given one. */
export const isHeadless = ({ spec }: Pick<Service, 'spec'>): boolean => spec?.clusterIP === 'None';

export const specFields = ({ spec }: { readonly spec?: unknown }): WholeFields => ({ spec });

/** An immutable one can be neither changed nor made mutable: it is made anew. */
export const configMapFields = ({ data }: ApplyConfiguration<ConfigMap>): WholeFields => ({
  data,
  binaryData: undefined,
  immutable: undefined,
});

/** See {@link configMapFields}. */
export const secretFields = ({ data }: ApplyConfiguration<Secret>): WholeFields => ({ data, immutable: undefined });

/** The patch after which the fields are as they are to be, and that fails where the object has changed since. */
export function takeOverPatch(
  live: { readonly metadata: { readonly resourceVersion: string } },
  fields: WholeFields,
): JsonPatchOperation[] {
  return [
    // A `test` would be refused as 422 and not as 409.
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    ...Object.entries(fields).flatMap(([key, value]): JsonPatchOperation[] => {
      if (value !== undefined) {
        return [{ op: 'add', path: `/${key}`, value }];
      }
      return Object.hasOwn(live, key) ? [{ op: 'remove', path: `/${key}` }] : [];
    }),
  ];
}

/** Paths that differ, such as `spec.template.spec.containers`; lists are compared whole, and values are not told. */
export function changedPaths(before: unknown, after: unknown, path = ''): string[] {
  if (isRecord(before) && isRecord(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .toSorted()
      .flatMap((key) => changedPaths(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  return isDeepStrictEqual(before, after) ? [] : [path];
}

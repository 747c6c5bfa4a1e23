import {
  isRegistrySigned,
  parseRegistry,
  REGISTRY_CONFIG_MAP,
  REGISTRY_DATA_KEY,
  type Registry,
} from '@chaperone/crds/audit/registry';
import type { PublicKey } from '@chaperone/crds/audit/signing-keys';
import { isAlreadyExists, isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { OwnerReference, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';

/** The public half of the key that signs registries, for those who verify, in PEM. */
const PUBLIC_KEY = 'public-key.pem';

/** What the ConfigMap has. */
export interface StoredRegistry {
  /** Undefined where there is none. */
  readonly object: Stored<ConfigMap> | undefined;
  /** Undefined where it has none that one of the keys has signed. */
  readonly registry: Registry | undefined;
}

export interface RegistryStoreOptions {
  readonly configMaps: Pick<ResourceClient<ConfigMap>, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly ownerReferences: readonly OwnerReference[];
}

export interface RegistryStore {
  /** From etcd, never from a cache. */
  read(keys: readonly PublicKey[], signal: AbortSignal): Promise<StoredRegistry>;
  /** In place of what was read and nothing else; undefined where somebody else was faster. */
  write(
    registry: Registry,
    over: StoredRegistry['object'],
    key: PublicKey,
    signal: AbortSignal,
  ): Promise<Stored<ConfigMap> | undefined>;
}

export function newRegistryStore({ configMaps, namespace, ownerReferences }: RegistryStoreOptions): RegistryStore {
  const name = { name: REGISTRY_CONFIG_MAP, namespace };
  return {
    async read(keys, signal) {
      try {
        const object = await configMaps.get(name, { signal });
        return { object, registry: signedRegistry(object, keys) };
      } catch (error) {
        if (!isNotFound(error)) throw error;
        return { object: undefined, registry: undefined };
      }
    },
    async write(registry, over, key, signal) {
      const object: ConfigMap = {
        metadata: {
          ...name,
          labels: { 'app.kubernetes.io/name': 'chaperone', 'app.kubernetes.io/component': 'operator' },
          ownerReferences: [...ownerReferences],
          ...(over === undefined ? {} : { resourceVersion: over.metadata.resourceVersion }),
        },
        data: { [REGISTRY_DATA_KEY]: JSON.stringify(registry), [PUBLIC_KEY]: publicPem(key) },
      };
      try {
        return await (over === undefined
          ? configMaps.create(object, { signal })
          : configMaps.replace(object, { signal }));
      } catch (error) {
        if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) return undefined;
        throw error;
      }
    },
  };
}

export const registryText = (object: Stored<ConfigMap> | undefined): string | undefined =>
  object?.data?.[REGISTRY_DATA_KEY];

function signedRegistry(object: Stored<ConfigMap>, keys: readonly PublicKey[]): Registry | undefined {
  const registry = parseRegistry(registryText(object));
  const key = keys.find(({ id }) => id === registry?.keyId);
  return registry !== undefined && key !== undefined && isRegistrySigned(registry, key) ? registry : undefined;
}

/** RFC 7468: lines of 64 characters. */
const publicPem = ({ publicKey }: PublicKey): string =>
  `-----BEGIN PUBLIC KEY-----\n${publicKey.replaceAll(/.{1,64}/g, '$&\n')}-----END PUBLIC KEY-----\n`;

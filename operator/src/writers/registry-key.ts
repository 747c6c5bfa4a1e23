import { generateKeyPairSync } from 'node:crypto';
import { signingKey, SigningKeyError, type SigningKey } from '@chaperone/crds/audit/signing-keys';
import type { Secret } from '@chaperone/crds/client/kinds';
import type { OwnerReference } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import { applyChild, findChild } from '../gateway/child-writer.ts';

/** The Secret with the keys that sign registries: Ed25519 in PEM, of which the last by name signs. */
export const REGISTRY_KEY_SECRET = 'chaperone-registry-key';
const FIRST_KEY = '0001.pem';

/** Oldest first: the last one signs, the others have signed what is there. Never none. */
export type RegistryKeys = readonly [...SigningKey[], SigningKey];

export interface RegistryKeyOptions {
  readonly secrets: Pick<ResourceClient<Secret>, 'get' | 'apply'>;
  readonly namespace: string;
  readonly ownerReferences: readonly OwnerReference[];
  readonly signal: AbortSignal;
}

/** Reads the keys, and makes one where there is no Secret. @throws SigningKeyError */
export async function openRegistryKeys(
  options: RegistryKeyOptions,
): Promise<{ readonly keys: RegistryKeys; readonly isNew: boolean }> {
  const { secrets, namespace, ownerReferences, signal } = options;
  const name = { name: REGISTRY_KEY_SECRET, namespace };
  const found = await findChild(secrets, name, signal);
  if (found !== undefined) return { keys: keysOf(found), isNew: false };
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  const made = await applyChild(
    secrets,
    {
      metadata: {
        ...name,
        labels: { 'app.kubernetes.io/name': 'chaperone', 'app.kubernetes.io/component': 'operator' },
        ownerReferences: [...ownerReferences],
      },
      type: 'Opaque',
      data: { [FIRST_KEY]: Buffer.from(pem).toString('base64') },
    },
    signal,
  );
  return { keys: keysOf(made), isNew: true };
}

function keysOf({ data = {} }: Secret): RegistryKeys {
  return nonEmpty(
    Object.entries(data)
      .filter(([name]) => name.endsWith('.pem'))
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, base64]) => signingKey(Buffer.from(base64, 'base64').toString('utf8'), name)),
    `Secret ${REGISTRY_KEY_SECRET}`,
  );
}

/** @throws SigningKeyError */
export function nonEmpty(keys: readonly SigningKey[], where: string): RegistryKeys {
  const last = keys.at(-1);
  if (last === undefined) throw new SigningKeyError('NoKeys', where);
  return [...keys.slice(0, -1), last];
}

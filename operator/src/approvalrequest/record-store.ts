import { isNotFound } from '@chaperone/crds/client/api-error';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { OwnerReference, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import { isDeepStrictEqual } from 'node:util';
import { formatRecord, parseRecord, RECORD_NAME, type AdmissionRecord } from './record.ts';

export interface RecordStoreOptions {
  readonly configMaps: Pick<ResourceClient<ConfigMap>, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  /** Of the ConfigMap, so that it goes with the installation. */
  readonly ownerReferences: readonly OwnerReference[];
}

/** The record in the cluster. */
export interface RecordStore {
  /** Reads it from etcd. Undefined where there is none, or none that can be used. */
  read(signal: AbortSignal): Promise<AdmissionRecord | undefined>;
  /** Writes it where it differs, also where somebody has altered or deleted it. Answers whether it did. */
  write(record: AdmissionRecord, signal: AbortSignal): Promise<boolean>;
}

export function newRecordStore({ configMaps, namespace, ownerReferences }: RecordStoreOptions): RecordStore {
  const name = { name: RECORD_NAME, namespace };

  async function find(signal: AbortSignal): Promise<Stored<ConfigMap> | undefined> {
    try {
      return await configMaps.get(name, { signal });
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  return {
    async read(signal) {
      return parseRecord((await find(signal))?.data);
    },
    async write(record, signal) {
      const data = { ...formatRecord(record) };
      const stored = await find(signal);
      if (stored !== undefined && isDeepStrictEqual({ ...stored.data }, data)) {
        return false;
      }
      const object: ConfigMap = {
        metadata: {
          ...name,
          labels: { 'app.kubernetes.io/name': 'chaperone', 'app.kubernetes.io/component': 'operator' },
          ...(ownerReferences.length === 0 ? {} : { ownerReferences: [...ownerReferences] }),
          ...(stored === undefined ? {} : { resourceVersion: stored.metadata.resourceVersion }),
        },
        data,
      };
      await (stored === undefined ? configMaps.create(object, { signal }) : configMaps.replace(object, { signal }));
      return true;
    },
  };
}

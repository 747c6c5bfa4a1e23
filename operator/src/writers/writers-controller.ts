import { readdir, readFile } from 'node:fs/promises';
import { REGISTRY_CONFIG_MAP } from '@chaperone/crds/audit/registry';
import { readSigningKeys } from '@chaperone/crds/audit/signing-keys';
import { COMPONENT_LABEL, PROXY_COMPONENT } from '@chaperone/crds/bundle/replica-lease';
import type { Clock } from '@chaperone/crds/client/clock';
import type { Informer } from '@chaperone/crds/client/informer';
import {
  configMaps,
  leases as leaseKind,
  secrets,
  type ClusterRole,
  type ConfigMap,
  type Lease,
} from '@chaperone/crds/client/kinds';
import type { OwnerReference, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { Logger } from '@chaperone/crds/process/logger';
import type { ReplicaTracker } from '../gateway/replicas.ts';
import type { Metrics } from '../metrics.ts';
import type { OperatorOptions } from '../options.ts';
import { newController, type Controller } from '../runtime/controller.ts';
import type { EventRecorder } from '../runtime/events.ts';
import { watch } from '../runtime/source.ts';
import { nonEmpty, openRegistryKeys } from './registry-key.ts';
import { newRegistryStore } from './registry-store.ts';
import { newWritersReconciler, type RegistryIntervals } from './writers-reconciler.ts';

export interface WritersControllerOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly settings: OperatorOptions['writers'];
  readonly leases: Informer<Lease>;
  /** Of the ConfigMap of the registry alone. */
  readonly registries: Informer<ConfigMap>;
  readonly replicas: Pick<ReplicaTracker, 'isAlive'>;
  /** Owns what is made; events are about it. */
  readonly release: Stored<ClusterRole>;
  readonly ownerReferences: readonly OwnerReference[];
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervals?: RegistryIntervals;
}

/** The one request: the registry is one thing. */
const ONLY = { name: REGISTRY_CONFIG_MAP };

/** Keeps the registry of writers from what replicas tell in their Leases. */
export function newWritersController(options: WritersControllerOptions): Controller {
  const { client, namespace, settings, leases, registries, replicas, release, ownerReferences, clock } = options;
  const isReplica = ({ metadata }: Stored<Lease>): boolean =>
    metadata.namespace === namespace && metadata.labels?.[COMPONENT_LABEL] === PROXY_COMPONENT;
  const files = { readdir, readFile: (path: string) => readFile(path, 'utf8') };
  const reconciler = newWritersReconciler({
    leases: () => leases.lister.list().filter(isReplica),
    isAlive: (replica) => replicas.isAlive(replica),
    watched: () => registries.lister.get({ name: REGISTRY_CONFIG_MAP, namespace }),
    removeLease: (name, how) => client.resource(leaseKind).delete(name, how),
    store: newRegistryStore({ configMaps: client.resource(configMaps), namespace, ownerReferences }),
    async openKeys(signal) {
      const { signingKeys } = settings;
      if (signingKeys === undefined)
        return openRegistryKeys({ secrets: client.resource(secrets), namespace, ownerReferences, signal });
      return { keys: nonEmpty(await readSigningKeys(files, signingKeys), signingKeys), isNew: false };
    },
    limits: { retentionMs: settings.retention, maxWriters: settings.maxWriters },
    event: (note) => options.recorder.event(release, note),
    clock,
    ...(options.intervals === undefined ? {} : { intervals: options.intervals }),
  });
  const controller = newController({
    name: 'writers',
    reconciler,
    logger: options.logger,
    clock,
    metrics: options.metrics.controller('writers', 1),
    maxConcurrentReconciles: 1,
  });
  watch(controller, leases, { map: () => [ONLY], predicate: ({ object }) => isReplica(object) });
  watch(controller, registries, { map: () => [ONLY] });
  // The first time there may be neither.
  controller.enqueue(ONLY);
  return controller;
}

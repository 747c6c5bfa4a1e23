import { isInvalid, isNotFound } from '@chaperone/crds/client/api-error';
import {
  clusterRoles,
  configMaps,
  deployments,
  podDisruptionBudgets,
  serviceAccounts,
  services,
  statefulSets,
  type ClusterRole,
  type Deployment,
  type StatefulSet,
} from '@chaperone/crds/client/kinds';
import { isDeleting, type KubernetesObject, type Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ApplyConfiguration, Client, ResourceClient } from '@chaperone/crds/client/resource-client';
import type { EventRecorder } from '../runtime/events.ts';
import type { ReconcileContext, Reconciler, Result } from '../runtime/reconciler.ts';
import { applyChild, ReleaseMissingError, releaseOwner, releaseReference, removeChild } from './child-writer.ts';
import type { GatewayConfiguration } from './configuration.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { serviceAccountOf, WORKLOAD_NAME, workloadOf, type Workload } from './workload.ts';

export interface WorkloadReconcilerOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly configuration: GatewayConfiguration;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly metrics: Pick<GatewayMetrics, 'repaired'>;
}

/** Also what no watch brings back is put right: a field that somebody took over. */
const RESYNC_MS = 600_000;
const RELEASE_MISSING_MS = 30_000;
/** While the other kind of workload is being replaced. */
const REPLACING_MS = 5_000;

/**
 * Applies the gateway's workload. Each pass applies all of it: what is as it should be is not changed by that, and a
 * comparison of our own would have to know every default of the API server.
 */
export function newWorkloadReconciler(options: WorkloadReconcilerOptions): Reconciler {
  const { client, namespace, configuration, recorder, metrics } = options;
  const api = {
    releases: client.resource(clusterRoles),
    configMaps: client.resource(configMaps),
    services: client.resource(services),
    serviceAccounts: client.resource(serviceAccounts),
    podDisruptionBudgets: client.resource(podDisruptionBudgets),
    deployments: client.resource(deployments),
    statefulSets: client.resource(statefulSets),
  };

  async function apply<T extends KubernetesObject>(
    kind: ResourceClient<T>,
    desired: ApplyConfiguration<T>,
    { signal, logger }: ReconcileContext,
  ): Promise<Stored<T>> {
    const before = await find(kind, desired.metadata.name, signal);
    const after = await applyChild(kind, desired, signal);
    if (before?.metadata.resourceVersion !== after.metadata.resourceVersion) {
      const name = kind.resource.kind;
      metrics.repaired(name);
      logger.info('Wrote a part of the gateway', { kind: name, created: before === undefined });
    }
    return after;
  }

  async function find<T extends KubernetesObject>(
    kind: ResourceClient<T>,
    name: string,
    signal: AbortSignal,
  ): Promise<Stored<T> | undefined> {
    try {
      return await kind.get({ name, namespace }, { signal });
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  /** The chart installs it, and knows best what is on it: here it is only made where it is gone. */
  async function ensureServiceAccount(owner: Stored<ClusterRole>, context: ReconcileContext): Promise<string> {
    const name = configuration.serviceAccountName;
    const found = await find(api.serviceAccounts, name, context.signal);
    if (found !== undefined) {
      return found.metadata.uid;
    }
    const desired = serviceAccountOf(name, { namespace, ownerReferences: [releaseReference(owner)] });
    const made = await apply(api.serviceAccounts, desired, context);
    return made.metadata.uid;
  }

  async function applyPods(workload: Workload, owner: Stored<ClusterRole>, context: ReconcileContext): Promise<Result> {
    try {
      if (workload.deployment !== undefined) {
        const deployment = await apply(api.deployments, workload.deployment, context);
        return await replace(api.statefulSets, isRolledOut(deployment), owner, context);
      }
      if (workload.statefulSet !== undefined) {
        const set = await apply(api.statefulSets, workload.statefulSet, context);
        return await replace(api.deployments, isRolledOut(set), owner, context);
      }
      return {};
    } catch (error) {
      if (!isInvalid(error)) {
        throw error;
      }
      // Such as the size of a volume. Deleting the set would be an outage that nobody asked for.
      recorder.event(owner, {
        type: 'Warning',
        reason: 'WorkloadImmutable',
        action: 'ApplyWorkload',
        note: `The workload ${WORKLOAD_NAME} cannot be changed as configured: delete it with --cascade=orphan, and it is made anew`,
      });
      context.logger.error('The workload cannot be changed as configured', { error });
      return {};
    }
  }

  /** Takes the workload of the other kind away once this one works, so that callers are never without a replica. */
  async function replace<T extends KubernetesObject>(
    other: ResourceClient<T>,
    ready: boolean,
    owner: Stored<ClusterRole>,
    { signal, logger }: ReconcileContext,
  ): Promise<Result> {
    const former = await find(other, WORKLOAD_NAME, signal);
    const isOurs = former?.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;
    if (former === undefined || !isOurs || isDeleting(former)) {
      return {};
    }
    if (!ready) {
      return { requeueAfterMs: REPLACING_MS };
    }
    await removeChild(other, { name: WORKLOAD_NAME, namespace, uid: former.metadata.uid }, signal);
    logger.info('Removed the workload of the former kind', { kind: other.resource.kind });
    return {};
  }

  return {
    async reconcile(_request, context): Promise<Result> {
      let owner: Stored<ClusterRole>;
      try {
        owner = await releaseOwner(api.releases, context.signal);
      } catch (error) {
        if (error instanceof ReleaseMissingError) {
          context.logger.warn('The release is not there, its workload is left alone', { error });
          return { requeueAfterMs: RELEASE_MISSING_MS };
        }
        throw error;
      }
      const serviceAccountUid = await ensureServiceAccount(owner, context);
      const workload = workloadOf({
        configuration,
        namespace,
        ownerReferences: [releaseReference(owner)],
        serviceAccountUid,
      });
      await apply(api.configMaps, workload.configMap, context);
      await apply(api.services, workload.service, context);
      await apply(api.podDisruptionBudgets, workload.podDisruptionBudget, context);
      return { requeueAfterMs: RESYNC_MS, ...(await applyPods(workload, owner, context)) };
    },
  };
}

/** All replicas are of the present template and ready. */
function isRolledOut({ metadata, spec, status }: Stored<Deployment> | Stored<StatefulSet>): boolean {
  const wanted = spec?.replicas ?? 1;
  return (
    status?.observedGeneration === metadata.generation &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.readyReplicas ?? 0) >= wanted
  );
}

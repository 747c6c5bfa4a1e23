import { isInvalid } from '@chaperone/crds/client/api-error';
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
import {
  configMapFields,
  isHeadless,
  serviceFields,
  specFields,
  takeOverPatch,
  workloadFields,
  type WholeFields,
} from './child-fields.ts';
import {
  applyChild,
  findChild,
  GATEWAY_FIELD_MANAGER,
  ReleaseMissingError,
  releaseOwner,
  releaseReference,
  removeChild,
  writeChild,
  type ChildWriteOptions,
} from './child-writer.ts';
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

const DRIFT = 'Was changed by somebody else, and was put right';
/** Paths in an event or a log line. */
const MAX_PATHS = 8;

/** What one reconciliation goes by. */
interface Pass {
  readonly owner: Stored<ClusterRole>;
  readonly context: ReconcileContext;
}

/**
 * Keeps the gateway's workload. Each pass writes all of it: what is as it should be is not changed by that, and a
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

  /** Kinds that this process has brought in line: what is wrong with them later is somebody else's doing. */
  const inLine = new Set<string>();

  async function write<T extends KubernetesObject>(
    kind: ResourceClient<T>,
    desired: ApplyConfiguration<T>,
    { context, ...writing }: Omit<ChildWriteOptions<T>, 'signal'> & Pick<Pass, 'context'>,
  ): Promise<Stored<T>> {
    const { before, after, changed, remade } = await writeChild(kind, desired, { ...writing, signal: context.signal });
    const name = kind.resource.kind;
    if (before === undefined || changed.length > 0 || remade) {
      metrics.repaired(name);
      context.logger.info('Wrote a part of the gateway', {
        kind: name,
        created: before === undefined,
        changed: changed.slice(0, MAX_PATHS),
      });
    }
    if (remade) {
      tell(after, 'ChildRemade', 'Could not be changed into what it should be, and was deleted and made anew', changed);
    } else if (changed.length > 0 && inLine.has(name)) {
      tell(after, 'DriftRepaired', DRIFT, changed);
    }
    inLine.add(name);
    return after;
  }

  function tell(child: Stored<KubernetesObject>, reason: string, what: string, changed: readonly string[]): void {
    const more = changed.length > MAX_PATHS ? `, and ${changed.length - MAX_PATHS} more` : '';
    const paths = changed.length === 0 ? '' : `: ${changed.slice(0, MAX_PATHS).join(', ')}${more}`;
    recorder.event(child, { type: 'Warning', reason, action: 'ApplyWorkload', note: `${what}${paths}` });
  }

  /**
   * The chart installs it, and knows best what is on it: here it is made where it is gone, and loses what would decide
   * whether pods of this account get its token, which theirs say themselves.
   */
  async function ensureServiceAccount({ owner, context: { signal, logger } }: Pass): Promise<string> {
    const name = { name: configuration.serviceAccountName, namespace };
    const found = await findChild(api.serviceAccounts, name, signal);
    if (found === undefined) {
      const desired = serviceAccountOf(name.name, { namespace, ownerReferences: [releaseReference(owner)] });
      const made = await applyChild(api.serviceAccounts, desired, signal);
      metrics.repaired(made.kind);
      logger.info('Wrote a part of the gateway', { kind: made.kind, created: true, changed: [] });
      return made.metadata.uid;
    }
    if (found.automountServiceAccountToken !== undefined) {
      const patch = takeOverPatch(found, { automountServiceAccountToken: undefined });
      await api.serviceAccounts.jsonPatch(name, patch, { fieldManager: GATEWAY_FIELD_MANAGER, signal });
      metrics.repaired(found.kind);
      tell(found, 'DriftRepaired', DRIFT, ['automountServiceAccountToken']);
    }
    return found.metadata.uid;
  }

  async function applyPods(workload: Workload, pass: Pass): Promise<Result> {
    const { deployment, statefulSet } = workload;
    if (deployment !== undefined) {
      const fields = (live: Stored<Deployment>): WholeFields => workloadFields(deployment, live);
      const written = await write(api.deployments, deployment, { ...pass, fields });
      return replace(api.statefulSets, isRolledOut(written), pass);
    }
    if (statefulSet !== undefined) {
      const written = await writeStatefulSet(statefulSet, pass);
      return replace(api.deployments, isRolledOut(written), pass);
    }
    return {};
  }

  async function writeStatefulSet(desired: ApplyConfiguration<StatefulSet>, pass: Pass): Promise<Stored<StatefulSet>> {
    const fieldsOf =
      (wanted: ApplyConfiguration<StatefulSet>) =>
      (live: Stored<StatefulSet>): WholeFields =>
        workloadFields(wanted, live);
    try {
      return await write(api.statefulSets, desired, { ...pass, fields: fieldsOf(desired), remake: false });
    } catch (error) {
      if (!isInvalid(error)) {
        throw error;
      }
      const live = await findChild(api.statefulSets, { name: WORKLOAD_NAME, namespace }, pass.context.signal);
      const claims = live?.spec?.volumeClaimTemplates;
      if (claims === undefined || !hasNamesOf(claims, desired.spec?.volumeClaimTemplates)) {
        return await write(api.statefulSets, desired, { ...pass, fields: fieldsOf(desired) });
      }
      // Such as the size of a volume. Deleting the set for it would be an outage that nobody asked for.
      const otherwise = { ...desired, spec: { ...desired.spec, volumeClaimTemplates: claims } };
      const written = await write(api.statefulSets, otherwise, { ...pass, fields: fieldsOf(otherwise) });
      recorder.event(pass.owner, {
        type: 'Warning',
        reason: 'WorkloadImmutable',
        action: 'ApplyWorkload',
        note: `The volumes of the workload ${WORKLOAD_NAME} cannot be changed as configured: delete it with --cascade=orphan, and it is made anew`,
      });
      pass.context.logger.error('The volumes of the workload cannot be changed as configured', { error });
      return written;
    }
  }

  /** Takes the workload of the other kind away once this one works, so that callers are never without a replica. */
  async function replace<T extends KubernetesObject>(
    other: ResourceClient<T>,
    ready: boolean,
    { owner, context: { signal, logger } }: Pass,
  ): Promise<Result> {
    const former = await findChild(other, { name: WORKLOAD_NAME, namespace }, signal);
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
      const pass: Pass = { owner, context };
      const serviceAccountUid = await ensureServiceAccount(pass);
      const workload = workloadOf({
        configuration,
        namespace,
        ownerReferences: [releaseReference(owner)],
        serviceAccountUid,
      });
      const { configMap, service, podDisruptionBudget } = workload;
      await write(api.configMaps, configMap, { ...pass, fields: () => configMapFields(configMap) });
      await write(api.services, service, {
        ...pass,
        fields: (live) => serviceFields(service, live),
        mustRemake: isHeadless,
      });
      const budget = { ...pass, fields: () => specFields(podDisruptionBudget) };
      await write(api.podDisruptionBudgets, podDisruptionBudget, budget);
      return { requeueAfterMs: RESYNC_MS, ...(await applyPods(workload, pass)) };
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

/** Claims of these names, whatever is in them, are what this operator configured some time. */
function hasNamesOf(
  claims: readonly { readonly metadata?: { readonly name?: string } }[],
  desired: readonly { readonly metadata?: { readonly name?: string } }[] = [],
): boolean {
  const names = (of: readonly { readonly metadata?: { readonly name?: string } }[]): string =>
    of.map(({ metadata }) => metadata?.name ?? '').join();
  return names(claims) === names(desired);
}

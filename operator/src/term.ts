import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { REGISTRY_CONFIG_MAP } from '@chaperone/crds/audit/registry';
import { isNotFound } from '@chaperone/crds/client/api-error';
import type { Clock } from '@chaperone/crds/client/clock';
import { newConnection } from '@chaperone/crds/client/connection';
import { newInformer, type Informer } from '@chaperone/crds/client/informer';
import { clusterRoles, configMaps, events, leases, type ClusterRole } from '@chaperone/crds/client/kinds';
import type { KubeConfig } from '@chaperone/crds/client/kubeconfig';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Resource } from '@chaperone/crds/client/resource';
import { newClient, type Client } from '@chaperone/crds/client/resource-client';
import type { HealthCheck } from '@chaperone/crds/process/health';
import type { Logger } from '@chaperone/crds/process/logger';
import { newAdmissionCheck } from './admission/check.ts';
import { newAdmissionInformers } from './admission/informers.ts';
import { readAdmission } from './admission/read.ts';
import type { ShippedAdmission } from './admission/shipped.ts';
import { approvalRequests, newApprovalRequestControllers } from './approvalrequest/controller.ts';
import { newRecordStore } from './approvalrequest/record-store.ts';
import { newLeaseReplicas } from './approvalrequest/replicas.ts';
import { newGateway } from './gateway/gateway.ts';
import type { GatewayMetrics } from './gateway/gateway-metrics.ts';
import type { Metrics } from './metrics.ts';
import type { OperatorOptions } from './options.ts';
import { newPolicyControllers } from './policy/policy-controllers.ts';
import type { PolicyMetrics } from './policy/policy-metrics.ts';
import { newEventRecorder } from './runtime/events.ts';
import { fenced } from './runtime/fence.ts';
import { ownerReference } from './runtime/finalizers.ts';
import { newLeaderElector } from './runtime/leaderelection.ts';
import { informerChecks, leaseCheck, newManager } from './runtime/manager.ts';
import { newWritersController } from './writers/writers-controller.ts';

/** The ClusterRole of the release that owns whatever the operator makes, so that uninstalling collects it. */
const RELEASE = 'chaperone-release';
const LEADER_LEASE = 'chaperone-operator';
/** Events have a field for the identity, of this length. */
const MAX_INSTANCE = 128;

/** What stands around the operator. */
export interface OperatorEnvironment {
  readonly options: OperatorOptions;
  readonly kubeConfig: KubeConfig;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What lives as long as the process. */
export interface TermEnvironment extends OperatorEnvironment {
  readonly shipped: readonly ShippedAdmission[];
  readonly metrics: Metrics;
  readonly policyMetrics: PolicyMetrics;
  readonly gatewayMetrics: GatewayMetrics;
}

/** The chart is not installed, or not in this namespace. */
export class InstallationError extends Error {
  override readonly name = 'InstallationError';
  readonly code = 'ERR_INSTALLATION';
}

/**
 * One candidacy from beginning to end: connection, informers, election, controllers. Nothing of it outlives the lease,
 * and nothing is remembered but what the cluster holds, as another operator may have led meanwhile. Resolves when
 * `signal` has aborted and all has ended; throws what ends it otherwise. `onChecks` is told what its health depends on.
 */
export async function runTerm(
  environment: TermEnvironment,
  onChecks: (checks: readonly HealthCheck[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const { options, kubeConfig, version, clock, logger, metrics, policyMetrics, gatewayMetrics, shipped } = environment;
  const { namespace } = options;
  const userAgent = `chaperone-operator/${version}`;
  const fieldManager = 'chaperone-operator';
  const connection = newConnection({ kubeConfig, userAgent, clock, observe: (call) => metrics.call(call) });
  const identity = options.leaderElection.identity ?? `${hostname()}_${randomUUID()}`;
  const direct = newClient({ connection, fieldManager });

  try {
    const release = await readRelease(direct, signal);
    const ownerReferences = [ownerReference(release)];
    const elector = newLeaderElector({
      leases: direct.resource(leases),
      namespace,
      name: LEADER_LEASE,
      ownerReferences,
      identity,
      clock,
      logger,
      leaseDurationMs: options.leaderElection.leaseDuration,
      renewDeadlineMs: options.leaderElection.renewDeadline,
      retryPeriodMs: options.leaderElection.retryPeriod,
      onLeading: metrics.leading(LEADER_LEASE),
    });
    const client = newClient({ connection: fenced(connection, () => elector.isLeader()), fieldManager });

    const informer = <T extends KubernetesObject>(
      resource: Resource<T>,
      scope: { namespace?: string } = {},
    ): Informer<T> => {
      let staleness: () => number | undefined = () => undefined;
      const observe = metrics.informer(resource.plural, () => staleness());
      const made = newInformer<T>({ client, kubeConfig, resource, clock, observe, ...scope });
      staleness = () => made.stalenessMs();
      return made;
    };

    const recorder = newEventRecorder({
      events: client.resource(events),
      reportingController: 'chaperone.dev/operator',
      reportingInstance: identity.slice(0, MAX_INSTANCE),
      clock,
      logger,
      observe: (outcome) => metrics.event(outcome),
    });
    const shared = { client, kubeConfig, namespace, recorder, clock, logger, metrics };
    const policy = newPolicyControllers({ ...shared, ownerReferences, policyMetrics });
    const requests = informer(approvalRequests);
    const replicaLeases = informer(leases, { namespace });
    const liveAdmissions = newAdmissionInformers({ client, kubeConfig, shipped });
    const admission = newAdmissionCheck({ shipped, live: liveAdmissions, clock });
    const approvals = newApprovalRequestControllers({
      ...shared,
      requests,
      client: client.resource(approvalRequests),
      admission,
      readAdmission: () => readAdmission(client, shipped, {}),
      store: newRecordStore({ configMaps: client.resource(configMaps), namespace, ownerReferences }),
      replicas: newLeaseReplicas({ leases: replicaLeases, namespace, clock }),
      retentionMs: options.approvals.retention,
    });
    const gateway = newGateway({
      ...shared,
      gatewayMetrics,
      configuration: options.gateway,
      published: policy.published,
      policies: policy.agentPolicies,
      maskingRules: policy.maskingRules,
    });
    // Without a metric of its own: that of ConfigMaps tells of the bundle.
    const registries = newInformer({
      client,
      kubeConfig,
      clock,
      resource: configMaps,
      namespace,
      fieldSelector: `metadata.name=${REGISTRY_CONFIG_MAP}`,
    });
    const writers = newWritersController({
      ...shared,
      settings: options.writers,
      leases: replicaLeases,
      registries,
      replicas: gateway.replicas,
      release,
      ownerReferences,
    });
    const informers = [
      ...gateway.informers,
      ...policy.informers,
      requests,
      replicaLeases,
      registries,
      ...liveAdmissions.informers,
    ];
    const manager = newManager({
      informers,
      controllers: [...policy.controllers, ...gateway.controllers, ...approvals, writers],
      elector,
      recorder,
      clock,
      logger,
      onLost: () => void connection.close(),
    });
    onChecks([leaseCheck(elector, options.leaderElection.retryPeriod), ...informerChecks(informers)]);
    try {
      await manager.run(signal);
    } finally {
      admission.stop();
      await gateway.stop();
    }
  } finally {
    await connection.close();
  }
}

/** @throws InstallationError when the chart's marker is not there. */
async function readRelease(client: Client, signal: AbortSignal): Promise<Stored<ClusterRole>> {
  try {
    return await client.resource(clusterRoles).get({ name: RELEASE }, { signal, timeoutMs: 5_000 });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new InstallationError(
      `ClusterRole ${RELEASE} is not there: install the chart first (helm install chaperone)`,
      {
        cause: error,
      },
    );
  }
}

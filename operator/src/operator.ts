import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isNotFound } from '@chaperone/crds/client/api-error';
import type { Clock } from '@chaperone/crds/client/clock';
import { newConnection } from '@chaperone/crds/client/connection';
import { newInformer, type Informer } from '@chaperone/crds/client/informer';
import { clusterRoles, events, leases } from '@chaperone/crds/client/kinds';
import type { KubeConfig } from '@chaperone/crds/client/kubeconfig';
import type { KubernetesObject, OwnerReference } from '@chaperone/crds/client/kubernetes-object';
import type { Resource } from '@chaperone/crds/client/resource';
import { newClient, type Client } from '@chaperone/crds/client/resource-client';
import { newAdmissionCheck } from './admission/check.ts';
import { newAdmissionInformers } from './admission/informers.ts';
import { readShippedAdmission } from './admission/shipped.ts';
import { approvalRequests, newApprovalRequestController } from './approvalrequest/controller.ts';
import { newLeaseReplicas } from './approvalrequest/replicas.ts';
import { newGateway } from './gateway/gateway.ts';
import type { Logger } from '@chaperone/crds/process/logger';
import { newMetrics } from './metrics.ts';
import type { OperatorOptions } from './options.ts';
import { newPolicyControllers } from './policy/policy-controllers.ts';
import { newPolicyMetrics } from './policy/policy-metrics.ts';
import { newEventRecorder } from './runtime/events.ts';
import { ownerReference } from './runtime/finalizers.ts';
import { newLeaderElector } from './runtime/leaderelection.ts';
import { informerChecks, newManager } from './runtime/manager.ts';
import { newAdminServer } from '@chaperone/crds/process/admin-server';

/** The ClusterRole of the release that owns whatever the operator makes, so that uninstalling collects it. */
const RELEASE = 'chaperone-release';
const LEADER_LEASE = 'chaperone-operator';

/** What stands around the operator. */
export interface OperatorEnvironment {
  readonly options: OperatorOptions;
  readonly kubeConfig: KubeConfig;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The chart is not installed, or not in this namespace. */
export class InstallationError extends Error {
  override readonly name = 'InstallationError';
  readonly code = 'ERR_INSTALLATION';
}

/**
 * The whole operator: admin server, informers, election, controllers. Resolves when `signal` has aborted and all has
 * ended; throws what ends it otherwise (a lost lease, an installation that is not there).
 */
export async function runOperator(environment: OperatorEnvironment, signal: AbortSignal): Promise<void> {
  const { options, kubeConfig, version, clock, logger } = environment;
  const { namespace } = options;
  const metrics = newMetrics();
  const userAgent = `chaperone-operator/${version}`;
  const connection = newConnection({ kubeConfig, userAgent, clock, observe: (call) => metrics.call(call) });
  const client = newClient({ connection, fieldManager: 'chaperone-operator' });
  const identity = options.leaderElection.identity ?? `${hostname()}_${randomUUID()}`;

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

  const shipped = await readShippedAdmission(options.admission.directory, {
    namespace,
    operator: options.serviceAccountName,
    proxy: options.gateway.serviceAccountName,
    breakGlassGroups: options.admission.breakGlassGroups,
  });
  const recorder = newEventRecorder({
    events: client.resource(events),
    reportingController: 'chaperone.dev/operator',
    reportingInstance: identity.slice(0, 128),
    clock,
    logger,
    observe: (outcome) => metrics.event(outcome),
  });
  const owner = await releaseOwner(client, signal);
  const policy = newPolicyControllers({
    client,
    kubeConfig,
    namespace,
    ownerReferences: [owner],
    recorder,
    clock,
    logger,
    metrics,
    policyMetrics: newPolicyMetrics(metrics.registry),
  });
  const requests = informer(approvalRequests);
  const replicaLeases = informer(leases, { namespace });
  const liveAdmissions = newAdmissionInformers({ client, kubeConfig, shipped });
  const admission = newAdmissionCheck({ shipped, live: liveAdmissions, clock });
  const approvals = newApprovalRequestController({
    requests,
    client: client.resource(approvalRequests),
    admission,
    replicas: newLeaseReplicas({ leases: replicaLeases, namespace, clock }),
    recorder,
    clock,
    logger,
    metrics: metrics.controller('approvalrequest', 4),
    retentionMs: options.approvals.retention,
  });

  const gateway = newGateway({
    client,
    kubeConfig,
    namespace,
    configuration: options.gateway,
    published: policy.published,
    policies: policy.agentPolicies,
    maskingRules: policy.maskingRules,
    recorder,
    metrics,
    clock,
    logger,
  });

  const informers = [...gateway.informers, ...policy.informers, requests, replicaLeases, ...liveAdmissions.informers];
  const manager = newManager({
    informers,
    controllers: [...policy.controllers, ...gateway.controllers, approvals],
    elector: newLeaderElector({
      leases: client.resource(leases),
      namespace,
      name: LEADER_LEASE,
      ownerReferences: [owner],
      identity,
      clock,
      logger,
      leaseDurationMs: options.leaderElection.leaseDuration,
      renewDeadlineMs: options.leaderElection.renewDeadline,
      retryPeriodMs: options.leaderElection.retryPeriod,
      onLeading: metrics.leading(LEADER_LEASE),
    }),
    recorder,
    clock,
    logger,
  });
  const admin = newAdminServer({
    ...options.admin,
    livenessChecks: [],
    readinessChecks: informerChecks(informers),
    metrics: async () => ({ contentType: metrics.registry.contentType, body: await metrics.registry.metrics() }),
    logger,
  });

  const { url } = await admin.listen();
  logger.info('Serving health and metrics', { url });
  try {
    await manager.run(signal);
  } finally {
    admission.stop();
    await gateway.stop();
    await admin.close();
    await connection.close();
  }
}

/** @throws InstallationError when the chart's marker is not there. */
async function releaseOwner(client: Client, signal: AbortSignal): Promise<OwnerReference> {
  try {
    return ownerReference(await client.resource(clusterRoles).get({ name: RELEASE }, { signal }));
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

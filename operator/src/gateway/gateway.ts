import { COMPONENT_LABEL, PROXY_COMPONENT } from '@chaperone/crds/bundle/replica-lease';
import type { Bundle } from '@chaperone/crds/bundle/bundle';
import type { Clock } from '@chaperone/crds/client/clock';
import { newConnection } from '@chaperone/crds/client/connection';
import { newInformer, type Informer } from '@chaperone/crds/client/informer';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  deployments,
  leases as leaseKind,
  namespaces as namespaceKind,
  podDisruptionBudgets,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
  type ClusterRole,
  type ClusterRoleBinding,
  type Lease,
  type Namespace,
} from '@chaperone/crds/client/kinds';
import { kubeConfigImpersonating, type KubeConfig } from '@chaperone/crds/client/kubeconfig';
import type { KubernetesObject } from '@chaperone/crds/client/kubernetes-object';
import { resource, type Resource } from '@chaperone/crds/client/resource';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import { agentPolicies, maskingRules as maskingRuleKind } from '@chaperone/crds/v1alpha1/groupversion';
import type { MaskingRule } from '@chaperone/crds/v1alpha1/maskingrule';
import type { Logger } from '@chaperone/crds/process/logger';
import type { Metrics } from '../metrics.ts';
import { findCondition } from '../runtime/conditions.ts';
import { newController, type Controller } from '../runtime/controller.ts';
import type { EventRecorder } from '../runtime/events.ts';
import type { ManagedInformer } from '../runtime/manager.ts';
import type { Reconciler, Request } from '../runtime/reconciler.ts';
import { requestFor, specOrMetadataChanged, watch } from '../runtime/source.ts';
import type { GatewayConfiguration } from './configuration.ts';
import { newDiscovery } from './discovery.ts';
import type { EnforcedInput } from './enforced.ts';
import { newEnforcedReconciler } from './enforced-reconciler.ts';
import { newEnforcementClock } from './enforcement-clock.ts';
import { newForeignBindingsReconciler } from './foreign-bindings-reconciler.ts';
import { newGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts';
import { PROBE_USER } from './impersonation-probe.ts';
import { newImpersonationReconciler } from './impersonation-reconciler.ts';
import { newLeaseSweeper } from './lease-sweeper.ts';
import { newNoReplicasReconciler } from './no-replicas.ts';
import { newReplicaTracker, type ReplicaTracker } from './replicas.ts';
import { newRightsReconciler } from './rights-reconciler.ts';
import { DERIVED_NAME, isDerivedName } from './roles.ts';
import { AUTHORITY_CONFIG_MAP, newTlsReconciler } from './tls-reconciler.ts';
import { newUnknownResourcesReconciler } from './unknown-resources-reconciler.ts';
import { CONFIGURATION_CONFIG_MAP, WORKLOAD_NAME } from './workload.ts';
import { newWorkloadReconciler } from './workload-reconciler.ts';

/** Which bundle is in force and what the latest ones hold: the policy controller's. */
export interface PublishedRevisions {
  current(): Bundle | undefined;
  generationIn(revision: string, uid: string): number | undefined;
  onPublished(listener: () => void): () => void;
}

export interface GatewayOptions {
  readonly client: Client;
  readonly kubeConfig: KubeConfig;
  readonly namespace: string;
  readonly configuration: GatewayConfiguration;
  readonly published: PublishedRevisions;
  readonly policies: Informer<AgentPolicy>;
  readonly maskingRules: Informer<MaskingRule>;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly metrics: Metrics;
  /** Made here unless given: a registry takes each metric once, and a process may put several gateways together. */
  readonly gatewayMetrics?: GatewayMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** See {@link RightsReconcilerOptions.narrowAfterMs}. */
  readonly narrowAfterMs?: number;
}

/** The gateway controller: rights, workload, certificate and `Enforced`. */
export interface Gateway {
  /** To be started and stopped with the others of the process. */
  readonly informers: readonly ManagedInformer[];
  readonly controllers: readonly Controller[];
  readonly replicas: ReplicaTracker;
  /** Ends what is no controller and no informer. */
  stop(): Promise<void>;
}

/** The one request of controllers that look after one thing. */
const ONLY: Request = { name: 'gateway' };

/** Puts the gateway controller together; nothing runs before informers and controllers are started. */
export function newGateway(options: GatewayOptions): Gateway {
  const { client, kubeConfig, namespace, configuration, published, recorder, clock, logger } = options;
  const metrics = options.gatewayMetrics ?? newGatewayMetrics(options.metrics.registry);
  const userAgent = 'chaperone-operator';
  const probing = newConnection({ kubeConfig: kubeConfigImpersonating(kubeConfig, PROBE_USER), userAgent, clock });

  /** By name, as that is how RBAC can grant list and watch of single objects. */
  const named = <T extends KubernetesObject>(kind: Resource<T>, name: string, where?: string): Informer<T> =>
    newInformer({
      client,
      kubeConfig,
      clock,
      resource: kind,
      fieldSelector: `metadata.name=${name}`,
      ...(where === undefined ? {} : { namespace: where }),
    });
  const control = (name: string, reconciler: Reconciler, maxConcurrentReconciles = 1): Controller =>
    newController({
      name,
      reconciler,
      logger,
      clock,
      metrics: options.metrics.controller(name, maxConcurrentReconciles),
      maxConcurrentReconciles,
    });

  const leases = newInformer<Lease>({
    client,
    kubeConfig,
    clock,
    resource: leaseKind,
    namespace,
    labelSelector: `${COMPONENT_LABEL}=${PROXY_COMPONENT}`,
  });
  const namespaces = newInformer<Namespace>({ client, kubeConfig, clock, resource: namespaceKind });
  const replicas = newReplicaTracker({ leases, namespace, clock });
  const inForce = newEnforcementClock(clock);

  const roleInformers = {
    // All of the cluster: several names are ours, and bindings of other names are to be told of.
    clusterRoles: newInformer<ClusterRole>({ client, kubeConfig, clock, resource: clusterRoles }),
    clusterRoleBindings: newInformer<ClusterRoleBinding>({ client, kubeConfig, clock, resource: clusterRoleBindings }),
    roles: named(roles, DERIVED_NAME),
    roleBindings: named(roleBindings, DERIVED_NAME),
  };
  const account = { name: configuration.serviceAccountName, namespace };
  const rights = newRightsReconciler({
    client,
    listers: {
      namespaces: namespaces.lister,
      clusterRoles: roleInformers.clusterRoles.lister,
      clusterRoleBindings: roleInformers.clusterRoleBindings.lister,
      roles: roleInformers.roles.lister,
      roleBindings: roleInformers.roleBindings.lister,
    },
    bundle: () => published.current(),
    replicas: () => replicas.live(),
    discovery: newDiscovery(client.connection),
    configuration: {
      serviceAccount: account,
      nativeNamespaces: configuration.nativeServiceAccountNamespaces,
      allowSelfAdministration: configuration.allowSelfAdministration,
    },
    recorder,
    metrics,
    clock,
    onCovered: () => judgeAll(),
    ...(options.narrowAfterMs === undefined ? {} : { narrowAfterMs: options.narrowAfterMs }),
  });
  const impersonation = newImpersonationReconciler({
    client,
    probing,
    configured: configuration.impersonation,
    recorder,
    metrics,
    onChange: () => judgeAll(),
  });

  function facts(): Omit<EnforcedInput, 'uid' | 'generation' | 'status'> {
    return {
      revision: published.current()?.revision,
      generationIn: (revision, uid) => published.generationIn(revision, uid),
      replicas: replicas.live(),
      covered: rights.covered(),
      impersonation: impersonation.state(),
    };
  }
  const enforcedOf = {
    facts,
    inForceSince: (uid: string, generation: number) => inForce.since(uid, generation),
    recorder,
    metrics,
    clock,
  };
  const policyEnforced = control(
    'gateway-agentpolicy',
    newEnforcedReconciler<AgentPolicy>({
      ...enforcedOf,
      lister: options.policies.lister,
      api: client.resource(resource<AgentPolicy>(agentPolicies)),
      configure: ({ metadata: { name, uid } }, condition) => ({
        metadata: { name, uid },
        status: { conditions: [condition] },
      }),
    }),
    4,
  );
  const maskingEnforced = control(
    'gateway-maskingrule',
    newEnforcedReconciler<MaskingRule>({
      ...enforcedOf,
      lister: options.maskingRules.lister,
      api: client.resource(resource<MaskingRule>(maskingRuleKind)),
      configure: ({ metadata: { name, uid } }, condition) => ({
        metadata: { name, uid },
        status: { conditions: [condition] },
      }),
    }),
    4,
  );
  watch(policyEnforced, options.policies);
  watch(maskingEnforced, options.maskingRules);
  function judgeAll(): void {
    options.policies.lister.list().forEach((policy) => policyEnforced.enqueue(requestFor(policy)));
    options.maskingRules.lister.list().forEach((rule) => maskingEnforced.enqueue(requestFor(rule)));
  }

  const rightsController = control('gateway-rights', rights);
  const toOnly = { map: () => [ONLY] };
  const derived = {
    ...toOnly,
    predicate: ({ object }: { object: { metadata: { name: string } } }) => isDerivedName(object.metadata.name),
  };
  watch(rightsController, roleInformers.clusterRoles, derived);
  watch(rightsController, roleInformers.clusterRoleBindings, derived);
  watch(rightsController, roleInformers.roles, derived);
  watch(rightsController, roleInformers.roleBindings, derived);
  const unknownController = control(
    'gateway-unknown-resources',
    newUnknownResourcesReconciler({
      bundle: () => published.current(),
      policies: options.policies.lister,
      discovery: newDiscovery(client.connection),
      recorder,
      clock,
    }),
  );
  const foreignController = control(
    'gateway-foreign-bindings',
    newForeignBindingsReconciler({
      bindings: roleInformers.clusterRoleBindings.lister,
      account,
      recorder,
      metrics,
    }),
  );
  watch(foreignController, roleInformers.clusterRoleBindings, toOnly);
  watch(rightsController, namespaces, { ...toOnly, predicate: specOrMetadataChanged });

  const impersonationController = control('gateway-impersonation', impersonation);
  impersonationController.enqueue(ONLY);
  const sweeper = control('gateway-leases', newLeaseSweeper({ leases: client.resource(leaseKind), replicas }));
  sweeper.enqueue(ONLY);
  const noReplicas = control(
    'gateway-replicas',
    newNoReplicasReconciler({
      client,
      replicas,
      recorder,
      clock,
      isOnRecord: () =>
        [...options.policies.lister.list(), ...options.maskingRules.lister.list()].some(
          ({ status }) => findCondition(status?.conditions, 'Enforced')?.reason === 'NoReplicas',
        ),
    }),
  );
  noReplicas.enqueue(ONLY);

  published.onPublished(() => {
    const bundle = published.current();
    if (bundle !== undefined) {
      inForce.inForce(bundle);
    }
    rightsController.enqueue(ONLY);
    unknownController.enqueue(ONLY);
    judgeAll();
    countReplicas();
  });
  replicas.onChange(() => {
    // They may serve another revision, so that rights can be taken back.
    rightsController.enqueue(ONLY);
    noReplicas.enqueue(ONLY);
    judgeAll();
    countReplicas();
  });
  function countReplicas(): void {
    const live = replicas.live();
    const revision = published.current()?.revision;
    metrics.replicas(live.length, live.filter((replica) => replica.revision === revision).length);
  }

  const managed = configuration.managed ? manage() : { informers: [], controllers: [] };

  /** Workload and certificate; nothing of this is looked at, let alone written, where somebody else runs the proxies. */
  function manage(): { readonly informers: readonly ManagedInformer[]; readonly controllers: readonly Controller[] } {
    const shared = { client, namespace, configuration, recorder, metrics };
    const workload = control('gateway-workload', newWorkloadReconciler(shared));
    const tls = control('gateway-tls', newTlsReconciler({ ...shared, clock }));
    /** Statuses change all the time and concern nobody here. */
    const child = <T extends KubernetesObject>(informer: Informer<T>): Informer<T> => {
      watch(workload, informer, { ...toOnly, predicate: specOrMetadataChanged });
      return informer;
    };
    const children = [
      child(named(deployments, WORKLOAD_NAME, namespace)),
      child(named(statefulSets, WORKLOAD_NAME, namespace)),
      child(named(services, WORKLOAD_NAME, namespace)),
      child(named(podDisruptionBudgets, WORKLOAD_NAME, namespace)),
      child(named(serviceAccounts, configuration.serviceAccountName, namespace)),
      child(named(configMaps, CONFIGURATION_CONFIG_MAP, namespace)),
    ];
    const certificates = [
      named(secrets, configuration.tls.secretName, namespace),
      named(configMaps, AUTHORITY_CONFIG_MAP, namespace),
    ];
    certificates.forEach((informer) => informer.addHandler(() => tls.enqueue(ONLY)));
    // The first time nothing may be there to tell of.
    workload.enqueue(ONLY);
    tls.enqueue(ONLY);
    return { informers: [...children, ...certificates], controllers: [workload, tls] };
  }

  return {
    informers: [leases, namespaces, ...Object.values(roleInformers), ...managed.informers],
    controllers: [
      rightsController,
      foreignController,
      unknownController,
      policyEnforced,
      maskingEnforced,
      impersonationController,
      sweeper,
      noReplicas,
      ...managed.controllers,
    ],
    replicas,
    async stop() {
      replicas.stop();
      await probing.close();
    },
  };
}

import { setImmediate as pause } from 'node:timers/promises';
import { BUNDLE_LABEL } from '@chaperone/crds/bundle/configmaps';
import type { Clock } from '@chaperone/crds/client/clock';
import { newInformer, type Informer, type InformerEvent } from '@chaperone/crds/client/informer';
import { configMaps as configMapResource, type ConfigMap } from '@chaperone/crds/client/kinds';
import type { KubeConfig } from '@chaperone/crds/client/kubeconfig';
import type { KubernetesObject, OwnerReference } from '@chaperone/crds/client/kubernetes-object';
import type { Resource } from '@chaperone/crds/client/resource';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { MaskingRule } from '@chaperone/crds/v1alpha1/maskingrule';
import type { Logger } from '@chaperone/crds/process/logger';
import type { Metrics } from '../metrics.ts';
import { newController, type Controller } from '../runtime/controller.ts';
import type { EventRecorder } from '../runtime/events.ts';
import type { Reconciler } from '../runtime/reconciler.ts';
import { requestFor, watch } from '../runtime/source.ts';
import type { ObjectWithStatus } from '../runtime/status-writer.ts';
import { BUNDLE_REQUEST, newBundleReconciler } from './bundle-reconciler.ts';
import { newBundleWriter } from './bundle-writer.ts';
import { newChangeClock } from './change-clock.ts';
import { compileAgentPolicy, compileMaskingRule } from './compile.ts';
import { newCompileCache } from './compile-cache.ts';
import { CONFLICTS_REQUEST, newConflictReconciler } from './conflict-reconciler.ts';
import { DISCOVERY_REQUEST, newDiscoveryPolicyReconciler } from './discovery-policy.ts';
import { newPartSweeper } from './part-sweeper.ts';
import type { PolicyMetrics } from './policy-metrics.ts';
import { newPublishedBundles, type PublishedBundles } from './published-bundles.ts';
import { agentPolicyResource, maskingRuleResource, type PolicyKind } from './resources.ts';
import { newAgentPolicyStatuses, newMaskingRuleStatuses } from './policy-statuses.ts';
import type { StatusReconciler } from './status-reconciler.ts';
import { newVerdicts } from './verdicts.ts';

export interface PolicyControllersOptions {
  readonly client: Client;
  readonly kubeConfig: KubeConfig;
  /** Where the bundle is stored: Chaperone's own. */
  readonly namespace: string;
  /** Of everything that is made there, so that it goes with the installation. */
  readonly ownerReferences?: readonly OwnerReference[];
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly policyMetrics: PolicyMetrics;
  readonly settings?: Partial<PolicySettings>;
}

export interface PolicySettings {
  /** How long changes are gathered before a bundle is made of them. */
  readonly gatherMs: number;
  /** Least time between two bundles. With the above and the time it takes, a change is in force within a second. */
  readonly bundleGapMs: number;
  /** Least time between two comparisons of all rules. */
  readonly conflictGapMs: number;
  /** How long a part of the bundle stays that no head names. */
  readonly partGraceMs: number;
  /** Bytes of canonical JSON of all policies and masking rules; 5,000 rules take about 2 MiB. */
  readonly maxBundleBytes: number;
  /** How often everything is looked at again although nothing changed; 0 for never. */
  readonly resyncMs: number;
}

const DEFAULTS: PolicySettings = {
  gatherMs: 50,
  bundleGapMs: 400,
  conflictGapMs: 1_000,
  partGraceMs: 60_000,
  maxBundleBytes: 32 * 1024 * 1024,
  resyncMs: 600_000,
};

export interface PolicyControllers {
  readonly agentPolicies: Informer<AgentPolicy>;
  readonly maskingRules: Informer<MaskingRule>;
  /** All of them, for the manager. */
  readonly informers: readonly (Informer<AgentPolicy> | Informer<MaskingRule> | Informer<ConfigMap>)[];
  readonly controllers: readonly Controller[];
  readonly published: PublishedBundles;
}

/** Puts together what turns AgentPolicies and MaskingRules into the bundle and tells them what became of it. */
export function newPolicyControllers(options: PolicyControllersOptions): PolicyControllers {
  const { client, kubeConfig, namespace, recorder, clock, logger, metrics, policyMetrics } = options;
  const settings = { ...DEFAULTS, ...options.settings };
  const owners = options.ownerReferences === undefined ? {} : { ownerReferences: options.ownerReferences };
  const published = newPublishedBundles();
  const verdicts = newVerdicts();
  const changes = newChangeClock(clock);

  function informerOf<T extends KubernetesObject>(
    resource: Resource<T>,
    resyncMs: number,
    bundles = false,
  ): Informer<T> {
    let staleness: () => number | undefined = () => undefined;
    const observe = metrics.informer(resource.plural, () => staleness());
    const scope = bundles ? { namespace, labelSelector: BUNDLE_LABEL } : {};
    const informer = newInformer<T>({ client, kubeConfig, resource, clock, observe, resyncMs, ...scope });
    staleness = () => informer.stalenessMs();
    return informer;
  }

  const agentPolicies = informerOf(agentPolicyResource, settings.resyncMs);
  const maskingRules = informerOf(maskingRuleResource, settings.resyncMs);
  const stored = informerOf(configMapResource, 0, true);
  const configMaps = client.resource(configMapResource);
  const policyApi = client.resource(agentPolicyResource);
  const ruleApi = client.resource(maskingRuleResource);

  function controllerOf(name: string, reconciler: Reconciler, workers = 1): Controller {
    return newController({
      name,
      reconciler,
      logger,
      clock,
      metrics: metrics.controller(name, workers),
      maxConcurrentReconciles: workers,
      rateLimit: RETRIES,
    });
  }

  const measure = <R>(work: () => R): R => {
    const began = clock.monotonic();
    const result = work();
    policyMetrics.compiled((clock.monotonic() - began) / 1_000);
    return result;
  };

  let bundledAt = -Infinity;
  /** Not before: while policies come by the hundred, comparing them takes a small part of the time at most. */
  let compareAfter = -Infinity;

  const bundleController = controllerOf(
    'bundle',
    newBundleReconciler({
      policies: {
        lister: agentPolicies.lister,
        api: policyApi,
        cache: newCompileCache({ compile: compileAgentPolicy, pause, measure }),
      },
      maskingRules: {
        lister: maskingRules.lister,
        api: ruleApi,
        cache: newCompileCache({ compile: compileMaskingRule, pause, measure }),
      },
      writer: newBundleWriter({
        configMaps,
        lister: stored.lister,
        namespace,
        ...owners,
        logger,
        onRepair: (what) => policyMetrics.repaired(what),
      }),
      sweeper: newPartSweeper({ configMaps, lister: stored.lister, namespace, clock, graceMs: settings.partGraceMs }),
      published,
      verdicts,
      metrics: policyMetrics,
      clock,
      maxBytes: settings.maxBundleBytes,
      changes,
      onDecided() {
        bundledAt = clock.monotonic();
        conflictController.enqueueAfter(CONFLICTS_REQUEST, Math.max(compareAfter - bundledAt, 0));
      },
    }),
  );

  const conflicts = newConflictReconciler({
    published,
    metrics: policyMetrics,
    clock,
    pause,
    onCompared(durationMs) {
      compareAfter = clock.monotonic() + Math.max(settings.conflictGapMs, 4 * durationMs);
      enqueueDue();
    },
  });
  const conflictController = controllerOf('conflicts', conflicts);

  const statusOptions = { verdicts, published, conflicts, recorder, clock, metrics: policyMetrics };
  const policyStatuses = newAgentPolicyStatuses({ ...statusOptions, lister: agentPolicies.lister, api: policyApi });
  const policyController = controllerOf('agentpolicy', policyStatuses, STATUS_WORKERS);
  const ruleStatuses = newMaskingRuleStatuses({ ...statusOptions, lister: maskingRules.lister, api: ruleApi });
  const ruleController = controllerOf('maskingrule', ruleStatuses, STATUS_WORKERS);

  const discovery = newDiscoveryPolicyReconciler({ policies: policyApi, configMaps, namespace, ...owners });
  const discoveryController = controllerOf('discovery-policy', discovery);
  discoveryController.enqueue(DISCOVERY_REQUEST);

  /** Asks only for those whose status is to change: one change among a thousand policies is one write. */
  function enqueueDue(): void {
    due('AgentPolicy', agentPolicies, policyStatuses, policyController);
    due('MaskingRule', maskingRules, ruleStatuses, ruleController);
  }

  function due<T extends ObjectWithStatus>(
    kind: PolicyKind,
    { lister }: Informer<T>,
    statuses: StatusReconciler<T>,
    controller: Controller,
  ): void {
    const objects = lister.list();
    const accepted = objects.filter(({ metadata }) => verdicts.get(metadata.uid)?.kind === 'accepted').length;
    policyMetrics.counted(kind, { accepted, refused: objects.length - accepted });
    objects.filter((object) => statuses.isDue(object)).forEach((object) => controller.enqueue(requestFor(object)));
  }

  function enqueueBundle(): void {
    const gap = bundledAt + settings.bundleGapMs - clock.monotonic();
    bundleController.enqueueAfter(BUNDLE_REQUEST, Math.max(gap, settings.gatherMs));
  }

  /** A change of what a bundle is made of, as opposed to our own writes of status. */
  const isChange = ({ type, ...event }: InformerEvent<KubernetesObject>): boolean =>
    type !== 'updated' || !('old' in event) || event.old.metadata.generation !== event.object.metadata.generation;

  function onChange(event: InformerEvent<KubernetesObject>): void {
    if (isChange(event)) {
      if (event.type !== 'resync') {
        changes.note();
      }
      enqueueBundle();
    }
  }
  agentPolicies.addHandler(onChange);
  maskingRules.addHandler(onChange);
  stored.addHandler(enqueueBundle);
  // What somebody else wrote into a status is put right; of a new generation nothing is decided yet.
  watch(policyController, agentPolicies, { predicate: ({ type }) => type !== 'deleted' });
  watch(ruleController, maskingRules, { predicate: ({ type }) => type !== 'deleted' });
  // The first bundle is made even where there is not a single policy: no replica is ready without one.
  enqueueBundle();

  return {
    agentPolicies,
    maskingRules,
    informers: [agentPolicies, maskingRules, stored],
    controllers: [bundleController, conflictController, policyController, ruleController, discoveryController],
    published,
  };
}

/** Statuses are written side by side, as each waits for the API server; policies may come by the thousand. */
const STATUS_WORKERS = 4;

/** Between failed attempts: what failed because the API server was away is in force soon after it is back. */
const RETRIES = { baseMs: 50, maxMs: 10_000 } as const;

import type { Clock } from '@chaperone/crds/client/clock';
import type { ObjectMeta, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Lister } from '@chaperone/crds/client/store';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { PolicyStatus } from '@chaperone/crds/v1alpha1/generated/api';
import type { MaskingRule } from '@chaperone/crds/v1alpha1/maskingrule';
import { warnAgentPolicySpec } from '@chaperone/crds/validation/agentpolicy-warnings';
import { warnMaskingRuleSpec } from '@chaperone/crds/validation/maskingrule';
import { parseDateTime } from '@chaperone/crds/validation/schema';
import type { EventRecorder } from '../runtime/events.ts';
import type { ObjectWithStatus } from '../runtime/status-writer.ts';
import type { ConflictReconciler } from './conflict-reconciler.ts';
import type { PolicyMetrics } from './policy-metrics.ts';
import type { PublishedBundles } from './published-bundles.ts';
import { nextStatus, type OwnedStatus, type StatusInput } from './status.ts';
import { newStatusReconciler, type StatusReconciler } from './status-reconciler.ts';
import type { Verdicts } from './verdicts.ts';

export interface StatusesOptions<T extends ObjectWithStatus> {
  readonly lister: Lister<T>;
  readonly api: Pick<ResourceClient<T>, 'apply'>;
  readonly verdicts: Verdicts;
  readonly published: PublishedBundles;
  readonly conflicts: Pick<ConflictReconciler, 'conflictsOf'>;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly clock: Clock;
  readonly metrics: PolicyMetrics;
}

type Facts = Omit<StatusInput, 'warnings' | 'conflicts'>;

function factsOf<T extends ObjectWithStatus>(
  { verdicts, published, clock }: StatusesOptions<T>,
  { uid, generation = 0 }: Stored<T>['metadata'],
  status: PolicyStatus | undefined,
): Facts {
  return {
    uid,
    generation,
    status,
    verdict: verdicts.get(uid),
    failed: verdicts.hasFailed(),
    current: published.current(),
    first: published.firstRevision(uid),
    now: clock.now(),
  };
}

/** Name and uid: the status of one object must not land on another that has got its name since. */
const identityOf = ({ name, uid }: Stored<ObjectWithStatus>['metadata']): ObjectMeta & { readonly name: string } => ({
  name,
  uid,
});

const statusOf = ({ conditions, ...status }: OwnedStatus): PolicyStatus => ({ ...status, conditions: [...conditions] });

/** Writes `Accepted` and `Conflicting` of AgentPolicies. */
export function newAgentPolicyStatuses(options: StatusesOptions<AgentPolicy>): StatusReconciler<AgentPolicy> {
  const { clock, conflicts, metrics } = options;
  return newStatusReconciler<AgentPolicy>({
    ...options,
    configure: ({ metadata }, status) => ({ metadata: identityOf(metadata), status: statusOf(status) }),
    decide({ metadata, spec }, status) {
      const now = clock.now();
      const facts = factsOf(options, metadata, status);
      const expiry = spec.expiresAt === undefined ? undefined : parseDateTime(spec.expiresAt);
      return {
        next: nextStatus({
          ...facts,
          warnings: facts.verdict?.kind === 'accepted' ? warnAgentPolicySpec(spec, now) : [],
          conflicts: conflicts.conflictsOf(metadata.uid),
        }),
        // Its message then says that it has expired.
        againInMs: expiry !== undefined && expiry > now ? expiry - now : undefined,
      };
    },
    onWritten: () => metrics.wroteStatus('AgentPolicy'),
  });
}

/** Writes `Accepted` of MaskingRules. */
export function newMaskingRuleStatuses(options: StatusesOptions<MaskingRule>): StatusReconciler<MaskingRule> {
  return newStatusReconciler<MaskingRule>({
    ...options,
    configure: ({ metadata }, status) => ({ metadata: identityOf(metadata), status: statusOf(status) }),
    decide({ metadata, spec }, status) {
      const facts = factsOf(options, metadata, status);
      const warnings = facts.verdict?.kind === 'accepted' ? warnMaskingRuleSpec(spec) : [];
      return { next: nextStatus({ ...facts, warnings }) };
    },
    onWritten: () => options.metrics.wroteStatus('MaskingRule'),
  });
}

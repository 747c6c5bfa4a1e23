import type { PolicyStatus } from '@chaperone/crds/v1alpha1/generated/api';
import type { EnforcedReason } from '@chaperone/crds/v1alpha1/conditions';
import { findCondition, type NextCondition } from '../runtime/conditions.ts';
import type { ImpersonationSupport } from './impersonation-probe.ts';
import type { Replica } from './replicas.ts';

/** Whether the gateway can do its work in the installed mode of impersonation, and what caps it. */
export interface Impersonation {
  readonly support: ImpersonationSupport;
  /** What the installation grants (`gateway.impersonation`). */
  readonly configured: 'Constrained' | 'Legacy';
}

export interface EnforcedInput {
  readonly uid: string;
  readonly generation: number;
  readonly status: PolicyStatus | undefined;
  /** Of the bundle in force; undefined while that is not known. */
  readonly revision: string | undefined;
  /** The generation of an object that a revision holds; undefined where it holds none or is not remembered. */
  readonly generationIn: (revision: string, uid: string) => number | undefined;
  readonly replicas: readonly Replica[];
  /** The revision for which the gateway was last given its rights. */
  readonly covered: string | undefined;
  readonly impersonation: Impersonation;
}

/**
 * Judges `Enforced` of one AgentPolicy or MaskingRule. Undefined: this process does not know enough yet to say another
 * thing than an earlier one said of the same generation, so that a restart is no news. Pure.
 */
export function judgeEnforced(input: EnforcedInput): NextCondition | undefined {
  const { generation, revision, covered } = input;
  const earlier = findCondition(input.status?.conditions, 'Enforced');
  if ((revision === undefined || covered === undefined) && earlier?.observedGeneration === generation) {
    return undefined;
  }
  const held = revision === undefined ? undefined : input.generationIn(revision, input.uid);
  const saying = held === generation ? sayServed(input) : sayNotInForce(input, held);
  return {
    ...saying,
    type: 'Enforced',
    message: `${saying.message}${caveat(input.impersonation)}`,
    observedGeneration: generation,
  };
}

interface Saying {
  readonly status: NextCondition['status'];
  readonly reason: EnforcedReason;
  readonly message: string;
}

const NO_REPLICAS: Saying = {
  status: 'False',
  reason: 'NoReplicas',
  message: 'No replica of the gateway holds a Lease',
};

/** The bundle in force holds another generation, or none. */
function sayNotInForce({ status, generation, replicas }: EnforcedInput, held: number | undefined): Saying {
  const accepted = findCondition(status?.conditions, 'Accepted');
  if (accepted?.status !== 'False' || accepted.observedGeneration !== generation) {
    // Else every change of a spec would be Pending for a moment and then the same again.
    if (replicas.length === 0) {
      return NO_REPLICAS;
    }
    return { status: 'Unknown', reason: 'Pending', message: 'This generation is not in the policy bundle yet' };
  }
  const instead = held === undefined ? ', and no earlier one is in force' : `: generation ${held} stays in force`;
  return { status: 'False', reason: 'NotAccepted', message: `This generation is not accepted${instead}` };
}

/** The bundle in force holds this generation. */
function sayServed({ uid, generation, generationIn, replicas, covered }: EnforcedInput): Saying {
  if (replicas.length === 0) {
    return NO_REPLICAS;
  }
  const serving = replicas.filter((replica) => generationOf(replica, uid, generationIn) === generation).length;
  const counted = `${serving} of ${replicas.length} replicas serve this generation`;
  if (serving < replicas.length) {
    return { status: 'False', reason: 'ReplicasBehind', message: counted };
  }
  // Judged by this object alone: what another change still needs concerns nobody here.
  if (covered !== undefined && generationIn(covered, uid) === generation) {
    return { status: 'True', reason: 'ReplicasCurrent', message: counted };
  }
  const waiting = `${counted}, and the gateway is about to be given the rights for it`;
  return { status: 'Unknown', reason: 'Pending', message: waiting };
}

const generationOf = (
  { revision }: Replica,
  uid: string,
  generationIn: EnforcedInput['generationIn'],
): number | undefined => (revision === undefined ? undefined : generationIn(revision, uid));

/** What a reader of the condition must know of the cluster; empty where all is as it should be. */
function caveat({ support, configured }: Impersonation): string {
  if (configured === 'Legacy') {
    return '. Impersonation is not constrained (gateway.impersonation: Legacy): the API server does not cap what the gateway can do';
  }
  return support === 'Legacy'
    ? '. The API server knows only legacy impersonation, so that the gateway can make no call: it needs Kubernetes 1.36, or gateway.impersonation: Legacy'
    : '';
}

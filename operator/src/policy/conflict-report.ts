import type { ConflictingReason } from '@chaperone/crds/v1alpha1/conditions';
import { conflictingReasons } from '@chaperone/crds/v1alpha1/conditions';

/** A rule by name. */
export interface RuleName {
  readonly policy: string;
  readonly rule: string;
}

/** One thing that somebody should look at, about a rule of the policy under which it is reported. */
export interface Conflict {
  readonly reason: Extract<ConflictingReason, 'Contradictory' | 'Evadable' | 'Shadowed'>;
  readonly rule: RuleName;
  /** The rule because of which. */
  readonly by: RuleName;
  /** What is meant, such as `deletecollection of pods`; empty where the whole rule is. */
  readonly about: string;
}

/** What is said of one policy. */
export interface PolicyConflicts {
  readonly reason: Exclude<ConflictingReason, 'Pending'>;
  readonly message: string;
}

/**
 * Lines of a message. No count of what is left out: with it, each further policy would change the message of all the
 * others, and so write a thousand statuses for one change.
 */
const MAX_LINES = 8;

export const NO_CONFLICTS: PolicyConflicts = {
  reason: 'NoConflicts',
  message: 'No rule is shadowed, contradicted or evadable',
};

/** All that was found about one policy, the weightiest first. */
export function reportOf(conflicts: readonly Conflict[]): PolicyConflicts {
  const ordered = conflicts.toSorted(
    (left, right) => conflictingReasons.indexOf(left.reason) - conflictingReasons.indexOf(right.reason),
  );
  const [first] = ordered;
  if (first === undefined) {
    return NO_CONFLICTS;
  }
  const lines = ordered.slice(0, MAX_LINES).map(describeConflict);
  return {
    reason: first.reason,
    message: [...lines, ...(ordered.length > MAX_LINES ? ['... and more'] : [])].join('\n'),
  };
}

export function describeConflict({ reason, rule, by, about }: Conflict): string {
  const [one, other] = [nameOf(rule), nameOf(by)];
  switch (reason) {
    case 'Shadowed':
      return `${one} is shadowed by ${other}: it never decides anything`;
    case 'Contradictory':
      return `${one} allows what ${other} denies: ${about}`;
    case 'Evadable':
      return `${one} is evadable by ${other}, which allows ${about}`;
    default:
      return reason satisfies never;
  }
}

const nameOf = ({ policy, rule }: RuleName): string => `rule ${rule} of policy ${policy}`;

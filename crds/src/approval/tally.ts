import type {
  ApprovalRequestSpec,
  ApprovalRequestStatus,
  ApprovalRequirement,
  Decision,
  Requester,
} from '../v1alpha1/generated/api.ts';

/** The name of a requirement in `decisions[*].requirements`. No policy name holds a slash, so it is unambiguous. */
export const requirementKey = ({ policy, rule }: Pick<ApprovalRequirement, 'policy' | 'rule'>): string =>
  `${policy}/${rule}`;

/** How far one requirement is. */
export interface RequirementTally {
  readonly requirement: ApprovalRequirement;
  /** Distinct reviewers whose approval counts for it, in the order of their names. */
  readonly approvedBy: readonly string[];
  readonly met: boolean;
}

export interface Tally {
  /** Reviewers whose denial counts; one is enough. */
  readonly deniedBy: readonly string[];
  readonly requirements: readonly RequirementTally[];
  /** Every requirement is met and nobody denied. */
  readonly approved: boolean;
}

const MAPPED_SERVICE_ACCOUNT = 'chaperone:sa:';
const SERVICE_ACCOUNT = 'system:serviceaccount:';

/** A ServiceAccount is `chaperone:sa:NS:NAME` through the gateway and `system:serviceaccount:NS:NAME` when it decides. */
const nativeName = (username: string): string =>
  username.startsWith(MAPPED_SERVICE_ACCOUNT)
    ? `${SERVICE_ACCOUNT}${username.slice(MAPPED_SERVICE_ACCOUNT.length)}`
    : username;

/**
 * Is this user the requester or its owner, who may never decide? Compared without regard to case, as many identity
 * providers treat names so.
 */
export function isOwnRequest(requester: Pick<Requester, 'username' | 'owner'>, username: string): boolean {
  const decider = username.toLowerCase();
  return [requester.username, requester.owner].some((own) => {
    const name = own?.toLowerCase();
    return name !== undefined && (name === decider || nativeName(name) === decider);
  });
}

const namesUser = ({ reviewers }: ApprovalRequirement, username: string): boolean =>
  reviewers.some(({ kind, name }) => kind === 'User' && name === username);

const hasGroup = ({ reviewers }: ApprovalRequirement): boolean => reviewers.some(({ kind }) => kind === 'Group');

/**
 * Does this user's approval count for this requirement?
 *
 * Groups are known only to admission, at the moment of writing, so what it checked has to follow from the decision
 * itself: the admission policies let an approval pass only if its writer is a reviewer of each requirement that it
 * names, or, where it names none, of every one. Requirements with users alone need no such proof and are judged here by
 * name.
 */
function countsFor(requirement: ApprovalRequirement, username: string, decision: Decision): boolean {
  const named = decision.requirements;
  if (named !== undefined && !named.includes(requirementKey(requirement))) {
    return false;
  }
  return namesUser(requirement, username) || hasGroup(requirement);
}

/**
 * Counts decisions, which the caller has already narrowed to those that count at all (in time, under the admission
 * policies as shipped). Pure; the operator counts by it for the condition, the gateway before it consumes.
 */
export function tally(
  spec: Pick<ApprovalRequestSpec, 'requester' | 'requirements'>,
  decisions: ReadonlyMap<string, Decision>,
): Tally {
  const others = [...decisions]
    .filter(([username]) => !isOwnRequest(spec.requester, username))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  const deniedBy = others.flatMap(([username, { verdict }]) =>
    verdict === 'Denied' && spec.requirements.some((one) => namesUser(one, username) || hasGroup(one))
      ? [username]
      : [],
  );
  const requirements = spec.requirements.map((requirement): RequirementTally => {
    const approvedBy = others.flatMap(([username, decision]) =>
      decision.verdict === 'Approved' && countsFor(requirement, username, decision) ? [username] : [],
    );
    return { requirement, approvedBy, met: approvedBy.length >= Math.max(requirement.required, 1) };
  });
  return {
    deniedBy,
    requirements,
    approved: deniedBy.length === 0 && requirements.length > 0 && requirements.every(({ met }) => met),
  };
}

/**
 * The decisions that the operator has put on record as counted. Own keys alone: a user may be called `constructor`.
 */
export function countedDecisions(
  status: Pick<ApprovalRequestStatus, 'decisions' | 'observedDecisions'> | undefined,
): ReadonlyMap<string, Decision> {
  const observed = new Map(Object.entries(status?.observedDecisions ?? {}));
  return new Map(
    Object.entries(status?.decisions ?? {}).filter(([username]) => observed.get(username)?.standing === 'Counted'),
  );
}

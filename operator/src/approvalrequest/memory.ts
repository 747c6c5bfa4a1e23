import { createHash } from 'node:crypto';
import type { Decision, ObservedDecision } from '@chaperone/crds/v1alpha1/generated/api';

/** A decision as it was when it was first seen. */
export interface RememberedDecision extends ObservedDecision {
  /** Of what it said: a verdict that is turned round later under the same name is another decision. */
  readonly digest: string;
}

/** What has been seen of one request by somebody whom it can be believed. */
export interface RequestMemory {
  readonly decisions: ReadonlyMap<string, RememberedDecision>;
  /** `Used`: it was consumed or voided, and can never be open again. */
  readonly phase: 'Open' | 'Expired' | 'Used';
}

/** SHA-256 over everything that a decision says. */
export function digestOf({ verdict, reason, requirements }: Decision): string {
  return createHash('sha256')
    .update(JSON.stringify([verdict, reason ?? null, requirements ?? null]))
    .digest('base64url');
}

/** The decisions that count, which alone are worth keeping beyond the life of a process. */
export const countedIn = ({ decisions }: RequestMemory): ReadonlyMap<string, RememberedDecision> =>
  new Map([...decisions].filter(([, { standing }]) => standing === 'Counted'));

/**
 * Has something been changed that was remembered? Recorded decisions are final and an execution is never taken back, so
 * whoever did this did it while the admission policies were away, and nobody knows what else they did.
 */
export function isAltered(
  { decisions, phase }: RequestMemory,
  now: { readonly decisions: Readonly<Record<string, Decision>> | undefined; readonly isOpen: boolean },
): boolean {
  const present = new Map(Object.entries(now.decisions ?? {}));
  const isSame = (reviewer: string, { standing, digest }: RememberedDecision): boolean => {
    const decision = present.get(reviewer);
    return standing !== 'Counted' || (decision !== undefined && digestOf(decision) === digest);
  };
  return (phase === 'Used' && now.isOpen) || ![...decisions].every(([reviewer, seen]) => isSame(reviewer, seen));
}

import type { Action, AuditLevel, SessionLevel } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { ApprovalTerms } from './approval-terms.ts';
import type { CheckName } from './rule-checks.ts';
import type { ExpressionError } from './rule-judge.ts';

/** A rule that matched, by name. */
export interface MatchedRule {
  readonly policy: string;
  /** `metadata.generation` of the policy. */
  readonly generation: number;
  readonly rule: string;
  readonly action: Action;
  /** Shown to the caller. */
  readonly reason: string | undefined;
  /** What could not be known of the call, so that the rule matched for want of knowledge; mostly empty. */
  readonly unknown: readonly CheckName[];
}

/** An Allow rule that did not match because something about the call could not be known: what to tell the caller. */
export type UnmetRule = MatchedRule;

/** What to look up, as the caller, before the call can be decided. */
export interface NeededObjects {
  readonly object: boolean;
  readonly oldObject: boolean;
  readonly parentObject: boolean;
  readonly namespaceObject: boolean;
}

interface Recording {
  /** How much of the call is recorded. */
  readonly auditLevel: AuditLevel;
  /** What is kept of exec, attach, logs and port-forward. */
  readonly sessions: SessionLevel;
}

interface Judged {
  /** The bundle's. */
  readonly revision: string;
}

interface Settled extends Judged, Recording {
  /** Expressions that failed, DryRun's included: for the record and for who wrote the policies. */
  readonly errors: readonly ExpressionError[];
  /** What would have been, were policies in DryRun enforced. Set where a rule of one matches, or may. */
  readonly dryRun?: DryRunOutcome;
}

export interface Allowed extends Settled {
  readonly verdict: 'Allow';
  readonly winner: MatchedRule;
}

export interface ApprovalRequired extends Settled {
  readonly verdict: 'RequireApproval';
  /** The first of the rules; `approval` names them all. */
  readonly winner: MatchedRule;
  /** Once these are satisfied the call is permitted, without an Allow beside it. */
  readonly approval: ApprovalTerms;
}

export type Denied = Settled & {
  readonly verdict: 'Deny';
  /** What the API server said where it did not show an object that the decision looked at: for the caller. */
  readonly lookupRefusal?: string;
} & (
    | { readonly cause: 'Rule'; readonly winner: MatchedRule }
    /** No rule permits the call. */
    | { readonly cause: 'NoRule'; readonly unmet: readonly UnmetRule[] }
    /** The call writes Chaperone's own objects, which no policy can permit. */
    | { readonly cause: 'SelfAdministration' }
  );

/** Nothing denies the call so far and something may permit it: look up what is needed and decide again. */
export interface ObjectsNeeded extends Judged {
  readonly verdict: 'NeedsObject';
  readonly needs: NeededObjects;
}

export type Decision = Allowed | Denied | ApprovalRequired | ObjectsNeeded;

/** `Undetermined`: it depends on what nobody had to look up for the decision itself. */
export interface DryRunOutcome {
  readonly verdict: 'Allow' | 'Deny' | 'RequireApproval' | 'Undetermined';
  /** Undefined where no rule would have permitted the call, or the verdict is Undetermined. */
  readonly winner: MatchedRule | undefined;
  /** The rules in DryRun that match, in order. */
  readonly matched: readonly MatchedRule[];
  /** To be looked up for a verdict. Nothing has to be: with it unknown, the engine answers as it would for such a call. */
  readonly needs: NeededObjects;
}

import type { Action } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { CompiledBundle, CompiledRule } from './compiled-bundle.ts';
import type { Decision } from './decision.ts';
import { decideOver } from './engine.ts';
import { checkSentence, decisionSentence, ruleSentence } from './explanation-sentences.ts';
import type { PolicyInput } from './policy-input.ts';
import { newJudgedCall, type Checked, type Judgement } from './rule-judge.ts';
import type { CheckName } from './rule-checks.ts';

/** Why a call is decided as it is: every rule that was considered, in order, and what each came to. */
export interface Explanation {
  readonly decision: Decision;
  /** The decision in words. */
  readonly sentence: string;
  /** Empty where no policy was asked. */
  readonly rules: readonly RuleExplanation[];
}

export interface RuleExplanation {
  readonly policy: string;
  readonly generation: number;
  readonly rule: string;
  readonly action: Action;
  /** What a rule in DryRun comes to is recorded and changes no call. */
  readonly mode: 'Enforce' | 'DryRun';
  readonly outcome: 'Matches' | 'DoesNotMatch' | 'NeedsObject';
  /** In the order in which they were made; after one that fails no other is. */
  readonly checks: readonly CheckExplanation[];
  readonly sentence: string;
}

export interface CheckExplanation {
  readonly check: CheckName;
  /** `Unknown` matches Deny and RequireApproval and does not match Allow. */
  readonly result: 'Matches' | 'DoesNotMatch' | 'Unknown' | 'NeedsObject';
  /** Of a call with two readings, the verb of the one that was checked. */
  readonly verb?: string;
  /** The name of the expression. */
  readonly condition?: string;
  readonly sentence: string;
}

/** Decides by every rule, not only by those of the index, and tells of each what came of it. Never throws. */
export function explain(bundle: CompiledBundle, input: PolicyInput): Explanation {
  const call = newJudgedCall(bundle, input);
  const checks = new Map<CompiledRule, Checked[]>();
  const judgements: Judgement[] = [];
  const decision = decideOver(bundle.rules, call, {
    checked(check) {
      const known = checks.get(check.rule);
      if (known === undefined) checks.set(check.rule, [check]);
      else known.push(check);
    },
    judged(judgement) {
      judgements.push(judgement);
    },
  });
  const hasReadings = call.readings.length > 1;
  return {
    decision,
    sentence: decisionSentence(decision),
    rules: judgements.map((judgement) =>
      ruleExplanation(judgement, (checks.get(judgement.rule) ?? []).filter(isTelling), hasReadings),
    ),
  };
}

/** Most rules restrict little: that something they do not ask about matches says nothing. */
function isTelling({ check, truth, rule }: Checked): boolean {
  if (truth.kind !== 'true') return true;
  switch (check) {
    case 'exit':
      return false;
    case 'expiry':
      return rule.policy.expiresAt !== Infinity;
    case 'namespace':
      return rule.namespaces !== undefined;
    case 'namespaceSelector':
      return rule.namespaceSelector !== undefined;
    case 'name':
      return rule.resourceNames !== undefined;
    case 'objectSelector':
      return rule.objectSelector !== undefined;
    case 'subject':
    case 'verb':
    case 'resource':
    case 'matchCondition':
    case 'condition':
      return true;
    default:
      return check satisfies never;
  }
}

const outcomes = { yes: 'Matches', no: 'DoesNotMatch', pending: 'NeedsObject' } as const;
const results = { true: 'Matches', false: 'DoesNotMatch', unknown: 'Unknown', pending: 'NeedsObject' } as const;

function ruleExplanation(judgement: Judgement, checks: readonly Checked[], hasReadings: boolean): RuleExplanation {
  const { rule, match } = judgement;
  return {
    policy: rule.policy.name,
    generation: rule.policy.generation,
    rule: rule.name,
    action: rule.action,
    mode: rule.policy.dryRun ? 'DryRun' : 'Enforce',
    outcome: outcomes[match],
    checks: checks.map((checked) => checkExplanation(checked, hasReadings)),
    sentence: ruleSentence(judgement, checks),
  };
}

function checkExplanation(checked: Checked, hasReadings: boolean): CheckExplanation {
  const { check, truth, reading, condition } = checked;
  return {
    check,
    result: results[truth.kind],
    ...(hasReadings && reading !== undefined ? { verb: reading.verb } : {}),
    ...(condition === undefined ? {} : { condition: condition.name }),
    sentence: checkSentence(checked),
  };
}

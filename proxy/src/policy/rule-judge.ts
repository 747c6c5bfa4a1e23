import type { FailureReason } from '@chaperone/crds/expression/failure';
import type { CompiledBundle, CompiledCondition, CompiledRule } from './compiled-bundle.ts';
import { ConditionJudge } from './condition-judge.ts';
import type { PolicyInput } from './policy-input.ts';
import { readingsOf, type Reading } from './reading.ts';
import { forAction, gates, restrictions, type CheckName } from './rule-checks.ts';
import type { PolicySet } from './subject-index.ts';
import { FALSE, NOTHING, OLD_OBJECT, truthOf, type Needs, type Truth } from './truth.ts';

/** An expression that failed, which is to be repaired by who wrote it. Says nothing of the data that it failed on. */
export interface ExpressionError {
  readonly policy: string;
  readonly rule: string;
  readonly list: CompiledCondition['list'];
  readonly condition: string;
  readonly reason: FailureReason;
  /** Of a policy in DryRun: it changed nothing. */
  readonly dryRun: boolean;
}

/** What became of one rule. */
export interface Judgement {
  readonly rule: CompiledRule;
  /** `pending`: it depends on what it `needs`. Unknown things are counted as the rule's action says. */
  readonly match: 'yes' | 'no' | 'pending';
  readonly needs: Needs;
  /** What could not be known, and so was taken to match (Deny, RequireApproval) or not to match (Allow). */
  readonly unknown: readonly CheckName[];
  readonly errors: readonly ExpressionError[];
}

/** A call with all that is worked out once and used by every rule. */
export interface JudgedCall {
  readonly input: PolicyInput;
  readonly revision: string;
  readonly policies: PolicySet;
  readonly readings: readonly JudgedReading[];
}

interface JudgedReading {
  readonly reading: Reading;
  readonly conditions: ConditionJudge;
}

/** Is told every check that is made, for explanations; the checks are the same with and without. */
export interface Tracer {
  checked(check: Checked): void;
}

export interface Checked {
  readonly rule: CompiledRule;
  /** Undefined for what does not depend on how the call is read. */
  readonly reading: Reading | undefined;
  readonly check: CheckName;
  readonly truth: Truth;
  /** For `condition` and `matchCondition`. */
  readonly condition?: CompiledCondition;
  readonly failure?: FailureReason | undefined;
}

export function newJudgedCall(bundle: Pick<CompiledBundle, 'revision' | 'policiesOf'>, input: PolicyInput): JudgedCall {
  return {
    input,
    revision: bundle.revision,
    policies: bundle.policiesOf(input.caller),
    readings: readingsOf(input).map((reading) => ({ reading, conditions: new ConditionJudge(reading) })),
  };
}

/** Judges one rule. Pure; the one implementation for decisions and explanations alike. */
export function judgeRule(rule: CompiledRule, call: JudgedCall, tracer?: Tracer): Judgement {
  const { policy } = rule;
  const expiry = truthOf(call.input.now < policy.expiresAt);
  tracer?.checked({ rule, reading: undefined, check: 'expiry', truth: expiry });
  if (expiry === FALSE) return noMatch(rule);
  const subject = truthOf(call.policies[policy.index] === 1);
  tracer?.checked({ rule, reading: undefined, check: 'subject', truth: subject });
  if (subject === FALSE) return noMatch(rule);
  const [first, second] = call.readings;
  if (first === undefined) return noMatch(rule);
  const judgement = judgeReading(rule, first, tracer);
  return second === undefined
    ? judgement
    : combine(judgement, judgeReading(rule, second, tracer), call.input.oldObject.kind === 'pending');
}

const noMatch = (rule: CompiledRule, unknown: readonly CheckName[] = NONE): Judgement => ({
  rule,
  match: 'no',
  needs: NOTHING,
  unknown,
  errors: NONE,
});

const NONE: readonly never[] = [];

function judgeReading(rule: CompiledRule, { reading, conditions }: JudgedReading, tracer: Tracer | undefined) {
  const tally = new Tally(rule, reading, tracer);
  for (const [name, judge] of gates) {
    if (!tally.goesOn(name, judge(rule, reading))) return tally.judgement();
  }
  const mayEvaluate = tally.needs === NOTHING;
  for (const [name, judge] of restrictions) {
    if (!tally.goesOn(name, judge(rule, reading))) return tally.judgement();
  }
  if (!mayEvaluate) return tally.judgement();
  for (const condition of rule.policy.matchConditions) {
    if (!judgeCondition(condition, conditions, tally)) return tally.judgement();
  }
  for (const condition of rule.conditions) {
    if (!judgeCondition(condition, conditions, tally)) return tally.judgement();
  }
  return tally.judgement();
}

function judgeCondition(condition: CompiledCondition, conditions: ConditionJudge, tally: Tally): boolean {
  const results = conditions.judge(condition);
  const truth = forAction(
    tally.rule.action,
    results.map((result) => result.truth),
  );
  // One that did not matter, since the other object decided, is a failure all the same.
  const failure = results.find((result) => result.failure !== undefined)?.failure;
  return tally.goesOn(condition.list === 'conditions' ? 'condition' : 'matchCondition', truth, { condition, failure });
}

/** What has been found out about one rule and one reading. */
class Tally {
  readonly rule: CompiledRule;
  needs: Needs = NOTHING;
  readonly #reading: Reading;
  readonly #tracer: Tracer | undefined;
  #failed = false;
  #unknown: CheckName[] | undefined;
  #errors: ExpressionError[] | undefined;

  constructor(rule: CompiledRule, reading: Reading, tracer: Tracer | undefined) {
    this.rule = rule;
    this.#reading = reading;
    this.#tracer = tracer;
  }

  /** Takes note of a check. False where the rule cannot match any more. */
  goesOn(check: CheckName, truth: Truth, expression?: Pick<Checked, 'condition' | 'failure'>): boolean {
    this.#tracer?.checked({ rule: this.rule, reading: this.#reading, check, truth, ...expression });
    if (expression?.condition !== undefined && expression.failure !== undefined)
      this.#noteError(expression.condition, expression.failure);
    this.needs |= truth.needs;
    if (truth.kind === 'unknown') (this.#unknown ??= []).push(check);
    this.#failed = truth.kind === 'false' || (truth.kind === 'unknown' && this.rule.action === 'Allow');
    return !this.#failed;
  }

  judgement(): Judgement {
    const { rule, needs } = this;
    const match = needs === NOTHING ? 'yes' : 'pending';
    return {
      rule,
      match: this.#failed ? 'no' : match,
      needs: this.#failed ? NOTHING : needs,
      unknown: this.#unknown ?? NONE,
      errors: this.#errors ?? NONE,
    };
  }

  #noteError({ list, name }: CompiledCondition, reason: FailureReason): void {
    const { policy, name: rule } = this.rule;
    (this.#errors ??= []).push({ policy: policy.name, rule, list, condition: name, reason, dryRun: policy.dryRun });
  }
}

/**
 * Of a PUT or an apply that may create: where the rule says the same of both readings it is the same; where it differs,
 * the old object tells, and if that cannot be had Deny and RequireApproval match by either, Allow by both alone.
 */
function combine(one: Judgement, other: Judgement, oldObjectIsPending: boolean): Judgement {
  const { rule } = one;
  const unknown = [...new Set([...one.unknown, ...other.unknown])];
  const errors = [
    ...one.errors,
    ...other.errors.filter((error) => !one.errors.some((known) => sameError(known, error))),
  ];
  if (one.match === other.match && one.match !== 'pending')
    return { rule, match: one.match, needs: NOTHING, unknown, errors };
  const needs = one.needs | other.needs;
  if (oldObjectIsPending) return { rule, match: 'pending', needs: needs | OLD_OBJECT, unknown, errors };
  const decisive = rule.action === 'Allow' ? 'no' : 'yes';
  const isDecided = one.match === decisive || other.match === decisive;
  const assumed: readonly CheckName[] = isDecided && !unknown.includes('verb') ? [...unknown, 'verb'] : unknown;
  return isDecided
    ? { rule, match: decisive, needs: NOTHING, unknown: assumed, errors }
    : { rule, match: 'pending', needs, unknown, errors };
}

const sameError = (one: ExpressionError, other: ExpressionError): boolean =>
  one.list === other.list && one.condition === other.condition && one.reason === other.reason;

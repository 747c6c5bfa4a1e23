import { GROUP } from '@chaperone/crds/v1alpha1/groupversion';
import { approvalTerms } from './approval-terms.ts';
import type { CompiledBundle, CompiledRule } from './compiled-bundle.ts';
import type { Decision, DryRunOutcome, MatchedRule, NeededObjects } from './decision.ts';
import { UNKNOWN_OBJECT, type Knowledge, type PolicyInput } from './policy-input.ts';
import { auditLevelOf, sessionLevelOf } from './recording-levels.ts';
import { judgeRule, newJudgedCall, type JudgedCall, type Judgement, type Tracer } from './rule-judge.ts';
import { NAMESPACE_OBJECT, NOTHING, OBJECT, OLD_OBJECT, PARENT_OBJECT, type Needs } from './truth.ts';

/**
 * Decides about a call by one bundle.
 *
 * With everything pending this is the static phase: the answer is final, or says what to look up. A call that nothing
 * can permit is refused without looking anything up, so nothing is sent upstream for it. Pure; never throws; a
 * decision Allow stays Allow whatever becomes known of what was unknown or pending.
 */
export function decide(bundle: CompiledBundle, input: PolicyInput): Decision {
  return decideOver(bundle.rulesFor(input.attributes), newJudgedCall(bundle, input));
}

/** What is told of each rule, for explanations. */
export interface DecisionTracer extends Tracer {
  judged(judgement: Judgement): void;
}

/** Decides by these rules. Rules that cannot match change nothing, so all of them decide as those of the index do. */
export function decideOver(rules: readonly CompiledRule[], call: JudgedCall, tracer?: DecisionTracer): Decision {
  if (isSelfAdministration(call.input)) {
    const recording = { auditLevel: 'Metadata', sessions: 'Metadata' } as const;
    return { verdict: 'Deny', cause: 'SelfAdministration', revision: call.revision, errors: [], ...recording };
  }
  const enforced: Judgement[] = [];
  const dryRun: Judgement[] = [];
  for (const rule of rules) {
    const judgement = judgeRule(rule, call, tracer);
    tracer?.judged(judgement);
    // An Allow that failed for want of knowledge is kept for the answer, an error for the record.
    if (judgement.match === 'no' && judgement.unknown.length === 0 && judgement.errors.length === 0) continue;
    (rule.policy.dryRun ? dryRun : enforced).push(judgement);
  }
  return conclude(call, enforced, dryRun);
}

const READ_VERBS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/**
 * Whoever may write policies or approvals through the gateway is bound by none, and so is whoever may take their kinds
 * away or have another server convert them. A ServiceAccount under its own name never may: it carries no
 * `chaperone.dev/via`, by which admission tells its calls from direct ones.
 */
function isSelfAdministration({ attributes, caller, allowSelfAdministration }: PolicyInput): boolean {
  const writes = attributes.isResourceRequest && !READ_VERBS.has(attributes.judgedVerb);
  if (!writes || !(attributes.apiGroup === GROUP || isOwnKind(attributes))) return false;
  return !(allowSelfAdministration && caller.impersonation.via);
}

/**
 * A CustomResourceDefinition of ours; any number of them may be among a collection. A POST makes none that is there
 * already.
 */
function isOwnKind({ apiGroup, resource, judgedVerb, name }: PolicyInput['attributes']): boolean {
  if (apiGroup !== 'apiextensions.k8s.io' || resource !== 'customresourcedefinitions') return false;
  return judgedVerb === 'deletecollection' || name.endsWith(`.${GROUP}`);
}

/** What matches, sorted by what it does; what is pending apart. Each in order. */
interface Standing {
  readonly denies: readonly Judgement[];
  readonly holds: readonly Judgement[];
  readonly allows: readonly Judgement[];
  readonly pending: readonly Judgement[];
}

function standingOf(judgements: readonly Judgement[]): Standing {
  const ordered = judgements.toSorted((left, right) => left.rule.position - right.rule.position);
  const matching = ordered.filter(({ match }) => match === 'yes');
  return {
    denies: matching.filter(({ rule }) => rule.action === 'Deny'),
    holds: matching.filter(({ rule }) => rule.action === 'RequireApproval'),
    allows: matching.filter(({ rule }) => rule.action === 'Allow'),
    pending: ordered.filter(({ match }) => match === 'pending'),
  };
}

/** Deny beats RequireApproval beats Allow; where nothing matches there is no winner, and the call is refused. */
type Outcome =
  | { readonly verdict: 'Deny' | 'RequireApproval' | 'Allow'; readonly winner: MatchedRule }
  | { readonly verdict: 'NoRule' }
  | { readonly verdict: 'NeedsObject'; readonly needs: Needs };

function outcomeOf({ denies, holds, allows, pending }: Standing): Outcome {
  if (denies.length > 0) return won('Deny', denies);
  const mayPermit = [...holds, ...allows, ...pending].some(({ rule }) => rule.action !== 'Deny');
  if (!mayPermit) return { verdict: 'NoRule' };
  const permitted = holds.length + allows.length > 0;
  const decisive = pending.filter(({ rule }) => !(permitted && rule.action === 'Allow'));
  // Not empty: what may permit the call and does not yet is among it.
  if (decisive.length > 0)
    return { verdict: 'NeedsObject', needs: decisive.reduce((bits, { needs }) => bits | needs, NOTHING) };
  return holds.length > 0 ? won('RequireApproval', holds) : won('Allow', allows);
}

/** The first that matches for certain, else the first. */
function won(verdict: 'Deny' | 'RequireApproval' | 'Allow', judgements: readonly Judgement[]): Outcome {
  const winner = judgements.find(({ unknown }) => unknown.length === 0) ?? judgements[0];
  return winner === undefined ? { verdict: 'NoRule' } : { verdict, winner: matchedRule(winner) };
}

/** So many rules that lacked knowledge are named in a refusal. */
const MAX_UNMET = 3;

function conclude(call: JudgedCall, enforced: readonly Judgement[], dryRun: readonly Judgement[]): Decision {
  const { revision } = call;
  const standing = standingOf(enforced);
  const outcome = outcomeOf(standing);
  const errors = [...enforced, ...dryRun].flatMap((judgement) => judgement.errors);
  if (outcome.verdict === 'NeedsObject')
    return { verdict: 'NeedsObject', needs: neededObjects(outcome.needs), revision };

  const refused = outcome.verdict === 'Deny' || outcome.verdict === 'NoRule';
  const wouldHaveBeen = dryRunOutcome({ call, enforced, dryRun, refused });
  const { denies, holds, allows, pending } = standing;
  // Allow rules that are left pending change no verdict; they are counted, so that in doubt more is recorded.
  const rules = [...denies, ...holds, ...allows, ...(refused ? [] : pending)].map(({ rule }) => rule);
  const settled = {
    revision,
    errors,
    auditLevel: auditLevelOf({
      rules,
      attributes: call.input.attributes,
      mayBeSilent:
        outcome.verdict === 'Allow' && (wouldHaveBeen === undefined || wouldHaveBeen.verdict === outcome.verdict),
    }),
    sessions: sessionLevelOf(rules),
    ...(wouldHaveBeen === undefined ? {} : { dryRun: wouldHaveBeen }),
  };
  switch (outcome.verdict) {
    case 'Deny':
      return { verdict: 'Deny', cause: 'Rule', winner: outcome.winner, ...settled };
    case 'NoRule':
      return { verdict: 'Deny', cause: 'NoRule', unmet: unmetRules(enforced), ...settled };
    case 'RequireApproval':
      return {
        verdict: 'RequireApproval',
        winner: outcome.winner,
        approval: approvalTerms(holds.map(({ rule }) => rule)),
        ...settled,
      };
    case 'Allow':
      return { verdict: 'Allow', winner: outcome.winner, ...settled };
    default:
      return outcome satisfies never;
  }
}

const unmetRules = (judgements: readonly Judgement[]): readonly MatchedRule[] =>
  judgements
    .filter(({ rule, match, unknown }) => rule.action === 'Allow' && match === 'no' && unknown.length > 0)
    .toSorted((left, right) => left.rule.position - right.rule.position)
    .slice(0, MAX_UNMET)
    .map(matchedRule);

interface DryRunInput {
  readonly call: JudgedCall;
  readonly enforced: readonly Judgement[];
  readonly dryRun: readonly Judgement[];
  readonly refused: boolean;
}

function dryRunOutcome({ call, enforced, dryRun, refused }: DryRunInput): DryRunOutcome | undefined {
  const relevant = dryRun.filter(({ match }) => match !== 'no');
  if (relevant.length === 0) return undefined;
  // Nothing is looked up for a call that is refused: what is pending is then as good as unknown.
  const final = refused ? settle(call) : call;
  const judgements = refused
    ? [...enforced, ...dryRun].map(({ rule }) => judgeRule(rule, final))
    : [...enforced, ...dryRun];
  const outcome = outcomeOf(standingOf(judgements));
  const matched = standingOf(judgements.filter(({ rule }) => rule.policy.dryRun));
  return {
    ...verdictOf(outcome),
    matched: [...matched.denies, ...matched.holds, ...matched.allows].map(matchedRule),
    needs: neededObjects(outcome.verdict === 'NeedsObject' ? outcome.needs : NOTHING),
  };
}

function verdictOf(outcome: Outcome): Pick<DryRunOutcome, 'verdict' | 'winner'> {
  switch (outcome.verdict) {
    case 'NeedsObject':
      return { verdict: 'Undetermined', winner: undefined };
    case 'NoRule':
      return { verdict: 'Deny', winner: undefined };
    case 'Deny':
    case 'RequireApproval':
    case 'Allow':
      return outcome;
    default:
      return outcome satisfies never;
  }
}

/** The call, with what is pending given up. */
function settle({ input, revision, policies }: JudgedCall): JudgedCall {
  const settled = settledInput(input);
  return { ...newJudgedCall({ revision, policiesOf: () => policies }, settled) };
}

const givenUp = (knowledge: Knowledge): Knowledge => (knowledge.kind === 'pending' ? UNKNOWN_OBJECT : knowledge);

/** The input once nothing more can be looked up: what is pending becomes unknown, and every decision final. */
export const settledInput = (input: PolicyInput): PolicyInput => ({
  ...input,
  object: givenUp(input.object),
  oldObject: givenUp(input.oldObject),
  parentObject: givenUp(input.parentObject),
  namespaceObject: givenUp(input.namespaceObject),
});

const neededObjects = (needs: Needs): NeededObjects => ({
  object: (needs & OBJECT) !== 0,
  oldObject: (needs & OLD_OBJECT) !== 0,
  parentObject: (needs & PARENT_OBJECT) !== 0,
  namespaceObject: (needs & NAMESPACE_OBJECT) !== 0,
});

const matchedRule = ({ rule, unknown }: Judgement): MatchedRule => ({
  policy: rule.policy.name,
  generation: rule.policy.generation,
  rule: rule.name,
  action: rule.action,
  reason: rule.reason,
  unknown,
});

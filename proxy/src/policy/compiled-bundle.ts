import type { Bundle, BundlePolicy } from '@chaperone/crds/bundle/bundle';
import { newRuleIndex } from '@chaperone/crds/bundle/rule-index';
import type { CompiledExpression } from '@chaperone/crds/expression/environment';
import { compile } from '@chaperone/crds/expression/policy';
import type { Action, AuditLevel, SessionLevel } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { NamedExpression, PolicyRule, Reviewer } from '@chaperone/crds/v1alpha1/generated/api';
import { parseDuration } from '@chaperone/crds/validation/duration';
import { parseDateTime } from '@chaperone/crds/validation/schema';
import type { Fingerprint } from '../masking/engine/mask-leaf.ts';
import { compileMasking, type CompiledMasking } from '../masking/engine/masking.ts';
import { redacted } from '../masking/text/placeholder.ts';
import { BoundedCache } from './bounded-cache.ts';
import { compileSelector, type CompiledSelector } from './label-facts.ts';
import type { PolicyAttributes, PolicyCaller } from './policy-input.ts';
import { SubjectIndex, type PolicySet } from './subject-index.ts';

/** One expression of a policy. */
export interface CompiledCondition {
  readonly name: string;
  readonly list: 'matchConditions' | 'conditions';
  /** One and the same for the same text, wherever it stands. */
  readonly program: CompiledExpression;
  /** It may read `request.name`; a list's or a create's is not known. */
  readonly readsName: boolean;
  /** It may read `request.namespace`. */
  readonly readsNamespace: boolean;
}

export interface CompiledPolicy {
  /** Its number in the order of names. */
  readonly index: number;
  readonly name: string;
  readonly generation: number;
  readonly dryRun: boolean;
  /** Milliseconds since the epoch, from which on it says nothing; Infinity where it stands until it is deleted. */
  readonly expiresAt: number;
  readonly matchConditions: readonly CompiledCondition[];
}

export interface CompiledApproval {
  readonly reviewers: readonly Reviewer[];
  readonly required: number;
  readonly holdForMs: number;
  readonly expiresAfterMs: number;
  readonly autoRetry: boolean;
  readonly onPreviewFailure: 'Deny' | 'Proceed';
}

export interface CompiledRule {
  /** Its number in the order of policies' names and of rules within. */
  readonly position: number;
  readonly policy: CompiledPolicy;
  readonly name: string;
  readonly action: Action;
  readonly reason: string | undefined;
  readonly verbs: ReadonlySet<string>;
  readonly apiGroups: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
  readonly nonResourceURLs: readonly string[];
  /** Undefined where every name matches; so for all that follow. */
  readonly resourceNames: ReadonlySet<string> | undefined;
  readonly namespaces: ReadonlySet<string> | undefined;
  readonly namespaceSelector: CompiledSelector | undefined;
  readonly objectSelector: CompiledSelector | undefined;
  readonly conditions: readonly CompiledCondition[];
  readonly auditLevel: AuditLevel | undefined;
  readonly sessions: SessionLevel | undefined;
  /** Set for RequireApproval and for nothing else. */
  readonly approval: CompiledApproval | undefined;
}

/** A bundle in the form that decisions need. Holds no state of a decision; a new revision is a new one. */
export interface CompiledBundle {
  readonly revision: string;
  /** All rules, in order. */
  readonly rules: readonly CompiledRule[];
  /** Those whose groups and resources, or paths, name the call's. The others cannot match. In order. */
  rulesFor(attributes: PolicyAttributes): readonly CompiledRule[];
  policiesOf(caller: PolicyCaller): PolicySet;
  /** How bodies are masked, by the MaskingRules of the same revision. */
  readonly masking: CompiledMasking;
}

/** The calls that differ in resource are few, those that callers can make up are not. */
const CACHED_CALLS = { maxEntries: 1_024, maxKeyLength: 256 } as const;

export type BundleCompileErrorCode = 'InvalidExpression' | 'InvalidTime' | 'InvalidApproval';

/**
 * A bundle holds what no operator of this version would have accepted. It is refused whole, as one with a wrong hash is:
 * leaving out one rule would leave out a Deny.
 */
export class BundleCompileError extends Error {
  override readonly name = 'BundleCompileError';
  readonly code: BundleCompileErrorCode;

  constructor(code: BundleCompileErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Compiles a bundle: once per revision, never per call.
 *
 * @param fingerprint where rules ask for fingerprints; without a key to make them, values are redacted.
 * @throws BundleCompileError, MaskingCompileError
 */
export function compileBundle(
  bundle: Pick<Bundle, 'revision' | 'policies'> & Partial<Pick<Bundle, 'maskingRules'>>,
  fingerprint: Fingerprint = redacted,
): CompiledBundle {
  // Sorted already where it was encoded: the winner of several rules must not depend on who made the bundle.
  const sources = bundle.policies.toSorted((left, right) => compareText(left.name, right.name));
  const conditions = new ConditionCompiler();
  const policies = sources.map((source, index) => compilePolicy(source, index, conditions));
  const rules: CompiledRule[] = [];
  for (const [index, policy] of policies.entries()) {
    for (const source of sources[index]?.spec.rules ?? []) {
      rules.push(compileRule(source, policy, rules.length, conditions));
    }
  }
  const masking = compileMasking({ maskingRules: bundle.maskingRules ?? [] }, fingerprint);
  return new IndexedBundle(bundle.revision, rules, sources, masking);
}

class IndexedBundle implements CompiledBundle {
  readonly revision: string;
  readonly rules: readonly CompiledRule[];
  readonly masking: CompiledMasking;
  readonly #index: ReturnType<typeof newRuleIndex>;
  readonly #subjects: SubjectIndex;
  readonly #byResource = new BoundedCache<readonly CompiledRule[]>(CACHED_CALLS);
  readonly #byPath = new BoundedCache<readonly CompiledRule[]>(CACHED_CALLS);

  constructor(
    revision: string,
    rules: readonly CompiledRule[],
    sources: readonly BundlePolicy[],
    masking: CompiledMasking,
  ) {
    this.revision = revision;
    this.masking = masking;
    this.rules = rules;
    this.#index = newRuleIndex(sources);
    this.#subjects = new SubjectIndex(sources.map(({ spec }) => spec.subjects));
  }

  rulesFor(attributes: PolicyAttributes): readonly CompiledRule[] {
    const { isResourceRequest, apiGroup, resource, subresource, path } = attributes;
    return isResourceRequest
      ? this.#byResource.get(resourceKey(attributes), () =>
          this.#compiled(this.#index.forResource({ apiGroup, resource, subresource })),
        )
      : this.#byPath.get(path, () => this.#compiled(this.#index.forNonResourcePath(path)));
  }

  policiesOf(caller: PolicyCaller): PolicySet {
    return this.#subjects.policiesOf(caller);
  }

  #compiled(found: readonly { readonly position: number }[]): CompiledRule[] {
    return found.flatMap(({ position }) => this.rules[position] ?? []);
  }
}

/** With the lengths, so that no two calls share a key whatever characters somebody gets into a path. */
const resourceKey = ({ apiGroup, resource, subresource }: PolicyAttributes): string =>
  `${apiGroup.length},${resource.length},${apiGroup}${resource}${subresource}`;

function compilePolicy({ name, generation, spec }: BundlePolicy, index: number, conditions: ConditionCompiler) {
  const at = `policy ${name}`;
  return {
    index,
    name,
    generation,
    dryRun: spec.mode === 'DryRun',
    expiresAt: expiryOf(spec.expiresAt, at),
    matchConditions: conditions.compileAll(spec.matchConditions, 'matchConditions', at),
  };
}

function expiryOf(text: string | undefined, at: string): number {
  if (text === undefined) return Infinity;
  const time = parseDateTime(text);
  if (time === undefined) throw new BundleCompileError('InvalidTime', `${at}: expiresAt is no time`);
  return time;
}

function compileRule(
  rule: PolicyRule,
  policy: CompiledPolicy,
  position: number,
  conditions: ConditionCompiler,
): CompiledRule {
  const at = `rule ${rule.name} of policy ${policy.name}`;
  return {
    position,
    policy,
    name: rule.name,
    action: rule.action,
    reason: rule.reason,
    verbs: new Set(rule.verbs),
    apiGroups: new Set(rule.apiGroups),
    resources: new Set(rule.resources),
    nonResourceURLs: rule.nonResourceURLs ?? [],
    resourceNames: setOf(rule.resourceNames?.length === 0 ? undefined : rule.resourceNames),
    namespaces: setOf(rule.namespaces),
    namespaceSelector: rule.namespaceSelector && compileSelector(rule.namespaceSelector),
    objectSelector: rule.objectSelector && compileSelector(rule.objectSelector),
    conditions: conditions.compileAll(rule.conditions, 'conditions', at),
    auditLevel: rule.auditLevel,
    sessions: rule.sessions,
    approval: rule.action === 'RequireApproval' ? compileApproval(rule, at) : undefined,
  };
}

const setOf = (list: readonly string[] | undefined): ReadonlySet<string> | undefined => list && new Set(list);

function compileApproval({ approval }: PolicyRule, at: string): CompiledApproval {
  const holdForMs = parseDuration(approval?.holdFor ?? '');
  const expiresAfterMs = parseDuration(approval?.expiresAfter ?? '');
  if (approval === undefined || holdForMs === undefined || expiresAfterMs === undefined)
    throw new BundleCompileError('InvalidApproval', `${at}: approval is missing or has a duration that is none`);
  const { reviewers, required, autoRetry, onPreviewFailure } = approval;
  return { reviewers, required, holdForMs, expiresAfterMs, autoRetry, onPreviewFailure };
}

/** Compiles each text once: policies share conditions, and an evaluation is remembered by its program. */
class ConditionCompiler {
  readonly #programs = new Map<string, CompiledExpression>();

  compileAll(
    expressions: readonly NamedExpression[] | undefined,
    list: CompiledCondition['list'],
    at: string,
  ): readonly CompiledCondition[] {
    return (expressions ?? []).map(({ name, expression }) => {
      const program = this.#programs.get(expression) ?? this.#compile(expression, `${at}: ${list} ${name}`);
      this.#programs.set(expression, program);
      return {
        name,
        list,
        program,
        // `request` is no value by itself, so what reads a field of it spells the field's name.
        readsName: program.references.has('request') && /\bname\b/u.test(expression),
        readsNamespace: program.references.has('request') && /\bnamespace\b/u.test(expression),
      };
    });
  }

  #compile(source: string, at: string): CompiledExpression {
    const result = compile(source);
    if (result.kind === 'compiled') return result.expression;
    throw new BundleCompileError('InvalidExpression', `${at}: ${result.findings[0]?.message ?? 'does not compile'}`);
  }
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

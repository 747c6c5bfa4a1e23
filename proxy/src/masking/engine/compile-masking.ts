import type { BundleMaskingRule } from '@chaperone/crds/bundle/bundle';
import { resourcePatternMatches } from '@chaperone/crds/bundle/resource-match';
import { compileRegex } from '@chaperone/crds/expression/regex';
import { parseFieldPath, type FieldPath } from '@chaperone/crds/validation/fieldpath';
import type { MaskingTarget } from '@chaperone/crds/v1alpha1/maskingrule';
import { SubjectIndex } from '../../policy/subject-index.ts';
import type { DetectorKind, NamedPattern } from '../text/find.ts';
import type { Cause } from './cause.ts';
import type { ResourceFacts } from './plan.ts';

/** A MaskingRule in the form that masking needs. */
export interface CompiledRule {
  /** Its number in the order of names. */
  readonly index: number;
  /** All that the rule says: equal where two bundles hold the same rule. */
  readonly identity: string;
  readonly cause: Cause;
  /** Undefined where it restricts nothing; so for all that follow. */
  readonly apiGroups: ReadonlySet<string> | undefined;
  readonly resources: readonly string[] | undefined;
  readonly namespaces: ReadonlySet<string> | undefined;
  readonly hasSubjects: boolean;
  readonly fields: readonly FieldPath[];
  readonly patterns: readonly NamedPattern[];
  readonly detectors: readonly DetectorKind[];
  readonly targets: ReadonlySet<MaskingTarget>;
}

export type MaskingCompileErrorCode = 'InvalidField' | 'InvalidPattern';

/**
 * A bundle holds a MaskingRule that no operator of this version would have accepted. It is refused whole: leaving out
 * the rule would show what it masks.
 */
export class MaskingCompileError extends Error {
  override readonly name = 'MaskingCompileError';
  readonly code: MaskingCompileErrorCode;

  constructor(code: MaskingCompileErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface CompiledRules {
  /** Sorted by name. */
  readonly rules: readonly CompiledRule[];
  /** By the caller, in the order of the rules. */
  readonly subjects: SubjectIndex;
}

/**
 * Compiles the rules of a bundle, once per revision.
 * @throws MaskingCompileError
 */
export function compileRules(sources: readonly BundleMaskingRule[]): CompiledRules {
  const sorted = sources.toSorted((left, right) => compareText(left.name, right.name));
  return {
    rules: sorted.map((source, index) => compileRule(source, index)),
    subjects: new SubjectIndex(sorted.map(({ spec }) => spec.match?.subjects ?? [])),
  };
}

function compileRule({ name, spec }: BundleMaskingRule, index: number): CompiledRule {
  const { match = {}, fields = [], patterns = [], detectors = [], replacement, targets } = spec;
  return {
    index,
    identity: JSON.stringify([name, spec]),
    cause: { name, replacement, alwaysOn: false },
    apiGroups: match.apiGroups && new Set(match.apiGroups),
    resources: match.resources,
    namespaces: match.namespaces && new Set(match.namespaces),
    hasSubjects: match.subjects !== undefined,
    fields: fields.map((field) => compileField(field, name)),
    patterns: patterns.map((pattern) => compilePattern(pattern, name)),
    detectors,
    targets: new Set(targets),
  };
}

function compileField(field: string, rule: string): FieldPath {
  const result = parseFieldPath(field);
  if (result.kind === 'path') return result.path;
  throw new MaskingCompileError('InvalidField', `MaskingRule ${rule}: position ${result.offset}: ${result.message}`);
}

function compilePattern({ name, regex }: { readonly name: string; readonly regex: string }, rule: string) {
  const result = compileRegex(regex);
  if (result.kind === 'pattern') return { name: `${rule}/${name}`, pattern: result.pattern };
  throw new MaskingCompileError('InvalidPattern', `MaskingRule ${rule}, pattern ${name}: ${result.message}`);
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/**
 * Subresources that show the whole object of the resource, and take it: a rule for pods is about `pods/status`, too, or
 * whoever may read the one would see what is masked in the other.
 */
const WHOLE_OBJECT: ReadonlySet<string> = new Set(['status', 'resize', 'ephemeralcontainers', 'approval', 'finalize']);

/** Whether a rule names the resource of a call, as RBAC would. A rule that names none is about every call. */
export function namesResource(rule: CompiledRule, call: ResourceFacts): boolean {
  const { apiGroups, resources } = rule;
  if (apiGroups?.has('*') === false && !apiGroups.has(call.apiGroup)) return false;
  if (resources === undefined) return true;
  const named = (subresource: string): boolean =>
    resources.some((pattern) => resourcePatternMatches(pattern, { ...call, subresource }));
  return named(call.subresource) || (WHOLE_OBJECT.has(call.subresource) && named(''));
}

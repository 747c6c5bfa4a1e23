import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import { canonicalJson } from '@chaperone/crds/bundle/canonical-json';
import { everyVerbIncludes } from '@chaperone/crds/v1alpha1/exits';
import type { PolicyRule, Subject } from '@chaperone/crds/v1alpha1/generated/api';
import type { RuleName } from './conflict-report.ts';

/** A rule in the form in which rules are compared: sets instead of lists, absent fields told from empty ones. */
export interface ComparedRule {
  readonly name: RuleName;
  /** As the bundle orders rules. */
  readonly position: number;
  readonly action: PolicyRule['action'];
  readonly rule: PolicyRule;
  /** False for a policy in DryRun, which changes no call. */
  readonly enforced: boolean;
  /** Milliseconds since the epoch; Infinity for a policy that stands until it is deleted. */
  readonly expiresAt: number;
  /** One and the same set for the same subjects. */
  readonly subjects: ReadonlySet<string>;
  readonly verbs: VerbSet;
  readonly apiGroups: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
  readonly urls: readonly string[];
  readonly names: ReadonlySet<string> | undefined;
  readonly namespaces: ReadonlySet<string> | undefined;
  /** Canonical JSON; empty where there is none. */
  readonly namespaceSelector: string;
  readonly objectSelector: string;
  /** Texts of the rule's conditions and of its policy's. */
  readonly conditions: ReadonlySet<string>;
}

/** A set of verbs, one bit each. */
export type VerbSet = number;

export const RESOURCE_VERBS = [
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'bind',
  'escalate',
  'impersonate',
] as const;
export type ResourceVerb = (typeof RESOURCE_VERBS)[number];

const verbNames: readonly string[] = [...RESOURCE_VERBS, 'head', 'post', 'put', 'options'];

export function verbSet(verbs: readonly string[]): VerbSet {
  return verbs.reduce((set, verb) => {
    const index = verbNames.indexOf(verb);
    return index < 0 ? set : set | (1 << index);
  }, 0);
}

function verbsOf({ verbs, action }: PolicyRule): VerbSet {
  return verbs.includes('*')
    ? verbSet([...verbs, ...verbNames.filter((verb) => everyVerbIncludes(action, verb))])
    : verbSet(verbs);
}

export const verbsIn = (set: VerbSet): readonly string[] => verbNames.filter((_, index) => (set & (1 << index)) !== 0);

/** The subject that every caller is. */
export const EVERYBODY = 'Group system:authenticated';

/** Kinds and namespaces hold no blank, so the parts of a key cannot run into each other. */
const subjectKey = ({ kind, namespace, name }: Subject): string =>
  kind === 'ServiceAccount' ? `${kind} ${namespace ?? ''} ${name}` : `${kind} ${name}`;

const setOf = (values: readonly string[] | undefined): ReadonlySet<string> | undefined =>
  values === undefined || values.length === 0 ? undefined : new Set(values);

/** The rules of all policies that say anything at `now`, in milliseconds since the epoch. */
export function comparedRules(policies: readonly BundlePolicy[], now: number): readonly ComparedRule[] {
  const compared: ComparedRule[] = [];
  /** The same subjects are the same set, as they mostly are where many rules are compared. */
  const sets = new Map<string, ReadonlySet<string>>();
  const interned = (keys: readonly string[]): ReadonlySet<string> => {
    const subjects = keys.includes(EVERYBODY) ? [EVERYBODY] : keys.toSorted();
    const text = JSON.stringify(subjects);
    const set = sets.get(text) ?? new Set(subjects);
    sets.set(text, set);
    return set;
  };
  for (const { name: policy, spec } of policies.toSorted(byName)) {
    const expiresAt = spec.expiresAt === undefined ? Infinity : Date.parse(spec.expiresAt);
    if (expiresAt <= now) {
      continue;
    }
    const subjects = interned(spec.subjects.map(subjectKey));
    for (const rule of spec.rules) {
      const expressions = [...(rule.conditions ?? []), ...(spec.matchConditions ?? [])];
      compared.push({
        name: { policy, rule: rule.name },
        position: compared.length,
        action: rule.action,
        rule,
        enforced: spec.mode === 'Enforce',
        expiresAt,
        subjects,
        verbs: verbsOf(rule),
        apiGroups: new Set(rule.apiGroups),
        resources: new Set(rule.resources),
        urls: rule.nonResourceURLs ?? [],
        names: setOf(rule.resourceNames),
        namespaces: setOf(rule.namespaces),
        namespaceSelector: rule.namespaceSelector === undefined ? '' : canonicalJson(rule.namespaceSelector),
        objectSelector: rule.objectSelector === undefined ? '' : canonicalJson(rule.objectSelector),
        conditions: new Set(expressions.map(({ expression }) => expression)),
      });
    }
  }
  return compared;
}

/** When the first of the policies that have an end will say nothing any more, after `now`; Infinity for never. */
export function nextExpiry(policies: readonly BundlePolicy[], now: number): number {
  return policies.reduce((next, { spec: { expiresAt } }) => {
    const at = expiresAt === undefined ? Infinity : Date.parse(expiresAt);
    return at > now ? Math.min(next, at) : next;
  }, Infinity);
}

const byName = (left: { readonly name: string }, right: { readonly name: string }): number => {
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
};

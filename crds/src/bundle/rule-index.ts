import type { PolicyRule } from '../v1alpha1/generated/api.ts';
import type { BundlePolicy } from './bundle.ts';
import { namesNonResourcePath, qualifiedResource, type ResourceCall } from './resource-match.ts';

/** A rule and the policy that it stands in. `position` orders rules as the bundle does: by policy name, then by place. */
export interface IndexedRule {
  readonly policy: BundlePolicy;
  readonly rule: PolicyRule;
  readonly position: number;
}

/**
 * Finds the rules that name a resource without looking at all rules. Only `apiGroups`, `resources` and
 * `nonResourceURLs` are judged here: every rule found still has to match in its other fields.
 */
export interface RuleIndex {
  /** All rules, in order. */
  readonly rules: readonly IndexedRule[];
  /** The rules whose groups and resources name the call's, in order. */
  forResource(call: ResourceCall): readonly IndexedRule[];
  /** The rules whose `nonResourceURLs` match the path, in order. */
  forNonResourcePath(path: string): readonly IndexedRule[];
}

/** Builds the index: once per bundle, never per call. */
export function newRuleIndex(policies: readonly BundlePolicy[]): RuleIndex {
  const rules: IndexedRule[] = [];
  const buckets = new Map<string, IndexedRule[]>();
  const nonResource: IndexedRule[] = [];
  for (const policy of policies) {
    for (const rule of policy.spec.rules) {
      const indexed = { policy, rule, position: rules.length };
      rules.push(indexed);
      for (const key of bucketsOf(rule)) add(buckets, key, indexed);
      if (rule.nonResourceURLs !== undefined) nonResource.push(indexed);
    }
  }
  return {
    rules,
    forResource: (call) => merge(bucketsFor(call).map((key) => buckets.get(key) ?? [])),
    forNonResourcePath: (path) => nonResource.filter(({ rule }) => namesNonResourcePath(rule, path)),
  };
}

/** Neither a group nor a resource can hold a blank, so the parts of a key cannot run into each other. */
const bucket = (group: string, pattern: string): string => `${group} ${pattern}`;

function bucketsOf(rule: PolicyRule): Set<string> {
  const groups = rule.apiGroups ?? [];
  return new Set(groups.flatMap((group) => (rule.resources ?? []).map((pattern) => bucket(group, pattern))));
}

/** Every way in which a rule can name the call. */
function bucketsFor(call: ResourceCall): string[] {
  const patterns = new Set(['*', qualifiedResource(call)]);
  if (call.subresource !== undefined && call.subresource !== '') patterns.add(`*/${call.subresource}`);
  return [...patterns].flatMap((pattern) => [bucket(call.apiGroup, pattern), bucket('*', pattern)]);
}

function add(buckets: Map<string, IndexedRule[]>, key: string, rule: IndexedRule): void {
  const existing = buckets.get(key);
  if (existing === undefined) buckets.set(key, [rule]);
  else existing.push(rule);
}

/** A rule may stand in several buckets (`*` and `pods`): it is found once, and in its place. */
function merge(lists: readonly (readonly IndexedRule[])[]): readonly IndexedRule[] {
  const found = lists.filter((list) => list.length > 0);
  const [only] = found;
  if (only === undefined) return [];
  if (found.length === 1) return only;
  return [...new Set(found.flat())].toSorted((left, right) => left.position - right.position);
}

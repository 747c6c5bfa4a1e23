import type { PolicyRule } from '../v1alpha1/generated/api.ts';

/** What a resource call is about, as far as `apiGroups` and `resources` of a rule are concerned. */
export interface ResourceCall {
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
}

/** `pods`, or `pods/exec`: how a rule names a resource and its subresource, as in RBAC. */
export function qualifiedResource({ resource, subresource }: ResourceCall): string {
  return subresource === undefined || subresource === '' ? resource : `${resource}/${subresource}`;
}

/** Do the rule's `apiGroups` and `resources` name the call's, wildcards included? A rule without resources names none. */
export function namesResource(rule: PolicyRule, call: ResourceCall): boolean {
  if (rule.resources === undefined || rule.apiGroups === undefined) return false;
  const groupNamed = rule.apiGroups.some((group) => group === '*' || group === call.apiGroup);
  return groupNamed && rule.resources.some((pattern) => resourcePatternMatches(pattern, call));
}

/** `*` is every resource and subresource, `*\/scale` that subresource of every resource, anything else is exact. */
export function resourcePatternMatches(pattern: string, call: ResourceCall): boolean {
  if (pattern === '*' || pattern === qualifiedResource(call)) return true;
  return call.subresource !== undefined && call.subresource !== '' && pattern === `*/${call.subresource}`;
}

/** Does one of the rule's `nonResourceURLs` match the path? A final `*` matches any rest, as in RBAC. */
export function namesNonResourcePath(rule: PolicyRule, path: string): boolean {
  return (rule.nonResourceURLs ?? []).some((url) => nonResourceUrlMatches(url, path));
}

export function nonResourceUrlMatches(url: string, path: string): boolean {
  return url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : url === path;
}

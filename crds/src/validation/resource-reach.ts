import type { PolicyRule } from '../v1alpha1/generated/api.ts';
import { exitGroups, PROXY_SUBRESOURCE, subresourceExits } from '../v1alpha1/exits.ts';
import { groupsServing, isBuiltinGroup, isClusterScoped, pluralOf } from './builtin-resources.ts';
import { invalid, type FieldError } from './field-error.ts';
import { child, item } from './path.ts';
import { splitResource, type ResourceName } from './resource-name.ts';

/**
 * Entries of `resources` that can match no call. In an Allow rule such an entry gives less than it seems to, in a Deny
 * rule it forbids nothing, which is worse; both are refused while the mistake is certain.
 */
export function validateResourceReach(rule: PolicyRule, path: string): FieldError[] {
  const { resources, apiGroups } = rule;
  if (resources === undefined || apiGroups === undefined) {
    return [];
  }
  return resources.flatMap((entry, index) => {
    const problem = unreachable(rule, apiGroups, splitResource(entry));
    return problem === undefined ? [] : [invalid(item(child(path, 'resources'), index), entry, problem)];
  });
}

function unreachable(rule: PolicyRule, apiGroups: readonly string[], name: ResourceName): string | undefined {
  return (
    misnamed(apiGroups, name) ??
    notServed(apiGroups, name) ??
    notNamespaced(rule, apiGroups, name) ??
    notCreate(rule, name) ??
    (rule.action === 'Allow' ? unreachableExit(apiGroups, name) : undefined)
  );
}

const quote = (group: string): string => `'${group}'`;

function misnamed(apiGroups: readonly string[], { resource }: ResourceName): string | undefined {
  const plural = pluralOf(resource);
  return plural !== undefined && apiGroups.every(isBuiltinGroup)
    ? `only the plural matches: write '${plural}'`
    : undefined;
}

function notServed(apiGroups: readonly string[], { resource }: ResourceName): string | undefined {
  const serving = groupsServing(resource);
  if (serving.length === 0 || !apiGroups.every(isBuiltinGroup) || serving.some((group) => apiGroups.includes(group))) {
    return undefined;
  }
  return `none of apiGroups serves ${resource}; add ${serving.map(quote).join(' or ')}`;
}

function notNamespaced(rule: PolicyRule, apiGroups: readonly string[], { resource }: ResourceName): string | undefined {
  const restricted = rule.namespaces !== undefined || rule.namespaceSelector !== undefined;
  // A Namespace counts as being in itself.
  if (!restricted || resource === 'namespaces' || !apiGroups.every(isBuiltinGroup)) {
    return undefined;
  }
  const scopes = apiGroups.map((group) => isClusterScoped(group, resource)).filter((scope) => scope !== undefined);
  return scopes.length > 0 && scopes.every((cluster) => cluster)
    ? `${resource} is cluster-scoped and in no namespace; remove namespaces and namespaceSelector, or give it a rule of its own`
    : undefined;
}

/** Subresources that are judged as `create` whatever the HTTP method, because that is what they do. */
const connectSubresources: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', PROXY_SUBRESOURCE]);

/** Of the built-in resources, those that serve nothing but `create`. */
const createOnly: ReadonlySet<string> = new Set(['pods/eviction', 'pods/binding', 'serviceaccounts/token']);

function notCreate({ verbs }: PolicyRule, { resource, subresource }: ResourceName): string | undefined {
  if (subresource === undefined || verbs.includes('create') || verbs.includes('*')) {
    return undefined;
  }
  if (connectSubresources.has(subresource)) {
    return `${subresource} counts as the verb create whatever the HTTP method; add create, or give it a rule of its own`;
  }
  return createOnly.has(`${resource}/${subresource}`)
    ? `the only verb of ${resource}/${subresource} is create; add it, or give it a rule of its own`
    : undefined;
}

function unreachableExit(apiGroups: readonly string[], { resource, subresource }: ResourceName): string | undefined {
  if (subresource === PROXY_SUBRESOURCE && resource === '*') {
    return "'*' does not reach proxy in Allow rules; name each, such as 'services/proxy'";
  }
  if (subresource === PROXY_SUBRESOURCE && apiGroups.every((group) => group === '*')) {
    return "apiGroups '*' does not reach proxy in Allow rules; name the group";
  }
  const exits = subresourceExits.filter((exit) => exit.subresource === subresource && exit.resource === resource);
  const [first] = exits;
  if (first === undefined || !apiGroups.includes('*')) {
    return undefined;
  }
  return exits.some((exit) => apiGroups.includes(exit.apiGroup))
    ? undefined
    : `apiGroups '*' does not reach ${resource}/${first.subresource} in Allow rules; name its group ${quote(first.apiGroup)}`;
}

const hasExits = (group: string): boolean =>
  group === '*' || exitGroups.includes(group) || subresourceExits.some(({ apiGroup }) => apiGroup === group);

/** Do the wildcards of an Allow rule seem to say more than they do, because exits are among what they stand for? */
export function stopsAtExits({ action, apiGroups = [], resources = [], verbs }: PolicyRule): boolean {
  if (action !== 'Allow' || verbs.every((verb) => verb === 'get' || verb === 'list' || verb === 'watch')) {
    return false;
  }
  return (
    (resources.includes('*') && apiGroups.some(hasExits)) ||
    resources.some((entry) => subresourceExits.some(({ subresource }) => entry === `*/${subresource}`))
  );
}

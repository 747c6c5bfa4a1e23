import { resourcePatternMatches } from '@chaperone/crds/bundle/resource-match';
import { isBuiltinGroup } from '@chaperone/crds/validation/builtin-resources';
import { exitReach, PROXY_SUBRESOURCE, writeVerbs } from '@chaperone/crds/v1alpha1/exits';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { GROUP } from '@chaperone/crds/v1alpha1/groupversion';
import type { ApiResource, ApiResources } from './api-resources.ts';

/** One resource that a rule speaks of, wildcards resolved. */
export interface Target {
  readonly group: string;
  /** With its subresource: `pods/exec`. */
  readonly resource: string;
  readonly subresource: string | undefined;
  /** Undefined where the cluster does not serve it, or not yet. */
  readonly served: ApiResource | undefined;
}

/** The verbs that a request for a resource can have. The RBAC verbs bind, escalate, impersonate are never a request's. */
export const RESOURCE_VERBS: readonly string[] = ['get', 'list', 'watch', ...writeVerbs];

/** Judged as `create` whatever the method, because that is what they do. */
const CONNECT_SUBRESOURCES: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', PROXY_SUBRESOURCE]);

export const isConnect = ({ subresource }: Target): boolean =>
  subresource !== undefined && CONNECT_SUBRESOURCES.has(subresource);

/** `pods/exec` -> `pods`; undefined for what is no subresource. */
export function parentOf({ resource, subresource }: Target): string | undefined {
  return subresource === undefined ? undefined : resource.slice(0, -subresource.length - 1);
}

function subresourceOf(resource: string): string | undefined {
  const slash = resource.indexOf('/');
  return slash === -1 ? undefined : resource.slice(slash + 1);
}

/** The resources that a rule names or that its wildcards stand for on this cluster. Exits are left to {@link reachedVerbs}. */
export function targetsOf({ apiGroups = [], resources = [] }: PolicyRule, api: ApiResources): readonly Target[] {
  const targets = new Map<string, Target>();
  const add = (group: string, resource: string): void => {
    const served = api.find(group, resource);
    targets.set(`${group} ${resource}`, { group, resource, subresource: subresourceOf(resource), served });
  };
  for (const group of apiGroups) {
    for (const pattern of resources) {
      if (group !== '*' && !pattern.includes('*')) {
        // One that is not served may come, but not in Kubernetes' own groups: there it is another group's resource.
        if (api.find(group, pattern) !== undefined || !api.hasGroup(group) || !isBuiltinGroup(group)) {
          add(group, pattern);
        }
        continue;
      }
      api.all
        .filter((one) => (group === '*' || one.group === group) && matches(pattern, one))
        .forEach((one) => add(one.group, one.resource));
    }
  }
  return [...targets.values()];
}

function matches(pattern: string, { group, resource }: ApiResource): boolean {
  const subresource = subresourceOf(resource);
  const plain = subresource === undefined ? resource : resource.slice(0, -subresource.length - 1);
  return resourcePatternMatches(pattern, { apiGroup: group, resource: plain, subresource });
}

/** Does one of the rule's wildcards or names cover this resource, served or not? */
export function coversTarget({ apiGroups = [], resources = [] }: PolicyRule, target: Target): boolean {
  const { group, resource, subresource } = target;
  const plain = parentOf(target) ?? resource;
  return (
    apiGroups.some((one) => one === '*' || one === group) &&
    resources.some((pattern) => resourcePatternMatches(pattern, { apiGroup: group, resource: plain, subresource }))
  );
}

/**
 * The judged verbs by which a rule that allows or holds reaches a target. In an Allow rule wildcards stop at the exits;
 * a policy never reaches chaperone.dev for writing, unless the installation allows it.
 */
export function reachedVerbs(
  rule: PolicyRule,
  target: Target,
  options: { readonly allowSelfAdministration: boolean },
): ReadonlySet<string> {
  const { group, subresource } = target;
  const resource = parentOf(target) ?? target.resource;
  const names = { action: rule.action, apiGroups: new Set(rule.apiGroups), resources: new Set(rule.resources) };
  const asked: readonly string[] = rule.verbs.includes('*') ? RESOURCE_VERBS : rule.verbs;
  return new Set(
    asked.filter((verb) => {
      if (!RESOURCE_VERBS.includes(verb)) {
        return false;
      }
      if (group === GROUP && writeVerbs.includes(verb) && !options.allowSelfAdministration) {
        return false;
      }
      // What type a Secret is of is in the body: RBAC cannot tell.
      return exitReach(names, { verb, apiGroup: group, resource, subresource }) !== 'Stopped';
    }),
  );
}

/**
 * The verbs with which calls that are judged so go upstream, as the API server's RequestInfo tells them: a WebSocket
 * exec is a `get`, and a `create` may come as PUT or as apply. Verbs that discovery does not list are left out.
 */
export function upstreamVerbs(judged: ReadonlySet<string>, target: Target): ReadonlySet<string> {
  const { served, subresource } = target;
  const verbs = new Set<string>();
  if (isConnect(target)) {
    // Methods: GET for WebSocket, POST for SPDY; a proxied request has any method.
    const methods =
      subresource === PROXY_SUBRESOURCE ? ['get', 'create', 'update', 'patch', 'delete'] : ['get', 'create'];
    methods.filter(() => judged.has('create')).forEach((verb) => verbs.add(verb));
  } else {
    judged.forEach((verb) => verbs.add(verb));
    // What is not served says nothing of its verbs; of subresources hardly one can be created by PUT.
    if (judged.has('create') && (served !== undefined || subresource === undefined)) {
      verbs.add('update').add('patch');
    }
  }
  return new Set([...verbs].filter((verb) => served === undefined || served.verbs.has(verb)));
}

import { nonResourceUrlMatches } from '@chaperone/crds/bundle/resource-match';
import type { Action } from '@chaperone/crds/v1alpha1/agentpolicy';
import { everyVerbIncludes, exitReach, TOKEN_SECRET_TYPE } from '@chaperone/crds/v1alpha1/exits';
import type { CompiledRule } from './compiled-bundle.ts';
import { field, selects, type CompiledSelector } from './label-facts.ts';
import type { LabelSource, NameFact, Reading } from './reading.ts';
import { all, any, FALSE, pending, TRUE, truthOf, UNKNOWN, type Truth } from './truth.ts';

/** What is asked of a rule, in the order in which it is asked. */
export type CheckName =
  | 'expiry'
  | 'subject'
  | 'verb'
  | 'resource'
  | 'exit'
  | 'namespace'
  | 'namespaceSelector'
  | 'name'
  | 'objectSelector'
  | 'matchCondition'
  | 'condition';

export type Check = readonly [name: CheckName, judge: (rule: CompiledRule, reading: Reading) => Truth];

/** An expression is evaluated only where all of these match: it may not even make sense for other calls. */
export const gates: readonly Check[] = [
  ['verb', judgeVerb],
  ['resource', judgeResource],
  ['exit', judgeExit],
  ['namespace', judgeNamespace],
  ['namespaceSelector', judgeNamespaceSelector],
];

/** What is asked after these; an expression may be evaluated all the same. */
export const restrictions: readonly Check[] = [
  ['name', judgeName],
  ['objectSelector', judgeObjectSelector],
];

/** Deny and RequireApproval match by the old or the new object, Allow by both. */
export const forAction = (action: Action, truths: readonly Truth[]): Truth =>
  action === 'Allow' ? all(truths) : any(truths);

function judgeVerb({ verbs, action }: CompiledRule, { verb }: Reading): Truth {
  if (verbs.has(verb)) return TRUE;
  return truthOf(verbs.has('*') && everyVerbIncludes(action, verb));
}

const qualified = (resource: string, subresource: string): string =>
  subresource === '' ? resource : `${resource}/${subresource}`;

function judgeResource(rule: CompiledRule, { input }: Reading): Truth {
  const { isResourceRequest, apiGroup, resource, subresource, path } = input.attributes;
  if (!isResourceRequest) return truthOf(rule.nonResourceURLs.some((url) => nonResourceUrlMatches(url, path)));
  if (!rule.apiGroups.has(apiGroup) && !rule.apiGroups.has('*')) return FALSE;
  return truthOf(
    rule.resources.has('*') ||
      rule.resources.has(qualified(resource, subresource)) ||
      (subresource !== '' && rule.resources.has(`*/${subresource}`)),
  );
}

/** In Allow rules a wildcard stops before what leads out of the policy's control. */
function judgeExit(rule: CompiledRule, { verb, input, object }: Reading): Truth {
  if (!input.attributes.isResourceRequest) return TRUE;
  const { apiGroup, resource, subresource } = input.attributes;
  const reach = exitReach(rule, { verb, apiGroup, resource, subresource });
  switch (reach) {
    case 'Reached':
      return TRUE;
    case 'Stopped':
      return FALSE;
    case 'UnlessTokenSecret': {
      const { knowledge, needs } = object;
      if (knowledge.kind === 'pending') return pending(needs);
      return knowledge.kind === 'known' ? isNoTokenSecret(field(knowledge.value, 'type')) : UNKNOWN;
    }
    default:
      return reach satisfies never;
  }
}

function isNoTokenSecret(type: unknown): Truth {
  // The API server makes a Secret without a type Opaque.
  if (type === undefined || type === null) return TRUE;
  return typeof type === 'string' ? truthOf(type !== TOKEN_SECRET_TYPE) : UNKNOWN;
}

function judgeNamespace({ namespaces }: CompiledRule, reading: Reading): Truth {
  if (namespaces === undefined) return TRUE;
  return reading.place === 'none' ? FALSE : isAmong(reading.namespace, namespaces);
}

function isAmong(name: NameFact, names: ReadonlySet<string>): Truth {
  return name.kind === 'known' ? truthOf(names.has(name.name)) : pending(name.needs);
}

function judgeNamespaceSelector({ namespaceSelector, action }: CompiledRule, reading: Reading): Truth {
  if (namespaceSelector === undefined) return TRUE;
  return reading.place === 'none' ? FALSE : judgeLabels(namespaceSelector, action, reading.namespaceLabels);
}

function judgeLabels(selector: CompiledSelector, action: Action, sources: readonly LabelSource[]): Truth {
  return forAction(
    action,
    sources.map(({ facts, needs }) => (facts === undefined ? pending(needs) : selects(selector, facts))),
  );
}

function judgeName({ resourceNames }: CompiledRule, { name }: Reading): Truth {
  return resourceNames === undefined ? TRUE : isAmong(name, resourceNames);
}

function judgeObjectSelector({ objectSelector, action }: CompiledRule, reading: Reading): Truth {
  if (objectSelector === undefined) return TRUE;
  return reading.isAboutNothing ? FALSE : judgeLabels(objectSelector, action, reading.labels);
}

import { canonicalJson } from '@chaperone/crds/bundle/canonical-json';
import { exitReach } from '@chaperone/crds/v1alpha1/exits';
import { EVERYBODY, verbsIn, type ComparedRule, type VerbSet } from './compared-rule.ts';

/**
 * How two rules lie to each other. All of it errs on one side: `covers` is said only where it is certain, so labels that
 * are selected in different words, expressions that are written differently and groups that happen to have the same
 * members never lead to a finding; `overlaps` only where a subject is literally shared or everybody.
 */

/** What calls are about: a group and a resource, or a pattern of them, as rules write them. */
export interface Thing {
  readonly group: string;
  readonly resource: string;
}

export const subjectsCover = (wide: ComparedRule, narrow: ComparedRule): boolean =>
  wide.subjects === narrow.subjects || wide.subjects.has(EVERYBODY) || narrow.subjects.isSubsetOf(wide.subjects);

export const subjectsOverlap = (one: ComparedRule, other: ComparedRule): boolean =>
  one.subjects === other.subjects ||
  one.subjects.has(EVERYBODY) ||
  other.subjects.has(EVERYBODY) ||
  !one.subjects.isDisjointFrom(other.subjects);

const includes = (wide: ReadonlySet<string> | undefined, narrow: ReadonlySet<string> | undefined): boolean =>
  wide === undefined || (narrow !== undefined && narrow.isSubsetOf(wide));

const meets = (one: ReadonlySet<string> | undefined, other: ReadonlySet<string> | undefined): boolean =>
  one === undefined || other === undefined || !one.isDisjointFrom(other);

/** Wherever the narrow rule holds, by name, namespace, labels and conditions, the wide one does. */
export function scopeCovers(wide: ComparedRule, narrow: ComparedRule): boolean {
  return (
    includes(wide.names, narrow.names) &&
    includes(wide.namespaces, narrow.namespaces) &&
    (wide.namespaceSelector === '' || wide.namespaceSelector === narrow.namespaceSelector) &&
    (wide.objectSelector === '' || wide.objectSelector === narrow.objectSelector) &&
    wide.conditions.isSubsetOf(narrow.conditions)
  );
}

/** There may be an object that both rules are about, as far as names (if they are of one kind) and namespaces tell. */
export const scopesMeet = (one: ComparedRule, other: ComparedRule, sameNames: boolean): boolean =>
  meets(one.namespaces, other.namespaces) && (!sameNames || meets(one.names, other.names));

const outlives = (one: ComparedRule, other: ComparedRule): boolean => one.expiresAt >= other.expiresAt;

/** Does a pattern of `resources` stand for all that another stands for? */
export function resourceCovers(wide: string, narrow: string): boolean {
  return wide === '*' || wide === narrow || (wide.startsWith('*/') && narrow.endsWith(wide.slice(1)));
}

/** What two patterns have in common, as a pattern. */
export function resourceMeet(one: string, other: string): string | undefined {
  if (resourceCovers(one, other)) {
    return other;
  }
  return resourceCovers(other, one) ? one : undefined;
}

/** Do the rule's wildcards stop before such a call, or before some of them? What a pattern stands for is no call. */
function stopsAtExit(rule: ComparedRule, verbs: VerbSet, { group, resource: entry }: Thing): boolean {
  if (group === '*' || entry.startsWith('*')) {
    return false;
  }
  const [resource = '', subresource] = entry.split('/');
  return verbsIn(verbs).some((verb) => exitReach(rule, { verb, apiGroup: group, resource, subresource }) !== 'Reached');
}

/** Does the rule match calls of (all of) these verbs on this thing, and for a pattern, on all that it stands for? */
export function reaches(rule: ComparedRule, verbs: VerbSet, thing: Thing): boolean {
  if ((rule.verbs & verbs) !== verbs) {
    return false;
  }
  const { group, resource } = thing;
  const named = rule.apiGroups.has(group) && rule.resources.has(resource);
  if (named) {
    return true;
  }
  if (!rule.apiGroups.has('*') && !rule.apiGroups.has(group)) {
    return false;
  }
  if (!reachesResource(rule, resource)) {
    return false;
  }
  return rule.action !== 'Allow' || !stopsAtExit(rule, verbs, thing);
}

function reachesResource({ resources }: ComparedRule, resource: string): boolean {
  if (resources.has(resource) || resources.has('*')) {
    return true;
  }
  const slash = resource.indexOf('/');
  return slash > 0 && resources.has(`*${resource.slice(slash)}`);
}

export const urlCovers = (wide: string, narrow: string): boolean =>
  wide === narrow || (wide.endsWith('*') && narrow.startsWith(wide.slice(0, -1)));

function targetsCover(wide: ComparedRule, narrow: ComparedRule): boolean {
  if ((wide.verbs & narrow.verbs) !== narrow.verbs) {
    return false;
  }
  if (narrow.urls.length > 0) {
    return narrow.urls.every((url) => wide.urls.some((other) => urlCovers(other, url)));
  }
  if (wide.urls.length > 0) {
    return false;
  }
  for (const group of narrow.apiGroups) {
    for (const resource of narrow.resources) {
      if (!reaches(wide, narrow.verbs, { group, resource })) {
        return false;
      }
    }
  }
  return true;
}

/** Whenever the narrow rule matches a call, the wide one does. */
export const covers = (wide: ComparedRule, narrow: ComparedRule): boolean =>
  targetsCover(wide, narrow) && scopeCovers(wide, narrow) && subjectsCover(wide, narrow) && outlives(wide, narrow);

/** Denies everything to its subjects, as a kill switch does: made to overrule what others allow, so that is no finding. */
export const isBlanketDeny = (rule: ComparedRule): boolean =>
  rule.action === 'Deny' &&
  rule.rule.verbs.includes('*') &&
  ((rule.apiGroups.has('*') && rule.resources.has('*')) || rule.urls.includes('*')) &&
  rule.names === undefined &&
  rule.namespaces === undefined &&
  rule.namespaceSelector === '' &&
  rule.objectSelector === '' &&
  rule.conditions.size === 0;

const strength = { Deny: 2, RequireApproval: 1, Allow: 0 } as const;

const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;

/** Absent is the highest but for sessions, where it is Request: in doubt a rule is not taken for redundant. */
const recordsNoMore = (narrow: ComparedRule, wide: ComparedRule): boolean =>
  narrow.rule.auditLevel === wide.rule.auditLevel ||
  wide.rule.auditLevel === 'RequestResponse' ||
  (narrow.rule.auditLevel !== undefined &&
    auditLevels.indexOf(narrow.rule.auditLevel) <= auditLevels.indexOf(wide.rule.auditLevel ?? 'Request'));

/**
 * Is there no call that `narrow` decides, since `wide` decides it whenever `narrow` matches? Of two rules of one action the
 * later is the one that is not needed; where it asks for other reviewers, or records more, it is.
 */
export function shadows(wide: ComparedRule, narrow: ComparedRule): boolean {
  const samePolicy = wide.name.policy === narrow.name.policy;
  if (wide === narrow || !(wide.enforced || samePolicy) || !covers(wide, narrow)) {
    return false;
  }
  if (isBlanketDeny(wide) && !samePolicy) {
    return false;
  }
  if (wide.action !== narrow.action) {
    return strength[wide.action] > strength[narrow.action];
  }
  return isRedundantBeside(narrow, wide) && (wide.position < narrow.position || !isMutual(wide, narrow));
}

/** Each would shadow the other, so only the later is said to be shadowed. */
const isMutual = (wide: ComparedRule, narrow: ComparedRule): boolean =>
  (narrow.enforced || wide.name.policy === narrow.name.policy) &&
  covers(narrow, wide) &&
  isRedundantBeside(wide, narrow);

/** Beside a rule of the same action that covers it, does this one add nothing? */
function isRedundantBeside(narrow: ComparedRule, wide: ComparedRule): boolean {
  const sameSessions = narrow.rule.sessions === wide.rule.sessions;
  switch (narrow.action) {
    case 'Deny':
      // Either of them denies; what is recorded of a denial does not depend on the rule.
      return true;
    case 'RequireApproval':
      return (
        canonicalJson(narrow.rule.approval ?? {}) === canonicalJson(wide.rule.approval ?? {}) &&
        recordsNoMore(narrow, wide) &&
        sameSessions
      );
    case 'Allow':
      return recordsNoMore(narrow, wide) && sameSessions;
    default:
      return narrow.action satisfies never;
  }
}

/** `deployments.apps/scale`, as kubectl writes it. */
export function thingName({ group, resource }: Thing): string {
  const [name = '', subresource] = resource.split('/');
  const qualified = group === '' ? name : `${name}.${group}`;
  return subresource === undefined ? qualified : `${qualified}/${subresource}`;
}

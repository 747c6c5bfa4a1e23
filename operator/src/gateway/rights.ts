import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { NamedExpression, PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import type { ApiResources } from './api-resources.ts';
import { modesOf, IMPERSONATION_MODES, type ImpersonationMode } from './impersonation-mode.ts';
import { selects } from './label-selector.ts';
import { coversTarget, isConnect, parentOf, reachedVerbs, targetsOf, upstreamVerbs, type Target } from './reach.ts';
import { newRightsBuilder, type Rights, type RightsBuilder } from './rights-builder.ts';

/** A namespace as far as rights are concerned. */
export interface NamespaceLabels {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface RightsInput {
  /** Those of the bundle: accepted ones, of any mode, expired ones among them. */
  readonly policies: readonly BundlePolicy[];
  readonly api: ApiResources;
  /** Those that exist: what a namespaceSelector selects from. */
  readonly namespaces: readonly NamespaceLabels[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Namespaces whose ServiceAccounts act under their own names; a mode of impersonation of its own. */
  readonly nativeNamespaces: readonly string[];
  readonly allowSelfAdministration: boolean;
  /** Leave names of objects out, which is wider: for rule sets that would become too large for RBAC. */
  readonly withoutNames?: boolean;
}

/** Discovery, as `system:discovery` has it, and health; chaperone-discovery allows them, and every client starts there. */
const DISCOVERY_PATHS = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/openapi',
  '/openapi/*',
  '/version',
  '/version/',
  '/healthz',
  '/livez',
  '/readyz',
];
/** What a caller may ask about itself. */
const SELF_REVIEWS = [
  { group: 'authentication.k8s.io', resource: 'selfsubjectreviews' },
  { group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' },
  { group: 'authorization.k8s.io', resource: 'selfsubjectrulesreviews' },
];
const PATH_VERBS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];

const expiryOf = ({ spec }: BundlePolicy): number =>
  spec.expiresAt === undefined ? Infinity : Date.parse(spec.expiresAt);

/** When the rights next become fewer by time alone, in milliseconds since the epoch; undefined for never. */
export function nextExpiry(policies: readonly BundlePolicy[], now: number): number | undefined {
  const next = Math.min(...policies.map(expiryOf).filter((expiry) => expiry > now));
  return next === Infinity ? undefined : next;
}

/** Does a wildcard stand in a rule that gives rights, so that a resource which comes later needs them derived anew? */
export const usesWildcards = (policies: readonly BundlePolicy[], now: number): boolean =>
  grantingRules(policies, now).some(
    ({ rule }) =>
      (rule.apiGroups ?? []).includes('*') || (rule.resources ?? []).some((pattern) => pattern.includes('*')),
  );

/** Rules that let calls pass, at once or after an approval. A DryRun policy lets nothing pass. */
function grantingRules(
  policies: readonly BundlePolicy[],
  now: number,
): readonly { readonly policy: BundlePolicy; readonly rule: PolicyRule }[] {
  return policies
    .filter((policy) => policy.spec.mode === 'Enforce' && expiryOf(policy) > now)
    .flatMap((policy) => policy.spec.rules.filter(({ action }) => action !== 'Deny').map((rule) => ({ policy, rule })));
}

/**
 * What the gateway may do as others: what some policy permits to somebody. Bound by verb, group, resource, name and
 * namespace, as these are in the URL; not by subjects, conditions, object labels, Deny rules and approvals.
 *
 * The same input gives the same rights in the same order.
 */
export function deriveRights(input: RightsInput): Rights {
  const builder = newRightsBuilder();
  const impersonateOn = newImpersonateOn();
  const looks = lookers(input.policies, input.now);
  const always = input.nativeNamespaces.length > 0 ? IMPERSONATION_MODES : (['user-info'] as const);
  DISCOVERY_PATHS.forEach((url) => builder.addPath(url, impersonateOn(always, ['get'])));
  SELF_REVIEWS.forEach(({ group, resource }) =>
    builder.add({ namespace: undefined, group, resource }, impersonateOn(always, ['create']), undefined),
  );
  const reached = newReached(input);
  for (const { policy, rule } of grantingRules(input.policies, input.now)) {
    const modes = modesOf(policy.spec.subjects, input.nativeNamespaces);
    (rule.nonResourceURLs ?? []).forEach((url) =>
      builder.addPath(url, impersonateOn(modes, rule.verbs.includes('*') ? PATH_VERBS : rule.verbs)),
    );
    const namespaces = namespacesOf(rule, input.namespaces);
    for (const { target, judged, verbs } of reached(rule)) {
      grantTarget({ rule, target, judged, verbs, modes, namespaces, looks, input, impersonateOn, builder });
    }
  }
  return builder.build();
}

/** Lists are made once each, as the builder knows them by identity. */
function newImpersonateOn(): (modes: readonly ImpersonationMode[], verbs: readonly string[]) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (modes, verbs) => {
    const key = `${modes.join()} ${verbs.join()}`;
    const granted = known.get(key) ?? verbs.flatMap((verb) => modes.map((mode) => `impersonate-on:${mode}:${verb}`));
    known.set(key, granted);
    return granted;
  };
}

interface Reached {
  readonly target: Target;
  readonly judged: ReadonlySet<string>;
  /** As they go upstream. */
  readonly verbs: ReadonlySet<string>;
}

/** What rules reach: worked out once for all rules that differ in names, namespaces and conditions alone. */
function newReached(input: RightsInput): (rule: PolicyRule) => readonly Reached[] {
  const known = new Map<string, readonly Reached[]>();
  return (rule) => {
    const key = JSON.stringify([rule.action, rule.verbs, rule.apiGroups, rule.resources]);
    const reached =
      known.get(key) ??
      targetsOf(rule, input.api).map((target) => {
        const judged = reachedVerbs(rule, target, input);
        return { target, judged, verbs: upstreamVerbs(judged, target) };
      });
    known.set(key, reached);
    return reached;
  };
}

/** The namespaces that a rule is restricted to; undefined where it holds everywhere. */
function namespacesOf(
  { namespaces, namespaceSelector }: PolicyRule,
  existing: readonly NamespaceLabels[],
): readonly string[] | undefined {
  if (namespaceSelector === undefined) {
    return namespaces;
  }
  const selected = existing.filter(({ labels }) => selects(namespaceSelector, labels)).map(({ name }) => name);
  return namespaces === undefined ? selected : selected.filter((name) => namespaces.includes(name));
}

/** Tells whether some live rule looks at the object of calls to a target, so that the gateway has to read it. */
type Looks = (target: Target) => boolean;

/** DryRun and Deny rules look as well. */
function lookers(policies: readonly BundlePolicy[], now: number): Looks {
  const rules = policies
    .filter((policy) => expiryOf(policy) > now)
    .flatMap(({ spec }) =>
      spec.rules.filter(
        ({ objectSelector, conditions }) =>
          objectSelector !== undefined || mentionsObject(conditions) || mentionsObject(spec.matchConditions),
      ),
    );
  const known = new Map<string, boolean>();
  return (target) => {
    const key = `${target.group} ${target.resource}`;
    const looks = known.get(key) ?? rules.some((rule) => coversTarget(rule, target));
    known.set(key, looks);
    return looks;
  };
}

/** Names a variable that holds the object. A text that merely contains the word counts too: it costs one `get`. */
const mentionsObject = (expressions: readonly NamedExpression[] | undefined): boolean =>
  (expressions ?? []).some(({ expression }) => /\b(?:object|oldObject)\b/u.test(expression));

interface TargetGrant extends Reached {
  readonly rule: PolicyRule;
  readonly modes: readonly ImpersonationMode[];
  readonly namespaces: readonly string[] | undefined;
  readonly looks: Looks;
  readonly input: RightsInput;
  readonly impersonateOn: ReturnType<typeof newImpersonateOn>;
  readonly builder: RightsBuilder;
}

/** Where and for which names one verb is needed. */
interface Extent {
  readonly namespaces: readonly string[] | undefined;
  readonly names: readonly string[] | undefined;
}

function grantTarget(grant: TargetGrant): void {
  const { target, verbs } = grant;
  const needs: Need[] = [
    ...[...verbs].map((verb) => ({ resource: target.resource, verb, beside: verb })),
    // Under the same names and namespaces as the call that it is read for.
    ...reads(grant),
  ];
  // The verbs that go together are added together: there may be millions of them.
  const together: { readonly resource: string; readonly extent: Extent; readonly verbs: string[] }[] = [];
  for (const { resource, verb, beside } of needs) {
    const extent = extentOf(grant, beside);
    const same = together.find(
      (one) =>
        one.resource === resource && one.extent.namespaces === extent?.namespaces && one.extent.names === extent?.names,
    );
    if (extent !== undefined && same === undefined) {
      together.push({ resource, extent, verbs: [verb] });
    } else {
      same?.verbs.push(verb);
    }
  }
  together.forEach((one) => put(grant, one.resource, one.extent, one.verbs));
}

function put(grant: TargetGrant, resource: string, extent: Extent, verbs: readonly string[]): void {
  const { target, modes, input, impersonateOn, builder } = grant;
  const granted = impersonateOn(modes, verbs);
  const names = input.withoutNames === true ? undefined : extent.names;
  for (const namespace of extent.namespaces ?? [undefined]) {
    builder.add({ namespace, group: target.group, resource }, granted, names);
  }
}

/** The names that a rule is restricted to, where the URL of such a call holds the name; undefined for every name. */
function namesInUrl(
  { rule, target }: Pick<TargetGrant, 'rule' | 'target'>,
  verb: string,
): readonly string[] | undefined {
  const names = (rule.resourceNames ?? []).length === 0 ? undefined : rule.resourceNames;
  switch (verb) {
    case 'create':
      // POST has the name in the body, but to a subresource in the path.
      return target.subresource === undefined ? undefined : names;
    case 'deletecollection':
      // Also where a field selector fixes the name: RequestInfo takes it from there for list and watch alone.
      return undefined;
    case 'list':
    case 'watch':
      // A list without a field selector is of unknown names: these are held, but not allowed.
      return rule.action === 'Allow' ? names : undefined;
    default:
      return names;
  }
}

/** Undefined where the rule never matches. */
function extentOf(grant: TargetGrant, verb: string): Extent | undefined {
  const { rule, target, namespaces } = grant;
  const names = namesInUrl(grant, verb);
  if (namespaces === undefined) {
    return { namespaces: undefined, names };
  }
  if (target.group === '' && (parentOf(target) ?? target.resource) === 'namespaces') {
    return { namespaces: undefined, names: namesOfNamespaces(grant, verb) };
  }
  if (target.served?.namespaced === false) {
    // In no namespace.
    return undefined;
  }
  // A list of all namespaces is of unknown ones: it is held, but not allowed.
  const everywhere = rule.action === 'RequireApproval' && (verb === 'list' || verb === 'watch');
  return { namespaces: everywhere ? undefined : namespaces, names };
}

/** A Namespace counts as being in itself, so that the rule's namespaces are names. */
function namesOfNamespaces(
  { rule, target, judged, namespaces = [] }: TargetGrant,
  verb: string,
): readonly string[] | undefined {
  const names = namesInUrl({ rule, target }, verb);
  const held = rule.action === 'RequireApproval' && (verb === 'list' || verb === 'watch');
  const posted = verb === 'create' && target.subresource === undefined;
  // One that does not exist yet is selected by the labels in the body.
  const labelled =
    rule.namespaceSelector !== undefined && judged.has('create') && (verb === 'update' || verb === 'patch');
  if (held || posted || (labelled && rule.namespaces === undefined)) {
    return names;
  }
  const allowed = labelled ? (rule.namespaces ?? []) : namespaces;
  return names === undefined ? allowed : allowed.filter((name) => names.includes(name));
}

interface Need {
  readonly resource: string;
  readonly verb: string;
  /** The verb of the call that it is needed for. */
  readonly beside: string;
}

/**
 * What the gateway reads as the caller before such a call: whether a PUT or an apply creates, the old object where a rule
 * looks at it, and what an approval is given for.
 */
function reads({ rule, target, verbs, looks, input }: TargetGrant): readonly Need[] {
  const found: Need[] = [];
  const parent = parentOf(target);
  const held = rule.action === 'RequireApproval';
  const examined = held || looks(target);
  const canRead = (resource: string): boolean => input.api.find(target.group, resource)?.verbs.has('get') ?? true;
  for (const beside of ['get', 'update', 'patch', 'delete', 'create'].filter((verb) => verbs.has(verb))) {
    const readsItself =
      (beside === 'update' || beside === 'patch' || (beside === 'delete' && examined)) && !isConnect(target);
    if (readsItself && canRead(target.resource)) {
      found.push({ resource: target.resource, verb: 'get', beside });
    }
    if (parent !== undefined && examined && canRead(parent)) {
      found.push({ resource: parent, verb: 'get', beside });
    }
  }
  if (held && verbs.has('deletecollection')) {
    found.push({ resource: target.resource, verb: 'list', beside: 'deletecollection' });
  }
  return found;
}

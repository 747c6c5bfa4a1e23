import type { Action } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { Decision, MatchedRule, NeededObjects } from './decision.ts';
import type { NameFact } from './reading.ts';
import type { Checked, Judgement } from './rule-judge.ts';
import type { Truth } from './truth.ts';

/** One decision in one sentence. */
export function decisionSentence(decision: Decision): string {
  switch (decision.verdict) {
    case 'Allow':
      return `Allowed by ${named(decision.winner)}.`;
    case 'RequireApproval':
      return `Held for approval by ${decision.approval.requirements.map(named).join(' and ')}.`;
    case 'NeedsObject':
      return `Not decided before these are looked up: ${neededNames(decision.needs).join(', ')}.`;
    case 'Deny':
      return denialSentence(decision);
    default:
      return decision satisfies never;
  }
}

function denialSentence(decision: Extract<Decision, { readonly verdict: 'Deny' }>): string {
  switch (decision.cause) {
    case 'Rule':
      return `Denied by ${named(decision.winner)}.`;
    case 'NoRule':
      return 'Denied: no rule allows the call.';
    case 'SelfAdministration':
      return 'Denied: objects and kinds of chaperone.dev are not written through the gateway, whatever policies say.';
    default:
      return decision satisfies never;
  }
}

const named = ({ rule, policy }: Pick<MatchedRule, 'rule' | 'policy'>): string => `rule ${rule} of policy ${policy}`;

function neededNames(needs: NeededObjects): string[] {
  const names = {
    object: 'the new object',
    oldObject: 'the old object',
    parentObject: 'the object of the subresource',
  };
  return [
    ...(needs.object ? [names.object] : []),
    ...(needs.oldObject ? [names.oldObject] : []),
    ...(needs.parentObject ? [names.parentObject] : []),
    ...(needs.namespaceObject ? ['the Namespace'] : []),
  ];
}

/** What became of a rule, with the check that decided it. */
export function ruleSentence({ rule, match, unknown }: Judgement, checks: readonly Checked[]): string {
  const subject = `Rule ${rule.name} of policy ${rule.policy.name} (${rule.action}${rule.policy.dryRun ? ', DryRun' : ''})`;
  switch (match) {
    case 'yes':
      return unknown.length === 0 ? `${subject} matches.` : `${subject} matches: ${because(checks, 'unknown')}.`;
    case 'no':
      return `${subject} does not match: ${because(checks, 'false') || because(checks, 'unknown')}.`;
    case 'pending':
      return `${subject} may match: ${because(checks, 'pending') || 'that depends on whether the object exists'}.`;
    default:
      return match satisfies never;
  }
}

const because = (checks: readonly Checked[], kind: Truth['kind']): string =>
  [...new Set(checks.filter(({ truth }) => truth.kind === kind).map(checkSentence))].join('; ');

/** What one check came to. Quotes the call and the policy, never an object. */
export function checkSentence(checked: Checked): string {
  const { truth } = checked;
  switch (truth.kind) {
    case 'true':
    case 'false':
      return settledSentence(checked, truth.kind === 'true');
    case 'pending':
      return `${aboutWhat(checked)} depends on what is still to be looked up`;
    case 'unknown':
      return `${aboutWhat(checked)} cannot be known${failureOf(checked)}, which ${consequence(checked.rule.action)}`;
    default:
      return truth.kind satisfies never;
  }
}

const consequence = (action: Action): string => (action === 'Allow' ? 'does not match Allow' : `matches ${action}`);

const failureOf = ({ failure }: Checked): string => (failure === undefined ? '' : ` (it failed: ${failure})`);

function aboutWhat({ check, condition }: Checked): string {
  switch (check) {
    case 'exit':
      return 'whether the Secret makes the control plane issue a token';
    case 'namespace':
      return 'the namespace';
    case 'namespaceSelector':
      return "whether the namespace's labels are selected";
    case 'name':
      return 'the name';
    case 'objectSelector':
      return "whether the object's labels are selected";
    case 'matchCondition':
    case 'condition':
      return `condition ${condition?.name ?? ''}`;
    case 'expiry':
    case 'subject':
    case 'verb':
    case 'resource':
      return `the ${check}`;
    default:
      return check satisfies never;
  }
}

const not = (holds: boolean): string => (holds ? '' : 'not ');

// oxlint-disable-next-line complexity -- one line for each check, and nothing beside
function settledSentence({ check, rule, reading, condition }: Checked, holds: boolean): string {
  const attributes = reading?.input.attributes;
  switch (check) {
    case 'expiry':
      return `the policy ${holds ? 'expires' : 'expired'} at ${timeText(rule.policy.expiresAt)}`;
    case 'subject':
      return `the caller is ${holds ? '' : 'none '}of the policy's subjects`;
    case 'verb':
      return `verb ${reading?.verb ?? ''} is ${not(holds)}among the verbs`;
    case 'resource':
      return attributes?.isResourceRequest === true
        ? `${resourceText(attributes)} is ${not(holds)}among the resources`
        : `path ${attributes?.path ?? ''} is ${not(holds)}among nonResourceURLs`;
    case 'exit':
      return attributes === undefined || holds
        ? 'the call is within reach of wildcards'
        : `${resourceText(attributes)} leads out of the policy's control: an Allow rule must name it, '*' does not reach it`;
    case 'namespace':
      return `${placeText(reading?.place === 'none' ? undefined : reading?.namespace)} is ${not(holds)}among the namespaces`;
    case 'namespaceSelector':
      return `the namespace's labels are ${not(holds)}selected`;
    case 'name':
      return `${placeText(reading?.name)} is ${not(holds)}among resourceNames`;
    case 'objectSelector':
      return `the object's labels are ${not(holds)}selected`;
    case 'matchCondition':
    case 'condition':
      return `condition ${condition?.name ?? ''} is ${holds ? 'true' : 'false'}`;
    default:
      return check satisfies never;
  }
}

interface NamedResource {
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
}

/** `deployments.apps/scale`, as kubectl writes it. */
function resourceText({ apiGroup, resource, subresource }: NamedResource): string {
  const qualified = apiGroup === '' ? resource : `${resource}.${apiGroup}`;
  return subresource === '' ? qualified : `${qualified}/${subresource}`;
}

function placeText(name: NameFact | undefined): string {
  if (name === undefined) return 'a cluster-scoped object';
  return name.kind === 'known' ? name.name : 'what is not known';
}

const timeText = (time: number): string => (Number.isFinite(time) ? new Date(time).toISOString() : 'no time');

import type { PermittedCall } from '../call/call.ts';
import { GatewayError } from '../gateway-error.ts';
import type { ApprovalRequirement } from '../policy/approval-terms.ts';
import type { CompiledBundle } from '../policy/compiled-bundle.ts';
import type { Decision } from '../policy/decision.ts';
import { approvalUnavailable, denial } from '../policy/denial.ts';
import { decide, settledInput } from '../policy/engine.ts';
import type { Knowledge, PolicyInput } from '../policy/policy-input.ts';

/** What has changed since a call was judged. */
export interface Present {
  readonly bundle: CompiledBundle;
  /** The Namespace of the call as it is now. */
  readonly namespaceObject: Knowledge;
  readonly scope?: NonNullable<PolicyInput['scope']>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

type Standing = Pick<PermittedCall, 'attributes' | 'identity' | 'input' | 'decision' | 'masking'>;

/**
 * Why a call that was permitted would not be permitted now; undefined where it still is.
 *
 * What was looked up for the call counts as it was; what was not is unknown, so that a rule which would need it matches
 * if it denies. The client's next attempt is judged with all that can be looked up. Pure.
 */
export function refusalNow(call: Standing, { bundle, ...present }: Present): GatewayError | undefined {
  const { attributes, identity } = call;
  const decision = decide(bundle, settledInput({ ...call.input, ...present }));
  switch (decision.verdict) {
    case 'Allow':
      return maskingChange(call, bundle);
    case 'Deny':
      return denial(decision, attributes, identity);
    case 'RequireApproval':
      return isSatisfied(call.decision, decision.approval.requirements)
        ? maskingChange(call, bundle)
        : approvalUnavailable(decision, attributes, identity);
    case 'NeedsObject':
      // A settled input leaves nothing to look up.
      return new GatewayError('Internal');
    default:
      return decision satisfies never;
  }
}

/**
 * A stream goes on masking by the rules it began with: other rules need a new one. What counts is what concerns its call,
 * so that no other change ends it.
 */
function maskingChange({ attributes, identity, masking }: Standing, bundle: CompiledBundle): GatewayError | undefined {
  const { apiGroup, resource, subresource, namespace } = attributes;
  const now = bundle.masking.maskingOf({ apiGroup, resource, subresource, namespace, identity });
  return now.responseRules === masking.responseRules ? undefined : new GatewayError('MaskingChanged');
}

/** Whether what is required now was required when the call was approved. */
function isSatisfied(before: Decision, now: readonly ApprovalRequirement[]): boolean {
  if (before.verdict !== 'RequireApproval') return false;
  const satisfied = new Set(before.approval.requirements.map(substanceOf));
  return now.every((requirement) => satisfied.has(substanceOf(requirement)));
}

/** A requirement without the generation of its policy: another rule of it may have changed. */
const substanceOf = ({ policy, rule, reviewers, required }: ApprovalRequirement): string =>
  JSON.stringify([policy, rule, required, reviewers]);

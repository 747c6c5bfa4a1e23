import type { BundleMaskingRule, BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { ObjectMeta } from '@chaperone/crds/client/kubernetes-object';
import { compile } from '@chaperone/crds/expression/policy';
import { compileRegex } from '@chaperone/crds/expression/regex';
import { validateAgentPolicySpec } from '@chaperone/crds/validation/agentpolicy';
import { required, type FieldError } from '@chaperone/crds/validation/field-error';
import { validateMaskingRuleSpec } from '@chaperone/crds/validation/maskingrule';
import { parseAgentPolicy, parseMaskingRule } from '@chaperone/crds/validation/parse';

/** What became of one object: it may enter the bundle, or everything that keeps it out, each with its field path. */
export type CompileResult<Entry> =
  | { readonly kind: 'accepted'; readonly entry: Entry }
  | { readonly kind: 'refused'; readonly findings: readonly FieldError[] };

/**
 * Judges one AgentPolicy as the API server returned it: its schema once more, the rules across its fields, and every
 * CEL expression. Never throws.
 */
export function compileAgentPolicy(object: unknown): CompileResult<BundlePolicy> {
  const parsed = parseAgentPolicy(object);
  if (parsed.kind === 'invalid') {
    return refused(parsed.errors);
  }
  const { metadata, spec } = parsed.object;
  return judged(metadata, spec, validateAgentPolicySpec(spec, { compileExpression: compile }));
}

/** As {@link compileAgentPolicy}, for a MaskingRule and its regular expressions. */
export function compileMaskingRule(object: unknown): CompileResult<BundleMaskingRule> {
  const parsed = parseMaskingRule(object);
  if (parsed.kind === 'invalid') {
    return refused(parsed.errors);
  }
  const { metadata, spec } = parsed.object;
  return judged(metadata, spec, validateMaskingRuleSpec(spec, { compileRegex }));
}

const refused = (findings: readonly FieldError[]): CompileResult<never> => ({ kind: 'refused', findings });

function judged<Spec>(
  { name, uid, generation }: ObjectMeta,
  spec: Spec,
  findings: readonly FieldError[],
): CompileResult<{ name: string; uid: string; generation: number; spec: Spec }> {
  if (name === undefined || uid === undefined || generation === undefined) {
    return refused([required('metadata', 'name, uid and generation are given by the API server'), ...findings]);
  }
  return findings.length > 0 ? refused(findings) : { kind: 'accepted', entry: { name, uid, generation, spec } };
}

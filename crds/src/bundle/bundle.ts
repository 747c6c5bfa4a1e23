import type { AgentPolicySpec, MaskingRuleSpec } from '../v1alpha1/generated/api.ts';

/** Version of the bundle's shape. A replica refuses a bundle of a shape that it does not know, and keeps its own. */
export const BUNDLE_FORMAT = 1;

/** The part of an object that says which of its versions was compiled. */
export interface CompiledObject {
  readonly name: string;
  /** Tells a policy from a later one of the same name. */
  readonly uid: string;
  /** `metadata.generation` of the spec below: the last one that was accepted. */
  readonly generation: number;
}

export interface BundlePolicy extends CompiledObject {
  readonly spec: AgentPolicySpec;
}

export interface BundleMaskingRule extends CompiledObject {
  readonly spec: MaskingRuleSpec;
}

/**
 * The whole rule set that replicas judge by: every accepted AgentPolicy and MaskingRule, sorted by name. Expired and
 * DryRun policies are in it, as they matter to records and to the clock; what does not compile is in it with its last
 * accepted generation, or not at all.
 */
export interface BundleContent {
  readonly format: typeof BUNDLE_FORMAT;
  readonly policies: readonly BundlePolicy[];
  readonly maskingRules: readonly BundleMaskingRule[];
}

/** A rule set and its name: the lower-case hexadecimal SHA-256 of its canonical JSON. */
export interface Bundle extends BundleContent {
  readonly revision: string;
}

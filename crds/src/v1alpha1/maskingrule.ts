import type { ObjectMeta } from '../client/kubernetes-object.ts';
import type { MaskingRuleSpec, PolicyStatus } from './generated/api.ts';
import type { API_VERSION, maskingRules } from './groupversion.ts';

/** A MaskingRule as the API server returns it, with its defaults filled in. */
export interface MaskingRule {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof maskingRules.kind;
  readonly metadata: ObjectMeta;
  readonly spec: MaskingRuleSpec;
  readonly status?: PolicyStatus;
}

export type Detector = NonNullable<MaskingRuleSpec['detectors']>[number];
export type Replacement = MaskingRuleSpec['replacement'];
export type MaskingTarget = MaskingRuleSpec['targets'][number];

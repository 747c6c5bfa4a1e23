import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import type { ApiResources } from './api-resources.ts';
import { targetsOf } from './reach.ts';

/** An entry of a rule that stands for nothing that the cluster serves. */
export interface UnknownResource {
  /** `spec.rules[0].resources[1]`. */
  readonly path: string;
  readonly detail: string;
}

/**
 * Resources that a policy names and nothing serves: a slip of the pen, or a kind that is yet to come. In an Allow rule it
 * gives nothing; in a Deny rule it denies nothing, which nobody notices.
 */
export function unknownResources(
  { spec }: Pick<BundlePolicy, 'spec'>,
  api: ApiResources,
  /** Groups of which some version does not answer: what they serve is not known. */
  failedGroups: ReadonlySet<string>,
): UnknownResource[] {
  return spec.rules.flatMap((rule, index) =>
    (rule.resources ?? []).flatMap((entry, place) => {
      const groups = rule.apiGroups ?? [];
      const isServed = targetsOf({ ...rule, resources: [entry] }, api).some(({ served }) => served !== undefined);
      const mayBeServed = groups.some((group) => failedGroups.has(group) || (group === '*' && failedGroups.size > 0));
      return isServed || mayBeServed
        ? []
        : [{ path: `spec.rules[${index}].resources[${place}]`, detail: detailOf(rule, entry, api) }];
    }),
  );
}

const EFFECTS = {
  Allow: 'allows nothing by it',
  Deny: 'denies nothing by it',
  RequireApproval: 'holds nothing by it',
} as const satisfies Record<PolicyRule['action'], string>;

function detailOf({ name, action, apiGroups = [] }: PolicyRule, entry: string, api: ApiResources): string {
  const named = apiGroups.map((group) => (group === '' ? 'the core group' : group)).join(', ');
  const where = apiGroups.includes('*') ? 'no API group' : `none of ${named}`;
  const unserved = apiGroups.filter((group) => group !== '*' && !api.hasGroup(group));
  const groups = unserved.length > 0 ? ` (the cluster has no group ${unserved.join(', ')})` : '';
  return `${where} serves ${entry}${groups}, so rule ${name} ${EFFECTS[action]}`;
}

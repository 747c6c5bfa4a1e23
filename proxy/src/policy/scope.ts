import { isClusterScoped } from '@chaperone/crds/validation/builtin-resources';
import type { CompiledBundle } from './compiled-bundle.ts';
import type { Decision } from './decision.ts';
import { decide } from './engine.ts';
import type { PolicyInput } from './policy-input.ts';

/** Whether it is not known yet if such a call is about all namespaces or about a cluster-scoped resource. */
export function isScopeOpen({ attributes, scope }: PolicyInput): boolean {
  const { isResourceRequest, namespace, apiGroup, resource } = attributes;
  return (
    isResourceRequest && namespace === '' && scope === undefined && isClusterScoped(apiGroup, resource) === undefined
  );
}

const NOTHING_NEEDED = { object: false, oldObject: false, parentObject: false, namespaceObject: false } as const;

/**
 * Decides about a call of which the scope may not be known yet. What is refused in either scope is refused at once; else
 * the decision waits for discovery, which is asked once the call has an intent.
 */
export function decideInAnyScope(bundle: CompiledBundle, input: PolicyInput): Decision {
  const decision = decide(bundle, input);
  if (!isScopeOpen(input) || decision.verdict === 'Allow' || decision.verdict === 'NeedsObject') return decision;
  const isRefused = (['Namespaced', 'Cluster'] as const).every(
    (scope) => decide(bundle, { ...input, scope }).verdict === 'Deny',
  );
  return decision.verdict === 'Deny' && isRefused
    ? decision
    : { verdict: 'NeedsObject', needs: NOTHING_NEEDED, revision: bundle.revision };
}

import type { JudgedCall } from '../call/call.ts';
import { maskNames } from './masked-names.ts';
import type { Intent } from './record/unknown-outcome.ts';
import { microTime } from './record/record-text.ts';

/** The intent of a call. Of a call through a proxy subresource the backend's part of the path is left out. */
export function intentOf(call: JudgedCall): Intent {
  const { attributes, identity, origin, bundle, decision, receivedAt, masking } = call;
  const { isResourceRequest, method, verb } = attributes;
  const { apiGroup, apiVersion, resource, subresource, namespace, name, path } = maskNames(attributes, masking.audit);
  const winner = 'winner' in decision ? decision.winner : undefined;
  return {
    time: microTime(receivedAt),
    method,
    username: identity.username,
    groups: [...identity.groups],
    clientAddress: origin.clientAddress,
    verb,
    apiGroup,
    apiVersion,
    resource,
    subresource,
    namespace,
    name,
    path: isResourceRequest ? '' : path,
    revision: bundle.revision,
    verdict: decision.verdict,
    policy: winner?.policy ?? '',
    rule: winner?.rule ?? '',
  };
}

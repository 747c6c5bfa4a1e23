import type { JudgedCall } from '../call/call.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import type { Intent } from './record/unknown-outcome.ts';
import { microTime } from './record/record-text.ts';

/**
 * The intent of a call. Of a call through a proxy subresource the backend's part of the path is left out.
 * @param names its attributes, masked
 */
export function intentOf(call: JudgedCall, names: RequestAttributes): Intent {
  const { identity, origin, bundle, decision, receivedAt } = call;
  const { isResourceRequest, method, verb, apiGroup, apiVersion, resource, subresource, namespace, name, path } = names;
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

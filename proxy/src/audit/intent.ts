import type { JudgedCall } from '../call/call.ts';
import type { Intent } from './record/unknown-outcome.ts';
import { microTime } from './record/record-text.ts';

/** The intent of a call. Of a call through a proxy subresource the backend's part of the path is left out. */
export function intentOf({ attributes, identity, origin, bundle, decision, receivedAt }: JudgedCall): Intent {
  const { isResourceRequest, method, verb, apiGroup, apiVersion, resource, subresource, namespace, name, path } =
    attributes;
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

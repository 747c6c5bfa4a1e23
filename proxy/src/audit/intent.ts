import type { JudgedCall } from '../call/call.ts';
import type { Intent } from './intent-log.ts';

/** The intent of a call. Of a call through a proxy subresource the backend's part of the path is left out. */
export function intentOf({ auditID, attributes, identity, origin, bundle, decision }: JudgedCall, now: number): Intent {
  const { isResourceRequest, verb, apiGroup, resource, subresource, namespace, name, path } = attributes;
  return {
    auditID,
    time: new Date(now).toISOString(),
    username: identity.username,
    groups: identity.groups,
    clientAddress: origin.clientAddress,
    verb,
    apiGroup,
    resource,
    subresource,
    namespace,
    name,
    path: isResourceRequest ? '' : path,
    revision: bundle.revision,
    verdict: decision.verdict,
  };
}

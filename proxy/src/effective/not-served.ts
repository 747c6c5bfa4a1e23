import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import type { AuthenticatedCall } from '../call/call.ts';
import { GatewayError } from '../gateway-error.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import type { SideAnswer } from './object-answer.ts';
import type { SideCall } from './side-call.ts';

/** Says why the API server refused a call for the gateway's own rights. */
export type RightsRefusalReader = (call: AuthenticatedCall, refusal: GatewayError) => Promise<GatewayError>;

/**
 * The gateway's rights are derived from what the cluster serves, and impersonation is judged before anything else: what is
 * not served is refused for lack of rights, where a caller without a gateway is told that it is not there. Clients that ask
 * whether a cluster has some resource go by that answer, so discovery is asked, as the caller, and the answer is the API
 * server's own; where it is served, the rights are still to come.
 */
export function newRightsRefusalReader(sideCall: SideCall): RightsRefusalReader {
  return async function readRefusal(call, refusal) {
    if (!call.attributes.isResourceRequest) return refusal;
    try {
      const target = discoveryPath(call.attributes);
      return notServed(call.attributes, await sideCall(call, { method: 'GET', target })) ?? refusal;
    } catch (error) {
      if (error instanceof GatewayError || error instanceof SyntaxError) return refusal;
      throw error;
    }
  };
}

type ResourceCall = Pick<RequestAttributes, 'verb' | 'apiGroup' | 'apiVersion' | 'resource' | 'subresource'>;

export const discoveryPath = ({ apiGroup, apiVersion }: Pick<ResourceCall, 'apiGroup' | 'apiVersion'>): string =>
  apiGroup === ''
    ? `/api/${encodeURIComponent(apiVersion)}`
    : `/apis/${encodeURIComponent(apiGroup)}/${encodeURIComponent(apiVersion)}`;

/**
 * What the API server says to a call that nothing serves, by its discovery of the group and version; undefined where the
 * call is served, or where discovery does not tell.
 */
export function notServed(call: ResourceCall, { status, body }: SideAnswer): GatewayError | undefined {
  if (status === 404) return new GatewayError('ResourceNotServed');
  if (status !== 200 || body === undefined) return undefined;
  const list: unknown = JSON.parse(body.toString('utf8'));
  if (!isRecord(list) || !Array.isArray(list['resources'])) return undefined;
  const name = call.subresource === '' ? call.resource : `${call.resource}/${call.subresource}`;
  const served: unknown = list['resources'].find((one: unknown) => isRecord(one) && one['name'] === name);
  if (!isRecord(served)) return new GatewayError('ResourceNotServed');
  const verbs: unknown = served['verbs'];
  return Array.isArray(verbs) && !verbs.includes(call.verb) ? new GatewayError('MethodNotServed') : undefined;
}

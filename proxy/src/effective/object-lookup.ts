import { UNKNOWN_OBJECT, type Knowledge, type PolicyInput } from '../policy/policy-input.ts';
import type { NeededObjects } from '../policy/decision.ts';
import { settledInput } from '../policy/engine.ts';
import type { AuthenticatedCall } from '../call/call.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import type { ApiCatalog } from './api-catalog.ts';
import type { NamespaceLookup } from './namespace-lookup.ts';
import { dryRunObject, readObject } from './object-answer.ts';
import { dryRunTarget, oldObjectTarget, parentTarget } from './side-requests.ts';
import type { SideCall } from './side-call.ts';

/**
 * Looks up some of what a decision needs, the cheapest first, and returns the input with it. In the input that it returns
 * less is pending than before.
 *
 * @throws GatewayError where the API server does not answer, or refuses the gateway itself
 */
export type ObjectLookup = (call: AuthenticatedCall, input: PolicyInput, needs: NeededObjects) => Promise<PolicyInput>;

export interface ObjectLookupOptions {
  readonly sideCall: SideCall;
  readonly catalog: Pick<ApiCatalog, 'knowsDryRun'>;
  readonly lookUpNamespace: NamespaceLookup;
}

export function newObjectLookup({ sideCall, catalog, lookUpNamespace }: ObjectLookupOptions): ObjectLookup {
  async function read(call: AuthenticatedCall, target: string | undefined): Promise<Knowledge> {
    if (target === undefined) return UNKNOWN_OBJECT;
    return readObject(await sideCall(call, { method: 'GET', target }));
  }

  /** The object as the call would leave it: the call itself, but for being a dry run. */
  async function dryRun(call: AuthenticatedCall): Promise<Knowledge> {
    const { attributes, body, headers } = call;
    const { method } = attributes;
    if (method !== 'POST' && method !== 'PUT' && method !== 'PATCH') return UNKNOWN_OBJECT;
    if (isNeverDryRun(attributes) || !(await catalog.knowsDryRun(attributes))) return UNKNOWN_OBJECT;
    const request = {
      method,
      target: dryRunTarget(attributes),
      body: body.present ? await body.read() : undefined,
      contentType: headers.contentType,
    };
    return dryRunObject(await sideCall(call, request));
  }

  return async function lookUpObjects(call, input, needs) {
    const { attributes } = call;
    if (needs.namespaceObject && isPending(input.namespaceObject))
      return { ...input, namespaceObject: await lookUpNamespace(attributes) };
    const readsOld = needs.oldObject && isPending(input.oldObject);
    const readsParent = needs.parentObject && isPending(input.parentObject);
    if (readsOld || readsParent) {
      const [oldObject, parentObject] = await Promise.all([
        readsOld ? read(call, oldObjectTarget(attributes)) : input.oldObject,
        readsParent ? read(call, parentTarget(attributes)) : input.parentObject,
      ]);
      return { ...input, oldObject, parentObject };
    }
    if (needs.object && isPending(input.object)) return { ...input, object: await dryRun(call) };
    return settledInput(input);
  };
}

const isPending = ({ kind }: Knowledge): boolean => kind === 'pending';

/**
 * What is no dry run, whatever it declares: a TokenRequest's returns a working token, and a connect does what it does.
 * Evictions and bindings answer with a Status that tells nothing.
 */
const NEVER: ReadonlySet<string> = new Set(['token', 'exec', 'attach', 'portforward', 'proxy', 'eviction', 'binding']);

const isNeverDryRun = ({ subresource }: RequestAttributes): boolean => NEVER.has(subresource);

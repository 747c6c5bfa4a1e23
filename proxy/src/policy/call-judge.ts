import type { Clock } from '@chaperone/crds/client/clock';
import type { AuthenticatedCall, JudgedCall } from '../call/call.ts';
import type { ApiCatalog } from '../effective/api-catalog.ts';
import type { ObjectLookup } from '../effective/object-lookup.ts';
import { GatewayError } from '../gateway-error.ts';
import { maskMessage } from '../masking/answer/mask-message.ts';
import { bodyOptions, queryOptions, type CallOptions } from '../request/call-options.ts';
import { connectOptions } from '../request/connect-options.ts';
import { mediaType } from '../masking/codec/media-type.ts';
import { readDeleteOptions } from '../request/delete-options.ts';
import { Rejection } from '../request/rejection.ts';
import type { BundleLoader } from './bundle-loader.ts';
import type { CompiledBundle } from './compiled-bundle.ts';
import type { Decision, NeededObjects } from './decision.ts';
import { decide, settledInput } from './engine.ts';
import { PENDING_OBJECT, type PolicyInput } from './policy-input.ts';
import { decideInAnyScope, isScopeOpen } from './scope.ts';

/** Asks the policies about calls. */
export interface CallJudge {
  /**
   * By what the request itself says. Sends nothing.
   * @throws GatewayError BundleMissing, BundleStale, and those of a body that cannot be read; Rejection
   */
  judgeRequestLine(call: AuthenticatedCall): Promise<JudgedCall>;
  /** Looks up what the decision still needs, as the caller, and decides for good. @throws GatewayError */
  judgeObjects(call: JudgedCall): Promise<JudgedCall>;
}

export interface CallJudgeOptions {
  readonly bundles: Pick<BundleLoader, 'current' | 'stalenessMs'>;
  readonly lookUpObjects: ObjectLookup;
  readonly catalog: Pick<ApiCatalog, 'knownScope' | 'scopeOf'>;
  readonly clock: Clock;
  readonly allowSelfAdministration: boolean;
  /** How long policies count that the API server has not confirmed, in milliseconds. */
  readonly maxStalenessMs: number;
}

export function newCallJudge(options: CallJudgeOptions): CallJudge {
  const { bundles, lookUpObjects, catalog, clock, allowSelfAdministration, maxStalenessMs } = options;

  function currentBundle(): CompiledBundle {
    const bundle = bundles.current();
    if (bundle === undefined) throw new GatewayError('BundleMissing');
    if ((bundles.stalenessMs() ?? Infinity) > maxStalenessMs) throw new GatewayError('BundleStale');
    return bundle;
  }

  return {
    async judgeRequestLine(call) {
      const bundle = currentBundle();
      const { attributes, identity, headers } = call;
      const connect = connectOptions(attributes, attributes.query);
      if (connect instanceof Rejection) throw connect;
      const scope = catalog.knownScope(attributes);
      const input: PolicyInput = {
        attributes,
        caller: identity,
        object: PENDING_OBJECT,
        oldObject: PENDING_OBJECT,
        parentObject: PENDING_OBJECT,
        namespaceObject: PENDING_OBJECT,
        ...(scope === undefined ? {} : { scope }),
        apply: attributes.verb === 'patch' && mediaType(headers.contentType).startsWith('application/apply-patch+'),
        ...(await optionsInForce(call)),
        command: connect?.subresource === 'exec' ? connect.command : [],
        allowSelfAdministration,
        now: clock.now(),
      };
      const { apiGroup, resource, subresource, namespace } = attributes;
      const masking = bundle.masking.maskingOf({ apiGroup, resource, subresource, namespace, identity });
      return { ...call, bundle, input, masking, decision: decideInAnyScope(bundle, input) };
    },
    async judgeObjects(call) {
      let { input, decision } = call;
      if (decision.verdict === 'NeedsObject' && isScopeOpen(input)) {
        const scope = await catalog.scopeOf(call.attributes);
        if (scope !== undefined) input = { ...input, scope };
        decision = decide(call.bundle, input);
      }
      // Each turn leaves less pending, and with nothing pending every decision is final.
      for (let needs = needsOf(decision); needs !== undefined; needs = needsOf(decision)) {
        input = await lookUpObjects(call, input, needs);
        decision = decide(call.bundle, input);
      }
      return judgeDryRun({ ...call, input, decision: withRefusal(decision, input, call.masking) });
    },
  };

  /** What DryRun policies would have done. They change nothing, so that nothing that they look at may fail a call. */
  async function judgeDryRun(call: JudgedCall): Promise<JudgedCall> {
    let { input, decision } = call;
    try {
      for (let needs = dryRunNeeds(decision); needs !== undefined; needs = dryRunNeeds(decision)) {
        input = await lookUpObjects(call, input, needs);
        decision = decide(call.bundle, input);
      }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      input = settledInput(input);
      decision = decide(call.bundle, input);
    }
    return { ...call, input, decision };
  }
}

/** Whoever is refused because an object was not shown is told why it was not. */
function withRefusal(
  decision: Decision,
  { object, oldObject, parentObject }: PolicyInput,
  { response }: JudgedCall['masking'],
): Decision {
  if (decision.verdict !== 'Deny') return decision;
  const refusals = [object, oldObject, parentObject].flatMap((knowledge) =>
    knowledge.kind === 'unknown' && knowledge.refusal !== undefined ? [knowledge.refusal] : [],
  );
  const [refusal] = refusals;
  if (refusal === undefined) return decision;
  // It may quote the stored object, of which the caller is not to see everything.
  return { ...decision, lookupRefusal: response === undefined ? refusal : maskMessage(refusal, response) };
}

const dryRunNeeds = (decision: Decision): NeededObjects | undefined =>
  decision.verdict !== 'NeedsObject' && decision.dryRun?.verdict === 'Undetermined' ? decision.dryRun.needs : undefined;

const needsOf = (decision: Decision): NeededObjects | undefined =>
  decision.verdict === 'NeedsObject' ? decision.needs : undefined;

/** @throws GatewayError, Rejection */
async function optionsInForce({ attributes, body, headers }: AuthenticatedCall): Promise<CallOptions> {
  const { method, isResourceRequest, subresource, query } = attributes;
  const takesOptions = method === 'DELETE' && isResourceRequest && subresource !== 'proxy' && body.present;
  const bytes = takesOptions ? await body.read() : undefined;
  const deleteOptions =
    bytes === undefined || bytes.length === 0 ? undefined : readDeleteOptions(bytes, headers.contentType);
  if (deleteOptions instanceof GatewayError) throw deleteOptions;
  const options =
    deleteOptions === undefined ? queryOptions(attributes, query) : bodyOptions(attributes, query, deleteOptions);
  if (options instanceof Rejection) throw options;
  return options;
}

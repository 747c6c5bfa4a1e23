import type { Clock } from '@chaperone/crds/client/clock';
import type { Informer } from '@chaperone/crds/client/informer';
import type { Namespace } from '@chaperone/crds/client/kinds';
import type { AuthenticatedCall, JudgedCall } from '../call/call.ts';
import { GatewayError } from '../gateway-error.ts';
import { connectOptions } from '../request/connect-options.ts';
import { Rejection } from '../request/rejection.ts';
import type { BundleLoader } from './bundle-loader.ts';
import { decide, settledInput } from './engine.ts';
import { PENDING_OBJECT, type PolicyInput } from './policy-input.ts';

/** Asks the policies about calls. */
export interface CallJudge {
  /**
   * By what the request says alone. Sends nothing.
   * @throws GatewayError BundleMissing, BundleStale; Rejection
   */
  judgeRequestLine(call: AuthenticatedCall): Promise<JudgedCall>;
  /** Looks up what the decision still needs, as the caller, and decides for good. @throws GatewayError */
  judgeObjects(call: JudgedCall): Promise<JudgedCall>;
}

export interface CallJudgeOptions {
  readonly bundles: Pick<BundleLoader, 'current' | 'stalenessMs'>;
  readonly namespaces: Pick<Informer<Namespace>, 'lister'>;
  readonly clock: Clock;
  readonly allowSelfAdministration: boolean;
  /** How long policies count that the API server has not confirmed, in milliseconds. */
  readonly maxStalenessMs: number;
}

export function newCallJudge(options: CallJudgeOptions): CallJudge {
  const { bundles, clock, allowSelfAdministration, maxStalenessMs } = options;
  return {
    async judgeRequestLine(call) {
      const bundle = bundles.current();
      if (bundle === undefined) throw new GatewayError('BundleMissing');
      if ((bundles.stalenessMs() ?? Infinity) > maxStalenessMs) throw new GatewayError('BundleStale');
      const { attributes, identity } = call;
      const connect = connectOptions(attributes, attributes.query);
      if (connect instanceof Rejection) throw connect;
      const input: PolicyInput = {
        attributes,
        caller: identity,
        object: PENDING_OBJECT,
        oldObject: PENDING_OBJECT,
        parentObject: PENDING_OBJECT,
        namespaceObject: PENDING_OBJECT,
        apply: false,
        dryRun: false,
        options: {},
        command: connect?.subresource === 'exec' ? connect.command : [],
        allowSelfAdministration,
        now: clock.now(),
      };
      return { ...call, bundle, input, decision: decide(bundle, input) };
    },
    async judgeObjects(call) {
      if (call.decision.verdict !== 'NeedsObject') return call;
      const input = settledInput(call.input);
      return { ...call, input, decision: decide(call.bundle, input) };
    },
  };
}

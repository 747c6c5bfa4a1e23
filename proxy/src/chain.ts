import type { Clock } from '@chaperone/crds/client/clock';
import type { Authenticator } from './authn/authenticator.ts';
import { LogError } from './audit/wal/log-error.ts';
import type { WriteAheadLog } from './audit/wal/write-ahead-log.ts';
import { intentOf } from './audit/intent.ts';
import { maskNames } from './audit/masked-names.ts';
import type { AuthenticatedCall, Call, JudgedCall, PermittedCall } from './call/call.ts';
import type { ConcurrencyLimit } from './call/concurrency.ts';
import type { CallReport } from './call/call-report.ts';
import type { RightsRefusalReader } from './effective/not-served.ts';
import { GatewayError } from './gateway-error.ts';
import { guardWriteBack } from './masking/answer/write-back-guard.ts';
import type { CallJudge } from './policy/call-judge.ts';
import { approvalUnavailable, denial } from './policy/denial.ts';
import type { RequestAttributes } from './request/request-attributes.ts';

/** What a call passes through. */
export interface Passes {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly concurrency: ConcurrencyLimit;
  readonly judge: CallJudge;
  readonly log: Pick<WriteAheadLog, 'appendIntent'>;
  readonly readRightsRefusal: RightsRefusalReader;
  readonly clock: Clock;
  /** Whether this replica takes calls: not while it shuts down. */
  readonly accepting: () => boolean;
}

/** Sends a permitted call and passes its answer on; resolves when that has ended. */
export type Forward = (call: PermittedCall, report: CallReport) => Promise<void>;

/** Takes one call through all passes. @throws what refuses it, as long as the client has been answered nothing. */
export type Chain = (call: Call, report: CallReport, forward: Forward) => Promise<void>;

/**
 * The one place where the order of the passes is written. Requests, watches, logs and upgrades all take it.
 *
 * Nothing is sent upstream for a call but the TokenReview of its token before it has an identity, a static decision that
 * does not refuse it, and an intent on stable storage.
 */
export function newChain(passes: Passes): Chain {
  const { authenticator, concurrency, judge, log, readRightsRefusal, clock, accepting } = passes;

  return async function passCall(call, report, forward) {
    if (!accepting()) throw new GatewayError('Draining');
    const identity = await authenticator.authenticate({
      credentials: call.headers.credentials,
      clientCertificate: call.origin.clientCertificate,
    });
    report.identity = identity;
    if (call.headers.impersonation.length > 0)
      throw new GatewayError('ImpersonationRefused', { detail: call.headers.impersonation.join(', ') });
    const authenticated: AuthenticatedCall = { ...call, identity };
    call.body.claim(identity.username);
    const leave = concurrency.enter(identity.username, call.attributes.longRunning ? 'stream' : 'call');
    try {
      const asked = clock.monotonic();
      const judged = await judge.judgeRequestLine(authenticated);
      report.decision = judged.decision;
      report.masking = judged.masking;
      report.policyMs = clock.monotonic() - asked;
      const names = maskNames(judged.attributes, judged.masking.audit);
      report.names = names;
      refuseDenied(judged);
      await guardWriteBack(judged);
      await writeIntent(judged, names);
      report.intent = true;
      const recorded = clock.monotonic();
      const settled = await judge.judgeObjects(judged);
      report.decision = settled.decision;
      report.policyMs += clock.monotonic() - recorded;
      await forward(permit(settled), report);
    } catch (error) {
      const refused = error instanceof GatewayError && error.code === 'RightsLagging';
      throw refused ? await readRightsRefusal(authenticated, error) : error;
    } finally {
      leave();
      call.body.release();
    }
  };

  async function writeIntent(call: JudgedCall, names: RequestAttributes): Promise<void> {
    try {
      await log.appendIntent(call.auditID, JSON.stringify(intentOf(call, names)));
    } catch (cause) {
      throw new GatewayError('IntentNotWritable', {
        detail: cause instanceof LogError ? cause.message : undefined,
        cause,
      });
    }
  }
}

function refuseDenied({ decision, attributes, identity }: JudgedCall): void {
  if (decision.verdict === 'Deny') throw denial(decision, attributes, identity);
}

function permit(call: JudgedCall): PermittedCall {
  const { decision, attributes, identity } = call;
  switch (decision.verdict) {
    case 'Allow':
      return { ...call, decision };
    case 'RequireApproval':
      throw approvalUnavailable(decision, attributes, identity);
    case 'Deny':
      throw denial(decision, attributes, identity);
    case 'NeedsObject':
      // What could not be looked up is unknown by now, and every decision final.
      throw new GatewayError('Internal');
    default:
      return decision satisfies never;
  }
}

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '@chaperone/crds/client/clock';
import { newRequestBody, type BodyBudget, type BodyLimits } from '../call/request-body.ts';
import type { Recorder, Recording } from '../audit/recorder.ts';
import type { Origin, PermittedCall } from '../call/call.ts';
import type { CallReport } from '../call/call-report.ts';
import type { Chain } from '../chain.ts';
import type { GatewayError } from '../gateway-error.ts';
import { inboundHeaders, type InboundHeaders } from '../request/inbound-headers.ts';
import { requestAttributes, type RequestAttributes } from '../request/request-attributes.ts';
import { Rejection } from '../request/rejection.ts';
import type { LiveStreams } from '../streams/live-streams.ts';
import type { Upstream } from '../upstream/upstream.ts';

export interface ServeOptions {
  readonly chain: Chain;
  readonly upstream: Upstream;
  readonly recorder: Pick<Recorder, 'follow'>;
  /** Where long-running calls are entered, upgrades included. */
  readonly streams: LiveStreams;
  readonly clock: Clock;
  readonly bodies: { readonly limits: BodyLimits; readonly budget: BodyBudget };
  /** Where a request came from. */
  readonly originOf: (request: IncomingMessage) => Origin;
  /** Told of every call when it has ended. */
  readonly ended: (report: CallReport, error: unknown) => void;
}

/** How a call ended that was sent. */
interface Outcome {
  /** The status that the client was given. */
  readonly status: number;
  readonly upstreamMs: number;
  /** Why the gateway ended it. */
  readonly endedBy?: GatewayError;
}

/** One call, by whatever way its answer goes. */
export interface ServedCall {
  readonly request: IncomingMessage;
  readonly origin: Origin;
  readonly report: CallReport;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** Answers `Expect: 100-continue`. */
  readonly invite: () => void;
  /** Refuses by what the headers say, before anybody asks who calls. @throws GatewayError */
  readonly check?: (headers: InboundHeaders) => void;
  readonly send: (call: PermittedCall, recording: Recording) => Promise<Outcome>;
  /** Writes what refuses the call. */
  readonly refuse: (error: unknown) => void;
}

/** Takes a call through the chain, answers what refuses it, and tells of it when it has ended. */
export function serveCall({ chain, recorder, bodies, ended }: ServeOptions, served: ServedCall): void {
  const { request, origin, report, signal, invite, check, send, refuse } = served;
  const body = newRequestBody({ request, ...bodies, invite });

  async function pass(): Promise<void> {
    const { attributes, headers } = readRequest(request, report);
    check?.(headers);
    const call = { auditID: report.auditID, receivedAt: report.receivedAt, origin, attributes, headers, body, signal };
    await chain(call, report, async (permitted) => {
      const outcome = await send(permitted, recorder.follow(permitted, report));
      report.status = outcome.status;
      report.upstreamMs = outcome.upstreamMs;
      if (outcome.endedBy !== undefined) report.endedBy = outcome.endedBy.code;
    });
  }

  pass().then(
    () => ended(report, undefined),
    (error: unknown) => {
      refuse(error);
      ended(report, error);
    },
  );
}

/** What is to be told of a call from its first moment on. */
export const newReport = (request: IncomingMessage, origin: Origin, clock: Clock): CallReport => ({
  auditID: randomUUID(),
  clientAddress: origin.clientAddress,
  started: clock.monotonic(),
  receivedAt: clock.now(),
  method: request.method ?? '',
  target: request.url ?? '',
  status: 0,
});

/** Reads request line and headers. @throws Rejection */
function readRequest(
  request: IncomingMessage,
  report: CallReport,
): { readonly attributes: RequestAttributes; readonly headers: InboundHeaders } {
  const protocol = rejectProtocol(request);
  if (protocol !== undefined) throw protocol;
  const attributes = requestAttributes({ method: request.method ?? '', target: request.url ?? '' });
  if (attributes instanceof Rejection) throw attributes;
  report.attributes = attributes;
  const headers = inboundHeaders(request.rawHeaders);
  if (headers instanceof Rejection) throw headers;
  report.headers = headers;
  return { attributes, headers };
}

/**
 * HTTP/0.9 and 2.0 pass Node's parser. HTTP/1.0 has neither chunks nor upgrades: what follows such a request would be its
 * body to one server and the next request to another (RFC 9112, 6.1).
 */
function rejectProtocol({ httpVersion, headers }: IncomingMessage): Rejection | undefined {
  if (httpVersion === '1.1') return headers.host === undefined ? new Rejection('HostMissing') : undefined;
  if (httpVersion !== '1.0') return new Rejection('ProtocolVersion');
  if (headers['transfer-encoding'] !== undefined) return new Rejection('FramingAmbiguous');
  return headers.upgrade === undefined ? undefined : new Rejection('UpgradeMalformed');
}

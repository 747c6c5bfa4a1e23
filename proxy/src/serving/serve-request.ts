import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@chaperone/crds/client/clock';
import { newRequestBody, type BodyBudget, type BodyLimits } from '../call/request-body.ts';
import type { Call, Origin } from '../call/call.ts';
import type { CallReport } from '../call/call-report.ts';
import type { Chain, Forward } from '../chain.ts';
import { GatewayError } from '../gateway-error.ts';
import { connectOptions } from '../request/connect-options.ts';
import { inboundHeaders, type InboundHeaders } from '../request/inbound-headers.ts';
import { requestAttributes, type RequestAttributes } from '../request/request-attributes.ts';
import { Rejection } from '../request/rejection.ts';
import { answerHeaders, statusAnswer, statusBody } from '../status.ts';
import type { LiveStreams } from '../streams/live-streams.ts';
import { forward } from '../upstream/forward.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { endAfterRequest } from './close-gently.ts';

export interface ServeOptions {
  readonly chain: Chain;
  readonly upstream: Upstream;
  /** Where long-running calls are entered, upgrades included. */
  readonly streams: LiveStreams;
  readonly clock: Clock;
  readonly bodies: { readonly limits: BodyLimits; readonly budget: BodyBudget };
  /** Where a request came from. */
  readonly originOf: (request: IncomingMessage) => Origin;
  /** Told of every call when it has ended. */
  readonly ended: (report: CallReport, error: unknown) => void;
}

/** Serves requests that ask for no upgrade: takes each through the chain, and writes what refuses it. */
export function newRequestHandler(options: ServeOptions) {
  const { chain, clock, bodies, ended } = options;

  return function serveRequest(request: IncomingMessage, response: ServerResponse, invite: () => void): void {
    const gone = new AbortController();
    response.once('close', () => {
      // After an answer that is whole there is nothing to abort, and an abort makes an Error each time.
      if (!response.writableFinished) gone.abort();
    });
    // What is not read of a request when its client goes is nobody's error.
    request.on('error', () => undefined);
    const origin = options.originOf(request);
    const report = newReport(origin, clock);
    const body = newRequestBody({ request, ...bodies, invite });

    const send: Forward = async (call, { auditID: _auditID }) => {
      // The API server would say no more, and no command is ever sent on a way on which its session is not read.
      if (connectOptions(call.attributes, call.attributes.query) !== undefined)
        throw new GatewayError('UpgradeRequired');
      const outcome = await forward({
        call,
        upstream: options.upstream,
        streams: options.streams,
        response,
        now: () => clock.monotonic(),
      });
      report.status = outcome.status;
      report.upstreamMs = outcome.upstreamMs;
      if (outcome.endedBy !== undefined) report.endedBy = outcome.endedBy.code;
    };

    async function pass(): Promise<void> {
      const { attributes, headers } = readRequest(request, report);
      if (headers.upgrade !== undefined) throw new GatewayError('UpgradeNotServed');
      const call: Call = {
        auditID: report.auditID,
        receivedAt: clock.now(),
        origin,
        attributes,
        headers,
        body,
        signal: gone.signal,
      };
      await chain(call, report, send);
    }

    pass().then(
      () => ended(report, undefined),
      (error: unknown) => {
        refuse(response, request, error, report);
        ended(report, error);
      },
    );
  };
}

/** What is to be told of a call from its first moment on. */
export const newReport = (origin: Origin, clock: Clock): CallReport => ({
  auditID: randomUUID(),
  clientAddress: origin.clientAddress,
  started: clock.monotonic(),
  status: 0,
});

/** Refuses requests that come before their predecessors are answered; none of them is carried out. */
export function newPipelinedHandler({ clock, originOf, ended }: ServeOptions) {
  return function refusePipelined(request: IncomingMessage, response: ServerResponse): void {
    const report = newReport(originOf(request), clock);
    const rejection = new Rejection('Pipelined');
    request.on('error', () => undefined);
    refuse(response, request, rejection, report);
    ended(report, rejection);
  };
}

/** Reads request line and headers. @throws Rejection */
export function readRequest(
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

function refuse(response: ServerResponse, request: IncomingMessage, error: unknown, report: CallReport): void {
  const answer = statusAnswer(error, report.attributes);
  report.code = answer.code;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (response.destroyed || response.socket?.writable === false) return;
  report.status = answer.status.code;
  const body = statusBody(answer.status);
  // A body that nobody has read stands between this answer and the next request; and where the request itself could be
  // read in two ways, so could whatever comes after it.
  if (!request.complete || error instanceof Rejection) response.shouldKeepAlive = false;
  response.writeHead(answer.status.code, answerHeaders(answer, report.auditID, body.length));
  const written = request.method === 'HEAD' ? undefined : body;
  // Whoever waits to be invited to send a body sends none now.
  if (request.complete || request.headers.expect !== undefined) response.end(written);
  else endAfterRequest(request, response, written);
}

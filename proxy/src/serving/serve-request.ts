import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallReport } from '../call/call-report.ts';
import { GatewayError } from '../gateway-error.ts';
import { connectOptions } from '../request/connect-options.ts';
import { Rejection } from '../request/rejection.ts';
import { answerHeaders, statusAnswer, statusBody } from '../status.ts';
import { forward } from '../upstream/forward.ts';
import { endAfterRequest } from './close-gently.ts';
import { newReport, serveCall, type ServeOptions } from './serve-call.ts';

/** Serves requests that ask for no upgrade: takes each through the chain, and writes what refuses it. */
export function newRequestHandler(options: ServeOptions) {
  const { upstream, streams, clock, originOf } = options;

  return function serveRequest(request: IncomingMessage, response: ServerResponse, invite: () => void): void {
    const gone = new AbortController();
    response.once('close', () => {
      // After an answer that is whole there is nothing to abort, and an abort makes an Error each time.
      if (!response.writableFinished) gone.abort();
    });
    // What is not read of a request when its client goes is nobody's error.
    request.on('error', () => undefined);
    const origin = originOf(request);
    const report = newReport(request, origin, clock);
    serveCall(options, {
      request,
      origin,
      report,
      signal: gone.signal,
      invite,
      check(headers) {
        if (headers.upgrade !== undefined) throw new GatewayError('UpgradeNotServed');
      },
      async send(call, recording) {
        // The API server would say no more, and no command is ever sent on a way on which its session is not read.
        if (connectOptions(call.attributes, call.attributes.query) !== undefined)
          throw new GatewayError('UpgradeRequired');
        return forward({ call, upstream, streams, recording, response, now: () => clock.monotonic() });
      },
      refuse: (error) => refuse(response, request, error, report),
    });
  };
}

/** Refuses requests that come before their predecessors are answered; none of them is carried out. */
export function newPipelinedHandler({ clock, originOf, ended }: ServeOptions) {
  return function refusePipelined(request: IncomingMessage, response: ServerResponse): void {
    const report = newReport(request, originOf(request), clock);
    const rejection = new Rejection('Pipelined');
    request.on('error', () => undefined);
    refuse(response, request, rejection, report);
    ended(report, rejection);
  };
}

function refuse(response: ServerResponse, request: IncomingMessage, error: unknown, report: CallReport): void {
  const answer = statusAnswer(error, report.attributes);
  report.code = answer.code;
  report.refusal = answer.status;
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

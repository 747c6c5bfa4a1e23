import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { newRequestBody } from '../call/request-body.ts';
import type { Call } from '../call/call.ts';
import type { CallReport } from '../call/call-report.ts';
import type { Forward } from '../chain.ts';
import { GatewayError } from '../gateway-error.ts';
import { answerHeaders, statusAnswer, statusBody } from '../status.ts';
import { newReport, readRequest, type ServeOptions } from './serve-request.ts';

/** Serves requests that ask for an upgrade: the same chain, and answers that are written to the socket by hand. */
export function newUpgradeHandler(options: ServeOptions) {
  const { chain, clock, bodies, ended } = options;

  return function serveUpgrade(request: IncomingMessage, socket: Duplex, _head: Buffer): void {
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    // Without a listener an error of the socket would end the process.
    socket.on('error', () => undefined);
    const origin = options.originOf(request);
    const report = newReport(origin, clock);
    const body = newRequestBody({ request, ...bodies, invite: () => undefined });

    const send: Forward = async () => {
      throw new GatewayError('UpgradeNotServed');
    };

    async function pass(): Promise<void> {
      const { attributes, headers } = readRequest(request, report);
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
        refuseUpgrade(socket, error, report);
        ended(report, error);
      },
    );
  };
}

/** A whole answer with a body and an end: kubectl then shows the Status instead of a broken handshake. */
export function refuseUpgrade(socket: Duplex, error: unknown, report: CallReport): void {
  const answer = statusAnswer(error, report.attributes);
  report.code = answer.code;
  if (!socket.writable) return;
  report.status = answer.status.code;
  const body = statusBody(answer.status);
  const headers = [...answerHeaders(answer, report.auditID, body.length), 'Connection', 'close'];
  const lines = [`HTTP/1.1 ${answer.status.code} ${answer.status.reason}`];
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at] ?? ''}: ${headers[at + 1] ?? ''}`);
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]), () => socket.destroy());
}

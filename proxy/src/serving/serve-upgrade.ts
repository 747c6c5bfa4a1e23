import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CallReport } from '../call/call-report.ts';
import { answerHeaders, statusAnswer, statusBody } from '../status.ts';
import { upgrade, type UpgradeClient } from '../upstream/upgrade.ts';
import { endWithAnswer, rawHead } from './raw-answer.ts';
import { newReport, serveCall, type ServeOptions } from './serve-call.ts';

/** Of what a client sends before it has its answer; more waits in the kernel. */
const MAX_EARLY_BYTES = 65_536;

/** Serves requests that ask for an upgrade: the same chain, and answers that are written to the socket by hand. */
export function newUpgradeHandler(options: ServeOptions) {
  const { upstream, streams, clock, originOf } = options;

  return function serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    // Without a listener an error of the socket would end the process.
    socket.on('error', () => undefined);
    const origin = originOf(request);
    const report = newReport(origin, clock);
    const client = newClient(socket, head, report, () => gone.abort());
    serveCall(options, {
      request,
      origin,
      report,
      signal: gone.signal,
      invite: () => undefined,
      send: (call) => upgrade({ call, upstream, streams, client, now: () => clock.monotonic() }),
      refuse: (error) => refuseUpgrade(socket, error, report),
    });
  };
}

/**
 * Until it is answered a client is read: otherwise nobody would see it go. What it sends by then is kept.
 *
 * @param left called when the client has ended its side before it had an answer.
 */
function newClient(socket: Duplex, head: Buffer, report: CallReport, left: () => void): UpgradeClient {
  const early: Buffer[] = head.length === 0 ? [] : [head];
  let bytes = head.length;
  const keep = (chunk: Buffer): void => {
    early.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_EARLY_BYTES) socket.pause();
  };
  socket.on('data', keep).once('end', left);
  return {
    socket,
    answer({ status, headers, body }) {
      report.status = status;
      endWithAnswer(socket, status, [...headers, 'Content-Length', String(body.length)], body);
    },
    switched(headers) {
      socket.off('data', keep).off('end', left).pause();
      report.status = 101;
      socket.write(rawHead(101, headers));
      return early;
    },
  };
}

/** A whole answer with a body and an end: kubectl then shows the Status instead of a broken handshake. */
export function refuseUpgrade(socket: Duplex, error: unknown, report: CallReport): void {
  const answer = statusAnswer(error, report.attributes);
  report.code = answer.code;
  if (!socket.writable) return;
  report.status = answer.status.code;
  const body = statusBody(answer.status);
  endWithAnswer(socket, answer.status.code, answerHeaders(answer, report.auditID, body.length), body);
}

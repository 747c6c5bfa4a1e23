import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Recording } from '../audit/recorder.ts';
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
    const report = newReport(request, origin, clock);
    let followed: Recording | undefined;
    const answered: Recording['answered'] = (status, headers) => followed?.answered(status, headers);
    const client = newClient({ socket, head, report, answered, left: () => gone.abort() });
    serveCall(options, {
      request,
      origin,
      report,
      signal: gone.signal,
      invite: () => undefined,
      send(call, recording) {
        followed = recording;
        return upgrade({ call, upstream, streams, client, now: () => clock.monotonic() });
      },
      refuse: (error) => refuseUpgrade(socket, error, report),
    });
  };
}

interface ClientOptions {
  readonly socket: Duplex;
  /** What came with the request. */
  readonly head: Buffer;
  readonly report: CallReport;
  readonly answered: Recording['answered'];
  /** Called when the client has ended its side before it had an answer. */
  readonly left: () => void;
}

/** Until it is answered a client is read: otherwise nobody would see it go. What it sends by then is kept. */
function newClient({ socket, head, report, answered, left }: ClientOptions): UpgradeClient {
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
      answered(status, headers)?.push(body);
      endWithAnswer(socket, status, [...headers, 'Content-Length', String(body.length)], body);
    },
    switched(headers) {
      socket.off('data', keep).off('end', left).pause();
      report.status = 101;
      answered(101, headers);
      socket.write(rawHead(101, headers));
      return early;
    },
  };
}

/** A whole answer with a body and an end: kubectl then shows the Status instead of a broken handshake. */
export function refuseUpgrade(socket: Duplex, error: unknown, report: CallReport): void {
  const answer = statusAnswer(error, report.attributes);
  report.code = answer.code;
  report.refusal = answer.status;
  if (!socket.writable) return;
  report.status = answer.status.code;
  const body = statusBody(answer.status);
  endWithAnswer(socket, answer.status.code, answerHeaders(answer, report.auditID, body.length), body);
}

import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { newRequestBody } from '../call/request-body.ts';
import type { Call } from '../call/call.ts';
import type { CallReport } from '../call/call-report.ts';
import type { Forward } from '../chain.ts';
import { answerHeaders, statusAnswer, statusBody } from '../status.ts';
import { upgrade, type UpgradeClient } from '../upstream/upgrade.ts';
import { endGently } from './close-gently.ts';
import { newReport, readRequest, type ServeOptions } from './serve-request.ts';

/** Of what a client sends before it has its answer; more waits in the kernel. */
const MAX_EARLY_BYTES = 65_536;

/** Serves requests that ask for an upgrade: the same chain, and answers that are written to the socket by hand. */
export function newUpgradeHandler(options: ServeOptions) {
  const { chain, clock, bodies, ended } = options;

  return function serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    // Without a listener an error of the socket would end the process.
    socket.on('error', () => undefined);
    const origin = options.originOf(request);
    const report = newReport(origin, clock);
    const body = newRequestBody({ request, ...bodies, invite: () => undefined });
    const client = newClient(socket, head, report, () => gone.abort());

    const send: Forward = async (call) => {
      const { upstream, streams } = options;
      const outcome = await upgrade({ call, upstream, streams, client, now: () => clock.monotonic() });
      report.status = outcome.status;
      report.upstreamMs = outcome.upstreamMs;
      if (outcome.endedBy !== undefined) report.endedBy = outcome.endedBy.code;
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
      write(socket, status, [...headers, 'Content-Length', String(body.length)], body);
    },
    switched(headers) {
      socket.off('data', keep).off('end', left).pause();
      report.status = 101;
      socket.write(headOf(101, headers));
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
  write(socket, answer.status.code, answerHeaders(answer, report.auditID, body.length), body);
}

function write(socket: Duplex, status: number, headers: readonly string[], body: Buffer): void {
  const head = headOf(status, [...headers, 'Connection', 'close']);
  endGently(socket, Buffer.concat([head, body]));
}

function headOf(status: number, headers: readonly string[]): Buffer {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at] ?? ''}: ${headers[at + 1] ?? ''}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

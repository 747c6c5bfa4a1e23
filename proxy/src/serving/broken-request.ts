import type { Duplex } from 'node:stream';
import { statusBody, statusReason, type Status } from '../status.ts';
import { endGently } from './close-gently.ts';
import type { Progress } from './connection-exchanges.ts';

/** What Node's parser refuses, by its code. Anything else that it refuses is a plain 400. */
const BROKEN: ReadonlyMap<string, { readonly code: number; readonly text: string; readonly message: string }> = new Map(
  [
    [
      'HPE_HEADER_OVERFLOW',
      { code: 431, text: 'Request Header Fields Too Large', message: 'the headers of the request are too large' },
    ],
    ['ERR_HTTP_REQUEST_TIMEOUT', { code: 408, text: 'Request Timeout', message: 'the request did not arrive in time' }],
  ],
);
const BAD_REQUEST = { code: 400, text: 'Bad Request', message: 'the request is not HTTP/1.1 as it has to be' };

const CONNECT = { code: 405, text: 'Method Not Allowed', message: 'this is no forward proxy: CONNECT is not served' };

/** Connections that have had their answer. Node tells of an error again with each chunk that still comes. */
const answered = new WeakSet<Duplex>();

/**
 * Answers bytes that are no request, and closes the connection: where one request ends and the next begins is not known
 * any more. Returns the status, or undefined where nothing was answered.
 *
 * While a call is under way, an answer to what came after it would be read as that call's, although it may have been
 * carried out: the connection is cut instead, or closed as it would have been anyway.
 */
export function answerBrokenRequest(error: Error, socket: Duplex, progress: Progress): number | undefined {
  const code = 'code' in error ? String(error.code) : '';
  if (answered.has(socket)) return undefined;
  if (code !== 'ECONNRESET' && progress === 'Closing') return undefined;
  if (code === 'ECONNRESET' || progress === 'Answering' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  answered.add(socket);
  return answerAndClose(socket, BROKEN.get(code) ?? BAD_REQUEST);
}

/** Answers CONNECT, whose target is no path and which Node hands on like an upgrade. */
export function answerConnect(socket: Duplex): number {
  return answerAndClose(socket, CONNECT);
}

function answerAndClose(
  socket: Duplex,
  answer: { readonly code: number; readonly text: string; readonly message: string },
): number {
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: answer.message,
    reason: statusReason(answer.code),
    code: answer.code,
  };
  const body = statusBody(status);
  const head = [
    `HTTP/1.1 ${answer.code} ${answer.text}`,
    'Cache-Control: no-cache, private',
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    ...(answer.code === 405 ? ['Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'] : []),
    'X-Content-Type-Options: nosniff',
    '',
    '',
  ].join('\r\n');
  endGently(socket, Buffer.concat([Buffer.from(head, 'latin1'), body]));
  return answer.code;
}

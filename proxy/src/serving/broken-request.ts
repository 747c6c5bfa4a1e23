import type { Duplex } from 'node:stream';
import { failureStatus, statusBody } from '../status.ts';
import type { Progress } from './connection-exchanges.ts';
import { endWithAnswer } from './raw-answer.ts';

/** An answer to what is no call. */
interface BrokenAnswer {
  readonly code: number;
  readonly message: string;
}

/** What Node's parser refuses, by its code. Anything else that it refuses is a plain 400. */
const BROKEN: ReadonlyMap<string, BrokenAnswer> = new Map([
  ['HPE_HEADER_OVERFLOW', { code: 431, message: 'the headers of the request are too large' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { code: 408, message: 'the request did not arrive in time' }],
]);
const BAD_REQUEST: BrokenAnswer = { code: 400, message: 'the request is not HTTP/1.1 as it has to be' };

const CONNECT: BrokenAnswer = { code: 405, message: 'this is no forward proxy: CONNECT is not served' };

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

function answerAndClose(socket: Duplex, { code, message }: BrokenAnswer): number {
  const body = statusBody(failureStatus(code, message));
  const headers = [
    'Cache-Control',
    'no-cache, private',
    'Content-Type',
    'application/json',
    ...(code === 405 ? ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'] : []),
    'X-Content-Type-Options',
    'nosniff',
    'Content-Length',
    String(body.length),
  ];
  endWithAnswer(socket, code, headers, body);
  return code;
}

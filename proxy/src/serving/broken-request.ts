import type { Duplex } from 'node:stream';
import { statusBody, type Status } from '../status.ts';

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

/**
 * Answers bytes that are no request, and closes the connection: where one request ends and the next begins is not known
 * any more. Returns the status, or undefined where nobody is left to be answered.
 */
export function answerBrokenRequest(error: Error, socket: Duplex): number | undefined {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const answer = BROKEN.get(code) ?? BAD_REQUEST;
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: answer.message,
    reason: 'BadRequest',
    code: answer.code,
  };
  const body = statusBody(status);
  const head = [
    `HTTP/1.1 ${answer.code} ${answer.text}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    '',
    '',
  ].join('\r\n');
  socket.end(Buffer.concat([Buffer.from(head, 'latin1'), body]), () => socket.destroy());
  return answer.code;
}

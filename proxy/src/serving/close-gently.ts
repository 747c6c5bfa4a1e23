import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * For a client to stop sending once it has been answered. A connection that is closed while bytes of the client are on
 * their way is reset, and the reset takes the answer with it (RFC 9112, 9.6): kubectl would show a broken connection in
 * place of the Status.
 */
export const LINGER_MS = 1_000;

/** Writes an answer to a connection that is no longer Node's, and closes it. */
export function endGently(socket: Duplex, answer: Buffer): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  // Nobody is interested in its errors any more; without a listener one would end the process.
  socket.on('error', () => socket.destroy());
  socket.once('end', () => socket.destroy());
  socket.end(answer);
  socket.resume();
}

/**
 * Ends an answer whose request has not arrived whole: takes in what else comes of it, and forgets it.
 *
 * @param body of the length that the headers, which are written, say: the client knows its end
 */
export function endAfterRequest(request: IncomingMessage, response: ServerResponse, body: Buffer | undefined): void {
  if (body === undefined) response.flushHeaders();
  else response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end).once('close', end);
  request.resume();
}

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { endGently } from './close-gently.ts';

/** Writes a whole answer to a connection that is no longer Node's, and closes it. `headers` as for {@link rawHead}. */
export function endWithAnswer(socket: Duplex, status: number, headers: readonly string[], body: Buffer): void {
  endGently(socket, Buffer.concat([rawHead(status, [...headers, 'Connection', 'close']), body]));
}

/** A status line and headers: names and values, alternating. */
export function rawHead(status: number, headers: readonly string[]): Buffer {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at] ?? ''}: ${headers[at + 1] ?? ''}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

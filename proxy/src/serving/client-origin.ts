import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Origin } from '../call/call.ts';

/** What is known of a connection does not change while it lasts, and takes time to ask for. */
const remembered = new WeakMap<IncomingMessage['socket'], Origin>();

/** Node's own reading of the connection, where no proxy stands before the gateway. */
export function directOrigin({ socket }: IncomingMessage): Origin {
  const known = remembered.get(socket);
  if (known !== undefined) return known;
  const origin = {
    clientAddress: socket.remoteAddress ?? '',
    clientCertificate: socket instanceof TLSSocket && Object.keys(socket.getPeerCertificate()).length > 0,
  };
  remembered.set(socket, origin);
  return origin;
}

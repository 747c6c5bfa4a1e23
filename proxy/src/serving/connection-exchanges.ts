import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What to do with a request, by what is under way on its connection. */
export type Turn =
  | 'Serve'
  /** It came before its predecessor was answered, and is not carried out. */
  | 'Refuse'
  /** The connection is being closed: what comes on it may not be meant as a request. */
  | 'Ignore'
  /** More than one of these: nothing that a client does. */
  | 'Cut';

/**
 * What is under way on each connection: one request at a time.
 *
 * Node hands on every pipelined request as soon as it is parsed. What follows a body that nobody read, or a request whose
 * end was in doubt, would be carried out although its sender may have meant it as a body; two writes would run side by
 * side that the API server takes one after the other; and an upgrade would write into the answer before it.
 */
export interface ConnectionExchanges {
  begin(request: IncomingMessage, response: ServerResponse): Turn;
  progress(socket: Duplex): Progress;
}

/** How far a connection is with its latest request. */
export type Progress =
  /** There is none, or it has been answered. */
  | 'Idle'
  /** It has not arrived whole, and nothing has been answered yet. */
  | 'Receiving'
  /** What is written now would be read as part of its answer, or in place of it although it may be carried out. */
  | 'Answering'
  /** As before, and the connection is closed after the answer. */
  | 'Closing';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  refused: boolean;
}

export function newConnectionExchanges(): ConnectionExchanges {
  const latest = new WeakMap<Duplex, Exchange>();

  return {
    begin(request, response) {
      const before = latest.get(request.socket);
      if (before === undefined || hasEnded(before)) {
        latest.set(request.socket, { request, response, refused: false });
        return 'Serve';
      }
      if (before.refused) return 'Cut';
      before.refused = true;
      return before.response.shouldKeepAlive ? 'Refuse' : 'Ignore';
    },
    progress(socket) {
      const now = latest.get(socket);
      if (now === undefined || hasEnded(now)) return 'Idle';
      if (!now.request.complete && !now.response.headersSent) return 'Receiving';
      return now.response.shouldKeepAlive ? 'Answering' : 'Closing';
    },
  };
}

/** One after which the connection is closed never has. */
const hasEnded = ({ response }: Exchange): boolean => response.writableEnded && response.shouldKeepAlive;

import type { Conversation, FrameReader } from './conversation.ts';
import { FrameError } from './frame-error.ts';
import { newSpdyConversation, type SpdyOptions } from './spdy.ts';
import { closeFrame, serverFrame, WebSocketReader } from './websocket.ts';

const POLICY_VIOLATION = 1_008;
/** Bytes of a tunnel may be cut into messages anywhere. */
const MAX_MESSAGE_BYTES = 16 * 1_048_576;

/** A port-forward over a WebSocket whose messages, put together, are a SPDY connection. */
export function newTunnelledConversation(options: SpdyOptions): Conversation {
  const spdy = newSpdyConversation(options);
  const reader = (from: 'client' | 'server', inner: FrameReader): WebSocketReader =>
    new WebSocketReader({
      from,
      fragments: true,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      handler: {
        begin(kind) {
          if (kind !== 'binary') throw new FrameError('OpcodeUnexpected');
        },
        payload: (piece) => inner.push(piece.bytesFrom(0)),
        end: () => undefined,
      },
    });
  return {
    client: reader('client', spdy.client),
    server: reader('server', spdy.server),
    farewell(status) {
      const close = closeFrame(POLICY_VIOLATION, status.message);
      // Within a frame of the connection nothing can be said on it.
      if (spdy.server.unfinished > 0) return { words: Buffer.alloc(0), close, unhurried: false };
      const inner = spdy.farewell(status);
      return {
        words: inner.words.length === 0 ? inner.words : serverFrame('binary', inner.words),
        close: Buffer.concat([serverFrame('binary', inner.close), close]),
        unhurried: inner.unhurried,
      };
    },
    close: () => spdy.close(),
  };
}

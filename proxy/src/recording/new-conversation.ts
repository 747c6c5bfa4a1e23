import type { ConnectOptions } from '../request/connect-options.ts';
import { newChannelConversation } from './channels.ts';
import type { Conversation, ConversationObserver } from './conversation.ts';
import { newSpdyConversation } from './spdy.ts';
import { newTunnelledConversation } from './tunnelled-spdy.ts';

export interface NegotiatedUpgrade {
  readonly protocol: 'websocket' | 'SPDY/3.1';
  /** The subprotocol of a WebSocket, or the version of streams over SPDY. */
  readonly agreed: string;
  /** What the call asks for. */
  readonly connect: ConnectOptions;
  readonly observer?: ConversationObserver | undefined;
}

/** How the bytes of an exec, attach or port-forward are to be read. */
export function newConversation({ protocol, agreed, connect, observer }: NegotiatedUpgrade): Conversation {
  const tunnelled = /^SPDY\/3\.1\+(?<version>.+)$/.exec(agreed)?.groups?.['version'];
  if (protocol === 'SPDY/3.1') return newSpdyConversation({ options: connect, version: agreed, observer });
  if (tunnelled !== undefined) return newTunnelledConversation({ options: connect, version: tunnelled, observer });
  return newChannelConversation(agreed, connect, observer);
}

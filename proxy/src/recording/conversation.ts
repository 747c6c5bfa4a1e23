import type { Status } from '../status.ts';

/** Reads one direction of a session as it passes. */
export interface FrameReader {
  /**
   * Takes the next bytes, split anywhere. Where a promise comes back, nothing may be pushed before it is settled.
   *
   * @throws FrameError, or rejects with one: then nothing of `chunk` may go on.
   */
  push(chunk: Buffer): Promise<void> | undefined;
  /** How many of the last bytes belong to a frame whose end has not come; 0 where a frame could be put in. */
  readonly unfinished: number;
}

/** Both directions of a session whose protocol is understood. */
export interface Conversation {
  readonly client: FrameReader;
  readonly server: FrameReader;
  /**
   * What to send to the client of a session that is ended, in place of whatever would have come from the server. To be
   * asked for where the last byte that went to the client ended a frame.
   */
  farewell(status: Status): Farewell;
  /** Gives back what the readers hold outside of the heap. */
  close(): void;
}

/** The last that a client is sent. */
export interface Farewell {
  readonly words: Buffer;
  /** Ends the protocol. */
  readonly close: Buffer;
  /**
   * Whether the client is to have time between the two: kubectl drops what it was told of a forwarded connection when it
   * sees the end first.
   */
  readonly unhurried: boolean;
}

/** What of a session a byte belongs to. */
export interface Channel {
  readonly from: 'client' | 'server';
  readonly kind: 'stdin' | 'stdout' | 'stderr' | 'error' | 'resize' | 'data';
  /** Of a port-forward: the port in the pod. */
  readonly port?: number;
  /** Of a port-forward: which of several connections to it. */
  readonly connection?: string;
}

/** Told what passes, decoded, in order, before it goes on. Its buffers are only valid during the call. */
export interface ConversationObserver {
  data(channel: Channel, bytes: Buffer): void;
  /** Nothing more comes on the channel. */
  closed(channel: Channel): void;
}

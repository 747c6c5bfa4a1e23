import type { Obstacle } from './bulk-verdict.ts';
import type { Tier } from './encoder.ts';

/** Which document: of a checkpoint the sequence is undefined. */
export interface DocumentPlace {
  readonly writer: string;
  readonly sequence: number | undefined;
}

/** What the shipper tells. Error types are Elasticsearch's own words, its reasons quote documents and are not told. */
export type ShipperEvent =
  | { readonly type: 'Attempted'; readonly documents: number; readonly bytes: number; readonly durationMs: number }
  | { readonly type: 'Stored'; readonly documents: number; readonly duplicates: number }
  /** Documents will be sent again after `delayMs`. `status` is 0 where there was no answer. */
  | {
      readonly type: 'Delayed';
      readonly why: Obstacle;
      readonly status: number;
      readonly errorType: string;
      readonly documents: number;
      readonly delayMs: number;
    }
  /** The batch will be sent in halves. */
  | { readonly type: 'Halved'; readonly documents: number; readonly bytes: number }
  /** A document was refused as it was, and less of it is sent. Alarms: searches by fields may not find it. */
  | {
      readonly type: 'Reduced';
      readonly document: DocumentPlace;
      readonly tier: Tier;
      readonly why: 'Refused' | 'Misplaced' | 'TooLarge';
      readonly status: number;
      readonly errorType: string;
    }
  /** Alarms: somebody else's document has the id of a record that was never sent. */
  | { readonly type: 'Conflict'; readonly document: DocumentPlace }
  /** Alarms: what was told of is in a local file. */
  | { readonly type: 'DeadLetter'; readonly document: DocumentPlace; readonly why: DeadLetterReason }
  /** Alarms: the file cannot be written. It is tried again until it can. */
  | { readonly type: 'DeadLetterFailed'; readonly error: unknown };

export type DeadLetterReason = 'Refused' | 'TooLarge' | 'Conflict' | 'Unreadable';

export interface ShipperState {
  /** Read and not yet acknowledged. */
  readonly documents: number;
  readonly bytes: number;
  /** When the oldest of them was read, by the monotonic clock. */
  readonly oldestReadAt: number | undefined;
  /** By the wall clock; undefined before the first. */
  readonly lastSuccess: number | undefined;
  /** What documents wait for at present. */
  readonly obstacle: Obstacle | undefined;
}

import type { Entry } from './entry.ts';

/** An intent whose call may still be under way. */
export interface OpenIntent {
  readonly auditID: string;
  readonly text: string;
}

/**
 * The intents of this writer that no record has closed. A segment is removed only when none of them is in it; one that
 * stays open for long is written again in a later segment, so that a watch of hours holds back nothing.
 */
export interface OpenIntents {
  /** Takes up what has been written. */
  committed(entries: readonly Entry[], segment: number): void;
  /** A record that closes it is on its way to the disk. */
  closing(auditID: string): void;
  /** A record that was to close it could not be taken: nobody else will close it. */
  abandon(auditID: string): void;
  /** Open ones in segments up to this one, closing ones included. */
  isPinned(segment: number): boolean;
  /** Those that have to be written again before the segment is removed. */
  inSegments(upTo: number): readonly OpenIntent[];
  abandoned(): readonly OpenIntent[];
  /** All that nothing is about to close. */
  all(): readonly OpenIntent[];
  readonly count: number;
  /** Characters of their texts. */
  readonly size: number;
}

interface State extends OpenIntent {
  segment: number;
  state: 'Open' | 'Closing' | 'Abandoned';
}

export function newOpenIntents(): OpenIntents {
  const open = new Map<string, State>();
  const abandonedIDs = new Set<string>();
  let size = 0;

  function remove(auditID: string): void {
    const known = open.get(auditID);
    if (known === undefined) return;
    size -= known.text.length;
    open.delete(auditID);
    abandonedIDs.delete(auditID);
  }

  function setState(auditID: string, state: State['state']): void {
    const known = open.get(auditID);
    if (known !== undefined) known.state = state;
  }

  return {
    committed(entries, segment) {
      for (const entry of entries) {
        if (entry.type === 'Intent') {
          const known = open.get(entry.auditID);
          if (known === undefined) {
            open.set(entry.auditID, { auditID: entry.auditID, text: entry.text, segment, state: 'Open' });
            size += entry.text.length;
          } else known.segment = segment;
        } else if (entry.type === 'Revoked') remove(entry.auditID);
        else if (entry.type === 'Record' && entry.closes) remove(entry.auditID);
      }
    },
    closing(auditID) {
      setState(auditID, 'Closing');
      abandonedIDs.delete(auditID);
    },
    abandon(auditID) {
      if (!open.has(auditID)) return;
      setState(auditID, 'Abandoned');
      abandonedIDs.add(auditID);
    },
    isPinned: (segment) => open.values().some((intent) => intent.segment <= segment),
    inSegments: (upTo) =>
      open
        .values()
        .filter(({ segment, state }) => segment <= upTo && state !== 'Closing')
        .toArray(),
    abandoned: () => [...abandonedIDs].flatMap((auditID) => open.get(auditID) ?? []),
    all: () =>
      open
        .values()
        .filter(({ state }) => state !== 'Closing')
        .toArray(),
    get count() {
      return open.size;
    },
    get size() {
      return size;
    },
  };
}

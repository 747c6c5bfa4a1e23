import type { Clock } from '@chaperone/crds/client/clock';
import type { FileSystem } from './wal/file-system.ts';

/** What the log takes, and what it could. */
export interface LogRoom {
  readonly bytes: number;
  readonly maxBytes: number;
  /** Of its volume. */
  readonly freeBytes: number;
  readonly minFreeBytes: number;
}

/** Of what the log can take; the rest is kept for calls that have an identity. */
const SHARE = 0.75;

/** Whether the log, by its own bound or by its volume, has so little room left that not everybody may use it. */
export function isCrowded({ bytes, maxBytes, freeBytes, minFreeBytes }: LogRoom): boolean {
  const most = Math.min(maxBytes, bytes + Math.max(0, freeBytes - minFreeBytes));
  return bytes > SHARE * most;
}

export interface RoomWatchOptions extends Pick<LogRoom, 'maxBytes' | 'minFreeBytes'> {
  readonly files: Pick<FileSystem, 'freeBytes'>;
  readonly directory: string;
  readonly clock: Clock;
  readonly bytes: () => number;
}

const SAMPLE_MS = 1_000;

/** Answers at once whether the log is crowded, by the volume's free space as it was at most a second ago when asked often. */
export function watchRoom({ files, directory, clock, bytes, maxBytes, minFreeBytes }: RoomWatchOptions): () => boolean {
  let freeBytes = Number.POSITIVE_INFINITY;
  let sampledAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.monotonic();
    if (now - sampledAt >= SAMPLE_MS) {
      sampledAt = now;
      files.freeBytes(directory).then(
        (free) => (freeBytes = free),
        // What cannot be asked for its space cannot be written to either, which the log itself finds.
        () => undefined,
      );
    }
    return isCrowded({ bytes: bytes(), maxBytes, freeBytes, minFreeBytes });
  };
}

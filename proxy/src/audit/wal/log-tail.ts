import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { FileSystem } from './file-system.ts';
import { newLogReader, type LoggedEntry, type LogReader } from './log-reader.ts';
import type { WriterDirectory } from './writer-directory.ts';
import type { LogFault } from './writer-scan.ts';

export interface LogTailOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly owned: ReadonlyMap<string, WriterDirectory>;
  readonly fault: (fault: LogFault) => void;
}

/** Reads the logs of all writers that are owned, and what is still to be written to them. */
export interface LogTail {
  read(signal: AbortSignal): AsyncGenerator<LoggedEntry, void, void>;
  /** There may be something new to read. */
  wake(): void;
  /** Nothing new will come. */
  finish(): void;
}

/** How long after a write it is read: many writes are read at once. */
const GATHER_MS = 50;

export function newLogTail({ files, clock, owned, fault }: LogTailOptions): LogTail {
  const waiting = new Set<() => void>();
  let version = 0;
  let finished = false;

  function wake(): void {
    version += 1;
    if (waiting.size === 0) return;
    for (const each of waiting) each();
    waiting.clear();
  }

  async function changed(since: number, signal: AbortSignal): Promise<void> {
    if (version !== since || signal.aborted) return;
    await new Promise<void>((resolve) => {
      waiting.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  const readerOf = ({ writer, path, lengths, acknowledged }: WriterDirectory): LogReader =>
    newLogReader({ files, directory: path, writer, lengths, from: acknowledged, fault });

  async function* read(signal: AbortSignal): AsyncGenerator<LoggedEntry, void, void> {
    const readers = new Map<string, LogReader>();
    try {
      while (!signal.aborted) {
        const since = version;
        const last = finished;
        let found = false;
        for (const directory of owned.values()) {
          const reader = readers.get(directory.writer) ?? readerOf(directory);
          readers.set(directory.writer, reader);
          const entries = await reader.next();
          found ||= entries.length > 0;
          yield* entries;
        }
        for (const [writer, reader] of readers) {
          if (owned.has(writer)) continue;
          readers.delete(writer);
          await reader.close();
        }
        if (found) continue;
        if (last) return;
        await changed(since, signal);
        if (!finished) await sleep(clock, GATHER_MS, signal);
      }
    } finally {
      for (const reader of readers.values()) await reader.close();
    }
  }

  return {
    read,
    wake,
    finish() {
      finished = true;
      wake();
    },
  };
}

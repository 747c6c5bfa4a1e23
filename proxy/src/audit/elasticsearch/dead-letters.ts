import type { DeadLetterReason } from './shipper-event.ts';
import type { SourceEntry } from './source-entry.ts';

/** Keeps what Elasticsearch does not take. */
export interface DeadLetters {
  /** Resolves once the entry is on stable storage. @throws errors of the file system, and DeadLettersFull */
  add(entry: SourceEntry<unknown>, why: DeadLetterReason): Promise<void>;
}

/** There is room for no more: somebody has to look, and to move the file away. */
export class DeadLettersFull extends Error {
  override readonly name = 'DeadLettersFull';
  readonly code = 'ERR_DEAD_LETTERS_FULL';

  constructor() {
    super('there is no more room for dead letters: move the file away');
  }
}

/** What a dead letter is written with. */
export interface DeadLetterFile {
  /** Of the file, 0 where there is none. */
  size(): Promise<number>;
  /** Appends, and returns when that is on stable storage. */
  append(text: string): Promise<void>;
}

export interface DeadLettersOptions {
  readonly file: DeadLetterFile;
  readonly maxBytes: number;
  readonly now: () => number;
}

/** One line of JSON for each, in one file; each holds what `verify` needs of a record. */
export function newDeadLetters({ file, maxBytes, now }: DeadLettersOptions): DeadLetters {
  let writing: Promise<void> = Promise.resolve();

  async function write(line: string): Promise<void> {
    if ((await file.size()) + Buffer.byteLength(line) > maxBytes) throw new DeadLettersFull();
    await file.append(line);
  }

  return {
    add({ position: _position, ...entry }, why) {
      const line = `${JSON.stringify({ time: new Date(now()).toISOString(), why, ...entry })}\n`;
      // One after the other, also after one that failed: two appends at once could mix.
      writing = writing.catch(() => {}).then(() => write(line));
      return writing;
    },
  };
}

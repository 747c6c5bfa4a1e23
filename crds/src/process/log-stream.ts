import { write, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Writable } from 'node:stream';

/**
 * Where log lines go, without ever waiting for their reader: Node writes to a pipe or file on standard output
 * synchronously, so that a collector which stops reading would stop every call.
 */
export interface LogStream {
  readonly stream: Writable;
  /** Lines that were left out because too many waited. */
  dropped(): number;
  /** Resolves when what was logged until now has been written or cannot be, or its reader has not read for a second. */
  flush(): Promise<void>;
  /** For a process that must end at once. */
  flushSync(): void;
}

export interface LogStreamOptions {
  readonly fd: number;
  /** Bytes that may wait. */
  readonly maxWaitingBytes?: number;
}

const MAX_WAITING = 4 * 1024 * 1024;
/** A process that is to end does not wait for a reader that is stuck. */
const FLUSH_MS = 1_000;
/** Each write is a thread woken: the lines of many calls share one. */
const GATHER_MS = 10;
const GATHERED_BYTES = 64 * 1024;
/** A pipe that somebody made non-blocking says so instead of waiting. */
const AGAIN_MS = 10;

export function newLogStream({ fd, maxWaitingBytes = MAX_WAITING }: LogStreamOptions): LogStream {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let writing: Promise<void> | undefined;
  let hurry: () => void = () => undefined;

  async function drain(): Promise<void> {
    await gathered();
    while (waiting.length > 0) {
      const batch = Buffer.concat(waiting);
      waiting = [];
      waitingBytes = 0;
      await writeAll(fd, batch);
    }
    writing = undefined;
  }

  /** Resolves when lines have had time to come together, or somebody cannot wait. */
  const gathered = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    stream: new Writable({
      decodeStrings: true,
      write(chunk: Buffer, _encoding, done) {
        if (waitingBytes + chunk.length > maxWaitingBytes) dropped += 1;
        else {
          waiting.push(chunk);
          waitingBytes += chunk.length;
          writing ??= drain();
          if (waitingBytes > GATHERED_BYTES) hurry();
        }
        done();
      },
    }),
    dropped: () => dropped,
    async flush() {
      hurry();
      const given = new AbortController();
      await Promise.race([writing, sleep(FLUSH_MS, undefined, { signal: given.signal }).catch(() => undefined)]);
      given.abort();
    },
    flushSync() {
      const rest = Buffer.concat(waiting);
      waiting = [];
      waitingBytes = 0;
      try {
        writeSync(fd, rest);
      } catch {
        // Nobody reads any more, and the process ends.
      }
    },
  };
}

/** Writes all of it. A reader that has gone for good is nobody to tell of it: the lines are lost. */
async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const written = await writeOnce(fd, bytes, at);
    if (written === undefined) return;
    if (written === 0) await sleep(AGAIN_MS);
    at += written;
  }
}

const writeOnce = (fd: number, bytes: Buffer, at: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    write(fd, bytes, at, bytes.length - at, null, (error, written) => {
      if (error === null) resolve(written);
      else resolve(error.code === 'EAGAIN' ? 0 : undefined);
    });
  });

import type { ChildProcess } from 'node:child_process';
import { vi } from 'vitest';

/** A command that runs while a test does something to it. */
export interface RunningCommand {
  /** Standard output and standard error so far, as they came. */
  output(): string;
  type(text: string): void;
  /** Waits until the output holds this. */
  says(text: string): Promise<void>;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>;
  /** When it had ended, on the clock of `performance`; undefined before. */
  endedAt(): number | undefined;
  kill(): void;
}

const PATIENCE = 30_000;

export function watchCommand(child: ChildProcess): RunningCommand {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let endedAt: number | undefined;
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code) => {
      endedAt = performance.now();
      resolve(code ?? 128);
    });
  });
  // A command that ends while it is typed to is told by its exit code.
  child.stdin?.on('error', () => undefined);
  return {
    output: () => output,
    type: (text) => void child.stdin?.write(text),
    says: (text) =>
      vi.waitFor(
        () => {
          if (!output.includes(text)) throw new Error(`it does not say ${JSON.stringify(text)}: ${output}`);
        },
        { timeout: PATIENCE, interval: 50 },
      ),
    ended,
    endedAt: () => endedAt,
    kill: () => void child.kill('SIGKILL'),
  };
}

import { run } from '@chaperone/cli/run';

/** What a command line printed, and its exit code. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export interface RunOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  readonly now?: () => number;
}

/** Runs `kubectl chaperone` in this process. */
export async function chaperone(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  let out = '';
  let error = '';
  const code = await run(args, {
    variables: options.variables ?? {},
    out: (text) => void (out += text),
    error: (text) => void (error += text),
    isTerminal: options.isTerminal ?? false,
    now: options.now ?? (() => Date.now()),
  });
  return { code, out, error };
}

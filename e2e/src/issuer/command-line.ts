import { parseArgs, type ParseArgsConfig } from 'node:util';
import { IssuerError } from './issuer-error.ts';

type OptionTable = NonNullable<ParseArgsConfig['options']>;

/** The values of a command line by the names of its options. */
export type OptionValues<Options extends OptionTable> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; strict: true; allowPositionals: false }>
>['values'];

/**
 * Reads a command line that consists of options alone.
 *
 * Throws IssuerError `BadOption`, whose message lists the options there are, for an unknown option, a word that belongs
 * to none, or a missing value.
 */
export function parseCommandLine<const Options extends OptionTable>(
  args: readonly string[],
  options: Options,
): OptionValues<Options> {
  const joined = joinNegativeNumbers(args, options);
  const known = Object.keys(options)
    .map((name) => `--${name}`)
    .join(', ');
  for (const token of parseArgs({ args: joined, options, strict: false, tokens: true }).tokens) {
    if (token.kind === 'positional') {
      throw new IssuerError('BadOption', `'${token.value}' belongs to no option: give ${known}`);
    }
    if (token.kind === 'option' && !Object.hasOwn(options, token.name)) {
      throw new IssuerError('BadOption', `unknown option ${token.rawName}: give ${known}`);
    }
  }
  try {
    return parseArgs({ args: joined, options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    // What is left to go wrong: an option without its value, or a flag with one.
    const reason = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
    throw new IssuerError('BadOption', reason, { cause });
  }
}

/** parseArgs takes `-60` in `--expires-in -60` for an option and refuses it; `--expires-in=-60` it takes. */
function joinNegativeNumbers(args: readonly string[], options: OptionTable): string[] {
  const joined: string[] = [];
  for (const argument of args) {
    const previous = joined.at(-1);
    if (
      previous !== undefined &&
      /^-\d/.test(argument) &&
      previous.startsWith('--') &&
      options[previous.slice(2)]?.type === 'string'
    ) {
      joined[joined.length - 1] = `${previous}=${argument}`;
    } else {
      joined.push(argument);
    }
  }
  return joined;
}

/** Writes a failure as one line and gives the exit code: 2 for a wrong command line, else 1. */
export function reportFailure(command: string, error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${command}: ${message}\n`);
  return error instanceof IssuerError && error.code === 'BadOption' ? 2 : 1;
}

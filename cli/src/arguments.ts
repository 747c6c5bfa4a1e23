import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { usageError } from './command-error.ts';

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;

/** Where records are read from; of every command. */
const SOURCE = {
  elasticsearch: text,
  username: text,
  'password-file': text,
  'api-key-file': text,
  'ca-file': text,
  'data-stream-namespace': text,
  directory: texts,
  output: { ...text, short: 'o' },
  help: { ...flag, short: 'h' },
} as const;

export const SEARCH_OPTIONS = {
  ...SOURCE,
  user: texts,
  verb: texts,
  resource: texts,
  namespace: { ...texts, short: 'n' },
  name: texts,
  decision: texts,
  verdict: texts,
  outcome: texts,
  run: texts,
  code: texts,
  since: text,
  until: text,
  limit: text,
} as const;

export const SHOW_OPTIONS = { ...SOURCE, full: flag } as const;

export const VERIFY_OPTIONS = {
  ...SOURCE,
  'public-key': texts,
  registry: text,
  'registry-key': texts,
  'retained-since': text,
  'all-fields': flag,
} as const;

/** @throws CommandError for what is no option of the command */
export function parseArguments<Options extends ParseArgsOptionsConfig>(
  command: string,
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw usageError(`${error.message}\nSee kubectl chaperone ${command} --help`);
  }
}

/** One of the ways of printing that the command has. @throws CommandError */
export function outputOf<Format extends string>(
  given: string | undefined,
  formats: readonly [Format, ...Format[]],
): Format {
  const found = formats.find((format) => format === (given ?? formats[0]));
  if (found === undefined) throw usageError(`--output=${given ?? ''}: must be one of ${formats.join(', ')}`);
  return found;
}

import { CommandError, EXIT } from './command-error.ts';
import { search } from './commands/search.ts';
import { show } from './commands/show.ts';
import { verify } from './commands/verify.ts';
import type { Environment } from './environment.ts';
import { visibleLines } from './output/visible.ts';
import { usage } from './usage.ts';

const COMMANDS = { search, show, verify } as const;

const isCommand = (text: string): text is keyof typeof COMMANDS => Object.hasOwn(COMMANDS, text);

/** Runs one command line and returns the exit code. Never rejects for what a person can mend. */
export async function run(args: readonly string[], environment: Environment): Promise<number> {
  const [command = '', ...rest] = args;
  if (['', 'help', '--help', '-h'].includes(command)) {
    environment.out(usage());
    return EXIT.ok;
  }
  if (!isCommand(command)) {
    environment.error(`Error: there is no command ${visibleLines(command)}: see kubectl chaperone --help\n`);
    return EXIT.failed;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    environment.out(usage(command));
    return EXIT.ok;
  }
  try {
    return await COMMANDS[command](rest, environment);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    environment.error(`Error: ${visibleLines(error.message)}\n`);
    return EXIT.failed;
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportFailure } from './command-line.ts';
import { mintToken } from './issue-token.ts';
import { IssuerError } from './issuer-error.ts';
import { parseTokenOptions, USAGE } from './token-options.ts';

/** The `token` command: see USAGE. Prints one line; nothing but the token goes to standard output. */
async function main(): Promise<void> {
  const { help, state, keyFile, request } = parseTokenOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  const directory = state ?? join(import.meta.dirname, '../../../.run/issuer');
  const key = keyFile === undefined ? {} : { key: readKeyFile(keyFile) };
  process.stdout.write(`${await mintToken(directory, { ...request, ...key })}\n`);
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new IssuerError('BadOption', `--key ${file} cannot be read`, { cause });
  }
}

try {
  await main();
} catch (error) {
  process.exitCode = reportFailure('token', error);
}

import { join } from 'node:path';
import { parseCommandLine, reportFailure } from './command-line.ts';
import type { KeySet } from './key-set.ts';
import { dropRetiredKeys, rotateKeys } from './state.ts';

const USAGE = `Rotates the signing keys of the local issuer; a running one follows within a second.

  npm run rotate-issuer-key                 adds new keys, which sign; the earlier ones still verify
  npm run rotate-issuer-key -- --drop-old   adds none; retires those that no longer sign

  --state DIR   the issuer's directory; .run/issuer of this checkout unless given
`;

async function main(): Promise<void> {
  const values = parseCommandLine(process.argv.slice(2), {
    'drop-old': { type: 'boolean' },
    state: { type: 'string' },
    help: { type: 'boolean' },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const directory = values.state ?? join(import.meta.dirname, '../../../.run/issuer');
  const keys = values['drop-old'] === true ? dropRetiredKeys(directory) : await rotateKeys(directory);
  process.stdout.write(describe(keys));
}

/** One line a key, those that sign first of their algorithm. */
function describe(keys: KeySet): string {
  const signing = new Set<string>();
  return keys
    .map(({ alg, kid }) => {
      const role = signing.has(alg) ? 'verifies' : 'signs';
      signing.add(alg);
      return `${alg} ${kid} ${role}\n`;
    })
    .join('');
}

try {
  await main();
} catch (error) {
  process.exitCode = reportFailure('rotate-issuer-key', error);
}

import { parseArgs } from 'node:util';
import { CHECKOUT, stackDirectories } from './stack/directories.ts';
import { newReport, runMain } from './stack/command-line.ts';
import { up } from './stack/stack.ts';
import { join } from 'node:path';

/** `make up`: brings the stack of this checkout up under `.run`. */
await runMain(async () => {
  const { values } = parseArgs({ options: { 'with-node': { type: 'boolean', default: false } } });
  await up({
    directories: stackDirectories(join(CHECKOUT, '.run')),
    environment: process.env,
    report: newReport(),
    withNode: values['with-node'],
  });
});

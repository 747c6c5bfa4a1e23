import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { newReport, runMain } from './stack/command-line.ts';
import { DEFAULT_STACK, stackDirectories } from './stack/directories.ts';
import { down } from './stack/stack.ts';
import { clearAbandonedTestStacks } from './stack/test-stack.ts';

/** `make down`: ends the stack of this checkout, or the one under `--directory`, and what killed test runs left behind. */
await runMain(async () => {
  const { values } = parseArgs({ options: { directory: { type: 'string', default: DEFAULT_STACK } } });
  await down({
    directories: stackDirectories(resolve(values.directory)),
    environment: process.env,
    report: newReport(),
  });
  await clearAbandonedTestStacks();
});

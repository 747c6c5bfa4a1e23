import { join } from 'node:path';
import { CHECKOUT, stackDirectories } from './stack/directories.ts';
import { newReport, runMain } from './stack/command-line.ts';
import { down } from './stack/stack.ts';
import { clearAbandonedTestStacks } from './stack/test-stack.ts';

/** `make down`: ends the stack of this checkout, and what killed test runs left behind. */
await runMain(async () => {
  await down({
    directories: stackDirectories(join(CHECKOUT, '.run')),
    environment: process.env,
    report: newReport(),
  });
  await clearAbandonedTestStacks();
});

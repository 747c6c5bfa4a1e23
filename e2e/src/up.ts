import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { newReport, runMain } from './stack/command-line.ts';
import { DEFAULT_STACK, stackDirectories } from './stack/directories.ts';
import { up } from './stack/stack.ts';

/** `make up`: brings the stack of this checkout up under `.run`, or another one under `--directory`. */
process.once('SIGINT', () => {
  process.stderr.write("interrupted: 'make down' ends what was started, 'make up' goes on\n");
  process.exit(130);
});

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      'with-node': { type: 'boolean', default: false },
      directory: { type: 'string', default: DEFAULT_STACK },
    },
  });
  await up({
    directories: stackDirectories(resolve(values.directory)),
    environment: process.env,
    report: newReport(),
    withNode: values['with-node'],
  });
});

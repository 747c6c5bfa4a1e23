import { systemClock } from '@chaperone/crds/client/clock';
import { runProgram } from '@chaperone/crds/process/program';
import { runOperator } from './operator.ts';
import { parseOptions } from './options.ts';

// An API server that is away and a lost lease end nothing.
const code = await runProgram({
  name: 'Operator',
  manifest: new URL('../package.json', import.meta.url),
  parseOptions,
  run: (environment, signal) => runOperator({ ...environment, clock: systemClock }, signal),
});
process.exit(code);

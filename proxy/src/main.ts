import { hostname } from 'node:os';
import { systemClock } from '@chaperone/crds/client/clock';
import { runProgram } from '@chaperone/crds/process/program';
import { AuthenticationConfigurationError } from './authn/configuration.ts';
import { parseOptions } from './options.ts';
import { runProxy } from './proxy.ts';

const code = await runProgram({
  name: 'Proxy',
  manifest: new URL('../package.json', import.meta.url),
  parseOptions,
  run(environment, signal) {
    const replica = environment.options.replica ?? process.env['POD_NAME'] ?? hostname();
    return runProxy({ ...environment, replica, clock: systemClock }, signal);
  },
  isConfigurationFault: (error) => error instanceof AuthenticationConfigurationError,
});
process.exit(code);

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '@chaperone/crds/client/clock';
import { kubeConfigFromFile, kubeConfigInCluster } from '@chaperone/crds/client/kubeconfig';
import { newLogStream } from '@chaperone/crds/process/log-stream';
import { newLogger } from '@chaperone/crds/process/logger';
import { OptionsError } from '@chaperone/crds/process/options';
import { parse } from 'yaml';
import { AuthenticationConfigurationError } from './authn/configuration.ts';
import { parseOptions, type ProxyOptions } from './options.ts';
import { runProxy } from './proxy.ts';

/**
 * The proxy's process: `main --config FILE`. The only reader of arguments, environment and signals. It ends with 0 when
 * told to (SIGTERM, SIGINT), with 2 when its configuration is at fault, and with 1 otherwise, to be started anew.
 */
async function main(): Promise<number> {
  let options: ProxyOptions;
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' } } });
    options = parseOptions(values.config === undefined ? {} : parse(readFileSync(values.config, 'utf8')));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  const logs = newLogStream({ fd: process.stdout.fd });
  const logger = newLogger({ level: options.log.level, stream: logs.stream });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info('Stopping', { signal });
      stop.abort();
    });
  }
  // A fault that nobody caught leaves the process in a state that nobody knows. Calls that are under way are cut: their
  // clients must not take what they have for all there is.
  process.on('uncaughtException', (error) => {
    logger.error('Uncaught exception', { error });
    logs.flushSync();
    process.exit(1);
  });
  try {
    const kubeConfig =
      options.kubeconfig === undefined ? kubeConfigInCluster() : kubeConfigFromFile(options.kubeconfig);
    const replica = options.replica ?? process.env['POD_NAME'] ?? hostname();
    await runProxy({ options, kubeConfig, replica, version: version(), clock: systemClock, logger }, stop.signal);
    return 0;
  } catch (error) {
    const isConfiguration = error instanceof OptionsError || error instanceof AuthenticationConfigurationError;
    if (isConfiguration) process.stderr.write(`${error.message}\n`);
    else logger.error('Proxy failed', { error });
    return isConfiguration ? 2 : 1;
  } finally {
    await logs.flush();
  }
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const found =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return typeof found === 'string' ? found : 'unknown';
}

process.exit(await main());

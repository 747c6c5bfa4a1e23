import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '@chaperone/crds/client/clock';
import { kubeConfigFromFile, kubeConfigInCluster } from '@chaperone/crds/client/kubeconfig';
import { parse } from 'yaml';
import { newLogger } from '@chaperone/crds/process/logger';
import { runOperator } from './operator.ts';
import { OptionsError } from '@chaperone/crds/process/options';
import { parseOptions, type OperatorOptions } from './options.ts';

/**
 * The operator's process: `main --config FILE`. The only reader of arguments and signals. It ends with 0 when told to
 * (SIGTERM, SIGINT), with 2 when its configuration is at fault, and with 1 otherwise, to be started anew. An API server
 * that is away and a lost lease end nothing.
 */
async function main(): Promise<number> {
  let options: OperatorOptions;
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' } } });
    options = parseOptions(values.config === undefined ? {} : parse(readFileSync(values.config, 'utf8')));
  } catch (error) {
    const message = error instanceof OptionsError || error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    return 2;
  }
  const logger = newLogger({ level: options.log.level, stream: process.stdout });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info('Stopping', { signal });
      stop.abort();
    });
  }
  // A fault that nobody caught leaves the process in a state that nobody knows: its successor starts from the cluster's.
  process.on('uncaughtException', (error) => {
    logger.error('Uncaught exception', { error });
    process.exit(1);
  });
  try {
    const kubeConfig =
      options.kubeconfig === undefined ? kubeConfigInCluster() : kubeConfigFromFile(options.kubeconfig);
    await runOperator({ options, kubeConfig, version: version(), clock: systemClock, logger }, stop.signal);
    return 0;
  } catch (error) {
    logger.error('Operator failed', { error });
    return 1;
  }
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const found =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return typeof found === 'string' ? found : 'unknown';
}

process.exit(await main());

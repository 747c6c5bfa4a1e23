import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { kubeConfigFromFile, kubeConfigInCluster, type KubeConfig } from '../client/kubeconfig.ts';
import { newLogStream } from './log-stream.ts';
import { newLogger, type Logger, type LogLevel } from './logger.ts';

/** What every program's configuration has. */
interface CommonOptions {
  readonly log: { readonly level: LogLevel };
  /** Path of a kubeconfig; without one the ServiceAccount of the pod is used. */
  readonly kubeconfig?: string | undefined;
}

export interface ProgramEnvironment<Options> {
  readonly options: Options;
  readonly kubeConfig: KubeConfig;
  /** Of the program's package. */
  readonly version: string;
  readonly logger: Logger;
}

export interface Program<Options extends CommonOptions> {
  /** For the log, when it fails. */
  readonly name: string;
  /** Of its package.json. */
  readonly manifest: URL;
  /** @throws Error whose message says what is at fault, and quotes no value */
  readonly parseOptions: (value: unknown) => Options;
  /** Resolves when `signal` has aborted and all has ended. */
  readonly run: (environment: ProgramEnvironment<Options>, signal: AbortSignal) => Promise<void>;
  /** Whether what `run` threw is a fault of the configuration. */
  readonly isConfigurationFault?: (error: unknown) => error is Error;
}

/**
 * A process: `main --config FILE`. The only reader of arguments and signals. Resolves with how it is to end: 0 when told to
 * (SIGTERM, SIGINT), 2 when its configuration is at fault, and 1 otherwise, to be started anew.
 */
export async function runProgram<Options extends CommonOptions>(program: Program<Options>): Promise<number> {
  let options: Options;
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' } } });
    options = program.parseOptions(values.config === undefined ? {} : parse(readFileSync(values.config, 'utf8')));
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
  // A fault that nobody caught leaves the process in a state that nobody knows: its successor starts from what is stored,
  // and clients that are cut do not take what they have for all there is.
  process.on('uncaughtException', (error) => {
    logger.error('Uncaught exception', { error });
    logs.flushSync();
    process.exit(1);
  });
  try {
    const { kubeconfig } = options;
    const kubeConfig = kubeconfig === undefined ? kubeConfigInCluster() : kubeConfigFromFile(kubeconfig);
    await program.run({ options, kubeConfig, version: versionIn(program.manifest), logger }, stop.signal);
    return 0;
  } catch (error) {
    if (program.isConfigurationFault?.(error) === true) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    logger.error(`${program.name} failed`, { error });
    return 1;
  } finally {
    await logs.flush();
  }
}

function versionIn(manifest: URL): string {
  const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  const found = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined;
  return typeof found === 'string' ? found : 'unknown';
}

import { chownSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CertificateAuthority } from '../certificates/authority.ts';
import { answersOk, type ProbeAccess } from '../process/answers-ok.ts';
import { LaunchError } from '../process/launch-error.ts';
import { reportStep, type Report } from '../process/progress.ts';
import type { ProcessRecord, ProcessSpec, Supervisor } from '../process/supervisor.ts';
import { checkRoom } from '../stack/preflight.ts';
import { serverAccount, type Account } from './account.ts';
import {
  baseFiles,
  commandArguments,
  serverDirectories,
  serverSettings,
  type ServerDirectories,
  type Settings,
} from './configuration.ts';
import { provideDistribution } from './distribution.ts';
import { failureIn } from './failure.ts';
import { findJava } from './java.ts';
import { fileRealm, type Users } from './security.ts';
import { keptUsers, servingCertificate, writeOwned } from './server-files.ts';
import {
  claimStateDirectory,
  defaultDistributionCache,
  makePassable,
  removeAbandonedState,
} from './state-directory.ts';

export interface ElasticsearchOptions {
  /** Names process, log and data; unique in the stack. Default: `elasticsearch`. */
  readonly name?: string;
  readonly httpPort: number;
  readonly report: Report;
  /** Added to the server's settings, and win over them (`indexing_pressure.memory.limit`, `http.max_content_length`). */
  readonly settings?: Settings;
  /** Holds the unpacked distribution. Default: `defaultDistributionCache`. */
  readonly cacheDirectory?: string;
}

/** A running server, on loopback. */
export interface Elasticsearch {
  readonly url: string;
  /** Of the launcher, which ends with the server and ends it; the server is its child. */
  readonly process: ProcessRecord;
}

export interface SecuredElasticsearchOptions extends ElasticsearchOptions {
  /** Issues the server's certificate. */
  readonly certificateAuthority: CertificateAuthority;
}

/** A running server that asks for a user, over TLS. */
export interface SecuredElasticsearch extends Elasticsearch {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  /** The same at every start of a stack. */
  readonly users: Users;
}

const READY_TIMEOUT = 120_000;

/**
 * Starts an Elasticsearch without security, or finds it running, and waits until it answers.
 *
 * Throws a LaunchError of one line: `ToolMissing`, `DownloadFailed`, `DiskFull`, `PortTaken`, `ProcessEnded`,
 * `NotReady`.
 */
export async function startElasticsearch(
  supervisor: Supervisor,
  options: ElasticsearchOptions,
): Promise<Elasticsearch> {
  const place = await prepare(supervisor, options);
  const url = `http://127.0.0.1:${options.httpPort}`;
  const record = await run(supervisor, { ...options, place, secured: false, files: place.files, url });
  return { url, process: record };
}

/** Like `startElasticsearch`, with TLS and the users of `security.ts`. */
export async function startSecuredElasticsearch(
  supervisor: Supervisor,
  options: SecuredElasticsearchOptions,
): Promise<SecuredElasticsearch> {
  const place = await prepare(supervisor, options);
  const users = keptUsers(join(supervisor.directory, `${place.name}-users.json`));
  const ca = options.certificateAuthority.keyPair.certificate;
  const tls = await servingCertificate(place.directories, options.certificateAuthority);
  const files = { ...place.files, ...fileRealm(users), ...tls };
  const url = `https://127.0.0.1:${options.httpPort}`;
  const { username, password } = users.superuser;
  const record = await run(supervisor, {
    ...options,
    place,
    secured: true,
    files,
    url,
    access: { ca, auth: `${username}:${password}` },
  });
  return { url, process: record, ca, users };
}

/** What a server needs before its files are known. */
interface Place {
  readonly name: string;
  readonly javaHome: string;
  /** Elasticsearch's home. */
  readonly home: string;
  readonly account: Account | undefined;
  readonly root: string;
  readonly directories: ServerDirectories;
  readonly files: Readonly<Record<string, string>>;
}

async function prepare(supervisor: Supervisor, options: ElasticsearchOptions): Promise<Place> {
  const name = options.name ?? 'elasticsearch';
  const isRoot = process.getuid?.() === 0;
  const java = await findJava();
  const cacheDirectory = options.cacheDirectory ?? defaultDistributionCache(process.env, isRoot);
  if (isRoot) {
    makePassable(dirname(cacheDirectory));
    removeAbandonedState();
  }
  const home = await provideDistribution({ cacheDirectory, report: options.report });
  const account = await serverAccount(isRoot);
  const root = join(claimStateDirectory(supervisor.directory, isRoot), name);
  const need = { gibibytes: 0.2, purpose: 'Elasticsearch', alternative: 'use another disk' };
  // Its data and its log; the same file system unless root started it.
  checkRoom([dirname(root), supervisor.directory].map((directory) => ({ ...need, directory })));
  const directories = serverDirectories(root);
  const { config, data, logs, temporary } = directories;
  for (const directory of [root, config, data, logs, temporary]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (account !== undefined) chownSync(directory, account.uid, account.gid);
  }
  const files = baseFiles(readFileSync(join(home, 'config', 'jvm.options'), 'utf8'));
  return { name, javaHome: java.home, home, account, root, directories, files };
}

interface RunOptions extends ElasticsearchOptions {
  readonly place: Place;
  readonly secured: boolean;
  readonly files: Readonly<Record<string, string>>;
  readonly url: string;
  readonly access?: ProbeAccess;
}

async function run(supervisor: Supervisor, options: RunOptions): Promise<ProcessRecord> {
  const { place, files, url } = options;
  for (const [name, content] of Object.entries(files)) {
    writeOwned(join(place.directories.config, name), content, place.account);
  }
  const log = supervisor.logFile(place.name);
  // The log is appended to: what an earlier start wrote must not explain this one.
  const logStart = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  const record = await supervisor.start(processSpec(options));
  const ready = `${url}/_cluster/health?wait_for_status=yellow&timeout=2s`;
  try {
    await reportStep(options.report, `Starting ${place.name}`, () =>
      supervisor.waitUntilReady(record, () => answersOk(ready, options.access ?? {}), READY_TIMEOUT),
    );
  } catch (error) {
    const failure = failureIn(readFileSync(log).subarray(logStart).toString('utf8'));
    if (failure === undefined) throw error;
    throw new LaunchError(failure.code, `${place.name} did not start: ${failure.reason} (${log})`, { cause: error });
  }
  return record;
}

function processSpec({ place, httpPort, secured, settings, files }: RunOptions): ProcessSpec {
  const { directories, account } = place;
  return {
    name: place.name,
    command: join(place.home, 'bin', 'elasticsearch'),
    args: commandArguments(serverSettings({ directories, httpPort, secured, extra: settings ?? {}, files })),
    // The stack's own directory may be closed to the server's user.
    cwd: place.root,
    env: {
      HOME: place.root,
      ES_JAVA_HOME: place.javaHome,
      ES_PATH_CONF: directories.config,
      // Else every start leaves a directory in /tmp.
      ES_TMPDIR: directories.temporary,
      CLI_JAVA_OPTS: launcherOptions(directories.temporary),
    },
    ...account,
    stopTimeout: 20_000,
  };
}

/**
 * Options of the launcher, a JVM of its own, which compiles little before it waits. It leaves a `final-flags` directory
 * in its temporary directory at every start, so that must not be /tmp; but its script splits this value at blanks.
 */
function launcherOptions(temporary: string): string {
  const options = ['-XX:TieredStopAtLevel=1'];
  if (!/\s/.test(temporary)) options.push(`-Djava.io.tmpdir=${temporary}`);
  return options.join(' ');
}

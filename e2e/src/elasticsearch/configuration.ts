import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Elasticsearch's settings by name, as in elasticsearch.yml. */
export type Settings = Readonly<Record<string, string>>;

/** Where one server keeps what is its own. */
export interface ServerDirectories {
  readonly config: string;
  readonly data: string;
  readonly logs: string;
  readonly temporary: string;
}

export const serverDirectories = (root: string): ServerDirectories => ({
  config: join(root, 'config'),
  data: join(root, 'data'),
  logs: join(root, 'logs'),
  temporary: join(root, 'tmp'),
});

/** Names, in the directory of the configuration, of what TLS needs. */
export const TLS_CERTIFICATE = 'http.crt';
export const TLS_KEY = 'http.key';

export interface SettingsInput {
  readonly directories: ServerDirectories;
  readonly httpPort: number;
  readonly secured: boolean;
  /** The caller's, which win. */
  readonly extra: Settings;
  /** Content of the files of the configuration, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** All settings of a server. */
export function serverSettings({ directories, httpPort, secured, extra, files }: SettingsInput): Settings {
  return {
    'cluster.name': 'chaperone',
    'node.name': 'chaperone',
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': String(httpPort),
    // Of no use to a single node, but there is no way to have none: any free one.
    'transport.port': '0',
    'path.data': directories.data,
    'path.logs': directories.logs,
    // Developers' disks are fuller than the watermarks (95 % makes every index read-only).
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    ...(secured ? securitySettings(directories.config) : { 'xpack.security.enabled': 'false' }),
    // No meaning to the server. A server runs on while its command line stays the same, so what files say must show there.
    'node.attr.configuration': digest(files),
    ...extra,
  };
}

function securitySettings(config: string): Settings {
  return {
    'xpack.security.enabled': 'true',
    // Else the first start makes certificates and passwords of its own.
    'xpack.security.autoconfiguration.enabled': 'false',
    'xpack.security.enrollment.enabled': 'false',
    'xpack.security.http.ssl.enabled': 'true',
    'xpack.security.http.ssl.certificate': join(config, TLS_CERTIFICATE),
    'xpack.security.http.ssl.key': join(config, TLS_KEY),
  };
}

/** Settings as arguments of `bin/elasticsearch`. Other users of the machine see them: no secrets. */
export function commandArguments(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-E', `${name}=${value}`]);
}

function digest(files: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(files).toSorted()) hash.update(JSON.stringify([name, files[name]]));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Options of the server's JVM, after those of the distribution. Serial collector, C1 and untouched heap: measured on 2
 * cores, 6 s to be ready instead of 8, with half the CPU time and half the resident memory.
 */
const JVM_OPTIONS = `-Xms512m
-Xmx512m
-XX:-UseG1GC
-XX:+UseSerialGC
-XX:TieredStopAtLevel=1
-XX:-AlwaysPreTouch
-XX:-HeapDumpOnOutOfMemoryError
-Xlog:disable
-Xlog:all=warning:stderr
`;

/** To the console alone, hence into the stack's log. The distribution's own also writes seven files. */
const LOGGING = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%consoleException%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`;

/** The files of every server's configuration, by name; `distributionOptions` is the distribution's own jvm.options. */
export function baseFiles(distributionOptions: string): Readonly<Record<string, string>> {
  return {
    // Settings come with the command line.
    'elasticsearch.yml': '',
    'jvm.options': `${distributionOptions.trimEnd()}\n\n${JVM_OPTIONS}`,
    'log4j2.properties': LOGGING,
  };
}

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';
import { ELASTICSEARCH_VERSION, provideDistribution, type DistributionOptions } from './distribution.ts';
import { fetchArtifact, type MavenArtifact } from './maven.ts';

/** The module that adds the query `kql`: the language in which people and rules search in Kibana. */
const MODULE: MavenArtifact = {
  group: 'org.elasticsearch.plugin',
  name: 'x-pack-kql',
  version: ELASTICSEARCH_VERSION,
  type: 'jar',
  sha256: 'eb1f1dcee709afc018c059f7b38fed40ad00438aaf28309aa81cecd1899082ec',
};

/** What the module is built on. */
const PARSER_RUNTIME: MavenArtifact = {
  group: 'org.antlr',
  name: 'antlr4-runtime',
  version: '4.13.1',
  type: 'jar',
  sha256: '54665d2838cc66458343468efc539e454fc95b46a8a04b13c6ac43fc9be63505',
};

/** Where the module's jar keeps what the server reads beside it. */
const DESCRIPTOR = 'META-INF/es-plugins/x-pack-kql';

/**
 * Like `provideDistribution`, with the module for KQL in it; `cacheDirectory` must be another than that of the plain
 * one, whose tests are on what users of the plain one have.
 *
 * Throws a LaunchError: `ToolMissing`, `DownloadFailed`, `DiskFull`, `Locked`.
 */
export async function provideKqlDistribution(options: DistributionOptions): Promise<string> {
  const home = await provideDistribution(options);
  const module = join(home, 'modules', MODULE.name);
  if (!existsSync(module)) await install(home, module);
  return home;
}

/** Put in place whole: a server that starts at the same time finds all of the module or nothing. */
async function install(home: string, module: string): Promise<void> {
  const work = mkdtempSync(join(dirname(home), '.kql-'));
  try {
    const made = join(work, 'module');
    mkdirSync(made);
    const jar = await fetchArtifact(MODULE, made);
    await fetchArtifact(PARSER_RUNTIME, made);
    const { code } = await runCommand('jar', ['--extract', '--file', jar, DESCRIPTOR], { cwd: work });
    if (code !== 0) throw new LaunchError('DownloadFailed', `jar cannot unpack ${jar}`);
    const described = join(work, ...DESCRIPTOR.split('/'));
    for (const name of readdirSync(described)) renameSync(join(described, name), join(made, name));
    chmodSync(made, 0o755);
    for (const name of readdirSync(made)) chmodSync(join(made, name), 0o644);
    try {
      renameSync(made, module);
    } catch (error) {
      // Somebody else was faster.
      if (!existsSync(module)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

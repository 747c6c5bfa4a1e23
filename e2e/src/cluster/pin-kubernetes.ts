import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';
import { newReport, runMain } from '../stack/command-line.ts';
import { CLUSTER_MODULE } from './kubernetes-version.ts';

/** `npm run pin-kubernetes -- 1.35.4`: writes `versions/v1.35.4.mod` and `.sum`, which pin and build that version too. */
await runMain(async () => {
  const version = `v${(process.argv[2] ?? '').replace(/^v/, '')}`;
  if (!/^v1\.\d+\.\d+$/.test(version)) {
    throw new LaunchError('BadOption', 'name one version, as in: npm run pin-kubernetes -- 1.35.4');
  }
  const report = newReport();
  const scratch = mkdtempSync(join(tmpdir(), 'pin-kubernetes-'));
  try {
    report(`Fetching the module file of Kubernetes ${version}`);
    const upstream = readFileSync(await moduleFileOf(version), 'utf8');
    copyFileSync(join(CLUSTER_MODULE, 'go.mod'), join(scratch, 'go.mod'));
    await go(scratch, 'mod', 'edit', ...editsFor(version, upstream));
    report('Resolving its modules');
    await go(scratch, 'mod', 'tidy');
    const versions = join(CLUSTER_MODULE, 'versions');
    mkdirSync(versions, { recursive: true });
    for (const extension of ['mod', 'sum']) {
      copyFileSync(join(scratch, `go.${extension}`), join(versions, `${version}.${extension}`));
    }
    report(`Pinned: KUBERNETES_VERSION=${version} make up`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

async function moduleFileOf(version: string): Promise<string> {
  const output: unknown = JSON.parse(await go(tmpdir(), 'mod', 'download', '-json', `k8s.io/kubernetes@${version}`));
  const file = typeof output === 'object' && output !== null && 'GoMod' in output ? output.GoMod : undefined;
  if (typeof file === 'string' && existsSync(file)) return file;
  throw new LaunchError('DownloadFailed', `the Go module proxy has no k8s.io/kubernetes ${version}`);
}

/**
 * Kubernetes builds against its staging directories; outside of its repository each is the release of the same name.
 * etcd comes in the version that this Kubernetes was built with.
 */
function editsFor(version: string, upstreamModule: string): string[] {
  const staged = [...upstreamModule.matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging\//gm)].map((match) => match[1]);
  const library = version.replace(/^v1\./, 'v0.');
  const etcd = /^\s*go\.etcd\.io\/etcd\/server\/v3 (v\S+)/m.exec(upstreamModule)?.[1];
  return [
    `-require=k8s.io/kubernetes@${version}`,
    ...(etcd === undefined ? [] : [`-require=go.etcd.io/etcd/server/v3@${etcd}`]),
    ...staged.map((module) => `-replace=${module}=${module}@${library}`),
  ];
}

async function go(cwd: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off', GOFLAGS: '-mod=mod' };
  const result = await runCommand('go', args, { cwd, env });
  if (result.code !== 0)
    throw new LaunchError(
      'DownloadFailed',
      `go ${args.slice(0, 2).join(' ')} failed: ${result.stderr.trim().split('\n').at(-1)}`,
    );
  return result.stdout;
}

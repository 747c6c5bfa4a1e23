import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from '../process/launch-error.ts';

/** The Go module that pins and builds Kubernetes. */
export const CLUSTER_MODULE = join(import.meta.dirname, '..', '..', 'cluster');

/** One pinned Kubernetes: its version and the module file that pins it (its `.sum` lies beside it). */
export interface PinnedKubernetes {
  /** With a leading `v`, as in `v1.36.3`. */
  readonly version: string;
  readonly moduleFile: string;
}

/**
 * The Kubernetes to build: that of `go.mod`, or the one asked for by KUBERNETES_VERSION where it is pinned too, in
 * `versions/<version>.mod`. The version stands in the module file alone.
 */
export function pinnedKubernetes(wanted: string | undefined, module: string = CLUSTER_MODULE): PinnedKubernetes {
  const main = join(module, 'go.mod');
  const version = requiredVersion(readFileSync(main, 'utf8'), 'k8s.io/kubernetes');
  const asked = wanted === undefined || wanted === '' ? version : `v${wanted.replace(/^v/, '')}`;
  if (asked === version) return { version, moduleFile: main };
  const moduleFile = join(module, 'versions', `${asked}.mod`);
  if (existsSync(moduleFile)) return { version: asked, moduleFile };
  throw new LaunchError(
    'BadOption',
    `KUBERNETES_VERSION=${asked} is not pinned: pin it with 'npm run pin-kubernetes -- ${asked}', or unset it for ${version}`,
  );
}

/**
 * The newest pinned version of the minor before that of `go.mod`: clients may be a minor behind their server (Kubernetes'
 * version skew policy), and many are.
 */
export function previousMinor(module: string = CLUSTER_MODULE): string {
  const current = requiredVersion(readFileSync(join(module, 'go.mod'), 'utf8'), 'k8s.io/kubernetes');
  const minor = Number(current.split('.')[1]) - 1;
  const patches = readdirSync(join(module, 'versions')).flatMap((file) => {
    const [, ofMinor, patch] = /^v1\.(\d+)\.(\d+)\.mod$/.exec(file) ?? [];
    return Number(ofMinor) === minor ? [Number(patch)] : [];
  });
  if (patches.length === 0)
    throw new LaunchError(
      'BadOption',
      `no Kubernetes 1.${minor} is pinned: npm run pin-kubernetes -- 1.${minor}.<patch>`,
    );
  return `v1.${minor}.${Math.max(...patches)}`;
}

/** The version that a go.mod requires of a module, as in `v1.36.3`. */
export function requiredVersion(goMod: string, module: string): string {
  const line = goMod.split('\n').find((candidate) =>
    candidate
      .replace(/^require\s+/, '')
      .trim()
      .startsWith(`${module} v`),
  );
  const version = line
    ?.trim()
    .replace(/^require\s+/, '')
    .split(/\s+/)[1];
  if (version === undefined)
    throw new LaunchError('BuildFailed', `the module file requires no ${module}: restore it from git`);
  return version;
}

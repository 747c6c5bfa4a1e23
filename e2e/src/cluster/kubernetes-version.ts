import { existsSync, readFileSync } from 'node:fs';
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

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Programs } from '../cluster/build.ts';

/** The checkout that this file belongs to. */
export const CHECKOUT = resolve(import.meta.dirname, '..', '..', '..');

/** Where `make up` keeps its stack. */
export const DEFAULT_STACK = join(CHECKOUT, '.run');

/** Where one stack keeps what it writes. */
export interface StackDirectories {
  /** Short and stable, from the path: names what is outside of the directory. */
  readonly id: string;
  readonly root: string;
  readonly bin: string;
  readonly etcd: string;
  readonly kubernetes: string;
  readonly elasticsearch: string;
  readonly issuer: string;
  /** What the proxy writes, its log of records included. */
  readonly state: string;
  /** The contract with everything outside: see the design of `make up`. */
  readonly env: string;
  /** Held while the stack is being started or ended. Beside `root`, which comes and goes. */
  readonly lock: string;
}

/** The directories of the stack at `root`, an absolute path. Creates none. */
export function stackDirectories(root: string): StackDirectories {
  const id = createHash('sha256').update(root).digest('hex').slice(0, 12);
  return {
    id,
    root,
    bin: join(root, 'bin'),
    etcd: join(root, 'etcd'),
    kubernetes: join(root, 'kubernetes'),
    elasticsearch: join(root, 'elasticsearch'),
    issuer: join(root, 'issuer'),
    state: join(root, 'state'),
    env: join(root, 'env'),
    lock: `${root}.lock`,
  };
}

/** kubectl runs it as `kubectl chaperone` where it finds it by its name. */
const PLUGIN = 'kubectl-chaperone';

/** Fills the stack's `bin` with links to the clients of the pinned versions, and to the plugin. */
export function linkClients(directories: StackDirectories, programs: Programs): void {
  mkdirSync(directories.bin, { recursive: true });
  const clients = (['kubectl', 'helm'] as const).map((client) => [client, programs.get(client)] as const);
  for (const [name, target] of [...clients, [PLUGIN, join(CHECKOUT, 'cli', 'bin', PLUGIN)] as const]) {
    if (target === undefined) continue;
    const link = join(directories.bin, name);
    rmSync(link, { force: true });
    symlinkSync(target, link);
  }
}

/** The version of the product: that of the root package. */
export function productVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return typeof version === 'string' ? version : '0.0.0';
}

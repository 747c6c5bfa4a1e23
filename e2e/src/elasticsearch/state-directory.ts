import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { processesOfStack } from '../process/process-table.ts';
import { ELASTICSEARCH_VERSION } from './distribution.ts';

/**
 * Where root's stacks keep Elasticsearch's data. It runs as a user of its own there, which cannot pass through /root or
 * a checkout of mode 0700, so the data cannot lie in the stack's own directory.
 */
export const SHARED_STATE = '/var/lib/chaperone/elasticsearch';

/** Names, in a directory under `SHARED_STATE`, the stack that it belongs to. */
const OWNER = 'owner';
const HOUR = 3_600_000;

/** The default cache: shared by the checkouts of a user; root's is where Elasticsearch's own user can read it. */
export function defaultDistributionCache(
  environment: Readonly<Record<string, string | undefined>>,
  isRoot: boolean,
): string {
  const name = `elasticsearch-${ELASTICSEARCH_VERSION}`;
  if (isRoot) return join('/var/cache/chaperone', name);
  // XDG Base Directory Specification: an empty or relative value counts as unset.
  const configured = environment['XDG_CACHE_HOME'];
  const cache = configured?.startsWith('/') === true ? configured : join(environment['HOME'] ?? homedir(), '.cache');
  return join(cache, 'chaperone', name);
}

/**
 * Makes sure that there is a directory for the data of this stack's Elasticsearch, and answers its path: inside the
 * stack's own directory, or, for root, below `shared` with an owner file.
 */
export function claimStateDirectory(stackDirectory: string, isRoot: boolean, shared: string = SHARED_STATE): string {
  if (!isRoot) {
    mkdirSync(stackDirectory, { recursive: true });
    return stackDirectory;
  }
  const directory = sharedDirectory(stackDirectory, shared);
  if (existsSync(directory)) return directory;
  makePassable(shared);
  // Renamed into place with its owner file: another stack's clean-up must never see it without.
  const work = mkdtempSync(join(shared, '.new-'));
  writeFileSync(join(work, OWNER), stackDirectory);
  chmodSync(work, 0o755);
  renameSync(work, directory);
  return directory;
}

/** Creates a directory, and parents that are missing, so that every user can pass through, whatever the umask is. */
export function makePassable(directory: string): void {
  if (existsSync(directory)) return;
  makePassable(dirname(directory));
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o755);
}

/**
 * Removes what the stack's Elasticsearch left outside of the stack's directory. Its processes must have ended. Does
 * nothing where there is none.
 */
export function removeStateDirectory(stackDirectory: string, shared: string = SHARED_STATE): void {
  rmSync(sharedDirectory(stackDirectory, shared), { recursive: true, force: true });
}

/** Removes the data of stacks whose directory is gone and of which no process lives. */
export function removeAbandonedState(shared: string = SHARED_STATE): void {
  for (const name of directoriesIn(shared)) {
    const directory = join(shared, name);
    if (name.startsWith('.new-')) {
      const age = Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > HOUR) rmSync(directory, { recursive: true, force: true });
      continue;
    }
    const owner = ownerOf(directory);
    if (owner === undefined || existsSync(owner) || processesOfStack(owner).length > 0) continue;
    rmSync(directory, { recursive: true, force: true });
  }
}

const sharedDirectory = (stackDirectory: string, shared: string): string =>
  join(shared, createHash('sha256').update(stackDirectory).digest('hex').slice(0, 12));

function ownerOf(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, OWNER), 'utf8');
  } catch {
    return undefined;
  }
}

function directoriesIn(parent: string): string[] {
  try {
    return readdirSync(parent);
  } catch {
    return [];
  }
}

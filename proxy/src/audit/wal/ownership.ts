import type { Clock } from '@chaperone/crds/client/clock';
import type { FileSystem } from './file-system.ts';
import { codeOf, LogError } from './log-error.ts';

/**
 * Whose a writer's directory is. Node has no flock, and a volume that is shared may know none: an owner makes the file
 * `owner.<epoch>`, which only one can make, and changes what is in it from time to time. Who sees it unchanged for long
 * enough, by its own monotonic clock, makes the next epoch's; the clocks of two machines are never compared. An owner
 * that finds a later epoch than its own, or no directory, has lost it and writes no more.
 *
 * What remains: an owner that is stopped between its look and its write for longer than `staleMs` writes into a chain
 * that somebody else has closed. The write is then no part of what was adopted, and the call that waits for it is
 * answered by a process that refuses all that come after.
 */
export interface Ownership {
  /** Makes the directory one's own after the owner of this epoch, 0 for none. Undefined if another was quicker. */
  claim(directory: string, epoch: number): Promise<Claim | undefined>;
  /**
   * The epoch of an owner after whom the directory may be claimed: one that has released it, or that has not been heard
   * of for `staleMs`. Undefined while it is held. Only what is asked again and again is ever found stale.
   */
  freeAfter(directory: string): Promise<number | undefined>;
  /** Tells the world that the owner is alive; to be called every third of `staleMs`, or more often. */
  beat(): Promise<void>;
}

export interface Claim {
  readonly directory: string;
  /** Whether the directory was looked at so lately that nobody can have taken it. */
  isCertain(): boolean;
  /** Why nothing may be written any more; undefined while nothing is known of another owner. */
  loss(): LogError | undefined;
  /** Looks. @throws LogError LogFailed when another has the directory. */
  verify(): Promise<void>;
  /** Leaves the directory to whoever wants it. */
  release(): Promise<void>;
  /** Forgets the directory, which has been removed. */
  drop(): void;
}

export interface OwnershipOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  /** Who claims: a writer's id. */
  readonly holder: string;
  readonly staleMs: number;
  /** Whether a holder is known to have ended, such as the process before in this very container. */
  readonly isGone?: ((holder: string) => boolean) | undefined;
}

const NAME = /^owner\.(\d{10})$/;
const RELEASED = 'released';
const HELD = 'held    ';

const lockPath = (directory: string, epoch: number): string => `${directory}/owner.${String(epoch).padStart(10, '0')}`;

async function latestEpoch(files: FileSystem, directory: string): Promise<number> {
  const names = await files.readdir(directory);
  return Math.max(0, ...names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number));
}

export function newOwnership({ files, clock, holder, staleMs, isGone }: OwnershipOptions): Ownership {
  const claims = new Map<string, { beat(): Promise<void> }>();
  const seen = new Map<string, { readonly content: string; readonly since: number }>();
  let beats = 0;

  // Of one length, so that a beat takes no space: a full disk must not make its owner seem dead.
  const content = (state: string): string => `${state} ${String(beats).padStart(16, '0')} ${holder}\n`;

  async function read(directory: string, epoch: number): Promise<string> {
    try {
      return epoch === 0 ? '' : await files.readFile(lockPath(directory, epoch));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return '';
      throw error;
    }
  }

  function newClaim(directory: string, epoch: number): Claim {
    let verifiedAt = clock.monotonic();
    let lost: LogError | undefined;
    async function findLoss(): Promise<LogError | undefined> {
      try {
        if ((await latestEpoch(files, directory)) <= epoch) return undefined;
        return new LogError('LogFailed', new Error('another process has adopted the directory of this writer'));
      } catch (error) {
        // The files that are open take writes for ever, and nobody could read them.
        if (codeOf(error) === 'ENOENT') return new LogError('LogFailed', error);
        throw error;
      }
    }
    async function verify(): Promise<void> {
      const started = clock.monotonic();
      lost ??= await findLoss();
      if (lost !== undefined) throw lost;
      verifiedAt = started;
    }
    const claim = {
      directory,
      isCertain: () => lost === undefined && clock.monotonic() - verifiedAt < staleMs / 2,
      loss: () => lost,
      verify,
      async beat() {
        await verify();
        await files.overwriteFile(lockPath(directory, epoch), content(HELD));
      },
      async release() {
        claims.delete(directory);
        await verify();
        await files.overwriteFile(lockPath(directory, epoch), content(RELEASED));
      },
      drop: () => void claims.delete(directory),
    };
    claims.set(directory, claim);
    return claim;
  }

  return {
    async claim(directory, epoch) {
      try {
        await files.createFile(lockPath(directory, epoch + 1), content(HELD));
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return undefined;
        throw error;
      }
      seen.delete(directory);
      return newClaim(directory, epoch + 1);
    },
    async freeAfter(directory) {
      const epoch = await latestEpoch(files, directory);
      const text = await read(directory, epoch);
      if (text.startsWith(RELEASED)) return epoch;
      const owner = text.trimEnd().split(' ').at(-1) ?? '';
      if (owner !== '' && isGone?.(owner) === true) return epoch;
      const now = clock.monotonic();
      const before = seen.get(directory);
      const known = `${epoch} ${text}`;
      if (before?.content !== known) seen.set(directory, { content: known, since: now });
      return before?.content === known && now - before.since >= staleMs ? epoch : undefined;
    },
    async beat() {
      beats += 1;
      await Promise.allSettled([...claims.values()].map((claim) => claim.beat()));
    },
  };
}

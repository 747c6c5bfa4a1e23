import { z } from 'zod';
import type { FileSystem } from './file-system.ts';
import type { LogPosition } from './log-reader.ts';
import type { Claim } from './ownership.ts';
import { segmentPath } from './segments.ts';

/** Which process wrote a directory, for people who look at it. */
export interface WriterFacts {
  readonly id: string;
  readonly replica: string;
  /** RFC 3339. */
  readonly start: string;
  /** Of the machine and the process: names and numbers. */
  readonly host: Readonly<Record<string, string | number>>;
}

/** A directory that this process owns: its own writer's, or one that it has adopted. */
export interface WriterDirectory {
  readonly writer: string;
  readonly path: string;
  readonly claim: Claim;
  /** The valid bytes of each segment. */
  readonly lengths: () => ReadonlyMap<number, number>;
  readonly forget: (segment: number) => void;
  /** Whether nothing will be written to it any more. */
  readonly isEnded: () => boolean;
  acknowledged: Omit<LogPosition, 'writer'>;
  /** What of it is on the disk. */
  persisted: Omit<LogPosition, 'writer'>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Whether the text can be the id of a writer: it names a directory. */
export const isWriterId = (text: string): boolean => NAME.test(text);

const factsSchema = z.object({ replica: z.string(), start: z.iso.datetime() });

/** Who wrote the directory, and since when. Undefined where that cannot be read. */
export async function readWriterFacts(
  files: FileSystem,
  path: string,
): Promise<Readonly<z.output<typeof factsSchema>> | undefined> {
  try {
    return factsSchema.safeParse(JSON.parse(await files.readFile(`${path}/writer.json`))).data;
  } catch {
    return undefined;
  }
}

const positionSchema = z.object({ segment: z.int().min(0), offset: z.int().min(0) });
const NOTHING = { segment: 0, offset: 0 } as const;

/** What has been acknowledged of a writer. Where that cannot be read it is sent again, which does no harm. */
export async function readAcknowledged(files: FileSystem, path: string): Promise<Omit<LogPosition, 'writer'>> {
  try {
    const value: unknown = JSON.parse(await files.readFile(`${path}/acknowledged.json`));
    return positionSchema.safeParse(value).data ?? NOTHING;
  } catch {
    return NOTHING;
  }
}

export async function persistAcknowledged(files: FileSystem, directory: WriterDirectory): Promise<void> {
  const { segment, offset } = directory.acknowledged;
  if (segment === directory.persisted.segment && offset === directory.persisted.offset) return;
  await files.replaceFile(`${directory.path}/acknowledged.json`, `${JSON.stringify({ segment, offset })}\n`);
  directory.persisted = { segment, offset };
}

/** Whether all that it holds has been acknowledged, and nothing will follow. */
export function isDrained({ lengths, isEnded, acknowledged }: WriterDirectory): boolean {
  if (!isEnded()) return false;
  const last = [...lengths()].findLast(([, length]) => length > 0);
  // The last entry is the final checkpoint, which is acknowledged like a record.
  return (
    last === undefined ||
    acknowledged.segment > last[0] ||
    (acknowledged.segment === last[0] && acknowledged.offset >= last[1])
  );
}

export async function removeSegment(files: FileSystem, directory: WriterDirectory, segment: number): Promise<void> {
  await files.remove(segmentPath(directory.path, segment));
  directory.forget(segment);
}

/**
 * Removes the directory of a writer that has ended. Segments go in their order, so that what is left half removed still
 * has the last checkpoint and is known for what it is; then what says how far it was acknowledged; the locks go last.
 */
export async function removeDirectory(files: FileSystem, directory: WriterDirectory): Promise<void> {
  const { path, claim } = directory;
  await persistAcknowledged(files, directory);
  claim.drop();
  const names = await files.readdir(path);
  for (const name of names.toSorted((left, right) => rank(left) - rank(right) || (left < right ? -1 : 1)))
    await files.remove(`${path}/${name}`);
  await files.removeDirectory(path);
}

function rank(name: string): number {
  if (name.endsWith('.wal')) return 0;
  return name.startsWith('owner.') ? 2 : 1;
}

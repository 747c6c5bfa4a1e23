import type { FileSystem } from './file-system.ts';
import { codeOf, LogError } from './log-error.ts';
import { listSegments, segmentPath } from './segments.ts';

export interface SpaceOptions {
  readonly files: FileSystem;
  /** Of all writers. */
  readonly directory: string;
  /** Of all segments of all writers: past it intents are refused. Records of calls that are under way are not. */
  readonly maxBytes: number;
  /** With less space on the volume, intents are refused. */
  readonly minFreeBytes: number;
}

/** The high-water marks: of the log, and of the volume that it is on. */
export interface Space {
  /** Looks at the volume, and at the directories of writers that are not this process's. */
  sample(isOwn: (writer: string) => boolean): Promise<void>;
  /** Why no intent is taken, where this process's own segments have so many bytes. */
  refusal(ownBytes: number): LogError | undefined;
  othersBytes(): number;
}

export function newSpace({ files, directory, maxBytes, minFreeBytes }: SpaceOptions): Space {
  let others = 0;
  let free = Infinity;

  async function bytesOf(writer: string): Promise<number> {
    let sum = 0;
    try {
      for (const segment of await listSegments(files, `${directory}/${writer}`))
        sum += (await files.stat(segmentPath(`${directory}/${writer}`, segment))).size;
    } catch (error) {
      // Its owner removes what has been shipped.
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    }
    return sum;
  }

  return {
    async sample(isOwn) {
      free = await files.freeBytes(directory);
      let sum = 0;
      for (const writer of await files.readdir(directory)) if (!isOwn(writer)) sum += await bytesOf(writer);
      others = sum;
    },
    refusal(ownBytes) {
      if (ownBytes + others >= maxBytes) return new LogError('LogFull');
      if (free < minFreeBytes) return new LogError('LogFull', new Error('the volume has too little free space'));
      return undefined;
    },
    othersBytes: () => others,
  };
}

import type { FileSystem } from './file-system.ts';
import { codeOf } from './log-error.ts';
import { newLogReader, type LoggedEntry } from './log-reader.ts';
import { isWriterId } from './writer-directory.ts';
import { scanWriter, type LogFault } from './writer-scan.ts';

/**
 * Reads the logs of all writers under a directory, one writer after the other, each in the order of its numbers, without
 * owning them and without changing anything. What a live writer appends meanwhile is left out.
 */
export async function* readDirectory(
  files: FileSystem,
  directory: string,
  fault: (fault: LogFault) => void,
): AsyncGenerator<LoggedEntry, void, void> {
  for (const writer of await files.readdir(directory)) {
    if (!isWriterId(writer)) continue;
    const path = `${directory}/${writer}`;
    try {
      const { lengths, faults } = await scanWriter(files, path, writer);
      for (const each of faults) fault(each);
      // The scan has told what is damaged.
      const from = { segment: 0, offset: 0 };
      const reader = newLogReader({
        files,
        directory: path,
        writer,
        lengths: () => lengths,
        from,
        fault: () => undefined,
      });
      try {
        for (let found = await reader.next(); found.length > 0; found = await reader.next()) yield* found;
      } finally {
        await reader.close();
      }
    } catch (error) {
      // Its owner has removed it, as all of it has been shipped; or it is no directory.
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    }
  }
}

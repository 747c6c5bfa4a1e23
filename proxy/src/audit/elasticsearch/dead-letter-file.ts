import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DeadLetterFile } from './dead-letters.ts';

/** A file that is made with its directory when it is needed. A line that a crash cut short stays without its end. */
export function deadLetterFile(path: string): DeadLetterFile {
  return {
    async size() {
      try {
        return (await stat(path)).size;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
        throw error;
      }
    },
    async append(text) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, 'a', 0o600);
      try {
        await file.appendFile(text, 'utf8');
        await file.datasync();
      } finally {
        await file.close();
      }
      const directory = await open(dirname(path), 'r');
      try {
        await directory.sync();
      } finally {
        await directory.close();
      }
    },
  };
}

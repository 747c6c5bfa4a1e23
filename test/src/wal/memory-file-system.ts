import { dirname } from 'node:path/posix';
import type { FileSystem, LogFile } from '@chaperone/proxy/audit/wal/file-system';

/** One change of the disk, in the order in which the process made them. */
export type Change =
  | { readonly type: 'Create'; readonly path: string; readonly text: string }
  | { readonly type: 'Write'; readonly path: string; readonly position: number; readonly bytes: Buffer }
  | { readonly type: 'Truncate'; readonly path: string; readonly length: number }
  | { readonly type: 'Remove'; readonly path: string }
  | { readonly type: 'Directory'; readonly path: string };

/** A disk in memory that remembers every change, so that any moment of it can be had again. */
export interface MemoryFileSystem extends FileSystem {
  readonly changes: readonly Change[];
  /** What is called before each change; what it throws, the change fails with. */
  before: (change: Change) => void;
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: as on a disk`), { code });

/** @param history what has happened to the disk before. */
export function newMemoryFileSystem(history: readonly Change[] = []): MemoryFileSystem {
  const contents = new Map<string, Buffer>();
  const directories = new Set<string>(['/']);
  const changes: Change[] = [];

  function apply(change: Change): void {
    switch (change.type) {
      case 'Create':
        contents.set(change.path, Buffer.from(change.text));
        return;
      case 'Write': {
        const old = contents.get(change.path) ?? Buffer.alloc(0);
        const grown = Buffer.alloc(Math.max(old.length, change.position + change.bytes.length));
        old.copy(grown);
        change.bytes.copy(grown, change.position);
        contents.set(change.path, grown);
        return;
      }
      case 'Truncate':
        contents.set(change.path, (contents.get(change.path) ?? Buffer.alloc(0)).subarray(0, change.length));
        return;
      case 'Remove':
        contents.delete(change.path);
        directories.delete(change.path);
        return;
      case 'Directory':
        for (let path = change.path; path.length > 1; path = dirname(path)) directories.add(path);
    }
  }

  function make(change: Change): void {
    files.before(change);
    apply(change);
    changes.push(change);
  }

  function content(path: string): Buffer {
    const found = contents.get(path);
    if (found === undefined) throw failure('ENOENT');
    return found;
  }

  const newFile = (path: string): LogFile => ({
    write(bytes, start, end, position, done) {
      let error: Error | null = null;
      try {
        make({ type: 'Write', path, position, bytes: Buffer.from(bytes.subarray(start, end)) });
      } catch (thrown) {
        error = thrown instanceof Error ? thrown : new Error('failed');
      }
      setImmediate(() => done(error, error === null ? end - start : 0));
    },
    read: async (target, start, length, position) => content(path).copy(target, start, position, position + length),
    sync: async () => undefined,
    close: async () => undefined,
  });

  const files: MemoryFileSystem = {
    changes,
    before: () => undefined,
    async open(path, mode) {
      if (mode === 'Create') {
        if (contents.has(path)) throw failure('EEXIST');
        make({ type: 'Create', path, text: '' });
      }
      content(path);
      return newFile(path);
    },
    makeDirectory: async (path) => make({ type: 'Directory', path }),
    async readdir(path) {
      if (!directories.has(path)) throw failure(contents.has(path) ? 'ENOTDIR' : 'ENOENT');
      const names = [...contents.keys(), ...directories]
        .filter((each) => each.startsWith(`${path}/`))
        .map((each) => each.slice(path.length + 1).split('/')[0] ?? '');
      return [...new Set(names)].toSorted();
    },
    readFile: async (path) => content(path).toString('utf8'),
    async createFile(path, text) {
      if (contents.has(path)) throw failure('EEXIST');
      make({ type: 'Create', path, text });
    },
    async overwriteFile(path, text) {
      content(path);
      make({ type: 'Write', path, position: 0, bytes: Buffer.from(text) });
    },
    replaceFile: async (path, text) => make({ type: 'Create', path, text }),
    truncate: async (path, length) => make({ type: 'Truncate', path, length }),
    remove: async (path) => make({ type: 'Remove', path }),
    async removeDirectory(path) {
      if ((await files.readdir(path)).length > 0) throw failure('ENOTEMPTY');
      make({ type: 'Remove', path });
    },
    syncDirectory: async () => undefined,
    stat: async (path) => ({ size: content(path).length, modifiedMs: 0 }),
    freeBytes: async () => Infinity,
  };
  for (const change of history) make(change);
  return files;
}

/** What is on the disk when the process ends after so many changes, with so many bytes of the next one if it is a write. */
export function cutAt(changes: readonly Change[], count: number, bytes: number): readonly Change[] {
  const next = changes[count];
  if (next?.type !== 'Write' || bytes === 0) return changes.slice(0, count);
  return [...changes.slice(0, count), { ...next, bytes: next.bytes.subarray(0, bytes) }];
}

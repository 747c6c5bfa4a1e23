import { close, constants, fdatasync, open, read, write } from 'node:fs';
import {
  mkdir,
  open as openHandle,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  truncate,
} from 'node:fs/promises';

/** An open file. Positions are told with each call, so that a write can be done again at its place. */
export interface LogFile {
  /** Calls back once: with an error, or with how many bytes were written, maybe fewer than asked. */
  write(bytes: Buffer, start: number, end: number, position: number, done: WriteDone): void;
  /** How many bytes were read; 0 at the end of the file. */
  read(target: Buffer, start: number, length: number, position: number): Promise<number>;
  /** Returns when what was written is on stable storage. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export type WriteDone = (error: Error | null, written: number) => void;

/**
 * Create: anew, fails where there is one. Durable: for writing, each write is on stable storage when it returns. Write:
 * for writing, as the operating system sees fit. Read.
 */
export type OpenMode = 'Create' | 'Durable' | 'Write' | 'Read';

/** All that the log asks of a file system: a parameter, so that its faults can be tried. */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<LogFile>;
  /** Makes the directory and those above it; none of it fails where it is there. */
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory. */
  readdir(path: string): Promise<readonly string[]>;
  readFile(path: string): Promise<string>;
  /** Fails with EEXIST where there is one. */
  createFile(path: string, text: string): Promise<void>;
  /** Writes over the beginning of a file that is there and takes no new space; readers may see half of it. */
  overwriteFile(path: string, text: string): Promise<void>;
  /** Readers see the old text or the new one, also after a crash. */
  replaceFile(path: string, text: string): Promise<void>;
  truncate(path: string, length: number): Promise<void>;
  /** Does not fail where there is none. */
  remove(path: string): Promise<void>;
  /** Only an empty one. */
  removeDirectory(path: string): Promise<void>;
  /** A file that was made or removed is so after a crash only once this has returned. */
  syncDirectory(path: string): Promise<void>;
  stat(path: string): Promise<{ readonly size: number; readonly modifiedMs: number }>;
  freeBytes(path: string): Promise<number>;
}

const FLAGS: Readonly<Record<OpenMode, number>> = {
  Create: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
  // Measured on ext4: one write that returns when it is on the disk costs one trip to the thread pool, and into space
  // that is written already it takes half the time of write and fdatasync at the end of a file.
  Durable: constants.O_WRONLY | constants.O_DSYNC,
  Write: constants.O_WRONLY,
  Read: constants.O_RDONLY,
};

/** The machine's own file system. Descriptors and callbacks: FileHandle's promises cost more for each write. */
export const nodeFileSystem: FileSystem = {
  open: async (path, mode) => newFile(await openFile(path, FLAGS[mode])),
  makeDirectory: async (path) => void (await mkdir(path, { recursive: true, mode: 0o700 })),
  readdir: (path) => readdir(path),
  readFile: (path) => readFile(path, 'utf8'),
  createFile: (path, text) => writeWhole(path, 'wx', text),
  async overwriteFile(path, text) {
    const handle = await openHandle(path, constants.O_WRONLY);
    try {
      await handle.write(text, 0, 'utf8');
    } finally {
      await handle.close();
    }
  },
  async replaceFile(path, text) {
    await writeWhole(`${path}.new`, 'w', text);
    await rename(`${path}.new`, path);
  },
  truncate: (path, length) => truncate(path, length),
  remove: (path) => rm(path, { force: true }),
  removeDirectory: (path) => rmdir(path),
  async syncDirectory(path) {
    const handle = await openHandle(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async stat(path) {
    const { size, mtimeMs } = await stat(path);
    return { size, modifiedMs: mtimeMs };
  },
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};

async function writeWhole(path: string, flags: 'w' | 'wx', text: string): Promise<void> {
  const handle = await openHandle(path, flags, 0o600);
  try {
    await handle.writeFile(text, 'utf8');
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

const openFile = (path: string, flags: number): Promise<number> =>
  new Promise((resolve, reject) => {
    open(path, flags, 0o600, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)));
  });

function newFile(descriptor: number): LogFile {
  return {
    write: (bytes, start, end, position, done) => write(descriptor, bytes, start, end - start, position, done),
    read: (target, start, length, position) =>
      new Promise((resolve, reject) => {
        read(descriptor, target, start, length, position, (error, count) =>
          error === null ? resolve(count) : reject(error),
        );
      }),
    sync: () =>
      new Promise((resolve, reject) => {
        fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)));
      }),
    close: () =>
      new Promise((resolve, reject) => {
        close(descriptor, (error) => (error === null ? resolve() : reject(error)));
      }),
  };
}

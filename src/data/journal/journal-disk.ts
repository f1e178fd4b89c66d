// The journal's disk as a port: the few operations it makes, handed in so that tests can cut the power at any of them.
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A new file being written from its beginning to its end. */
export interface JournalFile {
  /**
   * Appends some of the bytes `[start, end)` of `bytes`, at least one.
   *
   * @returns how many were taken
   */
  write(bytes: Uint8Array, start: number, end: number): Promise<number>;
  /** Resolves when content and size are on the disk; once it has failed, nothing that was written may be trusted. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** Names are relative to the journal's folder. Every operation may reject with the system's own error. */
export interface JournalDisk {
  /** Makes the folder and forces its own name to the disk; one that is there is fine. */
  makeFolder(): Promise<void>;
  /** Names of plain files, in any order. */
  list(): Promise<string[]>;
  read(name: string): Promise<Uint8Array>;
  /** Opens a new file; one that is there is an error. */
  create(name: string): Promise<JournalFile>;
  /** Atomic; replaces what is there. */
  rename(from: string, to: string): Promise<void>;
  /** Nothing there is fine. */
  remove(name: string): Promise<void>;
  /** Forces the folder's list of names to the disk: what was created, renamed and removed. */
  syncFolder(): Promise<void>;
}

/** A folder of the real disk. */
export function nodeJournalDisk(folder: string): JournalDisk {
  const path = (name: string): string => join(folder, name);
  return {
    async makeFolder() {
      await mkdir(folder, { recursive: true });
      await syncFolder(join(folder, '..'));
    },
    async list() {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    },
    read: (name) => readFile(path(name)),
    create: async (name) => openFile(await open(path(name), 'wx', 0o600)),
    rename: (from, to) => rename(path(from), path(to)),
    remove: (name) => rm(path(name), { force: true }),
    syncFolder: () => syncFolder(folder),
  };
}

function openFile(file: FileHandle): JournalFile {
  let size = 0;
  return {
    async write(bytes, start, end) {
      const { bytesWritten } = await file.write(bytes, start, end - start, size);
      size += bytesWritten;
      return bytesWritten;
    },
    datasync: () => file.datasync(),
    close: () => file.close(),
  };
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder to flush it; its rename is already ordered.
  if (process.platform === 'win32') return;
  const file = await open(folder, constants.O_RDONLY);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

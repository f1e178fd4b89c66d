// The disk as a port: the few operations that may change a workspace, handed in so that tests can make the n-th one fail.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';

/** Every operation that changes a workspace's committed files goes through here, one call at a time. */
export interface Disk {
  makeFolder(path: string): void;
  /** Writes a new file and forces it to the disk before it returns. */
  write(path: string, bytes: string | Uint8Array): void;
  /** Atomic on one file system; replaces what is there. */
  move(from: string, to: string): void;
  /** Removes a file or a folder with all it holds; nothing there is fine. */
  remove(path: string): void;
  /** Forces a file, or a folder's list of names, to the disk. */
  sync(path: string): void;
}

export const realDisk: Disk = {
  makeFolder: (path) => guarded(() => mkdirSync(path, { recursive: true })),
  write: (path, bytes) =>
    guarded(() => {
      const file = openSync(path, 'w', 0o644);
      try {
        const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
        for (let at = 0; at < data.length; ) at += writeSync(file, data, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    }),
  move: (from, to) => guarded(() => renameSync(from, to)),
  remove: (path) => guarded(() => rmSync(path, { recursive: true, force: true })),
  sync: (path) =>
    guarded(() => {
      // Windows cannot open a folder to flush it; its rename is already ordered.
      if (process.platform === 'win32') return;
      const file = openSync(path, 'r');
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    }),
};

const REFUSALS: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'EMFILE',
]);

/** The system's word for a write the disk refused (`ENOSPC`), if that is what failed. */
export function diskRefusal(cause: unknown): string | undefined {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  return REFUSALS.has(code) ? code : undefined;
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const refusal = diskRefusal(cause);
    if (refusal === undefined) throw cause;
    throw new AppError(
      'DISK',
      `the disk refused a write (${refusal}): free some space or mend the folder's rights, then run the same command again`,
      {},
      cause,
    );
  }
}

/** Puts a file in place so that a reader sees the old one or the new one, never a part of either. */
export function replaceFile(disk: Disk, path: string, bytes: string | Uint8Array): void {
  const fresh = `${path}.new`;
  disk.write(fresh, bytes);
  disk.move(fresh, path);
  disk.sync(dirname(path));
}

/** Files under a folder, as sorted paths relative to it, with `/` between; an absent folder has none. */
export function listFiles(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}

export const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

// The disk as a port: the few operations that change what training leaves behind, so that tests can make the n-th fail.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { AppError } from '../../core/errors.ts';

/** What a checkpoint needs of a disk. */
export interface Disk {
  makeFolder(path: string): void;
  /** Writes a new file from its parts in order and forces it to the disk. */
  writeFile(path: string, parts: readonly Uint8Array[]): void;
  /** Moves in one step, replacing a file that is there. */
  rename(from: string, to: string): void;
  /** Nothing there is fine. */
  removeFile(path: string): void;
  /** Forces a folder's list of names to the disk. */
  syncFolder(path: string): void;
}

export const nodeDisk: Disk = {
  makeFolder(path) {
    mkdirSync(path, { recursive: true });
  },
  writeFile(path, parts) {
    const file = openSync(path, 'w');
    try {
      for (const part of parts) {
        for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
  rename: renameSync,
  removeFile(path) {
    rmSync(path, { force: true });
  },
  syncFolder(path) {
    if (process.platform === 'win32') return; // Windows keeps names in its own journal and cannot open a folder
    const folder = openSync(path, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  },
};

const REFUSALS: ReadonlySet<unknown> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EIO',
  'EACCES',
  'EPERM',
  'EMFILE',
]);

/**
 * Turns the disk's own refusals into one the caller can act on.
 *
 * @throws AppError DISK
 */
export function guardDisk<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (!REFUSALS.has(code)) throw cause;
    throw new AppError(
      'DISK',
      `the disk refused a write (${code}): free some space or check permissions, then resume the training`,
      {},
      cause,
    );
  }
}

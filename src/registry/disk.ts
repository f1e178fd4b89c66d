// Durable writes: what is returned from here survives a power cut, and a reader never meets half of it.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';

/** The writes a registry makes; handed in so that a test can make the n-th of them fail. */
export interface Disk {
  makeFolder(path: string): void;
  /** Writes a new file and forces it to the disk. */
  writeFile(path: string, bytes: Uint8Array): void;
  /** Moves in one step; onto a file it replaces, onto a folder that holds files it fails. */
  rename(from: string, to: string): void;
  /** Forces a folder's list of names to the disk. */
  syncFolder(path: string): void;
}

export const nodeDisk: Disk = {
  makeFolder(path) {
    mkdirSync(path, { recursive: true });
  },
  writeFile(path, bytes) {
    const file = openSync(path, 'w');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
  rename: renameSync,
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

let replacements = 0;

/**
 * Puts `bytes` in place of whatever is at `path`: readers see the old file or the new one.
 *
 * @param stagedIn folder of the same disk where it is written first
 */
export function replaceFile(path: string, bytes: Uint8Array, disk: Disk, stagedIn = dirname(path)): void {
  replacements++;
  const staged = join(stagedIn, `.staging-${process.pid}-${replacements}.file`);
  try {
    guardDisk(() => {
      disk.writeFile(staged, bytes);
      disk.rename(staged, path);
      disk.syncFolder(dirname(path));
    });
  } finally {
    rmSync(staged, { force: true });
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EIO',
  'EACCES',
  'EPERM',
]);

/** Turns the disk's own refusals into one the caller can act on. */
export function guardDisk<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = errorCode(cause);
    if (REFUSALS.has(code ?? '')) {
      throw new AppError(
        'DISK',
        `the disk refused a write (${code}): free some space or check permissions, then run the same command again`,
        {},
        cause,
      );
    }
    throw cause;
  }
}

/** The system's word for an error (`ENOENT`), if it has one. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

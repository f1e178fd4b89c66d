// Where a backup goes: a new folder, one file, or a stream. Nothing bears its name before it is whole.
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { diskRefusal, realDisk } from '../disk.ts';
import { FILES_FOLDER, MANIFEST_FILE, SEAL_FILE } from './backup-manifest.ts';
import { paddingOf, TAR_END, tarHeader } from './tar.ts';

export interface TargetEntry {
  /** Relative to the workspace. */
  readonly path: string;
  readonly bytes: number;
  readonly mode: number;
  readonly modifiedMs: number;
}

export interface BackupTarget {
  /** Writes a file's bytes. @returns their SHA-256 */
  add(entry: TargetEntry, pieces: AsyncIterable<Uint8Array>): Promise<string>;
  /** Takes a file from an earlier backup without copying it; false where that cannot be. */
  link?(entry: TargetEntry, earlier: string): boolean;
  /** Writes manifest and seal, forces all of it to the disk and gives it its name. */
  finish(parts: { readonly manifest: Uint8Array; readonly seal: Uint8Array }): Promise<void>;
  /** Takes away what was written. */
  abandon(): Promise<void>;
}

/** Takes bytes one after the other. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * A backup as a folder, whose `files/` is a workspace.
 *
 * @throws AppError USAGE when something is there already
 */
export function folderTarget(path: string): BackupTarget {
  const final = resolve(path);
  if (existsSync(final) && readdirSync(final).length > 0) throw taken(path);
  const folder = partialName(final);
  refusing(() => mkdirSync(join(folder, FILES_FOLDER), { recursive: true, mode: FOLDER_MODE }));
  const folders = new Set([folder, join(folder, FILES_FOLDER)]);
  const placeFor = (inside: string): string => {
    const to = join(folder, FILES_FOLDER, inside);
    for (let dir = dirname(to); !folders.has(dir); dir = dirname(dir)) folders.add(dir);
    refusing(() => mkdirSync(dirname(to), { recursive: true, mode: FOLDER_MODE }));
    return to;
  };
  const write = async (to: string, pieces: AsyncIterable<Uint8Array>): Promise<string> => {
    const hash = createHash('sha256');
    const file = await open(to, 'wx', FILE_MODE);
    try {
      for await (const piece of pieces) {
        hash.update(piece);
        await writeWhole(file, piece);
      }
      await file.datasync();
    } finally {
      await file.close();
    }
    return hash.digest('hex');
  };
  return {
    add: (entry, pieces) => refused(() => write(placeFor(entry.path), pieces)),
    link(entry, earlier) {
      try {
        linkSync(join(earlier, FILES_FOLDER, entry.path), placeFor(entry.path));
        return true;
      } catch {
        return false;
      }
    },
    finish: ({ manifest, seal }) =>
      refused(async () => {
        await write(join(folder, MANIFEST_FILE), once(manifest));
        for (const dir of [...folders].reverse()) realDisk.sync(dir);
        await write(join(folder, SEAL_FILE), once(seal));
        realDisk.sync(folder);
        // Onto a folder that is not empty this fails: whoever came first keeps the name.
        renameSync(folder, final);
        realDisk.sync(dirname(final));
      }),
    async abandon() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A backup as one tar file.
 *
 * @throws AppError USAGE when something is there already
 */
export async function tarTarget(path: string): Promise<BackupTarget> {
  const final = resolve(path);
  if (existsSync(final)) throw taken(path);
  const partial = partialName(final);
  const file = await refused(async () => {
    mkdirSync(dirname(final), { recursive: true, mode: FOLDER_MODE });
    return open(partial, 'wx', FILE_MODE);
  });
  const target = streamTarget({ write: (bytes) => writeWhole(file, bytes) });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    ...target,
    finish: (parts) =>
      refused(async () => {
        await target.finish(parts);
        await file.datasync();
        await close();
        giveName(partial, final);
        realDisk.sync(dirname(final));
      }),
    async abandon() {
      await close();
      rmSync(partial, { force: true });
    },
  };
}

/** A backup as tar into a stream: what is cut off lacks its end, and no check passes it. */
export function streamTarget(sink: ByteSink): BackupTarget {
  const add = async (entry: TargetEntry, pieces: AsyncIterable<Uint8Array>): Promise<string> => {
    const hash = createHash('sha256');
    await sink.write(tarHeader(entry));
    for await (const piece of pieces) {
      hash.update(piece);
      await sink.write(piece);
    }
    await sink.write(new Uint8Array(paddingOf(entry.bytes)));
    return hash.digest('hex');
  };
  const own = (path: string, bytes: Uint8Array): Promise<string> =>
    add({ path, bytes: bytes.length, mode: FILE_MODE, modifiedMs: 0 }, once(bytes));
  return {
    add: (entry, pieces) => refused(() => add({ ...entry, path: `${FILES_FOLDER}/${entry.path}` }, pieces)),
    finish: ({ manifest, seal }) =>
      refused(async () => {
        await own(MANIFEST_FILE, manifest);
        await own(SEAL_FILE, seal);
        await sink.write(TAR_END);
      }),
    async abandon() {},
  };
}

/** @throws AppError DISK when there is plainly too little room */
export async function checkRoom(path: string, bytes: number): Promise<void> {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < bytes)
    throw new AppError(
      'DISK',
      `expected ${megabytes(bytes)} of free room for "${path}", there are ${megabytes(free)}: free some or name another disk`,
    );
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Beside the final name, so that the rename stays on one file system. */
const partialName = (final: string): string =>
  join(dirname(final), `.${basename(final)}-${process.pid}.partial`);

/** Unlike a rename, a link never replaces what somebody else has put there meanwhile. */
function giveName(partial: string, final: string): void {
  try {
    linkSync(partial, final);
    rmSync(partial);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(final)) throw taken(final);
    renameSync(partial, final);
  }
}

export async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The disk's refusals as errors a person can act on. */
export async function refused<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw explained(cause);
  }
}

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw explained(cause);
  }
}

function explained(cause: unknown): unknown {
  const refusal = diskRefusal(cause);
  if (refusal === undefined) return cause;
  return new AppError(
    'DISK',
    `the disk refused a write (${refusal}): free some space or mend the folder's rights, then run the same command again; what was written of it is gone`,
    {},
    cause,
  );
}

const taken = (path: string): AppError =>
  new AppError(
    'USAGE',
    `expected a new name, "${path}" is there already: nothing is overwritten, name another`,
  );

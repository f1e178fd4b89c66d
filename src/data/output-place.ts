// Where answers are saved to: asked before long work, and a refusal told in words the caller can act on.
import { lstatSync, mkdtempSync, readdirSync, rmdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import { diskRefusal } from './disk.ts';

type Kind = 'file' | 'folder';

const EXPECTED: Readonly<Record<Kind, string>> = {
  file: 'expected a place for a file',
  folder: 'expected a folder to save to',
};

/** A folder of that name, a file where a folder must be, a name or a place the file system does not take. */
const NO_PLACE: ReadonlySet<string> = new Set([
  'EISDIR',
  'EEXIST',
  'ENOTDIR',
  'ENOENT',
  'ENAMETOOLONG',
  'EINVAL',
  'ELOOP',
  'ENOTEMPTY',
]);

/**
 * Asks whether a file or a folder can be put at `path`, and leaves nothing there: call it before long work. Folders on the
 * way need not exist, since whoever writes makes them. What is there may be replaced.
 *
 * @throws AppError USAGE where the other kind stands in the place or a file on the way, DISK where it cannot be written
 */
export function checkWritable(path: string, kind: Kind): void {
  if (path.trim() === '') throw noPlace(path, kind);
  const place = resolve(path);
  try {
    const found = statsOf(place);
    if (found && found.isDirectory() !== (kind === 'folder')) throw noPlace(path, kind);
    let folder = found && kind === 'folder' ? place : dirname(place);
    while (!statsOf(folder)) folder = dirname(folder);
    if (!statsOf(folder)?.isDirectory()) throw noPlace(path, kind);
    // Tried rather than asked: rights alone do not tell of a disk that only reads.
    rmdirSync(mkdtempSync(join(folder, '.foresell-')));
  } catch (cause) {
    throw placeError(cause, path, kind);
  }
}

/**
 * Asks whether a folder is new or empty, for what must not stand among other things.
 *
 * @param besides what may be done instead, such as `or say --force`
 * @throws AppError USAGE where something is in it
 */
export function checkEmpty(path: string, besides: string): void {
  const place = resolve(path);
  if (!statsOf(place)?.isDirectory() || readdirSync(place).length === 0) return;
  throw new AppError(
    'USAGE',
    `expected a new or an empty folder, "${path}" has something in it: name another, ${besides}`,
  );
}

/** A refusal of the file system as an `AppError`, USAGE or DISK; anything else as it is. */
export function placeError(cause: unknown, path: string, kind: Kind): unknown {
  const refusal = diskRefusal(cause);
  if (refusal !== undefined) {
    return new AppError(
      'DISK',
      `the disk refused "${path}" (${refusal}): free some space or name another place`,
      {},
      cause,
    );
  }
  return NO_PLACE.has((cause as NodeJS.ErrnoException).code ?? '') ? noPlace(path, kind, cause) : cause;
}

const noPlace = (path: string, kind: Kind, cause?: unknown): AppError =>
  new AppError('USAGE', `${EXPECTED[kind]}, "${path}" is none: name another`, {}, cause);

/** Of what a link points to, or of a link that points nowhere. */
const statsOf = (path: string): Stats | undefined =>
  statSync(path, { throwIfNoEntry: false }) ?? lstatSync(path, { throwIfNoEntry: false });

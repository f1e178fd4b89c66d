// encoders.lock.json: which commit of each encoder is here, with the SHA-256 of every file; what differs is refused.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { guardDisk, nodeDisk } from '../../nn/checkpoint/disk.ts';
import { measureFile } from './download-file.ts';
import { folderOf, parseHubId } from './hub-id.ts';

export interface LockedFile {
  readonly sha256: string;
  readonly bytes: number;
  /** The hub's tag, for asking whether it has changed. */
  readonly etag?: string;
}

export interface LockedEncoder {
  /** As it was asked for: a branch, a tag or a commit. */
  readonly revision: string;
  readonly commit: string;
  /** As the hub spells it; null where the model names none. */
  readonly licence: string | null;
  readonly files: Readonly<Record<string, LockedFile>>;
}

/** Encoders by `owner/name`. */
export type EncoderLock = Readonly<Record<string, LockedEncoder>>;

export const LOCK_FILE = 'encoders.lock.json';
const VERSION = 1;

/**
 * The lock of a folder of encoders; empty where there is none yet.
 *
 * @throws AppError BAD_FILE for what is not such a file; VERSION for a later one
 */
export async function readLock(dir: string): Promise<EncoderLock> {
  const path = join(dir, LOCK_FILE);
  if (!existsSync(path)) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new AppError(
      'BAD_FILE',
      `${LOCK_FILE}: expected JSON; restore the file, or pull the encoders again`,
      {},
      cause,
    );
  }
  const { version, encoders } = isRecord(parsed) ? parsed : {};
  if (typeof version === 'number' && version > VERSION)
    throw new AppError(
      'VERSION',
      `${LOCK_FILE}: written by a later version of Foresell (${version}, this one reads ${VERSION})`,
    );
  if (version !== VERSION || !isRecord(encoders) || !Object.entries(encoders).every(isEntry))
    throw new AppError(
      'BAD_FILE',
      `${LOCK_FILE}: expected encoders with their commits and files; restore the file, or pull the encoders again`,
    );
  return encoders as unknown as EncoderLock;
}

const HEX = /^[0-9a-f]{40,64}$/;

function isEntry([id, value]: readonly [string, unknown]): boolean {
  if (!isRecord(value) || parseHubId(id)?.id !== id) return false;
  const { revision, commit, licence, files } = value;
  const isSaid = typeof revision === 'string' && (licence === null || typeof licence === 'string');
  return (
    isSaid &&
    typeof commit === 'string' &&
    HEX.test(commit) &&
    isRecord(files) &&
    Object.entries(files).every(isFile)
  );
}

function isFile([path, value]: readonly [string, unknown]): boolean {
  if (!isRecord(value) || path.startsWith('/') || path.split(/[\\/]/).includes('..')) return false;
  const { sha256, bytes, etag } = value;
  const isTag = etag === undefined || typeof etag === 'string';
  return typeof sha256 === 'string' && HEX.test(sha256) && typeof bytes === 'number' && isTag;
}

/** Written beside and renamed: a lock is never seen half-written. */
export function writeLock(dir: string, encoders: EncoderLock): void {
  const sorted = <T>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(
      Object.keys(record)
        .sort()
        .map((key) => [key, record[key]]),
    );
  const tidy = Object.fromEntries(
    Object.entries(sorted(encoders)).map(([id, entry]) => [id, { ...entry, files: sorted(entry.files) }]),
  );
  const text = `${JSON.stringify({ version: VERSION, encoders: tidy }, null, 2)}\n`;
  const path = join(dir, LOCK_FILE);
  guardDisk(() => {
    nodeDisk.makeFolder(dir);
    nodeDisk.writeFile(`${path}.partial`, [new TextEncoder().encode(text)]);
    nodeDisk.rename(`${path}.partial`, path);
    nodeDisk.syncFolder(dir);
  });
}

/** How a file on the disk differs from the lock. */
export interface FileFault {
  readonly file: string;
  readonly fault: 'missing' | 'changed';
}

/** Every file of an encoder compared with its lock; none differ where all is well. Reads all of them. */
export async function findFaults(
  dir: string,
  id: string,
  { commit, files }: LockedEncoder,
): Promise<readonly FileFault[]> {
  const faults: FileFault[] = [];
  for (const [file, locked] of Object.entries(files)) {
    const found = await measureFile(join(dir, folderOf(id, commit), file));
    if (found === undefined) faults.push({ file, fault: 'missing' });
    else if (found.sha256 !== locked.sha256 || found.bytes !== locked.bytes)
      faults.push({ file, fault: 'changed' });
  }
  return faults;
}

/**
 * The folder of an encoder that is here, every byte of it as it was when it was pulled.
 *
 * @param id `owner/name`, or with the revision it was pulled by
 * @throws AppError NOT_FOUND for an encoder that is not here or lacks a file; TAMPERED for one that has changed
 */
export async function lockedFolder(dir: string, text: string): Promise<string> {
  const asked = parseHubId(text);
  const entry = asked && (await readLock(dir))[asked.id];
  const { revision } = asked ?? {};
  if (
    !asked ||
    !entry ||
    (revision !== undefined && revision !== entry.revision && revision !== entry.commit)
  )
    throw new AppError(
      'NOT_FOUND',
      `expected encoder "${text}" in ${LOCK_FILE}, it is not; fetch it with: foresell encoders pull ${text}`,
    );
  await requireWhole(dir, asked.id, entry);
  return join(dir, folderOf(asked.id, entry.commit));
}

/**
 * Which encoder of a lock a folder is, every byte of it as it was when it was pulled; undefined for a folder that no lock
 * beside it names.
 *
 * @throws AppError NOT_FOUND for one that lacks a file; TAMPERED for one that has changed
 */
export async function pulledId(folder: string): Promise<string | undefined> {
  const dir = resolve(folder, '..', '..');
  const found = Object.entries(await readLock(dir)).find(
    ([id, { commit }]) => resolve(dir, folderOf(id, commit)) === resolve(folder),
  );
  if (found === undefined) return undefined;
  await requireWhole(dir, ...found);
  return found[0];
}

/** @throws AppError NOT_FOUND, TAMPERED */
async function requireWhole(dir: string, id: string, entry: LockedEncoder): Promise<void> {
  const [fault] = await findFaults(dir, id, entry);
  if (fault === undefined) return;
  const { file } = fault;
  if (fault.fault === 'missing')
    throw new AppError(
      'NOT_FOUND',
      `encoder "${id}": expected ${file}, found none; fetch it again with: foresell encoders pull ${id}`,
      { file },
    );
  throw new AppError(
    'TAMPERED',
    `encoder "${id}": ${file} is not the file that was pulled; delete it and fetch it again with: foresell encoders pull ${id}`,
    { file },
  );
}

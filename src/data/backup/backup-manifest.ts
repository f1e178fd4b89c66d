// What a backup says of itself: every file with its checksum, and which moment of the shop it is.
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { sha256 } from '../disk.ts';

export const BACKUP_FORMAT = 1;

/** Beside the folder `files/`, which is a workspace. */
export const MANIFEST_FILE = 'backup.json';
/** The manifest's own checksum, written last: a backup without it is not one. */
export const SEAL_FILE = 'backup.sha256';
export const FILES_FOLDER = 'files';

/** Beyond this a manifest is not read: 100,000 files take about 25 MB. */
export const MOST_MANIFEST_BYTES = 2 ** 28;

export interface BackupFile {
  /** Relative to the workspace, with `/` between. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Permissions, such as 0o600. */
  readonly mode: number;
  /** When the workspace's file was last written, UTC ms. */
  readonly modifiedMs: number;
}

export interface BackupManifest {
  readonly format: number;
  /** The version of foresell that wrote it. */
  readonly product: string;
  /** UTC ms: everything acknowledged before this moment is in it. */
  readonly takenMs: number;
  readonly lake: {
    readonly version: number;
    /** How many customers had been erased. */
    readonly erasures: number;
    /** Rows of the lake's events; those of the journal come on top. */
    readonly events: number;
  };
  readonly files: readonly BackupFile[];
}

/** @returns manifest and seal, as they are written */
export function encodeManifest(manifest: BackupManifest): {
  readonly manifest: Buffer;
  readonly seal: Buffer;
} {
  const bytes = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
  return { manifest: bytes, seal: Buffer.from(sealOf(bytes)) };
}

/** As `sha256sum -c` reads it. */
const sealOf = (manifest: Uint8Array): string => `${sha256(manifest)}  ${MANIFEST_FILE}\n`;

/** @throws AppError TAMPERED when the seal is another manifest's, BAD_FILE, VERSION */
export function decodeManifest(manifest: Uint8Array, seal: Uint8Array): BackupManifest {
  if (Buffer.from(seal).toString('latin1') !== sealOf(manifest))
    throw new AppError(
      'TAMPERED',
      `${MANIFEST_FILE} is not the one ${SEAL_FILE} names: the backup is damaged, take another`,
    );
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(manifest).toString('utf8'));
  } catch (cause) {
    throw badManifest('JSON', cause);
  }
  if (!isRecord(value) || typeof value.format !== 'number') throw badManifest('a number "format"');
  if (value.format > BACKUP_FORMAT)
    throw new AppError(
      'VERSION',
      `expected a backup of format ${BACKUP_FORMAT} or older, this one has ${value.format}: update foresell`,
    );
  const { files, lake } = value;
  if (!Array.isArray(files) || !files.every(isBackupFile)) throw badManifest('a list "files"');
  if (!isRecord(lake) || !['version', 'erasures', 'events'].every((key) => isCount(lake[key])))
    throw badManifest('counts in "lake"');
  if (typeof value.takenMs !== 'number' || typeof value.product !== 'string')
    throw badManifest('"takenMs" and "product"');
  const paths = new Set<string>();
  for (const { path } of files) {
    checkPath(path);
    if (paths.has(path)) throw badManifest('each file once');
    paths.add(path);
  }
  return value as unknown as BackupManifest;
}

/**
 * Refuses a path that could lead out of the folder it is restored into, on any system.
 *
 * @throws AppError BAD_FILE
 */
export function checkPath(path: string): void {
  const isInside =
    path.length > 0 &&
    path.length <= 1024 &&
    !/[\0\\]/.test(path) &&
    !/^[A-Za-z]:/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isInside)
    throw new AppError(
      'BAD_FILE',
      `expected paths inside the workspace, got ${JSON.stringify(path.slice(0, 80))}: this is no backup of ours`,
    );
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const isBackupFile = (value: unknown): value is BackupFile =>
  isRecord(value) &&
  typeof value.path === 'string' &&
  isCount(value.bytes) &&
  typeof value.sha256 === 'string' &&
  /^[0-9a-f]{64}$/.test(value.sha256) &&
  isCount(value.mode) &&
  value.mode <= 0o777 &&
  typeof value.modifiedMs === 'number';

const badManifest = (expected: string, cause?: unknown): AppError =>
  new AppError('BAD_FILE', `expected ${expected} in ${MANIFEST_FILE}: this is no backup of ours`, {}, cause);

// Brings a backup back as a workspace, or only proves that it could: every byte is held against its checksum.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError, throwIfAborted } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { realDisk } from '../disk.ts';
import type { LakeSnapshot } from '../lake/snapshot.ts';
import type { BackupManifest } from './backup-manifest.ts';
import { type FileVisitor, readBackup } from './backup-source.ts';
import { refused, writeWhole } from './backup-target.ts';

export interface RestoreOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Reads all of a backup and compares it with what it says of itself.
 *
 * @param from  a folder, a `.tar` file, or a stream of one
 * @throws AppError NOT_FOUND; TAMPERED naming the file that is damaged, missing or not named; BAD_FILE; VERSION; INTERRUPTED
 */
export async function checkBackup(
  from: string | AsyncIterable<Uint8Array>,
  options: RestoreOptions = {},
): Promise<BackupManifest> {
  const seen = collector(options);
  const manifest = await readBackup(from, (path, pieces) => seen.take(path, pieces, async () => undefined));
  seen.compare(manifest);
  return manifest;
}

/**
 * Writes a backup's files into a new folder, checks them as `checkBackup` does, and only then gives the folder its name.
 *
 * @throws AppError USAGE when the folder holds something; DISK; and as `checkBackup`. Nothing is left of a restore that failed.
 */
export async function restoreBackup(
  from: string | AsyncIterable<Uint8Array>,
  to: string,
  options: RestoreOptions = {},
): Promise<BackupManifest> {
  const final = resolve(to);
  if (existsSync(final) && readdirSync(final).length > 0)
    throw new AppError(
      'USAGE',
      `expected a new folder, "${to}" holds something already: nothing is overwritten, name another`,
    );
  const folder = join(dirname(final), `.${basename(final)}-${process.pid}.partial`);
  try {
    return await refused(async () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const folders = new Set([folder]);
      const seen = collector(options);
      const extract: FileVisitor = async (path, pieces) => {
        const target = join(folder, path);
        for (let dir = dirname(target); !folders.has(dir); dir = dirname(dir)) folders.add(dir);
        makeFolder(target, path);
        const file = await open(target, 'wx', 0o600).catch((cause) => {
          throw clashing(path, cause);
        });
        try {
          await seen.take(path, pieces, (piece) => writeWhole(file, piece));
          await file.datasync();
        } finally {
          await file.close();
        }
      };
      const manifest = await readBackup(from, extract);
      seen.compare(manifest);
      for (const { path, mode } of manifest.files)
        chmodSync(join(folder, path), path.startsWith('keys/') ? 0o600 : mode | 0o600);
      for (const dir of [...folders].reverse()) realDisk.sync(dir);
      renameSync(folder, final);
      realDisk.sync(dirname(final));
      return manifest;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeFolder(target: string, path: string): void {
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw clashing(path, cause);
  }
}

function clashing(path: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== 'EEXIST' && code !== 'ENOTDIR' && code !== 'EISDIR') return cause;
  return new AppError(
    'BAD_FILE',
    `expected each file once, got ${path} twice: this is no backup of ours`,
    {},
    cause,
  );
}

const SNAPSHOT = 'lake/snapshot.json';
const SETTINGS = 'foresell.yaml';

/** What was read: sizes and checksums, and the list of the lake's parts. */
function collector({ progress = silent, signal }: RestoreOptions) {
  const found = new Map<string, { readonly bytes: number; readonly sha256: string }>();
  const snapshot: Uint8Array[] = [];
  let read = 0;
  return {
    async take(
      path: string,
      pieces: AsyncIterable<Uint8Array>,
      use: (piece: Uint8Array) => Promise<void>,
    ): Promise<void> {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of pieces) {
        throwIfAborted(signal);
        hash.update(piece);
        bytes += piece.length;
        read += piece.length;
        if (path === SNAPSHOT) snapshot.push(Buffer.from(piece));
        await use(piece);
        progress.step({ task: 'reading', done: read / 1e6, unit: 'MB' });
      }
      if (found.has(path)) throw clashing(path, Object.assign(new Error('twice'), { code: 'EEXIST' }));
      found.set(path, { bytes, sha256: hash.digest('hex') });
    },
    /** @throws AppError TAMPERED */
    compare({ files }: BackupManifest): void {
      for (const file of files) {
        const other = found.get(file.path);
        if (!other) throw tampered(file.path, 'is missing');
        if (other.bytes !== file.bytes || other.sha256 !== file.sha256)
          throw tampered(file.path, 'is not as it was written');
      }
      const named = new Set(files.map(({ path }) => path));
      for (const path of found.keys())
        if (!named.has(path)) throw tampered(path, 'is not named by the backup');
      if (!named.has(SETTINGS)) throw tampered(SETTINGS, 'is missing');
      for (const path of partsOf(snapshot))
        if (!named.has(path)) throw tampered(path, 'is missing, the lake names it');
      progress.step({ task: 'reading', done: read / 1e6, total: read / 1e6, unit: 'MB' });
    },
  };
}

function partsOf(snapshot: readonly Uint8Array[]): readonly string[] {
  if (snapshot.length === 0) return [];
  const { events, items, users, quarantine } = JSON.parse(
    Buffer.concat(snapshot).toString('utf8'),
  ) as LakeSnapshot;
  return [events, items, users, quarantine].flatMap((parts) => (parts ?? []).map(({ path }) => path));
}

const tampered = (path: string, why: string): AppError =>
  new AppError('TAMPERED', `the backup's file ${path} ${why}: it cannot be trusted, take another backup`);

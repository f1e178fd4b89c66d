// Backs up a workspace while it is in service: one moment pinned, copied piece by piece, checked by checksums.
import { resolve, sep } from 'node:path';
import { AppError, throwIfAborted } from '../../core/errors.ts';
import { PRODUCT_VERSION } from '../../core/product.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { readSnapshot } from '../lake/snapshot.ts';
import type { Workspace } from '../workspace.ts';
import { BACKUP_FORMAT, type BackupFile, type BackupManifest, encodeManifest } from './backup-manifest.ts';
import { readFolderManifest } from './backup-source.ts';
import {
  type BackupTarget,
  type ByteSink,
  checkRoom,
  folderTarget,
  streamTarget,
  tarTarget,
} from './backup-target.ts';
import { type PinnedFile, pinWorkspace } from './pin-workspace.ts';
import { readPinned } from './read-pinned.ts';

export interface BackUpOptions {
  /** A new `.tar` file, a new folder, or whatever takes the bytes of a tar. */
  readonly to: string | ByteSink;
  /** An earlier backup in a folder on the same disk: files that have not changed since are linked, not copied. */
  readonly base?: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** How long to wait for whoever writes to the lake; default ten minutes. */
  readonly waitMs?: number;
  /** UTC ms; handed in by tests. */
  readonly now?: () => number;
}

export interface BackedUp {
  readonly manifest: BackupManifest;
  readonly bytes: number;
  /** Of these were linked. */
  readonly linkedBytes: number;
}

const WAIT_MS = 600_000;

/**
 * Every event acknowledged before the call is in the backup, in its journal or in its lake. Events that come meanwhile may be
 * or may not be. Left out is what is made anew: the state in memory, locks, working files.
 *
 * @throws AppError USAGE when the target is there already; BUSY when the lake is being written to for long, or somebody was
 *   erased meanwhile; DISK; INTERRUPTED. Nothing is left of a backup that failed.
 */
export async function backUp(workspace: Workspace, options: BackUpOptions): Promise<BackedUp> {
  const { to, base, progress = silent, signal, now = Date.now } = options;
  if (typeof to === 'string') checkOutside(workspace, to);
  const earlier = base === undefined ? undefined : await readFolderManifest(base);
  const target = await openTarget(to);
  try {
    const takenMs = now();
    const onWait = (holder: string): void => progress.note(`waiting for ${holder}`);
    const pinned = await pinWorkspace(workspace, { waitMs: options.waitMs ?? WAIT_MS, signal, onWait });
    try {
      const total = pinned.files.reduce((sum, { bytes }) => sum + bytes, 0);
      if (typeof to === 'string' && !earlier) await checkRoom(to, total);
      const known = new Map(earlier?.files.map((file) => [file.path, file]));
      const files: BackupFile[] = [];
      let done = 0;
      let linkedBytes = 0;
      for (const file of pinned.files) {
        throwIfAborted(signal);
        const linked = base === undefined ? undefined : linkFile(target, file, { base, known });
        const copied = linked ?? (await copyFile(target, file, signal));
        if (copied) files.push(copied);
        done += file.bytes;
        linkedBytes += linked?.bytes ?? 0;
        progress.step({ task: 'backing up', done: done / 1e6, total: total / 1e6, unit: 'MB' });
      }
      const { version, erasures, events } = pinned.snapshot;
      // An erasure rewrites what is in service; what has been copied before would bring the person back.
      if (readSnapshot(workspace).erasures !== erasures)
        throw new AppError('BUSY', 'somebody was erased while the backup was written: run it again');
      const manifest: BackupManifest = {
        ...{ format: BACKUP_FORMAT, product: PRODUCT_VERSION, takenMs },
        lake: { version, erasures, events: events.reduce((sum, { rows }) => sum + rows, 0) },
        files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
      };
      await target.finish(encodeManifest(manifest));
      return { manifest, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), linkedBytes };
    } finally {
      pinned.release();
    }
  } catch (cause) {
    await target.abandon();
    throw cause;
  }
}

/** Else each backup would hold those before it. */
function checkOutside({ dir }: Workspace, to: string): void {
  if (`${resolve(to)}${sep}`.startsWith(`${dir}${sep}`))
    throw new AppError('USAGE', `expected a place outside the workspace, got "${to}": name another`);
}

function openTarget(to: string | ByteSink): BackupTarget | Promise<BackupTarget> {
  if (typeof to !== 'string') return streamTarget(to);
  return to.endsWith('.tar') ? tarTarget(to) : folderTarget(to);
}

async function copyFile(
  target: BackupTarget,
  file: PinnedFile,
  signal: AbortSignal | undefined,
): Promise<BackupFile | undefined> {
  const content = await readPinned(file);
  if (!content) return undefined;
  const { path, mode, modifiedMs } = file;
  const entry = { path, bytes: content.bytes, mode, modifiedMs };
  async function* stoppable(): AsyncGenerator<Uint8Array> {
    for await (const piece of content?.pieces() ?? []) {
      throwIfAborted(signal);
      yield piece;
    }
  }
  return { ...entry, sha256: await target.add(entry, stoppable()) };
}

/** Written once under a name that is never used again: parts of the lake, and versions of models. */
const NEVER_CHANGES = /^lake\/.+\.parquet$|^quarantine\/|^models\/[^/]+\/v\d+-[^/]+\/(?!erasures\.json$)/;

function linkFile(
  target: BackupTarget,
  file: PinnedFile,
  { base, known }: { readonly base: string; readonly known: ReadonlyMap<string, BackupFile> },
): BackupFile | undefined {
  const same = known.get(file.path);
  if (!same || !NEVER_CHANGES.test(file.path)) return undefined;
  if (same.bytes !== file.bytes || same.modifiedMs !== file.modifiedMs) return undefined;
  return target.link?.(file, base) ? same : undefined;
}

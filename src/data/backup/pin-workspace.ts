// One moment of a workspace held fast by hard links, while whoever serves it goes on writing.
import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError, throwIfAborted } from '../../core/errors.ts';
import { listFiles } from '../disk.ts';
import { segmentFirst } from '../journal/segment.ts';
import { type LakeSnapshot, readSnapshot } from '../lake/snapshot.ts';
import { acquireLock, type LockOptions, withLock } from '../lock.ts';
import { type Workspace, workspacePaths } from '../workspace.ts';

/** How a file is read that may be written to meanwhile. */
export type PinKind =
  /** Written once, or replaced as a whole. */
  | 'whole'
  /** Written to at its end, a line at a time. */
  | 'lines'
  /** The journal's newest segment: written to at its end, a frame at a time. */
  | 'segment';

export interface PinnedFile {
  /** Relative to the workspace, with `/` between. */
  readonly path: string;
  /** Where its content can be read until the pins are released. */
  readonly from: string;
  readonly kind: PinKind;
  /** As it was when it was pinned. */
  readonly bytes: number;
  readonly mode: number;
  readonly modifiedMs: number;
}

export interface PinnedWorkspace {
  readonly files: readonly PinnedFile[];
  readonly snapshot: LakeSnapshot;
  release(): void;
}

export const PIN_FOLDER = '.backup-pins';

/** Not part of a shop: what only holds while a process runs, and what is made anew from the rest. */
const LEFT_OUT = /^(locks|scratch|spill|state|\.backup-pins)(\/|$)|(^|\/)\.staging-|\.new$|\.partial$/;
const OF_LAKE = /^(lake|quarantine|journal)(\/|$)/;
const LINES = /\.(ndjson|jsonl|log)$/;
const ATTEMPTS = 20;

/**
 * Links take no room and no time, and what is replaced or removed afterwards stays readable through them.
 *
 * The journal is pinned before the lake, and the lake's lock is held meanwhile: an event goes from the one to the other and
 * is dropped from the first only when it is in the second, so it is in at least one of the two as pinned (where it is in
 * both, its id counts it once), and no erasure is half done.
 *
 * @throws AppError BUSY when another backup or a long writer of the lake is at work; INTERRUPTED; what the disk throws
 */
export async function pinWorkspace(
  workspace: Workspace,
  options: LockOptions = {},
): Promise<PinnedWorkspace> {
  const lock = await acquireLock(backupLock(workspace), 'backup', options);
  const folder = pinFolder(workspace);
  const release = (): void => {
    rmSync(folder, { recursive: true, force: true });
    lock.release();
  };
  try {
    return await withLock(workspacePaths.lakeLock(workspace), 'backup', options, async () => {
      // Those of a backup that died.
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { mode: 0o700 });
      const pin = pinner(workspace.dir, folder);
      for (const [path, kind] of attempted(() => pinJournal(workspace, pin))) pin.keep(path, kind);
      const { snapshot, paths } = attempted(() => pinLake(workspace, pin));
      for (const path of paths) pin.keep(path, 'whole');
      throwIfAborted(options.signal);
      for (const path of attempted(() => pinOthers(workspace, pin)))
        pin.keep(path, LINES.test(path) ? 'lines' : 'whole');
      return { files: pin.kept, snapshot, release };
    });
  } catch (cause) {
    release();
    throw cause;
  }
}

/**
 * Does what must not leave anything behind in pins (an erasure): while no backup is at work, and without the pins of one that
 * died.
 *
 * @param what  as a backup that waits for it will read it
 * @throws AppError BUSY naming the backup
 */
export async function withoutPins<T>(
  workspace: Workspace,
  what: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  return withLock(backupLock(workspace), what, options, async () => {
    rmSync(pinFolder(workspace), { recursive: true, force: true });
    return work();
  });
}

const backupLock = ({ dir }: Workspace): string => join(dir, 'locks', 'backup.lock');
const pinFolder = ({ dir }: Workspace): string => join(dir, PIN_FOLDER);

/** Again when something moved underneath. */
function attempted<T>(work: () => T | undefined): T {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const result = work();
    if (result !== undefined) return result;
  }
  throw new AppError(
    'BUSY',
    'expected a quiet moment of the workspace, its files went on changing: run the same command again',
  );
}

type Pinner = ReturnType<typeof pinner>;

function pinner(root: string, folder: string) {
  const kept: PinnedFile[] = [];
  /** Where what could not be linked is read instead. */
  const elsewhere = new Map<string, string>();
  return {
    kept,
    /** @returns false when there is no such file any more */
    link(path: string): boolean {
      const to = join(folder, path);
      mkdirSync(dirname(to), { recursive: true });
      rmSync(to, { force: true });
      elsewhere.delete(path);
      try {
        const from = realpathSync(join(root, path));
        try {
          linkSync(from, to);
        } catch (cause) {
          const { code = '' } = cause as NodeJS.ErrnoException;
          // A folder that lies on another disk: its parts are never changed, and one that goes is noticed.
          if (code === 'EXDEV') elsewhere.set(path, from);
          // A file system without links: what has been copied cannot change any more, either.
          else if (UNLINKABLE.has(code)) copyFileSync(from, to);
          else throw cause;
        }
        return true;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw cause;
      }
    },
    keep(path: string, kind: PinKind): void {
      const from = elsewhere.get(path) ?? join(folder, path);
      const { size, mode, mtimeMs } = statSync(from);
      kept.push({ path, from, kind, bytes: size, mode: mode & 0o777, modifiedMs: Math.floor(mtimeMs) });
    },
  };
}

const UNLINKABLE: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK']);

const IDS = 'journal/known.ids';

/** Undefined when segments were dropped, or ids written down, meanwhile. */
function pinJournal(workspace: Workspace, pin: Pinner): Map<string, PinKind> | undefined {
  const root = workspacePaths.journal(workspace);
  const list = (): string[] =>
    existsSync(root) ? readdirSync(root).filter((name) => !LEFT_OUT.test(name)) : [];
  const inode = (): number => statSync(join(workspace.dir, IDS), { throwIfNoEntry: false })?.ino ?? 0;
  const before = inode();
  const names = list().sort();
  const newest = names.findLast((name) => segmentFirst(name) !== undefined);
  for (const name of names) if (!pin.link(`journal/${name}`)) return undefined;
  const now = new Set(list());
  if (inode() !== before || names.some((name) => !now.has(name))) return undefined;
  return new Map(names.map((name) => [`journal/${name}`, name === newest ? 'segment' : 'whole']));
}

/** Undefined when a part was replaced meanwhile. */
function pinLake(
  workspace: Workspace,
  pin: Pinner,
): { readonly snapshot: LakeSnapshot; readonly paths: readonly string[] } | undefined {
  const snapshot = readSnapshot(workspace);
  const named = [...snapshot.events, ...snapshot.items, ...snapshot.users, ...snapshot.quarantine];
  const paths = named.map(({ path }) => path);
  if (existsSync(workspacePaths.snapshot(workspace))) paths.push('lake/snapshot.json');
  for (const path of paths) if (!pin.link(path)) return undefined;
  return readSnapshot(workspace).version === snapshot.version ? { snapshot, paths } : undefined;
}

/** Settings, keys, models, tasks, reports. Undefined when one went meanwhile: of a version all files are there, or none. */
function pinOthers(workspace: Workspace, pin: Pinner): readonly string[] | undefined {
  const list = (): string[] =>
    listFiles(workspace.dir).filter((path) => !LEFT_OUT.test(path) && !OF_LAKE.test(path));
  const paths = list();
  for (const path of paths) {
    refuseFolderLink(workspace, path);
    if (!pin.link(path)) return undefined;
  }
  const now = new Set(list());
  return paths.every((path) => now.has(path)) ? paths : undefined;
}

/** What lies behind such a link is not looked at: better no backup than one without it. */
function refuseFolderLink(workspace: Workspace, path: string): void {
  const full = join(workspace.dir, path);
  if (!lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const target = statSync(full, { throwIfNoEntry: false });
  if (!target || target.isDirectory())
    throw new AppError(
      'USAGE',
      `expected files and folders in the workspace, ${path} is a link ${target ? 'to a folder' : 'to nothing'}: put the folder itself there, or take the link away`,
    );
}

// Brings an encoder from a hub into a folder of encoders: pinned to its commit, proved byte by byte, written to the lock.
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { guardDisk, nodeDisk } from '../../nn/checkpoint/disk.ts';
import { type FolderLock, lockFolder } from '../../nn/checkpoint/folder-lock.ts';
import { downloadFile, measureFile } from './download-file.ts';
import {
  findFaults,
  LOCK_FILE,
  type LockedEncoder,
  type LockedFile,
  readLock,
  writeLock,
} from './encoder-lock.ts';
import { folderOf, requireHubId } from './hub-id.ts';
import { type Hub, PUBLIC_HUB } from './hub-request.ts';
import { encoderFiles, fetchListing, type ListedFile } from './model-listing.ts';

export interface PullOptions {
  readonly hub?: Hub;
  /** Asks nobody: what is not here is refused. */
  readonly offline?: boolean;
  /** Looks whether the revision has moved; otherwise the commit in the lock stays. */
  readonly update?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface PulledEncoder extends LockedEncoder {
  readonly id: string;
  /** What `openEncoder` opens. */
  readonly folder: string;
  /** Files that had to be fetched. */
  readonly fetched: readonly string[];
}

const BRANCH = 'main';

/**
 * Makes an encoder be here, whole. What is here already is not fetched again; a commit in the lock is kept unless another
 * revision is asked for or `update` is said.
 *
 * @param text `owner/name` or `owner/name@revision`
 * @throws AppError USAGE, NOT_FOUND, UNREACHABLE, BAD_FILE, DISK, INTERRUPTED; BUSY while another process pulls;
 *   TAMPERED where the lock's own commit has other bytes than it had
 */
export async function pullEncoder(
  dir: string,
  text: string,
  options: PullOptions = {},
): Promise<PulledEncoder> {
  const { id, revision } = requireHubId(text);
  const held = hold(dir, id, options);
  try {
    const known = (await readLock(dir))[id];
    const isSame = known !== undefined && [undefined, known.revision, known.commit].includes(revision);
    const faults = isSame ? await findFaults(dir, id, known) : [];
    if (isSame && faults.length === 0 && options.update !== true)
      return { id, folder: join(dir, folderOf(id, known.commit)), fetched: [], ...known };
    if (options.offline === true)
      throw notHere(
        text,
        faults.map(({ file }) => file),
      );
    const stays = isSame && options.update !== true;
    const wanted = revision ?? known?.revision ?? BRANCH;
    return await fetchAll(
      dir,
      { id, revision: wanted, at: stays ? known.commit : wanted, known, stays },
      options,
    );
  } finally {
    held.release();
  }
}

interface Pull {
  readonly id: string;
  /** As the lock will say it. */
  readonly revision: string;
  /** What the hub is asked for. */
  readonly at: string;
  readonly known: LockedEncoder | undefined;
  /** Whether every byte must be what the lock has. */
  readonly stays: boolean;
}

async function fetchAll(dir: string, pull: Pull, options: PullOptions): Promise<PulledEncoder> {
  const { hub = { base: PUBLIC_HUB }, signal, progress = silent } = options;
  const listing = await fetchListing(hub, pull.id, { revision: pull.at, signal });
  const { commit, licence = null } = listing;
  const folder = join(dir, folderOf(pull.id, commit));
  const files: Record<string, LockedFile> = {};
  const fetched: string[] = [];
  for (const listed of encoderFiles(pull.id, listing)) {
    const place = { hub, dir, folder, commit, pull, signal, progress };
    const { file, isFetched } = await bring(place, listed);
    files[listed.path] = file;
    if (isFetched) fetched.push(listed.path);
  }
  const entry: LockedEncoder = { revision: pull.revision, commit, licence, files };
  await enter(dir, pull.id, entry, options);
  return { id: pull.id, folder, fetched, ...entry };
}

/** @throws AppError BUSY while another process pulls it */
function hold(dir: string, what: string, { now = Date.now }: PullOptions): FolderLock {
  try {
    return lockFolder(join(dir, '.pulling', what.replace('/', '--')), now);
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'BUSY') throw cause;
    throw new AppError(
      'BUSY',
      `another process is pulling ${what}; wait until it is done`,
      cause.details,
      cause,
    );
  }
}

/** Times a lock file that another pull is writing this instant is waited for, and milliseconds between. */
const ENTRY_TRIES = 100;
const ENTRY_WAIT_MS = 20;

/** Reads the lock again before writing: another encoder may have been pulled meanwhile. */
async function enter(dir: string, id: string, entry: LockedEncoder, options: PullOptions): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const held = hold(dir, LOCK_FILE, options);
      try {
        return writeLock(dir, { ...(await readLock(dir)), [id]: entry });
      } finally {
        held.release();
      }
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.code !== 'BUSY' || tries === ENTRY_TRIES) throw cause;
      await new Promise((resolve) => setTimeout(resolve, ENTRY_WAIT_MS));
    }
  }
}

interface Place {
  readonly hub: Hub;
  readonly dir: string;
  readonly folder: string;
  readonly commit: string;
  readonly pull: Pull;
  readonly signal: AbortSignal | undefined;
  readonly progress: Progress;
}

/** One file into its place: kept, taken over from the commit before, or fetched. */
async function bring(
  place: Place,
  listed: ListedFile,
): Promise<{ readonly file: LockedFile; readonly isFetched: boolean }> {
  const { hub, dir, folder, commit, pull, signal, progress } = place;
  const to = join(folder, listed.path);
  const locked = pull.known?.files[listed.path];
  const here = await measureFile(to);
  const isLocked = pull.known?.commit === commit && locked !== undefined;
  if (
    here &&
    (isLocked ? here.sha256 === locked.sha256 : listed.sha256 !== undefined && here.sha256 === listed.sha256)
  )
    return { file: { ...here, ...(isLocked && locked.etag ? { etag: locked.etag } : {}) }, isFetched: false };

  const before = pull.known && join(dir, folderOf(pull.id, pull.known.commit), listed.path);
  const old = before !== undefined && !isLocked && locked ? await measureFile(before) : undefined;
  const isOldWhole = old !== undefined && old.sha256 === locked?.sha256;
  const found = await downloadFile(hub, {
    ...{ id: pull.id, commit, file: listed.path, to, bytes: listed.bytes, sha256: listed.sha256, signal },
    etag: isOldWhole ? locked?.etag : undefined,
    onBytes: (done, total) =>
      progress.step({ task: listed.path, done, ...(total === undefined ? {} : { total }), unit: 'bytes' }),
  });
  if (found === undefined) {
    if (!isOldWhole || before === undefined || locked === undefined) throw notAsked(listed.path);
    guardDisk(() => {
      nodeDisk.makeFolder(dirname(to));
      copyFileSync(before, `${to}.partial`);
      renameSync(`${to}.partial`, to);
    });
    return { file: locked, isFetched: false };
  }
  if (pull.stays && isLocked && found.sha256 !== locked.sha256) {
    rmSync(to, { force: true });
    throw new AppError(
      'TAMPERED',
      `${pull.id}: the hub's ${listed.path} is no longer the file the lock names, at the same commit; nothing was kept`,
      { file: listed.path },
    );
  }
  const { sha256, bytes, etag } = found;
  return { file: { sha256, bytes, ...(etag === undefined ? {} : { etag }) }, isFetched: true };
}

const notAsked = (file: string): AppError =>
  new AppError('UNREACHABLE', `the hub says that ${file} has not changed, and was not asked`);

function notHere(text: string, missing: readonly string[]): AppError {
  const what = missing.length === 0 ? `encoder "${text}"` : `${missing.join(', ')} of encoder "${text}"`;
  return new AppError(
    'NOT_FOUND',
    `expected ${what} to be here, as asked to work offline; pull it once with the hub in reach`,
    { files: missing },
  );
}

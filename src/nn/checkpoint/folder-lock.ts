// One run a folder: a lock file that says which process holds it, and passes on when that process is dead.
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { guardDisk, nodeDisk } from './disk.ts';

/** A folder held; nobody else trains in it until `release`. */
export interface FolderLock {
  /** Calling it twice is harmless. */
  release(): void;
}

/** Who holds a lock. `start` tells a process from a later one of the same number; empty where it cannot be known. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly start: string;
  readonly token: string;
}

const FILE_NAME = 'training.lock';
/** A lock without a holder in it is being written this instant, or was when its writer died; after this long, the latter. */
const TORN_MS = 10_000;
const TORN: Holder = { pid: 0, host: '', start: '', token: 'torn' };

/**
 * Takes the lock of `folder`, making the folder where it is missing. A holder on another machine always counts as alive.
 *
 * @param now milliseconds since 1970
 * @throws AppError BUSY naming the holder; `details` hold its `pid` and `host`. DISK
 */
export function lockFolder(folder: string, now: () => number): FolderLock {
  const path = join(folder, FILE_NAME);
  const { pid } = process;
  const mine: Holder = { pid, host: hostname(), start: processStart(pid), token: randomUUID() };
  const holder = guardDisk(() => {
    nodeDisk.makeFolder(folder);
    return take(path, mine, now);
  });
  if (holder !== mine) {
    const { pid, host } = holder;
    throw new AppError(
      'BUSY',
      `expected to be the only run in this folder, but ${holder === TORN ? 'another one' : `process ${pid} on ${host}`} ` +
        `trains in it; wait until it has ended, or train in another folder (no such training? delete ${FILE_NAME})`,
      { pid, host },
    );
  }
  return {
    release() {
      // Whoever took us for dead owns it now, and theirs is not ours to remove.
      if (read(path)?.token === mine.token) rmSync(path, { force: true });
    },
  };
}

/**
 * The holder of the lock at `path` after the attempt: `mine` when it succeeded.
 *
 * A dead holder's lock is replaced by whoever holds the lock *of that holder's succession*, a second file named after its
 * token: taken in the same way, it is passed on in the same way when the successor dies before it has replaced anything.
 */
function take(path: string, mine: Holder, now: () => number): Holder {
  for (;;) {
    if (create(path, mine)) return mine;
    const holder = read(path);
    if (holder === undefined) continue;
    if (isAlive(path, holder, now)) return holder;
    const succession = `${path}.${holder.token}`;
    const successor = take(succession, mine, now);
    if (successor !== mine) return successor;
    if (read(path)?.token === holder.token) {
      renameSync(succession, path);
      return mine;
    }
    // Another one succeeded and was done before this one began.
    rmSync(succession, { force: true });
  }
}

function create(path: string, holder: Holder): boolean {
  try {
    const file = openSync(path, 'wx');
    try {
      writeSync(file, JSON.stringify(holder));
    } finally {
      closeSync(file);
    }
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw cause;
  }
}

function read(path: string): Holder | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
  try {
    const holder: unknown = JSON.parse(text);
    return isRecord(holder) && typeof holder.token === 'string' ? (holder as unknown as Holder) : TORN;
  } catch {
    return TORN;
  }
}

function isAlive(path: string, holder: Holder, now: () => number): boolean {
  if (holder === TORN) {
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return written !== undefined && now() - written < TORN_MS;
  }
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (cause) {
    if (codeOf(cause) === 'ESRCH') return false;
  }
  return holder.start === '' || holder.start === processStart(holder.pid);
}

/** When a process started, in words that differ for a later process of its number; empty where nothing says so. */
function processStart(pid: number): string {
  if (process.platform !== 'linux') return '';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22 counted from the bracket that closes the name, which may itself hold spaces.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${ticks}`;
  } catch {
    return '';
  }
}

const codeOf = (cause: unknown): unknown =>
  cause instanceof Error && 'code' in cause ? cause.code : undefined;

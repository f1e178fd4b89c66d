// One writer at a time: a lock file with the holder's name in it, taken over when the holder has died.
import { randomUUID } from 'node:crypto';
import { closeSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, throwIfAborted } from '../core/errors.ts';

/** Who holds a lock. `start` tells a process from a later one that got the same number. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly start: string;
  readonly what: string;
  readonly since: string;
  readonly token: string;
}

export interface Lock {
  readonly path: string;
  /** Lets go; calling it twice is harmless. */
  release(): void;
}

export interface LockOptions {
  /** How long a second writer waits before it gives up; 0 gives up at once. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  /** Called once, when the lock is found taken. */
  readonly onWait?: (holder: string) => void;
}

const POLL_MS = 50;
/** A guard or an empty lock file older than this was left by a death in the middle of a microsecond's work. */
const STALE_MS = 10_000;

/**
 * Takes the lock at `path`, waiting for another holder if asked to.
 *
 * A holder is dead when its process is gone, or when its number now belongs to a process started at another time. A holder
 * on another machine (a shared folder) is always taken as alive.
 *
 * @param what  what the holder is doing, as the other side will read it: `import`, `training of churn`
 * @throws AppError BUSY naming the holder, INTERRUPTED
 */
export async function acquireLock(path: string, what: string, options: LockOptions = {}): Promise<Lock> {
  mkdirSync(dirname(path), { recursive: true });
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    start: processStart(process.pid) ?? '',
    what,
    since: new Date().toISOString(),
    token: randomUUID(),
  };
  const deadlineMs = Date.now() + (options.waitMs ?? 0);
  let told = false;
  for (;;) {
    throwIfAborted(options.signal);
    if (createExclusively(path, mine)) return holding(path, mine);
    const holder = readHolder(path);
    if (holder === 'gone') continue;
    if (isDead(path, holder) && takeOver(path, mine)) return holding(path, mine);
    const described = describe(holder);
    if (!told) options.onWait?.(described);
    told = true;
    if (Date.now() >= deadlineMs) {
      throw new AppError(
        'BUSY',
        `expected to be the only writer, but ${described} holds the lock; wait until it has ended, then run the same command again`,
        holder === 'unreadable' ? {} : { pid: holder.pid, what: holder.what, since: holder.since },
      );
    }
    await delay(Math.min(POLL_MS, Math.max(1, deadlineMs - Date.now())), undefined, {
      signal: options.signal,
    })
      // The abort is reported by the check at the top of the loop, in our own words.
      .catch(() => undefined);
  }
}

/** Runs `work` under the lock and lets go whatever happens. */
export async function withLock<T>(
  path: string,
  what: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await acquireLock(path, what, options);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function holding(path: string, mine: Holder): Lock {
  let held = true;
  return {
    path,
    release() {
      if (!held) return;
      held = false;
      const holder = readHolder(path);
      // Somebody who wrongly took us for dead owns it now: theirs is not ours to remove.
      if (typeof holder === 'object' && holder.token === mine.token) rmSync(path, { force: true });
    },
  };
}

/** Creates the lock with its content in one step, so that nobody ever reads half a holder. */
function createExclusively(path: string, holder: Holder): boolean {
  const fresh = `${path}.${holder.token}`;
  const file = openSync(fresh, 'wx');
  try {
    writeSync(file, JSON.stringify(holder));
  } finally {
    closeSync(file);
  }
  try {
    linkSync(fresh, path);
    return true;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw cause;
    return createWithoutLinks(path, holder);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** For file systems without hard links (exFAT). */
function createWithoutLinks(path: string, holder: Holder): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, JSON.stringify(holder));
    closeSync(file);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

function readHolder(path: string): Holder | 'gone' | 'unreadable' {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw cause;
  }
  try {
    const holder = JSON.parse(text) as Holder;
    return typeof holder.pid === 'number' ? holder : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

function isDead(path: string, holder: Holder | 'unreadable'): boolean {
  if (holder === 'unreadable') return ageMs(path) > STALE_MS;
  if (holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const start = processStart(holder.pid);
  return start !== undefined && holder.start !== '' && start !== holder.start;
}

/** Replaces a dead holder. The guard file keeps two processes from doing it at once, one removing the other's fresh lock. */
function takeOver(path: string, mine: Holder): boolean {
  const guard = `${path}.takeover`;
  if (!createExclusively(guard, mine)) {
    if (ageMs(guard) > STALE_MS) rmSync(guard, { force: true });
    return false;
  }
  try {
    const holder = readHolder(path);
    if (holder !== 'gone') {
      if (!isDead(path, holder)) return false;
      rmSync(path, { force: true });
    }
    return createExclusively(path, mine);
  } finally {
    rmSync(guard, { force: true });
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** When a process started, in a form that differs for a later process of the same number; undefined where unknown. */
function processStart(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22 counts from the name's closing bracket, which may itself hold spaces.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${ticks}`;
  } catch {
    return undefined;
  }
}

const describe = (holder: Holder | 'unreadable'): string =>
  holder === 'unreadable'
    ? 'another process'
    : `${holder.what} (process ${holder.pid} on ${holder.host}, since ${holder.since})`;

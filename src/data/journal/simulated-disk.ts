// For tests: a disk with a page cache that may lose power at any byte, run full, fail, or take less than it was given.
import type { Random } from '../../core/random.ts';
import type { JournalDisk, JournalFile } from './journal-disk.ts';

/** Sectors reach the platter whole or, the one being written when the power goes, in part; in any order. */
const SECTOR_BYTES = 512;

/**
 * What happens at one operation instead of its success: the power goes, the process is killed, an error; or a write takes
 * only a part, which is none.
 */
export type Fault = 'cut' | 'kill' | 'EIO' | 'ENOSPC' | 'short';

export type DiskOperation =
  | 'makeFolder'
  | 'list'
  | 'read'
  | 'create'
  | 'write'
  | 'datasync'
  | 'rename'
  | 'remove'
  | 'syncFolder';

interface Inode {
  /** What a read sees. */
  cached: Uint8Array;
  /** What a power cut leaves for certain. */
  durable: Uint8Array;
  /** Byte ranges written since the last sync; a failed sync empties the list and writes only some of them. */
  dirty: { start: number; end: number }[];
}

/** One step of the folder: names that become a file, or nobody's, together or not at all. */
type NameChange = readonly (readonly [name: string, inode: Inode | undefined])[];

interface Platter {
  readonly names: Map<string, Inode>;
  /** The folder as the last sync of it has left it, and what has changed since. */
  readonly durableNames: Map<string, Inode>;
  nameChanges: NameChange[];
}

export interface SimulatedDisk extends JournalDisk {
  /** Operations so far. */
  readonly operations: number;
  /** How it ended before `restart`, if it has. */
  readonly ended: 'cut' | 'kill' | undefined;
  /**
   * The disk after the process has died. `power` loses what was not synced: any part of it may have reached the platter.
   * `process` keeps the cache, also what a failed sync left in it that will never reach the platter.
   */
  restart(how: 'power' | 'process'): SimulatedDisk;
  /** For damage by hand: the bytes a read sees, which a cut keeps. */
  bytes(name: string): Uint8Array;
  replace(name: string, bytes: Uint8Array): void;
}

export interface SimulatedDiskOptions {
  readonly random: Random;
  /** Asked before each operation, which is the `nth`, from 1. */
  fault?(operation: DiskOperation, nth: number): Fault | undefined;
  /** How an operation takes its time; by default it is done at once. */
  delay?(): Promise<void>;
}

const failure = (code: string): Error => Object.assign(new Error(`simulated ${code}`), { code });

export function simulatedDisk(options: SimulatedDiskOptions): SimulatedDisk {
  return diskOver({ names: new Map(), durableNames: new Map(), nameChanges: [] }, options);
}

function diskOver(platter: Platter, options: SimulatedDiskOptions): SimulatedDisk {
  const { random, fault, delay } = options;
  const { names, durableNames } = platter;
  let operations = 0;
  let isDead = false;
  let ended: 'cut' | 'kill' | undefined;

  /** @returns whether a write shall be short */
  async function enter(operation: DiskOperation): Promise<boolean> {
    if (isDead) throw failure('EIO');
    operations++;
    const what = fault?.(operation, operations);
    await delay?.();
    if (isDead) throw failure('EIO');
    if (what === undefined) return false;
    if (what === 'short') return true;
    const isEnd = what === 'cut' || what === 'kill';
    if (isEnd) {
      isDead = true;
      ended = what;
    }
    throw Object.assign(failure(isEnd ? 'EIO' : what), { isFault: true });
  }

  const inodeOf = (name: string): Inode => {
    const inode = names.get(name);
    if (!inode) throw failure('ENOENT');
    return inode;
  };
  const changeNames = (change: NameChange): void => {
    apply(names, change);
    platter.nameChanges.push(change);
  };

  function openFile(inode: Inode): JournalFile {
    const put = (bytes: Uint8Array, start: number, length: number): void => {
      const at = inode.cached.length;
      const grown = new Uint8Array(at + length);
      grown.set(inode.cached);
      grown.set(bytes.subarray(start, start + length), at);
      inode.cached = grown;
      if (length > 0) inode.dirty.push({ start: at, end: at + length });
    };
    return {
      async write(bytes, start, end) {
        const length = end - start;
        let isShort: boolean;
        try {
          isShort = await enter('write');
        } catch (cause) {
          // Whatever the error, some of it may have been taken.
          if ((cause as { isFault?: boolean }).isFault) put(bytes, start, random.integer(length + 1));
          throw cause;
        }
        const taken = isShort ? 1 + random.integer(length) : length;
        put(bytes, start, taken);
        return taken;
      },
      async datasync() {
        try {
          await enter('datasync');
        } catch (cause) {
          if ((cause as { isFault?: boolean }).isFault && !isDead) {
            // The pages are marked clean, whether they were written or not: nobody will write them again.
            inode.durable = partlyWritten(inode, random);
            inode.dirty = [];
          }
          throw cause;
        }
        // What an earlier failed sync has marked clean is not written by this one either.
        inode.durable = written(inode, inode.dirty);
        inode.dirty = [];
      },
      close: async () => undefined,
    };
  }

  return {
    get operations() {
      return operations;
    },
    get ended() {
      return ended;
    },
    async makeFolder() {
      await enter('makeFolder');
    },
    async list() {
      await enter('list');
      return [...names.keys()];
    },
    async read(name) {
      await enter('read');
      return inodeOf(name).cached.slice();
    },
    async create(name) {
      await enter('create');
      if (names.has(name)) throw failure('EEXIST');
      const inode: Inode = { cached: new Uint8Array(), durable: new Uint8Array(), dirty: [] };
      changeNames([[name, inode]]);
      return openFile(inode);
    },
    async rename(from, to) {
      await enter('rename');
      changeNames([
        [to, inodeOf(from)],
        [from, undefined],
      ]);
    },
    async remove(name) {
      await enter('remove');
      if (names.has(name)) changeNames([[name, undefined]]);
    },
    async syncFolder() {
      await enter('syncFolder');
      for (const change of platter.nameChanges) apply(durableNames, change);
      platter.nameChanges = [];
    },
    restart(how) {
      isDead = true;
      if (how === 'process') return diskOver(platter, options);
      const left = new Map(durableNames);
      // A change that was not synced may have reached the platter or not, whatever came before or after it.
      for (const change of platter.nameChanges) if (random.uniform() < 0.5) apply(left, change);
      const survivors = new Map<Inode, Inode>();
      for (const inode of left.values()) {
        const durable = partlyWritten(inode, random);
        survivors.set(inode, { cached: durable, durable, dirty: [] });
      }
      for (const [name, inode] of left) left.set(name, survivors.get(inode) ?? inode);
      return diskOver({ names: left, durableNames: new Map(left), nameChanges: [] }, options);
    },
    bytes: (name) => inodeOf(name).cached,
    replace(name, bytes) {
      const inode: Inode = { cached: bytes, durable: bytes, dirty: [] };
      names.set(name, inode);
      durableNames.set(name, inode);
    },
  };
}

function apply(names: Map<string, Inode>, change: NameChange): void {
  for (const [name, inode] of change) {
    if (inode) names.set(name, inode);
    else names.delete(name);
  }
}

/** What is on the platter once some byte ranges of the cache have reached it; between them, zeros. */
function written(inode: Inode, ranges: readonly { start: number; end: number }[]): Uint8Array {
  const size = ranges.reduce((most, range) => Math.max(most, range.end), inode.durable.length);
  const bytes = new Uint8Array(size);
  bytes.set(inode.durable);
  for (const { start, end } of ranges) bytes.set(inode.cached.subarray(start, end), start);
  return bytes;
}

/** What is on the platter when the writing of the dirty bytes was interrupted. */
function partlyWritten(inode: Inode, random: Random): Uint8Array {
  if (inode.dirty.length === 0) return inode.durable;
  const start = inode.dirty[0].start;
  const end = inode.dirty[inode.dirty.length - 1].end;
  const cut = start + random.integer(end - start + 1);
  const way = random.integer(4);
  if (way === 0) return inode.durable;
  if (way === 1) return written(inode, [{ start, end: cut }]);
  if (way === 2) return written(inode, [{ start, end }]);
  const sectors: { start: number; end: number }[] = [];
  for (let at = start - (start % SECTOR_BYTES); at < end; at += SECTOR_BYTES) {
    const sector = { start: Math.max(at, start), end: Math.min(at + SECTOR_BYTES, end) };
    if (cut >= sector.start && cut < sector.end) sector.end = cut;
    if (random.uniform() < 0.5) sectors.push(sector);
  }
  return written(inode, sectors);
}

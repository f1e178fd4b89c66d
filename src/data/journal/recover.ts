// What a journal finds when it opens: whole segments are kept, a torn tail is cut, damage in the middle is set aside.
import { AppError } from '../../core/errors.ts';
import { FRAME_HEADER_BYTES } from './frame.ts';
import type { JournalDisk } from './journal-disk.ts';
import { rebuildSegment, replaceSegment, writeWhole } from './rebuild.ts';
import { type SegmentScan, scanSegment, segmentFirst, segmentName, type Tear } from './segment.ts';

/** One file of the journal: `records` records at positions in `[first, end)`. */
export interface Segment {
  readonly first: number;
  readonly end: number;
  readonly records: number;
  readonly bytes: number;
}

/** A stretch that was on the disk, or should have been, and can no longer be read. */
export interface Damage {
  readonly segment: string;
  /** Its bytes, kept in a file ending in `.damaged`; 0 where only positions are missing. */
  readonly bytes: number;
  /** Positions `[position, position + count)` are lost; where the damage is in a header, none are. */
  readonly position: number;
  readonly count: number;
}

export interface Recovery {
  /** Records that can be read. */
  readonly records: number;
  /** Bytes cut from the last write: a crash interrupted it, and nobody had been told that it succeeded. */
  readonly tornBytes: number;
  readonly damages: readonly Damage[];
}

const FRESH = '.new';
export const DAMAGED = '.damaged';

/**
 * Reads every segment, mends what can be mended, and leaves only sealed segments that are on the disk.
 *
 * The last segment is always written anew. After a process has died, or a sync has failed, its pages may stand in the
 * system's cache without being on the disk and without ever going there: a failed sync marks them clean. What is read from
 * the cache and written to a new file is on the disk once that file's own sync succeeds. Every earlier segment was synced in
 * whole before its successor was begun.
 *
 * @throws AppError BAD_FILE when two segments claim the same positions; whatever the disk throws
 */
export async function recoverSegments(
  disk: JournalDisk,
): Promise<{ readonly segments: readonly Segment[]; readonly recovery: Recovery }> {
  await disk.makeFolder();
  const names = new Set(await disk.list());
  for (const name of names) if (name.endsWith(FRESH)) await disk.remove(name);
  const firsts = [...names].flatMap((name) => segmentFirst(name) ?? []).sort((a, b) => a - b);
  const segments: Segment[] = [];
  const damages: Damage[] = [];
  let records = 0;
  let tornBytes = 0;
  for (const [index, first] of firsts.entries()) {
    const follower: number | undefined = firsts[index + 1];
    const isLast = follower === undefined;
    const bytes = await disk.read(segmentName(first));
    const scan = scanSegment(bytes, first);
    const numbers = isLast ? spokenFor(scan) : follower - first;
    if (numbers < scan.numbers) throw overlap(first);
    const torn = scan.tears.filter((tear) => isLast && tear.isLastWrite);
    const faults = scan.tears.filter((tear) => !torn.includes(tear));
    if (!isLast && numbers > scan.numbers) accountFor(faults, scan, numbers, bytes.length);
    for (const { at, end, number, count } of faults) {
      if (end > at) await setAside(disk, names, `${segmentName(first)}-${at}`, bytes.subarray(at, end));
      damages.push({ segment: segmentName(first), bytes: end - at, position: first + number, count });
    }
    for (const tear of torn) tornBytes += tear.end - tear.at;
    records += scan.records;
    let size = bytes.length;
    if (isLast || faults.length > 0 || !scan.isSealed) {
      const whole = rebuildSegment(bytes, { first, end: first + numbers });
      await replaceSegment(disk, first, whole);
      size = whole.length;
    }
    segments.push({ first, end: first + numbers, records: scan.records, bytes: size });
  }
  return { segments, recovery: { records, tornBytes, damages } };
}

/**
 * How many numbers the last segment may have handed out. Those in its torn tail are not handed out again, and an empty
 * segment uses up one, so that its successor has another name.
 */
function spokenFor(scan: SegmentScan): number {
  const tail = scan.tears.at(-1);
  const hidden =
    tail && !scan.isSealed && tail.number === scan.numbers ? (tail.end - tail.at) / FRAME_HEADER_BYTES : 0;
  return Math.max(1, scan.numbers + Math.ceil(hidden));
}

/** Adds the numbers that the next segment's name proves to the damage at this one's end. */
function accountFor(faults: Tear[], scan: SegmentScan, numbers: number, size: number): void {
  const tail = faults.at(-1);
  const missing = { number: scan.numbers, count: numbers - scan.numbers, isLastWrite: false };
  if (tail && tail.number === scan.numbers && tail.end === size)
    faults[faults.length - 1] = { ...tail, ...missing };
  else faults.push({ at: size, end: size, ...missing });
}

/** Keeps damaged bytes for whoever can still read something in them. */
async function setAside(
  disk: JournalDisk,
  names: Set<string>,
  stem: string,
  bytes: Uint8Array,
): Promise<void> {
  let name = `${stem}${DAMAGED}`;
  for (let copy = 2; names.has(name); copy++) name = `${stem}-${copy}${DAMAGED}`;
  names.add(name);
  await writeWhole(disk, name, bytes);
  await disk.syncFolder();
}

const overlap = (first: number): AppError =>
  new AppError(
    'BAD_FILE',
    `expected each position in one segment of the journal, ${segmentName(first)} reaches into the next: restore the journal from a backup`,
  );

// Writes a segment anew: its records in their places, gaps where some are gone, sealed, and put in place by rename.
import { FRAME_HEADER_BYTES, frameGroup } from './frame.ts';
import type { JournalDisk, JournalFile } from './journal-disk.ts';
import { scanSegment, segmentName, segmentWriter } from './segment.ts';

/** What becomes of a record: itself, other bytes, or nothing. */
export type RecordChange = (record: Uint8Array, position: number) => Uint8Array | undefined;

/** The segment without what is damaged, in which every position from `first` to `end` is accounted for. */
export function rebuildSegment(
  bytes: Uint8Array,
  { first, end: finish }: { readonly first: number; readonly end: number },
  change?: RecordChange,
): Uint8Array {
  const writer = segmentWriter(first, bytes.length + FRAME_HEADER_BYTES);
  let next = 0;
  const skipTo = (number: number): void => {
    if (number > next) writer.gap(next, number - next);
    next = number;
  };
  scanSegment(bytes, first, (start, end, number) => {
    const record = bytes.subarray(start, end);
    const kept = change ? change(record, first + number) : record;
    if (kept === undefined) return;
    skipTo(number);
    writer.record(kept, number, frameGroup(bytes, start - FRAME_HEADER_BYTES));
    next = number + 1;
  });
  skipTo(finish - first);
  return writer.finish(finish - first);
}

/** Puts a segment in place so that a crash leaves the old one or the new one, and what is there is on the disk. */
export async function replaceSegment(disk: JournalDisk, first: number, bytes: Uint8Array): Promise<void> {
  const name = segmentName(first);
  await writeWhole(disk, `${name}.new`, bytes);
  await disk.rename(`${name}.new`, name);
  await disk.syncFolder();
}

/** Writes every byte, however few the disk takes at a time. */
export async function writeAll(file: JournalFile, bytes: Uint8Array, length: number): Promise<void> {
  for (let at = 0; at < length; ) {
    const written = await file.write(bytes, at, length);
    if (written <= 0) throw Object.assign(new Error('the disk took no byte'), { code: 'ENOSPC' });
    at += written;
  }
}

/** Writes a file from beginning to end and forces its content to the disk; its name is the caller's to force. */
export async function writeWhole(disk: JournalDisk, name: string, bytes: Uint8Array): Promise<void> {
  await disk.remove(name);
  const file = await disk.create(name);
  try {
    await writeAll(file, bytes, bytes.length);
    await file.datasync();
  } finally {
    await file.close();
  }
}

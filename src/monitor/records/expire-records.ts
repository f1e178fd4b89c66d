// Old days leave a record log: whole files, so that nothing is written anew.
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { segmentName, segmentsOf } from './segment-name.ts';

/** Removes the files of days that ended before `beforeMs`, UTC. @returns how many went */
export async function expireRecords(disk: JournalDisk, beforeMs: number): Promise<number> {
  const day = new Date(beforeMs).toISOString().slice(0, 10);
  const old = segmentsOf(await disk.list()).filter((segment) => segment.day < day);
  for (const segment of old) await disk.remove(segmentName(segment));
  if (old.length > 0) await disk.syncFolder();
  return old.length;
}

// Lines of persons leave the files of a record log; each file is replaced as a whole.
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { readSegments } from './read-records.ts';
import { replaceDurably } from './replace-file.ts';
import { segmentName } from './segment-name.ts';

/**
 * Only for files nobody writes to.
 *
 * @param isTheirs whether a line is of who is to be forgotten; what cannot be read may be anybody's
 * @returns how many lines went
 */
export async function forgetRecords(disk: JournalDisk, isTheirs: (line: string) => boolean): Promise<number> {
  let gone = 0;
  for await (const { segment, lines, rest } of readSegments(disk)) {
    const left = lines.filter((line) => !isTheirs(line));
    if (left.length === lines.length && rest === '') continue;
    gone += lines.length - left.length;
    await replaceDurably(disk, segmentName(segment), left);
  }
  return gone;
}

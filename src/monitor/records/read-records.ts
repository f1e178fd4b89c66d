// Reading a record log again: whole lines in the order they were written, what a crash tore left out.
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { type SegmentName, segmentName, segmentsOf } from './segment-name.ts';

export interface SegmentLines {
  readonly segment: SegmentName;
  readonly lines: readonly string[];
  /** What stands behind the last line end: torn by a crash, or empty. */
  readonly rest: string;
}

/** File by file, so that no more than one is in memory. */
export async function* readSegments(
  disk: JournalDisk,
  wanted: (segment: SegmentName) => boolean = () => true,
): AsyncGenerator<SegmentLines> {
  await disk.makeFolder();
  for (const segment of segmentsOf(await disk.list()).filter(wanted)) {
    const text = Buffer.from(await disk.read(segmentName(segment))).toString('utf8');
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    yield { segment, lines, rest };
  }
}

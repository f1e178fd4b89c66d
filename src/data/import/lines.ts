// Where in its file a row stands: the engine counts rows, people count lines.
import { createReadStream } from 'node:fs';
import type { ReadableFile } from './file.ts';
import type { Mapping } from './mapping.ts';
import type { BrokenLine } from './stage.ts';

const NEWLINE = 10;
const RETURN = 13;

/** From row `record` (from 0) on, a row's line (from 1) is its number plus `shift`. */
export interface LineShift {
  readonly record: number;
  readonly shift: number;
}

/**
 * Reads a file once and finds where the count of lines and the count of accepted rows part: the header, blank lines, quoted
 * line breaks, lines the engine rejected. As a list of shifts it stays small however many rows are asked for.
 *
 * @param broken      rejected lines, by byte position, in order
 * @param lastRecord  the last row anybody asks for
 * @returns           `brokenAt`: the line of each broken line
 */
export async function lineShifts(
  file: ReadableFile,
  settings: Mapping['file'],
  broken: readonly BrokenLine[],
  lastRecord: number,
): Promise<{ shifts: LineShift[]; brokenAt: number[] }> {
  const shifts: LineShift[] = [];
  const brokenAt: number[] = [];
  if (file.format === 'parquet') return { shifts: [{ record: 0, shift: 1 }], brokenAt };
  const quote = file.format === 'csv' && file.separator !== 'spaces' ? settings.quote.charCodeAt(0) : -1;
  let toSkip = settings.skip + (file.format === 'csv' && settings.header ? 1 : 0);

  let line = 1;
  let record = 0;
  let position = 0;
  /** State of the record being read. */
  let startLine = 1;
  let startAt = 0;
  let isBlank = true;
  let isQuoted = false;

  const endRecord = (endAt: number) => {
    if (toSkip > 0) toSkip--;
    else if (broken[brokenAt.length] && broken[brokenAt.length].at < endAt) brokenAt.push(startLine);
    else if (!isBlank) {
      const shift = startLine - record;
      if (shifts.length === 0 || shifts[shifts.length - 1].shift !== shift) shifts.push({ record, shift });
      record++;
    }
    startLine = line;
    startAt = endAt;
    isBlank = true;
  };
  const isDone = () => record > lastRecord && brokenAt.length === broken.length;

  const source = createReadStream(file.path, { highWaterMark: 1 << 20 });
  for await (const piece of source) {
    const bytes = piece as Buffer;
    const hasQuotes = isQuoted || (quote >= 0 && bytes.includes(quote));
    for (let at = 0; at < bytes.length; at++) {
      if (!hasQuotes) {
        // Nothing but line ends matters here: jump from one to the next.
        const next = bytes.indexOf(NEWLINE, at);
        const end = next < 0 ? bytes.length : next;
        if (end - at > 1 || (end - at === 1 && bytes[at] !== RETURN)) isBlank = false;
        if (next < 0) break;
        at = next;
      }
      const byte = bytes[at];
      if (byte === NEWLINE) {
        line++;
        if (!isQuoted) endRecord(position + at + 1);
      } else if (byte === quote) {
        isQuoted = !isQuoted;
        isBlank = false;
        // A broken quote would swallow the rest: the engine starts afresh on the line after it, and so do we.
        const next = broken[brokenAt.length];
        if (next?.reason === 'bad_quoting' && next.at <= position + at) isQuoted = false;
      } else if (byte !== RETURN) isBlank = false;
    }
    position += bytes.length;
    if (isDone()) break;
  }
  source.destroy();
  if (startAt < position) endRecord(position);
  while (brokenAt.length < broken.length) brokenAt.push(startLine);
  if (shifts.length === 0) shifts.push({ record: 0, shift: 1 });
  return { shifts, brokenAt };
}

// TFRecord framing: length, check sum of the length, bytes, check sum of the bytes; a torn tail ends the reading.
import { maskedCrc32c } from './crc32c.ts';

/** Bytes a record takes besides its content: length (8) and two check sums (4 each). */
const FRAME_BYTES = 16;

/** One record, framed; records are appended to each other to make a file. */
export function frameRecord(content: Uint8Array): Uint8Array {
  const framed = new Uint8Array(content.length + FRAME_BYTES);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, maskedCrc32c(framed.subarray(0, 8)), true);
  framed.set(content, 12);
  view.setUint32(12 + content.length, maskedCrc32c(content), true);
  return framed;
}

/** A record's content and where its frame begins and ends in the file. */
export interface FramedRecord {
  readonly content: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * The records of a file up to its end, or up to the first that is cut short or fails a check sum: after that, nothing
 * says where the next one begins.
 */
export function readRecords(file: Uint8Array): FramedRecord[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: FramedRecord[] = [];
  let start = 0;
  while (start + FRAME_BYTES <= file.length) {
    const lengthSum = view.getUint32(start + 8, true);
    if (maskedCrc32c(file.subarray(start, start + 8)) !== lengthSum) break;
    const length = Number(view.getBigUint64(start, true));
    const end = start + FRAME_BYTES + length;
    if (end > file.length) break;
    const content = file.subarray(start + 12, start + 12 + length);
    if (maskedCrc32c(content) !== view.getUint32(end - 4, true)) break;
    records.push({ content, start, end });
    start = end;
  }
  return records;
}

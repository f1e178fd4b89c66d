// A file of blocks, each with its length and a checksum over both and its place: what is damaged is seen before it is read.
import { AppError } from '../../core/errors.ts';
import { crc32 } from '../../data/journal/crc32.ts';

/** The file's first bytes: what it is, and in which version it is written. */
export const SNAPSHOT_MARK = Buffer.from('FSSTATE1');
const HEADER = 8;

/** A block as it stands in the file. @param place how many blocks stand before it */
export function frameBlock(payload: Uint8Array, length: number, place: number): Uint8Array {
  const block = new Uint8Array(HEADER + length);
  const view = new DataView(block.buffer);
  view.setUint32(4, length, true);
  block.set(payload.subarray(0, length), HEADER);
  view.setUint32(0, crc32(block, 4, block.length, place), true);
  return block;
}

/**
 * All blocks of a file, every one of them checked.
 *
 * @throws AppError VERSION for a file of another version, BAD_FILE for one that is damaged
 */
export function checkBlocks(file: Uint8Array, name: string): Uint8Array[] {
  const mark = SNAPSHOT_MARK.length;
  const isOurs = SNAPSHOT_MARK.subarray(0, mark - 1).every((byte, i) => file[i] === byte);
  if (!isOurs || file.length < mark) throw damaged(name);
  if (file[mark - 1] !== SNAPSHOT_MARK[mark - 1]) {
    throw new AppError(
      'VERSION',
      `expected ${name} in version 1 of its format, it is of another: remove it, it is made anew`,
    );
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const blocks: Uint8Array[] = [];
  let at = mark;
  while (at < file.length) {
    if (at + HEADER > file.length) throw damaged(name);
    const end = at + HEADER + view.getUint32(at + 4, true);
    if (end > file.length || crc32(file, at + 4, end, blocks.length) !== view.getUint32(at, true))
      throw damaged(name);
    blocks.push(file.subarray(at + HEADER, end));
    at = end;
  }
  return blocks;
}

export const damaged = (name: string): AppError =>
  new AppError(
    'BAD_FILE',
    `expected a whole snapshot in ${name}, it is damaged: remove it, it is made anew from the lake and the journal`,
  );

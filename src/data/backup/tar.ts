// The tar format (POSIX.1-2001 ustar, with pax headers for long names), as much of it as a backup needs.
import { AppError } from '../../core/errors.ts';

export const BLOCK_BYTES = 512;
/** What ends an archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK_BYTES);

const FILE = '0';
const PAX = 'x';
const NAME_BYTES = 100;
const MOST_OCTAL = 8 ** 11;

/** How many zeros follow a body. */
export const paddingOf = (bytes: number): number => (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;

export interface TarEntry {
  readonly path: string;
  readonly bytes: number;
  readonly mode: number;
  /** UTC ms; kept to the second. */
  readonly modifiedMs: number;
}

/** The header of a file, before its body; a long path brings a header of its own. */
export function tarHeader(entry: TarEntry): Buffer {
  const name = Buffer.from(entry.path);
  if (name.length <= NAME_BYTES) return block({ ...entry, name, kind: FILE });
  const record = paxRecord('path', entry.path);
  return Buffer.concat([
    block({ ...entry, name: Buffer.from('pax'), bytes: record.length, kind: PAX }),
    record,
    Buffer.alloc(paddingOf(record.length)),
    block({ ...entry, name: name.subarray(0, NAME_BYTES), kind: FILE }),
  ]);
}

/** A record counts its own length, digits included. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function block(entry: Omit<TarEntry, 'path'> & { readonly name: Buffer; readonly kind: string }): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  entry.name.copy(bytes, 0);
  writeOctal(bytes, entry.mode, { at: 100, digits: 7 });
  writeOctal(bytes, 0, { at: 108, digits: 7 });
  writeOctal(bytes, 0, { at: 116, digits: 7 });
  if (entry.bytes < MOST_OCTAL) writeOctal(bytes, entry.bytes, { at: 124, digits: 11 });
  else {
    // Base 256, as GNU tar and others have it beyond 8 GiB.
    bytes[124] = 0x80;
    bytes.writeBigUInt64BE(BigInt(entry.bytes), 128);
  }
  writeOctal(bytes, Math.max(0, Math.floor(entry.modifiedMs / 1000)), { at: 136, digits: 11 });
  bytes.write(entry.kind, 156, 'latin1');
  bytes.write('ustar\u000000', 257, 'latin1');
  bytes.write(`${checksum(bytes).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

function writeOctal(bytes: Buffer, value: number, { at, digits }: { at: number; digits: number }): void {
  bytes.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
}

/** The sum of all bytes, its own place taken as spaces. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) sum += at >= 148 && at < 156 ? 0x20 : bytes[at];
  return sum;
}

/** One header as read: a file's, a pax header's, or the first block of the end. */
export type TarHeader =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'pax'; readonly bytes: number }
  | { readonly kind: 'end' };

/** @throws AppError TAMPERED when the block is not what was written, BAD_FILE for an entry that a backup never has */
export function readTarHeader(bytes: Buffer): TarHeader {
  if (bytes.every((byte) => byte === 0)) return { kind: 'end' };
  if (readOctal(bytes, 148, 6) !== checksum(bytes) || bytes[154] !== 0 || bytes[155] !== 0x20)
    throw damagedTar('a header');
  const size = bytes[124] === 0x80 ? Number(bytes.readBigUInt64BE(128)) : readOctal(bytes, 124, 11);
  if (!Number.isSafeInteger(size)) throw damagedTar('a size');
  const kind = String.fromCharCode(bytes[156]);
  if (kind === PAX) return { kind: 'pax', bytes: size };
  if (kind !== FILE)
    throw new AppError(
      'BAD_FILE',
      'expected plain files in the archive, got a link or a folder: this is no backup of ours',
    );
  const end = bytes.subarray(0, NAME_BYTES).indexOf(0);
  return { kind: 'file', path: bytes.toString('utf8', 0, end < 0 ? NAME_BYTES : end), bytes: size };
}

function readOctal(bytes: Buffer, at: number, digits: number): number {
  const text = bytes.toString('latin1', at, at + digits);
  if (!/^[0-7]+$/.test(text)) throw damagedTar('a header');
  return Number.parseInt(text, 8);
}

/** The path a pax header gives. @throws AppError TAMPERED */
export function paxPath(body: Buffer): string {
  const text = body.toString('utf8');
  const found = /^(\d+) path=([\s\S]*)\n$/.exec(text);
  if (!found || Number(found[1]) !== body.length) throw damagedTar('a long name');
  return found[2];
}

export const damagedTar = (what: string): AppError =>
  new AppError(
    'TAMPERED',
    `expected a whole archive, ${what} of it is damaged or missing: the backup is not complete, take another`,
  );

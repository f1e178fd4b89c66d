// CRC-32C (Castagnoli), the check sum of TFRecord files: eight bytes a round from eight tables.

/** The polynomial 0x1EDC6F41 with its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** TABLES[256·k + b]: what byte b does to the sum when k more zero bytes follow it. */
const TABLES = makeTables();

function makeTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? POLYNOMIAL : 0);
    tables[byte] = sum;
  }
  for (let at = 256; at < tables.length; at++) {
    const shorter = tables[at - 256];
    tables[at] = (shorter >>> 8) ^ tables[shorter & 0xff];
  }
  return tables;
}

/**
 * CRC-32C of `bytes`, as an unsigned 32-bit integer.
 *
 * @see RFC 3720 appendix B.4; Kounavis and Berry 2005 for the slicing by eight
 */
export function crc32c(bytes: Uint8Array): number {
  const t = TABLES;
  let sum = 0xffffffff;
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const first = sum ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    sum =
      t[1792 + (first & 0xff)] ^
      t[1536 + ((first >>> 8) & 0xff)] ^
      t[1280 + ((first >>> 16) & 0xff)] ^
      t[1024 + (first >>> 24)] ^
      t[768 + bytes[at + 4]] ^
      t[512 + bytes[at + 5]] ^
      t[256 + bytes[at + 6]] ^
      t[bytes[at + 7]];
  }
  for (; at < bytes.length; at++) sum = (sum >>> 8) ^ t[(sum ^ bytes[at]) & 0xff];
  return ~sum >>> 0;
}

/**
 * The sum as TFRecord stores it: turned by 15 bits and shifted, so that a sum over bytes that hold sums stays telling.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const sum = crc32c(bytes);
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}

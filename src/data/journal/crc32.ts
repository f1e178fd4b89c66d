// CRC-32 over a part of an array, eight bytes a step, without making a view of it.

/** Reflected polynomial of CRC-32 (ISO 3309, zlib): every flip of one bit, two bits or up to 32 neighbours is seen. */
const POLYNOMIAL = 0xedb88320;

/** `TABLES[k][byte]`: what the byte does to the sum from k places before the end (Kounavis and Berry 2005). */
const TABLES = slicingTables();
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES;

function slicingTables(): Int32Array[] {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
    tables[0][byte] = sum;
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let k = 1; k < 8; k++) {
      const before = tables[k - 1][byte];
      tables[k][byte] = (before >>> 8) ^ tables[0][before & 255];
    }
  }
  return tables;
}

/**
 * The sum of `bytes[start, end)`.
 *
 * @param seed  the sum of what stands before, to go on from; 0 at the beginning
 * @returns     unsigned, 32 bits
 */
export function crc32(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  let sum = ~seed;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    sum ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    sum =
      T7[sum & 255] ^
      T6[(sum >>> 8) & 255] ^
      T5[(sum >>> 16) & 255] ^
      T4[sum >>> 24] ^
      T3[bytes[at + 4]] ^
      T2[bytes[at + 5]] ^
      T1[bytes[at + 6]] ^
      T0[bytes[at + 7]];
  }
  for (; at < end; at++) sum = (sum >>> 8) ^ T0[(sum ^ bytes[at]) & 255];
  return ~sum >>> 0;
}

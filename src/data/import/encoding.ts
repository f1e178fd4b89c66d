// In which encoding a text file is written, from its bytes.
import { isUtf8 } from 'node:buffer';

export const ENCODINGS = ['utf-8', 'gb18030', 'utf-16le', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/**
 * UTF-8 unless the bytes cannot be, or hardly: one stray byte does not make a file another's. Else GB18030, the encoding
 * Chinese spreadsheets export, where bytes outside ASCII come in pairs, and Windows-1252 where they stand alone, as accents in
 * western words do.
 */
export function guessEncoding(head: Buffer): Encoding {
  if (head.length >= 2 && head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  // The head may end inside a character of up to four bytes.
  for (let cut = 0; cut < 4; cut++) if (isUtf8(head.subarray(0, head.length - cut))) return 'utf-8';
  if (isMostlyUtf8(head)) return 'utf-8';
  let paired = 0;
  let alone = 0;
  for (let at = 0; at < head.length; at++) {
    if (head[at] < 0x80) continue;
    if (head[at + 1] >= 0x80) {
      paired++;
      at++;
    } else alone++;
  }
  return paired >= alone ? 'gb18030' : 'windows-1252';
}

/** Characters of several bytes for each stray one; of GB18030 text about one in ten pairs passes for UTF-8 by chance. */
const WHOLE_A_STRAY = 20;

/** Whether nearly all bytes outside ASCII stand as UTF-8 has them: what is stray is then refused where it stands. */
function isMostlyUtf8(head: Buffer): boolean {
  let [whole, stray] = [0, 0];
  for (let at = 0; at < head.length; ) {
    const length = head[at] < 0x80 ? 1 : head[at] >= 0xf0 ? 4 : head[at] >= 0xe0 ? 3 : 2;
    const isWhole = length === 1 || isUtf8(head.subarray(at, at + length));
    if (length > 1 && isWhole) whole++;
    if (!isWhole) stray++;
    at += isWhole ? length : 1;
  }
  return whole > 0 && whole >= WHOLE_A_STRAY * stray;
}

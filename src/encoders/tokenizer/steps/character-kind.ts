// What kind of character stands at a place, as tokenizers tell them apart; looked up in a table filled as met.

export const OTHER = 0;
export const SPACE = 1;
export const PUNCTUATION = 2;

const UNKNOWN = 255;
const basic = new Uint8Array(0x10000).fill(UNKNOWN);

/** `SPACE`, `PUNCTUATION` (Unicode's, and every ASCII sign as BERT has it) or `OTHER`. */
export function characterKind(code: number): number {
  if (code > 0xffff) return kindOf(String.fromCodePoint(code));
  let kind = basic[code]!;
  if (kind === UNKNOWN) {
    kind = kindOf(String.fromCharCode(code));
    basic[code] = kind;
  }
  return kind;
}

function kindOf(character: string): number {
  if (/^\p{White_Space}$/u.test(character)) return SPACE;
  return /^[\p{P}!-/:-@[-`{-~]$/u.test(character) ? PUNCTUATION : OTHER;
}

/** Han characters as BERT counts them: ideographs only, neither kana nor hangul nor signs. */
export function isHan(code: number): boolean {
  return (
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0x3400 && code <= 0x4dbf) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0x20000 && code <= 0x2a6df) ||
    (code >= 0x2a700 && code <= 0x2ceaf) ||
    (code >= 0x2f800 && code <= 0x2fa1f)
  );
}

/** How many units of white space, Unicode's, open a text. */
export function spacesBefore(text: string): number {
  let at = 0;
  while (at < text.length && characterKind(text.charCodeAt(at)) === SPACE) at++;
  return at;
}

export function spacesAfter(text: string): number {
  let at = text.length;
  while (at > 0 && characterKind(text.charCodeAt(at - 1)) === SPACE) at--;
  return text.length - at;
}

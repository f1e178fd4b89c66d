// GPT-2's alphabet: each of the 256 bytes of UTF-8 as one printable letter, so that no text is unknown.
import type { RewriteStep } from './text-step.ts';

/** The letter of each byte: printable Latin-1 stands for itself, the rest for letters from U+0100 on. */
export const BYTE_LETTERS: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    return String.fromCharCode(isPrintable ? byte : next++);
  });
})();

const encoder = new TextEncoder();
const known = new Map<string, string>();

/** Text as its bytes' letters. */
export const byteLetters: RewriteStep = {
  kind: 'rewrite',
  apply(text) {
    let out = '';
    for (const character of text) out += lettersOf(character);
    return out;
  },
  trace(text, emit) {
    let at = 0;
    for (const character of text) {
      emit(at, at + character.length, lettersOf(character));
      at += character.length;
    }
  },
};

function lettersOf(character: string): string {
  let letters = known.get(character);
  if (letters === undefined) {
    letters = Array.from(encoder.encode(character), (byte) => BYTE_LETTERS[byte]!).join('');
    known.set(character, letters);
  }
  return letters;
}

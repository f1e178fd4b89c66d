// The words a search compares: of spaced scripts words without their plural, of Chinese every character and pair of them.

const WORD = /[\p{Script=Han}]+|[\p{L}\p{M}\p{N}]+/gu;
const HAN = /^\p{Script=Han}/u;
const BORDER = /(\p{Script=Han})(?=[^\p{Script=Han}])|([^\p{Script=Han}])(?=\p{Script=Han})/gu;

/**
 * Words in the order in which they stand: full-width forms made plain, lower case, apostrophes dropped. Han runs give each
 * character and each pair, since nobody wrote where words end.
 */
export function searchWords(text: string): string[] {
  const clean = text.normalize('NFKC').toLowerCase().replaceAll(/['’]/g, '').replaceAll(BORDER, '$1$2 ');
  const words: string[] = [];
  for (const [run] of clean.matchAll(WORD)) {
    if (!HAN.test(run)) {
      words.push(singular(run));
      continue;
    }
    const characters = Array.from(run);
    characters.forEach((character, i) => {
      words.push(character);
      if (i + 1 < characters.length) words.push(character + characters[i + 1]);
    });
  }
  return words;
}

/**
 * English plurals without their ending, and nothing else of a word: what a catalogue and a customer differ in most.
 *
 * @see Harman 1991, How effective is suffixing?, the S stemmer; watches and dresses lose two letters here
 */
export function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s')) return word;
  if (/[^ae]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(ch|sh|ss|x|zz)es$/.test(word)) return word.slice(0, -2);
  return /[us]s$/.test(word) ? word : word.slice(0, -1);
}

/** Words that hold a text together and tell nothing. */
export const GLUE: ReadonlySet<string> = new Set(
  'a an and for of with the in on to by from new 的 和 与 及'.split(' '),
);

// Slips of the hand: words hardly anybody writes, one letter off a word that many write.

/** A slip is written in two titles at most, or fifty times as seldom as the word that was meant. */
const MOST_TITLES = 2;
const RARER = 50;

export const isRareBeside = (titles: number, others: number): boolean =>
  titles <= Math.max(MOST_TITLES, others / RARER) && titles < others;

/** Shorter words have too many neighbours. */
export const SHORTEST = 4;
/** The word that was meant must be one. */
const LEAST_MEANT = 5;

/**
 * Slips and what was meant by them: the only frequent word within one letter put in, left out, changed or swapped. Words
 * with digits are codes, not slips.
 *
 * @param counts titles with each word
 */
export function findSlips(counts: ReadonlyMap<string, number>): ReadonlyMap<string, string> {
  // Words that share what is left after taking one letter out are within two letters: the candidates of each.
  const byRest = new Map<string, string[]>();
  for (const [word, count] of counts) {
    if (count < LEAST_MEANT || !isPlain(word) || word.length < SHORTEST - 1) continue;
    for (const rest of rests(word)) {
      const others = byRest.get(rest);
      if (others) others.push(word);
      else byRest.set(rest, [word]);
    }
  }
  const slips = new Map<string, string>();
  for (const [word, count] of counts) {
    if (!isPlain(word) || word.length < SHORTEST) continue;
    const meant = new Set<string>();
    for (const rest of rests(word))
      for (const other of byRest.get(rest) ?? [])
        if (other !== word && isRareBeside(count, counts.get(other) ?? 0) && isWithin(word, other, 1))
          meant.add(other);
    if (meant.size === 1) slips.set(word, [...meant][0]);
  }
  return slips;
}

const isPlain = (word: string): boolean => /^\p{L}+$/u.test(word) && !/\p{Script=Han}/u.test(word);

function rests(word: string): Set<string> {
  const all = new Set([word]);
  for (let i = 0; i < word.length; i++) all.add(word.slice(0, i) + word.slice(i + 1));
  return all;
}

/**
 * Whether so many letters put in, left out, changed or swapped with their neighbour make one word of the other.
 *
 * @see Damerau 1964, A technique for computer detection and correction of spelling errors
 */
export function isWithin(a: string, b: string, most: number): boolean {
  if (Math.abs(a.length - b.length) > most) return false;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const changed = last[j - 1] + Number(a[i - 1] !== b[j - 1]);
      row[j] = Math.min(changed, last[j] + 1, row[j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
      least = Math.min(least, row[j]);
    }
    if (least > most) return false;
    [before, last] = [last, row];
  }
  return last[b.length] <= most;
}

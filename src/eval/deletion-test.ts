// The deletion test: an explanation is true to its model when taking away what it names moves the answer, and taking away others does not.
import { random } from '../core/random.ts';

export interface DeletionCases {
  /** Events of row r are offsets[r] … offsets[r + 1] − 1, oldest first. */
  readonly offsets: Uint32Array;
  /** What each event is said to be worth. */
  readonly worth: ArrayLike<number>;
  /** Answers with everything there, [rows]. */
  readonly answers: ArrayLike<number>;
  /** Answers of the same rows without some events, by their place in the row: [rows]. */
  readonly without: (removed: readonly (readonly number[])[]) => Promise<ArrayLike<number>>;
}

export interface DeletionFigures {
  readonly rows: number;
  /** Mean size of the change when the events said to be worth most are gone. */
  readonly named: number;
  /** The same for events drawn by chance. */
  readonly drawn: number;
  readonly ratio: number;
}

/** Draws that stand for all choices by chance. */
const DRAWS = 5;

/**
 * Rows with at most `most` events are left out: whoever took them away, all would be gone.
 *
 * @param order `size`: named are those worth most either way; `gain`: those that speak most for the answer
 * @see Samek et al. 2017, arXiv:1509.06321, for judging explanations by what their deletion does
 */
export async function deletionTest(
  { offsets, worth, answers, without }: DeletionCases,
  { most = 3, seed, order = 'size' }: { most?: number; seed: number; order?: 'size' | 'gain' },
): Promise<DeletionFigures> {
  const all = Array.from({ length: offsets.length - 1 }, (_, row) => row);
  const sizeOf = (row: number): number => offsets[row + 1] - offsets[row];
  const long = all.filter((row) => sizeOf(row) > most);
  const weigh = (value: number): number => (order === 'size' ? Math.abs(value) : value);
  const strongest = (row: number): readonly number[] =>
    Array.from({ length: sizeOf(row) }, (_, event) => event)
      .sort((a, b) => weigh(worth[offsets[row] + b]) - weigh(worth[offsets[row] + a]) || b - a)
      .slice(0, most);
  const moved = async (choose: (row: number) => readonly number[]): Promise<number> => {
    const left = await without(all.map((row) => (sizeOf(row) > most ? choose(row) : [])));
    return long.reduce((sum, row) => sum + Math.abs(answers[row] - left[row]), 0) / long.length;
  };
  const named = await moved(strongest);
  const draws = random(seed).fork('deletion');
  let drawn = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const own = draws.fork(`draw ${draw}`);
    drawn +=
      (await moved((row) =>
        own.shuffle(Array.from({ length: sizeOf(row) }, (_, event) => event)).slice(0, most),
      )) / DRAWS;
  }
  return { rows: long.length, named, drawn, ratio: named / drawn };
}

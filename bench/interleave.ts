// Times contestants in turn, so that what slows a shared machine for a while slows all of them alike.

/** Times some steps: milliseconds, one entry a step. */
export type Contestant = () => Promise<readonly number[]>;

export interface Interleaved {
  /** Median milliseconds of a step over all rounds, by contestant. */
  readonly medians: Readonly<Record<string, number>>;
  /** The fastest step ever seen: what the machine can do when nobody else wants it. */
  readonly fastest: Readonly<Record<string, number>>;
  /** For each contestant, how many times as long as the first one took, round by round. */
  readonly ratios: Readonly<Record<string, Ratio>>;
}

export interface Ratio {
  /** Above 1: slower than the first contestant. */
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** The ratio of the two medians of each round. */
  readonly rounds: readonly number[];
}

/**
 * Runs every contestant once a round, in the order given and backwards in every other round.
 * Ratios are taken inside a round: two minutes of a shared machine are not comparable, neighbours are.
 */
export async function interleave(
  rounds: number,
  contestants: Readonly<Record<string, Contestant>>,
): Promise<Interleaved> {
  const names = Object.keys(contestants);
  const times: Record<string, (readonly number[])[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) times[name]!.push(await contestants[name]!());
  }
  return compareRounds(times);
}

/** @param times milliseconds by contestant, `[round][step]`, the reference first */
export function compareRounds(times: Readonly<Record<string, readonly (readonly number[])[]>>): Interleaved {
  const [reference = [], ...rest] = Object.values(times);
  if (rest.some((rounds) => rounds.length !== reference.length)) {
    throw new Error('expected as many rounds of every contestant');
  }
  const overContestants = <T>(measure: (rounds: readonly (readonly number[])[]) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(times).map(([name, rounds]) => [name, measure(rounds)]));
  return {
    medians: overContestants((rounds) => median(rounds.flat())),
    fastest: overContestants((rounds) => Math.min(...rounds.flat())),
    ratios: overContestants((rounds) =>
      spread(rounds.map((steps, round) => median(steps) / median(reference[round]!))),
    ),
  };
}

function spread(rounds: readonly number[]): Ratio {
  return { median: median(rounds), lowest: Math.min(...rounds), highest: Math.max(...rounds), rounds };
}

/** The middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('expected at least one value, got none');
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

// Customers kept apart to ask a continued model about what it knew: their old events are neither new nor replayed.
import { hash32 } from '../../core/random.ts';
import { cutSequences, type NextItemCases, takeSequences } from '../../core/sequences.ts';
import type { NewsOf } from '../../models/sequence/continuing.ts';

export interface KeptApart {
  /** What is learned from. */
  readonly news: NewsOf;
  /** The last old event of each customer kept apart, and what came before it; absent where too few can be spared. */
  readonly cases?: NextItemCases;
}

/** More tell a drop no better; of those who did nothing new no more than a tenth is spared. */
const MOST_CASES = 2000;
const SHARE = 0.1;
/** Fewer tell nothing. */
const LEAST_CASES = 20;

/** Drawn by id among those who did nothing new: the events of all others are read again as what came before the new ones. */
export function keepApart({ known, newFrom }: NewsOf, seed: number): KeptApart {
  const { entities, offsets } = known;
  const salt = hash32(`old cases ${seed}`);
  const quiet = [...entities.keys()].filter(
    (row) => newFrom[row] === offsets[row + 1] && offsets[row + 1] - offsets[row] >= 2,
  );
  const count = Math.min(MOST_CASES, Math.floor(SHARE * entities.length), Math.floor(quiet.length / 2));
  if (count < LEAST_CASES) return { news: { known, newFrom } };
  const drawn = quiet
    .map((row) => ({ row, draw: hash32(entities[row], salt) }))
    .sort((a, b) => a.draw - b.draw || a.row - b.row)
    .slice(0, count)
    .map(({ row }) => row)
    .sort((a, b) => a - b);
  const apart = new Set(drawn);
  const rest = [...entities.keys()].filter((row) => !apart.has(row));
  const learned = takeSequences(known, rest);
  return {
    news: {
      known: learned,
      newFrom: Uint32Array.from(rest, (row, at) => newFrom[row] - offsets[row] + learned.offsets[at]),
    },
    cases: {
      before: cutSequences(known, drawn, (row) => [offsets[row], offsets[row + 1] - 1]),
      targets: Int32Array.from(drawn, (row) => known.items[offsets[row + 1] - 1]),
    },
  };
}

// The score by which training stops: NDCG@10 by full ranking, on the cases given or on ones cut from the training sequences.
import { type Random, random } from '../../../core/random.ts';
import { cutSequences, type NextItemCases, type Sequences, takeSequences } from '../../../core/sequences.ts';
import { compareTexts } from '../../../core/text-order.ts';
import { ranksOf } from '../../../eval/metrics/ranking.ts';
import type { Evaluate } from '../../../nn/trainer/evaluate.ts';
import type { Network } from './network.ts';
import { itemVectors, scoreHistories } from './scoring.ts';

/** More make an evaluation dearer than an epoch of small data, and the score little surer: ±.003 at an NDCG of .05. */
const MOST_CASES = 5000;
const CUT_SHARE = 0.1;
/** Fewer say nothing of when to stop. */
const LEAST_CASES = 20;

export interface Learned {
  readonly learn: Sequences;
  /** None where there is too little to spare any. */
  readonly cases?: NextItemCases;
}

const rowsByEntity = ({ entities }: Sequences): number[] =>
  [...entities.keys()].sort((a, b) => compareTexts(entities[a], entities[b]));

/** In an order of their own, so that the one they came in decides nothing. */
export const byEntity = (sequences: Sequences): Sequences =>
  takeSequences(sequences, rowsByEntity(sequences));

export function casesByEntity({ before, targets }: NextItemCases): NextItemCases {
  const rows = rowsByEntity(before);
  return { before: takeSequences(before, rows), targets: Int32Array.from(rows, (row) => targets[row]) };
}

/** At most so many of the cases given; without any, the last events of a tenth of the sequences, which then end before. */
export function splitCases(train: Sequences, valid: NextItemCases | undefined, seed: number): Learned {
  const draws = random(seed).fork('validation');
  if (valid !== undefined) return { learn: train, cases: someOf(valid, draws) };
  const rows = Int32Array.from(train.entities.keys());
  // Three events: one to ask for, and two to learn from.
  const long = rows.filter((row) => train.offsets[row + 1] - train.offsets[row] >= 3);
  const cut = draws.shuffle(long).subarray(0, Math.min(MOST_CASES, Math.floor(rows.length * CUT_SHARE)));
  if (cut.length < LEAST_CASES) return { learn: train };
  const isCut = new Uint8Array(rows.length);
  for (const row of cut) isCut[row] = 1;
  const learn = cutSequences(train, rows, (row) => [train.offsets[row], train.offsets[row + 1] - isCut[row]]);
  const ordered = cut.slice().sort();
  return {
    learn,
    cases: {
      before: takeSequences(learn, ordered),
      targets: ordered.map((row) => train.items[train.offsets[row + 1] - 1]),
    },
  };
}

function someOf({ before, targets }: NextItemCases, draws: Random): NextItemCases | undefined {
  const rows = Int32Array.from(targets.keys());
  if (rows.length === 0) return undefined;
  if (rows.length <= MOST_CASES) return { before, targets };
  const chosen = draws.shuffle(rows).subarray(0, MOST_CASES).slice().sort();
  return { before: takeSequences(before, chosen), targets: chosen.map((row) => targets[row]) };
}

/** `ndcg` and `recall` among the first ten of all items, ties against us; to be asked the `answerPrograms`. */
export function rankingScore({ before, targets }: NextItemCases, network: Network): Evaluate {
  const items = network.plan.itemIds.length;
  return async (ask) => {
    const vectors = await itemVectors(network, ask);
    const asked = { network, batchSize: network.settings.batch, vectors };
    const total = { ndcg: 0, recall: 0 };
    for await (const { rows, scores } of scoreHistories(before, asked, ask))
      rows.forEach((row, r) => {
        const [rank] = ranksOf(scores.subarray(r * items, (r + 1) * items), [targets[row]]);
        if (rank > 10) return;
        total.ndcg += 1 / Math.log2(1 + rank);
        total.recall++;
      });
    return { ndcg: total.ndcg / targets.length, recall: total.recall / targets.length };
  };
}

// Asks a model about many cases in batches of bounded memory: a place for each target comes back, never all scores.
import { type CaseView, layOut, viewOf } from '../../core/case-view.ts';
import { pause } from '../../core/pause.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { NextItemCases } from '../../core/sequences.ts';
import { emptyRanks, rankTargets, type TargetRanks } from '../../eval/sequences/rank-targets.ts';
import type { NextItemModel } from '../../models/sequence/recommender.ts';

export interface RankCasesOptions {
  readonly now: () => number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface RankedCases {
  readonly ranks: TargetRanks;
  /** Of scoring alone. */
  readonly casesPerSecond: number;
}

/** Scores held at a time: 64 MiB of float32. */
const SCORES_AT_ONCE = 1 << 24;
const MOST_ROWS = 4096;

/** How many cases are asked about together. */
export const rowsAtOnce = (items: number): number =>
  Math.max(1, Math.min(MOST_ROWS, Math.floor(SCORES_AT_ONCE / Math.max(1, items))));

/** @throws AppError INTERRUPTED, SHAPE */
export async function rankCases(
  model: NextItemModel,
  cases: NextItemCases | CaseView,
  { now, progress = silent, signal }: RankCasesOptions,
): Promise<RankedCases> {
  const view = viewOf(cases);
  const total = view.targets.length;
  const ranks = emptyRanks(total);
  const step = rowsAtOnce(view.sequences.itemIds.length);
  let scoringMs = 0;
  for (let from = 0; from < total; from += step) {
    await pause(signal);
    const rows = Math.min(step, total - from);
    const batch = layOut(
      view,
      Uint32Array.from({ length: rows }, (_, i) => from + i),
    );
    const startedMs = now();
    const scores = await model.score(batch.before);
    scoringMs += now() - startedMs;
    const into = {
      included: ranks.included.subarray(from, from + rows),
      excluded: ranks.excluded.subarray(from, from + rows),
    };
    rankTargets(scores, batch, { from: 0, rows, into });
    progress.step({ task: `rank ${model.recommender}`, done: from + rows, total, unit: 'cases' });
  }
  return { ranks, casesPerSecond: (1000 * total) / Math.max(1, scoringMs) };
}

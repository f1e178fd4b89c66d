// What Foresell says of a table's tests: the whole of learning a table, inside every training part.

import { takeRows } from '../../src/core/frame.ts';
import { silent } from '../../src/core/progress.ts';
import { takeSample } from '../../src/models/sample.ts';
import { answerTable } from '../../src/models/table-model.ts';
import type { PresetName } from '../../src/train/preset.ts';
import { learnTable } from '../../src/train/table/learn.ts';
import { tableRecipe } from '../../src/train/table/table-recipe.ts';
import type { TableSet } from './table-set.ts';

export interface OwnSaid {
  readonly said: Float64Array;
  /** Model chosen in each split. */
  readonly chosen: readonly string[];
  readonly seconds: number;
}

export async function ownPredictions(
  set: TableSet,
  {
    threads,
    seed,
    models,
    preset,
    log,
  }: {
    readonly threads: number;
    readonly seed: number;
    readonly models: 'auto' | readonly string[];
    readonly preset: PresetName;
    readonly log: (line: string) => void;
  },
): Promise<OwnSaid> {
  const startedMs = performance.now();
  const parts: Float64Array[] = [];
  const chosen: string[] = [];
  for (const { train, test } of set.splits) {
    const recipe = tableRecipe(set.sample.question, { models, preset, dates: [] });
    const learned = await learnTable(takeSample(set.sample, train), {
      ...recipe,
      folds: 5,
      byTime: set.order !== undefined,
      seed,
      threads,
      now: Date.now,
      draws: 2,
      progress: silent,
    });
    parts.push((await answerTable(learned.table, takeRows(set.sample.frame, test))).value);
    chosen.push(learned.chosen.estimator.id);
    log(
      `${set.name}: test ${parts.length} of ${set.splits.length} by ${chosen[chosen.length - 1]}, ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
    );
  }
  const said = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    said.set(part, at);
    return at + part.length;
  }, 0);
  return { said, chosen, seconds: (performance.now() - startedMs) / 1000 };
}

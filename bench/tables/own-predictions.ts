// What Foresell says of a table's tests: the whole of learning a table, inside every training part.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeRows } from '../../src/core/frame.ts';
import { silent } from '../../src/core/progress.ts';
import { takeSample } from '../../src/models/sample.ts';
import { answerTable } from '../../src/models/table-model.ts';
import type { PresetName } from '../../src/train/preset.ts';
import { learnTable } from '../../src/train/table/learn.ts';
import { tableRecipe } from '../../src/train/table/table-recipe.ts';
import type { Split } from './folds.ts';
import type { TableSet } from './table-set.ts';

export interface OwnSaid {
  readonly said: Float64Array;
  /** Model chosen in each split. */
  readonly chosen: readonly string[];
  readonly seconds: number;
}

/**
 * What is said of each test lies in `folder` as soon as it is known and is used again, so that a long run can go on where
 * it was stopped: delete the folder to begin anew, after any change of the code.
 */
export async function ownPredictions(set: TableSet, options: OwnOptions): Promise<OwnSaid> {
  const { folder, preset, models, log } = options;
  mkdirSync(folder, { recursive: true });
  const label = `foresell-${preset}-${models === 'auto' ? 'auto' : models.join('+')}`;
  const tests: OwnTest[] = [];
  for (const [at, split] of set.splits.entries()) {
    const file = join(folder, `${label}-${at}.json`);
    if (!existsSync(file)) writeFileSync(file, JSON.stringify(await askedOnce(set, split, options)));
    const test = JSON.parse(readFileSync(file, 'utf8')) as OwnTest;
    tests.push(test);
    log(
      `${set.name}: test ${at + 1} of ${set.splits.length} by ${test.chosen}, ${test.seconds.toFixed(0)} s`,
    );
  }
  return {
    said: Float64Array.from(tests.flatMap(({ said }) => said)),
    chosen: tests.map(({ chosen }) => chosen),
    seconds: tests.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

interface OwnOptions {
  readonly threads: number;
  readonly seed: number;
  readonly models: 'auto' | readonly string[];
  readonly preset: PresetName;
  readonly folder: string;
  readonly log: (line: string) => void;
}

interface OwnTest {
  readonly said: readonly number[];
  readonly chosen: string;
  readonly seconds: number;
}

async function askedOnce(
  set: TableSet,
  { train, test }: Split,
  { threads, seed, models, preset }: OwnOptions,
): Promise<OwnTest> {
  const startedMs = performance.now();
  // Whoever asks for medians says so, as with --metric mae.
  const metric = set.loss === 'mae' ? ({ metric: 'mae' } as const) : {};
  const learned = await learnTable(takeSample(set.sample, train), {
    ...tableRecipe(set.sample.question, { models, preset, dates: [], rows: train.length, ...metric }),
    ...metric,
    folds: 5,
    byTime: set.order !== undefined,
    seed,
    threads,
    now: Date.now,
    draws: 2,
    progress: silent,
  });
  const { value } = await answerTable(learned.table, takeRows(set.sample.frame, test));
  return {
    said: Array.from(value),
    chosen: learned.chosen.estimator.id,
    seconds: (performance.now() - startedMs) / 1000,
  };
}

// One run of `text fit`, start to end: a table's run whose features are texts and whose models are handed an encoder.
import { AppError } from '../../core/errors.ts';
import type { OwnSettings } from '../../encoders/own/pretrain-own.ts';
import type { Estimator, Sample, Settings } from '../../models/estimator.ts';
import { onEncoder } from '../../models/text/text-estimator.ts';
import { textColumns, textsOf } from '../../models/text/texts.ts';
import { type RunTableOptions, runTable, type TableRun } from '../table/run-table.ts';
import { checkEncoderChoice, chosenEncoder } from './encoder-choice.ts';
import { textRecipe } from './text-recipe.ts';

export interface RunTextOptions
  extends Omit<
    RunTableOptions,
    'models' | 'preset' | 'types' | 'drop' | 'only' | 'recipe' | 'handIn' | 'folds' | 'foldsAsked' | 'repeats'
  > {
  /** Columns that hold the texts. */
  readonly texts: readonly string[];
  /** Columns learned from beside them. */
  readonly beside: readonly string[];
  /** `own`, or a folder. */
  readonly encoder: string;
  readonly methods: readonly string[];
  readonly blended: boolean;
  /** Told to every method. */
  readonly told: Settings;
  /** Of an encoder of the shop's own. */
  readonly own?: Partial<OwnSettings>;
}

/** Held out for the test where no file is given. */
export const TEST_SHARE = 0.2;
/** A fifth of the rows learned from is held out once to choose and calibrate by: a fit takes minutes. */
const FOLDS = 5;

/** @throws AppError as `runTable` and `chosenEncoder` do; USAGE for a method, a setting or an encoder there is not */
export function runText(options: RunTextOptions): Promise<TableRun> {
  const { texts, beside, encoder: choice, methods, blended, told, own, ...rest } = options;
  if (texts.length === 0)
    throw new AppError('USAGE', 'expected --text COLUMN, the column that holds the texts');
  checkEncoderChoice(choice);
  const { seed, threads, progress, signal } = rest;
  const handIn = async (train: Sample, candidates: readonly Estimator[]): Promise<readonly Estimator[]> => {
    const columns = textColumns(train.frame);
    const run = { seed, threads, progress, ...(signal && { signal }), ...(own && { own }) };
    const encoder = await chosenEncoder(choice, () => textsOf(train.frame, columns), run);
    return candidates.map((estimator) => onEncoder(estimator, encoder));
  };
  return runTable({
    ...rest,
    ...{ models: 'auto', preset: 'good', folds: FOLDS, foldsAsked: 1, repeats: 1 },
    ...(rest.testFile === undefined && { holdout: rest.holdout ?? TEST_SHARE }),
    types: Object.fromEntries(texts.map((column) => [column, 'text'])),
    only: [...texts, ...beside],
    recipe: (question, target) => textRecipe(question, target, { methods, settings: told, blended }),
    handIn,
  });
}

// One run of `text fit`, start to end: a table's run whose features are texts and whose models are handed an encoder.
import { AppError } from '../../core/errors.ts';
import type { OwnSettings } from '../../encoders/own/own-settings.ts';
import type { Settings } from '../../models/estimator.ts';
import { onEncoder } from '../../models/text/text-estimator.ts';
import { textColumns, textsOf } from '../../models/text/texts.ts';
import type { HandIn } from '../table/fit-table.ts';
import { type RunTableOptions, runTable, type TableRun } from '../table/run-table.ts';
import { checkEncoderChoice, chosenEncoder } from './encoder-choice.ts';
import { selfTaughtAmong, textRecipe } from './text-recipe.ts';

export interface RunTextOptions
  extends Omit<
    RunTableOptions,
    'models' | 'preset' | 'types' | 'drop' | 'only' | 'recipe' | 'handIn' | 'folds' | 'foldsAsked' | 'repeats'
  > {
  /** Columns that hold the texts. */
  readonly texts: readonly string[];
  /** Columns learned from beside them. */
  readonly beside: readonly string[];
  /** `own`, a folder, or the folder a name stands for. */
  readonly encoder: string;
  readonly methods: readonly string[];
  readonly blended: boolean;
  /** Told to every method. */
  readonly told: Settings;
  /** Of learning from rows without a target, defaults where empty; absent: nothing is learned from them but the language. */
  readonly selfTraining?: Settings;
  /** Of an encoder of the shop's own. */
  readonly own?: Partial<OwnSettings>;
}

/** Held out for the test where no file is given. */
export const TEST_SHARE = 0.2;
/** A fifth of the rows learned from is held out once to choose and calibrate by: a fit takes minutes. */
const FOLDS = 5;

/** @throws AppError as `runTable` and `chosenEncoder` do; USAGE for a method, a setting or an encoder there is not */
export function runText(options: RunTextOptions): Promise<TableRun> {
  const { texts, beside, encoder: choice, methods, blended, told, own, selfTraining, ...rest } = options;
  if (texts.length === 0)
    throw new AppError('USAGE', 'expected --text COLUMN, the column that holds the texts');
  checkEncoderChoice(choice);
  const { seed, threads, progress, signal } = rest;
  const handIn: HandIn = async (train, candidates, unlabelled) => {
    const columns = textColumns(train.frame);
    const run = { seed, threads, progress, ...(signal && { signal }), ...(own && { own }) };
    const texts = () =>
      [train, ...(unlabelled ? [unlabelled] : [])].flatMap(({ frame }) => textsOf(frame, columns));
    const encoder = await chosenEncoder(choice, texts, run);
    const taught = selfTraining && unlabelled ? selfTaughtAmong(candidates, train, selfTraining) : [];
    return [...candidates, ...taught].map((estimator) => onEncoder(estimator, encoder, unlabelled));
  };
  return runTable({
    ...rest,
    ...{ models: 'auto', preset: 'good', folds: FOLDS, foldsAsked: 1, repeats: 1 },
    ...(rest.testFile === undefined && { holdout: rest.holdout ?? TEST_SHARE }),
    readsUnlabelled: true,
    types: Object.fromEntries(texts.map((column) => [column, 'text'])),
    only: [...texts, ...beside],
    recipe: (question, target) => textRecipe(question, target, { methods, settings: told, blended }),
    handIn,
  });
}

// Learning from a shop's texts: words counted, encoders fine-tuned and baselines, as a table's models are learned and tested.
import type { Progress } from '../../core/progress.ts';
import type { OwnSettings } from '../../encoders/own/own-settings.ts';
import { estimatorById } from '../../models/catalogue.ts';
import type { Estimator, Sample, Settings } from '../../models/estimator.ts';
import { onEncoder } from '../../models/text/text-estimator.ts';
import { TEXT_COLUMN, textsOf } from '../../models/text/texts.ts';
import { type FittedTable, fitTable } from '../table/fit-table.ts';
import type { PreparedTable } from '../table/prepare-table.ts';
import { chosenEncoder } from '../text/encoder-choice.ts';
import { textRecipe } from '../text/text-recipe.ts';
import type { TextQuestion } from './text-examples.ts';

export interface FitTextsOptions extends TextQuestion {
  readonly encoder: string;
  readonly methods: readonly string[];
  readonly blended: boolean;
  readonly told: Settings;
  readonly own?: Partial<OwnSettings>;
  readonly deadlineMs?: number;
  readonly seed: number;
  readonly threads: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** A fifth of what is learned from is held out once to choose and calibrate by: a fit takes minutes. */
export const FOLDS = 5;
/** Draws behind the leaderboard's intervals; the test's own use the full number. */
const LEADERBOARD_DRAWS = 200;

/** @throws AppError as `fitTable` and `chosenEncoder`; USAGE for a method or a setting there is not */
export function fitTexts(
  prepared: PreparedTable,
  tested: Sample,
  options: FitTextsOptions,
): Promise<FittedTable> {
  const { task, horizonMs, methods, told, blended, own } = options;
  const { seed, threads, now, progress, signal, deadlineMs } = options;
  const { sample, meaning } = prepared;
  const recipe = textRecipe(sample.question, meaning, { methods, settings: told, blended });
  const counted = task.answer === 'purchase' ? [estimatorById('text-rate')] : [];
  const baselines = [...recipe.baselines, ...counted];
  // The encoder's vocabulary and language come from the side learned from alone.
  const handIn = async (train: Sample, candidates: readonly Estimator[]): Promise<readonly Estimator[]> => {
    const run = { seed, threads, progress, ...(signal && { signal }), ...(own && { own }) };
    const encoder = await chosenEncoder(options.encoder, () => textsOf(train.frame, [TEXT_COLUMN]), run);
    return candidates.map((estimator) => onEncoder(estimator, encoder));
  };
  const inTime = task.answer === 'purchase';
  return fitTable(sample, {
    preset: recipe.preset,
    candidates: [...baselines.filter(({ role }) => role === 'baseline'), ...recipe.candidates],
    ...{ baselines, handIn, test: { by: 'file', sample: tested }, times: [], equalRowsDiffer: true },
    ...{ folds: FOLDS, foldsAsked: 1, repeats: 1, byTime: inTime, draws: LEADERBOARD_DRAWS },
    ...(inTime && { gapMs: horizonMs }),
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...{ seed, threads, now, progress },
    ...(signal && { signal }),
  });
}

// How much work a training run does: fewer models at once, all that are worth trying, or settings searched and fits bagged.
import { AppError } from '../core/errors.ts';
import type { EnsembleKind } from '../models/ensemble/mixing.ts';
import type { TargetKind } from '../models/estimator.ts';
import { AMOUNT_RECIPE, CLASSES_RECIPE, PROBABILITY_RECIPE } from '../tasks/recipes.ts';

export const PRESET_NAMES = ['fast', 'good', 'best'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** Plain data: what a run of a shop's task and of any table follow alike. */
export interface Preset {
  /** Ids in the order tried; those that refuse the question say so. */
  readonly models: readonly string[];
  /** Ids of models that cost more than all these together: tried last, where there is time for them. */
  readonly costly: readonly string[];
  /** Made of what was tried, without fitting again. */
  readonly blends: readonly EnsembleKind[];
  /** Of the models whose settings can be searched, the best so many are. */
  readonly searched: number;
  /** Trials of one search at most, the default among them. */
  readonly searchTrials: number;
  /** Of the time left when searching begins, this share may go into it. */
  readonly searchShare: number;
  /** Of the same models, the best so many are fitted over folds and averaged, as `NAME:bagged`. */
  readonly bagged: number;
}

/** Quick, and unlike one another. */
const FAST: Readonly<Record<TargetKind, readonly string[]>> = {
  binary: ['logistic', 'bg-nbd', 'gbdt'],
  amount: ['tweedie', 'bg-nbd', 'gbdt'],
  classes: ['logistic', 'gbdt'],
};

const GOOD: Readonly<Record<TargetKind, readonly string[]>> = {
  binary: PROBABILITY_RECIPE,
  amount: AMOUNT_RECIPE,
  classes: CLASSES_RECIPE,
};

/** Reads what was done in order, which no feature counts. */
const COSTLY: Readonly<Record<TargetKind, readonly string[]>> = {
  binary: ['transformer:lora'],
  amount: ['transformer:lora'],
  classes: [],
};

const PLAIN = { costly: [], searched: 0, searchTrials: 1, searchShare: 0, bagged: 0 };

/**
 * fast: three models and their mean. good: every model worth trying, blended three ways. best: the same, and the two best
 * of those with settings are searched (40 trials each, or what the time limit allows), the best of them bagged, and a model
 * of events in order takes part where its cost fits.
 *
 * @param recipe models of a task that knows better than its kind
 */
export function presetFor(kind: TargetKind, preset: PresetName, recipe = GOOD[kind]): Preset {
  if (preset === 'fast') return { ...PLAIN, models: FAST[kind], blends: ['mean'] };
  const blends: readonly EnsembleKind[] = ['mean', 'stack', 'greedy'];
  if (preset === 'good') return { ...PLAIN, models: recipe, blends };
  return {
    ...{ models: recipe, costly: COSTLY[kind], blends },
    ...{ searched: 2, searchTrials: 40, searchShare: 0.6, bagged: 1 },
  };
}

/** @throws AppError USAGE */
export function parsePreset(text: string): PresetName {
  const known = PRESET_NAMES.find((preset) => preset === text);
  if (known) return known;
  throw new AppError('USAGE', `--preset: expected ${PRESET_NAMES.join(', ')}, got "${text.slice(0, 40)}"`);
}

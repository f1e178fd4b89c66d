// Which estimators a table's question is put to, told what the caller asked of them.
import { AppError } from '../../core/errors.ts';
import { bestColumn } from '../../models/baseline/best-column.ts';
import { encoded, estimatorById } from '../../models/catalogue.ts';
import type { EncodedOptions } from '../../models/encoding/encoded.ts';
import { encodingMemory } from '../../models/encoding/memory.ts';
import type { Estimator, Question, Settings } from '../../models/estimator.ts';
import { BLENDS } from '../blends.ts';
import { type Preset, type PresetName, presetFor } from '../preset.ts';
import type { AmountDecider } from './correct.ts';

/** Tried when nobody names a model, unlike one another; those that refuse the question say so. */
const RECIPES: Readonly<Record<Question['kind'], readonly string[]>> = {
  binary: ['gbdt', 'logistic', 'tree'],
  amount: ['gbdt', 'linear', 'tweedie', 'tree'],
  classes: ['gbdt', 'logistic', 'tree'],
};

/** How fine the trees should be and whom they should rely on differs from table to table; a blend weighs them. */
const OTHER_FORESTS: readonly string[] = ['gbdt:fine', 'gbdt:random'];

/** From here on one boosted forest is steady by itself, and three take three times as long. */
const MANY_ROWS = 50_000;

/** In a hurry: trees that add up, and a plain model beside them. */
const FAST = 2;

/** What is made of the models tried: as for a shop's questions, with a table's own models. */
function tablePreset({ kind }: Question, { preset, rows = 0 }: RecipeOptions): Preset {
  const models = RECIPES[kind];
  const plan = presetFor(kind, preset);
  if (preset === 'fast') return { ...plan, models: models.slice(0, FAST) };
  return { ...plan, models: rows > MANY_ROWS && preset === 'good' ? models : [...models, ...OTHER_FORESTS] };
}

/** The plain model a better one must beat. */
const PLAIN: Readonly<Record<Question['kind'], string | undefined>> = {
  binary: 'logistic',
  amount: 'linear',
  classes: undefined,
};

export interface RecipeOptions {
  /** `auto`, or estimator ids in the order to be tried; blends among them are made of the others. */
  readonly models: 'auto' | readonly string[];
  readonly preset: PresetName;
  /** Learned from, about; few when absent. */
  readonly rows?: number;
  /** Number columns that hold UTC ms. */
  readonly dates: readonly string[];
  /** Told to every model that knows them. */
  readonly settings?: Settings;
  /** What decides between models of an amount; `mae` makes those that can aim at medians. */
  readonly metric?: AmountDecider;
}

export interface TableRecipe {
  /** Models to try, each behind encoders for text, dates and categories of many levels. */
  readonly candidates: readonly Estimator[];
  readonly preset: Preset;
  /** Everyone's average, the best single column, and a plain linear model. */
  readonly baselines: readonly Estimator[];
}

/** @throws AppError USAGE for a model nobody knows, or settings none of them takes */
export function tableRecipe(question: Question, options: RecipeOptions): TableRecipe {
  const { models, dates, settings = {} } = options;
  // Models of one run meet the same folds: what one learned to read, the others need not learn again.
  const encoding: EncodedOptions = { dates, memory: encodingMemory() };
  const preset = tablePreset(question, options);
  const amount = question.kind === 'amount';
  const aims: Settings = {
    ...(amount && options.preset !== 'fast' ? { band: true } : {}),
    ...(amount && options.metric === 'mae' ? { loss: 'absolute' } : {}),
  };
  const named = models === 'auto' ? preset.models.filter((id) => canPromise(id, settings)) : models;
  const wanted = models === 'auto' ? preset.blends : BLENDS.filter((id) => models.includes(id));
  const ids = named.filter((id) => !BLENDS.some((own) => own === id));
  const broken = ids.find((id) => !canPromise(id, settings));
  if (broken !== undefined)
    throw new AppError('USAGE', `--monotone: "${broken}" cannot promise a direction; use --model gbdt`);
  // A mixture of models that keep a direction keeps it; a single model needs no blend.
  const blends = ids.length > 1 ? wanted : [];
  const plain = PLAIN[question.kind];
  return {
    candidates: modelsTold(ids, settings, { encoding, aims }),
    preset: { ...preset, blends },
    baselines: [
      estimatorById('rate'),
      bestColumn,
      ...(plain ? [encoded(estimatorById(plain), encoding)] : []),
    ],
  };
}

/** A direction holds for every row or it is no promise: models that cannot keep it stay out. */
const canPromise = (id: string, { monotone }: Settings): boolean =>
  monotone === undefined || estimatorById(id).withSettings !== undefined;

/** Boosted trees: they can aim at medians, learn where an amount lies besides how much it is, and cut sets of levels. */
const BOOSTED: readonly string[] = ['gbdt', 'gbdt:fine', 'gbdt:random'];

/** Trees that cut categories into sets read so many levels as they are; fewer bins than a byte holds. */
const LEVELS_OF_TREES = 250;

/** @param aims a band (ranges that differ row by row: half as much work again), a loss; what the caller tells goes first */
function modelsTold(
  ids: readonly string[],
  settings: Settings,
  { encoding, aims }: { encoding: EncodedOptions; aims: Settings },
): readonly Estimator[] {
  const asked = Object.keys(settings);
  const canBeTold = (id: string) => estimatorById(id).withSettings !== undefined;
  if (asked.length > 0 && !ids.some(canBeTold)) {
    throw new AppError(
      'USAGE',
      `${asked.join(', ')}: none of the models ${ids.join(', ')} takes it; use --model gbdt`,
    );
  }
  return ids.map((id) => {
    const estimator = estimatorById(id);
    const told = { ...(BOOSTED.includes(id) ? aims : {}), ...settings };
    const changed = Object.keys(told).length > 0 ? estimator.withSettings?.(told) : undefined;
    const own = BOOSTED.includes(id) ? { ...encoding, maxLevels: LEVELS_OF_TREES } : encoding;
    return encoded(changed ?? estimator, own);
  });
}

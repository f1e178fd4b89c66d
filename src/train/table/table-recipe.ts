// Which estimators a table's question is put to, told what the caller asked of them.
import { AppError } from '../../core/errors.ts';
import { bestColumn } from '../../models/baseline/best-column.ts';
import { encoded, estimatorById } from '../../models/catalogue.ts';
import type { Estimator, Question, Settings } from '../../models/estimator.ts';

/** Tried when nobody names a model; those that refuse the question say so. */
const RECIPES: Readonly<Record<Question['kind'], readonly string[]>> = {
  binary: ['gbdt', 'logistic', 'tree'],
  amount: ['gbdt', 'linear', 'tree'],
  classes: ['gbdt', 'tree'],
};

/** The plain model a better one must beat. */
const PLAIN: Readonly<Record<Question['kind'], string | undefined>> = {
  binary: 'logistic',
  amount: 'linear',
  classes: undefined,
};

export interface RecipeOptions {
  /** `auto`, or estimator ids in the order to be tried. */
  readonly models: 'auto' | readonly string[];
  /** Number columns that hold UTC ms. */
  readonly dates: readonly string[];
  /** Told to every model that knows them. */
  readonly settings?: Settings;
}

/** Everyone's average, the best single column, and a plain linear model. */
export function tableBaselines(
  { kind }: Question,
  options: Pick<RecipeOptions, 'dates'>,
): readonly Estimator[] {
  const plain = PLAIN[kind];
  return [
    estimatorById('rate'),
    bestColumn,
    ...(plain ? [encoded(estimatorById(plain), { dates: options.dates })] : []),
  ];
}

/**
 * Models to try, each behind encoders for text, dates and categories of many levels.
 *
 * @throws AppError USAGE for a model nobody knows, or settings none of them takes
 */
export function tableModels(
  { kind }: Question,
  { models, dates, settings = {} }: RecipeOptions,
): readonly Estimator[] {
  const ids = models === 'auto' ? RECIPES[kind] : models;
  const asked = Object.keys(settings).length > 0;
  let told = 0;
  const estimators = ids.map((id) => {
    const estimator = estimatorById(id);
    if (!asked || !estimator.withSettings) return encoded(estimator, { dates });
    told++;
    return encoded(estimator.withSettings(settings), { dates });
  });
  if (asked && told === 0) {
    throw new AppError(
      'USAGE',
      `${Object.keys(settings).join(', ')}: none of the models ${ids.join(', ')} takes it; use --model gbdt`,
    );
  }
  return estimators;
}

// Whom a question about texts is put to: those that count, encoders fine-tuned, and what they say together.
import { AppError } from '../../core/errors.ts';
import type { TargetMeaning } from '../../data/table/target.ts';
import { encoded, estimatorById } from '../../models/catalogue.ts';
import type { Estimator, Question, Sample, Settings } from '../../models/estimator.ts';
import { textGrams, textTopics } from '../../models/text/grams/grams.ts';
import { estimatorId, TEXT_METHODS, type TextMethod } from '../../models/text/methods.ts';
import type { SelfTaught } from '../../models/text/self-training/self-taught.ts';
import { SELF_TAUGHT } from '../../models/text/self-training/self-training.ts';
import { isTextEstimator } from '../../models/text/text-estimator.ts';
import { BLENDS } from '../blends.ts';
import type { TableRecipe } from '../table/table-recipe.ts';

/** A linear model of n-grams: what texts say without any language learned. */
const WORDS: Readonly<Record<Question['kind'], string>> = {
  binary: 'logistic',
  amount: 'linear',
  classes: 'logistic',
};

export interface TextRecipeOptions {
  /** Ids of methods, as typed after `--method`. */
  readonly methods: readonly string[];
  /** Told to every method. */
  readonly settings: Settings;
  /** Whether what words and encoders say is mixed, where that is better. */
  readonly blended: boolean;
}

/** @throws AppError USAGE for a method there is not, or none */
export function textRecipe(
  { kind }: Question,
  target: TargetMeaning,
  { methods, settings, blended }: TextRecipeOptions,
): TableRecipe {
  if (methods.length === 0)
    throw new AppError('USAGE', 'expected a method of fine-tuning at least, such as full, got none');
  const words = encoded(estimatorById(WORDS[kind]));
  const told = { ...settings, ...labelsByCode(settings.labels, target) };
  const texts = methods.map((id): Estimator => {
    const estimator = estimatorById(estimatorId(methodById(id)));
    return estimator.withSettings?.(told) ?? estimator;
  });
  return {
    candidates: [words, ...(kind === 'amount' ? [] : [textGrams, textTopics()]), ...texts],
    preset: {
      ...{ models: [], costly: [], searched: 0, searchTrials: 1, searchShare: 0, bagged: 0 },
      blends: blended ? BLENDS : [],
    },
    baselines: [estimatorById('rate'), words],
  };
}

/** Counts of texts and the first of the encoder's methods, which also learn from rows without a target; none for amounts. */
export function selfTaughtAmong(
  candidates: readonly Estimator[],
  { question }: Pick<Sample, 'question'>,
  settings: Settings,
): readonly Estimator[] {
  const reader = candidates.find(isTextEstimator);
  if (question.kind === 'amount' || reader === undefined) return [];
  const estimator = estimatorById(SELF_TAUGHT) as SelfTaught;
  return [estimator.withParts({ reader }).withSettings?.(settings) ?? estimator];
}

/** @throws AppError USAGE naming the methods there are */
export function methodById(id: string): TextMethod {
  const found = TEXT_METHODS.find((method) => method.id === id);
  if (found) return found;
  throw new AppError(
    'USAGE',
    `--method: expected ${TEXT_METHODS.map((method) => method.id).join(', ')}, got "${id.slice(0, 40)}"`,
  );
}

/** Descriptions by the target's own values, `good=…;bad=…`, as models know classes: by number. */
function labelsByCode(
  labels: Settings[string] | undefined,
  { kind, positive, negative, classes }: TargetMeaning,
): Settings {
  if (typeof labels !== 'string' || labels === 'none') return {};
  if (kind === 'regression') throw new AppError('USAGE', '--labels: amounts have no labels to describe');
  const values = classes ?? [negative ?? '0', positive ?? '1'];
  const parts = labels.split(/[;；]/).map((part) => {
    const at = part.search(/[=＝]/);
    const code = values.indexOf(part.slice(0, Math.max(0, at)).trim());
    if (code < 0)
      throw new AppError(
        'USAGE',
        `--labels: expected VALUE=DESCRIPTION;… for the values ${values.slice(0, 8).join(', ')} of the target`,
      );
    return `${code}=${part.slice(at + 1).trim()}`;
  });
  return { labels: parts.join(';') };
}

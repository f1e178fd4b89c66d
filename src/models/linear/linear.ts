// The linear estimators with an additive margin: least squares, logistic, elastic net and Tweedie.
import type { Frame } from '../../core/frame.ts';
import { type Name, name } from '../../core/name.ts';
import type { Estimator, Question, SearchSpace, Settings } from '../estimator.ts';
import { needPositiveTotal } from '../sample.ts';
import { changeSettings } from '../settings.ts';
import { fitLinear, type LinearRecipe } from './fit-linear.ts';
import { linearModel, loadLinearModel } from './linear-model.ts';
import { type Loss, logistic, squared, tweedieLoss } from './loss.ts';

/**
 * Money is capped here for the shape of the line: the largest half percent of orders would otherwise decide it alone.
 * The training total is restored after, so the level stays honest.
 */
const CAP_SHARE = 0.995;

/** Between Poisson and Gamma, where retail spend usually lies; the exact power matters little for the mean. */
const TWEEDIE_POWER = 1.5;

interface LinearKind {
  readonly id: string;
  readonly label: Name;
  /** The penalty's size is always chosen by the fit; these are what it cannot choose along its path. */
  readonly settings: LinearSettings;
  readonly space?: SearchSpace;
  /** `undefined` where this kind does not answer that kind of question. */
  readonly loss: (question: Question, settings: LinearSettings) => Loss | undefined;
  readonly instead: string;
}

interface LinearSettings {
  /** Share of the penalty that is L1: 0 is ridge. */
  readonly lassoShare?: number;
  /** Of the Tweedie variance. */
  readonly power?: number;
}

function linearEstimator(kind: LinearKind): Estimator {
  const { id, settings, space } = kind;
  return {
    id,
    label: kind.label,
    role: 'model',
    refuses(question, frame) {
      if (!kind.loss(question, settings)) return kind.instead;
      return hasUsableColumn(frame) ? undefined : 'needs at least one number or category column';
    },
    async fit(train, valid, run) {
      const loss = kind.loss(train.question, settings) as Loss;
      if (loss.link === 'log') needPositiveTotal(train);
      const { lassoShare = 0 } = settings;
      const recipe: LinearRecipe = { task: id, loss, lassoShare, capShare: CAP_SHARE };
      return linearModel(id, await fitLinear(recipe, train, valid, run));
    },
    ...(space && {
      space,
      settings: () => settings as Settings,
      withSettings: (changes: Settings) =>
        linearEstimator({ ...kind, settings: changeSettings(id, settings as Settings, changes) }),
    }),
    load: (saved) => loadLinearModel(id, saved),
  };
}

export const hasUsableColumn = (frame: Frame): boolean =>
  frame.columns.some(({ kind }) => kind === 'number' || kind === 'category');

/** Least squares with ridge: amount = margin. */
export const linear = linearEstimator({
  id: 'linear',
  label: name('Linear regression', '线性回归'),
  settings: {},
  loss: ({ kind }) => (kind === 'amount' ? squared : undefined),
  instead: 'it predicts amounts; use "logistic" for a yes-or-no question',
});

/** Logistic regression with ridge. */
export const logisticRegression = linearEstimator({
  id: 'logistic',
  label: name('Logistic regression', '逻辑回归'),
  settings: {},
  loss: ({ kind }) => (kind === 'binary' ? logistic : undefined),
  instead: 'it predicts probabilities; use "linear" or "tweedie" for an amount',
});

/** Half L1, half L2: drops what does not help. Logistic for probabilities, least squares for amounts. */
export const elasticNet = linearEstimator({
  id: 'elastic-net',
  label: name('Elastic net', '弹性网络'),
  settings: { lassoShare: 0.5 },
  space: { lassoShare: { kind: 'number', low: 0.05, high: 1 } },
  loss: ({ kind }) => ({ binary: logistic, amount: squared, classes: undefined })[kind],
  instead: 'it answers yes-or-no questions and amounts',
});

/** Log-link Tweedie regression with ridge: effects multiply, zeros are many, the tail is heavy. */
export const tweedie = linearEstimator({
  id: 'tweedie',
  label: name('Tweedie regression', 'Tweedie 回归'),
  settings: { power: TWEEDIE_POWER },
  space: { power: { kind: 'number', low: 1.05, high: 1.95 } },
  loss: ({ kind }, { power = TWEEDIE_POWER }) => (kind === 'amount' ? tweedieLoss(power) : undefined),
  instead: 'it predicts amounts; use "logistic" for a yes-or-no question',
});

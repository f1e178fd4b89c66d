// Spend in two questions: will they buy, and how much if they do; the expected amount is the product.
import { AppError } from '../../core/errors.ts';
import type { Frame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { Estimator, FitRun, Model, Question, Sample } from '../estimator.ts';
import { needPositiveTotal, unitWeights, weightedMean } from '../sample.ts';
import { asJson, readArray, readState, type SavedState } from '../saved.ts';
import { asWhether, half, logSigmoid, positiveOf } from '../whether-and-amount.ts';
import { type Design, linearMargin } from './design.ts';
import { fitLinear } from './fit-linear.ts';
import { hasUsableColumn } from './linear.ts';
import type { LinearParts } from './linear-model.ts';
import { gammaLoss, logistic } from './loss.ts';

const ID = 'hurdle';
const FORMAT = 1;
/** Two buyers draw no line; under this many their mean says it all. */
const MIN_BUYERS = 10;
const CAP_SHARE = 0.995;

/** A linear predictor as it is saved: its coefficients go to an array of their own. */
interface Part {
  readonly design: Design;
  readonly intercept: number;
}

interface HurdleState extends SavedState {
  readonly whether: Part;
  readonly amount: Part;
}

interface HurdleParts {
  readonly question: Question;
  /** Logit of P(amount > 0). */
  readonly whether: Pick<LinearParts, 'design' | 'intercept' | 'coefficients'>;
  /** Log of the amount of those who spend. */
  readonly amount: Pick<LinearParts, 'design' | 'intercept' | 'coefficients'>;
}

/**
 * Logistic regression for P(amount > 0) times a log-link Gamma regression among those above zero, brought to the training
 * total. Its margin is the log of a product, which no sum of features equals, so it has no exact contributions.
 */
export const hurdle: Estimator = {
  id: ID,
  label: name('Two-part regression (buys × amount)', '两部回归(购买概率 × 金额)'),
  role: 'model',
  refuses(question, frame) {
    if (question.kind !== 'amount') return 'it predicts amounts; use "logistic" for a yes-or-no question';
    return hasUsableColumn(frame) ? undefined : 'needs at least one number or category column';
  },
  async fit(train, valid, run) {
    return hurdleModel(await fitHurdle(train, valid, run, ID));
  },
  load(saved) {
    const { question, whether, amount } = readState<HurdleState>(saved, ID, FORMAT, ['whether', 'amount']);
    return hurdleModel({
      question,
      whether: { ...whether, coefficients: readArray(saved, 'whether', whether.design.width) },
      amount: { ...amount, coefficients: readArray(saved, 'amount', amount.design.width) },
    });
  },
};

/**
 * Both halves, the second brought to the training total.
 *
 * @param task named in the progress
 * @throws AppError NOT_ENOUGH_DATA, INTERRUPTED
 */
export async function fitHurdle(
  train: Sample,
  valid: Sample | undefined,
  run: FitRun,
  task: string,
): Promise<{ readonly question: Question; readonly whether: LinearParts; readonly amount: LinearParts }> {
  needPositiveTotal(train);
  const whether = await fitLinear(
    { task, loss: logistic, lassoShare: 0, capShare: 1 },
    asWhether(train),
    valid && asWhether(valid),
    half(run, task, 0),
  );
  const buyers = positiveOf(train);
  if (buyers.frame.rows < MIN_BUYERS) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected at least ${MIN_BUYERS} examples with a positive amount, got ${buyers.frame.rows}; use a longer horizon`,
    );
  }
  const validBuyers = valid && positiveOf(valid);
  const amount = await fitLinear(
    { task, loss: gammaLoss, lassoShare: 0, capShare: CAP_SHARE },
    buyers,
    validBuyers && validBuyers.frame.rows > 0 ? validBuyers : undefined,
    half(run, task, 1),
  );
  const draft = { question: train.question, whether, amount };
  const weight = unitWeights(train);
  const reached = weightedMean(hurdleMargin(draft, train.frame).map(Math.exp), weight);
  const level = Math.log(weightedMean(train.target, weight) / reached);
  return { ...draft, amount: { ...amount, intercept: amount.intercept + level } };
}

function hurdleMargin({ whether, amount }: HurdleParts, frame: Frame): Float64Array {
  const logit = linearMargin(whether.design, whether.coefficients, whether.intercept, frame);
  const logAmount = linearMargin(amount.design, amount.coefficients, amount.intercept, frame);
  return logAmount.map((m, i) => m + logSigmoid(logit[i]));
}

function hurdleModel(parts: HurdleParts): Model {
  const { question, whether, amount } = parts;
  const names = [whether, amount].flatMap(({ design }) => design.encodings.map((encoding) => encoding.name));
  const saved = ({ design, intercept }: Part): Part => ({ design, intercept });
  return {
    estimator: ID,
    question,
    link: 'log',
    inputs: [...new Set(names)],
    predict: async (frame) => hurdleMargin(parts, frame).map(Math.exp),
    margin: async (frame) => hurdleMargin(parts, frame),
    save: () => ({
      estimator: ID,
      format: FORMAT,
      state: asJson({ question, whether: saved(whether), amount: saved(amount) }),
      arrays: { whether: whether.coefficients, amount: amount.coefficients },
    }),
  };
}

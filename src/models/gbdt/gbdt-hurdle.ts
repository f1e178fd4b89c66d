// Spend in two forests: will they buy, and how much if they do; the expected amount is the product.
import { AppError } from '../../core/errors.ts';
import type { Frame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { Estimator, Model } from '../estimator.ts';
import { arraysOf, arraysUnder, headOf, type SavedHead } from '../nested-model.ts';
import { needPositiveTotal, unitWeights, weightedMean } from '../sample.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { asWhether, half, logSigmoid, positiveOf } from '../whether-and-amount.ts';
import { gbdt, gbdtWith } from './gbdt.ts';

const ID = 'gbdt:hurdle';
const FORMAT = 1;
/** The fewest whose mean says something, as in a leaf. */
const MIN_BUYERS = 20;

/** Amounts above zero, seldom of one size: a log link, and a variance that grows with the mean. */
const amountOf = gbdtWith({ loss: 'tweedie', band: false });

interface Parts {
  /** Logit of P(amount > 0). */
  readonly whether: Model;
  /** Amount of those who spend. */
  readonly amount: Model;
  /** Added to the logarithm of the product, so that it meets the training total. */
  readonly level: number;
}

interface HurdleState extends SavedState {
  readonly whether: SavedHead;
  readonly amount: SavedHead;
  readonly level: number;
}

/**
 * A forest for P(amount > 0) times one for the amount of those above zero. Its margin is the log of a product, which no
 * sum of features equals, so it has no exact contributions.
 */
export const gbdtHurdle: Estimator = {
  id: ID,
  label: name('Gradient-boosted trees in two parts (buys × amount)', '两部梯度提升树（购买概率 × 金额）'),
  role: 'model',
  refuses(question, frame) {
    if (question.kind !== 'amount') return 'it predicts amounts; use "gbdt" for another question';
    return gbdt.refuses(question, frame);
  },
  async fit(train, valid, run) {
    needPositiveTotal(train);
    const buyers = positiveOf(train);
    if (buyers.frame.rows < MIN_BUYERS) {
      throw new AppError(
        'NOT_ENOUGH_DATA',
        `expected at least ${MIN_BUYERS} examples with a positive amount, got ${buyers.frame.rows}; use "gbdt" or a longer horizon`,
      );
    }
    const whether = await gbdt.fit(asWhether(train), valid && asWhether(valid), half(run, ID, 0));
    const amount = await amountOf.fit(buyers, valid && positiveOf(valid), half(run, ID, 1));
    const draft: Parts = { whether, amount, level: 0 };
    const weight = unitWeights(train);
    const reached = weightedMean((await marginOf(draft, train.frame)).map(Math.exp), weight);
    return hurdleModel({ ...draft, level: Math.log(weightedMean(train.target, weight) / reached) });
  },
  load(saved) {
    const { whether, amount, level } = readState<HurdleState>(saved, ID, FORMAT, [
      'whether',
      'amount',
      'level',
    ]);
    return hurdleModel({
      whether: gbdt.load({ ...whether, arrays: arraysOf('whether', saved.arrays) }),
      amount: gbdt.load({ ...amount, arrays: arraysOf('amount', saved.arrays) }),
      level,
    });
  },
};

async function marginOf({ whether, amount, level }: Parts, frame: Frame): Promise<Float64Array> {
  const logit = await whether.margin(frame);
  const logAmount = await amount.margin(frame);
  return logAmount.map((m, i) => level + m + logSigmoid(logit[i]));
}

function hurdleModel(parts: Parts): Model {
  const { whether, amount, level } = parts;
  const { question } = amount;
  return {
    estimator: ID,
    question,
    link: 'log',
    inputs: [...new Set([...whether.inputs, ...amount.inputs])],
    predict: async (frame) => (await marginOf(parts, frame)).map(Math.exp),
    margin: (frame) => marginOf(parts, frame),
    save() {
      const [a, b] = [whether.save(), amount.save()];
      return {
        estimator: ID,
        format: FORMAT,
        state: asJson({ question, level, whether: headOf(a), amount: headOf(b) }),
        arrays: { ...arraysUnder('whether', a.arrays), ...arraysUnder('amount', b.arrays) },
      };
    },
  };
}

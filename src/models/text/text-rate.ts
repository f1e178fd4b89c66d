// "As it went before": how often the very same text was followed by a yes, drawn towards everyone's rate.
import { throwIfAborted } from '../../core/errors.ts';
import type { Frame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { hash32 } from '../../core/random.ts';
import { textKey } from '../../core/text-key.ts';
import { fromPredictions } from '../baseline/prediction.ts';
import type { Estimator, Model } from '../estimator.ts';
import { clampToRate } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { textColumns, textsOf } from './texts.ts';

const ID = 'text-rate';
const FORMAT = 1;
/** As many of everyone's rows are put beside a text's own: a text seen once says little. */
const BORROWED = 5;
/** Two digests of 32 bits: texts that share both are too rare to matter. */
const OTHER_SEED = 0x9747b28c;

interface TextRateState extends SavedState {
  readonly columns: readonly string[];
  /** Everyone's. */
  readonly rate: number;
  /** Rates by digest of the text: the texts themselves are customers' and are not kept. */
  readonly rates: Readonly<Record<string, number>>;
}

/** A yes-or-no answer by counting: (yes + 5 · everyone's rate) / (times + 5) of the same text in training. */
export const textRate: Estimator = {
  id: ID,
  label: name('The same text so far', '相同文本以往的比例'),
  role: 'baseline',
  refuses(question, frame) {
    if (question.kind !== 'binary') return 'it answers yes-or-no questions';
    return textColumns(frame).length === 0 ? 'needs a text column' : undefined;
  },
  async fit(train, _valid, run) {
    throwIfAborted(run.signal);
    const columns = textColumns(train.frame);
    const weights = unitWeights(train);
    const rate = clampToRate(weightedMean(train.target, weights), train.frame.rows);
    const counts = new Map<string, { yes: number; all: number }>();
    textsOf(train.frame, columns).forEach((text, row) => {
      const key = digestOf(text);
      const own = counts.get(key) ?? { yes: 0, all: 0 };
      own.yes += weights[row] * train.target[row];
      own.all += weights[row];
      counts.set(key, own);
    });
    const rates = Object.fromEntries(
      [...counts]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { yes, all }]) => [key, (yes + BORROWED * rate) / (all + BORROWED)] as const),
    );
    run.progress.step({ task: ID, done: 1, total: 1 });
    return textRateModel({ question: train.question, columns, rate, rates });
  },
  load: (saved) => textRateModel(readState<TextRateState>(saved, ID, FORMAT, ['columns', 'rate', 'rates'])),
};

function textRateModel(state: TextRateState): Model {
  const { question, columns, rate, rates } = state;
  const known = new Map(Object.entries(rates));
  return {
    ...fromPredictions(question, (frame: Frame) =>
      Float64Array.from(textsOf(frame, columns), (text) => known.get(digestOf(text)) ?? rate),
    ),
    estimator: ID,
    inputs: [...columns],
    save: () => ({ estimator: ID, format: FORMAT, state: asJson(state) }),
  };
}

/** Case, width and spaces do not matter. */
function digestOf(text: string): string {
  const key = textKey(text);
  return `${hash32(key).toString(36)}.${hash32(key, OTHER_SEED).toString(36)}`;
}

// The estimator that answers from vectors alone: a logistic head on what a frozen encoder said of a text or a picture.
import type { Frame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { Estimator, FitRun, Model, Question, Sample, SavedModel } from '../estimator.ts';
import { fromMargin } from '../estimator.ts';
import { checkSample, customerFolds, foldRows, sortSample, takeSample, unitWeights } from '../sample.ts';
import { asJson, readArray, readState, type SavedState } from '../saved.ts';
import { type HeadFitting, headLogits, type LogisticHead, openHeadFitting } from './logistic-head.ts';
import { fitVectorScaling, scaleVectors, type VectorScaling, vectorColumns } from './vector-scaling.ts';

const ID = 'vector-logistic';
const FORMAT = 1;
/** Prior precisions of a coefficient of scaled vectors: where the search begins, and where it may go. */
const MIDDLE = 100;
const WEAKER = [30, 10, 3, 1];
const STRONGER = [300, 1000, 3000];
/** Of rows held out to choose among them. */
const FOLDS = 5;
/** Fewer held-out rows choose by luck: the middle of the path is then taken. */
const LEAST_HELD_OUT = 20;

/** Logistic regression on vector columns, of two outcomes or of classes; other columns are not read. */
export const vectorLogistic: Estimator = {
  id: ID,
  label: name('Logistic head on vectors', '向量上的逻辑回归'),
  role: 'model',
  refuses({ kind }, frame) {
    if (kind === 'amount') return 'it predicts probabilities';
    return vectorColumns(frame).length > 0 ? undefined : 'needs at least one vector column';
  },
  async fit(train, valid, run) {
    checkSample(train);
    const sorted = sortSample(train);
    const scalings = vectorColumns(sorted.frame)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((column) => fitVectorScaling(column, unitWeights(sorted)));
    const penalty = await choosePenalty({ train: sorted, valid, scalings }, run);
    const fitting = await openFitting(sorted, scalings, run);
    try {
      return vectorModel({ question: train.question, scalings, head: await fitting.fit(penalty, undefined) });
    } finally {
      await fitting.release();
    }
  },
  load(saved) {
    const state = readState<HeadState>(saved, ID, FORMAT, ['columns', 'classes']);
    const width = state.columns.reduce((sum, own) => sum + own.width, 0);
    const means = readArray(saved, 'means', width);
    let at = 0;
    const scalings = state.columns.map((own) => {
      at += own.width;
      return { ...own, mean: means.slice(at - own.width, at) };
    });
    const head: LogisticHead = {
      width,
      classes: state.classes,
      coefficients: readArray(saved, 'coefficients', width * state.classes),
      intercepts: readArray(saved, 'intercepts', state.classes),
    };
    return vectorModel({ question: state.question, scalings, head });
  },
};

interface HeadState extends SavedState {
  readonly columns: readonly { readonly name: string; readonly width: number; readonly size: number }[];
  readonly classes: number;
}

interface HeadParts {
  readonly question: Question;
  readonly scalings: readonly VectorScaling[];
  readonly head: LogisticHead;
}

const classesOf = ({ kind, classes = 2 }: Question): number => (kind === 'binary' ? 2 : classes);

const openFitting = (sample: Sample, scalings: readonly VectorScaling[], run: FitRun): Promise<HeadFitting> =>
  openHeadFitting(
    {
      ...scaleVectors(sample.frame, scalings),
      labels: Int32Array.from(sample.target),
      weight: unitWeights(sample),
      classes: classesOf(sample.question),
    },
    { backend: nodeBackend, threads: run.threads, ...(run.signal && { signal: run.signal }) },
  );

/** The penalty with the least log loss of rows that were not learned from: weaker while that helps, else stronger. */
async function choosePenalty(
  { train, valid, scalings }: { train: Sample; valid?: Sample; scalings: readonly VectorScaling[] },
  run: FitRun,
): Promise<number> {
  const [inner, held] =
    valid && valid.frame.rows >= LEAST_HELD_OUT ? [train, valid] : holdOut(train, run.seed);
  if (held.frame.rows < LEAST_HELD_OUT || inner.frame.rows === 0) return MIDDLE;
  const progress = run.progress ?? silent;
  const rows = scaleVectors(held.frame, scalings);
  const fitting = await openFitting(inner, scalings, run);
  let fits = 0;
  const tryOne = async (penalty: number, start: LogisticHead | undefined) => {
    const head = await fitting.fit(penalty, start);
    progress.step({ task: ID, done: ++fits, total: 1 + WEAKER.length + STRONGER.length, unit: 'fits' });
    return { penalty, head, loss: heldOutLoss(headLogits(head, rows), held, head.classes) };
  };
  try {
    const middle = await tryOne(MIDDLE, undefined);
    let best = middle;
    for (const path of [WEAKER, STRONGER]) {
      for (const penalty of path) {
        const next = await tryOne(penalty, best.head);
        if (next.loss >= best.loss) break;
        best = next;
      }
      if (best !== middle) break;
    }
    return best.penalty;
  } finally {
    await fitting.release();
  }
}

function holdOut(train: Sample, seed: number): readonly [Sample, Sample] {
  const { inside, outside } = foldRows(customerFolds(train.entities, FOLDS, seed), 0);
  return [takeSample(train, outside), takeSample(train, inside)];
}

function heldOutLoss(logits: Float64Array, { target, ...held }: Sample, classes: number): number {
  const weight = unitWeights({ target, ...held });
  const p = fromMargin('softmax', logits, classes);
  let loss = 0;
  for (let row = 0; row < target.length; row++)
    loss -= weight[row] * Math.log(Math.max(1e-15, p[row * classes + target[row]]));
  return loss / Math.max(1, target.length);
}

function vectorModel({ question, scalings, head }: HeadParts): Model {
  const isBinary = question.kind === 'binary';
  const margin = async (frame: Frame) => {
    const logits = headLogits(head, scaleVectors(frame, scalings));
    // Of two outcomes the margin is the second's logit less the first's.
    return isBinary ? logits.filter((_, i) => i % 2 === 1).map((own, row) => own - logits[2 * row]) : logits;
  };
  const link = isBinary ? 'logit' : 'softmax';
  return {
    estimator: ID,
    question,
    link,
    inputs: scalings.map((own) => own.name),
    predict: async (frame) => fromMargin(link, await margin(frame), head.classes),
    margin,
    save: (): SavedModel => ({
      estimator: ID,
      format: FORMAT,
      state: asJson({
        question,
        columns: scalings.map(({ mean: _, ...own }) => own),
        classes: head.classes,
      }),
      arrays: {
        means: Float64Array.from(scalings.flatMap(({ mean }) => Array.from(mean))),
        coefficients: head.coefficients,
        intercepts: head.intercepts,
      },
    }),
  };
}

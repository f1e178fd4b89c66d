// The decision tree as an estimator: one tree, as large as unseen customers justify.
import type { Frame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { Estimator, FitRun, Sample, SearchSpace, Settings } from '../estimator.ts';
import { readInputs } from '../forest/read-inputs.ts';
import { clampToRate, logit } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { changeSettings } from '../settings.ts';
import { chooseSize, type UnseenRows } from './choose-size.ts';
import { type GrowData, growTree, shrunkenValues, truncateTree } from './grow.ts';
import { binInputs, fitInputs, type TreeInput } from './inputs.ts';
import { loadTreeModel, type TreeParts, treeModel } from './tree-model.ts';

const ID = 'tree';
/** The fit chooses how many leaves of these it keeps; `minRowsShare` is of the rows, and never comes to less than ten. */
const DEFAULTS = { maxLeaves: 48, maxDepth: 10, minRowsShare: 0.001 };
type TreeSettings = typeof DEFAULTS;

const SPACE: SearchSpace = {
  maxDepth: { kind: 'number', low: 3, high: 16, integer: true },
  minRowsShare: { kind: 'number', low: 3e-4, high: 0.03, log: true },
};

/** Amounts above this share of the positive ones count as that much while the tree takes shape. */
const CAP_SHARE = 0.99;
/** Fewer unseen examples than this say too little; folds of the training customers then choose. */
const MIN_VALID = 100;

/**
 * A tree grown best-first on histograms. Binary: cut for least squares on 0/1 (Gini), leaves hold logits. Amounts: cut on
 * the root of the amount, which calms the tail; leaves hold mean amounts, and the training total is met exactly.
 * Missing values go to whichever side is better.
 */
export const decisionTree: Estimator = treeWith(DEFAULTS);

function treeWith(settings: TreeSettings): Estimator {
  return {
    id: ID,
    label: name('Decision tree', '决策树'),
    role: 'model',
    refuses(question, frame) {
      if (question.kind === 'classes') return 'one tree answers yes-or-no questions and amounts';
      return frame.columns.some(({ kind }) => kind === 'number' || kind === 'category')
        ? undefined
        : 'needs at least one number or category column';
    },
    fit: async (train, valid, run) => treeModel(ID, await fitTree(settings, { train, valid, run })),
    space: SPACE,
    settings: () => settings,
    withSettings: (changes: Settings) => treeWith(changeSettings(ID, settings, changes)),
    load: (saved) => loadTreeModel(ID, saved),
  };
}

interface TreeFit {
  readonly train: Sample;
  readonly valid: Sample | undefined;
  readonly run: FitRun;
}

async function fitTree(settings: TreeSettings, { train, valid, run }: TreeFit): Promise<TreeParts> {
  const { question } = train;
  const binary = question.kind === 'binary';
  noteUnread(train.frame, run);
  const inputs = fitInputs(train.frame);
  const values = readInputs(inputs, train.frame);
  const weight = unitWeights(train);
  const cap = binary ? 1 : capOf(train.target);
  const outcome = train.target.map((y) => Math.min(cap, y));
  const mean = weightedMean(outcome, weight);
  const tame = binary ? outcome : outcome.map((y) => Math.sign(y) * Math.sqrt(Math.abs(y)));
  const centre = weightedMean(tame, weight);
  const data: GrowData = {
    inputs,
    bins: binInputs(inputs, values),
    outcome,
    weight,
    rows: Int32Array.from(outcome, (_, row) => row),
    objective: {
      // Centred, so that rounding never decides between cuts of a near-constant target.
      pull: tame.map((y, i) => weight[i] * (y - centre)),
      hold: weight,
      ridge: 0,
      minRows: Math.max(10, Math.round(outcome.length * settings.minRowsShare)),
    },
  };
  const { maxLeaves, maxDepth } = settings;
  const grow = { maxLeaves, maxDepth, signal: run.signal };
  const size = await chooseSize(data, {
    entities: train.entities,
    seed: run.seed,
    grow,
    loss: binary ? logLoss(outcome.length) : amountLoss(mean),
    own: { values, outcome, weight, rows: data.rows },
    ...(valid && usable(valid) && { valid: unseenRows(valid, inputs, cap) }),
    onFold: (done, total) => run.progress.step({ task: ID, done, total: total + 1, unit: 'trees' }),
  });
  const grown = await growTree(data, { ...grow, maxLeaves: size.leaves });
  run.progress.step({ task: ID, done: 1, total: 1, unit: 'trees' });

  const nodeValues = shrunkenValues(grown, size.strength);
  const margins = binary
    ? nodeValues.map((p) => logit(clampToRate(p, outcome.length)))
    : atLevel(nodeValues, grown.shape, weightedMean(train.target, weight));
  const tree = truncateTree(grown, size.leaves, margins);
  return { question, link: binary ? 'logit' : 'identity', inputs, tree };
}

function noteUnread(frame: Frame, run: FitRun): void {
  const unread = frame.columns.filter(({ kind }) => kind !== 'number' && kind !== 'category');
  if (unread.length === 0) return;
  run.progress.note(
    `trees read numbers and categories; left out: ${unread.map((column) => column.name).join(', ')}`,
  );
}

const usable = (valid: Sample): boolean =>
  valid.frame.rows >= MIN_VALID &&
  (valid.question.kind === 'amount' || (valid.target.includes(0) && valid.target.includes(1)));

function unseenRows(valid: Sample, inputs: readonly TreeInput[], cap: number): UnseenRows {
  return {
    values: readInputs(inputs, valid.frame),
    outcome: valid.target.map((y) => Math.min(cap, y)),
    weight: unitWeights(valid),
    rows: Int32Array.from(valid.target, (_, row) => row),
  };
}

function capOf(target: Float64Array): number {
  const positive = target.filter((y) => y > 0).sort();
  return positive.length > 0 ? positive[Math.ceil(CAP_SHARE * (positive.length - 1))] : 0;
}

/** −log likelihood, a rate never trusted beyond what the training rows allow. */
function logLoss(rows: number) {
  return (outcome: number, rate: number): number => {
    const p = clampToRate(rate, rows);
    return -Math.log(outcome === 1 ? p : 1 - p);
  };
}

/** Tweedie deviance of power 1.5, up to a constant: fair to small spenders and large ones. Amounts below zero count as zero. */
function amountLoss(mean: number) {
  const floor = Math.max(1e-9, 1e-3 * Math.abs(mean));
  return (outcome: number, value: number): number => {
    const root = Math.sqrt(Math.max(floor, value));
    return 2 * (Math.max(0, outcome) / root + root);
  };
}

/** Values moved so that the leaves' weighted mean is the training mean: by a factor, or by a shift where one cannot help. */
function atLevel(
  values: Float64Array,
  shape: { feature: Int32Array; cover: Float64Array },
  mean: number,
): Float64Array {
  let sum = 0;
  let total = 0;
  for (let node = 0; node < values.length; node++) {
    if (shape.feature[node] >= 0) continue;
    sum += shape.cover[node] * values[node];
    total += shape.cover[node];
  }
  const reached = sum / total;
  const factor = mean / reached;
  if (reached > 0 && factor > 0 && Number.isFinite(factor)) return values.map((value) => value * factor);
  return values.map((value) => value + mean - reached);
}

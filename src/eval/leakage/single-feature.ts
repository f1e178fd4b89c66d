// How well one column alone foretells the target: learned on training rows as a table, measured on test rows.
import { type Column, findColumn, takeNumbers, takeRows } from '../../core/frame.ts';
import { random } from '../../core/random.ts';
import { midranks, rankRows } from '../metrics/order.ts';
import { evenWeights } from '../metrics/predictions.ts';
import { type LeakageInput, positiveOf, type Stage } from './finding.ts';

/** The strength of one column. */
export interface FeaturePower {
  readonly feature: string;
  readonly group: string;
  /** AUC of the column alone for a positive outcome, on the test. */
  readonly auc: number;
  /** Its standard error (Hanley and McNeil 1982). */
  readonly standardError: number;
  /** Spearman between the column and the amount on the test, 0 for binary questions and columns that are not numbers. */
  readonly spearman: number;
}

const BINS = 20;
/** Rows of the overall rate mixed into each bin, so that small bins say little. */
const PRIOR_ROWS = 10;

/** A column's strength is plain long before this many rows. */
const MOST_ROWS = 100_000;

/** Strongest first; text and vectors are left out. Stages over 100,000 rows are sampled, always the same way. */
export function featurePowers(whole: LeakageInput): readonly FeaturePower[] {
  const input = { ...whole, train: sampled(whole.train), test: sampled(whole.test) };
  const positives = positiveOf(input.test);
  const hits = positives.reduce((sum, value) => sum + value, 0);
  const misses = positives.length - hits;
  const trainPositives = positiveOf(input.train);
  if (hits === 0 || misses === 0) return [];
  return input.test.frame.columns
    .flatMap((column): FeaturePower[] => {
      const before = findColumn(input.train.frame, column.name);
      const cells = before && cellsOf(before, column);
      if (!cells) return [];
      const auc = tableAuc(cells, trainPositives, positives);
      return [
        {
          feature: column.name,
          group: column.group,
          auc,
          standardError: aucError(auc, hits, misses),
          spearman:
            input.kind === 'amount' && column.kind === 'number' ? rankAgreement(column.values, input) : 0,
        },
      ];
    })
    .sort((a, b) => b.auc - a.auc || (a.feature < b.feature ? -1 : 1));
}

function sampled(stage: Stage): Stage {
  const rows = stage.target.length;
  if (rows <= MOST_ROWS) return stage;
  const stream = random(0).fork('leakage sample');
  const kept = Uint32Array.from({ length: MOST_ROWS }, () => stream.integer(rows)).sort();
  return {
    frame: takeRows(stage.frame, kept),
    entities: Array.from(kept, (i) => stage.entities[i]),
    asOf: takeNumbers(stage.asOf, kept),
    target: takeNumbers(stage.target, kept),
  };
}

export function aucError(auc: number, hits: number, misses: number): number {
  const q1 = auc / (2 - auc);
  const q2 = (2 * auc * auc) / (1 + auc);
  const variance =
    (auc * (1 - auc) + (hits - 1) * (q1 - auc * auc) + (misses - 1) * (q2 - auc * auc)) / (hits * misses);
  return Math.sqrt(Math.max(0, variance));
}

function rankAgreement(values: Float64Array, { test }: LeakageInput): number {
  const known = Array.from(values.keys()).filter((i) => !Number.isNaN(values[i]));
  if (known.length < 20) return 0;
  const weight = evenWeights(known.length);
  const ranks = [
    Float64Array.from(known, (i) => values[i]),
    Float64Array.from(known, (i) => test.target[i]),
  ].map((column) => midranks(rankRows(column), weight, new Float64Array(known.length)));
  const mean = (known.length + 1) / 2;
  const dot = (a: Float64Array, b: Float64Array) =>
    a.reduce((sum, value, i) => sum + (value - mean) * (b[i] - mean), 0);
  const scale = Math.sqrt(dot(ranks[0], ranks[0]) * dot(ranks[1], ranks[1]));
  return scale > 0 ? dot(ranks[0], ranks[1]) / scale : 0;
}

/** Which cell of a column's table each row falls into; −1 and −2 are cells too. */
interface Cells {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** AUC on the test of the share of positives that each cell has among training rows. */
function tableAuc(cells: Cells, trainPositives: Float64Array, positives: Float64Array): number {
  const size =
    cells.test.reduce(
      (most, cell) => Math.max(most, cell),
      cells.train.reduce((a, b) => Math.max(a, b), 0),
    ) + 3;
  const [hits, rows, testHits, testMisses] = Array.from({ length: 4 }, () => new Float64Array(size));
  let total = 0;
  for (let i = 0; i < cells.train.length; i++) {
    rows[cells.train[i] + 2]++;
    hits[cells.train[i] + 2] += trainPositives[i];
    total += trainPositives[i];
  }
  for (let i = 0; i < cells.test.length; i++) {
    if (positives[i] === 1) testHits[cells.test[i] + 2]++;
    else testMisses[cells.test[i] + 2]++;
  }
  const rate = total / Math.max(1, cells.train.length);
  const scored = Array.from(rows, (count, cell) => ({
    testHits: testHits[cell],
    testMisses: testMisses[cell],
    score: (hits[cell] + PRIOR_ROWS * rate) / (count + PRIOR_ROWS),
  }));
  scored.sort((a, b) => b.score - a.score);
  let above = 0;
  let below = 0;
  let area = 0;
  for (let start = 0; start < scored.length; ) {
    let ownHits = 0;
    let ownMisses = 0;
    const { score } = scored[start];
    for (; start < scored.length && scored[start].score === score; start++) {
      ownHits += scored[start].testHits;
      ownMisses += scored[start].testMisses;
    }
    area += ownMisses * (above + ownHits / 2);
    above += ownHits;
    below += ownMisses;
  }
  return area / (above * below);
}

/**
 * Numbers fall into 20 bins of equal count among training rows, with one for missing; categories by level; sequences by
 * their newest event.
 */
function cellsOf(before: Column, column: Column): Cells | undefined {
  if (before.kind === 'number' && column.kind === 'number') return binNumbers(before.values, column.values);
  if (before.kind === 'category' && column.kind === 'category')
    return shareLevels(before.codes, before.levels, column.codes, column.levels);
  if (before.kind === 'sequence' && column.kind === 'sequence') {
    const newest = ({ codes, offsets }: typeof column) =>
      Int32Array.from({ length: offsets.length - 1 }, (_, i) =>
        offsets[i + 1] > offsets[i] ? codes[offsets[i + 1] - 1] : -1,
      );
    return shareLevels(newest(before), before.levels, newest(column), column.levels);
  }
  return undefined;
}

function binNumbers(train: Float64Array, test: Float64Array): Cells {
  const sorted = train.filter((value) => !Number.isNaN(value)).sort();
  const edges = new Float64Array(
    new Set(Array.from({ length: BINS }, (_, b) => sorted[Math.ceil(((b + 1) * sorted.length) / BINS) - 1])),
  );
  const binOf = (value: number) => {
    if (Number.isNaN(value)) return -1;
    let at = 0;
    while (at < edges.length - 1 && value > edges[at]) at++;
    return at;
  };
  return { train: Int32Array.from(train, binOf), test: Int32Array.from(test, binOf) };
}

function shareLevels(
  train: Int32Array,
  trainLevels: readonly string[],
  test: Int32Array,
  testLevels: readonly string[],
): Cells {
  const index = new Map(trainLevels.map((level, code) => [level, code]));
  return {
    train,
    test: test.map((code) => (code < 0 ? -1 : (index.get(testLevels[code]) ?? -2))),
  };
}

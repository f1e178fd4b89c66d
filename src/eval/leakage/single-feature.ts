// How well one column alone foretells the target: learned on training rows as a table, measured on test rows.
import { type Column, findColumn } from '../../core/frame.ts';
import { rocAuc } from '../metrics/binary.ts';
import { equalCountBins, midranks, rankRows } from '../metrics/order.ts';
import { evenWeights } from '../metrics/predictions.ts';
import { type LeakageInput, positiveOf } from './finding.ts';

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

/** Strongest first; text and vectors are left out. */
export function featurePowers(input: LeakageInput): readonly FeaturePower[] {
  const positives = positiveOf(input.test);
  const hits = positives.reduce((sum, value) => sum + value, 0);
  const misses = positives.length - hits;
  if (hits === 0 || misses === 0) return [];
  return input.test.frame.columns
    .flatMap((column): FeaturePower[] => {
      const before = findColumn(input.train.frame, column.name);
      const scores = before && tableScores(before, column, positiveOf(input.train));
      if (!scores) return [];
      const auc = rocAuc({ actual: positives, predicted: scores })(evenWeights(hits + misses));
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

/**
 * Scores test rows by the share of positives in their bin (numbers: 20 bins of equal count, one for missing) or level
 * (categories; for sequences the newest event) among training rows.
 */
function tableScores(before: Column, column: Column, positive: Float64Array): Float64Array | undefined {
  const cells = cellsOf(before, column);
  if (!cells) return undefined;
  const rate = positive.reduce((sum, value) => sum + value, 0) / Math.max(1, positive.length);
  const hits = new Map<number, number>();
  const rows = new Map<number, number>();
  cells.train.forEach((cell, i) => {
    hits.set(cell, (hits.get(cell) ?? 0) + positive[i]);
    rows.set(cell, (rows.get(cell) ?? 0) + 1);
  });
  return Float64Array.from(
    cells.test,
    (cell) => ((hits.get(cell) ?? 0) + PRIOR_ROWS * rate) / ((rows.get(cell) ?? 0) + PRIOR_ROWS),
  );
}

function cellsOf(before: Column, column: Column): { train: Int32Array; test: Int32Array } | undefined {
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

function binNumbers(train: Float64Array, test: Float64Array): { train: Int32Array; test: Int32Array } {
  const known = train.filter((value) => !Number.isNaN(value));
  const bins = equalCountBins(known, BINS);
  const top = new Map<number, number>();
  for (let i = 0; i < known.length; i++)
    top.set(bins[i], Math.max(top.get(bins[i]) ?? Number.NEGATIVE_INFINITY, known[i]));
  const edges = [...top.values()].sort((a, b) => a - b);
  const binOf = (value: number) => {
    if (Number.isNaN(value)) return -1;
    const at = edges.findIndex((edge) => value <= edge);
    return at < 0 ? edges.length - 1 : at;
  };
  return { train: Int32Array.from(train, binOf), test: Int32Array.from(test, binOf) };
}

function shareLevels(
  train: Int32Array,
  trainLevels: readonly string[],
  test: Int32Array,
  testLevels: readonly string[],
): { train: Int32Array; test: Int32Array } {
  const index = new Map(trainLevels.map((level, code) => [level, code]));
  return {
    train,
    test: test.map((code) => (code < 0 ? -1 : (index.get(testLevels[code]) ?? -2))),
  };
}

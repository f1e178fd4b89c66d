// Copies of rows across the split: twins in all features that also share the outcome far more than chance allows.
import type { Column, Frame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { hash32 } from '../../core/random.ts';
import { type LeakageCheck, percent, positiveOf } from './finding.ts';

const LEAST_TWINS = 8;
const LEAST_TWIN_SHARE = 0.02;
/** 0 = twins share the outcome as often as strangers, 1 = always. Strong honest features reach about .5. */
const TELLING_AGREEMENT = 0.8;
/** Columns this fine do not make twins by themselves; where they are coarser the finding only warns. */
const DISTINCTIVE = 0.5;

/**
 * Rows of the test that stand in training with the same features and the same outcome.
 *
 * Many identical one-time buyers are no leak: their outcomes differ. So what counts is how much more often a positive's
 * twins share its outcome than strangers do.
 */
export const copiedRows: LeakageCheck = (input) => {
  const { train, test, kind } = input;
  // One customer at two moments may well stand unchanged; that an example stands twice is a check of its own.
  if (input.splitBy === 'time') return [];
  const trainKeys = rowKeys(train.frame, test.frame, train.frame);
  const seen = new Map<string, number[]>();
  trainKeys.forEach((key, i) => {
    const rows = seen.get(key);
    if (rows) rows.push(i);
    else seen.set(key, [i]);
  });
  const positive = positiveOf(test);
  const same = (a: number, b: number) => (kind === 'binary' ? (a !== 0) === (b !== 0) : a === b);
  const counts = [0, 0];
  let agree = 0;
  rowKeys(test.frame, test.frame, train.frame).forEach((key, i) => {
    const twins = seen.get(key);
    if (!twins) return;
    counts[positive[i]]++;
    if (positive[i] === 1)
      agree += twins.filter((row) => same(train.target[row], test.target[i])).length / twins.length;
  });
  const twinShare =
    counts[1] /
    Math.max(
      1,
      positive.reduce((a, b) => a + b, 0),
    );
  if (counts[1] < LEAST_TWINS || twinShare < LEAST_TWIN_SHARE) return [];
  const chance = chanceOfAgreement(input);
  const ofPositives = chance < 1 ? (agree / counts[1] - chance) / (1 - chance) : 0;
  // Copied negatives are hard to tell from plain rows when nearly everybody is negative; positives decide.
  if (ofPositives < TELLING_AGREEMENT) return [];
  const distinct = distinctShare(trainKeys, positiveOf(train));
  return [
    {
      severity: distinct >= DISTINCTIVE ? 'refuse' : 'warn',
      words: name(
        `${percent(twinShare)} of the test's positive rows stand in training too, with the same features and outcome; take copies out before the split, and balance classes only inside training`,
        `测试中 ${percent(twinShare)} 的正样本在训练集中有特征与结果都相同的副本；请在划分前去重，且只在训练集内部做类别平衡`,
      ),
      evidence: { twins: counts[0] + counts[1], positiveTwins: counts[1], agreement: ofPositives, distinct },
    },
  ];
};

/** Share of rows that differ from each other, in the class that was not copied (or was copied less). */
function distinctShare(keys: readonly string[], positive: Float64Array): number {
  return Math.max(
    ...[0, 1].map((side) => {
      const own = keys.filter((_, i) => positive[i] === side);
      return own.length === 0 ? 0 : new Set(own).size / own.length;
    }),
  );
}

/** How often a random training row has the outcome of a positive test row. */
function chanceOfAgreement({ train, test, kind }: Parameters<LeakageCheck>[0]): number {
  const rows = train.target.length;
  if (kind === 'binary') return positiveOf(train).reduce((a, b) => a + b, 0) / rows;
  const byAmount = new Map<number, number>();
  for (const value of train.target) byAmount.set(value, (byAmount.get(value) ?? 0) + 1);
  const nonZero = test.target.filter((value) => value !== 0);
  return (
    nonZero.reduce((sum, value) => sum + (byAmount.get(value) ?? 0) / rows, 0) / Math.max(1, nonZero.length)
  );
}

/** A text per row of all columns that both frames have, so that equal rows give equal texts. */
function rowKeys(frame: Frame, first: Frame, second: Frame): string[] {
  const shared = frame.columns.filter(
    ({ name: column }) =>
      first.columns.some((other) => other.name === column) &&
      second.columns.some((other) => other.name === column),
  );
  const sorted = shared.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return Array.from({ length: frame.rows }, (_, row) =>
    sorted.map((column) => cellText(column, row)).join('\u0001'),
  );
}

function cellText(column: Column, row: number): string {
  switch (column.kind) {
    case 'number':
      return String(column.values[row]);
    case 'category':
      return column.codes[row] < 0 ? '' : column.levels[column.codes[row]];
    case 'text':
      return String(hash32(column.values[row]));
    case 'vector':
      return String(hash32(column.values.subarray(row * column.width, (row + 1) * column.width).join()));
    case 'sequence':
      return Array.from(
        column.codes.subarray(column.offsets[row], column.offsets[row + 1]),
        (code) => column.levels[code],
      ).join('\u0002');
  }
}

// Columns and orders that remember the target: ids, categories whose every level is pure, files sorted by outcome.
import { findColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { rocAuc } from '../metrics/binary.ts';
import { evenWeights } from '../metrics/predictions.ts';
import { type LeakageCheck, percent, positiveOf, type Suspicion } from './finding.ts';

const LEAST_ROWS = 50;
const ID_SHARE = 0.5;
const PURE = 0.9;
/** A category of few levels that is pure is a proxy; the check of single features speaks of it. */
const MANY_LEVELS = 10;

/**
 * Categories that memorise the target: two training rows of one level nearly always share a positive outcome, though
 * positives are not the rule; or nearly every row has a level of its own.
 */
export const memorisingCategories: LeakageCheck = ({ train }) => {
  const positive = positiveOf(train);
  const rate = positive.reduce((sum, value) => sum + value, 0) / Math.max(1, positive.length);
  return train.frame.columns.flatMap((column): Suspicion[] => {
    if (column.kind !== 'category' || positive.length < LEAST_ROWS) return [];
    const rows = new Map<number, number>();
    const hits = new Map<number, number>();
    for (let i = 0; i < column.codes.length; i++) {
      const code = column.codes[i];
      if (code < 0) continue;
      rows.set(code, (rows.get(code) ?? 0) + 1);
      hits.set(code, (hits.get(code) ?? 0) + positive[i]);
    }
    if (rows.size > ID_SHARE * positive.length)
      return [
        {
          severity: 'warn',
          feature: column.name,
          words: name(
            `"${column.name}" has ${rows.size} levels for ${positive.length} rows: it names rows, and a model can only learn it by heart; leave it out`,
            `“${column.name}”在 ${positive.length} 行中有 ${rows.size} 个取值：它相当于行编号，模型只能死记；请去掉`,
          ),
          evidence: { levels: rows.size, rows: positive.length },
        },
      ];
    let pairs = 0;
    let shared = 0;
    let positives = 0;
    for (const [code, count] of rows) {
      const own = hits.get(code) as number;
      if (count < 2) continue;
      // Each positive row asks one random other row of its level.
      positives += own;
      pairs += own;
      shared += (own * (own - 1)) / (count - 1);
    }
    const purity = shared / Math.max(1, pairs);
    if (rows.size < MANY_LEVELS || positives < 20 || rate > 0.7 || purity < PURE) return [];
    return [
      {
        severity: 'refuse',
        feature: column.name,
        words: name(
          `in ${rows.size} levels of "${column.name}" a positive row meets another positive ${percent(purity)} of the time, by chance ${percent(rate)}: the level was made from the outcome, or encodes it`,
          `“${column.name}”的 ${rows.size} 个取值中，正样本遇到同值正样本的比例为 ${percent(purity)}（随机为 ${percent(rate)}）：该取值由结果产生或编码了结果`,
        ),
        evidence: { levels: rows.size, purity, rate },
      },
    ];
  });
};

/** A file sorted by its outcome gives the answer to whatever reads positions. */
export const orderedByTarget: LeakageCheck = ({ train, test }) => {
  const found: Suspicion[] = [];
  for (const [stage, where] of [
    [train, name('training', '训练')],
    [test, name('test', '测试')],
  ] as const) {
    const actual = positiveOf(stage);
    const rows = actual.length;
    const hits = actual.reduce((sum, value) => sum + value, 0);
    if (hits < 20 || rows - hits < 20) continue;
    const auc = rocAuc({ actual, predicted: Float64Array.from(actual, (_, i) => i) })(evenWeights(rows));
    if (Math.abs(auc - 0.5) < 0.35) continue;
    found.push({
      severity: 'warn',
      words: name(
        `the ${where.en} rows stand sorted by their outcome (the position alone has AUC ${Math.max(auc, 1 - auc).toFixed(2)}); sort by customer and moment`,
        `${where.zh}样本按结果排序（仅凭行号 AUC 即为 ${Math.max(auc, 1 - auc).toFixed(2)}）；请按客户与时点排序`,
      ),
      evidence: { auc },
    });
  }
  return found;
};

/** A test that cannot tell models apart, and columns that vanish between the stages. */
export const brokenTest: LeakageCheck = ({ train, test }) => {
  const found: Suspicion[] = [];
  const first = test.target[0];
  if (test.target.every((value) => value === first))
    found.push({
      severity: 'warn',
      words: name(
        `all ${test.target.length} test outcomes are the same: no model can be told from another on them`,
        `${test.target.length} 个测试结果全部相同：无法区分模型好坏`,
      ),
      evidence: { rows: test.target.length },
    });
  for (const column of test.frame.columns) {
    const before = findColumn(train.frame, column.name);
    if (column.kind !== 'number' || before?.kind !== 'number' || test.frame.rows < 20) continue;
    const there = (values: Float64Array) =>
      values.reduce((n, value) => n + (Number.isNaN(value) ? 0 : 1), 0) / values.length;
    const [trainShare, testShare] = [there(before.values), there(column.values)];
    if (Math.abs(trainShare - testShare) < 0.95) continue;
    found.push({
      severity: 'warn',
      feature: column.name,
      words: name(
        `"${column.name}" is there in ${percent(trainShare)} of training rows and ${percent(testShare)} of test rows: it tells the stages apart, not the customers`,
        `“${column.name}”在训练行中有值 ${percent(trainShare)}，测试行中 ${percent(testShare)}：它区分的是阶段而不是客户`,
      ),
      evidence: { trainShare, testShare },
    });
  }
  return found;
};

// Two tables made by rule: weekly demand for orange juice, and a large one whose truth is known.
import { type Column, makeFrame } from '../../src/core/frame.ts';
import { name } from '../../src/core/name.ts';
import { random } from '../../src/core/random.ts';
import { type SetOptions, sampleOf } from './shop-tables.ts';
import { categories, numbers, QUESTIONS, readRows, type TableSet } from './table-set.ts';

const TEST_WEEKS = 12;
const TESTS = 4;
/** Weeks looked back; the nearest of them lies a whole test before. */
const LAGS = [1, 2, 3, 4, 8];

/** Dominick's orange juice (Chicago): the logarithm of units sold by store, brand and week; the last weeks are the tests. */
export async function orangeJuice(): Promise<TableSet> {
  const rows = await readRows('demand_price/bayesm_orangeJuice_yx.csv.gz');
  const week = Float64Array.from(rows, (row) => Number(row.week));
  const target = Float64Array.from(rows, (row) => Number(row.logmove));
  const series = rows.map((row) => `${row.store} ${row.brand}`);
  const lags = laggedDemand(series, week, target);
  const prices = Array.from({ length: 11 }, (_, k) => numbers(rows, `price${k + 1}`));
  const frame = makeFrame([
    categories(rows, 'store'),
    categories(rows, 'brand'),
    numbers(rows, 'week'),
    ...prices,
    ownPrice(rows),
    numbers(rows, 'deal'),
    numbers(rows, 'feat'),
    ...lags,
  ]);
  const last = week.reduce((most, own) => Math.max(most, own), 0);
  const splits = Array.from({ length: TESTS }, (_, k) => {
    const [from, to] = [last - (k + 1) * TEST_WEEKS, last - k * TEST_WEEKS];
    const where = (wanted: (own: number) => boolean) =>
      Int32Array.from(Array.from(week.keys()).filter((row) => wanted(week[row])));
    return { train: where((own) => own <= from), test: where((own) => own > from && own <= to) };
  });
  return {
    name: 'orange-juice',
    loss: 'rmse',
    sample: sampleOf(frame, target, { entities: series, question: QUESTIONS.amount, asOf: week }),
    peers: frame,
    splits,
    repeats: 1,
    order: week,
    metrics: ['rmse', 'mae'],
    tries: 6,
    innerFolds: 1,
    protocol: `four tests of ${TEST_WEEKS} weeks, each learned from the weeks before it; earlier demand is known up to ${LAGS[0]} week before`,
  };
}

/** The series' own demand some weeks before, and its mean over the eight weeks before: known when a week begins. */
function laggedDemand(series: readonly string[], week: Float64Array, target: Float64Array): Column[] {
  const known = new Map(series.map((key, row) => [`${key} ${week[row]}`, target[row]]));
  const at = (row: number, lag: number) => known.get(`${series[row]} ${week[row] - lag}`) ?? Number.NaN;
  const column = (id: string, values: Float64Array): Column => ({
    kind: 'number',
    name: id,
    label: name(id, id),
    unit: 'none',
    group: 'demand',
    values,
  });
  const mean = Float64Array.from(series, (_, row) => {
    const seen = [1, 2, 3, 4, 5, 6, 7, 8].map((lag) => at(row, lag)).filter((value) => !Number.isNaN(value));
    return seen.length > 0 ? seen.reduce((sum, value) => sum + value, 0) / seen.length : Number.NaN;
  });
  return [
    ...LAGS.map((lag) =>
      column(
        `demand ${lag} weeks ago`,
        Float64Array.from(series, (_, row) => at(row, lag)),
      ),
    ),
    column('mean demand of 8 weeks', mean),
  ];
}

function ownPrice(rows: readonly Readonly<Record<string, string | null>>[]): Column {
  return {
    kind: 'number',
    name: 'own price',
    label: name('Own price', '自身价格'),
    unit: 'none',
    group: 'price',
    values: Float64Array.from(rows, (row) => Number(row[`price${row.brand}`])),
  };
}

const SIMULATED_COLUMNS = 50;

/**
 * A large table of known truth: 50 numbers of several shapes, a third of them noise; the logit adds straight lines, bends,
 * steps and products of two, as a shop's own would. One in five rows is the test.
 */
export function simulatedTable({
  seed,
  rows = 500_000,
}: SetOptions & { rows?: number }): TableSet & { truth: Float64Array } {
  const draw = random(seed).fork('simulated table');
  const columns = Array.from({ length: SIMULATED_COLUMNS }, () => new Float64Array(rows));
  const target = new Float64Array(rows);
  const truth = new Float64Array(rows);
  const slope = columns.map(() => draw.normal(0, 0.25));
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < SIMULATED_COLUMNS; k++) {
      const z = draw.normal();
      // a quarter each: bell-shaped, skewed like money, counts, shares
      const value =
        k % 4 === 0
          ? z
          : k % 4 === 1
            ? Math.exp(z)
            : k % 4 === 2
              ? Math.floor(Math.exp(z + 1))
              : 1 / (1 + Math.exp(-z));
      columns[k][row] = draw.uniform() < (k % 10 === 9 ? 0.2 : 0) ? Number.NaN : Math.fround(value);
    }
    const x = (k: number) => (Number.isNaN(columns[k][row]) ? 0 : columns[k][row]);
    let margin = -2.2;
    for (let k = 0; k < 16; k++)
      margin += slope[k] * (k % 4 === 1 ? Math.log(x(k) + 0.1) : k % 4 === 2 ? Math.log1p(x(k)) : x(k));
    margin += 0.8 * Math.sin(1.5 * x(16)) + 0.6 * Number(x(18) > 3) - 0.7 * Number(x(19) > 0.7);
    margin +=
      0.5 * x(0) * x(20) + 0.6 * Number(x(4) > 0) * Math.log(x(21) + 0.1) - 0.4 * x(8) * Number(x(22) > 2);
    margin += 0.3 * x(24) * x(28) * Number(x(12) > 0.5);
    truth[row] = 1 / (1 + Math.exp(-margin));
    target[row] = Number(draw.uniform() < truth[row]);
  }
  const frame = makeFrame(
    columns.map((values, k) => ({
      kind: 'number' as const,
      name: `x${k}`,
      label: name(`x${k}`, `x${k}`),
      unit: 'none' as const,
      group: `x${k}`,
      values,
    })),
  );
  const all = Array.from({ length: rows }, (_, row) => row);
  const entities = all.map((row) => `r${row}`);
  return {
    name: 'simulated',
    loss: 'binary',
    sample: sampleOf(frame, target, { entities, question: QUESTIONS.binary }),
    peers: frame,
    splits: [
      {
        train: Int32Array.from(all.filter((row) => row % 5 !== 0)),
        test: Int32Array.from(all.filter((row) => row % 5 === 0)),
      },
    ],
    repeats: 1,
    metrics: ['roc_auc', 'average_precision', 'brier', 'log_loss', 'ece'],
    tries: 3,
    innerFolds: 1,
    others: { tries: 1, innerFolds: 1 },
    protocol: 'made by rule, 400,000 rows to learn from and 100,000 to test',
    truth,
  };
}

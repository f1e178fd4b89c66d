// Made-up shops and tables for the leakage tests: honest features and outcomes of known customers, and tools to spoil them.
import { type Column, type Frame, makeFrame, takeNumbers, takeRows } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { type Random, random } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import type { LeakageInput, Stage } from './finding.ts';

const HORIZON_MS = 90 * DAY_MS;
const T0 = Date.UTC(2011, 2, 13);

export const number = (
  column: string,
  values: Float64Array,
  group = column,
  unit: 'days' | 'count' | 'money' = 'count',
) => ({ kind: 'number', name: column, label: name(column, column), unit, group, values }) as const;
export const category = (column: string, texts: readonly string[]): Column => {
  const levels = [...new Set(texts)].sort();
  const codes = Int32Array.from(texts, (text) => levels.indexOf(text));
  return {
    kind: 'category',
    name: column,
    label: name(column, column),
    unit: 'none',
    group: column,
    codes,
    levels,
  };
};
export const sequence = (column: string, rows: readonly (readonly string[])[]): Column => {
  const levels = [...new Set(rows.flat())].sort();
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i] + row.length;
  });
  const codes = Int32Array.from(rows.flat(), (text) => levels.indexOf(text));
  return {
    kind: 'sequence',
    name: column,
    label: name(column, column),
    unit: 'none',
    group: column,
    codes,
    offsets,
    levels,
  };
};
export const withColumns = (stage: Stage, ...columns: Column[]): Stage => ({
  ...stage,
  frame: makeFrame([...stage.frame.columns, ...columns], { rows: stage.frame.rows }),
});
export const take = (stage: Stage, indices: readonly number[]): Stage => ({
  frame: takeRows(stage.frame, indices),
  entities: indices.map((i) => stage.entities[i]),
  asOf: takeNumbers(stage.asOf, indices),
  target: takeNumbers(stage.target, indices),
});
export const rowsOf = (stage: Stage): number[] => Array.from(stage.target.keys());

interface ShopSettings {
  readonly customers?: number;
  /** Mean rate of buying a day; small makes buyers rare. */
  readonly rate?: number;
  /** Multiplies buying in the test's label window. */
  readonly season?: number;
  readonly kind?: 'binary' | 'amount';
}

/** A BG/NBD-like shop at two moments: honest recency, frequency and money, targets from the same customers' future. */
export function shop(seed: number, settings: ShopSettings = {}): LeakageInput {
  const { customers = 1200, rate = 0.012, season = 1, kind = 'binary' } = settings;
  const stream = random(seed);
  const people = Array.from({ length: customers }, (_, i) => ({
    id: `user ${i}`,
    rate: stream.gamma(0.6, 0.6 / rate),
    leaves: stream.exponential(1 / 300),
    basket: 2000 * Math.exp(stream.normal(0, 0.7)),
    country: `country ${Math.floor(40 * stream.uniform() ** 3)}`,
  }));
  const at = (asOf: number, ageDays: number, boost: number): Stage => {
    const rows = people.map((person) => {
      const alive = Math.min(person.leaves, ageDays);
      const extra = stream.fork(`${person.id} ${asOf}`).poisson(person.rate * alive);
      const lastDay = extra === 0 ? 0 : alive * stream.uniform() ** (1 / extra);
      const remaining = Math.max(0, Math.min(90, person.leaves - ageDays));
      const next = stream.poisson(person.rate * boost * remaining);
      const noise = Math.exp(stream.normal(0, 0.4));
      return {
        frequency: extra + 1,
        recencyDays: ageDays - lastDay,
        spent: Math.round((extra + 1) * person.basket * noise),
        mean: extra > 1 ? person.basket * noise : Number.NaN,
        target: kind === 'binary' ? Math.min(1, next) : Math.round(next * person.basket),
        country: person.country,
      };
    });
    const column = (key: 'frequency' | 'recencyDays' | 'spent' | 'mean' | 'target') =>
      Float64Array.from(rows, (row) => row[key]);
    return {
      frame: makeFrame([
        number('frequency', column('frequency')),
        number('days_since_purchase', column('recencyDays'), 'recency', 'days'),
        number('spent', column('spent'), 'money', 'money'),
        number('mean_basket', column('mean'), 'money', 'money'),
        category(
          'country',
          rows.map(({ country }) => country),
        ),
      ]),
      entities: people.map(({ id }) => id),
      asOf: new Float64Array(customers).fill(asOf),
      target: column('target'),
    };
  };
  return {
    kind,
    splitBy: 'time',
    horizonMs: HORIZON_MS,
    train: at(T0, 200, 1),
    test: at(T0 + HORIZON_MS, 290, season),
  };
}

export const modelOf = (input: LeakageInput): Float64Array => {
  const [frequency, recency] = input.test.frame.columns.map((c) =>
    c.kind === 'number' ? c.values : new Float64Array(),
  );
  return frequency.map((f, i) => 1 / (1 + Math.exp(1 - 0.6 * Math.log(f) + recency[i] / 90)));
};

/** A table without time, its rows parted at random. */
export function table(
  seed: number,
  rows = 1500,
): { all: Stage; split: (stage: Stage) => LeakageInput; stream: Random } {
  const stream = random(seed);
  const frequency = Float64Array.from({ length: rows }, () => stream.poisson(2));
  const spent = Float64Array.from({ length: rows }, () => Math.round(stream.gamma(1, 0.0001)));
  const target = frequency.map((f) => (stream.uniform() < 0.04 + 0.03 * f ? 1 : 0));
  const all = {
    frame: makeFrame([number('frequency', frequency), number('spent', spent)]),
    entities: Array.from(target, (_, i) => `row ${i}`),
    asOf: new Float64Array(rows),
    target,
  };
  const split = (stage: Stage): LeakageInput => {
    const order = stream.shuffle(rowsOf(stage));
    const cut = Math.floor(order.length * 0.7);
    return {
      kind: 'binary',
      splitBy: 'row',
      train: take(stage, order.slice(0, cut)),
      test: take(stage, order.slice(cut)),
    };
  };
  return { all, split, stream };
}

/** A column computed from the targets of both stages. */
export const fromTarget = (input: LeakageInput, make: (stage: Stage) => Column): LeakageInput => ({
  ...input,
  train: withColumns(input.train, make(input.train)),
  test: withColumns(input.test, make(input.test)),
});

export const replaceNumber = (
  frame: Frame,
  column: string,
  change: (value: number, row: number) => number,
): Frame =>
  makeFrame(
    frame.columns.map((c) =>
      c.kind === 'number' && c.name === column ? { ...c, values: c.values.map(change) } : c,
    ),
  );

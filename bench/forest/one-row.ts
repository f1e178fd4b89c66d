// How long one prediction takes: a forest of 500 trees, a row at a time.

import { makeFrame, takeRows } from '../../src/core/frame.ts';
import { name } from '../../src/core/name.ts';
import { silent } from '../../src/core/progress.ts';
import { random } from '../../src/core/random.ts';
import { prepareForest } from '../../src/models/forest/score.ts';
import { gbdtWith, savedGbdt } from '../../src/models/gbdt/gbdt.ts';

const COLUMNS = 50;
const ROWS = 20_000;

export interface OneRow {
  /** Microseconds a row. */
  readonly median: number;
  readonly p99: number;
  /** The same by `Model.predict` on a frame of one row. */
  readonly predictMedian: number;
}

export async function oneRow(seed: number): Promise<OneRow> {
  const draw = random(seed);
  const frame = makeFrame(
    Array.from({ length: COLUMNS }, (_, k) => ({
      kind: 'number' as const,
      name: `x${k}`,
      label: name(`x${k}`, `x${k}`),
      unit: 'none' as const,
      group: `x${k}`,
      values: Float64Array.from({ length: ROWS }, () => draw.normal()),
    })),
  );
  const columns = frame.columns.map((column) =>
    column.kind === 'number' ? column.values : new Float64Array(),
  );
  const target = Float64Array.from({ length: ROWS }, (_, row) =>
    Number(
      columns[0][row] * columns[1][row] + Math.sin(columns[2][row]) + columns[3][row] + draw.normal() > 0,
    ),
  );
  const model = await gbdtWith({ trees: 500, leaves: 63, patience: 0 }).fit(
    {
      question: { kind: 'binary', outcome: 'other', horizonDays: 1, discountPerYear: 0 },
      frame,
      target,
      entities: Array.from({ length: ROWS }, (_, row) => String(row)),
      asOf: new Float64Array(ROWS),
    },
    undefined,
    { seed, threads: 2, progress: silent },
  );
  const { forest } = savedGbdt(model.save());
  const scorer = prepareForest(forest);
  const inputs = forest.inputs.map((input) => columns[Number(input.name.slice(1))]);
  const values = new Float64Array(inputs.length);
  const margins = new Float64Array(1);
  const scored = timesOf(5_000, (row) => {
    for (let k = 0; k < inputs.length; k++) values[k] = inputs[k][row];
    scorer.scoreRow(values, margins);
  });
  const single = Array.from({ length: 300 }, (_, row) => takeRows(frame, [row]));
  const predicted = new Float64Array(single.length);
  for (const [i, one] of single.entries()) {
    const begun = performance.now();
    await model.predict(one);
    predicted[i] = (performance.now() - begun) * 1000;
  }
  return {
    median: quantileOf(scored, 0.5),
    p99: quantileOf(scored, 0.99),
    predictMedian: quantileOf(predicted, 0.5),
  };
}

function timesOf(rounds: number, work: (row: number) => void): Float64Array {
  for (let row = 0; row < 2_000; row++) work(row);
  return Float64Array.from({ length: rounds }, (_, row) => {
    const begun = performance.now();
    work(row);
    return (performance.now() - begun) * 1000;
  });
}

const quantileOf = (values: Float64Array, share: number): number =>
  values.slice().sort()[Math.floor(share * (values.length - 1))];

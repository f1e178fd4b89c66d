// The tests of several training runs as one table: what each run could learn from, and whom it was asked about.
import { type Column, makeFrame, selectColumns } from '../../src/core/frame.ts';
import type { Sample } from '../../src/models/estimator.ts';
import type { Samples } from '../../src/train/samples.ts';
import type { Split } from './folds.ts';
import { sampleOf } from './shop-tables.ts';
import type { TableSet } from './table-set.ts';

/**
 * Rows of every run one after another; split k tests run k on all it knew, calibration period included, with the columns
 * all runs have in common.
 */
export function tableOfRuns(
  runs: readonly Samples[],
  about: Pick<TableSet, 'name' | 'loss' | 'metrics'>,
): TableSet {
  const parts: Sample[] = [];
  const splits: Split[] = [];
  let rows = 0;
  const add = (sample: Sample): Int32Array => {
    const from = rows;
    parts.push(sample);
    rows += sample.frame.rows;
    return Int32Array.from({ length: sample.frame.rows }, (_, row) => from + row);
  };
  for (const { train, calibrate, test } of runs) {
    const learned = [add(train), ...(calibrate ? [add(calibrate)] : [])];
    splits.push({ train: Int32Array.from(learned.flatMap((part) => Array.from(part))), test: add(test) });
  }
  const shared = parts[0].frame.columns
    .filter(({ kind }) => kind === 'number' || kind === 'category')
    .map((column) => column.name)
    .filter((column) => parts.every(({ frame }) => frame.columns.some((own) => own.name === column)));
  const frames = parts.map(({ frame }) => selectColumns(frame, shared));
  const frame = makeFrame(shared.map((_, at) => joinColumns(frames.map(({ columns }) => columns[at]))));
  const asOf = Float64Array.from(parts.flatMap((part) => Array.from(part.asOf)));
  const target = Float64Array.from(parts.flatMap((part) => Array.from(part.target)));
  const entities = parts.flatMap((part) => Array.from(part.entities));
  return {
    ...about,
    sample: sampleOf(frame, target, { entities, question: parts[0].question, asOf }),
    peers: frame,
    splits,
    repeats: 1,
    order: asOf,
    tries: 8,
    innerFolds: 1,
    protocol: 'the samples of the training runs themselves',
  };
}

/** Categories keep one list of levels for all parts. */
function joinColumns(columns: readonly Column[]): Column {
  const [first] = columns;
  if (first.kind === 'number') {
    const values = columns.flatMap((column) => (column.kind === 'number' ? Array.from(column.values) : []));
    return { ...first, values: Float64Array.from(values) };
  }
  if (first.kind !== 'category')
    throw new Error(`expected numbers and categories, got a ${first.kind} column`);
  const levels: string[] = [];
  const known = new Map<string, number>();
  const codes = columns.flatMap((column) => {
    if (column.kind !== 'category')
      throw new Error(`"${first.name}" is a category in one run and not in another`);
    const own = column.levels.map((level) => {
      const code = known.get(level) ?? levels.push(level) - 1;
      known.set(level, code);
      return code;
    });
    return Array.from(column.codes, (code) => (code < 0 ? -1 : own[code]));
  });
  return { ...first, levels, codes: Int32Array.from(codes) };
}

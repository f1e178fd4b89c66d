// A table's rows as examples to learn from: whose each row is, when it stands, and which rows are the same row again.
import { AppError } from '../../core/errors.ts';
import type { Frame } from '../../core/frame.ts';
import type { Question, Sample } from '../../models/estimator.ts';
import { type Copies, identifyRows } from './row-identity.ts';

export interface TableRows {
  readonly frame: Frame;
  /** 0 or 1, an amount, or the number of a class, [rows] */
  readonly target: Float64Array;
  readonly kind: Question['kind'];
  /** For classes. */
  readonly classes?: number;
  /** Rows of one group never stand on both sides of a split, [rows] */
  readonly group?: readonly string[];
  /** UTC ms, or any number that rises with time, [rows] */
  readonly time?: Float64Array;
  /** [rows] */
  readonly weight?: Float64Array;
}

export interface TableSample {
  readonly sample: Sample;
  readonly copies: Copies;
  /** What rows that must stay together have in common. */
  readonly together: 'group' | 'copies' | 'nothing';
}

/**
 * Without a group, rows with the same features are one entity, so that no copy stands on both sides of a split; unless
 * the table is so coarse that twins are chance.
 *
 * @throws AppError BAD_DATA for a row without a time
 */
export function tableSample(rows: TableRows): TableSample {
  const { frame, target, kind, classes, group, time, weight } = rows;
  const { keys, copies } = identifyRows(frame);
  if (time) {
    const missing = time.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
    if (missing > 0)
      throw new AppError(
        'BAD_DATA',
        `expected a time in every row, ${missing} of ${frame.rows} have none; take them out`,
      );
  }
  const together = group ? 'group' : copies.areCopies && copies.repeated > 0 ? 'copies' : 'nothing';
  const question: Question = {
    kind,
    outcome: 'other',
    horizonDays: 0,
    discountPerYear: 0,
    ...(kind === 'classes' ? { classes } : {}),
  };
  return {
    sample: {
      question,
      frame,
      entities: group ?? (copies.areCopies ? keys : numbered(keys)),
      asOf: time ?? new Float64Array(frame.rows),
      target,
      ...(weight ? { weight } : {}),
    },
    copies,
    together,
  };
}

/** Equal keys told apart by the order in which they stand. */
function numbered(keys: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return keys.map((key) => {
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    return times === 1 ? key : `${key}.${times}`;
  });
}

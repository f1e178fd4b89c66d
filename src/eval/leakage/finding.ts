// What a leakage check reads and what it says.
import type { Frame } from '../../core/frame.ts';
import type { Name } from '../../core/name.ts';

/** Examples of one stage: row i of everything belongs to (entities[i], asOf[i]). */
export interface Stage {
  readonly frame: Frame;
  readonly entities: readonly string[];
  /** UTC ms, [rows]; all equal where the table has no time. */
  readonly asOf: Float64Array;
  /** [rows] */
  readonly target: Float64Array;
}

/** Statistics a preparation step learned about one column: a scaler, a vocabulary, an encoder. */
export interface FittedStatistic {
  readonly feature: string;
  readonly mean?: number;
  readonly stdDev?: number;
  /** Categories it knows. */
  readonly levels?: readonly string[];
}

/** One training run as the checks see it; what is not handed in is not checked. */
export interface LeakageInput {
  readonly kind: 'binary' | 'amount';
  /**
   * How the stages were parted: by time, by customer (nobody on both sides), or by row (a table without either).
   */
  readonly splitBy: 'time' | 'customer' | 'row';
  readonly train: Stage;
  /** Absent when calibration is cross-fitted. */
  readonly calibrate?: Stage;
  readonly test: Stage;
  /** Length of the label window; needed with `splitBy: 'time'`. */
  readonly horizonMs?: number;
  /** The chosen model's predictions of the test stage, [rows]. */
  readonly predicted?: Float64Array;
  /** The test stage's features computed again from a log that ends at each row's `asOf`. */
  readonly truncated?: Frame;
  /** The test stage's features computed again with events of equal timestamp in another order. */
  readonly tiesShuffled?: Frame;
  /** Newest event each feature of the test stage read, UTC ms, [rows]; NaN where it read none. */
  readonly newestEventMs?: Readonly<Record<string, Float64Array>>;
  readonly fitted?: readonly FittedStatistic[];
}

/** `refuse` stops the run; `warn` stands in the report. */
export type Severity = 'refuse' | 'warn';

export interface Finding {
  /** Id of the check, a key of `LEAKAGE_CHECKS`. */
  readonly check: string;
  readonly severity: Severity;
  /** Column it is about. */
  readonly feature?: string;
  /** What was seen and what to do; never a customer's data. */
  readonly words: Name;
  /** The numbers behind it. */
  readonly evidence: Readonly<Record<string, number>>;
}

/** A finding before the table has put its check's id on it. */
export type Suspicion = Omit<Finding, 'check'>;
export type LeakageCheck = (input: LeakageInput) => readonly Suspicion[];

/** 1 where there is something to predict: the outcome is 1, or the amount is not zero, [rows]. */
export const positiveOf = (stage: Stage): Float64Array => stage.target.map((value) => (value !== 0 ? 1 : 0));

export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

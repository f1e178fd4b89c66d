// What an explanation is: parts that add up on the model's margin, each part one column or several.
import type { Frame } from '../core/frame.ts';
import type { Attribution, Link } from '../models/estimator.ts';
import type { EventAttribution } from '../models/event-attribution.ts';

/**
 * Whatever makes the predictions people see: a model, a calibrated one, an ensemble. Explanations hold on its margin.
 * Every `Model` is one.
 */
export interface Predictor {
  readonly link: Link;
  readonly inputs: readonly string[];
  /** The prediction on the link's scale, [rows]. */
  margin(frame: Frame): Promise<Float64Array>;
  /** Exact contributions that sum to `margin`, where there are any. */
  attribute?(frame: Frame): Promise<Attribution>;
  /** What each of a row's newest events is worth to `margin`, where events are read in order. */
  attributeEvents?(frame: Frame, signal?: AbortSignal): Promise<EventAttribution>;
  /** Where it cuts each number column, rising: values between two cuts are alike to it. */
  cuts?(): ReadonlyMap<string, Float64Array>;
}

/** One thing a contribution belongs to. */
export interface Part {
  /** Column name, or group name; several merged groups are joined by `+`. */
  readonly id: string;
  readonly columns: readonly string[];
}

/** Rows that stand for everybody: what is typical, and what an unknown value is replaced by. */
export interface Background {
  readonly frame: Frame;
  /** Seed it was drawn with, out of `drawnFrom` rows. */
  readonly seed: number;
  readonly drawnFrom: number;
}

/** `base + Σ values[row, part] = margins[row]`, within 1e-6. */
export interface Explanation {
  /** `features`: the model's own exact contributions. `groups`: exact Shapley values of groups against the background. */
  readonly method: 'features' | 'groups';
  readonly link: Link;
  readonly parts: readonly Part[];
  /** The margin where nothing is known of a row. */
  readonly base: number;
  /** [rows] */
  readonly margins: Float64Array;
  /** [rows, parts] */
  readonly values: Float64Array;
  /** For groups of several columns: the column that carries the group's effect in the row, [rows][parts]. */
  readonly leading?: readonly (readonly (string | undefined)[])[];
  /** What it was measured against; `rows` is the background's size. */
  readonly background: { readonly rows: number; readonly seed: number; readonly drawnFrom: number };
}

/** The contributions of one row, [parts]; a view. */
export const rowValues = ({ values, parts }: Explanation, row: number): Float64Array =>
  values.subarray(row * parts.length, (row + 1) * parts.length);

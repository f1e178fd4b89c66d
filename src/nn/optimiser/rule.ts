// What an optimiser is: a rule that moves one parameter, given its gradient and what the rule remembers about it.
import type { Kernels } from '../../tensor/kernels/kernels.ts';

/** One step as a rule sees it. */
export interface Pass {
  /** Learning rate, the parameter's own multiplier included. */
  readonly rate: number;
  readonly weightDecay: number;
  /** What the summed gradient is multiplied by: clipping, and the mean over micro-batches. */
  readonly gradientScale: number;
  /** How far the averaged weights move towards the weights. */
  readonly averageRate: number;
}

/** A parameter moved as a whole. All arrays are equally long and lie in the kernels' arena. */
export interface DenseTarget {
  readonly value: Float32Array;
  readonly gradient: Float32Array;
  readonly state: Readonly<Record<string, Float32Array>>;
  /** Averaged weights, where they are kept. */
  readonly average?: Float32Array;
  /** Steps this parameter has taken, this one included. */
  readonly step: number;
}

/** The rows of a table that a step moves. */
export interface RowTarget {
  /** [rows, width], like each array of `state`. */
  readonly value: Float32Array;
  readonly state: Readonly<Record<string, Float32Array>>;
  readonly width: number;
  /** [touched], each at most once. */
  readonly rows: Int32Array;
  /** [touched, width] */
  readonly gradient: Float32Array;
  /** [rows]: steps each row has taken, this one included. */
  readonly steps: Int32Array;
  /** [touched], room for the rule's own numbers. */
  readonly stepSizes: Float32Array;
  /** [touched], room for the rule's own numbers. */
  readonly corrections: Float32Array;
}

export interface DenseRule {
  readonly kind: string;
  readonly layout: 'dense';
  /** Arrays as large as the parameter that the rule keeps; they start at 0. */
  readonly state: readonly string[];
  move(kernels: Kernels, target: DenseTarget, pass: Pass): void;
}

/** A rule for large tables of which a batch touches few rows: its cost is that of the rows touched. */
export interface RowRule {
  readonly kind: string;
  readonly layout: 'rows';
  readonly state: readonly string[];
  move(kernels: Kernels, target: RowTarget, pass: Pass): void;
}

export type UpdateRule = DenseRule | RowRule;

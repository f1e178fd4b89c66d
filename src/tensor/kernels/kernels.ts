// The loops an optimiser is made of, over arrays of one arena: what each computes.

/** Scalars of one AdamW step; each is rounded to single precision before use. */
export interface AdamwScalars {
  /** The gradient is multiplied by this first: clipping and averaging cost no pass of their own. */
  readonly gradientScale: number;
  readonly beta1: number;
  /** 1 − beta1, taken before rounding: from a rounded .999 it would be wrong in the fifth digit. */
  readonly rest1: number;
  readonly beta2: number;
  readonly rest2: number;
  readonly epsilon: number;
  /** Learning rate / (1 − beta1^step). */
  readonly stepSize: number;
  /** 1 / √(1 − beta2^step). */
  readonly correction: number;
  /** 1 − learning rate · weight decay. */
  readonly keep: number;
}

/** Buffers of one dense parameter, equally long. */
export interface AdamwBuffers {
  readonly value: Float32Array;
  readonly gradient: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** A table, and the rows of it that a step moves. */
export interface RowAdamBuffers {
  /** [rows, width], like `m` and `v`. */
  readonly value: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly width: number;
  /** [touched], each row at most once. */
  readonly rows: Int32Array;
  /** [touched, width] */
  readonly gradient: Float32Array;
  /** [touched]: each row counts its own steps. */
  readonly stepSizes: Float32Array;
  /** [touched] */
  readonly corrections: Float32Array;
}

export interface SgdScalars {
  readonly gradientScale: number;
  readonly decay: number;
  readonly momentum: number;
  readonly rate: number;
  readonly nesterov: boolean;
}

export interface AdagradScalars {
  readonly gradientScale: number;
  readonly decay: number;
  readonly epsilon: number;
  readonly rate: number;
}

/**
 * Every array lies in the arena the kernels were made for. Both implementations give the same bits for the same input
 * (NaN stays NaN; which of its bit patterns is not promised), so a run begun on one can end on the other.
 * Single precision, rounded after every operation.
 */
export interface Kernels {
  readonly kind: 'simd' | 'plain';
  /** m = β₁m + (1−β₁)g, v = β₂v + (1−β₂)g², value = keep·value − stepSize·m / (√v·correction + ε). */
  adamw(buffers: AdamwBuffers, scalars: AdamwScalars): void;
  /** `adamw`, then average += averageRate · (value − average), in the same pass. */
  adamwAveraged(
    buffers: AdamwBuffers & { readonly average: Float32Array },
    scalars: AdamwScalars & { readonly averageRate: number },
  ): void;
  /** `adamw` on the touched rows alone. */
  rowAdam(buffers: RowAdamBuffers, scalars: Omit<AdamwScalars, 'stepSize' | 'correction'>): void;
  /** velocity = momentum·velocity + g + decay·value; value −= rate · velocity (or looking ahead, Nesterov). */
  sgd(
    buffers: {
      readonly value: Float32Array;
      readonly gradient: Float32Array;
      readonly velocity: Float32Array;
    },
    scalars: SgdScalars,
  ): void;
  /** squares += g²; value −= rate · g / (√squares + ε), with g the gradient plus decay·value. */
  adagrad(
    buffers: {
      readonly value: Float32Array;
      readonly gradient: Float32Array;
      readonly squares: Float32Array;
    },
    scalars: AdagradScalars,
  ): void;
  /** into += from */
  accumulate(into: Float32Array, from: Float32Array): void;
  scale(values: Float32Array, factor: number): void;
  fill(values: Float32Array, value: number): void;
  /** average += rate · (value − average) */
  follow(average: Float32Array, value: Float32Array, rate: number): void;
  /** table[indices[i]] += rows[i] in order, so that an index that comes twice is added twice; indices are not checked. */
  addRows(table: Float32Array, indices: Int32Array, rows: Float32Array, width: number): void;
  /** Σ x² in double precision, element i in partial sum i mod 8. */
  sumOfSquares(values: Float32Array): number;
  /** Index of the first NaN or infinity, −1 when there is none. */
  firstNonFinite(values: Float32Array): number;
}

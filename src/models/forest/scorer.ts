// What scores a forest, whatever runs beneath.
import type { Frame } from '../../core/frame.ts';

export interface ScoreOptions {
  /** 1 by default; any number gives the same bits. Small work stays on this thread. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** A forest ready to score: hold it as long as it is asked. */
export interface ForestScorer {
  readonly kind: 'simd' | 'plain';
  /**
   * The margins of a frame's rows, [rows, outputs].
   *
   * @throws AppError SHAPE when the frame lacks a column, or has it as another kind; INTERRUPTED
   */
  score(frame: Frame, options?: ScoreOptions): Promise<Float64Array>;
  /**
   * The margins of one row, without allocating.
   *
   * @param values [inputs]: numbers with NaN where missing, categories as bins or UNKNOWN
   * @param into [outputs]
   */
  scoreRow(values: ArrayLike<number>, into: Float64Array): void;
}

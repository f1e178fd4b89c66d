// What grows one tree at a time on binned columns: the border between boosting (what to learn) and growing (how).
import type { Frame } from '../../../core/frame.ts';
import type { ForestInput } from '../../forest/forest.ts';
import type { Tree } from '../../tree/structure.ts';
import type { GbdtSettings } from '../settings.ts';

/** A number's cut points or a category's levels, learned on training rows; number bins as in `tree/inputs.ts`. */
export type BinnedInput =
  | (Extract<ForestInput, { kind: 'number' }> & { readonly edges: Float64Array })
  | Extract<ForestInput, { kind: 'category' }>;

/** What one tree learns: the slope and bend of the loss at the present margins, weights included. */
export interface GrowStep {
  /** [rows] */
  readonly gradient: Float32Array;
  /** [rows], ≥ 0; zero for a row that is not drawn. */
  readonly curvature: Float32Array;
  /** Rows that may be learned from, rising; all when absent. The others are still led to their leaf. */
  readonly rows?: Int32Array;
  /** 1 = may be cut, [inputs]; all when absent. */
  readonly columns?: Uint8Array;
  /** For columns drawn at each node. */
  readonly seed: number;
}

/** Values are −Σgradient / (Σcurvature + ridge), not yet times the learning rate. */
export interface GrownTree extends Tree {
  /** As of a forest, [nodes]. */
  readonly gain: Float64Array;
  /**
   * With monotone columns only: between which values a leaf has to stay, [nodes] each. Whoever gives leaves other values
   * than these keeps them in that range.
   */
  readonly lowest?: Float64Array;
  readonly highest?: Float64Array;
  /** The leaf (its node) each training row ends in, drawn or not: [rows]; overwritten by the next tree. */
  readonly leafOfRow: Int32Array;
}

export interface Grower {
  readonly inputs: readonly BinnedInput[];
  readonly rows: number;
  /** Resident bytes of bins and histograms. */
  readonly bytes: number;
  /**
   * Where gradients may be written for the next step, [rows]: handed to `grow` as they are they need no copy. For the
   * logistic loss `createSigmoid` (../kernels/sigmoid.ts) takes a third of the time of `Math.exp`.
   */
  readonly gradient: Float32Array;
  readonly curvature: Float32Array;
  /** Same data, step and settings give the same tree at any number of threads. @throws AppError INTERRUPTED */
  grow(step: GrowStep): Promise<GrownTree>;
  /** Ends the threads. */
  close(): Promise<void>;
}

export interface GrowerOptions {
  readonly settings: GbdtSettings;
  /** Bins learned before (warm start); learned from the frame when absent. */
  readonly inputs?: readonly BinnedInput[];
  /** Weights, for `cover` and quantiles of the bins; ones when absent, [rows]. */
  readonly weight?: Float64Array;
  readonly threads: number;
  /** false: plain TypeScript kernels. */
  readonly simd?: boolean;
  readonly signal?: AbortSignal;
}

export type CreateGrower = (frame: Frame, options: GrowerOptions) => Promise<Grower>;

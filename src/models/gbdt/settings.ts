// What a boosted forest may be told, each default with its reason.

/** Which rows a tree learns from. */
export type RowSampling =
  /** Each row with this chance, drawn anew every `every` trees. */
  | { readonly kind: 'uniform'; readonly share: number; readonly every: number }
  /** Rows of the largest gradients, and some of the others weighed up for those left out (Ke et al. 2017, GOSS). */
  | { readonly kind: 'gradient'; readonly top: number; readonly other: number };

export const LOSS_NAMES = [
  'logistic',
  'softmax',
  'squared',
  'absolute',
  'huber',
  'quantile',
  'poisson',
  'tweedie',
] as const;

export type LossName = (typeof LOSS_NAMES)[number];

export interface GbdtSettings {
  /** Chosen by the question and its targets when absent: see `chooseLoss`. */
  readonly loss?: LossName;
  /** The quantile of `quantile`; the share of errors `huber` treats as squares. */
  readonly quantile: number;
  /** Of `tweedie`: between 1 (Poisson) and 2 (Gamma). */
  readonly power: number;
  readonly trees: number;
  /** Forests of so many trees each, grown from other draws and averaged: steadier where rows are few. */
  readonly forests: number;
  readonly learningRate: number;
  readonly leaves: number;
  /** 0: no limit. */
  readonly depth: number;
  readonly minRows: number;
  /** Σ curvature each side keeps at least. */
  readonly minCurvature: number;
  /** Added to Σ curvature under the gradient's square. */
  readonly ridge: number;
  /** Taken off |Σ gradient|. */
  readonly lasso: number;
  readonly minGain: number;
  /** At most 255, the bin for missing included. */
  readonly bins: number;
  readonly rowSampling?: RowSampling;
  /** Share of the columns a tree may use, drawn anew each tree. */
  readonly columnShare: number;
  /** The same, drawn anew each node. */
  readonly nodeColumnShare: number;
  /** Extra ridge where a set of categories is cut out; keeps rare levels from deciding. */
  readonly categoryRidge: number;
  /** Levels rarer than this share one bin. */
  readonly minLevelRows: number;
  /** +1: the answer never falls as the column rises; −1: never rises. By column. */
  readonly monotone: Readonly<Record<string, 1 | -1>>;
  /** Columns that may meet on one path, list by list; a column in no list meets nobody. Absent: all may meet. */
  readonly interactions?: readonly (readonly string[])[];
  /** Weight of the outcome 1, or of each class; 1 when absent. */
  readonly classWeights?: readonly number[];
  /** Trees without a gain on validation examples before the fit ends; 0: never early, all `trees` are grown. */
  readonly patience: number;
  /** Amounts only: two more forests for the quantiles .05 and .95. Revenue has them unless told otherwise. */
  readonly band: boolean;
}

/** Below the first a sample is small, from the second on it is large. */
const SMALL_ROWS = 500;
const LARGE_ROWS = 50_000;

/**
 * Defaults for a sample of so many rows. Few rows get small, slow, strongly shrunken trees that see a part of the columns
 * each; many rows get what they can bear.
 */
export function defaultSettings(rows: number): GbdtSettings {
  // 0 in small samples, 1 in large ones, even in the logarithm.
  const size = Math.min(1, Math.max(0, Math.log(rows / SMALL_ROWS) / Math.log(LARGE_ROWS / SMALL_ROWS)));
  return {
    // Robust and nearly quadratic: nine errors in ten count as squares.
    quantile: 0.9,
    // Half way between counts and gamma amounts, where retail spend usually lies.
    power: 1.5,
    // More than early stopping ever needs at this learning rate.
    trees: 1000,
    forests: 1,
    // Half of .1 costs twice the trees and is seldom beaten by less.
    learningRate: 0.05,
    // 4 are all that some hundreds of rows bear: more lost on unseen customers in all of seven trials up to 2,000 rows,
    // 12 lost least at 6,000; 31 is the usual choice for tables.
    leaves: Math.round(4 * (31 / 4) ** size),
    // Leaves bound the size already; paths may be as deep as the data ask.
    depth: 0,
    // Twenty rows are the fewest whose mean says something.
    minRows: 20,
    // Keeps a leaf of near-certain rows from asking for an endless step.
    minCurvature: 1e-3,
    // Worth ten rows of doubt in small samples, one in large ones.
    ridge: 10 ** (1 - size),
    // Ridge does the work; cutting gradients off to zero biases small leaves.
    lasso: 0,
    minGain: 0,
    // One byte a value; fewer where rows are few, whose histograms then cost less than their rows.
    bins: rows < 2_000 ? 64 : 255,
    // All rows: the shrinkage above already calms a tree, and drawing costs a pass.
    columnShare: 0.8,
    nodeColumnShare: 1,
    // Ten rows of doubt for a set of levels chosen among very many sets.
    categoryRidge: 10,
    minLevelRows: 8,
    monotone: {},
    // Two and a half times the trees that ln 10 at .05 asks for.
    patience: 50,
    band: false,
  };
}

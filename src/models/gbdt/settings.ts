// What a boosted forest may be told, each default with its reason.

/** Which rows a tree learns from. */
export type RowSampling =
  /** Each row with this chance, drawn anew every `every` trees. */
  | { readonly kind: 'uniform'; readonly share: number; readonly every: number }
  /** Rows of the largest gradients, and some of the others weighed up for those left out (Ke et al. 2017, GOSS). */
  | { readonly kind: 'gradient'; readonly top: number; readonly other: number };

export type LossName =
  | 'logistic'
  | 'softmax'
  | 'squared'
  | 'absolute'
  | 'huber'
  | 'quantile'
  | 'poisson'
  | 'tweedie';

export interface GbdtSettings {
  /** Chosen by the question when absent: logistic, softmax, or tweedie where amounts are never below 0, else squared. */
  readonly loss?: LossName;
  /** The quantile of `quantile`; the share of errors `huber` treats as squares. */
  readonly quantile: number;
  /** Of `tweedie`: between 1 (Poisson) and 2 (Gamma). */
  readonly power: number;
  readonly trees: number;
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
  /** Trees without a gain on validation examples before the fit ends; 0: never early. */
  readonly patience: number;
}

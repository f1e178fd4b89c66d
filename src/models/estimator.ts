// The one contract every model lives by: an Estimator fits a Sample and gives an immutable Model.
import type { Json } from '../core/canonical-json.ts';
import type { Frame } from '../core/frame.ts';
import type { Name } from '../core/name.ts';
import type { Progress } from '../core/progress.ts';
import type { EventAttribution } from './event-attribution.ts';
import type { Forest } from './forest/forest.ts';

/**
 * `binary`: the target is 0 or 1 and predictions are probabilities. `amount`: a number, usually money in minor units.
 * `classes`: the target is a class 0 … classes − 1 and predictions are the probabilities of all, [rows, classes].
 */
export type TargetKind = 'binary' | 'amount' | 'classes';

/**
 * What the target means, for models that know how customers behave and need no target to learn it.
 *
 * `buys` 1 = at least one purchase in the horizon · `leaves` 1 = none · `revenue` net money in the horizon ·
 * `other` anything else.
 */
export type Outcome = 'buys' | 'leaves' | 'revenue' | 'other';

/** What a question asks, as far as a model may care. */
export interface Question {
  readonly kind: TargetKind;
  readonly outcome: Outcome;
  readonly horizonDays: number;
  /** Yearly rate at which future money is discounted; 0 when it is not. */
  readonly discountPerYear: number;
  /** How many classes there are, for the kind `classes` alone. */
  readonly classes?: number;
}

/** Examples ready to learn from: row i of everything belongs to (entities[i], asOf[i]). */
export interface Sample {
  readonly question: Question;
  readonly frame: Frame;
  readonly entities: readonly string[];
  /** UTC ms, [rows]. */
  readonly asOf: Float64Array;
  /** [rows] */
  readonly target: Float64Array;
  /** [rows]; all ones when absent. */
  readonly weight?: Float64Array;
}

/** What a fit is given besides data. */
export interface FitRun {
  readonly seed: number;
  readonly threads: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/**
 * The scale on which a model's contributions add up: probability = sigmoid(margin), amount = margin or exp(margin),
 * probabilities of classes = softmax(margins).
 */
export type Link = 'identity' | 'logit' | 'log' | 'softmax';

/** Why each row got its prediction, exactly: `base + Σ values[row, feature] = margin[row]`. */
export interface Attribution {
  readonly features: readonly string[];
  readonly base: number;
  /** [rows, features] */
  readonly values: Float64Array;
}

/** Where an amount lies, as a model of quantiles sees it before anything is calibrated. */
export interface Band {
  /** The share of outcomes meant to fall between the ends, such as .9. */
  readonly level: number;
  /** [rows] */
  readonly low: Float64Array;
  /** [rows], nowhere under `low`. */
  readonly high: Float64Array;
}

export interface Model {
  /** Id of the estimator that made it. */
  readonly estimator: string;
  readonly question: Question;
  readonly link: Link;
  /** Columns it reads; a frame may have more. */
  readonly inputs: readonly string[];
  /** Probability in [0, 1] or amount, [rows]; for classes their probabilities, [rows, classes]. */
  predict(frame: Frame): Promise<Float64Array>;
  /** The prediction on the link's scale, [rows]; for classes [rows, classes]. */
  margin(frame: Frame): Promise<Float64Array>;
  /** Exact contributions, for models that have them (linear, trees); of classes to the margin of class `output`, 0 if unsaid. */
  attribute?(frame: Frame, output?: number): Promise<Attribution>;
  /** What each of a row's newest events is worth, for models that read them in order: near to exact, it says how near. */
  attributeEvents?(frame: Frame, signal?: AbortSignal): Promise<EventAttribution>;
  /** Where it cuts each number column of `inputs`, rising, for models that see nothing between two cuts (trees). */
  cuts?(): ReadonlyMap<string, Float64Array>;
  /** The trees it is the sum of, for models that are nothing else: `margin` is theirs. */
  forest?(): Forest;
  /** Amounts only, for models that learn quantiles too. */
  band?(frame: Frame): Promise<Band>;
  save(): SavedModel;
}

export type { Json };

/** A model at rest: JSON for structure, raw arrays for bulk. Equal models save equal bytes. */
export interface SavedModel {
  readonly estimator: string;
  readonly format: number;
  readonly state: Json;
  readonly arrays?: Readonly<Record<string, Float64Array | Float32Array | Int32Array | Uint8Array>>;
}

/** What an estimator may be told; anything left out stays at its default. */
export type Settings = Readonly<Record<string, number | string | boolean>>;

/** One thing worth trying several values of. */
export type Dimension =
  | {
      readonly kind: 'number';
      readonly low: number;
      readonly high: number;
      /** Tried evenly in the logarithm. */
      readonly log?: boolean;
      readonly integer?: boolean;
    }
  | { readonly kind: 'choice'; readonly options: readonly (number | string | boolean)[] };

/** Settings worth searching, by name. */
export type SearchSpace = Readonly<Record<string, Dimension>>;

export interface Estimator {
  /** As written after `--model`: `logistic`, `bg-nbd`, `tree`. */
  readonly id: string;
  readonly label: Name;
  /** Baselines stand beside every number; models must beat them. */
  readonly role: 'baseline' | 'model';
  /** Whether it reads the newest events in order, the columns of core/event-sequences.ts; others need not be given them. */
  readonly readsEvents?: boolean;
  /** `undefined` when it can answer the question from these columns, else why not, in words. */
  refuses(question: Question, frame: Frame): string | undefined;
  /**
   * Learns from `train`; may watch `valid` to stop or to choose a setting, never to fit.
   * Same sample, seed and threads give the same saved bytes; row order does not matter.
   *
   * @throws AppError NOT_ENOUGH_DATA, INTERRUPTED
   */
  fit(train: Sample, valid: Sample | undefined, run: FitRun): Promise<Model>;
  /** Settings worth searching; absent when there are none. */
  readonly space?: SearchSpace;
  /** What the settings of the space are for so many training rows: where a search begins. */
  settings?(rows: number): Settings;
  /** The same estimator, id and all, with some settings changed. @throws AppError USAGE for one it does not have */
  withSettings?(settings: Settings): Estimator;
  /** Seconds of one thread a fit is expected to take; only of those that cost more than all others together. */
  seconds?(train: Sample): number;
  /** Rebuilds a model from what `save` gave. @throws AppError VERSION, BAD_FILE */
  load(saved: SavedModel): Model;
}

/**
 * Applies the link's inverse to margins, in place.
 *
 * @param margin [rows], or [rows, classes] for softmax
 */
export function fromMargin(link: Link, margin: Float64Array, classes = 1): Float64Array {
  if (link === 'identity') return margin;
  if (link === 'softmax') return softmaxRows(margin, classes);
  for (let i = 0; i < margin.length; i++) {
    margin[i] = link === 'log' ? Math.exp(margin[i]) : 1 / (1 + Math.exp(-margin[i]));
  }
  return margin;
}

/** Each row less its largest margin first, so that no exponential overflows. */
function softmaxRows(margin: Float64Array, classes: number): Float64Array {
  for (let from = 0; from < margin.length; from += classes) {
    const row = margin.subarray(from, from + classes);
    let top = Number.NEGATIVE_INFINITY;
    for (const value of row) top = Math.max(top, value);
    let sum = 0;
    for (let k = 0; k < row.length; k++) {
      row[k] = Math.exp(row[k] - top);
      sum += row[k];
    }
    for (let k = 0; k < row.length; k++) row[k] /= sum;
  }
  return margin;
}

// What every next-item model is: learned from sequences, asked what comes next, and answering with a score for every item.
import type { Name } from '../../core/name.ts';
import type { ItemAttributes, NextItemCases, Sequences } from '../../core/sequences.ts';
import type { FitRun, SavedModel, SearchSpace, Settings } from '../estimator.ts';
import type { EventAttribution } from '../event-attribution.ts';
import type { ContinueSettings, Effort, NewsOf } from './continuing.ts';

export interface Recommender {
  /** `popularity`, `transformer`, … */
  readonly id: string;
  readonly label: Name;
  readonly role: 'baseline' | 'model';
  /** Settings a search may vary, and the estimator told some of them. */
  readonly space?: SearchSpace;
  readonly withSettings?: (settings: Settings) => Recommender;
  /** The recommender told what is known of the items, row i being item i of the sequences to come; absent where it reads no such thing. */
  readonly knowing?: (attributes: ItemAttributes) => Recommender;
  /** The recommender told how many seconds a fit may take, keeping the best it has by then; absent where a fit takes little. */
  readonly within?: (seconds: number) => Recommender;
  /** Why these sequences cannot be learned from, in words; `undefined` when they can. */
  readonly refuses: (train: Sequences) => string | undefined;
  /**
   * @param valid cases to stop early by; a model without need of them ignores them
   * @throws AppError NOT_ENOUGH_DATA, BAD_DATA, INTERRUPTED
   */
  readonly fit: (train: Sequences, valid: NextItemCases | undefined, run: FitRun) => Promise<NextItemModel>;
  /** @throws AppError VERSION, BAD_FILE */
  readonly load: (saved: SavedModel) => NextItemModel;
  /**
   * What it saved taught what came since, the catalogue grown by what is new. Absent where a fit takes little.
   *
   * @throws AppError USAGE, VERSION, BAD_FILE, BAD_DATA, NOT_ENOUGH_DATA, INTERRUPTED
   */
  readonly continued?: (
    saved: SavedModel,
    news: NewsOf,
    how: ContinueSettings,
    run: FitRun,
  ) => Promise<ContinuedModel>;
}

export interface ContinuedModel {
  readonly model: NextItemModel;
  readonly effort: Effort;
}

/** How weights are made smaller. */
export interface Compression {
  /**
   * 8: whole numbers with a scale for each output or row, and products of whole numbers where the model is asked; 7: the same
   * for x86 processors without VNNI (before 2019), which 8 could overflow; 32: floats as they are.
   */
  readonly bits: 7 | 8 | 32;
  /** Share of each matrix, its smallest numbers, that becomes zero: in [0, 1). */
  readonly sparsity: number;
}

/** Items a model never saw. */
export interface AddedItems {
  readonly itemIds: readonly string[];
  /** Of the model's own items and then of these, by the levels the model was told: [own + added] */
  readonly attributes: ItemAttributes;
}

/** Which of the items, and how many. */
export interface BestWanted {
  readonly most: number;
  /** 1 for what may be among them, [items]; everything where absent. */
  readonly offered?: Uint8Array;
  /** What may not, as codes. */
  readonly barred: Iterable<number>;
}

/** Best first; of equal scores the earlier item. */
export interface BestItems {
  readonly items: Int32Array;
  readonly scores: Float32Array;
}

/** Immutable. */
export interface NextItemModel {
  readonly recommender: string;
  readonly itemIds: readonly string[];
  /** Scores are logarithms of likelihoods, but for what all items of a history share. */
  readonly isLogarithm?: true;
  /**
   * How likely each item comes next, on a scale of the model's own: higher is likelier, −∞ for never. An answer does not
   * depend on what else is asked with it.
   *
   * @param before what each entity has done, with items in this model's codes; only that is read, not who it was
   * @returns [entities, items], row after row
   */
  readonly score: (before: Sequences) => Promise<Float32Array>;
  /**
   * The best few for one history, those `score` would give but for float32's rounding, without a score for every item: for
   * one who waits. Absent where they cannot be told apart so.
   *
   * @param before one sequence, with an event
   */
  readonly best?: (before: Sequences, wanted: BestWanted) => Promise<BestItems>;
  /**
   * The model learned once more from sequences that hold its validation cases, too, with what those taught kept: when to
   * stop, how much each member of a mixture weighs. Absent where cases teach nothing: a fit is as good.
   *
   * @throws AppError INTERRUPTED
   */
  readonly again?: (known: Sequences, run: FitRun) => Promise<NextItemModel>;
  /**
   * What each event of a history, none of them empty, is worth to the score of one item, for models that have slopes.
   *
   * @param items codes of this model, [entities]
   */
  readonly attribute?: (
    before: Sequences,
    items: ArrayLike<number>,
    signal?: AbortSignal,
  ) => Promise<EventAttribution>;
  /** The model with items after its own that it never saw, where it knows items by their attributes. */
  readonly withItems?: (added: AddedItems) => NextItemModel;
  /** The same with smaller weights, for models that are networks. @throws AppError USAGE for a way that makes none smaller */
  readonly compressed?: (how: Compression) => NextItemModel;
  readonly save: () => SavedModel;
  /** Releases what native sessions hold. */
  readonly close?: () => Promise<void>;
}

/** A fitted model with everything known before the test learned as well. */
export const learnAgain = (
  recommender: Recommender,
  model: NextItemModel,
  known: Sequences,
  run: FitRun,
): Promise<NextItemModel> => model.again?.(known, run) ?? recommender.fit(known, undefined, run);

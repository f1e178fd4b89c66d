// What goes over the wire: questions and answers as JSON, one definition for the server's ports and for its clients.
import type { EventRow } from '../data/event.ts';

/** One event as the server takes it: what it can find out itself may be left out. */
export type ClientEvent = Pick<EventRow, 'type'> &
  Partial<Omit<EventRow, 'type' | 'props'>> & {
    /** Major units: 9.99. */
    readonly price?: number;
    readonly props?: Readonly<Record<string, unknown>>;
  };

/** One entity of a question; which ids it needs is the task's to say. */
export interface PredictionEntity {
  readonly user_id?: string;
  /** A visitor who has not logged in. */
  readonly anonymous_id?: string;
  readonly session_id?: string;
  readonly item_id?: string;
}

/** Why an answer is what it is. */
export interface PredictionReason {
  /** The feature, or the family of features, it speaks of. */
  readonly about: string;
  readonly en: string;
  readonly zh: string;
  /** What it adds, in the answer's unit. */
  readonly effect: number;
}

/** A word of a text, and what the answer owes to it. */
export interface TellingWord {
  readonly word: string;
  /** Log-odds, or points of a rating: above 0 where it speaks for the answer. */
  readonly worth: number;
}

/** One answer, in the shop's own units. */
export interface Prediction extends PredictionEntity {
  /** Joins the answer with its outcome later. */
  readonly prediction_id: string;
  readonly task: string;
  /** A probability or an amount; null where the task does not ask about them, and `not_asked` says whom it asks about. */
  readonly value: number | null;
  readonly not_asked?: string;
  /** `probability`, `rating`, or the currency. */
  readonly unit: string;
  readonly low?: number;
  readonly high?: number;
  readonly interval_method?: string;
  /** Amounts: half of customers alike spend more. */
  readonly typical?: number;
  readonly tier?: 'high' | 'mid' | 'low';
  /** Texts: what a probability at its threshold is called. */
  readonly called?: 'yes' | 'no';
  /** Strongest first; only where they were asked for. */
  readonly reasons?: readonly PredictionReason[];
  /** Texts: strongest first; only where they were asked for. */
  readonly words?: readonly TellingWord[];
  /** Features that reach further back than what is kept of the person, so that they may fall short; absent where there are none. */
  readonly inexact?: readonly string[];
  /** 0 of answers about a text alone. */
  readonly horizon_days: number;
  readonly model_version: string;
  /** UTC ms. */
  readonly as_of: number;
}

/** What somebody is asked to answer about entities. */
export interface AskedPrediction {
  readonly entities: readonly PredictionEntity[];
  /** UTC ms; now when absent. */
  readonly as_of?: number;
  /** The only history where they are given; they are not kept. */
  readonly events?: readonly ClientEvent[];
}

/** Best first. `made_by`: `history`, `attributes` of an item that was new to the model, or `trend` for people without a history. */
export interface RecommendedItem {
  readonly item_id: string;
  readonly rank: number;
  readonly score: number;
  readonly made_by: string;
}

export interface RecommendationList extends PredictionEntity {
  /** Joins the list with what came of it. */
  readonly recommendation_id: string;
  readonly model_version: string;
  /** UTC ms. */
  readonly as_of: number;
  readonly items: readonly RecommendedItem[];
}

export interface AskedRecommendation extends AskedPrediction {
  readonly top?: number;
  /** A rule over the catalogue's columns: `category = 'Toys' and price <= 20`. */
  readonly filter?: string;
  /** Only these items. */
  readonly only?: readonly string[];
  /** None of these. */
  readonly exclude?: readonly string[];
  /** What of their own is not offered again; as the model was tested when absent. */
  readonly exclude_seen?: 'yes' | 'bought' | 'no';
  /** From 0 to 1. */
  readonly diversity?: number;
  /** From 0 to 1: how much lower what many take is placed. */
  readonly long_tail?: number;
}

/** One event of a timeline, as far as it is kept. */
export interface TimelineEvent {
  readonly type: EventRow['type'];
  /** UTC ms. */
  readonly timestamp: number;
  readonly item_id?: string;
  readonly quantity?: number;
  /** Of one piece, in major units. */
  readonly price?: number;
  readonly order_id?: string;
  readonly session_id?: string;
  readonly query?: string;
  readonly rating?: number;
  readonly device?: string;
  readonly channel?: string;
  readonly country?: string;
  readonly position?: number;
  readonly props?: Readonly<Record<string, unknown>>;
}

/** One thing models are told about a person. */
export interface ProfileFeature {
  readonly name: string;
  readonly en: string;
  readonly zh: string;
  /** The family it belongs to: `recency`, `frequency`. */
  readonly group: string;
  /** `count`, `days`, `share`, `score`, `none`, or the currency. */
  readonly unit: string;
  /** Null where it says nothing of this person. */
  readonly value: number | string | null;
  /** It reaches further back than what is kept, so that it may fall short. */
  readonly inexact?: true;
  /** Tasks whose models are told it. */
  readonly tasks: readonly string[];
}

/** Where one task files a person. */
export interface ProfileSegment {
  readonly task: string;
  readonly tier: 'high' | 'mid' | 'low';
  readonly en: string;
  readonly zh: string;
}

/** What is known of one person at a moment. */
export interface UserProfile {
  /** As it was asked for. */
  readonly id: string;
  readonly known_as: 'user' | 'visitor' | 'session';
  /** Of a visitor: their events are a customer's by now, and this profile is that customer's. */
  readonly is_linked?: true;
  /** UTC ms. */
  readonly as_of: number;
  readonly currency: string;
  readonly events: {
    /** Kept and known by the moment; `earlier_until` says that older ones left only sums behind. */
    readonly kept: number;
    /** UTC ms; absent where nobody's events were let go. */
    readonly earlier_until?: number;
    /** Newest first. */
    readonly timeline: readonly TimelineEvent[];
    /** Give it as `before` for the events that came earlier; absent on the last page. */
    readonly next?: string;
  };
  readonly features: readonly ProfileFeature[];
  readonly predictions: readonly Prediction[];
  readonly segments: readonly ProfileSegment[];
}

/** A candidate of a search: its id, and how well the caller's own search found it to fit, above 0 on any one scale. */
export interface SearchCandidate {
  readonly item_id: string;
  readonly relevance?: number;
}

export interface AskedRerank extends Omit<PredictionEntity, 'item_id'> {
  readonly query?: string;
  /** What another search found; the shop's own catalogue is searched where there are none. */
  readonly items?: readonly (string | SearchCandidate)[];
  readonly top?: number;
  /** How much a purchase counts beside relevance: 0 is relevance alone; what searches taught the catalogue when absent, else .5. */
  readonly weight?: number;
  readonly filter?: string;
  readonly as_of?: number;
  readonly events?: readonly ClientEvent[];
}

export interface RerankedItem {
  readonly item_id: string;
  readonly rank: number;
  /** What they were put in order by; absent of items nothing is known of. */
  readonly score?: number;
  /** How well it fits: 1 = the best found. */
  readonly relevance?: number;
  /** P(purchase | shown), or of the pair where a model asks about it. */
  readonly intent?: number;
  /** `item-purchase` asks about the pair, `next-item` lifts the shop's rate by the place in this person's list, `popularity` is the shop's rate alone. */
  readonly intent_by?: 'item-purchase' | 'next-item' | 'popularity';
}

export interface RerankedSearch {
  readonly items: readonly RerankedItem[];
  /** Candidates nothing is known of: they stand at the end, in the order they came. */
  readonly unknown: readonly string[];
  readonly weights: { readonly relevance: number; readonly intent: number };
  /** `given`, or how the catalogue was searched: `words`, or `mixed` with meaning. */
  readonly relevance_by: 'given' | 'words' | 'mixed' | 'none';
  /** UTC ms. */
  readonly as_of: number;
}

/** What became of one event, in the order they were sent. */
export type ToldFate =
  | { readonly status: 'accepted' | 'duplicate'; readonly event_id: string }
  | { readonly status: 'rejected'; readonly reason: string; readonly pointer: string }
  | { readonly status: 'ignored'; readonly reason: string };

export interface EventFates {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly ignored: number;
  readonly results: readonly ToldFate[];
}

// What the server asks of the rooms behind it: a journal, a state, a predictor, an observer. It knows nothing else of them.
import type { Erasure } from '../data/erase/erase-user.ts';
import type { EventRow } from '../data/event.ts';
import type { WorkspaceAudit } from '../monitor/audit/workspace-audit.ts';
import type {
  Prediction,
  PredictionEntity,
  RecommendationList,
  RerankedSearch,
  SearchCandidate,
  UserProfile,
} from './api.ts';

/** What became of one row handed to the journal. */
export type AppendFate = 'accepted' | 'duplicate';

/** The durable hot tail of one shop. */
export interface EventJournal {
  /** False once a sync has failed, or while recovering: `append` then refuses, and `/readyz` answers 503. */
  readonly ready: boolean;
  /**
   * Resolves only when every row is on the disk (fdatasync, shared with whatever else was waiting); one fate a row, in
   * order. A row whose `event_id` is known, be it from a row before it in the same call, from another call under way or
   * from before a restart, is a `duplicate` and is not written again; it too is on the disk when the promise resolves.
   *
   * The rows are exactly what is to be kept: ids are pseudonyms already where the shop wants it, and nothing is to be
   * changed on the way into the lake.
   *
   * @throws AppError DISK when nothing of it may be acknowledged, BUSY when the queue is full and nothing was written
   */
  append(rows: readonly EventRow[]): Promise<readonly AppendFate[]>;
}

/** What is known of each person at this moment. */
export interface OnlineState {
  /**
   * Takes rows that are on the disk, in the order of the journal; each row once. Done when it returns: the next prediction
   * sees them. Never throws for what stands in a row.
   */
  apply(rows: readonly EventRow[]): void;
  /** From now on the earlier events of an anonymous visitor are the user's. Saying it twice changes nothing. */
  adopt(anonymousId: string, userId: string): void;
}

export interface PredictionQuestion {
  readonly task: string;
  readonly entities: readonly PredictionEntity[];
  /** The only history where they are given; of each entity those with its id. They are not kept. */
  readonly events?: readonly EventRow[];
  /** UTC ms; now when absent. Events after it are not looked at. */
  readonly asOf?: number;
  /** So many reasons each; none when absent. Each costs thousands of answers of some models. */
  readonly reasons?: number;
}

/** Answers questions from saved models and the online state. */
export interface Predictor {
  /** False while models are loaded and warmed up. */
  readonly ready: boolean;
  /** Names of the tasks that have a model. */
  readonly tasks: readonly string[];
  /**
   * One answer an entity, in order.
   *
   * @throws AppError NOT_FOUND for a task without a model, BAD_DATA for an entity that lacks what the task needs
   */
  predict(question: PredictionQuestion): Promise<readonly Prediction[]>;
}

/** A task that has a model in service. */
export interface ServedTask {
  readonly name: string;
  readonly about: 'user' | 'session' | 'user_item' | 'text';
  /** Of the model that answers most; one on trial may answer some. */
  readonly version: string;
  readonly horizonDays: number;
}

/** What people write, asked about as it stands in the question. */
export interface TextQuestion {
  readonly task: string;
  readonly texts: readonly string[];
  /** So many words that mattered each; none when absent. Each text is then answered once a word. */
  readonly words?: number;
}

export interface TextAnswerer {
  readonly tasks: readonly string[];
  /** One answer a text, in order. @throws AppError NOT_FOUND for a task without a model */
  answer(question: TextQuestion): Promise<readonly Prediction[]>;
}

/** One person looked up. */
export interface ProfileQuestion {
  readonly id: string;
  /** By which of their ids; the first that is known when absent. */
  readonly as?: UserProfile['known_as'];
  /** Events of the timeline. */
  readonly events: number;
  /** `events.next` of the page before. */
  readonly before?: string;
  /** So many reasons a prediction; none when absent. */
  readonly reasons?: number;
  /** UTC ms; now when absent. */
  readonly asOf?: number;
}

export interface UserProfiles {
  /** Undefined of somebody nothing is known of. */
  read(question: ProfileQuestion): Promise<UserProfile | undefined>;
}

/** What a search found, to be put in the order of relevance and of one person's intent. */
export interface SearchQuestion {
  /** Absent: nobody in particular. */
  readonly person?: PredictionEntity;
  readonly query?: string;
  /** What another search found, each once; the catalogue is searched where absent. */
  readonly items?: readonly SearchCandidate[];
  /** All candidates, or ten of the catalogue, when absent. */
  readonly top?: number;
  /** Of purchases beside a relevance of 1; what searches taught the catalogue when absent. */
  readonly weight?: number;
  /** A rule over the catalogue's columns. */
  readonly filter?: string;
  /** The only history where they are given. */
  readonly events?: readonly EventRow[];
  /** UTC ms; now when absent. */
  readonly asOf?: number;
}

export interface ItemSearch {
  /** @throws AppError USAGE for a question without query and items, or a rule that cannot be read */
  rerank(question: SearchQuestion): Promise<RerankedSearch>;
}

/** What somebody may want next, from a model of items. */
export interface RecommendationQuestion {
  readonly entities: readonly PredictionEntity[];
  /** The only history where they are given; of each entity those with its id. They are not kept. */
  readonly events?: readonly EventRow[];
  readonly top: number;
  /** A rule over the catalogue's columns: `category = 'Toys' and price <= 20`. */
  readonly filter?: string;
  /** Only these items. */
  readonly only?: readonly string[];
  /** None of these. */
  readonly exclude?: readonly string[];
  /** What of their own is not offered again; as the model was tested when absent. */
  readonly excludeSeen?: 'yes' | 'bought' | 'no';
  /** From 0 to 1. */
  readonly diversity?: number;
  /** From 0 to 1: how much lower what many take is placed. */
  readonly longTail?: number;
  /** UTC ms; now when absent. */
  readonly asOf?: number;
}

export interface ItemRecommender {
  readonly version: string;
  /** One list an entity, in order. @throws AppError USAGE for a rule that cannot be read, or leaves nothing */
  recommend(question: RecommendationQuestion): Promise<readonly RecommendationList[]>;
}

/** Hears what the server does; cheap, synchronous, never throws. Metrics, logs and audit are made of it. */
export interface ServeObserver {
  /** @param route the pattern, never the address asked for, so that there are few of them */
  answered(route: string, status: number, durationMs: number): void;
  /** @param fate `accepted`, `duplicate`, `ignored` or a reason of `REJECT_REASONS` */
  ingested(workspace: string, source: string, fate: string, count: number): void;
  /** A bug of ours met a request: it got a 500. */
  failed(route: string, error: unknown): void;
  /**
   * A call was refused for its key or its signature.
   *
   * @param workspace the shop whose key it is; undefined where nobody knows
   */
  refused?(call: RefusedCall, workspace?: string): void;
}

/** A call that showed a wrong key, none, one without the right, or a wrong signature. */
export interface RefusedCall {
  readonly reason: 'unknown_key' | 'no_key' | 'wrong_scope' | 'wrong_signature';
  /** The address it came from. */
  readonly address: string;
  /** Of a key that is known. */
  readonly keyId?: string;
}

/** Where rejected events go besides the reply, so that what a sender does not read is not lost. */
export interface RejectedEvents {
  /** @param place where in the body it stood, a JSON pointer */
  keep(event: {
    readonly source: string;
    readonly place: string;
    readonly reason: string;
    /** As it was sent, where the body is a list of events. */
    readonly original?: unknown;
  }): void;
}

export interface CustomerEraser {
  /**
   * @param userId as the shop knows it
   * @throws AppError BUSY while another process writes to the lake: memory has forgotten them, the files not yet; DISK; BAD_DATA
   */
  erase(userId: string): Promise<Erasure>;
}

/** Everything behind the server that belongs to one shop. */
export interface ShopPorts {
  /** The workspace's name: letters, digits, dashes. Keys name it. */
  readonly name: string;
  readonly journal: EventJournal;
  readonly state: OnlineState;
  readonly predictor?: Predictor;
  /** Undefined while no model of items is in service. */
  readonly recommender?: ItemRecommender | undefined;
  /** Which tasks have a model, at the moment of asking. */
  readonly served?: { list(): readonly ServedTask[] };
  readonly profiles?: UserProfiles;
  readonly search?: ItemSearch;
  /** Undefined while no model of texts is in service. */
  readonly texts?: TextAnswerer | undefined;
  readonly rejected?: RejectedEvents;
  readonly eraser?: CustomerEraser | undefined;
  /** Who did what. */
  readonly records?: Pick<WorkspaceAudit, 'append'>;
  /** Hears what becomes of each event. */
  readonly observer?: Pick<ServeObserver, 'ingested'>;
}

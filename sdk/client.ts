// A typed client of the server's API, over fetch.
import type { EventRow } from '../src/data/event.ts';

/** One event as the server takes it: what it can find out itself may be left out. */
export type ClientEvent = Pick<EventRow, 'type'> &
  Partial<Omit<EventRow, 'type' | 'props'>> & {
    /** Major units: 9.99. */
    readonly price?: number;
    readonly props?: Readonly<Record<string, unknown>>;
  };

/** What became of one event, in the order they were sent. */
export type EventFate =
  | { readonly status: 'accepted' | 'duplicate'; readonly event_id: string }
  | { readonly status: 'rejected'; readonly reason: string; readonly pointer: string }
  | { readonly status: 'ignored'; readonly reason: string };

export interface EventFates {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly ignored: number;
  readonly results: readonly EventFate[];
}

export interface PredictionEntity {
  readonly user_id?: string;
  readonly session_id?: string;
  readonly item_id?: string;
}

export interface PredictionQuestion {
  readonly entities: readonly PredictionEntity[];
  /** UTC ms; now when absent. */
  readonly as_of?: number;
  /** The only history where they are given; they are not kept. */
  readonly events?: readonly ClientEvent[];
}

export interface PredictionReason {
  readonly about: string;
  readonly en: string;
  readonly zh: string;
  readonly effect: number;
}

export interface Prediction extends PredictionEntity {
  /** Joins the answer with its outcome later. */
  readonly prediction_id: string;
  readonly task: string;
  /** `null` where the task does not ask about this entity: see `not_asked`. */
  readonly value: number | null;
  readonly not_asked?: string;
  /** `probability`, or a currency. */
  readonly unit: string;
  readonly low?: number;
  readonly high?: number;
  readonly interval_method?: string;
  readonly typical?: number;
  readonly tier?: 'high' | 'mid' | 'low';
  readonly reasons?: readonly PredictionReason[];
  readonly inexact?: readonly string[];
  readonly horizon_days: number;
  readonly model_version: string;
  /** UTC ms. */
  readonly as_of: number;
}

/** What the server answered instead, as RFC 9457 has it. */
export class ApiProblem extends Error {
  readonly status: number;
  /** `urn:foresell:problem:…` */
  readonly type: string;
  readonly retryAfterSeconds: number | undefined;
  readonly errors: readonly { readonly pointer: string; readonly reason: string; readonly detail?: string }[];

  constructor(status: number, document: Record<string, unknown>, retryAfterSeconds?: number) {
    super(String(document.detail ?? document.title ?? `the server answered ${status}`));
    this.name = 'ApiProblem';
    this.status = status;
    this.type = String(document.type ?? 'about:blank');
    this.retryAfterSeconds = retryAfterSeconds;
    this.errors = Array.isArray(document.errors) ? document.errors : [];
  }
}

export interface Client {
  /** Resolves once what counts is on the server's disk. @throws ApiProblem */
  sendEvents(events: readonly ClientEvent[]): Promise<EventFates>;
  /** One answer an entity, in order. @throws ApiProblem */
  predict(task: string, question: PredictionQuestion): Promise<readonly Prediction[]>;
  /** The same with reasons; at most 20 entities. @throws ApiProblem */
  explain(task: string, question: PredictionQuestion): Promise<readonly Prediction[]>;
  /** Any other route. @throws ApiProblem */
  call<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
}

export interface ClientOptions {
  readonly url: string;
  readonly key: string;
  /** Longest wait for an answer, ms; 30,000. */
  readonly timeoutMs?: number;
  /** Handed in by tests. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export function createClient(options: ClientOptions): Client {
  const { key, timeoutMs = 30_000, fetch: send = fetch } = options;
  const base = options.url.replace(/\/$/, '');
  const call = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const reply = await send(base + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await reply.text();
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      document = {};
    }
    if (reply.ok) return document as Answer;
    const problem = typeof document === 'object' && document !== null ? document : {};
    const retryAfter = Number(reply.headers.get('retry-after')) || undefined;
    throw new ApiProblem(reply.status, problem as Record<string, unknown>, retryAfter);
  };
  const ask = async (path: string, task: string, question: PredictionQuestion) => {
    const answer = await call<{ predictions: readonly Prediction[] }>(
      'POST',
      `${path}/${encodeURIComponent(task)}`,
      question,
    );
    return answer.predictions;
  };
  return {
    call,
    sendEvents: (events) => call('POST', `/v1/events?sent_at=${Date.now()}`, events),
    predict: (task, question) => ask('/v1/predictions', task, question),
    explain: (task, question) => ask('/v1/explanations', task, question),
  };
}

// A typed client of the server's API, over fetch.
import type {
  AskedPrediction,
  AskedRecommendation,
  AskedRerank,
  ClientEvent,
  EventFates,
  Prediction,
  RecommendationList,
  RerankedSearch,
  UserProfile,
} from '../src/serve/api.ts';

export type {
  AskedPrediction,
  AskedRecommendation,
  AskedRerank,
  ClientEvent,
  EventFates,
  Prediction,
  RecommendationList,
  RerankedSearch,
  UserProfile,
};

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
  predict(task: string, question: AskedPrediction): Promise<readonly Prediction[]>;
  /** The same with reasons; at most 20 entities. @throws ApiProblem */
  explain(task: string, question: AskedPrediction): Promise<readonly Prediction[]>;
  /** One answer a text, in order; with `words` the words that mattered of each. @throws ApiProblem */
  predictTexts(
    task: string,
    texts: readonly string[],
    options?: { readonly words?: boolean },
  ): Promise<readonly Prediction[]>;
  /** One list an entity, in order. @throws ApiProblem */
  recommend(question: AskedRecommendation): Promise<readonly RecommendationList[]>;
  /** Candidates, or what the catalogue has for the query, in the order of relevance and this person's intent. @throws ApiProblem */
  rerank(question: AskedRerank): Promise<RerankedSearch>;
  /** What is known of one customer or visitor; undefined of somebody unknown. @throws ApiProblem */
  user(id: string, options?: UserOptions): Promise<UserProfile | undefined>;
  /** Any other route. @throws ApiProblem */
  call<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
}

export interface UserOptions {
  /** By which of their ids: the first that is known when absent. */
  readonly as?: 'user' | 'visitor' | 'session';
  /** So many events of the timeline, from 0 to 1000; 50 when absent. */
  readonly events?: number;
  /** `events.next` of the page before. */
  readonly before?: string;
  /** So many reasons a prediction, from 0 to 10; none when absent. */
  readonly reasons?: number;
  /** UTC ms. */
  readonly as_of?: number;
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
  const ask = async (path: string, task: string, question: AskedPrediction) => {
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
    async predictTexts(task, texts, { words = false } = {}) {
      const path = `/v1/${words ? 'explanations' : 'predictions'}/${encodeURIComponent(task)}`;
      const answer = await call<{ predictions: readonly Prediction[] }>('POST', path, { texts });
      return answer.predictions;
    },
    async recommend(question) {
      const answer = await call<{ lists: readonly RecommendationList[] }>(
        'POST',
        '/v1/recommendations',
        question,
      );
      return answer.lists;
    },
    rerank: (question) => call('POST', '/v1/search/rerank', question),
    async user(id, options = {}) {
      const asked = Object.entries(options).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, String(value)]],
      );
      const query = asked.length > 0 ? `?${new URLSearchParams(asked)}` : '';
      try {
        return await call<UserProfile>('GET', `/v1/users/${encodeURIComponent(id)}${query}`);
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 404) return undefined;
        throw error;
      }
    },
    predict: (task, question) => ask('/v1/predictions', task, question),
    explain: (task, question) => ask('/v1/explanations', task, question),
  };
}

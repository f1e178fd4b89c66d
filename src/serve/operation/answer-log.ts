// Answers on their way into the log: taken in no time while a request waits, written down afterwards.
import { digestKey, digestOf } from '../../data/record-secret.ts';
import type { PredictionLog } from '../../monitor/predictions/prediction-log.ts';
import type { LoggedAnswer } from '../../monitor/predictions/prediction-record.ts';
import type { Prediction, RecommendationList } from '../api.ts';

export interface AnswerLog {
  /** Costs the request a step of an array. @param isActive whether the task's promoted version answered */
  answered(answers: readonly Prediction[], isActive: (version: string, task: string) => boolean): void;
  listed(lists: readonly RecommendationList[]): void;
  /** Answers given up as too many waited. */
  readonly dropped: number;
  /** Takes somebody out. @param storedId as the lake knows it @returns how many answers went */
  forget(storedIds: readonly string[]): Promise<number>;
  expire(beforeMs: number): Promise<number>;
  /** Hands over what waits. */
  flush(): void;
  close(): Promise<void>;
}

export interface AnswerLogParts {
  readonly log: PredictionLog;
  readonly secret: Uint8Array;
  /** A person's id as the lake knows it. */
  readonly personId?: (id: string) => string;
}

type Waiting =
  | { readonly answers: readonly Prediction[]; readonly isActive: (version: string, task: string) => boolean }
  | { readonly lists: readonly RecommendationList[] };

const FLUSH_MS = 50;
/** Written in one turn of the event loop: two milliseconds or so. */
const TURN = 256;
const MOST_WAITING = 200_000;

export function createAnswerLog({ log, secret, personId = (id) => id }: AnswerLogParts): AnswerLog {
  const key = digestKey(secret, 'person');
  let queue: Waiting[] = [];
  let waiting = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  const digest = (id: string): string => digestOf(key, personId(id));
  /** Customers; of visits, which alone name a session, also visitors without an account, as the lake tells them apart. */
  const whose = ({ user_id, anonymous_id, session_id }: Prediction): string | undefined => {
    if (user_id !== undefined) return digest(user_id);
    if (session_id === undefined) return undefined;
    // A session is nobody's id, and kept as it comes.
    return anonymous_id === undefined ? digestOf(key, session_id) : digest(anonymous_id);
  };
  const recordsOf = (one: Waiting): LoggedAnswer[] => {
    const records: LoggedAnswer[] = [];
    if ('answers' in one) {
      for (const answer of one.answers) {
        const { value, low, high } = answer;
        const person = whose(answer);
        if (value === null || person === undefined) continue;
        records.push({
          prediction_id: answer.prediction_id,
          task: answer.task,
          model_version: answer.model_version,
          arm: one.isActive(answer.model_version, answer.task) ? 'active' : 'canary',
          value,
          ...(low !== undefined && high !== undefined && { low, high }),
          unit: answer.unit,
          horizon_days: answer.horizon_days,
          as_of: answer.as_of,
          user_id: person,
          ...(answer.item_id !== undefined && { item_id: answer.item_id }),
        });
      }
    } else {
      for (const { user_id, recommendation_id, model_version, as_of, items } of one.lists) {
        if (user_id === undefined) continue;
        const ids = items.map(({ item_id }) => item_id);
        records.push({ recommendation_id, model_version, as_of, user_id: digest(user_id), items: ids });
      }
    }
    return records;
  };
  /** @returns whether more waits */
  const write = (most: number): boolean => {
    let written = 0;
    while (queue.length > 0 && written < most) {
      const one = queue.shift() as Waiting;
      const size = sizeOf(one);
      waiting -= size;
      written += size;
      log.add(recordsOf(one));
    }
    return queue.length > 0;
  };
  const turn = (): void => {
    timer = undefined;
    if (write(TURN)) setImmediate(turn);
  };
  const push = (one: Waiting): void => {
    const size = sizeOf(one);
    if (waiting + size > MOST_WAITING) {
      dropped += size;
      return;
    }
    waiting += size;
    queue.push(one);
    timer ??= setTimeout(turn, FLUSH_MS).unref();
  };
  const flush = (): void => void write(Number.POSITIVE_INFINITY);
  return {
    answered: (answers, isActive) => push({ answers, isActive }),
    listed: (lists) => push({ lists }),
    get dropped() {
      return dropped + log.dropped;
    },
    async forget(storedIds) {
      flush();
      return log.forget(new Set(storedIds.map((id) => digestOf(key, id))));
    },
    expire: (beforeMs) => log.expire(beforeMs),
    flush,
    async close() {
      clearTimeout(timer);
      flush();
      queue = [];
      await log.close();
    },
  };
}

const sizeOf = (one: Waiting): number => ('answers' in one ? one.answers.length : one.lists.length);

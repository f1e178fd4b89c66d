// One answer as it is remembered: enough to meet its outcome later, and no more.
import { hash32 } from '../../core/random.ts';

/** Field names are those of the API's answer. */
export interface PredictionRecord {
  readonly prediction_id: string;
  readonly task: string;
  readonly model_version: string;
  /** Which model answered: the active one, or one on trial. */
  readonly arm: 'active' | 'canary' | 'shadow';
  /** A probability or an amount, in the answer's unit. */
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  readonly unit: string;
  readonly horizon_days: number;
  /** UTC ms. */
  readonly as_of: number;
  /**
   * A keyed digest of the id as the lake knows it (`data/record-secret.ts`): of whom it is the lake's own join tells. Of visits of
   * the visitor, as `visitorLog` names them.
   */
  readonly user_id: string;
  readonly item_id?: string;
}

/** A list of items as it is remembered. */
export interface ListRecord {
  /** As the list's `recommendation_id`. */
  readonly recommendation_id: string;
  readonly model_version: string;
  /** UTC ms. */
  readonly as_of: number;
  /** As in `PredictionRecord`. */
  readonly user_id: string;
  /** Best first. */
  readonly items: readonly string[];
}

export type LoggedAnswer = PredictionRecord | ListRecord;

export const entityOf = ({ user_id, item_id }: Pick<PredictionRecord, 'user_id' | 'item_id'>): string =>
  item_id === undefined ? user_id : `${user_id}\u0000${item_id}`;

/** Whether a person's answers are among the share that is kept: the same persons always, so that their answers stay whole. */
export const isKept = (userId: string, share: number): boolean => hash32(userId, 0x5eed) < share * 2 ** 32;

/** A line of the log; nothing when it is not a whole record. */
export function parseLogged(line: string): LoggedAnswer | undefined {
  try {
    const value = JSON.parse(line) as Partial<PredictionRecord & ListRecord> | null;
    if (typeof value?.user_id !== 'string' || !Number.isFinite(value.as_of)) return undefined;
    const isWhole =
      Array.isArray(value.items) ||
      (typeof value.task === 'string' && Number.isFinite(value.value) && Number.isFinite(value.horizon_days));
    return isWhole ? (value as LoggedAnswer) : undefined;
  } catch {
    return undefined;
  }
}

/** A line that is a list of items. */
export function parseList(line: string): ListRecord | undefined {
  const logged = parseLogged(line);
  return logged && 'items' in logged && typeof logged.model_version === 'string' ? logged : undefined;
}

/** A line that is an answer of one value. */
export function parsePrediction(line: string): PredictionRecord | undefined {
  const logged = parseLogged(line);
  return logged && 'value' in logged ? logged : undefined;
}

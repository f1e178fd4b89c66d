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
  /** As the lake knows them: pseudonyms where the shop keeps those. */
  readonly user_id: string;
  readonly item_id?: string;
}

export const entityOf = ({ user_id, item_id }: Pick<PredictionRecord, 'user_id' | 'item_id'>): string =>
  item_id === undefined ? user_id : `${user_id}\u0000${item_id}`;

/** Whether a person's answers are among the share that is kept: the same persons always, so that their answers stay whole. */
export const isKept = (userId: string, share: number): boolean => hash32(userId, 0x5eed) < share * 2 ** 32;

/** A line of the log; nothing when it is not a whole record. */
export function parsePrediction(line: string): PredictionRecord | undefined {
  try {
    const value = JSON.parse(line) as Partial<PredictionRecord> | null;
    const isWhole =
      typeof value?.task === 'string' &&
      typeof value.user_id === 'string' &&
      Number.isFinite(value.value) &&
      Number.isFinite(value.as_of) &&
      Number.isFinite(value.horizon_days);
    return isWhole ? (value as PredictionRecord) : undefined;
  } catch {
    return undefined;
  }
}

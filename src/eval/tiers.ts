// High, mid and low spenders: thresholds learned once on earlier predictions, then applied to anybody.
import { AppError } from '../core/errors.ts';
import { type Name, name } from '../core/name.ts';
import { quantile } from './bootstrap.ts';
import { checkFinite } from './metrics/predictions.ts';

export type Tier = 'high' | 'mid' | 'low';

/** Plain JSON. A prediction is high from `highFrom`, mid from `midFrom`, else low. */
export interface TierThresholds {
  readonly method: TierMethod;
  /** null = nobody is high: all predictions were equal. */
  readonly highFrom: number | null;
  readonly midFrom: number;
  readonly words: Name;
}

/** `value-share`: the customers who together hold the first half of all predicted value are high, the next 30 % mid. */
export type TierMethod = 'value-share' | 'customer-share';

/**
 * Learns the thresholds.
 *
 * @param predicted calibration or training predictions, never the ones to be reported on
 * @param options   `high` and `mid` are shares of predicted value (.5 and .3 when absent), or of customers for
 *                  `customer-share` (.2 and .3)
 * @throws AppError NOT_ENOUGH_DATA without predictions, USAGE for shares that do not fit into 1
 */
export function learnTiers(
  predicted: Float64Array,
  options: { method?: TierMethod; high?: number; mid?: number } = {},
): TierThresholds {
  checkFinite('predictions', predicted);
  if (predicted.length === 0)
    throw new AppError('NOT_ENOUGH_DATA', 'expected predictions to learn tiers from, got none');
  const method = options.method ?? 'value-share';
  const high = options.high ?? (method === 'value-share' ? 0.5 : 0.2);
  const mid = options.mid ?? 0.3;
  if (!(high > 0 && mid > 0 && high + mid < 1))
    throw new AppError('USAGE', `expected shares above 0 that sum to less than 1, got ${high} and ${mid}`);
  const falling = predicted.slice().sort().reverse();
  const percent = (share: number) => Math.round(share * 100);
  if (falling[0] === falling[falling.length - 1]) {
    return {
      method,
      highFrom: null,
      midFrom: falling[0],
      words: name(
        'all predictions are equal: everybody from that value on is mid',
        '所有预测相等：达到该值者均为中档',
      ),
    };
  }
  const total = falling.reduce((sum, value) => sum + Math.max(0, value), 0);
  const byValue = method === 'value-share' && total > 0;
  const at = (share: number) => (byValue ? valueHeld(falling, total * share) : quantile(falling, share));
  const highFrom = at(high);
  const what = byValue ? name('of predicted value', '的预测总额') : name('of customers', '的客户');
  return {
    method,
    highFrom,
    midFrom: Math.min(highFrom, at(high + mid)),
    words: name(
      `high: the top predictions that make up ${percent(high)} % ${what.en} on calibration data; mid: the next ${percent(mid)} %; low: the rest`,
      `高档：校准数据上占${percent(high)}%${what.zh}的最高预测；中档：其后的 ${percent(mid)}%；低档：其余`,
    ),
  };
}

/** The prediction at which the running total, largest first, reaches `target`. */
function valueHeld(falling: Float64Array, target: number): number {
  let held = 0;
  for (const value of falling) {
    held += Math.max(0, value);
    if (held >= target) return value;
  }
  return falling[falling.length - 1];
}

export function tierOf({ highFrom, midFrom }: TierThresholds, predicted: number): Tier {
  if (highFrom !== null && predicted >= highFrom) return 'high';
  return predicted >= midFrom ? 'mid' : 'low';
}

/** The tier of each prediction, [rows]. */
export const applyTiers = (thresholds: TierThresholds, predicted: Float64Array): readonly Tier[] =>
  Array.from(predicted, (value) => tierOf(thresholds, value));

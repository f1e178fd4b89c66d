// The band of an amount: two small forests of its quantiles .05 and .95.
import type { Sample } from '../estimator.ts';
import { type BoostOptions, boostForest } from './boost.ts';
import type { BandForests } from './gbdt-model.ts';
import type { GbdtSettings } from './settings.ts';

const LEVEL = 0.9;

/**
 * Coarse and quick on purpose: ends of a band are drawn from few rows each, and are brought to their coverage afterwards on
 * examples nobody learned from.
 */
const quantileSettings = (settings: GbdtSettings, quantile: number): GbdtSettings => ({
  ...settings,
  loss: 'quantile',
  quantile,
  trees: Math.min(settings.trees, 150),
  forests: 1,
  patience: Math.min(settings.patience, 20),
  learningRate: 0.1,
  leaves: Math.min(settings.leaves, 15),
  // Of forty rows two lie beyond the end: the fewest it can be drawn from.
  minRows: Math.max(settings.minRows, 40),
});

/** @throws AppError NOT_ENOUGH_DATA, INTERRUPTED */
export async function fitBand(
  train: Sample,
  valid: Sample | undefined,
  { settings, ...options }: Omit<BoostOptions, 'earlier'>,
): Promise<BandForests> {
  const end = (quantile: number) =>
    boostForest(train, valid, { ...options, settings: quantileSettings(settings, quantile) });
  const low = await end((1 - LEVEL) / 2);
  const high = await end((1 + LEVEL) / 2);
  return { level: LEVEL, low: bare(low), high: bare(high) };
}

const bare = ({ forest, inputs }: Awaited<ReturnType<typeof boostForest>>) => ({ forest, inputs });

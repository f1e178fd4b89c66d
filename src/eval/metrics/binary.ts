// Metrics of probabilities: how likely, how well separated, how well calibrated, how good a yes or no.

import { equalCountBins, rankRows } from './order.ts';
import type { Measure, Predictions } from './predictions.ts';

/** A probability of exactly 0 or 1 that proves wrong costs −ln of this, not infinity. */
const SMALLEST_PROBABILITY = 1e-15;

/** Bins of the reported ECE. */
export const ECE_BINS = 10;

/** Σ w·loss / Σ w for losses that do not depend on other rows. */
export function meanOf(loss: Float64Array): Measure {
  return (weight) => {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < loss.length; i++) {
      sum += weight[i] * loss[i];
      total += weight[i];
    }
    return sum / total;
  };
}

/** Mean of −ln of the probability given to what happened (natural logarithm). */
export function logLoss({ actual, predicted }: Predictions): Measure {
  return meanOf(
    predicted.map((p, i) => -Math.log(Math.max(SMALLEST_PROBABILITY, actual[i] === 1 ? p : 1 - p))),
  );
}

/** Mean squared distance of the probability from what happened. */
export function brier({ actual, predicted }: Predictions): Measure {
  return meanOf(predicted.map((p, i) => (p - actual[i]) ** 2));
}

/** P(a positive scores above a negative), ties counting half (Mann–Whitney U / n₊n₋). */
export function rocAuc({ actual, predicted }: Predictions): Measure {
  const { order, ends } = rankRows(predicted);
  const positive = Uint8Array.from(order, (row) => actual[row]);
  return (weight) => {
    let above = 0;
    let below = 0;
    let area = 0;
    let start = 0;
    for (const end of ends) {
      let hits = 0;
      let misses = 0;
      for (let i = start; i < end; i++) {
        if (positive[i] === 1) hits += weight[order[i]];
        else misses += weight[order[i]];
      }
      area += misses * (above + hits / 2);
      above += hits;
      below += misses;
      start = end;
    }
    return area / (above * below);
  };
}

/** Σ (recall step · precision) down the ranking, a tie group taken in one step; no interpolation. */
export function averagePrecision({ actual, predicted }: Predictions): Measure {
  const { order, ends } = rankRows(predicted);
  const positive = Uint8Array.from(order, (row) => actual[row]);
  return (weight) => {
    let hits = 0;
    let seen = 0;
    let sum = 0;
    let start = 0;
    for (const end of ends) {
      const before = hits;
      for (let i = start; i < end; i++) {
        const w = weight[order[i]];
        seen += w;
        if (positive[i] === 1) hits += w;
      }
      if (seen > 0) sum += ((hits - before) * hits) / seen;
      start = end;
    }
    return sum / hits;
  };
}

/** 2·TP / (2·TP + FP + FN) at the threshold; no value when nobody is positive and nobody is called so. */
export function f1({ actual, predicted, threshold = 0.5 }: Predictions): Measure {
  return (weight) => {
    let hits = 0;
    let called = 0;
    let positives = 0;
    for (let i = 0; i < actual.length; i++) {
      const yes = predicted[i] >= threshold;
      if (yes) called += weight[i];
      if (actual[i] === 1) {
        positives += weight[i];
        if (yes) hits += weight[i];
      }
    }
    return (2 * hits) / (called + positives);
  };
}

/** Share of examples on the right side of the threshold. */
export function accuracy({ actual, predicted, threshold = 0.5 }: Predictions): Measure {
  return meanOf(predicted.map((p, i) => (p >= threshold === (actual[i] === 1) ? 1 : 0)));
}

/**
 * Expected calibration error, the reported one: mean |mean probability − share of positives| over ten bins of equal
 * count. Tied probabilities are never parted. Under resampling the bins stay those of the sample.
 */
export function equalCountEce({ actual, predicted }: Predictions, bins = ECE_BINS): Measure {
  return binnedGap(actual, predicted, equalCountBins(predicted, bins), bins);
}

/**
 * The equal-count ECE to expect by chance alone if every probability were exact: each bin's share strays from its mean
 * by √(2/π) standard deviations on average.
 *
 * @param predicted [rows]
 */
export function eceByChance(predicted: Float64Array, bins = ECE_BINS): number {
  const bin = equalCountBins(predicted, bins);
  const variance = new Float64Array(bins);
  predicted.forEach((p, i) => {
    variance[bin[i]] += p * (1 - p);
  });
  const strays = variance.reduce((sum, value) => sum + Math.sqrt(value), 0);
  return (Math.sqrt(2 / Math.PI) * strays) / Math.max(1, predicted.length);
}

/** The same over bins of equal width on [0, 1]: as often published, but blind where most probabilities are small. */
export function equalWidthEce({ actual, predicted }: Predictions, bins = ECE_BINS): Measure {
  const bin = Int32Array.from(predicted, (p) => Math.min(bins - 1, Math.floor(p * bins)));
  return binnedGap(actual, predicted, bin, bins);
}

function binnedGap(actual: Float64Array, predicted: Float64Array, bin: Int32Array, bins: number): Measure {
  const excess = predicted.map((p, i) => p - actual[i]);
  return (weight) => {
    const gap = new Float64Array(bins);
    let total = 0;
    for (let i = 0; i < excess.length; i++) {
      gap[bin[i]] += weight[i] * excess[i];
      total += weight[i];
    }
    let sum = 0;
    for (let b = 0; b < bins; b++) sum += Math.abs(gap[b]);
    return sum / total;
  };
}

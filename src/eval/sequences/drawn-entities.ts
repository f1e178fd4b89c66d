// Means over cases with entities drawn again and again: a session's many cases are added up once, not in every draw.
import { type BootstrapOptions, clustersOf, defaultDraws, onSample, resample } from '../bootstrap.ts';
import type { Measure } from '../metrics/predictions.ts';

export interface DrawnEntities {
  /** The mean of values over the cases of the entities drawn. @param values [cases] */
  readonly meanOf: (values: Float64Array) => Measure;
  /** As `resample`: every measure on the same draws. @throws AppError NOT_ENOUGH_DATA with fewer than two entities */
  readonly resample: (measures: readonly Measure[]) => Float64Array[];
  readonly onSample: (measure: Measure) => number;
}

/** @param entities whom each case belongs to, [cases] */
export function drawnEntities(entities: readonly string[], options: BootstrapOptions): DrawnEntities {
  const { cluster, count } = clustersOf(entities);
  const cases = new Float64Array(count);
  for (const own of cluster) cases[own]++;
  const each = { cluster: Uint32Array.from(cases, (_, own) => own), count };
  const draws = options.draws ?? defaultDraws(entities.length);
  return {
    meanOf(values) {
      const sums = new Float64Array(count);
      for (let row = 0; row < values.length; row++) sums[cluster[row]] += values[row];
      return (weight) => {
        let sum = 0;
        let total = 0;
        for (let own = 0; own < count; own++) {
          sum += weight[own] * sums[own];
          total += weight[own] * cases[own];
        }
        return sum / total;
      };
    },
    resample: (measures) => resample(measures, each, { ...options, draws }),
    onSample: (measure) => onSample(measure, count),
  };
}
